/* SPDX-License-Identifier: MIT
 * names.h - what addresses are called: symbols, blocks of the heap, names the program gave, lines
 *           of source.
 */
#ifndef TOPHASH_CHECK_RUNTIME_NAMES_H
#define TOPHASH_CHECK_RUNTIME_NAMES_H

#include "report/recorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TH_NAME_BYTES_MAX = 128 };

/* Reads the symbols of the program. False: it cannot be read, or no memory. */
bool thi_names_init(void);

/* Names the program gives are kept only while somebody will read them. */
void thi_names_want(bool wanted);
bool thi_names_wanted(void);
void thi_names_add(uintptr_t object, size_t bytes, const char *text);
void thi_names_clear(void);

/* For the recorder; its `context` is not used. */
extern const struct thi_recorder_names thi_recorder_names;

/* The line of a site, found through debug information. Lives as long as the program. */
void thi_names_site(uint32_t site, struct thi_record_site *out);

#endif
