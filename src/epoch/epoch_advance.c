/* SPDX-License-Identifier: MIT
 * epoch_advance.c - moves the epoch on, and tells who stands in its way.
 *
 * Guarantees   G1 the epoch moves from E to E + 1 only after a heavy barrier and a scan that began
 *              at E and found no member announced at another epoch than E.
 *              G2 a stall is reported at most once a second, from here; nobody is waited for.
 *
 * Why an object with stamp S may be reclaimed at epoch S + 3. Let D be the fence between its
 * unlinking and its stamp (@epoch.stamp), R the light barrier of a guard, and H1, H2 the heavy
 * barriers of the advances from S + 1 to S + 2 and from there to S + 3 (@epoch.scan). D, H1, H2 are
 * seq_cst fences; each H falls wholly before or behind R: both are such fences, or the system's
 * heavy barrier sees to it.
 *   D is before H1: the stamp S, read behind D, is older than the S + 1 that was read before H1.
 *     H1 is before H2.
 *   H1 before R: then D before R, and the guard sees the object unlinked. It cannot reach it.
 *   R before H1: the scans behind H1 and H2 see what the guard announced before R, or a later
 *     store of its member. If it is later, the guard was left: its reads happen before our scan
 *     (@epoch.leave) and so before the reclaim (@epoch.advance). Otherwise both scans see the same
 *     number, which is not S + 1 and S + 2 at once: one of them fails, and the epoch does not
 *     reach S + 3.
 * No use is made of when a reader read the epoch that it announces. One epoch less would need that:
 * a guard announced at S + 1 passes H1, and is harmless only if reading S + 1 before R puts D
 * before R. Light barriers that no heavy one separates order nothing on machines that reorder
 * loads.
 *
 * The classical pitfalls, in these terms:
 *   - A reader that read the epoch long ago and announces it late holds the epoch up, that is all.
 *   - A reader that leaves and enters again during a scan: each of its stores is a release store,
 *     so the scan is ordered behind the guard that was left whichever it sees; the new guard is a
 *     case of its own.
 *   - A member that registers during a scan: its record is in the list before its R. Either R is
 *     before H, and the scan behind H meets the record, or H is before R.
 *   - A record used again by another thread: `announced` is one sequence of guards, whoever makes
 *     them; the next member takes the record behind the last one's leave (@epoch.claim).
 *   - Two scanners: both exchange E for E + 1, one succeeds; the other's scan is good for no other
 *     step, since the epoch never returns to E (64 bits: no ABA).
 *   - One's own guard is scanned like any other: who retires inside a guard lets the epoch move
 *     once at most.
 */
#include "epoch/epoch_priv.h"

#include "port/port.h"
#include "trace/trace.h"

#include <string.h>

#define TH_NS_PER_S 1000000000u

struct stall_watch {
    struct th_au64 *since_ns;
    struct th_au64 *reported_ns;
};

static uint64_t waiting_bytes(const struct th_epoch *domain)
{
    /* relaxed: for a report. Members flush in any order, so the sum may be below zero for a
     * moment. */
    int64_t bytes = (int64_t)th_u64_load_rlx(&domain->waiting_bytes);
    return bytes < 0 ? 0 : (uint64_t)bytes;
}

/* `record` NULL: threads that have none. */
static void stall_report(struct th_epoch *domain, const struct th_epoch_handle *record,
                         uint64_t stalled_ns)
{
    char name[TH_EPOCH_NAME_WORDS * sizeof(uint64_t) + 1] = "(no record)";
    struct th_epoch_stall stall = {
        .stalled_ns = stalled_ns, .waiting_bytes = waiting_bytes(domain), .thread_name = name};
    if (record != NULL) {
        /* relaxed: for a report; may be the next member's if the stalled one left this moment. */
        stall.thread_id = th_u64_load_rlx(&record->thread_id);
        for (size_t i = 0; i < TH_EPOCH_NAME_WORDS; i++) {
            uint64_t word = th_u64_load_rlx(&record->name[i]);
            memcpy(name + i * sizeof(word), &word, sizeof(word));
        }
        name[sizeof(name) - 1] = '\0';
    }
    /* relaxed: statistic. */
    th_u64_add_rlx(&domain->stalls, 1);
    thi_trace(THI_EVENT_STALL, (uintptr_t)stall.thread_id, stalled_ns);
    if (domain->on_stall != NULL) {
        domain->on_stall(domain->on_stall_context, &stall);
    }
}

/* True once a second from stall_ns on, on one thread. All relaxed: scanners that race here time a
 * stall a little differently; the exchange lets one of them report. */
static bool stall_is_due(const struct th_epoch *domain, const struct stall_watch *watch,
                         uint64_t now, uint64_t *stalled_ns)
{
    uint64_t since = th_u64_load_rlx(watch->since_ns);
    uint64_t reported = th_u64_load_rlx(watch->reported_ns);
    if (now < since || now - since < domain->stall_ns ||
        (reported != 0 && (now < reported || now - reported < TH_NS_PER_S))) {
        return false;
    }
    *stalled_ns = now - since;
    return th_u64_cas_rlx_rlx(watch->reported_ns, &reported, now);
}

/* A member announced at `announced` is in the way. A member in the way cannot enter anew at the
 * same epoch (it would read the current one), so record and epoch together name one guard. */
static void record_blocks(struct th_epoch *domain, struct th_epoch_handle *record,
                          uint64_t announced)
{
    struct stall_watch watch = {&record->blocked_since_ns, &record->reported_ns};
    uint64_t now = thi_port_now_ns();
    uint64_t stalled_ns;
    /* relaxed, as all here: see stall_is_due(). */
    if (th_u64_load_rlx(&record->blocked_epoch) != announced) {
        th_u64_store_rlx(&record->blocked_since_ns, now);
        th_u64_store_rlx(&record->reported_ns, 0);
        th_u64_store_rlx(&record->blocked_epoch, announced);
    } else if (stall_is_due(domain, &watch, now, &stalled_ns)) {
        stall_report(domain, record, stalled_ns);
    }
}

static void fallback_blocks(struct th_epoch *domain)
{
    struct stall_watch watch = {&domain->fallback_since_ns, &domain->fallback_reported_ns};
    uint64_t now = thi_port_now_ns();
    uint64_t stalled_ns;
    /* relaxed, as all here: see stall_is_due(). */
    if (th_u64_load_rlx(&domain->fallback_since_ns) == 0) {
        th_u64_store_rlx(&domain->fallback_reported_ns, 0);
        th_u64_store_rlx(&domain->fallback_since_ns, now);
    } else if (stall_is_due(domain, &watch, now, &stalled_ns)) {
        stall_report(domain, NULL, stalled_ns);
    }
}

/* True if the member is outside or at `epoch`. */
static bool record_passed(struct th_epoch *domain, struct th_epoch_handle *record, uint64_t epoch)
{
    /* acquire @epoch.leave: the announcement before everything the advance permits; other side:
     * epoch_announce(), thi_epoch_withdraw(). Without it: see there. */
    uint64_t announced = th_u64_load_acq(&record->announced);
    if (TH_LIKELY(announced == TH_EPOCH_OUTSIDE || announced == epoch)) {
        return true;
    }
    record_blocks(domain, record, announced);
    return false;
}

static bool all_passed(struct th_epoch *domain, uint64_t epoch)
{
    /* acquire @epoch.leave: as in record_passed(); other side: thi_epoch_leave_slow(). The fallback
     * announces no epoch: it is in the way while it is held. */
    if (TH_UNLIKELY(th_u64_load_acq(&domain->fallback_readers) != 0)) {
        fallback_blocks(domain);
        return false;
    }
    /* relaxed: the watch on the fallback starts anew. */
    if (TH_UNLIKELY(th_u64_load_rlx(&domain->fallback_since_ns) != 0)) {
        th_u64_store_rlx(&domain->fallback_since_ns, 0);
    }
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        if (!record_passed(domain, record, epoch)) {
            return false;
        }
    }
    return true;
}

/* False: the system refuses (a seccomp filter that came later). The epoch stands still then. */
static bool barrier_heavy(struct th_epoch *domain)
{
    /* relaxed: decided before the domain had members. */
    if (th_u32_load_rlx(&domain->barrier) == TH_EPOCH_BARRIER_ASYMMETRIC) {
        /* heavy @epoch.scan: against light @epoch.scan in thi_epoch_barrier_light(). Argued at the
         * top of this file.
         *   reader first: its announcement is visible to the scan that follows.
         *   we first:     the reader sees the objects unlinked. No third case. */
        if (!thi_port_membarrier_heavy()) {
            return false;
        }
        /* relaxed: statistic. */
        th_u64_add_rlx(&domain->heavy_barriers, 1);
    }
    /* seq_cst @epoch.scan: the epoch, read before, before the announcements read behind; against
     * the fence in thi_epoch_barrier_light(), and against the one of @epoch.stamp in either mode.
     * Needs the total order of fences. Without it: the scan reads stale announcements and
     * passes a reader that found an object still linked. */
    th_fence_sc();
    return true;
}

bool thi_epoch_advance(struct th_epoch *domain)
{
    /* relaxed: the fences on both sides of the exchange that made this epoch order it: that of
     * who made it, and ours in barrier_heavy(). */
    uint64_t epoch = th_u64_load_rlx(&domain->epoch);
    /* The first scan is for free; the barrier is paid only if it can help. */
    if (!all_passed(domain, epoch) || !barrier_heavy(domain) || !all_passed(domain, epoch)) {
        return false;
    }
    /* release @epoch.advance: the leaves that the scan saw before the new epoch; other side:
     * limbo_refresh_locked(). Later exchanges continue what this one releases. Without it: the
     * reclaimer is not ordered behind the last reads. A failure means that another scanner moved
     * it. */
    if (th_u64_cas_rel_rlx(&domain->epoch, &epoch, epoch + 1)) {
        /* relaxed: statistic. */
        th_u64_add_rlx(&domain->advances, 1);
    }
    return true;
}
