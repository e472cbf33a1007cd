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
/* The home line in run 0 was read whole and does not hold the key, or the table goes beyond it. */
bool thi_map_get_wide(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
    struct spot spot = spot_of(map, hash);
    const struct cell *line = spot_line(&spot, hash);
    /* Entries are displaced from full lines, and a hit needs no look at the side word, which in a
     * big table is far away. */
    bool full = thi_line_is_full(line);
    if (full && thi_line_get(line_next(&spot, hash), hash | TH_KEY_MARKS, value)) {
        return true;
    }
    uint64_t word = word_load(spot.side);
    if (TH_UNLIKELY(line_was_passed(spot.side, hash))) {
        bool next = !full && thi_line_get(line_next(&spot, hash), hash | TH_KEY_MARKS, value);
        return next || thi_integer_look(map, hash, value);
    }
    THI_MAP_POINT(THI_MAP_POINT_READ_WORD, map);
    bool beyond = (spot.hint & TH_HINT_RUNS) != 0;
    if (TH_UNLIKELY(beyond) && thi_line_get(line, hash | TH_KEY_MARKS, value)) {
        return true;
    }
    unsigned offset = thi_line_find(line, hash | TH_KEY_MARKS, true);
    THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
    if (TH_LIKELY(offset == TH_LINE_NONE) && quick_absent(&spot, hash, word) == QUICK_ABSENT) {
        return false;
    }
    return thi_integer_look(map, hash, value);
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
