/* SPDX-License-Identifier: MIT
 * describe.c - what this build uses for each atomic operation, as a table that users can read.
 *
 * Guarantees   G1 the table is the one of the target, flags and compiler that built this file;
 *              tests/atomic/test_describe.sh compares it with the machine code of every operation.
 * Progress     wait-free.
 *
 * A target defines its forms by macros; a form's name ends in its order: RLX, ACQ, REL, AR. One
 * form may serve several operations: those of LL/SC machines do.
 */
#include "atomic/atomic.h"

#include <tophash/atomic.h>

#define TEXT(macro) TEXT_OF(macro)
#define TEXT_OF(token) #token

#if defined(__clang__)
#define COMPILER "clang " TEXT(__clang_major__) "." TEXT(__clang_minor__)
#else
#define COMPILER "gcc " TEXT(__GNUC__) "." TEXT(__GNUC_MINOR__)
#endif

#if defined(__x86_64__) || defined(__i386__)

#define LOAD_RLX(bits) WORD_MOVE_##bits
#define LOAD_ACQ(bits) WORD_MOVE_##bits
#define STORE_RLX(bits) WORD_MOVE_##bits
#define STORE_REL(bits) WORD_MOVE_##bits
#define EXCHANGE(bits, order) WORD_EXCHANGE_##bits
#define ADD(bits, order) WORD_ADD_##bits
#define CAS(bits, order) WORD_CAS_##bits
#define WORD_MOVE_32 "mov"
#define WORD_EXCHANGE_32 "xchg"
#define WORD_ADD_32 "lock xadd"
#define WORD_CAS_32 "lock cmpxchg"
#ifdef __x86_64__
#define TARGET "x86-64"
#define WORD_MOVE_64 "mov"
#define WORD_EXCHANGE_64 "xchg"
#define WORD_ADD_64 "lock xadd"
#define WORD_CAS_64 "lock cmpxchg"
#else
#define TARGET "i686"
#define WORD_MOVE_64 "movq | movsd; movlps"
#define WORD_EXCHANGE_64 "lock cmpxchg8b"
#define WORD_ADD_64 "lock cmpxchg8b"
#define WORD_CAS_64 "lock cmpxchg8b"
#endif
#define FENCE_ACQ "none"
#define FENCE_REL "none"
#define FENCE_SC "mfence | lock or"

#elif defined(__aarch64__)

#define LOAD_RLX(bits) "ldr"
#if defined(__ARM_FEATURE_RCPC)
#define LOAD_ACQ(bits) "ldar | ldapr"
#else
#define LOAD_ACQ(bits) "ldar"
#endif
#define STORE_RLX(bits) "str"
#define STORE_REL(bits) "stlr"
#ifdef __ARM_FEATURE_ATOMICS
#define TARGET "aarch64 with LSE"
#define SUFFIX_RLX ""
#define SUFFIX_ACQ "a"
#define SUFFIX_REL "l"
#define SUFFIX_AR "al"
#define EXCHANGE(bits, order) "swp" SUFFIX_##order
#define ADD(bits, order) "ldadd" SUFFIX_##order
#define CAS(bits, order) "cas" SUFFIX_##order
#else
#define TARGET "aarch64"
#define LOOP_RLX "ldxr; stxr"
#define LOOP_ACQ "ldaxr; stxr"
#define LOOP_REL "ldxr; stlxr"
#define LOOP_AR "ldaxr; stlxr"
/* Helpers of the compiler's library, by bytes: they use LSE where the processor has it. */
#define BYTES_32 "4"
#define BYTES_64 "8"
#define HELPER_RLX "_relax"
#define HELPER_ACQ "_acq"
#define HELPER_REL "_rel"
#define HELPER_AR "_acq_rel"
#define HELPER(name, bits, order) " | __aarch64_" name BYTES_##bits HELPER_##order
#define EXCHANGE(bits, order) LOOP_##order HELPER("swp", bits, order)
#define ADD(bits, order) LOOP_##order HELPER("ldadd", bits, order)
#define CAS(bits, order) LOOP_##order HELPER("cas", bits, order)
#endif
#define FENCE_ACQ "dmb ishld"
#define FENCE_REL "dmb ish"
#define FENCE_SC "dmb ish"

#elif defined(__arm__)

#define TARGET "armv7"
#define LOAD_RLX(bits) WORD_LOAD_##bits
#define LOAD_ACQ(bits) WORD_LOAD_##bits "; dmb ish"
#define STORE_RLX(bits) WORD_STORE_##bits
#define STORE_REL(bits) "dmb ish; " WORD_STORE_##bits
#define WORD_LOAD_32 "ldr"
#define WORD_STORE_32 "str"
#define WORD_LOAD_64 "ldrexd"
#define WORD_STORE_64 "ldrexd; strexd"
#define LOOP_32 "ldrex; strex"
#define LOOP_64 "ldrexd; strexd"
#define BEFORE_RLX ""
#define BEFORE_ACQ ""
#define BEFORE_REL "dmb ish; "
#define BEFORE_AR "dmb ish; "
#define AFTER_RLX ""
#define AFTER_ACQ "; dmb ish"
#define AFTER_REL ""
#define AFTER_AR "; dmb ish"
#define EXCHANGE(bits, order) BEFORE_##order LOOP_##bits AFTER_##order
#define ADD(bits, order) BEFORE_##order LOOP_##bits AFTER_##order
#ifdef __clang__
/* The barrier of release only where something is stored; a second loop behind it. */
#define RETRY_32 "ldrex; dmb ish; strex; ldrex"
#define RETRY_64 "ldrexd; dmb ish; strexd; ldrexd"
#define CAS_LOOP_RLX(bits) LOOP_##bits
#define CAS_LOOP_ACQ(bits) LOOP_##bits
#define CAS_LOOP_REL(bits) RETRY_##bits
#define CAS_LOOP_AR(bits) RETRY_##bits
#define CAS(bits, order) CAS_LOOP_##order(bits) AFTER_##order
#else
#define CAS(bits, order) BEFORE_##order LOOP_##bits AFTER_##order
#endif
#define FENCE_ACQ "dmb ish"
#define FENCE_REL "dmb ish"
#define FENCE_SC "dmb ish"

#elif defined(__riscv)

#define TARGET "riscv64"
#define WIDTH_32 "w"
#define WIDTH_64 "d"
#define WORD_LOAD_32 "lw"
#define WORD_LOAD_64 "ld"
#define WORD_STORE_32 "sw"
#define WORD_STORE_64 "sd"
#define LOAD_RLX(bits) WORD_LOAD_##bits
#ifdef __clang__
#define LOAD_ACQ(bits) WORD_LOAD_##bits "; fence r,rw"
#define STORE_RLX(bits) WORD_STORE_##bits
#define STORE_REL(bits) "fence rw,w; " WORD_STORE_##bits
#define SUFFIX_RLX ""
#define SUFFIX_ACQ ".aq"
#define SUFFIX_REL ".rl"
#define SUFFIX_AR ".aqrl"
#define EXCHANGE(bits, order) "amoswap." WIDTH_##bits SUFFIX_##order
#define ADD(bits, order) "amoadd." WIDTH_##bits SUFFIX_##order
#define CAS(bits, order) "lr." WIDTH_##bits LINKED_##order "; sc." WIDTH_##bits CONDITIONAL_##order
#define LINKED_RLX ""
#define LINKED_ACQ ".aq"
#define LINKED_REL ""
#define LINKED_AR ".aq"
#define CONDITIONAL_RLX ""
#define CONDITIONAL_ACQ ""
#define CONDITIONAL_REL ".rl"
#define CONDITIONAL_AR ".rl"
#define FENCE_ACQ "fence r,rw"
#define FENCE_REL "fence rw,w"
#define FENCE_SC "fence rw,rw"
#else
#define LOAD_ACQ(bits) WORD_LOAD_##bits "; fence"
#define STORE_RLX(bits) "amoswap." WIDTH_##bits
#define STORE_REL(bits) "fence iorw,ow; amoswap." WIDTH_##bits
#define BEFORE_RLX ""
#define BEFORE_ACQ ""
#define BEFORE_REL "fence iorw,ow; "
#define BEFORE_AR "fence iorw,ow; "
#define SUFFIX_RLX ""
#define SUFFIX_ACQ ".aq"
#define SUFFIX_REL ""
#define SUFFIX_AR ".aq"
#define EXCHANGE(bits, order) BEFORE_##order "amoswap." WIDTH_##bits SUFFIX_##order
#define ADD(bits, order) BEFORE_##order "amoadd." WIDTH_##bits SUFFIX_##order
#define CAS(bits, order) \
    CAS_BEFORE_##order "lr." WIDTH_##bits SUFFIX_##order "; sc." WIDTH_##bits SUFFIX_##order
/* Acquire stands at the store if failure needs none. */
#define CAS_ACQ_RLX(bits) "lr." WIDTH_##bits "; sc." WIDTH_##bits ".aq"
#define CAS_BEFORE_RLX ""
#define CAS_BEFORE_ACQ ""
#define CAS_BEFORE_REL "fence; "
#define CAS_BEFORE_AR "fence; "
#define FENCE_ACQ "fence"
#define FENCE_REL "fence"
#define FENCE_SC "fence"
#endif

#elif defined(__powerpc64__)

#define TARGET "ppc64le"
#define LOAD_RLX(bits) WORD_LOAD_##bits
#define LOAD_ACQ(bits) WORD_LOAD_##bits "; isync"
#define STORE_RLX(bits) WORD_STORE_##bits
#define STORE_REL(bits) "lwsync; " WORD_STORE_##bits
#define WORD_LOAD_32 "lwz"
#define WORD_LOAD_64 "ld"
#define WORD_STORE_32 "stw"
#define WORD_STORE_64 "std"
#define LOOP_32 "lwarx; stwcx."
#define LOOP_64 "ldarx; stdcx."
#define BEFORE_RLX ""
#define BEFORE_ACQ ""
#define BEFORE_REL "lwsync; "
#define BEFORE_AR "lwsync; "
#ifdef __clang__
#define AFTER_ACQ "; lwsync"
#else
#define AFTER_ACQ "; isync"
#endif
#define AFTER_RLX ""
#define AFTER_REL ""
#define AFTER_AR AFTER_ACQ
#define EXCHANGE(bits, order) BEFORE_##order LOOP_##bits AFTER_##order
#define ADD(bits, order) BEFORE_##order LOOP_##bits AFTER_##order
#define CAS(bits, order) BEFORE_##order LOOP_##bits AFTER_##order
#define FENCE_ACQ "lwsync"
#define FENCE_REL "lwsync"
#define FENCE_SC "sync"

#elif defined(__s390x__)

#define TARGET "s390x"
#define LOAD_RLX(bits) WORD_LOAD_##bits
#define LOAD_ACQ(bits) WORD_LOAD_##bits
#define STORE_RLX(bits) WORD_STORE_##bits
#define STORE_REL(bits) WORD_STORE_##bits
#define EXCHANGE(bits, order) WORD_CAS_##bits
#define ADD(bits, order) WORD_ADD_##bits
#define CAS(bits, order) WORD_CAS_##bits
#define WORD_LOAD_32 "l | llgf"
#define WORD_LOAD_64 "lg"
#define WORD_STORE_32 "st"
#define WORD_STORE_64 "stg"
#define WORD_CAS_32 "cs"
#define WORD_CAS_64 "csg"
#define WORD_ADD_32 "laa"
#define WORD_ADD_64 "laag"
#define FENCE_ACQ "none"
#define FENCE_REL "none"
#define FENCE_SC "bcr 14,0 | bcr 15,0"

#elif defined(__loongarch__)

#define TARGET "loongarch64"
#define WIDTH_32 "w"
#define WIDTH_64 "d"
#define LOAD_RLX(bits) "ld." WIDTH_##bits
#define LOAD_ACQ(bits) "ld." WIDTH_##bits "; " BAR_ACQ
#define STORE_RLX(bits) "st." WIDTH_##bits
#define STORE_REL(bits) "amswap_db." WIDTH_##bits
#if defined(__clang__) && __clang_major__ < 19
#define BAR_ACQ "dbar 0"
#define BAR_REL "dbar 0"
#define BAR_SC "dbar 0"
#define CAS_MIDDLE "; dbar 0; "
#else
#define BAR_ACQ "dbar 20"
#define BAR_REL "dbar 18"
#define BAR_SC "dbar 16"
#define CAS_MIDDLE "; "
#endif
/* Relaxed ones are ordered too: clang knows no others. */
#define EXCHANGE(bits, order) "amswap_db." WIDTH_##bits
#define ADD(bits, order) "amadd_db." WIDTH_##bits
/* On failure loads of one place stay in order (dbar 1792), or the barrier is that of acquire. */
#define CAS_LOOP(bits) "ll." WIDTH_##bits CAS_MIDDLE "sc." WIDTH_##bits
#if THI_CAS_LOSES_FAILURE
#define CAS_AFTER_ACQ "; dbar 1792; " BAR_ACQ
#else
#define CAS_AFTER_ACQ "; " BAR_ACQ
#endif
#define CAS_AFTER_RLX "; dbar 1792"
#define CAS_AFTER_REL "; dbar 1792"
#define CAS_AFTER_AR CAS_AFTER_ACQ
#define CAS(bits, order) CAS_LOOP(bits) CAS_AFTER_##order
#define CAS_ACQ_RLX(bits) CAS(bits, RLX)
#define FENCE_ACQ BAR_ACQ
#define FENCE_REL BAR_REL
#define FENCE_SC BAR_SC

#elif defined(__wasm__)

#define TARGET "wasm32 with threads"
#define LOAD_RLX(bits) "i" #bits ".atomic.load"
#define LOAD_ACQ(bits) "i" #bits ".atomic.load"
#define STORE_RLX(bits) "i" #bits ".atomic.store"
#define STORE_REL(bits) "i" #bits ".atomic.store"
#define EXCHANGE(bits, order) "i" #bits ".atomic.rmw.xchg"
#define ADD(bits, order) "i" #bits ".atomic.rmw.add"
#define CAS(bits, order) "i" #bits ".atomic.rmw.cmpxchg"
#define FENCE_ACQ "atomic.fence"
#define FENCE_REL "atomic.fence"
#define FENCE_SC "atomic.fence"

#else

#define TARGET "a target unknown to this version"
#define LOAD_RLX(bits) "unknown"
#define LOAD_ACQ(bits) "unknown"
#define STORE_RLX(bits) "unknown"
#define STORE_REL(bits) "unknown"
#define EXCHANGE(bits, order) "unknown"
#define ADD(bits, order) "unknown"
#define CAS(bits, order) "unknown"
#define FENCE_ACQ "unknown"
#define FENCE_REL "unknown"
#define FENCE_SC "unknown"

#endif

#ifndef CAS_ACQ_RLX
#define CAS_ACQ_RLX(bits) CAS(bits, ACQ)
#endif

#if THI_CAS_LOSES_RELEASE
#define CAS_RELEASE_FAULT "a release fence first: this compiler's compare-exchange loses its own"
#else
#define CAS_RELEASE_FAULT ""
#endif
#if THI_CAS_LOSES_FAILURE
#define CAS_FAILURE_FAULT "an acquire fence behind a failure: this compiler has none there"
#else
#define CAS_FAILURE_FAULT ""
#endif
/* No compiler has both. */
#define CAS_BOTH_FAULTS (THI_CAS_LOSES_FAILURE ? CAS_FAILURE_FAULT : CAS_RELEASE_FAULT)
#if defined(__riscv) && !defined(__clang__)
#define CAS_WIDTH_FAULT_32 "the expected half is sign-extended first: this compiler forgets to"
#else
#define CAS_WIDTH_FAULT_32 ""
#endif
#define CAS_WIDTH_FAULT_64 ""

#define ROW(operation, order, bits, form, fault)                  \
    {                                                             \
        TARGET ", " COMPILER, operation, order, bits, form, fault \
    }
#define ROWS_OF_WIDTH(bits)                                                                        \
    ROW("load", "relaxed", bits, LOAD_RLX(bits), ""),                                              \
        ROW("load", "acquire", bits, LOAD_ACQ(bits), ""),                                          \
        ROW("store", "relaxed", bits, STORE_RLX(bits), ""),                                        \
        ROW("store", "release", bits, STORE_REL(bits), ""),                                        \
        ROW("exchange", "relaxed", bits, EXCHANGE(bits, RLX), ""),                                 \
        ROW("exchange", "acquire", bits, EXCHANGE(bits, ACQ), ""),                                 \
        ROW("exchange", "release", bits, EXCHANGE(bits, REL), ""),                                 \
        ROW("exchange", "acq_rel", bits, EXCHANGE(bits, AR), ""),                                  \
        ROW("add", "relaxed", bits, ADD(bits, RLX), ""),                                           \
        ROW("add", "release", bits, ADD(bits, REL), ""),                                           \
        ROW("add", "acq_rel", bits, ADD(bits, AR), ""),                                            \
        ROW("compare_exchange", "relaxed, relaxed", bits, CAS(bits, RLX), CAS_WIDTH_FAULT_##bits), \
        ROW("compare_exchange", "acquire, relaxed", bits, CAS_ACQ_RLX(bits),                       \
            CAS_WIDTH_FAULT_##bits),                                                               \
        ROW("compare_exchange", "acquire, acquire", bits, CAS(bits, ACQ), CAS_FAILURE_FAULT),      \
        ROW("compare_exchange", "release, relaxed", bits, CAS(bits, REL), CAS_RELEASE_FAULT),      \
        ROW("compare_exchange", "acq_rel, acquire", bits, CAS(bits, AR), CAS_BOTH_FAULTS)

static const struct th_atomic_use uses[] = {
    ROWS_OF_WIDTH(64),
    ROWS_OF_WIDTH(32),
    ROW("fence", "acquire", 0, FENCE_ACQ, ""),
    ROW("fence", "release", 0, FENCE_REL, ""),
    ROW("fence", "seq_cst", 0, FENCE_SC, ""),
};

th_status th_atomic_describe(size_t index, struct th_atomic_use *use)
{
    if (use == NULL) {
        return TH_EINVAL;
    }
    if (index >= sizeof(uses) / sizeof(uses[0])) {
        return TH_ABSENT;
    }
    *use = uses[index];
    return TH_OK;
}
