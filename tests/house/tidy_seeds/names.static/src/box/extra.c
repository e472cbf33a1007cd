/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

static void thi_box_extra(void)
{
    thi_box_looks.raw++;
}

void (*thi_box_user)(void) = thi_box_extra;
