/* SPDX-License-Identifier: MIT
 * map_priv.h - the words of the concurrent map and the only functions that touch them.
 *
 * Layout       cell (16 B)   | key word | value |          key word 0 <=> the cell is empty
 *              line (64 B)   | cell 0 | cell 1 | cell 2 | cell 3 |
 *              group (4 KiB) 64 lines; an entry stands in its home line, or in a line reached by
 *                            home ^ 1, home ^ 2, ...
 *              side (16 B)   | group word | passed bitmap |   one a group, in an array of its own
 *
 *              key word      bit 12 LIVE, bit 13 FREE (0: the cell is held, its LOCK taken)
 *                            integer keys: the other bits of the hash, whose bits 12 and 13 the
 *                            group number implies; bytes keys: bits 24..63 record reference, bits
 *                            0..11 and 14..19 tag, 20..23 zero
 *              group word    63   58 57     15   14      13        12       11   1    0
 *                            | depth | version | BORROWS | MERGING | SPLITTING | count | LOCK |
 *                            depth 0: the group is absent (never made or merged away)
 *
 * Invariants   I1 An entry's key is unlocked in at most one cell of the map; who holds that cell's
 *                 LOCK owns the entry.
 *              I2 Nobody writes a key word whose LOCK he does not hold, but to fill an empty cell
 *                 under the group's lock.
 *              I3 A freed cell is filled again only after the group's version has grown since it
 *                 was freed.
 *              I4 The bit of a line is set in `passed` while an entry that probed past the line
 *                 stands in the group.
 *              I5 A live group of depth d and number p holds entries whose hash ends in the d low
 *                 bits of p; entries of other groups (borrowers) stand in it only if the BORROWS
 *                 bit of their group is set.
 *              I6 `count` is the number of live cells of the group.
 *
 * Access       field        readers               writers              guard
 *              cell         whole (x86-64, AVX)   as key and value     as key and value
 *              cell.key     acquire               release; CAS acq     cell LOCK, group LOCK (I2)
 *              cell.value   acquire               release              cell LOCK; empty: group LOCK
 *              side.word    acquire, then rlx     release; CAS acq     group LOCK
 *              side.passed  acquire               release              group LOCK
 *              passes[]     plain                 plain                group LOCK
 *              map.span     acquire               CAS rel              none: any value is safe
 *              map.whole    relaxed, after span   release, before span all four group LOCKs
 *              map.hint     acquire               release, CAS rel     none: any value is safe
 *              map.cells    acquire               release              all four group LOCKs
 *              map.runs     acquire; relaxed      CAS rel              none: run_of() says why
 *              map.small    acquire               release              all four group LOCKs
 *              record.key   plain, after cell.key before it is shown   epoch
 * Sources      the side word with version and the mixed key stored in place of the key are ideas of
 *              this project's spike; growth in place by splitting follows linear and extendible
 *              hashing (Litwin; Fagin and others).
 */
#ifndef TOPHASH_MAP_MAP_PRIV_H
#define TOPHASH_MAP_MAP_PRIV_H

#include <tophash/map.h>

#include "map/map.h"
#include "map/map_geometry.h"

#include "atomic/atomic.h"
#include "atomic/line.h"
#include "epoch/epoch.h"
#include "hash/hash.h"
#include "mem/mem.h"
#include "mem/slab.h"
#include "port/port.h"
#include "trace/trace.h"

#define TH_KEY_LIVE ((uint64_t)1 << TH_HASH_GROUP_SHIFT)
#define TH_KEY_FREE ((uint64_t)2 << TH_HASH_GROUP_SHIFT)
#define TH_KEY_EMPTY ((uint64_t)0)
#define TH_KEY_MARKS (TH_KEY_LIVE | TH_KEY_FREE)
/* Of bytes: the tag with the marks in it, zeros, the reference. What counts units of 16 bytes,
 * shifted back to where the tag ends, counts bytes. */
#define TH_KEY_TAG_BITS 20u
#define TH_KEY_REFERENCE_SHIFT 24u

#define TH_WORD_LOCK ((uint64_t)1)
#define TH_WORD_COUNT_ONE ((uint64_t)2)
#define TH_WORD_COUNT_MASK ((uint64_t)0xffe)
#define TH_WORD_COMPARE_SHIFT 12u
#define TH_WORD_SPLITTING ((uint64_t)1 << 12)
#define TH_WORD_MERGING ((uint64_t)1 << 13)
#define TH_WORD_BORROWS ((uint64_t)1 << 14)
#define TH_WORD_SPECIAL (TH_WORD_SPLITTING | TH_WORD_MERGING | TH_WORD_BORROWS)
#define TH_WORD_VERSION_ONE ((uint64_t)1 << 15)
#define TH_WORD_VERSION_MASK ((((uint64_t)1 << 58) - 1) & ~(((uint64_t)1 << 15) - 1))
#define TH_WORD_DEPTH_SHIFT 58u

/* The bits of a hash that choose the line, as they stand there. */
#define TH_LINE_BITS ((uint64_t)(TH_MAP_LINES - 1) << TH_HASH_LINE_SHIFT)

/* map.hint: low 32 bits a mask of group numbers, bits 58..62 the depth it belongs to, bit 63: the
 * map is small. */
#define TH_HINT_SMALL ((uint64_t)1 << 63)
#define TH_HINT_RUNS ((uint64_t)1 << 57) /* the mask reaches behind run 0 */

/* map.span where hashes lead nowhere: to the first line of their root, which holds their keys and
 * no others. Never less: two keys may differ in no more than the bits that the marks took the place
 * of. */
#define TH_SPAN_ROOTS ((uint64_t)(TH_MAP_ROOT_GROUPS - 1) << TH_HASH_GROUP_SHIFT)

struct cell {
    struct th_au64 key;
    struct th_au64 value;
};

struct side {
    struct th_au64 word;
    struct th_au64 passed;
};

_Static_assert(sizeof(struct cell) == 16, "four cells are a line");
_Static_assert(sizeof(struct side) == 16, "a side is two words");
_Static_assert(1u << (TH_KEY_REFERENCE_SHIFT - TH_KEY_TAG_BITS) == THI_SLAB_UNIT_BYTES &&
                   THI_SLAB_REFERENCE_BITS + TH_KEY_REFERENCE_SHIFT == 64,
               "what is above the tag counts bytes");
_Static_assert(TH_KEY_MARKS == TH_LINE_MARKS && TH_KEY_REFERENCE_SHIFT == TH_LINE_TAG_BITS,
               "what a look at a line takes for tag, marks and reference");
_Static_assert(TH_KEY_FREE == TH_LINE_MARK, "what a look at a line may ignore");
_Static_assert(TH_MAP_GROUP_CELLS <= 256, "the home of an entry is 8 bits of its hash");
_Static_assert(TH_MAP_LINES_LOG2 <= 6, "the lines of a group have a bit each in one word");

/* A contiguous part of the table. Run 0 begins with group 0; every further run is as long as all
 * before it. Sides stand before the cells, the first group's last, so that one address leads to
 * both:
 *
 *      memory        | passes, one byte a line | ... side 1 | side 0 | group 0 | group 1 | ...
 *                                                                    cells
 * Runs never move and stay until the map is freed. */
struct run {
    char *cells;
    uint8_t *passes;
    uint32_t first;
    uint32_t groups;
    void *memory;
    size_t bytes;
    size_t alignment;
};
#define TH_MAP_RUNS_MAX 32u

/* A small map: four groups of few lines in one block. Replaced as a whole by a bigger one. */
struct small_block {
    struct small_block *older;
    size_t bytes; /* 0: embedded in the map */
    unsigned line_count_log2;
    struct side sides[TH_MAP_ROOT_GROUPS];
    uint8_t *passes;
    struct cell *cells;
};

/* Records that left the map wait here for their grace period, linked through their hash word, so
 * that retiring needs no memory; handed to the epoch as one bag, one bag of a limbo at a time. */
struct limbo {
    struct th_epoch_node node; /* of the bag in flight */
    struct thi_map *map;
    struct th_au64 records;    /* reference of the newest record that waits, 0: none */
    struct th_au64 values_out; /* values given to the epoch and not dropped yet */
    struct th_au64 bytes;
    struct th_au32 bag;     /* enum limbo_bag */
    uint64_t taken_records; /* the bag's content */
    uint64_t taken_bytes;
} TH_ALIGNED(TH_CACHE_LINE_BYTES);
#ifndef TH_LIMBO_STRIPES
#define TH_LIMBO_STRIPES 16u
#endif
enum limbo_bag { TH_BAG_IDLE, TH_BAG_SENT, TH_BAG_BUSY, TH_BAG_CLOSED };

struct thi_map_counters {
    struct th_au64 splits;
    struct th_au64 merges;
    struct th_au64 upgrades;
    struct th_au64 growth_enomem;
    struct th_au64 split_put_off;
    struct th_au64 read_retries;
    struct th_au64 cell_waits;
    struct th_au64 group_waits;
};

struct thi_map {
    /* Read by every operation, written by growth only. */
    struct th_au64 span;  /* the bits of a hash that lead to its line in run 0, or SPAN_ROOTS */
    struct th_aptr whole; /* run 0 where cells may be read whole, else lines that are empty */
    struct th_au64 hint;
    struct th_aptr cells; /* of run 0; of an absent run while the map is small */
    struct thi_seed seed;
    struct thi_slab *slab; /* bytes maps: records; NULL: integer keys */
    /* Cold. */
    struct th_aptr small; /* struct small_block * */
    struct th_aptr runs;  /* struct th_aptr[TH_MAP_RUNS_MAX] of struct run *; NULL while small */
    struct th_au64 block_bytes; /* of the map's own block and the small ones; none goes early */
    struct th_au64 group_count; /* live groups of the table; 0 while small */
    struct th_au64 group_end;   /* above every group that ever was live */
    struct th_au64 shrink_cursor;
    struct th_epoch *epoch;
    void (*drop)(void *context, uint64_t value);
    void *drop_context;
    size_t drop_node_offset;
    struct th_allocator mem;
    uint32_t flags;
    bool default_domain; /* epoch is th_epoch_default() */
    bool has_limbo;      /* bytes keys, or values to drop */
    struct thi_map_counters counters;
    struct th_au64 pins; /* 1 while the map lives, 1 a bag in flight, 1 a limbo with values out */
    struct th_aptr
        stripes; /* TH_LIMBO_STRIPES limbos once the map is large; NULL: limbo_first serves */
    struct limbo limbo_first; /* no memory without has_limbo: maps of integers are small */
};

/* A group as the slow paths see it, in a small block or in the table. */
struct group {
    struct side *side;
    struct cell *cells;
    uint8_t *passes;
    unsigned line_mask;
    uint32_t index;
};

/* A key on its way through an operation. word: what the key word of its cell must be (integers), or
 * tag and LIVE. */
struct key {
    uint64_t hash;
    uint64_t word;
    const void *bytes;
    size_t size;
};

/* A record of a bytes map. `hash` is re-used as the link of a limbo bag once the record is retired;
 * nobody looks at the hash of a record that no cell refers to without validating the group's
 * version afterwards. */
struct record {
    struct th_au64 hash;
    uint32_t key_bytes;
    unsigned char key[4]; /* and on */
};
#define TH_RECORD_HEADER_BYTES (offsetof(struct record, key))

#ifdef THI_TEST_POINTS
/* Tests set a hook that stops, delays or counts at named steps of the protocol. */
enum thi_map_point {
    THI_MAP_POINT_CELL_HELD,
    THI_MAP_POINT_GROUP_HELD,
    THI_MAP_POINT_SPLIT_MARKED,
    THI_MAP_POINT_SPLIT_COPIED,
    THI_MAP_POINT_SPLIT_CLEARED,
    THI_MAP_POINT_SPLIT_MOVED,
    THI_MAP_POINT_SPLIT_REHOMED,
    THI_MAP_POINT_SPLIT_SIBLING_LIVE,
    THI_MAP_POINT_MERGE_MARKED,
    THI_MAP_POINT_MERGE_COPIED,
    THI_MAP_POINT_MERGE_PARENT_DONE,
    THI_MAP_POINT_UPGRADE_COPIED,
    THI_MAP_POINT_UPGRADE_SHOWN,
    THI_MAP_POINT_UPGRADE_PUBLISHED,
    THI_MAP_POINT_READ_WORD,
    THI_MAP_POINT_READ_KEY,
    THI_MAP_POINT_READ_VALUE,
    THI_MAP_POINT_READ_SCANNED,
    THI_MAP_POINT_ERASE_CLEARED,
    THI_MAP_POINT_GROUP_FOUND,
    THI_MAP_POINT_SPLIT_REHOMING,
    THI_MAP_POINT_CELL_FOUND,
    THI_MAP_POINT_UPDATE_STORED,
    THI_MAP_POINT_INSERT_STORED,
    THI_MAP_POINT_COUNT
};
extern void (*thi_map_point_hook)(enum thi_map_point point, const void *map);
#define THI_MAP_POINT(point, map)               \
    do {                                        \
        if (thi_map_point_hook != NULL) {       \
            thi_map_point_hook((point), (map)); \
        }                                       \
    } while (0)
#else
#define THI_MAP_POINT(point, map) ((void)0)
#endif

/* A key word, that is not EMPTY, as it is held by somebody and as it is not. */
TH_INLINE uint64_t key_held(uint64_t word)
{
    return word & ~TH_KEY_FREE;
}
TH_INLINE uint64_t key_let_go(uint64_t word)
{
    return word | TH_KEY_FREE;
}
TH_INLINE bool key_is_held(uint64_t word)
{
    return (word & TH_KEY_FREE) == 0;
}

/* The bits of a word in the other order. */
uint64_t thi_map_reverse(uint64_t word);

/* Fields of a group word. */
TH_INLINE unsigned word_depth(uint64_t word)
{
    return (unsigned)(word >> TH_WORD_DEPTH_SHIFT);
}
TH_INLINE unsigned word_count(uint64_t word)
{
    return (unsigned)((word & TH_WORD_COUNT_MASK) >> 1);
}
TH_INLINE bool word_same(uint64_t a, uint64_t b)
{
    return ((a ^ b) >> TH_WORD_COMPARE_SHIFT) == 0;
}
TH_INLINE uint64_t word_bumped(uint64_t word)
{
    return (word & ~TH_WORD_VERSION_MASK) | ((word + TH_WORD_VERSION_ONE) & TH_WORD_VERSION_MASK);
}
TH_INLINE uint64_t word_with_depth(uint64_t word, unsigned depth)
{
    return (word & (((uint64_t)1 << TH_WORD_DEPTH_SHIFT) - 1)) | (uint64_t)depth
                                                                     << TH_WORD_DEPTH_SHIFT;
}
TH_INLINE uint64_t depth_mask(unsigned depth)
{
    return ((uint64_t)1 << depth) - 1;
}

/* The number of the group that covers a hash at a depth, and a hash that a group covers. */
TH_INLINE uint32_t hash_group(uint64_t hash, unsigned depth)
{
    return (uint32_t)((hash >> TH_HASH_GROUP_SHIFT) & depth_mask(depth));
}
TH_INLINE uint64_t group_hash(uint32_t index)
{
    return (uint64_t)index << TH_HASH_GROUP_SHIFT;
}

/* Positions of a walk: hashes with the group's bits on top, the lowest first, so that a group is an
 * interval of them whatever its depth. */
TH_INLINE uint64_t hash_position(uint64_t hash)
{
    return thi_map_reverse(hash >> TH_HASH_GROUP_SHIFT | hash << (64 - TH_HASH_GROUP_SHIFT));
}
TH_INLINE uint64_t position_hash(uint64_t position)
{
    uint64_t turned = thi_map_reverse(position);
    return turned << TH_HASH_GROUP_SHIFT | turned >> (64 - TH_HASH_GROUP_SHIFT);
}

/* A hash of the hash functions, whose low bits are the best, as the map uses it. */
TH_INLINE uint64_t hash_turned(uint64_t word)
{
    return word << TH_HASH_GROUP_SHIFT | word >> (64 - TH_HASH_GROUP_SHIFT);
}
TH_INLINE uint64_t hash_turned_back(uint64_t hash)
{
    return hash >> TH_HASH_GROUP_SHIFT | hash << (64 - TH_HASH_GROUP_SHIFT);
}

/* The line an entry wants, and the cell of the line it wants. */
TH_INLINE unsigned hash_line(uint64_t hash, unsigned line_mask)
{
    return (unsigned)(hash >> TH_HASH_LINE_SHIFT) & line_mask;
}
TH_INLINE unsigned hash_home(uint64_t hash)
{
    return (unsigned)(hash >> TH_HASH_CELL_SHIFT) &
           (TH_MAP_GROUP_CELLS - 1); /* in a table group: line and cell in one */
}
/* The same line as bytes from the start of a table group. */
TH_INLINE uintptr_t hash_line_offset(uint64_t hash)
{
    return (uintptr_t)hash & TH_LINE_BITS;
}
TH_INLINE unsigned hash_cell(uint64_t hash)
{
    return (unsigned)(hash >> TH_HASH_CELL_SHIFT) & (TH_MAP_LINE_CELLS - 1);
}

/* ------------------------------------------------------------------ the ordered accesses, each
 * once */

TH_INLINE uint64_t word_load(const struct side *side)
{
    /* acquire @map.word: the group as it was left before the reads of its cells; other side:
     * word_store(). Without it: a reader finds a sibling named by the depth whose entries it does
     * not see yet. */
    return th_u64_load_acq(&side->word);
}

TH_INLINE uint64_t word_recheck(const struct side *side)
{
    /* relaxed: the acquire loads of key, value and bitmap before it keep it behind them; a reader
     * that saw what a re-used cell holds has thereby seen the version that grew before
     * (@map.value). */
    return th_u64_load_rlx(&side->word);
}

TH_INLINE void word_store(struct side *side, uint64_t word)
{
    /* release @map.word: cells, bitmap and counters before the word that says so; other side:
     * word_load(), group_try_lock(). Without it: the next holder counts cells it does not see, a
     * reader accepts a cell freed and filled again. */
    th_u64_store_rel(&side->word, word);
}

/* Takes the group's lock if its word is still `*word`, which must be unlocked. */
TH_INLINE bool group_try_lock(struct side *side, uint64_t *word)
{
    TH_DEBUG_ASSERT((*word & TH_WORD_LOCK) == 0);
    TH_DEBUG_ASSERT(word_depth(*word) != 0); /* an absent group is its parent's holder's */
    /* acquire @map.word: what the last holder wrote before our reads of it; other side:
     * word_store(). Without it: we fill a cell that is full. Failure: relaxed, the caller starts
     * again. */
    return th_u64_cas_acq_rlx(&side->word, word, *word | TH_WORD_LOCK);
}

TH_INLINE uint64_t cell_key(const struct cell *cell)
{
    /* acquire @map.key: the value, the record and the bitmap before the key that shows them; other
     * side: cell_store_key(). Without it: a reader finds the key and the value of the cell's last
     * tenant. Needed for keys that do not match too: the re-check of the word must stay behind
     * them. */
    return th_u64_load_acq(&cell->key);
}

TH_INLINE void cell_store_key(struct cell *cell, uint64_t key)
{
    /* release @map.key: value, record and bitmap before the key; other side: cell_key(),
     * cell_try_lock(). Without it: a reader finds the key and the value of the cell's last tenant.
     * */
    th_u64_store_rel(&cell->key, key);
}

/* Takes the lock of the cell that holds `key` (unlocked). */
TH_INLINE bool cell_try_lock(struct cell *cell, uint64_t key)
{
    uint64_t expected = key;
    /* acquire @map.key: the last holder's value before ours; other side: cell_store_key().
     * Without it: a read-modify-write of the value works on an old one. */
    return th_u64_cas_acq_rlx(&cell->key, &expected, key_held(key));
}

TH_INLINE uint64_t cell_value(const struct cell *cell)
{
    /* acquire @map.value: the version that grew before the cell was filled again, before our
     * re-check of it; other side: cell_store_value(). Without it: a reader pairs a key with the
     * value of the cell's next tenant. */
    return th_u64_load_acq(&cell->value);
}

TH_INLINE void cell_store_value(struct cell *cell, uint64_t value)
{
    /* release @map.value: the version's growth, and what the value points to, before the value;
     * other side: cell_value(). Without it: a reader pairs a key with the value of the cell's next
     * tenant and does not notice. */
    th_u64_store_rel(&cell->value, value);
}

TH_INLINE uint64_t passed_load(const struct side *side)
{
    /* acquire @map.passed: the version that grew before a bit was cleared, before our re-check;
     * other side: passed_store(). Without it: a miss is accepted although the entry was moved. */
    return th_u64_load_acq(&side->passed);
}

TH_INLINE void passed_store(struct side *side, uint64_t passed)
{
    /* release @map.passed: the bit before the key that needs it, the version before a bit is
     * cleared; other side: passed_load(). Without it: a reader misses a displaced key that is
     * there. */
    th_u64_store_rel(&side->passed, passed);
}

TH_INLINE uint64_t hint_load(const struct thi_map *map)
{
    /* acquire @map.hint: the runs that cover the mask before our look for one; other side:
     * thi_map_hint_update(). Without it: a reader asks for a run that is not there. */
    return th_u64_load_acq(&map->hint);
}

TH_INLINE uint64_t span_load(const struct thi_map *map)
{
    /* acquire @map.span: the address of run 0 before ours of it; other side:
     * thi_map_span_update(). Without it: a line is looked for behind the few that stand in for a
     * table. */
    return th_u64_load_acq(&map->span);
}

/* Where cells may be read whole: run 0 on processors that can, else a line that is always empty. */
TH_INLINE const char *whole_load(const struct thi_map *map)
{
    /* relaxed: nothing is known of what it leads to but what the cells themselves show; that it is
     * not older than the span is @map.span. */
    return th_ptr_load_rlx(&map->whole);
}

TH_INLINE const char *cells_load(const struct thi_map *map)
{
    /* acquire @map.cells: run 0 and what the map was moved there with before its address; other
     * side: upgrade_to_table(). Without it: a reader finds roots that are not filled yet. */
    return th_ptr_load_acq(&map->cells);
}

/* ------------------------------------------------------------------ where a group is */

TH_INLINE struct side *cells_side(const char *cells, uint32_t number)
{
    return (struct side *)((uintptr_t)cells - (uintptr_t)number * sizeof(struct side)) - 1;
}

TH_INLINE struct cell *cells_group(const char *cells, uint32_t number)
{
    return (struct cell *)((uintptr_t)cells + (uintptr_t)number * TH_MAP_GROUP_BYTES);
}

TH_INLINE const struct run *run_of(const struct thi_map *map, uint32_t index)
{
    /* relaxed, all: who asks for a group has read of it in a word, a hint or a bound that was
     * released after its run was added, or has covered it himself. */
    struct th_aptr *runs = th_ptr_load_rlx(&map->runs);
    const struct run *run = th_ptr_load_rlx(&runs[0]);
    if (TH_LIKELY(index < run->groups)) {
        return run;
    }
    unsigned number = thi_log2_floor(index / run->groups) + 1;
    return th_ptr_load_rlx(&runs[number]);
}

TH_INLINE struct group group_in_table(const struct thi_map *map, uint32_t index)
{
    const struct run *run = run_of(map, index);
    uint32_t number = index - run->first;
    return (struct group){
        .side = cells_side(run->cells, number),
        .cells = cells_group(run->cells, number),
        .passes = run->passes + (size_t)number * TH_MAP_LINES,
        .line_mask = TH_MAP_LINES - 1,
        .index = index,
    };
}

TH_INLINE struct group group_in_small(struct small_block *block, uint32_t index)
{
    unsigned lines_log2 = block->line_count_log2;
    return (struct group){
        .side = &block->sides[index],
        .cells = block->cells + ((size_t)index << (lines_log2 + TH_MAP_LINE_CELLS_LOG2)),
        .passes = block->passes + ((size_t)index << lines_log2),
        .line_mask = (1u << lines_log2) - 1,
        .index = index,
    };
}

TH_INLINE uint32_t group_parent(uint32_t index)
{
    return index & ~(1u << thi_log2_floor(index));
}

TH_INLINE struct record *record_at(const struct thi_map *map, uint64_t key_word)
{
    return thi_slab_at_upper(map->slab, key_word);
}

/* The hash of the entry in a cell of group `index`; the cell must be held or the answer validated.
 * */
TH_INLINE uint64_t entry_hash(const struct thi_map *map, uint64_t key_word, uint32_t index)
{
    if (map->slab == NULL) {
        return (key_word & ~TH_KEY_MARKS) | (group_hash(index) & TH_KEY_MARKS);
    }
    /* acquire @map.hash: the version that grew before a link took the hash's place, before the
     * caller's re-check of it; other side: thi_map_record_retire(). Without it: a walk takes a link
     * for a hash and does not notice. */
    return th_u64_load_acq(&record_at(map, key_word)->hash);
}

/* ------------------------------------------------------------------ map_find.c */

/* The live group that covers `hash` and its word. */
struct group thi_map_find_group(const struct thi_map *map, uint64_t hash, uint64_t *word);
/* The group of that number, which a run must cover; for a small map 0 to 3. */
struct group thi_map_group(const struct thi_map *map, uint32_t index);
bool thi_map_is_small(const struct thi_map *map);
/* Counts and paces waiting for a held cell or group: spins, then sleeps. `round` starts at 0. */
void thi_map_wait(struct th_au64 *counter, const void *what, unsigned *round);

/* ------------------------------------------------------------------ map_place.c: under the group's
 * lock */

/* A free place on the probe path of `hash`, or NULL if the group is full. *distance: lines passed.
 * */
struct cell *thi_map_free_cell(const struct group *group, uint64_t hash, unsigned *distance);
/* Counts an entry that probed past `distance` lines in or out, and keeps the bitmap right. */
void thi_map_passes_add(const struct group *group, uint64_t hash, unsigned distance);
void thi_map_passes_sub(const struct group *group, uint64_t hash, unsigned distance);
/* Lines between an entry's home and the cell it stands in. */
unsigned thi_map_distance(const struct group *group, uint64_t hash, const struct cell *cell);
/* The same, counted as passed by. NULL: no room. */
struct cell *thi_map_place_take(const struct group *group, uint64_t hash);
/* Moves the entry of `from`, whose LOCK the caller holds, to the free cell `to`: the copy is shown
 * held, the old cell cleared, then the copy let go. */
void thi_map_move_entry(const struct thi_map *map, struct cell *from, uint64_t key_word,
                        struct cell *to);
/* Waits a bounded moment for the cell's LOCK and takes it: the key word without marks of locking,
 * or EMPTY if the cell is held for longer or empty. */
uint64_t thi_map_cell_lock_bounded(struct cell *cell);

/* ------------------------------------------------------------------ map_grow.c, map_shrink.c,
 * map_table.c */

/* Splits the group that covers `hash` if it holds at least `count_min` entries. TH_OK: split, or no
 * longer needed; TH_MORE: somebody holds the group; TH_EBUSY: it is as deep as it may be;
 * TH_ENOMEM. */
th_status thi_map_split(struct thi_map *map, uint64_t hash, unsigned count_min);
/* What is left to do when an insert left its group's word at `word`: a split, or the return of
 * borrowers. Failure is no error: there is room. */
void thi_map_after_insert(struct thi_map *map, uint64_t hash, uint64_t word);
/* An ancestor that lends a cell: locked, its word as it was. */
struct lender {
    struct group group;
    uint64_t word;
    bool held; /* no cell was found, but some ancestor could not be asked */
};
/* A free cell in an ancestor of group `index`, whose lock the caller holds; NULL. */
struct cell *thi_map_borrow_cell(struct thi_map *map, uint32_t index, uint64_t hash,
                                 struct lender *lender);
/* Moves a small map to a block twice as large or to the table. TH_OK; TH_MORE: somebody holds a
 * part of it; TH_ENOMEM. */
th_status thi_map_upgrade(struct thi_map *map);
/* Small maps: bytes of a block, its set-up in zeroed memory of `bytes` (0: embedded), and the end
 * of all blocks. */
size_t thi_map_small_bytes(unsigned line_count_log2);
void thi_map_small_init(struct small_block *block, unsigned line_count_log2, size_t bytes);
void thi_map_small_free_all(struct thi_map *map);
/* Makes sure that a run holds the group's place. TH_OK, TH_ENOMEM. */
th_status thi_map_runs_cover(struct thi_map *map, uint32_t index);
void thi_map_runs_free_all(struct thi_map *map);
uint64_t thi_map_runs_bytes(const struct thi_map *map);
/* Notes that the group is live. */
void thi_map_runs_reach(struct thi_map *map, uint32_t index);
void thi_map_hint_update(struct thi_map *map);
/* Lets the quick paths reach as far as the hint says. */
void thi_map_span_update(struct thi_map *map);
uint64_t thi_map_hint_make(const struct thi_map *map, unsigned depth);
/* True once the quick paths see the table. */
bool thi_map_has_cells(const struct thi_map *map);
/* True once hits are read whole in run 0. */
bool thi_map_has_whole(const struct thi_map *map);
th_status thi_map_reserve(struct thi_map *map, uint64_t entries);
th_status thi_map_shrink(struct thi_map *map, uint64_t merges_max);
void thi_map_clear(struct thi_map *map);

/* ------------------------------------------------------------------ map_life.c, map_wide.c */

/* Finds out once more what the processor offers; cheap, idempotent. */
void thi_map_wide_choose(void);
/* True if a cell can be read whole, its key and its value at one moment. */
bool thi_map_reads_whole(void);

th_status thi_map_new(const struct th_map_config *config, bool bytes_keys, struct thi_map **map);
void thi_map_free(struct thi_map *map);
/* The last part of a free: runs when no bag is in flight any more. */
void thi_map_unpin(struct thi_map *map);

/* ------------------------------------------------------------------ map_limbo.c: never under a
 * lock */

void thi_map_limbo_init(struct limbo *limbo, struct thi_map *map);
/* More limbos for a large map; does without if there is no memory. */
void thi_map_limbo_spread(struct thi_map *map);
/* At the end: bags on their way do no more than unpin (close), then the limbos themselves once no
 * pin is left. */
void thi_map_limbo_close(struct thi_map *map);
void thi_map_limbo_free_all(struct thi_map *map);
/* Takes over a value that was replaced or erased (nothing to do without a drop callback), and the
 * record of a key that was erased (bytes maps). `hash` only spreads. */
void thi_map_value_retire(struct thi_map *map, uint64_t value, uint64_t hash);
void thi_map_record_retire(struct thi_map *map, uint64_t key_word, uint64_t hash);

/* ------------------------------------------------------------------ map_walk.c, map_stats.c */

struct walk_entry {
    uint64_t position; /* of the entry's hash */
    uint64_t key_word;
    uint64_t value;
};
size_t thi_map_next(const struct thi_map *map, struct th_map_cursor *cursor,
                    struct walk_entry *entries, size_t capacity);
uint64_t thi_map_count(const struct thi_map *map);
void thi_map_get_stats(const struct thi_map *map, struct th_map_stats *stats);
th_status thi_map_validate(const struct thi_map *map, const char **reason);

#endif
