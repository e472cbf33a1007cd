/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

/* thi_box.raw = 5; */
