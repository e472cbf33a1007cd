/* SPDX-License-Identifier: MIT
 * tls.c - thread-local variables of the checked program: a block for each fiber.
 *
 * The checker itself has no thread-local variables, so the program's own block is all that its file
 * asks for. Each fiber gets a copy of it, together with what the C library keeps on either side of
 * the thread pointer, and the thread pointer is moved when fibers are switched. The copies still
 * name the one real thread as theirs, so the C library's locks do not notice.
 *
 * Layout       x86-64, one copy: | C library's | program's | thread pointer -> control block |
 */
#include "runtime/tls.h"

#include "runtime/fiber.h"

#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TH_TLS_ADDRESS ((uintptr_t)0x0800000000)
#define TH_TLS_STRIDE_BYTES ((uintptr_t)1 << 18)
#define TH_TLS_POINTER ((uintptr_t)1 << 17) /* of the thread pointer in its stride */

static size_t program_bytes; /* of the program's block */
static bool moving;          /* copies are in use */

static int program_block_look(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_TLS) {
            size_t alignment = info->dlpi_phdr[i].p_align == 0 ? 1 : info->dlpi_phdr[i].p_align;
            program_bytes =
                (info->dlpi_phdr[i].p_memsz + alignment - 1) & ~(uintptr_t)(alignment - 1);
        }
    }
    return 1; /* the program itself comes first, others do not matter */
}

bool thi_tls_used(void)
{
    dl_iterate_phdr(program_block_look, NULL);
    return program_bytes != 0;
}

bool thi_tls_holds(uintptr_t address)
{
    return moving && address - TH_TLS_ADDRESS < TH_FIBERS_MAX * TH_TLS_STRIDE_BYTES;
}

#if defined(__x86_64__) && defined(SYS_arch_prctl)

enum { SET_FS = 0x1002, SELF_WORD = 2, HAS_FSGSBASE = 2, NEAR_BYTES = 4096 };

static uintptr_t own_pointer; /* the real one */
static bool by_instruction;
static uintptr_t first_below, first_above; /* what is copied, in bytes from the pointer */
static char first_copy[2 * TH_TLS_POINTER];

static uintptr_t pointer_get(void)
{
    uintptr_t pointer;
    __asm__("movq %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

static void pointer_set(uintptr_t pointer)
{
    if (by_instruction) {
        __asm__ volatile("wrfsbase %0" : : "r"(pointer) : "memory");
    } else {
        syscall(SYS_arch_prctl, SET_FS, pointer);
    }
}

/* How much memory there is around the pointer: the control block's size is the C library's affair,
 * a page holds it. */
static bool surroundings_find(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    uintptr_t start = 0, end = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        if (sscanf(line, "%zx-%zx", &from, &to) == 2 && own_pointer >= from && own_pointer < to) {
            start = from;
            end = to;
        }
    }
    if (maps != NULL) {
        fclose(maps);
    }
    if (end == 0 || program_bytes + NEAR_BYTES > TH_TLS_POINTER) {
        return false;
    }
    size_t wanted = program_bytes + NEAR_BYTES;
    first_below = own_pointer - start < wanted ? own_pointer - start : wanted;
    first_above = end - own_pointer < NEAR_BYTES ? end - own_pointer : NEAR_BYTES;
    return first_below >= program_bytes;
}

bool thi_tls_init(void)
{
    if (!thi_tls_used()) {
        return true;
    }
    own_pointer = pointer_get();
    by_instruction = (getauxval(AT_HWCAP2) & HAS_FSGSBASE) != 0;
    void *wanted = (void *)TH_TLS_ADDRESS;
    void *got = mmap(wanted, TH_FIBERS_MAX * TH_TLS_STRIDE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != wanted || !surroundings_find()) {
        return false;
    }
    memcpy(first_copy, (const void *)(own_pointer - first_below), first_below + first_above);
    moving = true;
    return true;
}

void thi_tls_start(unsigned fiber)
{
    if (moving) {
        uintptr_t pointer = TH_TLS_ADDRESS + fiber * TH_TLS_STRIDE_BYTES + TH_TLS_POINTER;
        memcpy((void *)(pointer - first_below), first_copy, first_below + first_above);
        *(uintptr_t *)pointer = pointer; /* the control block's first word is its own address */
    }
}

void thi_tls_switch(unsigned fiber)
{
    if (moving) {
        pointer_set(fiber == TH_FIBER_SCHEDULER
                        ? own_pointer
                        : TH_TLS_ADDRESS + fiber * TH_TLS_STRIDE_BYTES + TH_TLS_POINTER);
    }
}

#else

bool thi_tls_init(void)
{
    return !thi_tls_used();
}

void thi_tls_start(unsigned fiber)
{
    (void)fiber;
}

void thi_tls_switch(unsigned fiber)
{
    (void)fiber;
}

#endif
