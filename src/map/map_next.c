/* SPDX-License-Identifier: MIT
 * map_next.c - writes of integer keys that concern the next line too: the home line is full or was
 * passed, or the entry was displaced by one line. One operation in seven at the usual load, too
 * many for the general path.
 *
 * Guarantees   those of map_core.h.
 * Progress     wait-free: what is not as expected is left to the general path.
 * Invariants   keeps I1 to I6 of map_priv.h as insert_quick() and erase_quick() do: all is looked
 *              at before the group's lock, and that its word is the same then proves it.
 */
#include "map/map_integer.h"

/* The group of a key at the typical depth, its word, and the two lines a key is looked for first.
 * */
struct pair {
    struct group group;
    uint64_t word;
    uint64_t passed;
    unsigned home_line;
    struct cell *home;
    struct cell *next;
};

/* False if the group is not the typical one, or busy. */
static bool pair_look(const struct thi_map *map, uint64_t hash, struct pair *pair)
{
    uint64_t hint = hint_load(map);
    if ((hint & TH_HINT_SMALL) != 0) {
        return false;
    }
    pair->group = group_in_table(map, hash_group(hash, word_depth(hint)));
    pair->home_line = hash_line(hash, TH_MAP_LINES - 1);
    pair->home = pair->group.cells + (pair->home_line << TH_MAP_LINE_CELLS_LOG2);
    pair->next = pair->group.cells + ((pair->home_line ^ 1) << TH_MAP_LINE_CELLS_LOG2);
    thi_prefetch_write(pair->next);
    thi_prefetch_write(&pair->group.passes[pair->home_line]);
    pair->word = word_load(pair->group.side);
    pair->passed = passed_load(pair->group.side);
    return word_depth(pair->word) == word_depth(hint) &&
           (pair->word & (TH_WORD_SPECIAL | TH_WORD_LOCK)) == 0;
}

static bool pair_passed(const struct pair *pair, unsigned distance)
{
    return (pair->passed >> (pair->home_line ^ distance) & 1) != 0;
}

/* The cell of the line whose key word is `word`, held or not if it is a key's; NULL. */
static struct cell *line_cell(struct cell *line, uint64_t word)
{
    unsigned offset = thi_line_find(line, word, word != TH_KEY_EMPTY);
    return offset == TH_LINE_NONE
               ? NULL
               : (struct cell *)((uintptr_t)line + (uintptr_t)offset * TH_LINE_UNIT);
}

bool thi_integer_insert_next(struct thi_map *map, uint64_t hash, uint64_t value)
{
    struct pair pair;
    uint64_t key = hash | TH_KEY_MARKS;
    if (!pair_look(map, hash, &pair) || line_cell(pair.home, key) != NULL) {
        return false;
    }
    /* Absent if nothing went past the home line, or only as far as the next. */
    bool ends_here = !pair_passed(&pair, 0);
    if (!ends_here && (pair_passed(&pair, 1) || line_cell(pair.next, key) != NULL)) {
        return false;
    }
    struct cell *cell = line_cell(pair.home, TH_KEY_EMPTY);
    unsigned distance = cell == NULL;
    if (distance != 0) {
        cell = line_cell(pair.next, TH_KEY_EMPTY);
    }
    THI_MAP_POINT(THI_MAP_POINT_GROUP_FOUND, map);
    if (cell == NULL || !group_try_lock(pair.group.side, &pair.word)) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_GROUP_HELD, map);
    thi_map_passes_add(&pair.group, hash, distance);
    cell_store_value(cell, value);
    THI_MAP_POINT(THI_MAP_POINT_INSERT_STORED, map);
    cell_store_key(cell, key);
    pair.word += TH_WORD_COUNT_ONE;
    word_store(pair.group.side, pair.word);
    if (TH_UNLIKELY(after_insert_wants_more(pair.word))) {
        thi_map_after_insert(map, hash, pair.word);
    }
    return true;
}

bool thi_integer_erase_next(struct thi_map *map, uint64_t hash, uint64_t *old)
{
    struct pair pair;
    uint64_t key = hash | TH_KEY_MARKS;
    if (!pair_look(map, hash, &pair) || !pair_passed(&pair, 0)) {
        return false;
    }
    struct cell *cell = line_cell(pair.next, key);
    THI_MAP_POINT(THI_MAP_POINT_GROUP_FOUND, map);
    if (cell == NULL || !group_try_lock(pair.group.side, &pair.word)) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_GROUP_HELD, map);
    if (!cell_try_lock(cell, key)) {
        word_store(pair.group.side, pair.word);
        return false;
    }
    *old = cell_value(cell);
    cell_store_key(cell, TH_KEY_EMPTY);
    THI_MAP_POINT(THI_MAP_POINT_ERASE_CLEARED, map);
    thi_map_passes_sub(&pair.group, hash, 1);
    word_store(pair.group.side, word_bumped(pair.word - TH_WORD_COUNT_ONE));
    return true;
}

bool thi_integer_update_next(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old)
{
    struct spot spot = spot_of(map, hash);
    if (!line_was_passed(spot.side, hash)) {
        return false;
    }
    struct found found = {.stored = hash | TH_KEY_MARKS};
    found.cell = line_cell(line_next(&spot, hash), found.stored);
    THI_MAP_POINT(THI_MAP_POINT_CELL_FOUND, map);
    /* The lock proves that the cell is the key's (I1). */
    if (found.cell == NULL || !cell_try_lock(found.cell, found.stored)) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_CELL_HELD, map);
    *old = held_cell_set(&found, value);
    return true;
}
