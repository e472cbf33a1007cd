/* SPDX-License-Identifier: MIT
 * extra.c - a small file of a small project.
 */
#include <stdint.h>

#include "box/box.h"
