/* SPDX-License-Identifier: MIT
 * judge_call.c - atomic operations that are calls: the helpers of AArch64, and libatomic.
 *
 * __aarch64_ldadd8_acq_rel and its like choose at run time between v8.0 and LSE; operation, width
 * and order are in the name. libatomic takes the order as its last argument; for objects that the
 * machine could do itself it is refused, because it may take a lock where others do not.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is the order of a helper, or of a call, as strong as asked for? */
static bool order_serves(const struct thi_wish *wish, bool acquires, bool releases, bool total)
{
    bool sequential =
        wish->order == TH_SEQ_CST || (wish->operation == TH_COMPARE && wish->failure == TH_SEQ_CST);
    return (acquires || !thi_wants_acquire(wish)) && (releases || !thi_wants_release(wish)) &&
           (total || !sequential);
}

static bool helper_judge(struct thi_site *site, const char *symbol)
{
    static const char operations[] = "ldadd ldclr ldeor ldset swp cas";
    const char *name = symbol + strlen("__aarch64_");
    size_t size = strcspn(name, "0123456789_");
    char operation[12];
    snprintf(operation, sizeof operation, "%.*s", (int)(size < 11 ? size : 11), name);
    if (!thi_one_of(operation, operations)) {
        return false;
    }
    char *order;
    unsigned long bytes = strtoul(name + size, &order, 10);
    bool both = thi_one_of(order, "_acq_rel _sync");
    bool acquires = both || strcmp(order, "_acq") == 0;
    bool releases = both || strcmp(order, "_rel") == 0;
    bool compares = strcmp(operation, "cas") == 0;
    if (bytes != site->wish.bytes) {
        thi_refuse(site, TH_REJECTED, "%s changes %lu bytes, the object has %u", symbol, bytes,
                   site->wish.bytes);
    } else if (!compares && site->wish.operation == TH_COMPARE) {
        thi_refuse(site, TH_REJECTED, "%s is another operation", symbol);
    } else if (!order_serves(&site->wish, acquires, releases, both)) {
        thi_refuse(site, TH_REJECTED, "%s is weaker than the order asked for", symbol);
    }
    return true;
}

/* Is a branch that tests for zero the only way from which a call behind it is reached, as zero? */
static bool leaves_zero(const struct thi_code *code, uint32_t branch, uint32_t call)
{
    const struct thi_instruction *at = &code->instructions[branch];
    bool taken = strcmp(at->mnemonic, "beqz") == 0, passed = strcmp(at->mnemonic, "bnez") == 0;
    uint64_t to = taken ? at->event.target : branch + 1;
    if ((!taken && !passed) || to <= branch || to > call) {
        return false;
    }
    uint32_t first = code->incoming_first[to];
    return code->incoming_first[to + 1] == first + 1 && code->incoming[first] == branch;
}

/* The number that a register holds at a call: the nearest instruction before that sets it. */
static bool constant_before(const struct thi_code *code, uint32_t call, const char *name,
                            long *value)
{
    const struct thi_function *function = &code->functions[code->instructions[call].function];
    for (size_t i = call; i-- > function->first;) {
        const struct thi_instruction *at = &code->instructions[i];
        char operand[16];
        thi_operand(at->operands, 0, operand, sizeof operand);
        if ((at->event.flags & (TH_EVENT_CALL | TH_EVENT_WRITE)) == TH_EVENT_CALL) {
            return false;
        }
        if (strcmp(operand, name) == 0 && leaves_zero(code, (uint32_t)i, call)) {
            *value = 0;
            return true;
        }
        if (strcmp(operand, name) == 0 && (at->event.flags & TH_EVENT_WRITE) == 0) {
            thi_operand(at->operands, 1, operand, sizeof operand);
            char *end;
            *value = strtol(operand, &end, 0);
            return strcmp(at->mnemonic, "li") == 0 && *end == '\0';
        }
    }
    return false;
}

/* libatomic on RISC-V for bytes and half words, which the machine has no instructions for. */
static void narrow_judge(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const char *symbol = code->instructions[index].symbol;
    bool compares = site->wish.operation == TH_COMPARE;
    long success = 0, failure = 0;
    bool known = constant_before(code, index, compares ? "a3" : "a2", &success);
    known = known && (!compares || constant_before(code, index, "a4", &failure));
    if (!known) {
        thi_refuse(site, TH_UNDECIDED, "the order that %.40s is called with is no constant",
                   symbol);
        return;
    }
    bool acquires = success == 2 || success >= 4 || (compares && failure >= 2);
    bool releases = success >= 3;
    bool total = success == 5 || (compares && failure == 5);
    bool serves = order_serves(&site->wish, acquires, releases, total);
    if (!serves) {
        thi_refuse(site, TH_REJECTED, "%.40s is called with a weaker order", symbol);
    } else {
        snprintf(site->reason, sizeof site->reason,
                 "%.40s: the machine has no instruction of this width", symbol);
    }
}

bool thi_judge_call(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const char *symbol = code->instructions[index].symbol;
    if (symbol == NULL) {
        return false;
    }
    if (thi_starts(symbol, "__aarch64_")) {
        return site->wish.operation >= TH_MODIFY && helper_judge(site, symbol);
    }
    bool library = thi_starts(symbol, "__atomic_") || thi_starts(symbol, "__sync_");
    if (!library || strstr(symbol, "feraiseexcept") != NULL) {
        return false;
    }
    const char *name = symbol + (symbol[2] == 'a' ? 9 : 7);
    bool loads = thi_starts(name, "load"), stores = thi_starts(name, "store");
    if (site->shares && ((site->wish.operation == TH_LOAD && !loads) ||
                         (site->wish.operation == TH_STORE && !stores))) {
        return false; /* another's of the place, a macro's */
    }
    if (code->target == TH_TARGET_RISCV64 && site->wish.bytes < 4 &&
        site->wish.operation >= TH_MODIFY) {
        narrow_judge(code, site, index);
        return true;
    }
    bool became_store = site->wish.operation >= TH_MODIFY && stores;
    thi_refuse(site, TH_REJECTED, "%s%.40s is called for %u bytes: it may take a lock",
               became_store ? "a read-modify-write became a store, and " : "", symbol,
               site->wish.bytes);
    return true;
}
