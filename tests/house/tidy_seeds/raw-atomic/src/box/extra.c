/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

void thi_box_extra(uint64_t *word)
{
    __atomic_store_n(word, 1, __ATOMIC_RELEASE);
}
