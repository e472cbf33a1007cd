/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "box/box.h"
#ifdef BOX_TWICE
#include "box/box.c"
#endif
