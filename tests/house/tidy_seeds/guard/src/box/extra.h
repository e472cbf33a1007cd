/* SPDX-License-Identifier: MIT
 * extra.h - a small file of a small project.
 */
#ifndef EXTRA_H
#define EXTRA_H
#endif
