/* SPDX-License-Identifier: MIT
 * registry.c - which region owns an address. Read by whoever explains a crash or a stray write.
 *
 * Guarantees   G1 bounded memory: at most 64 * (2^12 - 1) entries, in blocks that double and are
 *              never given back.
 *              G2 without room, or without memory for more room, a region stays unregistered and is
 *              counted.
 *              G3 a find sees an entry whole or not at all.
 * Progress     add, remove: wait-free, at most TH_REGISTRY_WINDOW entries a block are looked at.
 *              find: wait-free, linear in the entries.
 * Invariants   I1 entry.version odd  <=>  the entry is being written by exactly one thread.
 *              I2 entry.start 0      <=>  the entry is free.
 *              I3 a region lies in the window of its start, in some block.
 *              I4 block k, once published, stays.
 * Layout       block 0 is static; block k holds 64 << k entries.
 *
 * field       readers            writers                                  guard
 * blocks[k]   acquire            release compare-exchange from NULL       none
 * version     acquire, relaxed   relaxed compare-exchange, release store  the entry's lock: odd
 * start       relaxed            relaxed                                  version
 * size, name  relaxed            relaxed                                  version
 * Sources     seqlocks with atomic payload: Boehm, "Can seqlocks get along with programming
 *             language memory models?"
 */
#include "mem/mem_priv.h"

#include "mem/mem_geometry.h"
#include "port/port.h"

struct entry {
    struct th_au64 version;
    struct th_au64 start;
    struct th_au64 size;
    struct th_aptr name;
};

static struct entry block_first[TH_REGISTRY_FIRST];
static struct th_aptr blocks[TH_REGISTRY_BLOCKS]; /* [0] stays NULL: block_first */
static struct th_au64 unregistered_total;

static size_t block_entries(unsigned k)
{
    return (size_t)TH_REGISTRY_FIRST << k;
}

static struct entry *block_get(unsigned k)
{
    if (k == 0) {
        return block_first;
    }
    /* acquire @mem.registry_block: the block's zeros after the pointer; other side: block_make().
     * Without it: on a recycled page a reader could see what was there before. */
    return th_ptr_load_acq(&blocks[k]);
}

/* Makes block k, unless somebody was faster. False: no memory. */
static bool block_make(unsigned k)
{
    size_t page = thi_port_page_bytes();
    size_t bytes = (size_t)thi_round_up(block_entries(k) * sizeof(struct entry), page);
    struct entry *made = thi_mem_fault_hit(THI_MEM_SITE()) ? NULL : thi_port_pages_map(bytes, page);
    if (made == NULL) {
        return false;
    }
    void *found = NULL;
    /* release @mem.registry_block: zeros before the pointer; other side: block_get(). Without it:
     * see there. */
    if (!th_ptr_cas_rel_rlx(&blocks[k], &found, made)) {
        thi_port_pages_unmap(made, bytes);
    }
    return true;
}

/* The i-th entry of the window in block k where a region that starts at `start` may lie. */
static struct entry *window_entry(struct entry *block, unsigned k, uintptr_t start, unsigned i)
{
    uint64_t spread = (uint64_t)start * 0x9e3779b97f4a7c15u;
    return &block[((size_t)(spread >> 40) + i) & (block_entries(k) - 1)];
}

static bool entry_lock(struct entry *entry, uint64_t version)
{
    /* relaxed: who locks is ordered behind the last owner already: who takes a free entry by the
     * version it read, who gives one up because it is his. */
    if ((version & 1) != 0 || !th_u64_cas_rlx_rlx(&entry->version, &version, version + 1)) {
        return false;
    }
    /* release @mem.registry_payload: the odd version before the payload; other side: entry_read().
     * Without it: a reader sees half of a new payload between two equal even versions. */
    th_fence_rel();
    return true;
}

static void entry_unlock(struct entry *entry, uint64_t version)
{
    /* release @mem.registry_entry: the payload before the even version; other side: entry_read().
     * Without it: a reader takes an old payload for the new one. */
    th_u64_store_rel(&entry->version, version + 2);
}

static bool entry_take(struct entry *entry, const struct thi_region_info *info)
{
    /* acquire @mem.registry_entry: the start after the version, so that a lock won at this version
     * is won on a free entry; other side: entry_unlock(). Without it: an entry in use is locked for
     * a moment, and its owner cannot remove it. */
    uint64_t version = th_u64_load_acq(&entry->version);
    /* relaxed: after the acquire above; entry_lock() fails if anything changed since. */
    if (th_u64_load_rlx(&entry->start) != 0 || !entry_lock(entry, version)) {
        return false;
    }
    /* relaxed: between the fence in entry_lock() and the release in entry_unlock(). */
    th_u64_store_rlx(&entry->start, info->start);
    th_u64_store_rlx(&entry->size, info->size);
    th_ptr_store_rlx(&entry->name, (void *)(uintptr_t)info->name);
    entry_unlock(entry, version);
    return true;
}

void thi_registry_add(uintptr_t start, size_t size, const char *name)
{
    struct thi_region_info info = {start, size, name};
    for (unsigned k = 0; k < TH_REGISTRY_BLOCKS; k++) {
        struct entry *block = block_get(k);
        if (block == NULL && block_make(k)) {
            block = block_get(k);
        }
        if (block == NULL) {
            break;
        }
        for (unsigned i = 0; i < TH_REGISTRY_WINDOW; i++) {
            if (entry_take(window_entry(block, k, start, i), &info)) {
                return;
            }
        }
    }
    /* relaxed: statistic. */
    th_u64_add_rlx(&unregistered_total, 1);
}

static bool entry_forget(struct entry *entry, uintptr_t start)
{
    /* relaxed: an entry with our start was written before the region was handed to us, and only its
     * owner, who is here, writes an entry in use: the lock is free. */
    if (th_u64_load_rlx(&entry->start) != start) {
        return false;
    }
    uint64_t version = th_u64_load_rlx(&entry->version);
    if (!entry_lock(entry, version)) {
        return false;
    }
    /* relaxed: between the fence in entry_lock() and the release in entry_unlock(). */
    th_u64_store_rlx(&entry->start, 0);
    entry_unlock(entry, version);
    return true;
}

void thi_registry_remove(uintptr_t start)
{
    for (unsigned k = 0; k < TH_REGISTRY_BLOCKS; k++) {
        struct entry *block = block_get(k);
        if (block == NULL) {
            return;
        }
        for (unsigned i = 0; i < TH_REGISTRY_WINDOW; i++) {
            if (entry_forget(window_entry(block, k, start, i), start)) {
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
    /* acquire @mem.registry_payload: the payload before the second look at the version; other side:
     * entry_lock(). Without it: see there. */
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
        for (size_t i = 0; i < block_entries(k); i++) {
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
