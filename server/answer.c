/* SPDX-License-Identifier: MIT
 * answer.c - the answers of one turn, gathered for one write.
 *
 * Guarantees   G1 answers leave in the order in which they were added, none in part unless the
 *              outlet is broken. G2 after a flush no piece refers to the cache any more.
 * Invariants   I1 queued_bytes is the sum of the pieces' lengths. I2 while an outlet has something
 *              unsent, no command is begun for it (a command that is being done may still answer):
 *              so at most TH_ANSWER_QUEUED_MAX bytes, the copied ones and one value wait for a
 *              connection that does not read.
 */
#include "answer.h"

#include <string.h>

bool thi_outlet_blocked(const struct thi_outlet *outlet)
{
    return outlet->broken || outlet->unsent_begin < outlet->unsent_end;
}

void thi_outlet_fini(struct thi_outlet *outlet, struct thi_buffers *buffers)
{
    thi_buffers_drop(buffers, outlet->unsent, outlet->unsent_capacity);
    outlet->unsent = NULL;
    outlet->unsent_begin = outlet->unsent_end = outlet->unsent_capacity = 0;
}

bool thi_outlet_resume(struct thi_outlet *outlet, struct thi_buffers *buffers, uint64_t *written)
{
    size_t size = outlet->unsent_end - outlet->unsent_begin;
    if (size == 0 || outlet->broken) {
        return size == 0;
    }
    struct iovec piece = {.iov_base = outlet->unsent + outlet->unsent_begin, .iov_len = size};
    size_t sent = 0;
    if (!outlet->write(outlet, &piece, 1, &sent)) {
        outlet->broken = true;
        return false;
    }
    *written += sent;
    outlet->unsent_begin += sent;
    if (sent < size) {
        return false;
    }
    thi_outlet_fini(outlet, buffers);
    return true;
}

void thi_answer_begin(struct thi_answer *answer, struct thi_outlet *outlet)
{
    answer->outlet = outlet;
}

bool thi_answer_room(struct thi_answer *answer, size_t copied, size_t pieces)
{
    if (answer->copied_bytes + copied > TH_ANSWER_COPIED_MAX ||
        answer->piece_count + pieces > TH_ANSWER_PIECES_MAX ||
        answer->queued_bytes >= TH_ANSWER_QUEUED_MAX) {
        thi_answer_flush(answer);
    }
    return !thi_outlet_blocked(answer->outlet);
}

void thi_answer_copy(struct thi_answer *answer, const void *bytes, size_t size)
{
    char *place = answer->copied + answer->copied_bytes;
    memcpy(place, bytes, size);
    answer->copied_bytes += size;
    answer->queued_bytes += size;
    struct iovec *last = &answer->pieces[answer->piece_count - (answer->piece_count > 0)];
    if (answer->piece_count > 0 && (char *)last->iov_base + last->iov_len == place) {
        last->iov_len += size;
        return;
    }
    answer->pieces[answer->piece_count++] = (struct iovec){.iov_base = place, .iov_len = size};
}

void thi_answer_text(struct thi_answer *answer, const char *text)
{
    thi_answer_copy(answer, text, strlen(text));
}

void thi_answer_refer(struct thi_answer *answer, const void *bytes, size_t size)
{
    /* The kernel only reads through iov_base, whose type cannot say so. */
    union {
        const void *from;
        void *to;
    } pointer = {.from = bytes};
    answer->pieces[answer->piece_count++] = (struct iovec){.iov_base = pointer.to, .iov_len = size};
    answer->queued_bytes += size;
}

/* Makes room for `size` more bytes behind what waits. False: there is none. */
static bool unsent_grow(struct thi_outlet *outlet, struct thi_buffers *buffers, size_t size)
{
    size_t capacity = outlet->unsent_end + size;
    char *grown = outlet->unsent == NULL ? thi_buffers_take(buffers, capacity)
                                         : thi_buffers_grow(buffers, outlet->unsent,
                                                            outlet->unsent_capacity, capacity);
    if (grown == NULL) {
        return false;
    }
    outlet->unsent = grown;
    outlet->unsent_capacity = capacity;
    return true;
}

/* Copies what the write left to the outlet, so that the cache's guard can be left. */
static void rest_keep(struct thi_answer *answer, size_t written)
{
    struct thi_outlet *outlet = answer->outlet;
    if (!unsent_grow(outlet, answer->buffers, answer->queued_bytes - written)) {
        outlet->broken = true; /* an answer cut in two would be read as something else */
        return;
    }
    for (size_t i = 0; i < answer->piece_count; i++) {
        const struct iovec *piece = &answer->pieces[i];
        size_t skipped = written < piece->iov_len ? written : piece->iov_len;
        written -= skipped;
        memcpy(outlet->unsent + outlet->unsent_end, (char *)piece->iov_base + skipped,
               piece->iov_len - skipped);
        outlet->unsent_end += piece->iov_len - skipped;
    }
}

void thi_answer_flush(struct thi_answer *answer)
{
    struct thi_outlet *outlet = answer->outlet;
    if (answer->piece_count > 0 && !outlet->broken) {
        size_t written = 0;
        if (!thi_outlet_blocked(outlet)) { /* else behind what waits, to keep the order */
            outlet->broken = !outlet->write(outlet, answer->pieces, answer->piece_count, &written);
        }
        answer->written_total += written;
        if (!outlet->broken && written < answer->queued_bytes) {
            rest_keep(answer, written);
        }
    }
    answer->piece_count = 0;
    answer->copied_bytes = 0;
    answer->queued_bytes = 0;
}
