/* SPDX-License-Identifier: MIT
 * answer.h - the answers of one turn, gathered for one write.
 *
 * Short answers are copied, long values are referred to where they lie in the cache. So a turn
 * stands inside the cache's guard until its answers are flushed.
 */
#ifndef TOPHASH_SERVER_ANSWER_H
#define TOPHASH_SERVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "buffers.h"

enum {
    TH_ANSWER_PIECES_MAX = 512,
    TH_ANSWER_COPIED_MAX = 64 * 1024,
    TH_ANSWER_QUEUED_MAX = 256 * 1024, /* more than this is written before the next answer */
    TH_ANSWER_REFER_MIN = 1024         /* values from this size on are not copied */
};

/* Where a connection's answers go: `write`, and what it would not take yet. */
struct thi_outlet {
    /* Writes what it can of the pieces; *written is how much that was, 0 if it would block. False:
     * the peer is gone. */
    bool (*write)(struct thi_outlet *outlet, const struct iovec *pieces, size_t count,
                  size_t *written);
    char *unsent; /* copied from a partial write: [unsent_begin, unsent_end) waits */
    size_t unsent_begin;
    size_t unsent_end;
    size_t unsent_capacity;
    bool broken; /* the peer is gone, or what it did not take could not be kept */
};

struct thi_answer {
    struct thi_buffers *buffers;
    struct thi_outlet *outlet; /* of the connection whose turn it is */
    size_t queued_bytes;
    size_t piece_count;
    size_t copied_bytes;
    uint64_t written_total;
    struct iovec pieces[TH_ANSWER_PIECES_MAX];
    char copied[TH_ANSWER_COPIED_MAX];
};

/* True if the outlet takes no further answers: something waits unsent, or it is broken. */
bool thi_outlet_blocked(const struct thi_outlet *outlet);
/* Tries to send what waits. True: nothing waits any more. */
bool thi_outlet_resume(struct thi_outlet *outlet, struct thi_buffers *buffers, uint64_t *written);
void thi_outlet_fini(struct thi_outlet *outlet, struct thi_buffers *buffers);

void thi_answer_begin(struct thi_answer *answer, struct thi_outlet *outlet);

/* Makes room for `copied` bytes and `pieces` references, writing what is queued if that is needed.
 * False: the outlet is blocked; no answer may be added. */
bool thi_answer_room(struct thi_answer *answer, size_t copied, size_t pieces);

/* Adds to the answers; room must have been made. */
void thi_answer_copy(struct thi_answer *answer, const void *bytes, size_t size);
void thi_answer_text(struct thi_answer *answer, const char *text);
/* `bytes` must stay until the flush. */
void thi_answer_refer(struct thi_answer *answer, const void *bytes, size_t size);

/* Writes what is queued; the rest of a partial write is copied to the outlet. */
void thi_answer_flush(struct thi_answer *answer);

#endif
