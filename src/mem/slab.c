/* SPDX-License-Identifier: MIT
 * slab.c - taking and dropping records: shards with free lists, regions that grow with what a shard
 * holds.
 *
 * Guarantees   G1 a reference that was taken and not dropped belongs to one owner; its address
 *              never changes.
 *              G2 no memory is asked for while a shard that is not locked has a free record of the
 *              class.
 * Progress     take: lock-free while fewer than TH_SLAB_SHARDS_MAX threads are stopped inside, as a
 *              locked shard is passed over and a new one made; drop: lock-free always (a retry of
 *              the orphan push means another drop is done).
 * Invariants   I1 a shard's fields but its two counters are touched by the holder of its lock only.
 *              I2 a free record's first word is the next free one of its list (0: last), its
 *              second is its class.
 *              I3 references below a region's first unit + 1 are never given: the region's header
 *              lies there.
 *              I4 every byte of the range below range_next belongs to one region.
 * Layout       region  | header 16 | record | record | ... | bump -> untouched |
 *
 * struct shard: field  readers           writers                      guard
 * lock                 relaxed           acquire cas, release store   itself
 * bytes_mapped, _used  relaxed, anybody  relaxed, the holder          lock, for writers
 * all others           the holder        the holder                   lock
 * Sources      free lists by size class: Bonwick's slab allocator; eight classes a doubling:
 *              jemalloc.
 */
#include "mem/slab.h"

#include "port/port.h"

#define TH_SLAB_REGION_BYTES_MAX ((size_t)64 << 20)
#define TH_SLAB_HUGE_BYTES ((size_t)2 << 20)

struct region {
    struct region *next;
    size_t bytes;
} TH_ALIGNED(THI_SLAB_UNIT_BYTES);

_Static_assert(sizeof(struct region) == THI_SLAB_UNIT_BYTES, "the header is one unit");

struct shard {
    struct th_au32 lock;
    uint64_t bump;       /* reference of the first unit never given */
    uint64_t bump_units; /* so many are left from there on */
    struct region *regions;
    struct th_au64 bytes_mapped;
    struct th_au64 bytes_used; /* modulo 2^64: records move between shards */
    uint64_t free[TH_SLAB_CLASSES];
} TH_ALIGNED(TH_CACHE_LINE_BYTES);

/* What a free record holds. */
struct free_record {
    uint64_t next;
    uint64_t class_index;
};

_Static_assert(sizeof(struct free_record) <= THI_SLAB_UNIT_BYTES, "fits the smallest record");

/* Where this thread found an unlocked shard last time, in any slab. Only a place to start from. */
static _Thread_local unsigned shard_hint;

/* The words of a free record, which only the slab may touch: hidden from everybody else, as far as
 * the build watches addresses, from free_hide() to free_show(). */
static void free_hide(const struct thi_slab *slab, uint64_t reference, unsigned class_index)
{
    thi_port_memory_hide(thi_slab_at(slab, reference), thi_slab_class_bytes(class_index));
}

static struct free_record free_show(const struct thi_slab *slab, uint64_t reference)
{
    struct free_record *record = thi_slab_at(slab, reference);
    thi_port_memory_show(record, sizeof(*record));
    struct free_record words = *record;
    thi_port_memory_show(record, thi_slab_class_bytes((unsigned)words.class_index));
    return words;
}

/* Large pieces of the slab's own are pages, small ones objects. */
static size_t piece_alignment(const struct thi_slab *slab, size_t bytes)
{
    return slab->huge_pages && bytes >= TH_SLAB_HUGE_BYTES ? TH_SLAB_HUGE_BYTES
                                                           : thi_port_page_bytes();
}

static void *piece_new(const struct thi_slab *slab, size_t bytes)
{
    if (bytes < TH_SLAB_PAGES_FROM_BYTES) {
        return thi_mem_alloc(&slab->mem, bytes, THI_SLAB_UNIT_BYTES);
    }
    return thi_region_map(&slab->mem, bytes, piece_alignment(slab, bytes),
                          slab->huge_pages ? THI_REGION_HUGE : 0, "tophash:slab");
}

static void piece_free(const struct thi_slab *slab, void *piece, size_t bytes)
{
    if (bytes < TH_SLAB_PAGES_FROM_BYTES) {
        thi_mem_free(&slab->mem, piece, bytes, THI_SLAB_UNIT_BYTES);
    } else {
        thi_region_unmap(&slab->mem, piece, bytes, piece_alignment(slab, bytes));
    }
}

/* ---- the directory ---- */

static size_t level_bytes(unsigned k)
{
    return sizeof(struct th_aptr) << (2 * (k + 1));
}

/* Makes level k, unless somebody was faster. False: no memory. */
static bool level_make(struct thi_slab *slab, unsigned k)
{
    struct th_aptr *made = piece_new(slab, level_bytes(k));
    if (made == NULL) {
        return false;
    }
    for (size_t i = 0; i < level_bytes(k) / sizeof(*made); i++) {
        th_ptr_init(&made[i], NULL);
    }
    void *found = NULL;
    /* release @mem.slab_level: zeros before the pointer; other side: level_get(). Without it: see
     * there. */
    if (!th_ptr_cas_rel_rlx(&slab->levels[k - 1], &found, made)) {
        piece_free(slab, made, level_bytes(k));
    }
    return true;
}

/* Level k; NULL if it is missing. */
static struct th_aptr *level_get(struct thi_slab *slab, unsigned k)
{
    /* acquire @mem.slab_level: the level's zeros after the pointer; other side: level_make().
     * Without it: the zeroing could overwrite our entry. */
    return th_ptr_load_acq(&slab->levels[k - 1]);
}

static bool levels_ensure(struct thi_slab *slab, uint32_t slot, uint32_t count)
{
    unsigned last = thi_log2_floor(slot + count - 1) / 2;
    for (unsigned k = thi_log2_floor(slot) / 2; k <= last; k++) {
        if (level_get(slab, k) == NULL && !level_make(slab, k)) {
            return false;
        }
    }
    return true;
}

/* Claims as many slots in a row as `bytes` need and points them at `memory`. Returns the reference
 * of its first unit, 0 if there are no more slots or no memory. */
static uint64_t slots_claim(struct thi_slab *slab, size_t bytes, void *memory)
{
    uint32_t count = (uint32_t)((bytes + TH_SLAB_SLOT_BYTES - 1) / TH_SLAB_SLOT_BYTES);
    /* relaxed: the counter only hands out distinct numbers. */
    uint32_t slot = th_u32_load_rlx(&slab->slot_next);
    do {
        if (count > TH_SLAB_SLOT_END - slot || !levels_ensure(slab, slot, count)) {
            return 0;
        }
        /* A lost race means another region got its slots. */
    } while (!th_u32_cas_rlx_rlx(&slab->slot_next, &slot, slot + count));
    uint64_t first = TH_SLAB_IN_SLOT | (uint64_t)slot << TH_SLAB_SLOT_SHIFT;
    uintptr_t origin = (uintptr_t)memory - (uintptr_t)(first * THI_SLAB_UNIT_BYTES);
    for (uint32_t i = slot; i < slot + count; i++) {
        /* relaxed: read by nobody before a reference into the slot reaches him, in an order made by
         * who hands it on. */
        th_ptr_store_rlx(&level_get(slab, thi_log2_floor(i) / 2)[i], (void *)origin);
    }
    return first;
}

/* ---- the range ---- */

/* The range, made if it is not there yet; NULL: a user's memory, or the system refuses. */
static char *range_get(struct thi_slab *slab)
{
    /* acquire @mem.slab_range: the range's memory after its address; other side: range_get().
     * Without it: a region is begun in memory that another thread mapped, before he has. */
    void *range = th_ptr_load_acq(&slab->range);
    if (range != NULL || TH_SLAB_RANGE_LOG2 == 0 || !thi_region_is_lazy(&slab->mem)) {
        return range;
    }
    void *made = piece_new(slab, (size_t)TH_SLAB_RANGE_BYTES);
    /* release @mem.slab_range: the range's memory before its address; other side: range_get().
     * Without it: see there. */
    if (made == NULL || th_ptr_cas_rel_rlx(&slab->range, &range, made)) {
        return made;
    }
    piece_free(slab, made, (size_t)TH_SLAB_RANGE_BYTES);
    /* acquire @mem.slab_range: as in range_get(): another has made it meanwhile. */
    return th_ptr_load_acq(&slab->range);
}

static bool range_has(const struct thi_slab *slab, const void *memory)
{
    /* relaxed: the slab is being freed, nobody else is here. */
    const void *range = th_ptr_load_rlx(&slab->range);
    return range != NULL && (uintptr_t)memory - (uintptr_t)range < TH_SLAB_RANGE_BYTES;
}

/* Cuts `bytes`, whole pages, from the range. *first: the reference of the first unit. NULL: no room
 * there. */
static void *range_cut(struct thi_slab *slab, size_t bytes, uint64_t *first)
{
    char *range = bytes < TH_SLAB_PAGES_FROM_BYTES ? NULL : range_get(slab);
    if (range == NULL) {
        return NULL;
    }
    /* relaxed: the counter only hands out distinct numbers. */
    uint64_t next = th_u64_load_rlx(&slab->range_next);
    do {
        if (bytes > TH_SLAB_RANGE_BYTES - next) {
            return NULL;
        }
    } while (!th_u64_cas_rlx_rlx(&slab->range_next, &next, next + bytes));
    *first = next / THI_SLAB_UNIT_BYTES;
    return range + next;
}

/* ---- shards ---- */

static bool shard_lock(struct shard *shard)
{
    uint32_t open = 0;
    /* relaxed: a guess; acquire @mem.slab_shard: the shard's fields and free records after the
     * lock; other side: shard_unlock(). Without it: two threads take the same record. */
    return th_u32_load_rlx(&shard->lock) == 0 && th_u32_cas_acq_rlx(&shard->lock, &open, 1);
}

static void shard_unlock(struct shard *shard)
{
    /* release @mem.slab_shard: the shard's fields and free records before the lock opens; other
     * side: shard_lock(). Without it: see there. */
    th_u32_store_rel(&shard->lock, 0);
}

/* Where the pointer to shard `index` lies; NULL if that part of the array is not there. */
static struct th_aptr *shard_place(struct thi_slab *slab, unsigned index)
{
    if (index == 0) {
        return &slab->shard_first;
    }
    /* acquire @mem.slab_shards: the array's zeros after the pointer; other side: shards_make().
     * Without it: a reader follows what the memory held before. */
    struct th_aptr *shards = th_ptr_load_acq(&slab->shards);
    return shards == NULL || index >= TH_SLAB_SHARDS_MAX ? NULL : &shards[index];
}

static struct shard *shard_get(struct thi_slab *slab, unsigned index)
{
    struct th_aptr *place = shard_place(slab, index);
    /* acquire @mem.slab_shard_made: the shard's first fields after the pointer; other side:
     * shard_add(). Without it: a lock word that was never set is taken. */
    return place == NULL ? NULL : th_ptr_load_acq(place);
}

/* A shard that was open, now locked by us; NULL if all were locked. *collided: ours was locked. */
static struct shard *shard_try(struct thi_slab *slab, bool *collided)
{
    unsigned start = shard_hint;
    struct shard *shard = shard_get(slab, start);
    while (shard == NULL && start != 0) {
        start /= 2; /* a hint from a slab with more shards: halved, it still spreads */
        shard = shard_get(slab, start);
    }
    if (TH_LIKELY(shard != NULL && shard_lock(shard))) {
        return shard;
    }
    *collided = true;
    for (unsigned i = 0; i < TH_SLAB_SHARDS_MAX; i++) {
        shard = shard_get(slab, i);
        if (shard == NULL) {
            return NULL;
        }
        if (i != start && shard_lock(shard)) {
            shard_hint = i;
            return shard;
        }
    }
    return NULL;
}

static bool shards_make(struct thi_slab *slab)
{
    /* relaxed: only whether it is there. */
    if (th_ptr_load_rlx(&slab->shards) != NULL) {
        return true;
    }
    size_t bytes = TH_SLAB_SHARDS_MAX * sizeof(struct th_aptr);
    struct th_aptr *made = piece_new(slab, bytes);
    if (made == NULL) {
        return false;
    }
    for (unsigned i = 0; i < TH_SLAB_SHARDS_MAX; i++) {
        th_ptr_init(&made[i], NULL);
    }
    void *found = NULL;
    /* release @mem.slab_shards: zeros before the pointer; other side: shard_place(). Without it:
     * see there. */
    if (!th_ptr_cas_rel_rlx(&slab->shards, &found, made)) {
        piece_free(slab, made, bytes);
    }
    return true;
}

/* One more shard, locked by us. NULL: no memory, or there are `limit` or more. */
static struct shard *shard_add(struct thi_slab *slab, unsigned limit)
{
    if (shard_get(slab, limit - 1) != NULL) {
        return NULL;
    }
    struct shard *made =
        thi_mem_alloc_zero(&slab->mem, sizeof(struct shard), _Alignof(struct shard));
    if (made == NULL) {
        return NULL;
    }
    th_u32_init(&made->lock, 1);
    th_u64_init(&made->bytes_mapped, sizeof *made);
    for (unsigned i = 0; i < TH_SLAB_SHARDS_MAX; i++) {
        if (i == 1 && !shards_make(slab)) {
            break;
        }
        void *found = NULL;
        /* release @mem.slab_shard_made: the shard's fields before the pointer to it; other side:
         * shard_get(). Without it: see there. */
        if (th_ptr_cas_rel_rlx(shard_place(slab, i), &found, made)) {
            shard_hint = i;
            return made;
        }
    }
    thi_mem_free(&slab->mem, made, sizeof *made, _Alignof(struct shard));
    return NULL;
}

/* More threads than shards are at work, and processors to run them: one more shard, locked by us,
 * or NULL. Beyond two shards a processor they meet because they steal from each other, or for bad
 * luck. */
static struct shard *shard_add_if_crowded(struct thi_slab *slab)
{
    /* relaxed: a heuristic. */
    uint32_t collisions = th_u32_add_rlx(&slab->collisions, 1) + 1;
    if (collisions % TH_SLAB_COLLISIONS_A_SHARD != 0) {
        return NULL;
    }
    unsigned limit = 2 * thi_port_cpu_count();
    return shard_add(slab, limit < TH_SLAB_SHARDS_MAX ? limit : TH_SLAB_SHARDS_MAX);
}

/* Any shard, locked by us. NULL: all are locked by others and there is no memory for one more. */
static struct shard *shard_enter(struct thi_slab *slab)
{
    for (unsigned round = 0; round < TH_SLAB_ROUNDS_WITHOUT_MEMORY; round++) {
        bool collided = false;
        struct shard *shard = shard_try(slab, &collided);
        if (TH_LIKELY(!collided)) {
            return shard;
        }
        struct shard *added =
            shard == NULL ? shard_add(slab, TH_SLAB_SHARDS_MAX) : shard_add_if_crowded(slab);
        if (added != NULL && shard != NULL) {
            shard_unlock(shard);
        }
        if (added != NULL || shard != NULL) {
            return added != NULL ? added : shard;
        }
        if (shard_get(slab, 0) == NULL) {
            return NULL; /* no memory for the first one: there is nobody to wait for */
        }
        thi_port_yield(); /* somebody is inside every shard: let him finish */
    }
    return NULL;
}

/* Only the holder writes; a sum over the shards may be torn, which a statistic may be. */
static void counter_add(struct th_au64 *counter, uint64_t value)
{
    /* relaxed: statistic. */
    th_u64_store_rlx(counter, th_u64_load_rlx(counter) + value);
}

static void list_push(const struct thi_slab *slab, struct shard *shard, unsigned class_index,
                      uint64_t reference)
{
    struct free_record *record = thi_slab_at(slab, reference);
    *record = (struct free_record){shard->free[class_index], class_index};
    free_hide(slab, reference, class_index);
    shard->free[class_index] = reference;
}

/* Cuts the untouched rest of a region into free records, largest first, so that a new region can
 * take its place. */
static void bump_scrap(const struct thi_slab *slab, struct shard *shard)
{
    while (shard->bump_units != 0) {
        size_t bytes = (size_t)shard->bump_units * THI_SLAB_UNIT_BYTES;
        unsigned class_index =
            bytes > THI_SLAB_RECORD_BYTES_MAX ? TH_SLAB_CLASSES - 1 : thi_slab_class(bytes);
        while (thi_slab_class_bytes(class_index) > bytes) {
            class_index--;
        }
        uint64_t units = thi_slab_class_bytes(class_index) / THI_SLAB_UNIT_BYTES;
        list_push(slab, shard, class_index, shard->bump);
        shard->bump += units;
        shard->bump_units -= units;
    }
}

/* Bytes mapped for shards, and used in them; how many shards there are. */
static unsigned shards_sum(struct thi_slab *slab, uint64_t *mapped, uint64_t *used)
{
    unsigned count = 0;
    struct shard *shard = shard_get(slab, 0);
    for (; shard != NULL; shard = shard_get(slab, ++count)) {
        /* relaxed: statistic. */
        *mapped += th_u64_load_rlx(&shard->bytes_mapped);
        *used += th_u64_load_rlx(&shard->bytes_used);
    }
    return count;
}

/* Whole pages of what is pages. */
static size_t region_bytes_whole(const struct thi_slab *slab, size_t bytes)
{
    return bytes < TH_SLAB_PAGES_FROM_BYTES
               ? bytes
               : (size_t)thi_round_up(bytes, piece_alignment(slab, bytes));
}

/* Half of a shard's share of what is used, so that at most a third lies idle; a quarter once it is
 * pages, which cost nothing before they are touched. Not of what is mapped: a thread that only
 * takes and misses what others just dropped must not grow by ever larger steps. */
static size_t region_bytes_next(struct thi_slab *slab, size_t record_bytes)
{
    uint64_t mapped = 0;
    uint64_t used = 0;
    unsigned count = shards_sum(slab, &mapped, &used);
    used = used > mapped ? 0 : used; /* torn while others work */
    size_t bytes = (size_t)(used / count / 2);
    bytes = bytes < TH_SLAB_PAGES_FROM_BYTES ? bytes : bytes / 2;
    bytes = bytes < TH_SLAB_REGION_BYTES_FIRST ? TH_SLAB_REGION_BYTES_FIRST : bytes;
    bytes = bytes > TH_SLAB_REGION_BYTES_MAX ? TH_SLAB_REGION_BYTES_MAX : bytes;
    size_t least = record_bytes + sizeof(struct region);
    bytes = bytes < least ? least : bytes;
    return region_bytes_whole(slab, (size_t)thi_round_up(bytes, THI_SLAB_UNIT_BYTES));
}

/* Memory for a region, and the reference of its first unit. NULL: there is none. */
static struct region *region_new(struct thi_slab *slab, size_t bytes, uint64_t *first)
{
    struct region *region = range_cut(slab, bytes, first);
    if (region != NULL) {
        return region;
    }
    region = piece_new(slab, bytes);
    *first = region == NULL ? 0 : slots_claim(slab, bytes, region);
    if (region != NULL && *first == 0) {
        piece_free(slab, region, bytes);
    }
    return *first == 0 ? NULL : region;
}

static bool region_add(struct thi_slab *slab, struct shard *shard, size_t record_bytes)
{
    uint64_t first;
    size_t bytes = region_bytes_next(slab, record_bytes);
    struct region *region = region_new(slab, bytes, &first);
    if (region == NULL) {
        /* Perhaps there is memory for this one record. */
        bytes = region_bytes_whole(slab, record_bytes + sizeof *region);
        region = region_new(slab, bytes, &first);
    }
    if (region == NULL) {
        return false;
    }
    bump_scrap(slab, shard);
    region->next = shard->regions;
    region->bytes = bytes;
    shard->regions = region;
    shard->bump = first + 1;
    shard->bump_units = bytes / THI_SLAB_UNIT_BYTES - 1;
    counter_add(&shard->bytes_mapped, bytes);
    return true;
}

/* Takes over what was dropped while every shard was locked. */
static void orphans_adopt(struct thi_slab *slab, struct shard *shard)
{
    /* relaxed: mostly there are none; a missed one is seen next time. */
    if (th_u64_load_rlx(&slab->orphans) == 0) {
        return;
    }
    /* acquire @mem.slab_orphan: the records' words after their list; other side: orphan_push().
     * Without it: the list is followed through what the records held before. */
    uint64_t reference = th_u64_exchange_acq(&slab->orphans, 0);
    while (reference != 0) {
        struct free_record record = free_show(slab, reference);
        unsigned class_index = (unsigned)record.class_index;
        counter_add(&shard->bytes_used, 0 - (uint64_t)thi_slab_class_bytes(class_index));
        list_push(slab, shard, class_index, reference);
        reference = record.next;
    }
}

static void orphan_push(struct thi_slab *slab, unsigned class_index, uint64_t reference)
{
    struct free_record *record = thi_slab_at(slab, reference);
    record->class_index = class_index;
    /* relaxed: the compare-exchange checks it. */
    uint64_t head = th_u64_load_rlx(&slab->orphans);
    do {
        record->next = head;
        /* release @mem.slab_orphan: the record's words before its reference; other side:
         * orphans_adopt(). Without it: see there. No ABA: the list is only ever pushed to or taken
         * whole. A lost race means another drop is done. */
    } while (!th_u64_cas_rel_rlx(&slab->orphans, &head, reference));
}

/* Moves another shard's free records of the class to ours: a thread that only takes, fed by one
 * that only drops. *missed: a shard was locked. */
static bool list_steal_once(struct thi_slab *slab, struct shard *shard, unsigned class_index,
                            bool *missed)
{
    struct shard *other = shard_get(slab, 0);
    for (unsigned i = 0; other != NULL; other = shard_get(slab, ++i)) {
        if (other == shard) {
            continue;
        }
        if (!shard_lock(other)) {
            *missed = true;
            continue;
        }
        shard->free[class_index] = other->free[class_index];
        other->free[class_index] = 0;
        shard_unlock(other);
        if (shard->free[class_index] != 0) {
            return true;
        }
    }
    return false;
}

/* The same, with some patience for shards that are locked for a moment, and none for those whose
 * holder is stopped. */
static bool list_steal(struct thi_slab *slab, struct shard *shard, unsigned class_index)
{
    for (unsigned round = 0; round < TH_SLAB_STEAL_ROUNDS; round++) {
        bool missed = false;
        if (list_steal_once(slab, shard, class_index, &missed)) {
            return true;
        }
        if (!missed) {
            return false;
        }
        thi_port_pause();
    }
    return false;
}

static uint64_t shard_pop(const struct thi_slab *slab, struct shard *shard, unsigned class_index)
{
    uint64_t reference = shard->free[class_index];
    if (reference != 0) {
        shard->free[class_index] = free_show(slab, reference).next;
        return reference;
    }
    uint64_t units = thi_slab_class_bytes(class_index) / THI_SLAB_UNIT_BYTES;
    if (shard->bump_units < units) {
        return 0;
    }
    reference = shard->bump;
    shard->bump += units;
    shard->bump_units -= units;
    return reference;
}

static uint64_t shard_take(struct thi_slab *slab, struct shard *shard, unsigned class_index)
{
    uint64_t reference = shard_pop(slab, shard, class_index);
    if (TH_LIKELY(reference != 0)) {
        return reference;
    }
    orphans_adopt(slab, shard);
    if (shard->free[class_index] != 0 || list_steal(slab, shard, class_index) ||
        region_add(slab, shard, thi_slab_class_bytes(class_index))) {
        return shard_pop(slab, shard, class_index);
    }
    return 0;
}

/* ---- the room's interface ---- */

th_status thi_slab_new(const struct th_allocator *mem, bool huge_pages, struct thi_slab **slab)
{
    struct thi_slab *made = thi_mem_alloc_zero(mem, sizeof *made, _Alignof(struct thi_slab));
    if (made == NULL) {
        return TH_ENOMEM;
    }
    made->mem = *mem;
    made->huge_pages = huge_pages;
    th_u32_init(&made->slot_next, TH_SLAB_SLOT_FIRST);
    *slab = made;
    return TH_OK;
}

static void shard_free(const struct thi_slab *slab, struct shard *shard)
{
    struct region *region = shard->regions;
    while (region != NULL) {
        struct region *next = region->next;
        thi_port_memory_show(region, region->bytes);
        if (!range_has(slab, region)) {
            piece_free(slab, region, region->bytes);
        }
        region = next;
    }
    thi_mem_free(&slab->mem, shard, sizeof *shard, _Alignof(struct shard));
}

void thi_slab_free(struct thi_slab *slab)
{
    if (slab == NULL) {
        return;
    }
    for (unsigned i = 0; i < TH_SLAB_SHARDS_MAX; i++) {
        struct shard *shard = shard_get(slab, i);
        if (shard == NULL) {
            break;
        }
        shard_free(slab, shard);
    }
    /* relaxed, all: nobody else is here any more. */
    void *shards = th_ptr_load_rlx(&slab->shards);
    if (shards != NULL) {
        piece_free(slab, shards, TH_SLAB_SHARDS_MAX * sizeof(struct th_aptr));
    }
    for (unsigned k = 1; k <= TH_SLAB_LEVELS; k++) {
        void *level = th_ptr_load_rlx(&slab->levels[k - 1]);
        if (level != NULL) {
            piece_free(slab, level, level_bytes(k));
        }
    }
    void *range = th_ptr_load_rlx(&slab->range);
    if (range != NULL) {
        piece_free(slab, range, (size_t)TH_SLAB_RANGE_BYTES);
    }
    struct th_allocator mem = slab->mem;
    thi_mem_free(&mem, slab, sizeof *slab, _Alignof(struct thi_slab));
}

uint64_t thi_slab_take(struct thi_slab *slab, size_t size)
{
    TH_ASSERT(size != 0);
    TH_ASSERT(size <= THI_SLAB_RECORD_BYTES_MAX);
    unsigned class_index = thi_slab_class(size);
    struct shard *shard = shard_enter(slab);
    if (shard == NULL) {
        return 0;
    }
    uint64_t reference = shard_take(slab, shard, class_index);
    if (reference != 0) {
        counter_add(&shard->bytes_used, thi_slab_class_bytes(class_index));
    }
    shard_unlock(shard);
    return reference;
}

void thi_slab_drop(struct thi_slab *slab, uint64_t reference, size_t size)
{
    TH_ASSERT(reference != 0);
    TH_ASSERT(size != 0);
    TH_ASSERT(size <= THI_SLAB_RECORD_BYTES_MAX);
    unsigned class_index = thi_slab_class(size);
    bool collided = false;
    struct shard *shard = shard_try(slab, &collided);
    if (shard == NULL) {
        orphan_push(slab, class_index, reference);
        return;
    }
    list_push(slab, shard, class_index, reference);
    counter_add(&shard->bytes_used, 0 - (uint64_t)thi_slab_class_bytes(class_index));
    shard_unlock(shard);
}

void thi_slab_get_stats(const struct thi_slab *slab, uint64_t *bytes_mapped, uint64_t *bytes_used)
{
    /* Only read: what finds shards serves writers too. */
    struct thi_slab *self = (struct thi_slab *)(uintptr_t)slab;
    uint64_t mapped = sizeof(*slab);
    uint64_t used = 0;
    (void)shards_sum(self, &mapped, &used);
    for (unsigned k = 1; k <= TH_SLAB_LEVELS; k++) {
        /* relaxed: only whether it is there. */
        mapped += th_ptr_load_rlx(&slab->levels[k - 1]) == NULL ? 0 : level_bytes(k);
    }
    /* relaxed: only whether it is there. */
    if (th_ptr_load_rlx(&slab->shards) != NULL) {
        mapped += TH_SLAB_SHARDS_MAX * sizeof(struct th_aptr);
    }
    *bytes_mapped = mapped;
    *bytes_used = used;
}
