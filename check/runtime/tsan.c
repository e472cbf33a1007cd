/* SPDX-License-Identifier: MIT
 * tsan.c - the calls that -fsanitize=thread puts into the user's code.
 *
 * Plain accesses announce themselves before they are made; atomic operations are made here, by the
 * engine. gcc 12 and clang agree on all names but those of some compare-exchanges.
 * Sources      the list of entry points is that of LLVM's tsan_interface.h and
 *              tsan_interface_atomic.h, read for names and arguments.
 */
#include "runtime/entry.h"
#include "runtime/runtime.h"

#include <stdbool.h>
#include <stdint.h>

/* --- Plain accesses. */

#define TH_SITE_PLAIN thi_site_of(__builtin_return_address(0))

#define TH_PLAIN(name, bytes, write)                                    \
    void name(void *address);                                           \
    void name(void *address)                                            \
    {                                                                   \
        thi_plain((uintptr_t)address, (bytes), (write), TH_SITE_PLAIN); \
    }

#define TH_PLAIN_BOTH(bytes)                   \
    TH_PLAIN(__tsan_read##bytes, bytes, false) \
    TH_PLAIN(__tsan_write##bytes, bytes, true)

#define TH_PLAIN_UNALIGNED(bytes)                        \
    TH_PLAIN(__tsan_unaligned_read##bytes, bytes, false) \
    TH_PLAIN(__tsan_unaligned_write##bytes, bytes, true)

TH_PLAIN_BOTH(1)
TH_PLAIN_BOTH(2)
TH_PLAIN_BOTH(4)
TH_PLAIN_BOTH(8)
TH_PLAIN_BOTH(16)
TH_PLAIN_UNALIGNED(2)
TH_PLAIN_UNALIGNED(4)
TH_PLAIN_UNALIGNED(8)
TH_PLAIN_UNALIGNED(16)

#define TH_PLAIN_COMPOUND(name, bytes)                       \
    void name(void *address);                                \
    void name(void *address)                                 \
    {                                                        \
        uint32_t site = TH_SITE_PLAIN;                       \
        thi_plain((uintptr_t)address, (bytes), false, site); \
        thi_plain((uintptr_t)address, (bytes), true, site);  \
    }

TH_PLAIN_COMPOUND(__tsan_read_write1, 1)
TH_PLAIN_COMPOUND(__tsan_read_write2, 2)
TH_PLAIN_COMPOUND(__tsan_read_write4, 4)
TH_PLAIN_COMPOUND(__tsan_read_write8, 8)
TH_PLAIN_COMPOUND(__tsan_read_write16, 16)
TH_PLAIN_COMPOUND(__tsan_unaligned_read_write2, 2)
TH_PLAIN_COMPOUND(__tsan_unaligned_read_write4, 4)
TH_PLAIN_COMPOUND(__tsan_unaligned_read_write8, 8)
TH_PLAIN_COMPOUND(__tsan_unaligned_read_write16, 16)

void __tsan_read_range(void *address, unsigned long bytes);
void __tsan_read_range(void *address, unsigned long bytes)
{
    thi_plain((uintptr_t)address, bytes, false, TH_SITE_PLAIN);
}

void __tsan_write_range(void *address, unsigned long bytes);
void __tsan_write_range(void *address, unsigned long bytes)
{
    thi_plain((uintptr_t)address, bytes, true, TH_SITE_PLAIN);
}

void __tsan_init(void);
void __tsan_init(void)
{
    /* The runtime starts in main(). */
}

void __tsan_func_entry(void *return_address);
void __tsan_func_entry(void *return_address)
{
    (void)return_address;
    thi_fiber_depth_note((uintptr_t)__builtin_frame_address(0));
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
    /* Frames are known from debug information. */
}

/* --- Atomic operations. */

static enum thi_order order_of(int order)
{
    switch (order & 0x7fff) { /* above: hints that some compilers add */
    case 0: return TH_ORDER_RELAXED;
    case 1: /* consume is promoted, as all compilers do */
    case 2: return TH_ORDER_ACQUIRE;
    case 3: return TH_ORDER_RELEASE;
    case 4: return TH_ORDER_ACQ_REL;
    default: return TH_ORDER_SEQ_CST;
    }
}

static uint32_t site_of_entry(const void *fallback)
{
    thi_self_state()->entry_stack = TH_ENTRY_STATE ? thi_entry_stack : 0;
    return thi_site_of(TH_ENTRY_STATE ? thi_entry_return() : fallback);
}

static uint64_t operate(struct thi_operation *operation)
{
    if (operation->address < 4096 && operation->kind != TH_OP_FENCE) {
        thi_fail(TH_ENGINE_FAILED, "atomic operation through a null pointer", operation->site);
    }
    return thi_operate(operation);
}

/* Before main() there is one thread, and no engine: the operation is made as it stands. So it is
 * before the first thread is made, if that is asked for: all the rest happens after it. */
#define TH_OUTSIDE (!thi_runtime.active || thi_alone())

#define TH_SITE site_of_entry(__builtin_return_address(0))

/* Memory that atomic stores made alone has been written all the same. */
static void written_outside(uintptr_t address, size_t bytes, const void *return_address)
{
    if (thi_runtime.active) {
        thi_plain(address, bytes, true, site_of_entry(return_address));
    }
}

#define TH_OPERATION(kind_, bits_, address_, order_)             \
    struct thi_operation operation = {.kind = (kind_),           \
                                      .order = order_of(order_), \
                                      .bytes = (bits_) / 8,      \
                                      .site = TH_SITE,           \
                                      .address = (uintptr_t)(address_)}

#define TH_RMW(bits, name, builtin, rmw_)                                                        \
    uint##bits##_t thi_tsan_atomic##bits##_##name(uint##bits##_t *address, uint##bits##_t value, \
                                                  int order);                                    \
    uint##bits##_t thi_tsan_atomic##bits##_##name(uint##bits##_t *address, uint##bits##_t value, \
                                                  int order)                                     \
    {                                                                                            \
        if (TH_OUTSIDE) {                                                                        \
            return builtin(address, value, __ATOMIC_SEQ_CST);                                    \
        }                                                                                        \
        TH_OPERATION(TH_OP_RMW, bits, address, order);                                           \
        operation.rmw = (rmw_);                                                                  \
        operation.value = value;                                                                 \
        return (uint##bits##_t)operate(&operation);                                              \
    }

#define TH_CAS(bits, name, kind_)                                                                 \
    bool thi_tsan_atomic##bits##_compare_exchange_##name(                                         \
        uint##bits##_t *address, uint##bits##_t *expected, uint##bits##_t value, int order,       \
        int failure_order);                                                                       \
    bool thi_tsan_atomic##bits##_compare_exchange_##name(                                         \
        uint##bits##_t *address, uint##bits##_t *expected, uint##bits##_t value, int order,       \
        int failure_order)                                                                        \
    {                                                                                             \
        if (TH_OUTSIDE) {                                                                         \
            return __atomic_compare_exchange_n(address, expected, value, false, __ATOMIC_SEQ_CST, \
                                               __ATOMIC_SEQ_CST);                                 \
        }                                                                                         \
        TH_OPERATION(kind_, bits, address, order);                                                \
        thi_plain((uintptr_t)expected, sizeof *expected, false, operation.site);                  \
        operation.failure_order = order_of(failure_order);                                        \
        operation.value = value;                                                                  \
        operation.expected = *expected;                                                           \
        uint64_t before = operate(&operation);                                                    \
        if (thi_cas_done()) {                                                                     \
            return true;                                                                          \
        }                                                                                         \
        thi_plain((uintptr_t)expected, sizeof *expected, true, operation.site);                   \
        *expected = (uint##bits##_t)before;                                                       \
        return false;                                                                             \
    }

#define TH_ATOMICS(bits)                                                                          \
    uint##bits##_t thi_tsan_atomic##bits##_load(uint##bits##_t *address, int order);              \
    uint##bits##_t thi_tsan_atomic##bits##_load(uint##bits##_t *address, int order)               \
    {                                                                                             \
        if (TH_OUTSIDE) {                                                                         \
            return *address;                                                                      \
        }                                                                                         \
        TH_OPERATION(TH_OP_LOAD, bits, address, order);                                           \
        return (uint##bits##_t)operate(&operation);                                               \
    }                                                                                             \
    void thi_tsan_atomic##bits##_store(uint##bits##_t *address, uint##bits##_t value, int order); \
    void thi_tsan_atomic##bits##_store(uint##bits##_t *address, uint##bits##_t value, int order)  \
    {                                                                                             \
        if (TH_OUTSIDE) {                                                                         \
            written_outside((uintptr_t)address, sizeof *address, __builtin_return_address(0));    \
            *address = value;                                                                     \
            return;                                                                               \
        }                                                                                         \
        TH_OPERATION(TH_OP_STORE, bits, address, order);                                          \
        operation.value = value;                                                                  \
        operate(&operation);                                                                      \
    }                                                                                             \
    TH_RMW(bits, exchange, __atomic_exchange_n, TH_RMW_EXCHANGE)                                  \
    TH_RMW(bits, fetch_add, __atomic_fetch_add, TH_RMW_ADD)                                       \
    TH_RMW(bits, fetch_sub, __atomic_fetch_sub, TH_RMW_SUB)                                       \
    TH_RMW(bits, fetch_and, __atomic_fetch_and, TH_RMW_AND)                                       \
    TH_RMW(bits, fetch_or, __atomic_fetch_or, TH_RMW_OR)                                          \
    TH_RMW(bits, fetch_xor, __atomic_fetch_xor, TH_RMW_XOR)                                       \
    TH_RMW(bits, fetch_nand, __atomic_fetch_nand, TH_RMW_NAND)                                    \
    TH_CAS(bits, strong, TH_OP_CAS)                                                               \
    TH_CAS(bits, weak, TH_OP_CAS_WEAK)                                                            \
    uint##bits##_t thi_tsan_atomic##bits##_compare_exchange_val(                                  \
        uint##bits##_t *address, uint##bits##_t expected, uint##bits##_t value, int order,        \
        int failure_order);                                                                       \
    uint##bits##_t thi_tsan_atomic##bits##_compare_exchange_val(                                  \
        uint##bits##_t *address, uint##bits##_t expected, uint##bits##_t value, int order,        \
        int failure_order)                                                                        \
    {                                                                                             \
        if (TH_OUTSIDE) {                                                                         \
            __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_SEQ_CST,       \
                                        __ATOMIC_SEQ_CST);                                        \
            return expected;                                                                      \
        }                                                                                         \
        TH_OPERATION(TH_OP_CAS, bits, address, order);                                            \
        operation.failure_order = order_of(failure_order);                                        \
        operation.value = value;                                                                  \
        operation.expected = expected;                                                            \
        return (uint##bits##_t)operate(&operation);                                               \
    }

TH_ATOMICS(8)
TH_ATOMICS(16)
TH_ATOMICS(32)
TH_ATOMICS(64)

void thi_tsan_atomic_thread_fence(int order);
void thi_tsan_atomic_thread_fence(int order)
{
    if (TH_OUTSIDE) {
        return;
    }
    TH_OPERATION(TH_OP_FENCE, 0, NULL, order);
    operate(&operation);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order; /* orders a thread against its own signal handlers, of which there are none */
}
