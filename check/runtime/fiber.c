/* SPDX-License-Identifier: MIT
 * fiber.c - stacks and the switch between them.
 *
 * Layout       stack of fiber n: TH_STACKS_ADDRESS + n * TH_STACK_STRIDE_BYTES; the lowest
 *              TH_STACK_GUARD_BYTES of each stride have no access.
 */
#include "runtime/fiber.h"

#include "runtime/tls.h"

#include <string.h>
#include <sys/mman.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ucontext.h>
#endif

/* Low enough for 39 bits of address, far from where systems put programs and libraries. */
#define TH_STACKS_ADDRESS ((uintptr_t)0x1000000000)
#define TH_STACK_STRIDE_BYTES ((uintptr_t)1 << 20)
#define TH_STACK_GUARD_BYTES ((uintptr_t)1 << 16)

/* Functions that note no depth are leaves, or the C library's. */
enum { LEAF_BYTES = 1024, APART_BYTES = 1 << 18 };

static unsigned running = TH_FIBER_SCHEDULER;
static uintptr_t deepest[TH_FIBERS_MAX]; /* stack pointer; 0: none was noted */

/* The stack for thi_fiber_apart(). */
static _Alignas(64) char apart[APART_BYTES];
char *const thi_fiber_apart_end = apart + APART_BYTES;

/* The stack is put back to zeros: what an earlier execution left there is gone. */
static void stack_clear(unsigned number)
{
    uintptr_t end = thi_fiber_stack_end(number);
    if (deepest[number] != 0) {
        uintptr_t lowest = end - TH_STACK_STRIDE_BYTES + TH_STACK_GUARD_BYTES;
        uintptr_t from =
            deepest[number] - LEAF_BYTES < lowest ? lowest : deepest[number] - LEAF_BYTES;
        memset((void *)from, 0, end - from);
    }
    deepest[number] = end - LEAF_BYTES;
}

void thi_fiber_depth_note(uintptr_t stack_pointer)
{
    if (running != TH_FIBER_SCHEDULER && stack_pointer < deepest[running]) {
        deepest[running] = stack_pointer;
    }
}

#if defined(__x86_64__) || defined(__aarch64__)

static void *stack_pointers[TH_FIBERS_MAX + 1];

/* Saves what a called function must keep, stores the stack pointer in *from, and continues where
 * `to` was saved. */
void thi_fiber_swap(void **from, void *to);

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl thi_fiber_swap\n"
        ".hidden thi_fiber_swap\n"
        ".type thi_fiber_swap,@function\n"
        "thi_fiber_swap:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size thi_fiber_swap,.-thi_fiber_swap\n");

__asm__(".globl thi_fiber_apart\n"
        ".hidden thi_fiber_apart\n"
        ".type thi_fiber_apart,@function\n"
        "thi_fiber_apart:\n"
        ".cfi_startproc\n"
        "    pushq %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset rbp, -16\n"
        "    movq %rsp, %rbp\n"
        ".cfi_def_cfa_register rbp\n"
        "    movq thi_fiber_apart_end(%rip), %rsp\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    call *%rax\n"
        "    leave\n"
        ".cfi_def_cfa rsp, 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size thi_fiber_apart,.-thi_fiber_apart\n");

/* Six kept registers, then where to return to, then the zero that ends a walk over frames. */
enum { SAVED_WORDS = 6, RETURN_WORD = 6, FRAME_WORDS = 8 };
#else
__asm__(".text\n"
        ".globl thi_fiber_swap\n"
        ".hidden thi_fiber_swap\n"
        ".type thi_fiber_swap,%function\n"
        "thi_fiber_swap:\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp, #0]\n"
        "    stp x21, x22, [sp, #16]\n"
        "    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n"
        "    stp x27, x28, [sp, #64]\n"
        "    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x19, x20, [sp, #0]\n"
        "    ldp x21, x22, [sp, #16]\n"
        "    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n"
        "    ldp x27, x28, [sp, #64]\n"
        "    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size thi_fiber_swap,.-thi_fiber_swap\n");

__asm__(".globl thi_fiber_apart\n"
        ".hidden thi_fiber_apart\n"
        ".type thi_fiber_apart,%function\n"
        "thi_fiber_apart:\n"
        ".cfi_startproc\n"
        "    stp x29, x30, [sp, #-16]!\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset x29, -16\n"
        ".cfi_offset x30, -8\n"
        "    mov x29, sp\n"
        ".cfi_def_cfa_register x29\n"
        "    adrp x9, thi_fiber_apart_end\n"
        "    ldr x9, [x9, :lo12:thi_fiber_apart_end]\n"
        "    mov sp, x9\n"
        "    mov x10, x0\n"
        "    mov x0, x1\n"
        "    blr x10\n"
        "    mov sp, x29\n"
        ".cfi_def_cfa_register sp\n"
        "    ldp x29, x30, [sp], #16\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size thi_fiber_apart,.-thi_fiber_apart\n");

/* x30, where to return to, is the twelfth word; x29 stays zero. */
enum { RETURN_WORD = 11, FRAME_WORDS = 20 };
#endif

void thi_fiber_start(unsigned number, void (*entry)(void))
{
    uint64_t *frame = (uint64_t *)thi_fiber_stack_end(number) - FRAME_WORDS;
    stack_clear(number);
    frame[RETURN_WORD] = (uint64_t)(uintptr_t)entry;
    stack_pointers[number] = frame;
}

void thi_fiber_switch(unsigned to)
{
    unsigned from = running;
    running = to;
    thi_tls_switch(to);
    thi_fiber_swap(&stack_pointers[from], stack_pointers[to]);
}

uintptr_t thi_fiber_stack_pointer(unsigned number)
{
    return (uintptr_t)stack_pointers[number];
}

void thi_fiber_stack_pointer_set(unsigned number, uintptr_t stack_pointer)
{
    stack_pointers[number] = (void *)stack_pointer;
}

#else

static ucontext_t contexts[TH_FIBERS_MAX + 1];

void thi_fiber_start(unsigned number, void (*entry)(void))
{
    ucontext_t *context = &contexts[number];
    stack_clear(number);
    getcontext(context);
    context->uc_stack.ss_size = TH_STACK_STRIDE_BYTES - TH_STACK_GUARD_BYTES;
    context->uc_stack.ss_sp = (void *)(thi_fiber_stack_end(number) - context->uc_stack.ss_size);
    context->uc_link = NULL;
    makecontext(context, entry, 0);
}

void thi_fiber_switch(unsigned to)
{
    unsigned from = running;
    running = to;
    thi_tls_switch(to);
    swapcontext(&contexts[from], &contexts[to]);
}

uint64_t thi_fiber_apart(uint64_t (*function)(void *argument), void *argument)
{
    return function(argument);
}

/* Registers stand in the context, not on the stack: nobody asks without entry state (entry.h). */
uintptr_t thi_fiber_stack_pointer(unsigned number)
{
    return thi_fiber_stack_end(number);
}

void thi_fiber_stack_pointer_set(unsigned number, uintptr_t stack_pointer)
{
    (void)number;
    (void)stack_pointer;
}

#endif

bool thi_fiber_init(void)
{
    size_t size = TH_FIBERS_MAX * TH_STACK_STRIDE_BYTES;
    void *wanted = (void *)TH_STACKS_ADDRESS;
    void *got = mmap(wanted, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != wanted) {
        return false;
    }
    bool ok = true;
    for (unsigned i = 0; i < TH_FIBERS_MAX; i++) {
        void *guard = (void *)(TH_STACKS_ADDRESS + i * TH_STACK_STRIDE_BYTES);
        ok = ok && mprotect(guard, TH_STACK_GUARD_BYTES, PROT_NONE) == 0;
    }
    return ok;
}

unsigned thi_fiber_running(void)
{
    return running;
}

unsigned thi_fiber_of(uintptr_t address)
{
    uintptr_t number = (address - TH_STACKS_ADDRESS) / TH_STACK_STRIDE_BYTES;
    return address < TH_STACKS_ADDRESS || number >= TH_FIBERS_MAX ? TH_FIBERS_MAX
                                                                  : (unsigned)number;
}

uintptr_t thi_fiber_stack_end(unsigned number)
{
    return TH_STACKS_ADDRESS + (number + 1) * TH_STACK_STRIDE_BYTES;
}

bool thi_fiber_overflown(uintptr_t address)
{
    return thi_fiber_of(address) != TH_FIBERS_MAX &&
           (address - TH_STACKS_ADDRESS) % TH_STACK_STRIDE_BYTES < TH_STACK_GUARD_BYTES;
}
