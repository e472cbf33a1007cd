/* SPDX-License-Identifier: MIT
 * host.h - what run.mjs gives to a program, and what it calls.
 */
#ifndef TOPHASH_TESTS_WASM_HOST_H
#define TOPHASH_TESTS_WASM_HOST_H

#include <stddef.h>
#include <stdint.h>

#define HOST_CALL(name) __attribute__((import_module("host"), import_name(name)))

HOST_CALL("print") void host_print(const char *text, size_t size);
HOST_CALL("now_ms") double host_now_ms(void);
HOST_CALL("random") void host_random(void *room, size_t size);
HOST_CALL("exit") _Noreturn void host_exit(int status);
/* Leaves all functions of this worker; it begins anew with run_worker(). */
HOST_CALL("thread_end") _Noreturn void host_thread_end(void);

/* Made by the linker: a thread's variables begin as this memory's. */
void __wasm_init_tls(void *memory);

#endif
