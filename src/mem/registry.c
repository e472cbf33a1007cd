/* SPDX-License-Identifier: MIT
 * registry.c - which region owns an address. Read by whoever explains a crash or a stray write.
 *
 * Guarantees   G1 bounded memory: at most TH_REGISTRY_ENTRIES_MAX entries, in blocks that double
 *              and are never given back.
 *              G2 without room, or without memory for more room, a region stays unregistered and is
 *              counted.
 *              G3 a find sees an entry whole or not at all.
 * Progress     find: wait-free, linear in the entries. add: lock-free, a lost race for an entry
 *              means another region was added. remove: wait-free, linear.
 * Invariants   I1 entry.version odd  <=>  the entry is being written by exactly one thread.
 *              I2 entry.start 0      <=>  the entry is free.
 *              I3 block k, once published, stays.
 * Layout       block 0 is static; block k holds 64 << k entries.
 *
 * field       readers            writers                                  guard
 * blocks[k]   acquire            acq_rel compare-exchange from NULL       none
 * version     acquire, relaxed   acquire compare-exchange, release store  the entry's lock: odd
 * start       relaxed            relaxed                                  version
 * size, name  relaxed            relaxed                                  version
 * Sources     seqlocks with atomic payload after Boehm, "Can seqlocks get along with programming
 *             language memory models?"
 */
#include "mem/mem_priv.h"

#include "port/port.h"

#define TH_REGISTRY_BLOCKS 12u
#define TH_REGISTRY_FIRST 64u
#define TH_REGISTRY_ENTRIES_MAX (TH_REGISTRY_FIRST * ((1u << TH_REGISTRY_BLOCKS) - 1))

struct entry {
    struct th_au64 version;
    struct th_au64 start;
    struct th_au64 size;
    struct th_aptr name;
};

static struct entry block_first[TH_REGISTRY_FIRST];
static struct th_aptr blocks[TH_REGISTRY_BLOCKS]; /* [0] stays NULL: block_first */
static struct th_au64 unregistered_total;

static struct entry *block_get(unsigned k)
{
    if (k == 0) {
        return block_first;
    }
    /* acquire @mem.registry_block: the block's zeros after the pointer; other side: block_make().
     * Without it: on a recycled page a reader could see entries of what was there before. */
    return th_ptr_load_acq(&blocks[k]);
}

static struct entry *block_make(unsigned k)
{
    size_t bytes = (size_t)thi_round_up(((size_t)TH_REGISTRY_FIRST << k) * sizeof(struct entry),
                                        thi_port_page_bytes());
    struct entry *made = thi_port_pages_map(bytes, 0);
    if (made == NULL) {
        return NULL;
    }
    void *found = NULL;
    /* release @mem.registry_block: zeros before the pointer; other side: block_get(). Without it:
     * see there. acquire on loss: the winner's block is used at once. */
    if (th_ptr_cas_acqrel_acq(&blocks[k], &found, made)) {
        return made;
    }
    thi_port_pages_unmap(made, bytes);
    return found;
}

static bool entry_lock(struct entry *entry, uint64_t version)
{
    /* acquire @mem.registry_entry: the payload writes after the odd version and after the previous
     * owner's; other side: entry_unlock(). Without it: two owners' payloads mix. */
    return (version & 1) == 0 && th_u64_cas_acq_rlx(&entry->version, &version, version + 1);
}

static void entry_unlock(struct entry *entry, uint64_t version)
{
    /* release @mem.registry_entry: payload before the even version; other side: entry_read(),
     * entry_lock(). Without it: a reader takes an old payload for the new one. */
    th_u64_store_rel(&entry->version, version + 2);
}

static bool entry_take(struct entry *entry, const struct thi_region_info *info)
{
    /* relaxed: a guess; the compare-exchange in entry_lock() decides. */
    uint64_t version = th_u64_load_rlx(&entry->version);
    if (th_u64_load_rlx(&entry->start) != 0 || !entry_lock(entry, version)) {
        return false;
    }
    /* relaxed: under the entry's lock. */
    bool taken = th_u64_load_rlx(&entry->start) == 0;
    if (taken) {
        /* fence release @mem.registry_payload: the odd version before the payload; other side:
         * entry_read(). Without it: a reader sees half of the new payload between two equal even
         * versions. */
        th_fence_rel();
        /* relaxed: ordered by the fence above and the release in entry_unlock(). */
        th_u64_store_rlx(&entry->start, info->start);
        th_u64_store_rlx(&entry->size, info->size);
        th_ptr_store_rlx(&entry->name, (void *)(uintptr_t)info->name);
    }
    entry_unlock(entry, version);
    return taken;
}

void thi_registry_add(uintptr_t start, size_t size, const char *name)
{
    struct thi_region_info info = {start, size, name};
    for (unsigned k = 0; k < TH_REGISTRY_BLOCKS; k++) {
        struct entry *block = block_get(k);
        if (block == NULL) {
            block = block_make(k);
        }
        if (block == NULL) {
            break;
        }
        for (size_t i = 0; i < (size_t)TH_REGISTRY_FIRST << k; i++) {
            if (entry_take(&block[i], &info)) {
                return;
            }
        }
    }
    /* relaxed: statistic. */
    th_u64_add_rlx(&unregistered_total, 1);
}

/* Only the owner of a region removes it, once: nobody else writes an entry that is in use. */
static bool entry_forget(struct entry *entry, uintptr_t start, size_t size)
{
    /* relaxed: an entry with our start was written by us or happened before us, as the region
     * itself did. */
    if (th_u64_load_rlx(&entry->start) != start || th_u64_load_rlx(&entry->size) != size) {
        return false;
    }
    uint64_t version = th_u64_load_rlx(&entry->version);
    if (!entry_lock(entry, version)) {
        return false;
    }
    /* fence release @mem.registry_payload: as in entry_take(). */
    th_fence_rel();
    /* relaxed: ordered by the fence and the release in entry_unlock(). */
    th_u64_store_rlx(&entry->start, 0);
    entry_unlock(entry, version);
    return true;
}

void thi_registry_remove(uintptr_t start, size_t size)
{
    for (unsigned k = 0; k < TH_REGISTRY_BLOCKS; k++) {
        struct entry *block = block_get(k);
        if (block == NULL) {
            return;
        }
        for (size_t i = 0; i < (size_t)TH_REGISTRY_FIRST << k; i++) {
            if (entry_forget(&block[i], start, size)) {
                return;
            }
        }
    }
}

static bool entry_read(const struct entry *entry, uintptr_t address, struct thi_region_info *info)
{
    /* acquire @mem.registry_entry: the version before the payload; other side: entry_unlock().
     * Without it: an old payload under a new version. */
    uint64_t version = th_u64_load_acq(&entry->version);
    /* relaxed: between the acquire above and the fence below. */
    uint64_t start = th_u64_load_rlx(&entry->start);
    uint64_t size = th_u64_load_rlx(&entry->size);
    const char *name = th_ptr_load_rlx(&entry->name);
    /* fence acquire @mem.registry_payload: the payload before the second look at the version; other
     * side: the release fence in entry_take(). Without it: see there. */
    th_fence_acq();
    /* relaxed: ordered by the fence. */
    bool whole = (version & 1) == 0 && th_u64_load_rlx(&entry->version) == version;
    if (!whole || start == 0 || address - start >= size) {
        return false;
    }
    *info = (struct thi_region_info){(uintptr_t)start, (size_t)size, name};
    return true;
}

bool thi_region_find(const void *address, struct thi_region_info *info)
{
    for (unsigned k = 0; k < TH_REGISTRY_BLOCKS; k++) {
        const struct entry *block = block_get(k);
        if (block == NULL) {
            return false;
        }
        for (size_t i = 0; i < (size_t)TH_REGISTRY_FIRST << k; i++) {
            if (entry_read(&block[i], (uintptr_t)address, info)) {
                return true;
            }
        }
    }
    return false;
}

uint64_t thi_region_unregistered_total(void)
{
    /* relaxed: statistic. */
    return th_u64_load_rlx(&unregistered_total);
}
