/* SPDX-License-Identifier: MIT
 * entry.c - the __tsan_atomic functions that the compiler's code calls.
 */
#include "runtime/entry.h"

uintptr_t thi_entry_stack;

#if defined(__x86_64__)

/* The order of the pushes does not matter; that all kept registers are there does. */
__asm__(".text\n"
        ".macro thi_entry name\n"
        ".globl __tsan_\\name\n"
        ".type __tsan_\\name,@function\n"
        "__tsan_\\name:\n"
        ".cfi_startproc\n"
        "    pushq %rbp\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset rbp, 0\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        ".cfi_adjust_cfa_offset 40\n"
        "    movq %rsp, thi_entry_stack(%rip)\n"
        "    subq $8, %rsp\n"
        ".cfi_adjust_cfa_offset 8\n"
        "    call thi_tsan_\\name\n"
        "    addq $48, %rsp\n"
        ".cfi_adjust_cfa_offset -48\n"
        "    popq %rbp\n"
        ".cfi_adjust_cfa_offset -8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size __tsan_\\name,.-__tsan_\\name\n"
        ".endm\n");

enum { RETURN_WORD = 6 };

#elif defined(__aarch64__)

__asm__(".text\n"
        ".macro thi_entry name\n"
        ".globl __tsan_\\name\n"
        ".type __tsan_\\name,%function\n"
        "__tsan_\\name:\n"
        ".cfi_startproc\n"
        "    stp x29, x30, [sp, #-160]!\n"
        ".cfi_def_cfa_offset 160\n"
        ".cfi_offset x29, -160\n"
        ".cfi_offset x30, -152\n"
        "    mov x29, sp\n"
        "    stp x19, x20, [sp, #16]\n"
        "    stp x21, x22, [sp, #32]\n"
        "    stp x23, x24, [sp, #48]\n"
        "    stp x25, x26, [sp, #64]\n"
        "    stp x27, x28, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    adrp x9, thi_entry_stack\n"
        "    add x9, x9, :lo12:thi_entry_stack\n"
        "    mov x10, sp\n"
        "    str x10, [x9]\n"
        "    bl thi_tsan_\\name\n"
        "    ldp x29, x30, [sp], #160\n"
        ".cfi_def_cfa_offset 0\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size __tsan_\\name,.-__tsan_\\name\n"
        ".endm\n");

enum { RETURN_WORD = 1 };

#else

/* No state: the functions in C are called as they are, and the return address is passed on. */
__asm__(".text\n"
        ".macro thi_entry name\n"
        ".globl __tsan_\\name\n"
        ".set __tsan_\\name, thi_tsan_\\name\n"
        ".endm\n");

#endif

__asm__(".irp size, 8, 16, 32, 64\n"
        ".irp name, load, store, exchange, fetch_add, fetch_sub, fetch_and, fetch_or, fetch_xor, "
        "fetch_nand, compare_exchange_strong, compare_exchange_weak, compare_exchange_val\n"
        "thi_entry atomic\\size\\()_\\name\n"
        ".endr\n"
        ".endr\n"
        "thi_entry atomic_thread_fence\n");

const void *thi_entry_return(void)
{
#if TH_ENTRY_STATE
    return ((const void *const *)thi_entry_stack)[RETURN_WORD];
#else
    return 0;
#endif
}
