/* SPDX-License-Identifier: MIT
 * box.h - a small file of a small project.
 */
#ifndef TOPHASH_BOX_H
#define TOPHASH_BOX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((visibility("default"))) uint64_t th_box_look(void);
__attribute__((visibility("default"))) void th_box_fill(uint64_t content);

#ifdef __cplusplus
}
#endif

#endif
