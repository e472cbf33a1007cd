/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"

typedef uint64_t box_t;
