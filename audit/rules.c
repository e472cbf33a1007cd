/* SPDX-License-Identifier: MIT
 * rules.c - what each target must do for each order: the pairs of accesses to keep apart.
 *
 * First letter before, second behind: RW is "a read, then a write". An order of C11 asks for pairs
 * of its access and the accesses around it. What the machine keeps by itself counts as done.
 *
 *                  load acquire   store release   load seq_cst          store seq_cst
 *   x86, s390x     by itself      by itself       by itself             WR WW behind
 *   aarch64        RR RW behind   RW WW before    ldar, or RR WR before  stlr, or WR WW behind
 *   armv7          RR RW behind   RW WW before    RR RW behind          RW WW before, WR WW behind
 *   riscv64        RR RW behind   RW WW before    RR WR before, too     WR WW behind, too
 *   ppc64le        RR RW behind   RW WW before    all pairs before      all pairs before
 *   loongarch64    RR RW behind   RW WW before    all pairs behind      WR WW behind, too
 *   wasm32         every atomic instruction keeps all pairs
 *
 * The seq_cst columns are one family each: a store's barrier behind it does what another mapping
 * puts before its loads, so both are asked for and mixtures cannot come in.
 *
 * Sources      the mapping tables of the ISO C11 atomics (Sewell and others), the atomics ABIs of
 *              Arm and RISC-V, the LoongArch manual, Power ISA book II.
 */
#include "audit.h"

enum { ACQUIRES = TH_RR | TH_RW, RELEASES = TH_RW | TH_WW };

static bool is_acquire(enum thi_order order)
{
    return order == TH_ACQUIRE || order == TH_ACQ_REL || order == TH_SEQ_CST;
}

static bool is_release(enum thi_order order)
{
    return order == TH_RELEASE || order == TH_ACQ_REL || order == TH_SEQ_CST;
}

/* What a read must do; `alone`: it is no half of a read-modify-write. */
struct thi_rule thi_rule_read(enum thi_target target, enum thi_order order, bool alone)
{
    struct thi_rule rule = {.after = is_acquire(order) ? ACQUIRES : 0};
    if (order != TH_SEQ_CST) {
        return rule;
    }
    switch (target) {
    case TH_TARGET_AARCH64: rule.attribute = true; break;
    case TH_TARGET_RISCV64: rule.before = TH_RR | TH_WR; break;
    case TH_TARGET_POWER64: rule.before = TH_ALL_PAIRS; break;
    case TH_TARGET_LOONGARCH64: rule.after = alone ? TH_ALL_PAIRS : ACQUIRES; break;
    default: break;
    }
    return rule;
}

struct thi_rule thi_rule_write(enum thi_target target, enum thi_order order, bool alone)
{
    struct thi_rule rule = {.before = is_release(order) ? RELEASES : 0};
    if (order != TH_SEQ_CST) {
        return rule;
    }
    switch (target) {
    case TH_TARGET_AARCH64: rule.attribute = true; break;
    case TH_TARGET_POWER64: rule.before = TH_ALL_PAIRS; break;
    case TH_TARGET_ARM: rule.after = TH_WR | TH_WW; break;
    default: rule.after = alone ? TH_WR | TH_WW : 0; break;
    }
    return rule;
}

uint8_t thi_rule_fence(enum thi_order order)
{
    return order == TH_SEQ_CST
               ? TH_ALL_PAIRS
               : (uint8_t)((is_acquire(order) ? ACQUIRES : 0) | (is_release(order) ? RELEASES : 0));
}

uint8_t thi_rule_given(enum thi_target target)
{
    bool total_store_order =
        target == TH_TARGET_X86_64 || target == TH_TARGET_I686 || target == TH_TARGET_S390X;
    return total_store_order ? TH_RR | TH_RW | TH_WW : 0;
}
