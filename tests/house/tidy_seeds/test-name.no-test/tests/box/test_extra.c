/* SPDX-License-Identifier: MIT
 * test_extra.c - a small file of a small project.
 */
int nothing;
