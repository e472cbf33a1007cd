/* SPDX-License-Identifier: MIT
 * line.c - the constants that the look at a line keeps in memory.
 *
 * Progress     nothing runs here.
 */
#include "atomic/line.h"

#if defined(__SSE2__) && defined(__x86_64__) && !defined(TH_LINE_PORTABLE)
const uint64_t thi_line_mark[2] = {TH_LINE_MARK, TH_LINE_MARK};
const uint32_t thi_line_mark_low[4] = {TH_LINE_MARK, TH_LINE_MARK, TH_LINE_MARK, TH_LINE_MARK};
const TH_ALIGNED(16) uint32_t thi_line_reference[4] = {TH_LINE_REFERENCE, TH_LINE_REFERENCE,
                                                       TH_LINE_REFERENCE, TH_LINE_REFERENCE};
const TH_ALIGNED(16) uint32_t thi_line_marks[4] = {
    TH_LINE_REFERENCE | TH_LINE_MARKS, TH_LINE_REFERENCE | TH_LINE_MARKS,
    TH_LINE_REFERENCE | TH_LINE_MARKS, TH_LINE_REFERENCE | TH_LINE_MARKS};
#else
extern const uint64_t thi_line_mark_unused; /* a file must hold a declaration */
#endif
