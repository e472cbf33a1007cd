/* SPDX-License-Identifier: MIT
 * shed.c - a small file of a small project.
 */
#include "base/base.h"
