/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

/* word word word word word word word word word word word word word word word word word word word word */
