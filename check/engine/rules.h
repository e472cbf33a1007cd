/* SPDX-License-Identifier: MIT
 * rules.h - the rules of the model, by number.
 *
 * Each can be switched off (bit n of `rules_off`), which makes the model wrong: the self-test
 * switches each off in turn and shows a litmus test that notices. The source cites them as R1 ...
 */
#ifndef TOPHASH_CHECK_ENGINE_RULES_H
#define TOPHASH_CHECK_ENGINE_RULES_H

#define TH_RULES(RULE)                                                                       \
    RULE(1, READ_FLOOR, "a read takes no write older than one its thread has observed")      \
    RULE(2, READ_OLD, "a read may take any other write, not only the newest")                \
    RULE(3, READ_ACQUIRE, "an acquire read joins what the write it reads released")          \
    RULE(4, WRITE_FLOOR, "a write stands after every write its thread has observed")         \
    RULE(5, WRITE_BETWEEN, "a write may stand between older writes, not only at the end")    \
    RULE(6, WRITE_ATOMICITY, "no write stands between a write and the RMW that read it")     \
    RULE(7, RMW_ADJACENT, "the write of an RMW stands directly behind the write it read")    \
    RULE(8, RMW_ACQUIRE, "an RMW of acquire order acquires")                                 \
    RULE(9, CAS_COMPARES, "a compare-exchange that finds another value writes nothing")      \
    RULE(10, CAS_FAILURE, "a compare-exchange that fails has its failure order")             \
    RULE(11, RELEASE_WRITE, "a release write releases what its thread knows")                \
    RULE(12, RELEASE_FENCE, "a write behind a release fence releases what the fence knew")   \
    RULE(13, RELEASE_RMW, "an RMW passes on what the write it read released")                \
    RULE(14, RELEASE_SAME_THREAD, "C11: later writes of the thread release it too")          \
    RULE(15, PLAIN_READ, "a plain read acquires nothing, nor for a later fence")             \
    RULE(16, PLAIN_WRITE, "a plain write releases nothing, not even behind a fence")         \
    RULE(17, ACQUIRE_FENCE, "an acquire fence acquires for all earlier reads of its thread") \
    RULE(18, RACE, "conflicting accesses, one plain, without happens-before race")           \
    RULE(19, RACE_ORDERED, "accesses ordered by happens-before do not race")                 \
    RULE(20, PSC_SB, "seq_cst: program order")                                               \
    RULE(21, PSC_HB, "seq_cst: happens-before that leaves and comes by another location")    \
    RULE(22, PSC_HB_LOCATION, "seq_cst: happens-before on one location")                     \
    RULE(23, PSC_MO, "seq_cst: modification order")                                          \
    RULE(24, PSC_RB, "seq_cst: a read before the writes that come after what it read")       \
    RULE(25, PSC_FENCE_BEFORE, "seq_cst fences order what happens after them")               \
    RULE(26, PSC_FENCE_AFTER, "seq_cst fences order what happens before them")               \
    RULE(27, PSC_FENCE_ECO, "seq_cst fences: any chain of communication between two")        \
    RULE(28, REVISIT, "a later write is offered to earlier reads")                           \
    RULE(29, REVISIT_MAXIMAL, "only if what goes was as it would be without a choice")

enum thi_rule {
#define RULE(number, name, text) TH_RULE_##name = number,
    TH_RULES(RULE)
#undef RULE
};

#endif
