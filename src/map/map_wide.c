/* SPDX-License-Identifier: MIT
 * map_wide.c - hot paths of integer keys compiled for processors with AVX where the build's
 * baseline has none: how a get goes on when the whole look at its home line found nothing, and
 * inserts and erases, whose source is the same with fewer instructions for each look at a line.
 *
 * Guarantees   those of map_core.h.
 * Progress     as stated there.
 */
#include "map/map_integer.h"

struct th_au8 thi_map_wide;

/* What the processor said when it was asked: asking takes long. */
enum { WIDE_UNKNOWN, WIDE_NO, WIDE_YES };
static struct th_au8 wide_said;

void thi_map_wide_choose(void)
{
    /* relaxed, all: whoever asks gets the same answer; both paths are right. */
    uint8_t said = th_u8_load_rlx(&wide_said);
    if (said == WIDE_UNKNOWN) {
        said = thi_port_has_wide_loads() ? WIDE_YES : WIDE_NO;
        th_u8_store_rlx(&wide_said, said);
    }
    th_u8_store_rlx(&thi_map_wide, said == WIDE_YES);
}

bool thi_map_reads_whole(void)
{
    return map_is_wide();
}

#ifdef TH_LINE_WHOLE
/* In the home line or the one that its entries are displaced to first. Any cell that holds the key
 * whole tells its value, so a hit needs no version. */
TH_INLINE bool spot_get(const struct thi_map *map, const struct spot *spot, uint64_t hash,
                        uint64_t word, uint64_t *value)
{
    uint64_t key = hash | TH_KEY_MARKS;
    bool passed = line_was_passed(spot->side, hash);
    if ((passed && thi_line_get(line_next(spot, hash), key, value)) ||
        thi_line_get(spot_line(spot, hash), key, value)) {
        return true;
    }
    return !spot_absent(map, spot, hash, word) && thi_integer_look(map, hash, value);
}

/* Where the span does not lead to: a group that is split further or less than most, or lies beyond
 * run 0. */
static TH_NOINLINE bool get_elsewhere(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    uint64_t word;
    struct group group = thi_map_find_group(map, hash, &word);
    if (group.line_mask != TH_MAP_LINES - 1) {
        return thi_integer_look(map, hash, value); /* a small map */
    }
    struct spot spot = {.side = group.side, .cells = group.cells, .hint = word};
    return spot_get(map, &spot, hash, word, value);
}

/* The home line that the span leads to was read whole and does not hold the key, and it is not
 * certain that the key is absent. */
bool thi_map_get_wide(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
    uint64_t hint = hint_load(map);
    if (TH_LIKELY((hint & TH_HINT_RUNS) == 0)) {
        struct spot spot = spot_near(map, hash, hint);
        uint64_t word = word_load(spot.side);
        if (TH_LIKELY(spot_is_typical(&spot, word))) {
            return spot_get(map, &spot, hash, word, value);
        }
    }
    return get_elsewhere(map, hash, value);
}
#else
bool thi_map_get_wide(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    return integer_get(map, hash, value);
}
#endif

th_status thi_map_insert_wide(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *present)
{
    return integer_insert(map, hash, value, present);
}

th_status thi_map_erase_wide(struct thi_map *map, uint64_t hash, uint64_t *old)
{
    return integer_erase(map, hash, old);
}
