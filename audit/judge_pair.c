/* SPDX-License-Identifier: MIT
 * judge_pair.c - load-linked and store-conditional: loops, failure exits, the window between.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_own(const struct thi_code *code, const struct thi_site *site, uint32_t i,
                   uint32_t flag)
{
    return (code->instructions[site->instructions[i]].event.flags & flag) != 0;
}

static bool width_judge(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const struct thi_event *event = &code->instructions[index].event;
    if (event->bytes == site->wish.bytes ||
        thi_is_container(code->target, site->wish.bytes, event->bytes)) {
        return true;
    }
    return thi_refuse(site, TH_REJECTED, "%u bytes are changed, the object has %u", event->bytes,
                      site->wish.bytes);
}

/* What stands between a load-linked and the store-conditional behind it. */
static bool window_judge(const struct thi_code *code, struct thi_site *site, uint32_t linked)
{
    bool fence_ends = code->target == TH_TARGET_RISCV64 || code->target == TH_TARGET_POWER64;
    for (uint32_t i = linked + 1; i < code->count; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        if ((at->event.flags & (TH_EVENT_STORE_COND | TH_EVENT_LINKED | TH_EVENT_RETURN)) != 0 ||
            at->function != code->instructions[linked].function) {
            return true;
        }
        bool stores_behind = false;
        for (uint32_t j = i + 1; j < code->count && !stores_behind; j++) {
            uint32_t flags = code->instructions[j].event.flags;
            stores_behind = (flags & TH_EVENT_STORE_COND) != 0;
            if ((flags & (TH_EVENT_RETURN | TH_EVENT_LINKED | TH_EVENT_JUMP)) != 0) {
                break;
            }
        }
        if (!stores_behind) {
            return true;
        }
        if ((at->event.flags & TH_EVENT_FENCE) != 0 && fence_ends) {
            return thi_refuse(site, TH_REJECTED,
                              "a barrier between load and store-conditional may end the "
                              "reservation every time");
        }
        bool accesses = (at->event.flags & (TH_EVENT_READ | TH_EVENT_WRITE)) != 0 &&
                        (at->event.flags & TH_EVENT_PRIVATE) == 0;
        if (accesses || (at->event.flags & TH_EVENT_CALL) != 0) {
            return thi_refuse(site, TH_REJECTED,
                              "`%s` between load and store-conditional may end the reservation "
                              "every time",
                              at->mnemonic);
        }
    }
    return true;
}

static bool store_judge(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const struct thi_event *event = &code->instructions[index].event;
    bool may_fail = site->wish.operation == TH_COMPARE && site->wish.weak;
    bool unasked = may_fail && site->made.unasked;
    if ((event->flags & TH_EVENT_ZERO_STATUS) != 0 && !unasked) {
        return thi_refuse(site, TH_REJECTED,
                          "the store-conditional's answer goes to the zero register: a failed "
                          "store is taken for done");
    }
    if (may_fail && !unasked && !thi_walk_asks(code, index)) {
        return thi_refuse(site, TH_REJECTED,
                          "nobody asks whether the store-conditional has stored");
    }
    switch (may_fail ? TH_RETRY_LOOPS : thi_walk_retry(code, site, index)) {
    case TH_RETRY_NOT_ASKED:
        return thi_refuse(site, TH_REJECTED,
                          "nobody asks whether the store-conditional has stored");
    case TH_RETRY_GIVES_UP:
        return thi_refuse(site, TH_REJECTED, "a failed store-conditional is not tried again");
    case TH_RETRY_LOOPS:
    default: return width_judge(code, site, index) && thi_judge_write(code, site, index);
    }
}

/* What one instruction makes of a register. */
enum origin { ORIGIN_ELSEWHERE, ORIGIN_COPY, ORIGIN_ZERO_EXTENDED, ORIGIN_OTHER };

/* `copied`: the register that a copy is of. */
static enum origin origin_of(const struct thi_instruction *at, const char *wanted, char copied[12])
{
    char first[16], last[16];
    const uint32_t control = TH_EVENT_BRANCH | TH_EVENT_JUMP | TH_EVENT_CALL;
    bool plain_store =
        (at->event.flags & TH_EVENT_WRITE) != 0 && (at->event.flags & TH_EVENT_READ) == 0;
    thi_operand(at->operands, 0, first, sizeof first);
    if ((at->event.flags & control) != 0 || plain_store || strcmp(first, wanted) != 0) {
        return ORIGIN_ELSEWHERE;
    }
    thi_operand(at->operands, 2, last, sizeof last);
    if (strcmp(at->mnemonic, "lwu") == 0 || strcmp(at->mnemonic, "zext.w") == 0 ||
        (strcmp(at->mnemonic, "srli") == 0 && strtol(last, NULL, 0) <= 32)) {
        return ORIGIN_ZERO_EXTENDED;
    }
    thi_operand(at->operands, 1, last, sizeof last);
    if (strcmp(at->mnemonic, "li") == 0) {
        return strtoll(last, NULL, 0) > INT32_MAX ? ORIGIN_ZERO_EXTENDED : ORIGIN_OTHER;
    }
    snprintf(copied, 12, "%.11s", last);
    return thi_one_of(at->mnemonic, "mv ori xori") ? ORIGIN_COPY : ORIGIN_OTHER;
}

/* Is a register zero where a branch leads? */
static bool is_zero_behind(const struct thi_code *code, uint32_t branch, uint32_t to,
                           const char *name)
{
    const struct thi_instruction *at = &code->instructions[branch];
    char first[16];
    thi_operand(at->operands, 0, first, sizeof first);
    return strcmp(first, name) == 0 &&
           ((strcmp(at->mnemonic, "beqz") == 0 && at->event.target == to) ||
            (strcmp(at->mnemonic, "bnez") == 0 && branch + 1 == to && at->event.target != to));
}

/* Where the register that is compared with comes from, on some way: a zero-extended value never
 * equals a sign-extended one with the highest bit set. `steps` bounds the search. */
static bool is_zero_extended(const struct thi_code *code, uint32_t from, const char *name,
                             unsigned *steps)
{
    for (uint32_t i = code->incoming_first[from]; i < code->incoming_first[from + 1]; i++) {
        uint32_t before = code->incoming[i];
        char copied[12];
        if (*steps == 0 || is_zero_behind(code, before, from, name)) {
            continue;
        }
        (*steps)--;
        enum origin origin = origin_of(&code->instructions[before], name, copied);
        if (origin == ORIGIN_ZERO_EXTENDED ||
            (origin <= ORIGIN_COPY &&
             is_zero_extended(code, before, origin == ORIGIN_COPY ? copied : name, steps))) {
            return true;
        }
    }
    return false;
}

/* lr.w extends the sign of what it reads; the value it is compared with must be of that form. */
static bool sign_judge(const struct thi_code *code, struct thi_site *site, uint32_t linked)
{
    const struct thi_event *event = &code->instructions[linked].event;
    if (code->target != TH_TARGET_RISCV64 || site->wish.operation != TH_COMPARE ||
        site->wish.bytes != 4 || linked + 1 >= code->count) {
        return true;
    }
    const struct thi_instruction *branch = &code->instructions[linked + 1];
    char left[12], right[12];
    thi_operand(branch->operands, 0, left, sizeof left);
    thi_operand(branch->operands, 1, right, sizeof right);
    const char *other = strcmp(left, event->result) == 0 ? right : left;
    unsigned steps = 400;
    if (strcmp(branch->mnemonic, "bne") == 0 && is_zero_extended(code, linked, other, &steps)) {
        return thi_refuse(site, TH_REJECTED,
                          "lr.w extends the sign, the expected value in %s is zero-extended: with "
                          "bit 31 set it never compares equal",
                          other);
    }
    return true;
}

static bool is_acquire(enum thi_order order)
{
    return order == TH_ACQUIRE || order == TH_ACQ_REL || order == TH_SEQ_CST;
}

static bool load_judge(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const struct thi_wish *wish = &site->wish;
    struct thi_walk walk = {.code = code, .site = site, .start = index};
    const uint8_t acquires = TH_RR | TH_RW;
    walk.pairs = is_acquire(wish->order) && wish->operation != TH_STORE ? acquires : 0;
    if (wish->operation == TH_COMPARE && is_acquire(wish->failure)) {
        walk.failure_pairs = acquires;
    }
    return width_judge(code, site, index) && sign_judge(code, site, index) &&
           window_judge(code, site, index) &&
           thi_explain_walk(&walk, thi_walk_forward(&walk), site, "acquire") &&
           (wish->operation == TH_STORE || thi_judge_read(code, site, index));
}

void thi_judge_pair(const struct thi_code *code, struct thi_site *site)
{
    bool loads = false;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        uint32_t index = site->instructions[i];
        bool linked = is_own(code, site, i, TH_EVENT_LINKED);
        bool stores = is_own(code, site, i, TH_EVENT_STORE_COND);
        /* A load of the place can be a load-linked by itself. */
        if ((stores || (linked && !site->loads)) && !thi_flow_pairs(code, index, stores)) {
            thi_refuse(site, TH_REJECTED,
                       linked ? "a load-linked without store-conditional"
                              : "a store-conditional without load-linked");
            return;
        }
        if (linked) {
            loads = true;
            if (!load_judge(code, site, index)) {
                return;
            }
        } else if (stores) {
            bool puts_back = thi_puts_back(code, site, index);
            site->found_count++;
            if (!puts_back && !store_judge(code, site, index)) {
                return;
            }
        }
    }
    if (!loads) {
        thi_refuse(site, TH_REJECTED, "a store-conditional without load-linked");
    }
}
