/* SPDX-License-Identifier: MIT
 * sites.h - the user's atomic operations: coverage, and mutation of their orders.
 */
#ifndef TOPHASH_CHECK_RUNTIME_SITES_H
#define TOPHASH_CHECK_RUNTIME_SITES_H

#include "report/sites.h"

#include <stdbool.h>
#include <stddef.h>

/* One row for each site that was reached in the engine's last search; to be freed. NULL: no
 * memory. */
struct thi_site_row *thi_sites_rows(size_t *count);

/* The coverage table on standard output. */
void thi_sites_print(const struct thi_site_row *rows, size_t count);

/* Runs all mutants and prints what became of them. False: it could not be done; else the caller
 * ends `mutation` by thi_mutation_fini(). */
bool thi_sites_mutate(const struct thi_site_row *rows, size_t count, struct thi_mutation *mutation);

/* Takes what --weaken says. False: it is not of the form, or an address is none of the program's
 * code. */
bool thi_sites_weaken(const char *text);

#endif
