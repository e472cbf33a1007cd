/* SPDX-License-Identifier: MIT
 * signal.h - there are no signals.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_SIGNAL_H
#define TOPHASH_TESTS_WASM_INCLUDE_SIGNAL_H

#define SIGALRM 14
void (*signal(int number, void (*handler)(int)))(int);

#endif
