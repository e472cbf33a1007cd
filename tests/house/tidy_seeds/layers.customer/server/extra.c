/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include "src/box/box.h"
