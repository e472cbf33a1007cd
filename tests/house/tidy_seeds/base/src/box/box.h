/* SPDX-License-Identifier: MIT
 * box.h - a small file of a small project.
 */
#ifndef TOPHASH_BOX_BOX_H
#define TOPHASH_BOX_BOX_H

#include <tophash/box.h>

#include "atomic/atomic.h"

extern struct th_au64 thi_box;
extern struct th_au64 thi_box_looks;

#endif
