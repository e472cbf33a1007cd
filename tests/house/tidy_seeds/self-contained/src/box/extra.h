/* SPDX-License-Identifier: MIT
 * extra.h - a small file of a small project.
 */
#ifndef TOPHASH_BOX_EXTRA_H
#define TOPHASH_BOX_EXTRA_H

extern uint64_t thi_box_extra;

#endif
