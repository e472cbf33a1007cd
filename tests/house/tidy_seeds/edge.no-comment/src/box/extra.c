/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

uint64_t thi_box_extra(void)
{
    return th_u64_load_acq(&thi_box);
}
