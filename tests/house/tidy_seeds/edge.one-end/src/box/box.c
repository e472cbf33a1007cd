/* SPDX-License-Identifier: MIT
 * box.c - a small file of a small project.
 */
#include "box/box.h"

struct th_au64 thi_box;
struct th_au64 thi_box_looks;

uint64_t th_box_look(void)
{
    /* relaxed: a statistic. */
    th_u64_store_rlx(&thi_box_looks, th_u64_load_rlx(&thi_box_looks) + 1);
    /* acquire @box.full: the content before our use of it; other side: th_box_fill().
     * Without it: we see a full box and find nothing in it. */
    return th_u64_load_acq(&thi_box);
}

void th_box_fill(uint64_t content)
{
    /* relaxed: nobody looks. */
    th_u64_store_rlx(&thi_box, content);
}
