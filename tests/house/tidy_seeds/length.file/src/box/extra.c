/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;

extern int thi_box_extra;
