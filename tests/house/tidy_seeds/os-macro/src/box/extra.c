/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

#ifdef __linux__
extern int thi_box_extra;
#endif
