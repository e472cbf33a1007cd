/* SPDX-License-Identifier: MIT
 * steps_body.h - plays a table of scenarios on real threads and one thread after the other. The
 *                including file has included the scenarios, and defined STEPS_ROW, the name of the
 *                struct of a row, STEPS_MEMBERS, the threads that a row may have, and steps_phase.
 */
#ifndef TOPHASH_TESTS_MAP_STEPS_BODY_H
#define TOPHASH_TESTS_MAP_STEPS_BODY_H

#include "map/pool.h"
#include "test.h"

/* Memory is never refused here: the scenarios in which it is go on as the others do. */
static void steps_refuse(bool refuse)
{
    (void)refuse;
}

struct steps_run {
    struct pool_barrier barrier;
    uint64_t rounds;
    const struct STEPS_ROW *table;
    unsigned rows;
};

struct steps_member {
    struct steps_run *run;
    unsigned number;
};

static void steps_begin(const struct STEPS_ROW *row)
{
    steps = row;
    steps_phase = 0;
    steps_setup();
}

static void steps_end(void)
{
    int failures = test_failures;
    steps_phase = 2;
    steps_after();
    if (test_failures != failures) {
        printf("# scenario %s failed\n", steps->name);
    }
}

/* Goal: the scenarios mean what they say. Method: threads one after the other, forwards, then
 * backwards. */
static void table_in_both_orders(const struct STEPS_ROW *table, unsigned rows)
{
    for (unsigned i = 0; i < rows; i++) {
        steps_begin(&table[i]);
        for (unsigned number = 1; number <= STEPS_MEMBERS; number++) {
            steps_thread(number);
        }
        steps_end();
        steps_begin(&table[i]);
        for (unsigned number = STEPS_MEMBERS; number >= 1; number--) {
            steps_thread(number);
        }
        steps_end();
    }
}

static void *steps_member_run(void *argument)
{
    const struct steps_member *member = argument;
    struct steps_run *run = member->run;
    for (uint64_t i = 0; i < run->rounds * run->rows; i++) {
        pool_wait(&run->barrier);
        steps_thread(member->number);
        pool_wait(&run->barrier);
    }
    return NULL;
}

/* Goal: no interleaving that happens here breaks a scenario. Method: as many threads as a scenario
 * can have, released together, many rounds. */
static void table_on_threads(const struct STEPS_ROW *table, unsigned rows, uint64_t rounds)
{
    struct steps_run run = {.rounds = rounds, .table = table, .rows = rows};
    struct steps_member members[STEPS_MEMBERS];
    pthread_t threads[STEPS_MEMBERS];
    run.barrier.members = STEPS_MEMBERS + 1;
    for (unsigned i = 0; i < STEPS_MEMBERS; i++) {
        members[i] = (struct steps_member){&run, i + 1};
        threads[i] = pool_start(steps_member_run, &members[i]);
    }
    for (uint64_t i = 0; i < rounds * rows; i++) {
        steps_begin(&table[i % rows]);
        pool_wait(&run.barrier);
        pool_wait(&run.barrier);
        steps_end();
    }
    for (unsigned i = 0; i < STEPS_MEMBERS; i++) {
        pool_join(threads[i]);
    }
}

#endif
