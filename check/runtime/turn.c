/* SPDX-License-Identifier: MIT
 * turn.c - finds turns of loops that could as well be left out; turn.h says how, and why it is
 *          sound.
 *
 * Terms        window: what a thread did since its last effect, reads and fences. Snapshot: its
 *              stack at a read of the window. The first line of events is the execution itself, the
 *              second one the thought experiment. Memory of the second line is that of the first
 *              one, but for `overlay`.
 * Invariants   I1 thi_runtime.simulated only while a thought experiment runs; it touches its own
 *                 stack and memory that is logged before, and both are put back.
 */
#include "runtime/turn.h"

#include "runtime/entry.h"
#include "runtime/runtime.h"

#include <string.h>

enum { SNAPSHOTS_MAX = 8, STACK_BYTES_MAX = 4096, WRITES_MAX = 48, PIECE_BYTES = 16 };

/* Bytes of memory at some time. */
struct piece {
    uintptr_t address;
    size_t bytes;
    unsigned char content[PIECE_BYTES];
};

struct pieces {
    struct piece items[WRITES_MAX];
    uint32_t count;
    bool lost; /* there were more */
};

/* What a fiber looks like at an operation. */
struct picture {
    struct thi_operation operation;
    uintptr_t resume; /* its stack pointer */
    uintptr_t entry;  /* from here on it is the program's */
    size_t bytes;     /* of stack, from `resume` on; 0: it was too large */
    unsigned char stack[STACK_BYTES_MAX];
};

struct snapshot {
    struct picture picture;
    uint32_t write_mark; /* writes logged before */
    uint32_t event_mark; /* events of the window before */
};

struct turns {
    struct snapshot ring[SNAPSHOTS_MAX];
    uint32_t snapshot_count; /* taken in this window; the newest SNAPSHOTS_MAX are kept */
    uint32_t event_count;    /* of the window */
    struct pieces writes;    /* what was there before each plain write of the window */
    bool at_read;            /* the operation it stands at is the newest snapshot */
    /* The second line, if there is one. */
    bool second;
    struct picture picture;
    uint64_t result; /* of its operation, to be handed over */
    struct pieces overlay;
    uint32_t write_mark;  /* writes of the first line since then are those of this step */
    uint32_t turn_events; /* of the first line since the first read */
};

static struct turns turns[TH_FIBERS_MAX];
static struct pieces second_writes; /* of the thought experiment that runs */
static bool second_failed;

static void window_clear(struct turns *turn)
{
    turn->snapshot_count = 0;
    turn->event_count = 0;
    turn->at_read = false;
    if (!turn->second) {
        turn->writes.count = 0;
        turn->writes.lost = false;
    }
}

static void second_end(struct turns *turn)
{
    turn->second = false;
    if (turn->snapshot_count == 0) {
        turn->writes.count = 0;
        turn->writes.lost = false;
    }
}

void thi_turn_restart(void)
{
    for (uint32_t i = 0; i < TH_FIBERS_MAX; i++) {
        turns[i].second = false;
        window_clear(&turns[i]);
    }
}

void thi_turn_effect(void)
{
    if (!thi_runtime.simulated) {
        struct turns *turn = &turns[thi_self()];
        turn->second = false;
        window_clear(turn);
    }
}

void thi_turn_abandon(void)
{
    if (thi_runtime.simulated) {
        second_failed = true;
        thi_fiber_switch(TH_FIBER_SCHEDULER);
    }
}

uint32_t thi_turn_length(void)
{
    return turns[thi_self()].event_count;
}

/* --- Memory. */

static void pieces_add(struct pieces *pieces, uintptr_t address, size_t bytes)
{
    while (bytes != 0) {
        if (pieces->count == WRITES_MAX) {
            pieces->lost = true;
            return;
        }
        struct piece *piece = &pieces->items[pieces->count++];
        piece->address = address;
        piece->bytes = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
        memcpy(piece->content, (const void *)address, piece->bytes);
        address += piece->bytes;
        bytes -= piece->bytes;
    }
}

/* Puts the contents back, the newest first, down to number `from`. */
static void pieces_undo(const struct pieces *pieces, uint32_t from)
{
    for (uint32_t i = pieces->count; i-- > from;) {
        const struct piece *piece = &pieces->items[i];
        memcpy((void *)piece->address, piece->content, piece->bytes);
    }
}

static bool pieces_stand(const struct pieces *pieces, uint32_t from)
{
    for (uint32_t i = from; i < pieces->count; i++) {
        const struct piece *piece = &pieces->items[i];
        if (memcmp((const void *)piece->address, piece->content, piece->bytes) != 0) {
            return false;
        }
    }
    return true;
}

void thi_turn_write(uintptr_t address, size_t bytes)
{
    uint32_t self = thi_self();
    if (thi_fiber_of(address) == self) {
        return; /* pictures hold it */
    }
    if (thi_runtime.simulated) {
        pieces_add(&second_writes, address, bytes);
        if (second_writes.lost) {
            thi_turn_abandon();
        }
    } else if (turns[self].snapshot_count != 0 || turns[self].second) {
        pieces_add(&turns[self].writes, address, bytes);
    }
}

/* --- Pictures. */

static void picture_take(struct picture *picture, uint32_t thread)
{
    const struct thi_thread *state = &thi_runtime.threads[thread];
    picture->operation = state->operation;
    picture->resume = thi_fiber_stack_pointer(thread);
    picture->entry = state->entry_stack;
    picture->bytes = thi_fiber_stack_end(thread) - picture->resume;
    if (picture->bytes > STACK_BYTES_MAX) {
        picture->bytes = 0;
        return;
    }
    memcpy(picture->stack, (const void *)picture->resume, picture->bytes);
}

static void picture_restore(const struct picture *picture, uint32_t thread)
{
    struct thi_thread *state = &thi_runtime.threads[thread];
    state->operation = picture->operation;
    state->entry_stack = picture->entry;
    thi_fiber_stack_pointer_set(thread, picture->resume);
    memcpy((void *)picture->resume, picture->stack, picture->bytes);
}

/* Equal in all that the program can see of it. */
static bool picture_stands(const struct picture *picture, uint32_t thread)
{
    uintptr_t entry = thi_runtime.threads[thread].entry_stack;
    return picture->bytes != 0 && entry != 0 && picture->entry == entry &&
           memcmp(picture->stack + (entry - picture->resume), (const void *)entry,
                  thi_fiber_stack_end(thread) - entry) == 0;
}

static bool operation_same(const struct thi_operation *one, const struct thi_operation *other)
{
    return one->kind == other->kind && one->order == other->order &&
           one->failure_order == other->failure_order && one->rmw == other->rmw &&
           one->bytes == other->bytes && one->site == other->site &&
           one->address == other->address && one->value == other->value &&
           one->expected == other->expected;
}

/* --- The second line. */

static void wait_instead(struct turns *turn, uint32_t thread, uint32_t event_count)
{
    struct thi_thread *state = &thi_runtime.threads[thread];
    state->operation = (struct thi_operation){
        .kind = TH_OP_AWAIT, .value = event_count, .site = state->operation.site};
    turn->second = false;
    window_clear(turn);
}

/* Runs the second line to its next operation. Memory is the first line's before and after. False:
 * it could not go on. */
static bool second_step(struct turns *turn, uint32_t thread)
{
    static struct picture first;
    static struct pieces now;
    picture_take(&first, thread);
    if (first.bytes == 0 || turn->writes.lost) {
        return false;
    }
    now.count = 0;
    now.lost = false;
    for (uint32_t i = turn->write_mark; i < turn->writes.count; i++) {
        pieces_add(&now, turn->writes.items[i].address, turn->writes.items[i].bytes);
    }
    for (uint32_t i = 0; i < turn->overlay.count; i++) {
        pieces_add(&now, turn->overlay.items[i].address, turn->overlay.items[i].bytes);
    }
    if (now.lost) {
        return false;
    }
    pieces_undo(&turn->writes, turn->write_mark);
    pieces_undo(&turn->overlay, 0);
    picture_restore(&turn->picture, thread);
    struct thi_thread *state = &thi_runtime.threads[thread];
    state->result = turn->result;
    second_writes.count = 0;
    second_writes.lost = false;
    second_failed = false;
    thi_runtime.simulated = true;
    thi_fiber_switch(thread);
    thi_runtime.simulated = false;
    picture_take(&turn->picture, thread);
    /* What the second line has, at all places where it may differ. */
    struct pieces *overlay = &turn->overlay;
    overlay->count = 0;
    overlay->lost = false;
    for (uint32_t i = 0; i < now.count; i++) {
        pieces_add(overlay, now.items[i].address, now.items[i].bytes);
    }
    for (uint32_t i = 0; i < second_writes.count; i++) {
        pieces_add(overlay, second_writes.items[i].address, second_writes.items[i].bytes);
    }
    pieces_undo(&second_writes, 0);
    pieces_undo(&now, 0);
    picture_restore(&first, thread);
    return !second_failed && !overlay->lost && turn->picture.bytes != 0;
}

/* Only what differs stays in the overlay. */
static void overlay_trim(struct pieces *overlay)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < overlay->count; i++) {
        const struct piece *piece = &overlay->items[i];
        if (memcmp((const void *)piece->address, piece->content, piece->bytes) != 0) {
            overlay->items[kept++] = *piece;
        }
    }
    overlay->count = kept;
}

static bool is_read(const struct thi_operation *operation)
{
    return operation->kind == TH_OP_LOAD || operation->kind == TH_OP_CAS ||
           operation->kind == TH_OP_CAS_WEAK;
}

/* A read-modify-write that wrote what it had read, such as that of a lock that is taken already. */
static bool rmw_keeps(const struct thi_operation *operation, uint64_t value)
{
    uint64_t mask = operation->bytes < 8 ? ((uint64_t)1 << 8 * operation->bytes) - 1 : UINT64_MAX;
    uint64_t operand = operation->value & mask;
    switch (operation->rmw) {
    case TH_RMW_ADD:
    case TH_RMW_SUB:
    case TH_RMW_XOR: return operand == 0;
    case TH_RMW_OR: return (value | operand) == value;
    case TH_RMW_AND: return (value & operand) == value;
    case TH_RMW_EXCHANGE: return operand == value;
    case TH_RMW_NAND: return (~(value & operand) & mask) == value;
    }
    return false;
}

/* Brings the second line to where the first one stands. True: they met, the thread waits. */
static bool second_follow(struct turns *turn, uint32_t thread)
{
    const struct thi_thread *state = &thi_runtime.threads[thread];
    bool end = state->operation.kind == TH_OP_END;
    if (!(end || is_read(&state->operation) || state->operation.kind == TH_OP_FENCE) ||
        !second_step(turn, thread) ||
        !operation_same(&turn->picture.operation, &state->operation)) {
        second_end(turn);
        return false;
    }
    overlay_trim(&turn->overlay);
    if (turn->overlay.count == 0 && (end || picture_stands(&turn->picture, thread))) {
        wait_instead(turn, thread, turn->turn_events);
        return true;
    }
    turn->write_mark = turn->writes.count;
    turn->turn_events++;
    return false;
}

/* --- The window. */

/* The order of an operation that only read. */
static enum thi_order read_order(const struct thi_operation *operation)
{
    enum thi_order order = operation->order;
    enum thi_order failure_order = operation->failure_order;
    thi_orders_in_force(operation->site, &order, &failure_order);
    return operation->kind == TH_OP_LOAD ? order : failure_order;
}

static bool order_no_stronger(enum thi_order one, enum thi_order other)
{
    return one == TH_ORDER_RELAXED || one == other || other == TH_ORDER_SEQ_CST;
}

static struct snapshot *snapshot_at(struct turns *turn, uint32_t number)
{
    return &turn->ring[number % SNAPSHOTS_MAX];
}

static uint32_t snapshot_oldest(const struct turns *turn)
{
    return turn->snapshot_count > SNAPSHOTS_MAX ? turn->snapshot_count - SNAPSHOTS_MAX : 0;
}

/* Has the thread come back to a state in which it was before in this window? */
static bool waits(struct turns *turn, uint32_t thread)
{
    const struct thi_operation *operation = &thi_runtime.threads[thread].operation;
    for (uint32_t i = turn->snapshot_count; i-- > snapshot_oldest(turn);) {
        const struct snapshot *snapshot = snapshot_at(turn, i);
        if (operation_same(&snapshot->picture.operation, operation) && !turn->writes.lost &&
            picture_stands(&snapshot->picture, thread) &&
            pieces_stand(&turn->writes, snapshot->write_mark)) {
            wait_instead(turn, thread, turn->event_count - snapshot->event_mark);
            return true;
        }
    }
    return false;
}

void thi_turn_operation(uint32_t thread)
{
    struct turns *turn = &turns[thread];
    struct thi_operation *operation = &thi_runtime.threads[thread].operation;
    turn->at_read = false;
    if (turn->second && second_follow(turn, thread)) {
        return;
    }
    bool own = thi_runtime.threads[thread].entry_stack != 0;
    bool rmw = operation->kind == TH_OP_RMW;
    if (own && (is_read(operation) || rmw)) {
        if (waits(turn, thread)) {
            return;
        }
        struct snapshot *snapshot = snapshot_at(turn, turn->snapshot_count++);
        picture_take(&snapshot->picture, thread);
        snapshot->write_mark = turn->writes.count;
        snapshot->event_mark = turn->event_count;
        turn->event_count += rmw ? 2 : 1; /* its read and its write */
        turn->at_read = true;
    } else if (own && operation->kind == TH_OP_FENCE) {
        turn->event_count++;
    } else if (operation->kind == TH_OP_END) {
        operation->value = 0; /* what it returned, noted to be compared */
    } else {
        window_clear(turn);
    }
}

/* Starts a second line at an earlier read of the window which could have read this result. */
static void second_start(struct turns *turn, uint64_t result)
{
    const struct snapshot *newest = snapshot_at(turn, turn->snapshot_count - 1);
    const struct thi_operation *read = &newest->picture.operation;
    for (uint32_t i = turn->snapshot_count - 1; i-- > snapshot_oldest(turn);) {
        const struct snapshot *snapshot = snapshot_at(turn, i);
        const struct thi_operation *earlier = &snapshot->picture.operation;
        if (earlier->kind == TH_OP_RMW) {
            return; /* lines are followed through reads and fences only */
        }
        bool candidate = earlier->address == read->address && earlier->bytes == read->bytes &&
                         (earlier->site == read->site || read->kind != TH_OP_LOAD) &&
                         order_no_stronger(read_order(earlier), read_order(read)) &&
                         (earlier->kind == TH_OP_LOAD || earlier->expected != result);
        if (candidate && snapshot->picture.bytes != 0 && !turn->writes.lost) {
            turn->second = true;
            turn->picture = snapshot->picture;
            turn->result = result;
            turn->overlay.count = 0;
            turn->overlay.lost = false;
            for (uint32_t w = snapshot->write_mark; w < turn->writes.count; w++) {
                turn->overlay.items[turn->overlay.count++] = turn->writes.items[w];
            }
            turn->write_mark = turn->writes.count;
            turn->turn_events = turn->event_count - snapshot->event_mark;
            return;
        }
    }
}

void thi_turn_result(uint32_t thread, uint64_t result)
{
    struct turns *turn = &turns[thread];
    turn->result = result;
    if (!turn->at_read) {
        return;
    }
    const struct thi_operation *operation =
        &snapshot_at(turn, turn->snapshot_count - 1)->picture.operation;
    bool cas = operation->kind != TH_OP_LOAD;
    if (operation->kind == TH_OP_RMW) {
        if (!rmw_keeps(operation, result)) {
            window_clear(turn);
        }
    } else if (cas && thi_runtime.threads[thread].cas_done) {
        window_clear(turn);
    } else if (!turn->second) {
        second_start(turn, result);
    }
}
