/* SPDX-License-Identifier: MIT
 * base.h - a small file of a small project.
 */
#ifndef TOPHASH_BASE_BASE_H
#define TOPHASH_BASE_BASE_H

#include <stdint.h>

#endif
