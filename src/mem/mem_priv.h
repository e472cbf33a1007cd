/* SPDX-License-Identifier: MIT
 * mem_priv.h - what the files of the room share: the fault gate, the default pages, the registry.
 */
#ifndef TOPHASH_MEM_MEM_PRIV_H
#define TOPHASH_MEM_MEM_PRIV_H

#include "mem/mem.h"

/* True if this request must be refused on purpose. */
bool thi_mem_fault_hit(struct thi_mem_site *site);

/* The map that stands in where the user gave none: the system's pages. */
void *thi_mem_pages_map(void *context, size_t size, size_t alignment);

/* Enters and forgets a range. Neither can fail: a range without room is counted and stays unknown.
 * */
void thi_registry_add(uintptr_t start, size_t size, const char *name);
void thi_registry_remove(uintptr_t start);

#endif
