/* SPDX-License-Identifier: MIT
 * shadow.c - plain accesses and blocks of memory: races, use after free, unpublished and
 * uninitialised memory.
 *
 * Each 8 bytes that a run touches have a cell with the accesses that a later one could race with:
 * thread, place in the thread, which bytes, write or read, plain or atomic. An access drops those
 * it makes superfluous: what races with a dropped one races with it, too. So lists stay short, and
 * every race of the execution is found, whatever the order in which it is run.
 *
 * A plain access stands behind the thread's events so far, say n of them: it happens before what
 * knows n + 1 events of the thread, that is event n, which comes after it. An atomic access is an
 * event itself. Both are covered by: known if its number is below the other's clock.
 *
 * Blocks       alloc and free count as plain writes of the block, kept with it. A block's memory
 *              may be given out again; locations in it are then others (see incarnation).
 *
 * Everything is of one run; the cells of earlier runs are told by their generation.
 */
#include "engine/engine_priv.h"

#include <stdlib.h>

enum { CELL_BYTES = 8, CELLS_FIRST = 1024, RECORDS_FIRST = 1024, BLOCKS_FIRST = 64 };

#define NO_RECORD UINT32_MAX
#define NO_BLOCK UINT32_MAX

struct record {
    uint32_t next;
    uint32_t site;
    uint32_t thread;
    uint16_t clock;
    uint8_t mask; /* bytes of the cell */
    bool write;
    bool atomic;
};

struct cell {
    uintptr_t number; /* address / CELL_BYTES */
    uint32_t generation;
    uint32_t records;
    uint32_t locations; /* those in it that this run has used; TH_NO_LOCATION */
    uint32_t block;
    uint8_t written; /* bytes */
};

struct block {
    uintptr_t address;
    size_t bytes;
    uint32_t incarnation;
    bool initialised;
    bool freed;
    struct thi_engine_access alloc; /* thread TH_NO_THREAD: before all threads */
    struct thi_engine_access free;
};

struct shadow {
    struct cell *cells;
    uint32_t cell_mask;
    uint32_t cell_count;
    uint32_t generation;
    struct record *records;
    uint32_t record_count;
    uint32_t record_capacity;
    struct block *blocks; /* in the order of allocation */
    uint32_t *by_address; /* blocks that stand for their addresses now */
    uint32_t block_count;
    uint32_t by_address_count;
    uint32_t block_capacity;
    uintptr_t arena_address;
    size_t arena_bytes;
};

/* The access under way. */
struct access {
    struct thi_engine_access who;
    const uint16_t *hb; /* NULL: nothing is known */
    uintptr_t end;      /* of the range, which may reach over several cells */
};

struct shadow *thi_shadow_new(void)
{
    struct shadow *shadow = calloc(1, sizeof *shadow);
    struct cell *cells = calloc(CELLS_FIRST, sizeof *cells);
    if (shadow == NULL || cells == NULL) {
        free(shadow);
        free(cells);
        return NULL;
    }
    shadow->cells = cells;
    shadow->cell_mask = CELLS_FIRST - 1;
    shadow->generation = 1;
    return shadow;
}

void thi_shadow_free(struct shadow *shadow)
{
    if (shadow != NULL) {
        free(shadow->cells);
        free(shadow->records);
        free(shadow->blocks);
        free(shadow->by_address);
        free(shadow);
    }
}

/* A new run. */
void thi_shadow_reset(struct thi_engine *engine)
{
    struct shadow *shadow = engine->shadow;
    shadow->generation++;
    if (shadow->generation == 0) { /* all numbers used: start over */
        memset(shadow->cells, 0, ((size_t)shadow->cell_mask + 1) * sizeof *shadow->cells);
        shadow->generation = 1;
    }
    shadow->cell_count = 0;
    shadow->record_count = 0;
    shadow->block_count = 0;
    shadow->by_address_count = 0;
}

void thi_engine_arena_set(struct thi_engine *engine, uintptr_t address, size_t bytes)
{
    engine->shadow->arena_address = address;
    engine->shadow->arena_bytes = bytes;
}

/* --- Blocks. */

/* How many of by_address begin at or below the address. */
static uint32_t blocks_below(const struct shadow *shadow, uintptr_t address)
{
    uint32_t low = 0, high = shadow->by_address_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (shadow->blocks[shadow->by_address[middle]].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t block_find(const struct shadow *shadow, uintptr_t address)
{
    uint32_t below = blocks_below(shadow, address);
    if (below == 0) {
        return NO_BLOCK;
    }
    uint32_t number = shadow->by_address[below - 1];
    const struct block *block = &shadow->blocks[number];
    size_t bytes = block->bytes == 0 ? 1 : block->bytes;
    return address - block->address < bytes ? number : NO_BLOCK;
}

bool thi_engine_memory_block(const struct thi_engine *engine, uintptr_t address,
                             uintptr_t *block_address, size_t *block_bytes, bool *freed)
{
    uint32_t number = block_find(engine->shadow, address);
    if (number == NO_BLOCK) {
        return false;
    }
    const struct block *block = &engine->shadow->blocks[number];
    *block_address = block->address;
    *block_bytes = block->bytes;
    *freed = block->freed;
    return true;
}

uint32_t thi_shadow_incarnation(struct thi_engine *engine, uintptr_t address)
{
    uint32_t number = block_find(engine->shadow, address);
    return number == NO_BLOCK ? 0 : engine->shadow->blocks[number].incarnation;
}

/* --- Cells. */

static struct cell *cell_slot(struct cell *cells, uint32_t mask, uint32_t generation,
                              uintptr_t number)
{
    uint64_t mixed = (uint64_t)number * 0x9e3779b97f4a7c15u;
    uint32_t slot = (uint32_t)(mixed >> 32) & mask;
    while (cells[slot].generation == generation && cells[slot].number != number) {
        slot = (slot + 1) & mask;
    }
    return &cells[slot];
}

static bool cells_grow(struct thi_engine *engine)
{
    struct shadow *shadow = engine->shadow;
    uint32_t mask = 2 * (shadow->cell_mask + 1) - 1;
    struct cell *cells = calloc((size_t)mask + 1, sizeof *cells);
    if (cells == NULL) {
        engine->broken = true;
        return false;
    }
    for (uint32_t i = 0; i <= shadow->cell_mask; i++) {
        const struct cell *cell = &shadow->cells[i];
        if (cell->generation == shadow->generation) {
            *cell_slot(cells, mask, shadow->generation, cell->number) = *cell;
        }
    }
    free(shadow->cells);
    shadow->cells = cells;
    shadow->cell_mask = mask;
    return true;
}

/* The cell, if the run has touched it; NULL. */
static struct cell *cell_peek(const struct shadow *shadow, uintptr_t number)
{
    struct cell *cell = cell_slot(shadow->cells, shadow->cell_mask, shadow->generation, number);
    return cell->generation == shadow->generation ? cell : NULL;
}

/* The cell, made if need be; NULL: no memory. */
static struct cell *cell_get(struct thi_engine *engine, uintptr_t number)
{
    struct shadow *shadow = engine->shadow;
    struct cell *cell = cell_slot(shadow->cells, shadow->cell_mask, shadow->generation, number);
    if (cell->generation == shadow->generation) {
        return cell;
    }
    if (shadow->cell_count * 2 > shadow->cell_mask) {
        if (!cells_grow(engine)) {
            return NULL;
        }
        cell = cell_slot(shadow->cells, shadow->cell_mask, shadow->generation, number);
    }
    shadow->cell_count++;
    uint32_t block = block_find(shadow, number * CELL_BYTES);
    *cell = (struct cell){.number = number,
                          .generation = shadow->generation,
                          .records = NO_RECORD,
                          .locations = TH_NO_LOCATION,
                          .block = block};
    return cell;
}

/* --- Accesses. */

static bool known(const struct access *access, const struct thi_engine_access *earlier)
{
    return earlier->thread == access->who.thread || earlier->thread == TH_NO_THREAD ||
           (access->hb != NULL && earlier->event_index < access->hb[earlier->thread]);
}

static bool access_error(struct thi_engine *engine, const struct access *access,
                         enum thi_engine_error_kind kind, const char *message,
                         const struct thi_engine_access *other)
{
    struct thi_engine_error error = {.kind = kind, .message = message, .access = access->who};
    if (other != NULL) {
        error.other = *other;
        error.has_other = true;
    }
    thi_error_raise(engine, &error);
    return false;
}

/* Whether the block may be used so by the access. */
static bool block_check(struct thi_engine *engine, const struct cell *cell,
                        const struct access *access)
{
    const struct shadow *shadow = engine->shadow;
    uintptr_t address = access->who.address;
    if (cell->block == NO_BLOCK) {
        if (address - shadow->arena_address < shadow->arena_bytes) {
            return access_error(engine, access, TH_ENGINE_OUT_OF_BOUNDS,
                                "the access is to heap memory outside any block", NULL);
        }
        return true;
    }
    const struct block *block = &shadow->blocks[cell->block];
    if (block->freed) {
        bool after = known(access, &block->free);
        return access_error(engine, access, after ? TH_ENGINE_USE_AFTER_FREE : TH_ENGINE_FREE_RACE,
                            after ? "the memory was freed before"
                                  : "the memory is freed without a happens-before to this access",
                            &block->free);
    }
    if (!known(access, &block->alloc)) {
        return access_error(engine, access, TH_ENGINE_UNPUBLISHED,
                            "the allocation does not happen before this access", &block->alloc);
    }
    size_t offset = address - block->address; /* wraps below the block */
    if (offset > block->bytes || access->end - address > block->bytes - offset) {
        return access_error(engine, access, TH_ENGINE_OUT_OF_BOUNDS,
                            "the access reaches beyond its block", &block->alloc);
    }
    return true;
}

static struct thi_engine_access record_access(const struct cell *cell, const struct record *record)
{
    uint32_t first = (uint32_t)__builtin_ctz(record->mask);
    return (struct thi_engine_access){.thread = record->thread,
                                      .event_index = record->clock,
                                      .site = record->site,
                                      .bytes = (uint8_t)__builtin_popcount(record->mask),
                                      .write = record->write,
                                      .atomic = record->atomic,
                                      .address = cell->number * CELL_BYTES + first};
}

/* Whether all that races with `earlier` races with the access. */
static bool covers(const struct access *access, uint8_t mask, const struct record *earlier)
{
    return (earlier->mask & ~mask) == 0 && (access->who.write || !earlier->write) &&
           (!access->who.atomic || earlier->atomic);
}

static bool record_add(struct thi_engine *engine, struct cell *cell, const struct access *access,
                       uint8_t mask)
{
    struct shadow *shadow = engine->shadow;
    if (shadow->record_count == shadow->record_capacity) {
        uint32_t capacity =
            shadow->record_capacity == 0 ? RECORDS_FIRST : 2 * shadow->record_capacity;
        struct record *records = realloc(shadow->records, capacity * sizeof *records);
        if (records == NULL) {
            engine->broken = true;
            return false;
        }
        shadow->records = records;
        shadow->record_capacity = capacity;
    }
    shadow->records[shadow->record_count] =
        (struct record){.next = cell->records,
                        .site = access->who.site,
                        .thread = access->who.thread,
                        .clock = (uint16_t)access->who.event_index,
                        .mask = mask,
                        .write = access->who.write,
                        .atomic = access->who.atomic};
    cell->records = shadow->record_count++;
    return true;
}

/* Looks for races with what the cell remembers, and remembers the access. */
static bool cell_race(struct thi_engine *engine, struct cell *cell, const struct access *access,
                      uint8_t mask)
{
    struct record *records = engine->shadow->records;
    uint32_t *link = &cell->records;
    while (*link != NO_RECORD) {
        struct record *record = &records[*link];
        bool ordered = record->thread == access->who.thread ||
                       (access->hb != NULL && record->clock < access->hb[record->thread]);
        if (!ordered && (record->mask & mask) != 0 && (record->write || access->who.write) &&
            !(record->atomic && access->who.atomic)) {
            struct thi_engine_access other = record_access(cell, record);
            return access_error(engine, access, TH_ENGINE_RACE, "two accesses race", &other);
        }
        if (ordered && covers(access, mask, record)) {
            *link = record->next;
        } else {
            link = &record->next;
        }
    }
    return record_add(engine, cell, access, mask);
}

/* An access within one cell. False: an error. */
static bool cell_access(struct thi_engine *engine, struct access *access, size_t range_bytes)
{
    uintptr_t address = access->who.address;
    struct cell *cell = cell_get(engine, address / CELL_BYTES);
    if (cell == NULL) {
        return false;
    }
    uint32_t shift = (uint32_t)(address % CELL_BYTES);
    uint8_t mask = (uint8_t)(((1u << access->who.bytes) - 1) << shift);
    if (!block_check(engine, cell, access) || !cell_race(engine, cell, access, mask)) {
        return false;
    }
    if (access->who.write) {
        cell->written |= mask;
    } else if ((mask & cell->written) == 0 && cell->block != NO_BLOCK &&
               range_bytes <= CELL_BYTES) { /* structs are copied with their padding */
        const struct block *block = &engine->shadow->blocks[cell->block];
        if (!block->initialised) {
            return access_error(engine, access, TH_ENGINE_UNINITIALISED,
                                "nobody has written this memory since it was allocated",
                                &block->alloc);
        }
    }
    return true;
}

static struct access access_of(const struct thi_engine *engine, uint32_t thread, uint32_t clock,
                               bool write, uint32_t site)
{
    struct access access = {
        .who = {.thread = thread, .event_index = clock, .site = site, .write = write}};
    if (thread != TH_NO_THREAD && engine->threads[thread].executed_last != TH_ENGINE_NO_EVENT) {
        access.hb =
            clock_at(engine, graph_of(engine), engine->threads[thread].executed_last, CLOCK_HB);
    }
    return access;
}

/* The part of [address, end) that lies in the first cell. */
static uint8_t part_bytes(uintptr_t address, uintptr_t end)
{
    uintptr_t cell_end = (address / CELL_BYTES + 1) * CELL_BYTES;
    return (uint8_t)((end < cell_end ? end : cell_end) - address);
}

static bool range_access(struct thi_engine *engine, struct access *access, uintptr_t address,
                         uintptr_t end, size_t range_bytes)
{
    while (address < end) {
        access->who.address = address;
        access->who.bytes = part_bytes(address, end);
        if (!cell_access(engine, access, range_bytes)) {
            return false;
        }
        address += access->who.bytes;
    }
    return true;
}

/* The event that the running thread has just been through accesses the location. */
bool thi_shadow_atomic(struct thi_engine *engine, uint32_t location, bool write, bool plain,
                       uint32_t site)
{
    const struct location *l = &engine->locations[location];
    uint32_t clock = engine->threads[engine->running].executed_count - 1;
    struct access access = access_of(engine, engine->running, clock, write, site);
    access.who.atomic = !plain;
    access.who.address = l->address;
    access.who.bytes = l->bytes;
    access.end = l->address + l->bytes;
    return cell_access(engine, &access, l->bytes);
}

/* Notes that the run uses the location. False: it is not aligned, or meets another one. */
bool thi_shadow_location(struct thi_engine *engine, uint32_t number)
{
    struct location *location = &engine->locations[number];
    if (location->bytes == 0 || location->bytes > CELL_BYTES ||
        (location->bytes & (location->bytes - 1)) != 0 ||
        location->address % location->bytes != 0) {
        return false;
    }
    struct cell *cell = cell_get(engine, location->address / CELL_BYTES);
    if (cell == NULL) {
        return false;
    }
    for (uint32_t i = cell->locations; i != TH_NO_LOCATION; i = engine->locations[i].cell_next) {
        const struct location *other = &engine->locations[i];
        if (location->address < other->address + other->bytes &&
            other->address < location->address + location->bytes) {
            return false;
        }
    }
    location->cell_next = cell->locations;
    cell->locations = number;
    return true;
}

/* Puts into real memory what the running thread would read there: the last write it knows. */
static void location_restore(struct thi_engine *engine, uint32_t number)
{
    const struct graph *graph = graph_of(engine);
    const struct location *location = &engine->locations[number];
    const struct thread *thread = &engine->threads[engine->running];
    uint64_t value = location->initial_value;
    uint32_t best = 0;
    for (uint32_t i = location->event_last; i != TH_ENGINE_NO_EVENT;
         i = graph->events[i].location_previous) {
        const struct event *e = &graph->events[i];
        const uint16_t *hb = thread->executed_last == TH_ENGINE_NO_EVENT
                                 ? NULL
                                 : clock_at(engine, graph, thread->executed_last, CLOCK_HB);
        if (e->kind == TH_EVENT_WRITE && hb != NULL && e->index < hb[e->thread] &&
            e->mo_rank > best) {
            if (e->unsettled) {
                return; /* memory is newer than the graph */
            }
            best = e->mo_rank;
            value = e->value;
        }
    }
    if (engine->program.memory_write != NULL) {
        engine->program.memory_write(engine->program.context, location->address, location->bytes,
                                     value);
    } else {
        memcpy((void *)location->address, &value, location->bytes);
    }
}

/* Restores the locations of the cell that meet [address, end); the first of them. */
static uint32_t locations_restore(struct thi_engine *engine, uintptr_t address, uintptr_t end)
{
    const struct cell *cell = cell_peek(engine->shadow, address / CELL_BYTES);
    uint32_t first = TH_NO_LOCATION;
    for (uint32_t i = cell == NULL ? TH_NO_LOCATION : cell->locations; i != TH_NO_LOCATION;
         i = engine->locations[i].cell_next) {
        const struct location *location = &engine->locations[i];
        if (address < location->address + location->bytes && location->address < end) {
            location_restore(engine, i);
            if (first == TH_NO_LOCATION || location->address < engine->locations[first].address) {
                first = i;
            }
        }
    }
    return first;
}

enum thi_plain_result thi_engine_plain(struct thi_engine *engine, uintptr_t address, size_t bytes,
                                       bool write, uint32_t site, struct thi_location *location)
{
    if (engine->running == TH_NO_THREAD || bytes == 0) {
        return engine->run_failed ? TH_PLAIN_STOP : TH_PLAIN_DONE;
    }
    if (engine->run_failed) {
        return TH_PLAIN_STOP;
    }
    uint32_t clock = engine->threads[engine->running].executed_count;
    struct access access = access_of(engine, engine->running, clock, write, site);
    uintptr_t end = address + bytes;
    access.end = end;
    while (address < end) {
        uintptr_t part_end = address + part_bytes(address, end);
        uint32_t first = locations_restore(engine, address, part_end);
        if (first != TH_NO_LOCATION && write) {
            const struct location *l = &engine->locations[first];
            *location = (struct thi_location){.address = l->address, .bytes = l->bytes};
            return range_access(engine, &access, address, l->address, bytes) ? TH_PLAIN_EVENT
                                                                             : TH_PLAIN_STOP;
        }
        if (!range_access(engine, &access, address, part_end, bytes)) {
            return TH_PLAIN_STOP;
        }
        address = part_end;
    }
    return TH_PLAIN_DONE;
}

/* --- Allocation. */

static bool blocks_grow(struct thi_engine *engine)
{
    struct shadow *shadow = engine->shadow;
    uint32_t capacity = shadow->block_capacity == 0 ? BLOCKS_FIRST : 2 * shadow->block_capacity;
    struct block *blocks = realloc(shadow->blocks, capacity * sizeof *blocks);
    if (blocks != NULL) {
        shadow->blocks = blocks;
    }
    uint32_t *by_address = realloc(shadow->by_address, capacity * sizeof *by_address);
    if (by_address != NULL) {
        shadow->by_address = by_address;
    }
    if (blocks == NULL || by_address == NULL) {
        engine->broken = true;
        return false;
    }
    shadow->block_capacity = capacity;
    return true;
}

/* Takes freed blocks off the range; the highest incarnation among them and 1, or 0. False: one of
 * them is in use. */
static bool range_vacate(struct shadow *shadow, const struct access *access, uintptr_t address,
                         size_t bytes, uint32_t *incarnation)
{
    uint32_t kept = 0;
    *incarnation = 0;
    for (uint32_t i = 0; i < shadow->by_address_count; i++) {
        const struct block *block = &shadow->blocks[shadow->by_address[i]];
        if (block->address + block->bytes <= address || address + bytes <= block->address) {
            shadow->by_address[kept++] = shadow->by_address[i];
            continue;
        }
        if (!block->freed || !known(access, &block->free)) {
            return false;
        }
        if (*incarnation <= block->incarnation) {
            *incarnation = block->incarnation + 1;
        }
    }
    shadow->by_address_count = kept;
    return true;
}

/* The cells of the range forget what was before. */
static void cells_renew(struct shadow *shadow, uintptr_t address, size_t bytes, uint32_t block)
{
    for (uintptr_t n = address / CELL_BYTES; n * CELL_BYTES < address + bytes; n++) {
        struct cell *cell = cell_peek(shadow, n);
        if (cell != NULL) {
            cell->records = NO_RECORD;
            cell->locations = TH_NO_LOCATION;
            cell->written = 0;
            cell->block = block;
        }
    }
}

bool thi_engine_memory_alloc(struct thi_engine *engine, uintptr_t address, size_t bytes,
                             bool initialised, uint32_t site)
{
    struct shadow *shadow = engine->shadow;
    uint32_t thread = engine->running;
    uint32_t clock = thread == TH_NO_THREAD ? 0 : engine->threads[thread].executed_count;
    struct access access = access_of(engine, thread, clock, true, site);
    access.who.address = address;
    uint32_t incarnation;
    if (engine->run_failed) {
        return false;
    }
    if (!range_vacate(shadow, &access, address, bytes, &incarnation)) {
        return access_error(engine, &access, TH_ENGINE_MISUSE,
                            "memory is given out that is in use, or whose free does not happen "
                            "before",
                            NULL);
    }
    if (shadow->block_count == shadow->block_capacity && !blocks_grow(engine)) {
        return false;
    }
    uint32_t number = shadow->block_count++;
    shadow->blocks[number] = (struct block){.address = address,
                                            .bytes = bytes,
                                            .incarnation = incarnation,
                                            .initialised = initialised,
                                            .alloc = access.who};
    uint32_t at = blocks_below(shadow, address);
    memmove(shadow->by_address + at + 1, shadow->by_address + at,
            (shadow->by_address_count - at) * sizeof *shadow->by_address);
    shadow->by_address[at] = number;
    shadow->by_address_count++;
    if (incarnation > 0) {
        cells_renew(shadow, address, bytes, number);
    }
    return true;
}

/* Whether every access of the block happens before the free. */
static bool free_check(struct thi_engine *engine, const struct block *block,
                       const struct access *access)
{
    const struct shadow *shadow = engine->shadow;
    uintptr_t end = block->address + block->bytes;
    for (uintptr_t n = block->address / CELL_BYTES; n * CELL_BYTES < end; n++) {
        const struct cell *cell = cell_peek(shadow, n);
        for (uint32_t i = cell == NULL ? NO_RECORD : cell->records; i != NO_RECORD;
             i = shadow->records[i].next) {
            struct thi_engine_access other = record_access(cell, &shadow->records[i]);
            if (!known(access, &other)) {
                return access_error(engine, access, TH_ENGINE_FREE_RACE,
                                    "an access of this memory does not happen before its free",
                                    &other);
            }
        }
    }
    return true;
}

bool thi_engine_memory_free(struct thi_engine *engine, uintptr_t address, uint32_t site)
{
    struct shadow *shadow = engine->shadow;
    uint32_t thread = engine->running;
    uint32_t clock = thread == TH_NO_THREAD ? 0 : engine->threads[thread].executed_count;
    struct access access = access_of(engine, thread, clock, true, site);
    access.who.address = address;
    if (engine->run_failed) {
        return false;
    }
    uint32_t number = block_find(shadow, address);
    struct block *block = number == NO_BLOCK ? NULL : &shadow->blocks[number];
    if (block == NULL || block->address != address) {
        return access_error(engine, &access, TH_ENGINE_INVALID_FREE,
                            "the pointer is not the begin of an allocated block", NULL);
    }
    if (block->freed) {
        return access_error(engine, &access, TH_ENGINE_DOUBLE_FREE, "the block was freed before",
                            &block->free);
    }
    if (!known(&access, &block->alloc)) {
        return access_error(engine, &access, TH_ENGINE_UNPUBLISHED,
                            "the allocation does not happen before this free", &block->alloc);
    }
    if (!free_check(engine, block, &access)) {
        return false;
    }
    block->freed = true;
    block->free = access.who;
    return true;
}

/* At the end of an execution: a block that nobody freed is an error. */
bool thi_shadow_leaks(struct thi_engine *engine)
{
    const struct shadow *shadow = engine->shadow;
    for (uint32_t i = 0; i < shadow->block_count; i++) {
        const struct block *block = &shadow->blocks[i];
        if (!block->freed && block->alloc.thread != TH_NO_THREAD) {
            struct access access = {.who = block->alloc};
            return access_error(engine, &access, TH_ENGINE_LEAK,
                                "the block is never freed in this execution", NULL);
        }
    }
    return true;
}
