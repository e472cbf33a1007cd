/* SPDX-License-Identifier: MIT
 * other.c - a small file of a small project.
 */
#include "box/box.h"
