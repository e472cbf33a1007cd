/* SPDX-License-Identifier: MIT
 * map_grow.c - the map grows: a group is split in two, a small map moves to a bigger block,
 * borrowers come home.
 *
 * Guarantees   G1 one call moves the entries of one group (of a small map: of the map, at most half
 *                 a table group's worth).
 *              G2 reads go on all the time; updates of other keys too; a cell held by a stopped
 *                 updater is left behind as a
 *              borrower and brought home later.
 * Progress     who cannot get the group's lock at once leaves the work to its holder.
 * Invariants   keeps I1 to I6 of map_priv.h. A split: SPLITTING is shown before the first entry
 *              leaves and version and depth grow after the last one did, so that a miss that
 *              overlaps is noticed; the version grows once more in between, before freed cells are
 *              filled by entries that come back to their home line (I3).
 */
#include "map/map_priv.h"

#define SPLIT_WORDS ((TH_MAP_GROUP_CELLS + 63) / 64)

/* What a split works on. */
struct split {
    struct thi_map *map;
    struct group group;
    struct group sibling;
    uint64_t word;  /* of the group, LOCK set */
    unsigned depth; /* before */
    unsigned moved;
    bool left_behind; /* an entry of the sibling could not be taken along */
    /* A bit a cell: entries of the sibling's; entries that stay, but not in their home line; cells
     * of the sibling that are taken. */
    uint64_t leaving[SPLIT_WORDS];
    uint64_t displaced[SPLIT_WORDS];
    uint64_t taken[SPLIT_WORDS];
};

/* ------------------------------------------------------------------ split */

/* Sorts the entries of the group whose lock is held: neither a key nor that a cell is empty changes
 * meanwhile. Without branches: half of the entries leave, in no order that could be guessed, and
 * hashes that have to be fetched are fetched side by side. */
static void split_sort(struct split *split)
{
    const struct group *group = &split->group;
    for (unsigned i = 0; i < TH_MAP_GROUP_CELLS; i++) {
        uint64_t key_word = cell_key(&group->cells[i]);
        if (split->map->slab != NULL && key_word == TH_KEY_EMPTY) {
            continue; /* no record to ask */
        }
        uint64_t hash = entry_hash(split->map, key_word, group->index);
        uint64_t present = key_word != TH_KEY_EMPTY;
        uint64_t leaves = present & (hash_group(hash, split->depth + 1) == split->sibling.index);
        uint64_t displaced = thi_map_distance(group, hash, &group->cells[i]) != 0;
        split->leaving[i / 64] |= leaves << (i % 64);
        split->displaced[i / 64] |= (present & ~leaves & displaced) << (i % 64);
    }
}

/* A cell of the sibling, where nobody but us has put anything, on the probe path of the hash. */
static struct cell *sibling_cell(struct split *split, uint64_t hash, unsigned *distance)
{
    unsigned home = hash_line(hash, TH_MAP_LINES - 1);
    for (unsigned d = 0; d < TH_MAP_LINES; d++) {
        unsigned first = (home ^ d) << TH_MAP_LINE_CELLS_LOG2;
        uint64_t *taken = &split->taken[first / 64];
        unsigned vacant = ~(unsigned)(*taken >> (first % 64)) & ((1u << TH_MAP_LINE_CELLS) - 1);
        if (vacant != 0) {
            unsigned wanted = hash_cell(hash);
            unsigned at = (vacant >> wanted & 1) != 0 ? wanted : thi_lowest_bit(vacant);
            *taken |= (uint64_t)1 << (first % 64 + at);
            *distance = d;
            return &split->sibling.cells[first + at];
        }
    }
    return NULL;
}

/* Phase 1: the sibling's entries leave. */
static void split_move(struct split *split)
{
    for (unsigned at = 0; at < TH_MAP_GROUP_CELLS; at += 64) {
        for (uint64_t left = split->leaving[at / 64]; left != 0; left &= left - 1) {
            struct cell *cell = &split->group.cells[at + thi_lowest_bit(left)];
            uint64_t held = thi_map_cell_lock_bounded(cell);
            if (held == TH_KEY_EMPTY) {
                split->left_behind = true;
                continue;
            }
            uint64_t hash = entry_hash(split->map, held, split->group.index);
            unsigned distance = 0;
            struct cell *to = sibling_cell(split, hash, &distance);
            TH_ASSERT(to != NULL); /* the sibling was empty and is as large */
            thi_map_passes_add(&split->sibling, hash, distance);
            thi_map_move_entry(split->map, cell, held, to);
            thi_map_passes_sub(&split->group, hash, thi_map_distance(&split->group, hash, cell));
            split->moved++;
            THI_MAP_POINT(THI_MAP_POINT_SPLIT_MOVED, split->map);
        }
    }
}

/* The first cell of the line that is empty and was so when this phase began; NULL. */
static struct cell *line_vacancy(const struct group *group, unsigned line, const uint64_t *vacated)
{
    for (unsigned i = 0; i < TH_MAP_LINE_CELLS; i++) {
        unsigned number = (line << TH_MAP_LINE_CELLS_LOG2) + i;
        bool used_here = (vacated[number / 64] >> (number % 64) & 1) != 0;
        if (!used_here && cell_key(&group->cells[number]) == TH_KEY_EMPTY) {
            return &group->cells[number];
        }
    }
    return NULL;
}

/* Phase 2: displaced entries that stayed come back to their home line, into cells freed before this
 * phase. A cell freed in this phase stays empty until the version has grown (I3). */
static void split_rehome(struct split *split)
{
    uint64_t vacated[SPLIT_WORDS] = {0};
    const struct group *group = &split->group;
    for (unsigned at = 0; at < TH_MAP_GROUP_CELLS; at += 64) {
        for (uint64_t left = split->displaced[at / 64]; left != 0; left &= left - 1) {
            unsigned i = at + thi_lowest_bit(left);
            struct cell *cell = &group->cells[i];
            uint64_t key_word = cell_key(cell);
            uint64_t hash = entry_hash(split->map, key_word, group->index);
            struct cell *to = line_vacancy(group, hash_line(hash, group->line_mask), vacated);
            if (to == NULL || key_is_held(key_word) || !cell_try_lock(cell, key_word)) {
                continue;
            }
            cell_store_value(to, cell_value(cell));
            cell_store_key(to, key_held(key_word));
            cell_store_key(cell, TH_KEY_EMPTY);
            THI_MAP_POINT(THI_MAP_POINT_SPLIT_REHOMING, split->map);
            vacated[at / 64] |= (uint64_t)1 << (i % 64);
            thi_map_passes_sub(group, hash, thi_map_distance(group, hash, cell));
            cell_store_key(to, key_word);
        }
    }
}

/* The group's lock is held, its sibling absent and covered by a run. */
static void split_locked(struct split *split)
{
    struct side *side = split->group.side;
    uint64_t sibling_word = word_load(split->sibling.side);
    split->word |= TH_WORD_SPLITTING;
    word_store(side, split->word);
    THI_MAP_POINT(THI_MAP_POINT_SPLIT_MARKED, split->map);
    if (word_count(split->word) != 0) {
        split_sort(split);
        split_move(split);
        split->word = word_bumped(split->word);
        word_store(side, split->word);
        split_rehome(split);
        THI_MAP_POINT(THI_MAP_POINT_SPLIT_REHOMED, split->map);
    }
    uint64_t moved_count = (uint64_t)split->moved * TH_WORD_COUNT_ONE;
    uint64_t borrows = split->left_behind ? TH_WORD_BORROWS : 0;
    borrows |= split->word & TH_WORD_BORROWS; /* what the group borrowed may be the sibling's */
    sibling_word = word_with_depth(word_bumped(sibling_word), split->depth + 1) & ~TH_WORD_SPECIAL;
    sibling_word |= borrows | moved_count;
    /* Live, but locked: were it split again now, who still comes by our old depth would miss what
     * went on to the next sibling. */
    word_store(split->sibling.side, sibling_word | TH_WORD_LOCK);
    THI_MAP_POINT(THI_MAP_POINT_SPLIT_SIBLING_LIVE, split->map);
    uint64_t word = word_with_depth(word_bumped(split->word), split->depth + 1);
    word_store(side, (word & ~(TH_WORD_SPLITTING | TH_WORD_LOCK)) - moved_count);
    word_store(split->sibling.side, sibling_word);
}

static void split_count(struct thi_map *map, const struct split *split)
{
    /* relaxed: a count of groups that only steers the hint. */
    th_u64_add_rlx(&map->group_count, 1);
    /* relaxed: statistic, read by stats only. */
    th_u64_add_rlx(&map->counters.splits, 1);
    thi_map_runs_reach(map, split->sibling.index);
    thi_trace(THI_EVENT_GROWTH_STEP, (uintptr_t)map, split->group.index);
    thi_trace(THI_EVENT_SPLIT, (uintptr_t)map, split->moved);
    thi_map_hint_update(map);
}

/* How deep a group may be: as deep as the first run goes, and a little deeper than
 * most. */
static unsigned depth_limit(const struct thi_map *map)
{
    unsigned limit = word_depth(hint_load(map)) + TH_MAP_DEPTH_SLACK;
    limit = limit < TH_MAP_DEPTH_FREE ? TH_MAP_DEPTH_FREE : limit;
    return limit < TH_MAP_DEPTH_MAX ? limit : TH_MAP_DEPTH_MAX;
}

static void split_prefetch(const struct group *group)
{
    __builtin_prefetch(group->passes, 1);
    for (unsigned line = 0; line < TH_MAP_LINES; line++) {
        __builtin_prefetch(group->cells + ((size_t)line << TH_MAP_LINE_CELLS_LOG2), 1);
    }
}

th_status thi_map_split(struct thi_map *map, uint64_t hash, unsigned count_min)
{
    struct split split = {.map = map};
    split.group = thi_map_find_group(map, hash, &split.word);
    split.depth = word_depth(split.word);
    if (thi_map_is_small(map) || word_count(split.word) < count_min) {
        return TH_OK;
    }
    if (split.depth >= depth_limit(map)) {
        /* relaxed: statistic, read by stats only. */
        th_u64_add_rlx(&map->counters.split_put_off, 1);
        return TH_EBUSY;
    }
    uint32_t sibling = split.group.index | (uint32_t)1 << split.depth;
    th_status status = thi_map_runs_cover(map, sibling);
    if (status != TH_OK) {
        return status;
    }
    split.group = group_in_table(map, split.group.index);
    split.sibling = group_in_table(map, sibling);
    if (word_count(split.word) != 0) {
        /* The fault of a first touch, if it is one, is taken before the lock, not under it, and so
         * are the misses. */
        split_prefetch(&split.group);
        thi_region_populate(split.sibling.cells, TH_MAP_GROUP_BYTES);
    }
    if ((split.word & TH_WORD_LOCK) != 0 || !group_try_lock(split.group.side, &split.word)) {
        /* relaxed: statistic, read by stats only. */
        th_u64_add_rlx(&map->counters.split_put_off, 1);
        return TH_MORE;
    }
    split.word |= TH_WORD_LOCK;
    split_locked(&split);
    split_count(map, &split);
    return TH_OK;
}

uint64_t thi_map_hint_make(const struct thi_map *map, unsigned depth)
{
    bool beyond = depth_mask(depth) >= run_of(map, 0)->groups;
    return (uint64_t)depth << TH_WORD_DEPTH_SHIFT | depth_mask(depth) | (beyond ? TH_HINT_RUNS : 0);
}

void thi_map_hint_update(struct thi_map *map)
{
    /* relaxed: a count of groups that only steers the hint. */
    uint64_t groups = th_u64_load_rlx(&map->group_count);
    uint64_t hint = hint_load(map);
    if ((hint & TH_HINT_SMALL) != 0 || groups < TH_MAP_ROOT_GROUPS) {
        return;
    }
    unsigned depth = thi_log2_floor(groups);
    if (groups >= ((uint64_t)3 << depth) / 2) {
        depth++; /* more than half of the next doubling is done: most keys are one level deeper */
    }
    if (depth == word_depth(hint) || depth >= TH_MAP_DEPTH_MAX) {
        return;
    }
    /* The quick paths must have left the absent run before they may be sent behind its four groups:
     * the address of run 0, seen here, is before the new hint. */
    if (thi_map_runs_cover(map, (uint32_t)depth_mask(depth)) != TH_OK || !thi_map_has_cells(map)) {
        return;
    }
    thi_trace(depth > word_depth(hint) ? THI_EVENT_GROWTH_END : THI_EVENT_GROWTH_BEGIN,
              (uintptr_t)map, groups);
    /* release @map.hint: the runs that cover the mask before the mask; other side:
     * hint_load(). Without it: a reader asks for a run that is not there. A lost race leaves
     * an older hint, which is only slower. */
    (void)th_u64_cas_rel_rlx(&map->hint, &hint, thi_map_hint_make(map, depth));
    thi_map_span_update(map);
}

void thi_map_span_update(struct thi_map *map)
{
    /* relaxed: only the start of the exchange. */
    uint64_t span = th_u64_load_rlx(&map->span);
    for (;;) {
        uint64_t hint = hint_load(map);
        /* Not before the address is run 0's: who moves the map to the table may stand between the
         * hint and it. */
        bool beyond = (hint & (TH_HINT_SMALL | TH_HINT_RUNS)) != 0 || !thi_map_has_whole(map);
        uint64_t reach = depth_mask(word_depth(hint)) << TH_HASH_GROUP_SHIFT | TH_LINE_BITS;
        uint64_t wanted = beyond ? TH_SPAN_ROOTS : reach;
        if (span == wanted) {
            return; /* or another is about to, who looks at the hint after us */
        }
        /* release @map.span: the address of run 0 before the span that needs it; other side:
         * span_load(). Without it: a line is looked for behind the few that stand in for a table.
         */
        if (th_u64_cas_rel_rlx(&map->span, &span, wanted)) {
            span = wanted;
        }
    }
}

/* ------------------------------------------------------------------ borrowers come home */

/* Moves what belongs to `own` out of one ancestor. Both groups are locked. False: something stays.
 * */
static bool repay_from(struct thi_map *map, const struct group *ancestor, uint64_t *ancestor_word,
                       const struct group *own, uint64_t *own_word)
{
    bool all = true;
    unsigned depth = word_depth(*own_word);
    for (unsigned i = 0; i < TH_MAP_GROUP_CELLS; i++) {
        struct cell *cell = &ancestor->cells[i];
        uint64_t key_word = cell_key(cell);
        if (key_word == TH_KEY_EMPTY) {
            continue;
        }
        uint64_t hash = entry_hash(map, key_word, ancestor->index);
        if (hash_group(hash, depth) != own->index) {
            continue;
        }
        uint64_t held = thi_map_cell_lock_bounded(cell);
        if (held == TH_KEY_EMPTY) {
            all = false;
            continue;
        }
        unsigned distance = thi_map_distance(ancestor, hash, cell);
        struct cell *to = thi_map_place_take(own, hash);
        if (to == NULL) {
            cell_store_key(cell, held);
            all = false;
            continue;
        }
        thi_map_move_entry(map, cell, held, to);
        thi_map_passes_sub(ancestor, hash, distance);
        *ancestor_word = word_bumped(*ancestor_word - TH_WORD_COUNT_ONE);
        *own_word += TH_WORD_COUNT_ONE;
    }
    return all;
}

/* Brings entries of the group that stand in its ancestors home. */
static void repay(struct thi_map *map, uint64_t hash)
{
    uint64_t own_word;
    struct group own = thi_map_find_group(map, hash, &own_word);
    if ((own_word & TH_WORD_BORROWS) == 0 || own.index < TH_MAP_ROOT_GROUPS ||
        (own_word & TH_WORD_LOCK) != 0 || !group_try_lock(own.side, &own_word)) {
        return;
    }
    bool all = true;
    for (uint32_t bits = own.index; bits >= TH_MAP_ROOT_GROUPS; bits = group_parent(bits)) {
        struct group ancestor = group_in_table(map, group_parent(bits));
        uint64_t word = word_load(ancestor.side);
        if ((word & TH_WORD_LOCK) != 0 || !group_try_lock(ancestor.side, &word)) {
            all = false;
            continue;
        }
        all = repay_from(map, &ancestor, &word, &own, &own_word) && all;
        word_store(ancestor.side, word);
    }
    if (all) {
        own_word &= ~TH_WORD_BORROWS;
    }
    word_store(own.side, own_word);
}

/* Asks for the memory of the sibling of the hash's group a few inserts before the split, so that no
 * insert waits for both. */
static void split_prepare(struct thi_map *map, uint64_t hash)
{
    uint64_t word;
    struct group group = thi_map_find_group(map, hash, &word);
    unsigned depth = word_depth(word);
    uint32_t sibling = group.index | (uint32_t)1 << depth;
    if (!thi_map_is_small(map) && depth < depth_limit(map) &&
        thi_map_runs_cover(map, sibling) == TH_OK) {
        thi_region_populate(group_in_table(map, sibling).cells, TH_MAP_GROUP_BYTES);
    }
}

void thi_map_after_insert(struct thi_map *map, uint64_t hash, uint64_t word)
{
    if (word_count(word) >= TH_MAP_SPLIT_COUNT) {
        (void)thi_map_split(map, hash, TH_MAP_SPLIT_COUNT);
    } else if (word_count(word) == TH_MAP_PREPARE_COUNT) {
        split_prepare(map, hash);
    } else if ((word_count(word) & 3) == 0) {
        repay(map, hash);
    }
}

struct cell *thi_map_borrow_cell(struct thi_map *map, uint32_t index, uint64_t hash,
                                 struct lender *lender)
{
    lender->held = false;
    for (uint32_t bits = index; bits >= TH_MAP_ROOT_GROUPS; bits = group_parent(bits)) {
        lender->group = group_in_table(map, group_parent(bits));
        struct side *side = lender->group.side;
        lender->word = word_load(side);
        if (word_count(lender->word) == TH_MAP_GROUP_CELLS) {
            continue;
        }
        if ((lender->word & TH_WORD_LOCK) != 0 || !group_try_lock(side, &lender->word)) {
            lender->held = true;
            continue;
        }
        unsigned distance = 0;
        struct cell *cell = thi_map_free_cell(&lender->group, hash, &distance);
        if (cell != NULL) {
            thi_map_passes_add(&lender->group, hash, distance);
            return cell;
        }
        word_store(side, lender->word);
    }
    return NULL;
}
