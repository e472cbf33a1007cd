/* SPDX-License-Identifier: MIT
 * map_protocol.c - the protocol of th_map in small: read, update, insert, erase, split and merge,
 * step by step as in src/map/ (docs/adr/0002), on two groups of two lines of one cell.
 *
 * Left out     borrowers of full groups and their way home, the small form, batches, walks.
 * Parts        map_small.h: the words, their accessors, and TWIN, which leaves out one thing.
 *              map_scenarios.h: SCENARIO, what the threads do and what must be true.
 */
#include "map_scenarios.h"

static struct cell *group_scan(struct group *group, unsigned hash)
{
    for (unsigned d = 0, line = HOME(hash); d < LINES; d++, line ^= 1) {
        if ((KEY_LOAD(&group->cells[line]) | (TWIN == 12 ? 0u : FREE)) == KEY_OF(hash)) {
            return &group->cells[line];
        }
        if ((LOAD(group->passed) >> line & 1) == 0) {
            break;
        }
    }
    return NULL;
}

struct found {
    struct group *own; /* covers the hash */
    unsigned word;     /* of it, as it was during the look */
    struct cell *cell;
    struct record *value;
};

static void group_find(unsigned hash, unsigned mask, struct found *found)
{
    unsigned index = hash & mask, depth;
    do {
        found->own = &groups[index];
        found->word = LOAD(found->own->word);
        depth = DEPTH(found->word);
        index = depth == 0 ? 0 : 2; /* absent: its parent; split since: one level down */
    } while (depth == 0 || ((hash ^ (unsigned)(found->own - groups)) & ((1u << depth) - 1)) != 0);
}

static bool look(unsigned hash, unsigned mask, struct found *found)
{
    for (;;) {
        group_find(hash, mask, found);
        struct group *own = found->own, *other = own;
        if ((found->word & (MERGING | BORROWS)) != 0) {
            other = &groups[0];
        } else if ((found->word & SPLITTING) != 0 && (hash & 2) != 0) {
            other = &groups[2];
        }
        unsigned other_word = other == own ? 0 : LOAD(other->word);
        int places = other == own ? 1 : 2;
        found->cell = NULL; /* a key moves at most once while the words stay: two rounds find it */
        for (int i = 0; i < places * ROUNDS(found->word) && found->cell == NULL; i++) {
            found->cell = group_scan(i % places == 0 ? own : other, hash);
        }
        found->value = found->cell == NULL ? NULL : LOAD(found->cell->value);
        if (SAME(RECHECK(own->word), found->word) &&
            (other == own || SAME(RECHECK(other->word), other_word))) {
            return found->cell != NULL;
        }
    }
}

static struct record *get(unsigned hash, unsigned mask)
{
    struct group *group = &groups[hash & mask]; /* wherever it is found, it is the key's */
    unsigned word = LOAD(group->word);
    struct cell *cell = &group->cells[HOME(hash)];
    if ((KEY_LOAD(cell) | (TWIN == 12 ? 0u : FREE)) == KEY_OF(hash)) {
        struct record *value = LOAD(cell->value);
        if (RECHECK(group->word) == word) {
            return value;
        }
    }
    struct found found;
    return look(hash, mask, &found) ? found.value : NULL;
}

static bool update(struct record *record, unsigned mask)
{
    unsigned key = KEY_OF(record->hash);
    struct found found = {.cell = &groups[record->hash & mask].cells[HOME(record->hash)]};
    while (!cell_try_lock(found.cell, key)) {
        wait_while(&found.cell->key, HELD(key));
        if (!look(record->hash, mask, &found)) {
            return false;
        }
    }
    record_retire(LOAD(found.cell->value));
    STORE(found.cell->value, record);
    STORE(found.cell->key, key);
    return true;
}

/* A free cell of a locked group, and back. Who stands behind its home line is counted there. */
static struct cell *cell_take(struct group *group, unsigned hash)
{
    unsigned line = HOME(hash);
    if (KEY_LOAD(&group->cells[line]) != EMPTY) {
        group->passes[line]++;
        STORE(group->passed, LOAD(group->passed) | 1u << line);
        line ^= 1;
        assert(KEY_LOAD(&group->cells[line]) == EMPTY); /* scenarios never fill a group */
    }
    return &group->cells[line];
}

static void cell_clear(struct group *group, struct cell *cell, unsigned hash)
{
    STORE(cell->key, EMPTY);
    if (cell != &group->cells[HOME(hash)] && --group->passes[HOME(hash)] == 0) {
        STORE(group->passed, LOAD(group->passed) & ~(1u << HOME(hash)));
    }
}

/* Locks the group of a look; the exchange proves that nothing of its word changed since. */
static bool found_lock(struct found *found)
{
    if ((found->word & LOCK) != 0) {
        wait_while(&found->own->word, found->word);
    } else if (TWIN == 3) {
        found->word = RECHECK(found->own->word) & ~(unsigned)LOCK;
    }
    return group_try_lock(found->own, found->word);
}

static bool insert(struct record *record, unsigned mask)
{
    struct found found;
    do {
        if (look(record->hash, mask, &found)) {
            return false;
        }
    } while (!found_lock(&found));
    struct cell *cell = cell_take(found.own, record->hash);
    STORE(cell->value, record);
    STORE(cell->key, KEY_OF(record->hash));
    STORE(found.own->word, found.word + COUNT_ONE);
    return true;
}

static bool erase(unsigned hash, unsigned mask)
{
    for (struct found found; look(hash, mask, &found);) {
        if (!found_lock(&found)) {
            continue;
        }
        if (TWIN == 5 || cell_try_lock(found.cell, KEY_OF(hash))) {
            struct record *value = LOAD(found.cell->value);
            cell_clear(found.own, found.cell, hash);
            found.word -= COUNT_ONE;
            STORE(found.own->word, TWIN == 10 ? found.word : GROWN(found.word, DEPTH(found.word)));
            record_retire(value);
            return true;
        }
        STORE(found.own->word, found.word); /* who waits for a cell holds no group */
        wait_while(&found.cell->key, HELD(KEY_OF(hash)));
    }
    return false;
}

/* The caller holds the entry's cell and both groups. */
static void entry_move(struct group *from, struct cell *cell, struct group *to)
{
    unsigned key = KEY_LOAD(cell) | FREE;
    struct cell *copy = cell_take(to, key >> 2);
    STORE(copy->value, LOAD(cell->value));
    STORE(copy->key, TWIN == 11 ? key : HELD(key));
    cell_clear(from, cell, key >> 2);
    STORE(copy->key, key);
}

static void split(void)
{
    struct group *group = &groups[0], *sibling = &groups[2];
    unsigned word = LOAD(group->word), other = LOAD(sibling->word), moved = 0;
    if (DEPTH(word) != 1 || !group_try_lock(group, word)) {
        return;
    }
    word |= LOCK | (TWIN == 2 ? 0u : SPLITTING);
    STORE(group->word, word);
    for (struct cell *cell = group->cells; cell < group->cells + LINES; cell++) {
        unsigned key = KEY_LOAD(cell) | FREE;
        if (TWIN == 6) {
            wait_while(&cell->key, HELD(key));
        }
        if ((key >> 2 & 2) != 0 && cell_try_lock(cell, key)) {
            entry_move(group, cell, sibling);
            moved += COUNT_ONE;
        } else if ((key >> 2 & 2) != 0) {
            other |= BORROWS; /* held: left behind */
        }
    }
    word = TWIN == 7 ? word : GROWN(word, 1u);
    STORE(group->word, word);
    for (struct cell *cell = group->cells; cell < group->cells + LINES; cell++) {
        unsigned key = KEY_LOAD(cell); /* who was displaced comes home */
        struct cell *wanted = &group->cells[HOME(key >> 2)];
        if (key != EMPTY && KEY_LOAD(wanted) == EMPTY && cell_try_lock(cell, key | FREE)) {
            entry_move(group, cell, group);
        }
    }
    other = GROWN(other, 2u) + moved;
    STORE(sibling->word, other | LOCK);
    STORE(group->word, (GROWN(word, 2u) & ~(unsigned)(SPLITTING | LOCK)) - moved);
    STORE(sibling->word, other);
}

static bool entries_lock(struct group *group)
{
    for (unsigned i = 0; i < LINES; i++) {
        unsigned key = KEY_LOAD(&group->cells[i]) | FREE;
        if (key != (EMPTY | FREE) && !cell_try_lock(&group->cells[i], key)) {
            while (i-- > 0) {
                key = KEY_LOAD(&group->cells[i]);
                STORE(group->cells[i].key, key == EMPTY ? key : key | FREE);
            }
            return false;
        }
    }
    return true;
}

static void merge(void)
{
    struct group *group = &groups[2], *parent = &groups[0];
    unsigned word = LOAD(group->word), other = LOAD(parent->word);
    if (DEPTH(word) != 2 || DEPTH(other) != 2 || !group_try_lock(parent, other)) {
        return;
    }
    bool locked = group_try_lock(group, word);
    if (locked && entries_lock(group)) {
        STORE(group->word, word | LOCK | MERGING);
        for (struct cell *cell = group->cells; cell < group->cells + LINES; cell++) {
            if (KEY_LOAD(cell) != EMPTY) {
                entry_move(group, cell, parent);
                other += COUNT_ONE;
            }
        }
        other = GROWN(other, 1u);
        STORE(parent->word, other | LOCK);
        word = TWIN == 4 ? 0 : GROWN(word, 0u) & ~(unsigned)(BELOW_MARKS | MARKS);
    }
    if (locked) {
        STORE(group->word, word);
    }
    STORE(parent->word, other);
}
