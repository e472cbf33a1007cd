/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

__attribute__((visibility("default"))) int th_box_extra = 1;
