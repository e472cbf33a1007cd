/* SPDX-License-Identifier: MIT
 * judge.c - one operation: is what the machine does as strong as what was asked for?
 *
 * Guarantees   G1 accepted means that every pair of accesses the order speaks of is kept apart on
 *                 every way through the code, by the access itself or by barriers, that the object
 *                 is read and written whole, and that a read-modify-write is one.
 *              G2 what cannot be followed is undecided, with the reason.
 */
#include "audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool thi_refuse(struct thi_site *site, enum thi_verdict verdict, const char *format, ...)
{
    bool worse =
        verdict == TH_REJECTED ? site->verdict != TH_REJECTED : site->verdict == TH_ACCEPTED;
    if (worse) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(site->reason, sizeof site->reason, format, arguments);
        va_end(arguments);
        site->verdict = verdict;
    }
    return false;
}

static bool is_acquire(enum thi_order order)
{
    return order == TH_ACQUIRE || order == TH_ACQ_REL || order == TH_SEQ_CST;
}

bool thi_wants_acquire(const struct thi_wish *wish)
{
    return is_acquire(wish->order) || (wish->operation == TH_COMPARE && is_acquire(wish->failure));
}

bool thi_wants_release(const struct thi_wish *wish)
{
    return wish->order == TH_RELEASE || wish->order == TH_ACQ_REL || wish->order == TH_SEQ_CST;
}

bool thi_is_container(enum thi_target target, uint8_t object_bytes, uint8_t access_bytes)
{
    bool narrow = object_bytes < 4 && access_bytes == 4;
    return narrow && (target == TH_TARGET_RISCV64 || target == TH_TARGET_LOONGARCH64 ||
                      target == TH_TARGET_S390X);
}

bool thi_explain_walk(const struct thi_walk *walk, enum thi_walk_end end, struct thi_site *site,
                      const char *what)
{
    const struct thi_instruction *at = &walk->code->instructions[walk->culprit];
    unsigned long long address = (unsigned long long)at->address;
    switch (end) {
    case TH_WALK_COVERED: return true;
    case TH_WALK_ACCESS:
        return thi_refuse(site, TH_REJECTED, "%s: nothing keeps it apart from `%s` at 0x%llx%s",
                          what, at->mnemonic, address,
                          walk->culprit_failed ? ", which is reached when nothing was stored" : "");
    case TH_WALK_LEFT:
        return thi_refuse(site, TH_REJECTED,
                          "%s: the function %s at 0x%llx without a barrier between%s", what,
                          walk->culprit < walk->start ? "is entered" : "is left", address,
                          walk->culprit_failed ? ", having stored nothing" : "");
    case TH_WALK_UNKNOWN:
    default:
        return thi_refuse(site, TH_UNDECIDED, "%s: the way cannot be followed past `%s` at 0x%llx",
                          what, at->mnemonic, address);
    }
}

static bool behind(const struct thi_code *code, struct thi_site *site, uint32_t index,
                   uint8_t pairs, const char *what)
{
    struct thi_walk walk = {.code = code, .site = site, .start = index, .pairs = pairs};
    /* A load-linked without its other half is a load. */
    bool linked = (code->instructions[index].event.flags & TH_EVENT_LINKED) != 0;
    walk.failure_pairs = linked ? pairs : 0;
    return thi_explain_walk(&walk, thi_walk_forward(&walk), site, what);
}

static bool before(const struct thi_code *code, struct thi_site *site, uint32_t index,
                   uint8_t pairs, const char *what)
{
    struct thi_walk walk = {.code = code, .site = site, .start = index, .pairs = pairs};
    return thi_explain_walk(&walk, thi_walk_backward(&walk), site, what);
}

/* AArch64: does each store-conditional of the site have stlr's order? */
static bool is_sc_pair(const struct thi_code *code, const struct thi_site *site)
{
    bool found = false;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        uint32_t flags = code->instructions[site->instructions[i]].event.flags;
        if ((flags & TH_EVENT_STORE_COND) != 0 && (flags & TH_EVENT_SC_WRITE) == 0) {
            return false;
        }
        found = found || (flags & TH_EVENT_STORE_COND) != 0;
    }
    return found;
}

/* The half of an operation that reads, in one instruction or as load-linked. What is behind a
 * load-linked is judged with its store-conditional. */
bool thi_judge_read(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const struct thi_event *event = &code->instructions[index].event;
    const struct thi_wish *wish = &site->wish;
    bool alone = wish->operation == TH_LOAD;
    bool pair = !alone && (event->flags & TH_EVENT_LINKED) != 0;
    enum thi_order order = wish->order;
    if (wish->operation == TH_COMPARE && is_acquire(wish->failure) && order != TH_SEQ_CST) {
        order = wish->failure == TH_SEQ_CST ? TH_SEQ_CST : is_acquire(order) ? order : TH_ACQUIRE;
    }
    struct thi_rule rule = thi_rule_read(code->target, order, alone);
    if (rule.after != 0 && (event->flags & TH_EVENT_NO_RESULT) != 0) {
        return thi_refuse(site, TH_REJECTED,
                          "acquire: `%s` drops the value read, so its order is lost",
                          code->instructions[index].mnemonic);
    }
    if (!pair && !behind(code, site, index, rule.after, "acquire")) {
        return false;
    }
    if (rule.attribute && wish->operation == TH_MODIFY && pair && is_sc_pair(code, site)) {
        return true; /* nothing passes what it stores, and without storing it is not done */
    }
    if (rule.attribute && (event->flags & TH_EVENT_SC_READ) == 0) {
        return before(code, site, index, TH_RR | TH_WR,
                      "seq_cst: an earlier seq_cst store can be passed; needs ldar or a full fence "
                      "before");
    }
    if (thi_starts(code->instructions[index].mnemonic, "amocas") && wish->failure == TH_SEQ_CST) {
        /* Failed, it is no write: rl says nothing. */
        struct thi_walk walk = {
            .code = code, .site = site, .start = index, .pairs = TH_RR | TH_WR, .bare = true};
        return thi_explain_walk(&walk, thi_walk_backward(&walk), site,
                                "seq_cst on failure: order before the read");
    }
    if (code->target == TH_TARGET_RISCV64 && !alone && rule.before != 0) {
        /* A fence before the pair, or rl on what reads: nothing earlier passes the whole. */
        bool keeps = (event->before & (TH_RR | TH_WR)) == (TH_RR | TH_WR);
        return keeps || before(code, site, index, TH_RW | TH_WW, "seq_cst: order before the read");
    }
    return before(code, site, index, rule.before, "seq_cst: order before the read");
}

bool thi_judge_write(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const struct thi_event *event = &code->instructions[index].event;
    const struct thi_wish *wish = &site->wish;
    bool alone = wish->operation == TH_STORE;
    struct thi_rule rule = thi_rule_write(code->target, wish->order, alone);
    if (!before(code, site, index, rule.before, "release")) {
        return false;
    }
    if (rule.before != 0 && code->target <= TH_TARGET_I686) {
        struct thi_walk walk = {
            .code = code, .site = site, .start = index, .pairs = TH_WW, .streams = true};
        if (thi_walk_backward(&walk) == TH_WALK_ACCESS) {
            return thi_refuse(site, TH_REJECTED,
                              "release: the non-temporal store at 0x%llx may come later; needs "
                              "sfence between",
                              (unsigned long long)code->instructions[walk.culprit].address);
        }
    }
    if (rule.attribute && (event->flags & TH_EVENT_SC_WRITE) == 0) {
        rule.after = TH_WR | TH_WW;
    }
    return behind(code, site, index, rule.after,
                  "seq_cst: a later seq_cst load can pass the store");
}

static uint32_t own_flags(const struct thi_code *code, const struct thi_site *site)
{
    uint32_t flags = 0;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_event *event = &code->instructions[site->instructions[i]].event;
        flags |= (event->flags & TH_EVENT_PRIVATE) == 0 ? event->flags : 0;
    }
    return flags;
}

/* Marks the instructions that move the object whole; counts those that move a part, or more. */
struct widths {
    uint32_t whole[TH_SITE_INSTRUCTIONS_MAX];
    uint32_t whole_count;
    uint32_t narrower_count;
    uint32_t wider_count;
    uint8_t other_bytes;
};

/* Of a place with several operations, a load is not what a read-modify-write reads. */
static bool is_others(const struct thi_code *code, const struct thi_site *site, uint32_t number)
{
    const struct thi_event *event = &code->instructions[site->instructions[number]].event;
    if (!site->shares || site->wish.operation != TH_LOAD) {
        return false;
    }
    uint32_t next = number + 1;
    const uint32_t exclusive = TH_EVENT_LINKED | TH_EVENT_STORE_COND;
    while (next < site->instruction_count &&
           (code->instructions[site->instructions[next]].event.flags & exclusive) == 0) {
        next++;
    }
    for (uint32_t i = 0; i < number; i++) { /* the pair's, read again */
        const struct thi_event *before = &code->instructions[site->instructions[i]].event;
        if ((before->flags & TH_EVENT_STORE_COND) != 0 && (event->flags & TH_EVENT_LINKED) != 0) {
            return true;
        }
    }
    bool pair = (event->flags & TH_EVENT_LINKED) != 0 && next < site->instruction_count &&
                (code->instructions[site->instructions[next]].event.flags & TH_EVENT_LINKED) == 0;
    return pair || (event->flags & TH_EVENT_SWAP) != 0;
}

static void widths_count(const struct thi_code *code, const struct thi_site *site, uint32_t flag,
                         struct widths *widths)
{
    *widths = (struct widths){.whole_count = 0};
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_event *event = &code->instructions[site->instructions[i]].event;
        if ((event->flags & flag) == 0 || (event->flags & TH_EVENT_PRIVATE) != 0 ||
            is_others(code, site, i)) {
            continue;
        }
        bool tests = thi_one_of(code->instructions[site->instructions[i]].mnemonic, "tm tmy");
        if (event->bytes == site->wish.bytes || (tests && code->target == TH_TARGET_S390X)) {
            widths->whole[widths->whole_count++] = site->instructions[i];
        } else {
            widths->narrower_count += event->bytes < site->wish.bytes;
            widths->wider_count += event->bytes > site->wish.bytes;
            widths->other_bytes = event->bytes;
        }
    }
}

/* No instruction moves the whole object. */
static void parts_refuse(struct thi_site *site, const struct widths *widths, const char *verb)
{
    unsigned bytes = site->wish.bytes, other = widths->other_bytes;
    if (widths->narrower_count > 1) {
        thi_refuse(site, TH_REJECTED, "torn: the %u bytes are %s in %u parts of %u", bytes, verb,
                   widths->narrower_count, other);
    } else if (widths->narrower_count == 1) {
        thi_refuse(site, TH_REJECTED, "only %u of the %u bytes are %s", other, bytes, verb);
    } else if (widths->wider_count > 0) {
        thi_refuse(site, TH_REJECTED, "%u bytes are %s, the object has %u", other, verb, bytes);
    } else {
        thi_refuse(site, TH_UNDECIDED,
                   "no instruction at this place: it cannot be told what "
                   "became of the operation");
    }
}

/* The register and what is added to it, of an address: "[x2, #0x8]", "0x8(a5)", "[rdi + 0x8]",
 * "$a4, $a3, 8". */
static void address_split(const struct thi_instruction *at, char base[16], char rest[16])
{
    const char *open = strpbrk(at->operands, "[(");
    if (open == NULL) {
        char text[16];
        thi_operand(at->operands, 1, text, sizeof text);
        snprintf(base, 16, "%s", text + strspn(text, "%$"));
        thi_operand(at->operands, 2, rest, 16);
        return;
    }
    const char *name = open + 1 + strspn(open + 1, "%$");
    size_t size = strcspn(name, " ,+-*])");
    snprintf(base, 16, "%.*s", (int)(size < 15 ? size : 15), name);
    const char *comma = strrchr(at->operands, ',');
    if (*open == '(' && comma != NULL && comma < open) {
        snprintf(rest, 16, "%.*s", (int)(open - comma - 1 < 15 ? open - comma - 1 : 15), comma + 1);
    } else {
        snprintf(rest, 16, "%.15s", name + size);
    }
}

/* The same address read again, with nothing in between that changes it, for one load. */
static bool is_duplicate(const struct thi_code *code, uint32_t first, uint32_t second)
{
    const struct thi_instruction *a = &code->instructions[first];
    const struct thi_instruction *b = &code->instructions[second];
    char base[16], rest[16], other_base[16], other_rest[16], result[16];
    address_split(a, base, rest);
    address_split(b, other_base, other_rest);
    thi_operand(a->operands, 0, result, sizeof result);
    if (strcmp(base, other_base) != 0 || strcmp(rest, other_rest) != 0 || first + 4 < second ||
        base[0] == '\0' || strcmp(result + strspn(result, "%$"), base) == 0) {
        return false;
    }
    for (uint32_t i = first; i < second; i++) {
        if ((code->instructions[i].event.flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP)) != 0) {
            return false;
        }
    }
    return true;
}

/* Instructions without a place of their own: not all of them need be the operation's. */
static bool is_loose(const struct thi_site *site)
{
    return site->adopted || site->place.line == 0;
}

/* One that serves is enough; if none does, it may be another that is meant. */
static void any_judge(const struct thi_code *code, struct thi_site *site,
                      const struct widths *widths,
                      bool (*judge)(const struct thi_code *, struct thi_site *, uint32_t))
{
    for (uint32_t i = 0; i < widths->whole_count; i++) {
        struct thi_site tried = *site;
        if (judge(code, &tried, widths->whole[i])) {
            return;
        }
        if (widths->whole_count == 1) {
            *site = tried;
            return;
        }
    }
    thi_refuse(site, TH_UNDECIDED,
               "none of the %u instructions that it can be keeps the order; their places were lost",
               widths->whole_count);
}

/* One narrower load: of a value that is cut down at once, one part is enough, and cannot tear. */
static bool part_judge(const struct thi_code *code, struct thi_site *site, unsigned bytes)
{
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_event *event = &code->instructions[site->instructions[i]].event;
        if ((event->flags & TH_EVENT_READ) != 0 && (event->flags & TH_EVENT_PRIVATE) == 0) {
            site->found_count = 1;
            if (thi_judge_read(code, site, site->instructions[i])) {
                snprintf(site->reason, sizeof site->reason,
                         "one load of the %u bytes that are used", bytes);
            }
            return true;
        }
    }
    return false;
}

/* Reads that the place has behind its barrier are those of a later address, moved up: of several,
 * the one before the barrier is the operation's. */
static uint32_t last_before_barrier(const struct thi_code *code, const struct thi_site *site,
                                    const struct widths *widths)
{
    const uint32_t barriers = TH_EVENT_FENCE | TH_EVENT_SYNC_FETCH;
    uint32_t barrier = 0;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        uint32_t index = site->instructions[i];
        bool stands = (code->instructions[index].event.flags & barriers) != 0;
        barrier = stands && index > barrier ? index : barrier;
    }
    uint32_t last = widths->whole_count - 1;
    for (uint32_t i = widths->whole_count; i-- > 0;) {
        if (widths->whole[i] < barrier) {
            return i;
        }
    }
    return last;
}

/* Is a read of the place the same as another's, but for registers, and no way to an address? */
static bool is_copy(const struct thi_code *code, const struct widths *widths, uint32_t index,
                    uint32_t other)
{
    const struct thi_instruction *at = &code->instructions[index];
    char base[16], rest[16], other_rest[16];
    address_split(at, base, rest);
    address_split(&code->instructions[other], base, other_rest);
    if (strcmp(at->mnemonic, code->instructions[other].mnemonic) != 0 ||
        strcmp(rest, other_rest) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < widths->whole_count; i++) {
        address_split(&code->instructions[widths->whole[i]], base, rest);
        const char *result = at->event.result + strspn(at->event.result, "%$");
        if (widths->whole[i] != index && strcmp(base, result) == 0) {
            return false;
        }
    }
    return true;
}

static void load_judge(const struct thi_code *code, struct thi_site *site)
{
    struct widths widths;
    widths_count(code, site, TH_EVENT_READ, &widths);
    site->found_count = widths.whole_count;
    if (widths.whole_count == 0 && widths.narrower_count == 1 && widths.wider_count == 0 &&
        part_judge(code, site, widths.other_bytes)) {
        return;
    }
    if (widths.whole_count == 0) {
        parts_refuse(site, &widths, "read");
        return;
    }
    /* Beside one that is unmistakable, others of the place lead to the object. */
    struct widths sure = {.whole_count = 0};
    for (uint32_t i = 0; i < widths.whole_count; i++) {
        const struct thi_event *event = &code->instructions[widths.whole[i]].event;
        if ((event->flags & TH_EVENT_ATOMIC) != 0) {
            sure.whole[sure.whole_count++] = widths.whole[i];
        }
    }
    if (sure.whole_count > 0 && sure.whole_count >= thi_site_share(site)) {
        widths = sure;
    }
    bool must_be_atomic = code->target == TH_TARGET_WASM32;
    for (uint32_t i = 0; i < widths.whole_count; i++) {
        const struct thi_event *event = &code->instructions[widths.whole[i]].event;
        if (must_be_atomic && (event->flags & TH_EVENT_ATOMIC) == 0) {
            thi_refuse(site, TH_REJECTED, "a plain load; compile with -matomics");
            return;
        }
        if (i > 0 && !is_loose(site) && widths.whole_count > thi_site_share(site) &&
            is_duplicate(code, widths.whole[i - 1], widths.whole[i])) {
            thi_refuse(site, TH_REJECTED, "read twice: one load became two, which may differ");
            return;
        }
    }
    /* Reads of the same place that lead to the object's address come first: as many as there are
     * operations are judged, from the last. */
    uint32_t count =
        thi_site_share(site) < widths.whole_count ? thi_site_share(site) : widths.whole_count;
    if (is_loose(site)) {
        any_judge(code, site, &widths, thi_judge_read);
        return;
    }
    struct thi_site tried = *site;
    uint32_t judged = 0;
    while (count > 1 && judged < count &&
           thi_judge_read(code, &tried, widths.whole[widths.whole_count - 1 - judged])) {
        judged++;
    }
    if (count > 1 && judged == count) {
        *site = tried;
        return;
    }
    /* Perhaps only one of them is the operation: then it is counted once. */
    site->found_count = 1;
    uint32_t chosen = widths.whole[last_before_barrier(code, site, &widths)];
    bool sound = thi_judge_read(code, site, chosen);
    for (uint32_t i = 0; sound && i < widths.whole_count; i++) {
        if (widths.whole[i] != chosen && is_copy(code, &widths, widths.whole[i], chosen)) {
            sound = thi_judge_read(code, site, widths.whole[i]);
        }
    }
}

static bool one_store_judge(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const struct thi_event *event = &code->instructions[index].event;
    if (code->target == TH_TARGET_WASM32 && (event->flags & TH_EVENT_ATOMIC) == 0) {
        return thi_refuse(site, TH_REJECTED, "a plain store; compile with -matomics");
    }
    if ((event->flags & TH_EVENT_STREAM) != 0 && thi_wants_release(&site->wish)) {
        return thi_refuse(site, TH_REJECTED,
                          "a non-temporal store has no place in the machine's order");
    }
    return thi_judge_write(code, site, index);
}

/* Do two instructions name an address in the same way, but for registers? */
static bool is_same_offset(const struct thi_code *code, uint32_t a, uint32_t b)
{
    char base[16], rest[16], other[16];
    address_split(&code->instructions[a], base, rest);
    address_split(&code->instructions[b], base, other);
    return strcmp(rest, other) == 0;
}

/* More stores at the place than operations: a macro has plain ones beside, or there are copies. Of
 * those that can be one object's all must serve; beside unmistakable ones no others count. */
static void stores_judge(const struct thi_code *code, struct thi_site *site,
                         const struct widths *widths)
{
    struct thi_site refused = *site;
    bool sure = false;
    for (uint32_t i = 0; i < widths->whole_count; i++) {
        sure = sure || (code->instructions[widths->whole[i]].event.flags & TH_EVENT_ATOMIC) != 0;
    }
    for (uint32_t i = 0; i < widths->whole_count; i++) {
        struct thi_site tried = *site;
        bool serves = true, counts = false;
        for (uint32_t j = 0; serves && j < widths->whole_count; j++) {
            uint32_t index = widths->whole[j];
            bool atomic = (code->instructions[index].event.flags & TH_EVENT_ATOMIC) != 0;
            bool meant = sure ? atomic : is_same_offset(code, widths->whole[i], index);
            counts = counts || meant;
            serves = !meant || one_store_judge(code, &tried, index);
        }
        if (serves && counts) {
            return;
        }
        /* What keeps its release and nothing else is rather the operation. */
        bool nearer = i == 0 || thi_starts(tried.reason, "seq_cst");
        refused = nearer ? tried : refused;
    }
    *site = refused;
}

static void store_judge(const struct thi_code *code, struct thi_site *site)
{
    struct widths widths;
    if ((own_flags(code, site) & TH_EVENT_STORE_COND) != 0) {
        thi_judge_pair(code, site);
        return;
    }
    widths_count(code, site, TH_EVENT_WRITE, &widths);
    site->found_count = widths.whole_count;
    if (widths.whole_count == 0) {
        parts_refuse(site, &widths, "written");
        return;
    }
    if (is_loose(site) && code->target != TH_TARGET_WASM32) {
        any_judge(code, site, &widths, thi_judge_write);
        return;
    }
    if (widths.whole_count > thi_site_share(site)) {
        stores_judge(code, site, &widths);
        return;
    }
    for (uint32_t i = 0; i < widths.whole_count; i++) {
        if (!one_store_judge(code, site, widths.whole[i])) {
            return;
        }
    }
}

static void swap_judge(const struct thi_code *code, struct thi_site *site, uint32_t index)
{
    const struct thi_event *event = &code->instructions[index].event;
    if (event->bytes != site->wish.bytes &&
        !thi_is_container(code->target, site->wish.bytes, event->bytes)) {
        thi_refuse(site, TH_REJECTED, "%u bytes are changed, the object has %u", event->bytes,
                   site->wish.bytes);
        return;
    }
    if (thi_judge_read(code, site, index)) {
        thi_judge_write(code, site, index);
    }
}

/* Read-modify-writes, compare-exchange among them. */
static void modify_judge(const struct thi_code *code, struct thi_site *site)
{
    uint32_t flags = own_flags(code, site);
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        uint32_t index = site->instructions[i];
        const struct thi_event *event = &code->instructions[index].event;
        if ((event->flags & TH_EVENT_SWAP) != 0 && (event->flags & TH_EVENT_PRIVATE) == 0) {
            site->found_count++;
            swap_judge(code, site, index);
        } else if ((event->flags & TH_EVENT_CALL) != 0 && thi_judge_call(code, site, index)) {
            site->found_count++;
        }
    }
    if ((flags & TH_EVENT_STORE_COND) != 0) {
        thi_judge_pair(code, site);
    }
    if (site->found_count > 0) {
        return;
    }
    if ((flags & TH_EVENT_LINKED) != 0) {
        thi_refuse(site, TH_REJECTED, "a load-linked without store-conditional");
    } else if ((flags & TH_EVENT_WRITE) != 0) {
        thi_refuse(site, TH_REJECTED,
                   (flags & TH_EVENT_READ) != 0
                       ? "a plain load and a plain store: not one operation"
                       : "a read-modify-write became a plain store");
    } else if ((flags & TH_EVENT_READ) != 0) {
        thi_refuse(site, TH_REJECTED, "a read-modify-write became a plain load");
    } else {
        /* Whatever could do it would be a site of its own, and adopted. */
        thi_refuse(site, TH_REJECTED, "no instruction of the function does it");
    }
}

/* A barrier for reads alone says nothing of a read whose value is dropped. */
static bool dropped_before(const struct thi_code *code, const struct thi_site *site, uint32_t fence,
                           uint32_t *dropped)
{
    const struct thi_function *function = &code->functions[code->instructions[fence].function];
    (void)site;
    for (size_t i = fence; i-- > function->first;) {
        const struct thi_event *event = &code->instructions[i].event;
        if (event->fence == TH_ALL_PAIRS || (event->flags & TH_EVENT_RETURN) != 0) {
            return false;
        }
        if ((event->flags & TH_EVENT_NO_RESULT) != 0) {
            *dropped = (uint32_t)i;
            return true;
        }
    }
    return false;
}

/* May a barrier stand for the fence of a line? What the source has before it must not stand behind,
 * nor what it has behind before. */
static bool barrier_serves(const struct thi_code *code, const struct thi_site *site,
                           uint32_t barrier)
{
    const struct thi_function *function = &code->functions[code->instructions[barrier].function];
    for (size_t i = function->first; i < function->end; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        uint32_t line = at->place.outer_line;
        bool accesses = thi_is_access(at) && line != 0;
        if (accesses && ((i < barrier && line > site->place.outer_line) ||
                         (i > barrier && line < site->place.outer_line))) {
            return false;
        }
    }
    return true;
}

/* Code generators take out a barrier that another follows at once. */
static bool is_served(const struct thi_code *code, const struct thi_site *site, uint8_t needed)
{
    for (uint32_t i = 0; i < code->count; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        if ((needed & ~at->event.fence) == 0 && (at->event.flags & TH_EVENT_FENCE) != 0 &&
            thi_same_function(code->functions[at->function].name, site->function) &&
            barrier_serves(code, site, i)) {
            return true;
        }
    }
    return false;
}

static void fence_judge(const struct thi_code *code, struct thi_site *site)
{
    uint8_t needed = thi_rule_fence(site->wish.order);
    uint8_t pairs = code->given;
    uint32_t fence = UINT32_MAX;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_event *event = &code->instructions[site->instructions[i]].event;
        if (event->fence != 0) { /* the weakest of several copies */
            pairs = (site->found_count == 0 ? event->fence : pairs & event->fence) | code->given;
            site->found_count++;
            fence = site->instructions[i];
        }
    }
    if (fence == UINT32_MAX && site->place.outer_line != 0 && is_served(code, site, needed)) {
        site->found_count = thi_site_share(site);
        snprintf(site->reason, sizeof site->reason, "shares the barrier of what is beside it");
        return;
    }
    if ((needed & ~pairs) != 0) {
        thi_refuse(site, TH_REJECTED,
                   fence == UINT32_MAX ? "no barrier" : "the barrier is too weak for this order");
        return;
    }
    if (fence == UINT32_MAX) {
        site->found_count = thi_site_share(site);
        snprintf(site->reason, sizeof site->reason, "the machine keeps this order by itself");
    }
    uint32_t dropped;
    if (fence != UINT32_MAX && pairs == (TH_RR | TH_RW) &&
        dropped_before(code, site, fence, &dropped)) {
        thi_refuse(site, TH_REJECTED,
                   "`%s` at 0x%llx drops the value it reads: this barrier orders reads only",
                   code->instructions[dropped].mnemonic,
                   (unsigned long long)code->instructions[dropped].address);
    }
}

/* Loads and stores that are calls. */
static bool calls_judge(const struct thi_code *code, struct thi_site *site)
{
    bool called = false;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        uint32_t index = site->instructions[i];
        if ((code->instructions[index].event.flags & TH_EVENT_CALL) != 0 &&
            thi_judge_call(code, site, index)) {
            site->found_count++;
            called = true;
        }
    }
    return called;
}

void thi_judge(struct thi_audit *audit, struct thi_site *site)
{
    const struct thi_code *code = &audit->code;
    site->verdict = TH_ACCEPTED;
    site->found_count = 0;
    if (site->wish.name[0] == '?') {
        thi_refuse(site, TH_UNDECIDED, "`%s` belongs to no atomic operation the compiler speaks of",
                   code->instructions[site->instructions[0]].mnemonic);
        return;
    }
    if (site->instruction_count == TH_SITE_INSTRUCTIONS_MAX) {
        thi_refuse(site, TH_UNDECIDED, "too many instructions at one place to tell them apart");
        return;
    }
    if (site->wish.operation >= TH_MODIFY && site->made.operation < TH_MODIFY) {
        thi_refuse(site, TH_REJECTED, "a read-modify-write became a plain %s, before code was made",
                   site->made.operation == TH_LOAD ? "load" : "store");
        return;
    }
    switch (site->wish.operation) {
    case TH_LOAD:
        if (!calls_judge(code, site)) {
            load_judge(code, site);
        }
        break;
    case TH_STORE:
        if (!calls_judge(code, site)) {
            store_judge(code, site);
        }
        break;
    case TH_MODIFY:
    case TH_COMPARE: modify_judge(code, site); break;
    case TH_FENCE:
    default: fence_judge(code, site); break;
    }
    thi_judge_lines(audit, site);
}
