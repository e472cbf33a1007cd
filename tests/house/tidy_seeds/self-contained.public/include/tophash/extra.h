/* SPDX-License-Identifier: MIT
 * extra.h - a small file of a small project.
 */
#ifndef TOPHASH_EXTRA_H
#define TOPHASH_EXTRA_H

#include <stdint.h>

struct th_extra {
    uint64_t class;
};

#endif
