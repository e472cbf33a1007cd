/* SPDX-License-Identifier: MIT
 * stop_table.h - what growth in small steps is compared with: a table behind one lock, which
 *                doubles all at once while everybody waits.
 */
#ifndef TOPHASH_LAB_STOP_TABLE_H
#define TOPHASH_LAB_STOP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct thi_stop_table;

/* NULL: no memory. */
struct thi_stop_table *thi_stop_table_new(void);
void thi_stop_table_free(struct thi_stop_table *table);
/* Inserts or replaces; false: no memory, nothing changed. `key` is not 0. */
bool thi_stop_table_put(struct thi_stop_table *table, uint64_t key, uint64_t value);
bool thi_stop_table_get(struct thi_stop_table *table, uint64_t key, uint64_t *value);

#endif
