/* SPDX-License-Identifier: MIT
 * play_steps.h - plays rows of tests/scenarios/map_steps.h.
 */
#ifndef TOPHASH_PROOF_PLAY_STEPS_H
#define TOPHASH_PROOF_PLAY_STEPS_H

#include "proof.h"

#include <string.h>

#include "scenarios/map_steps.h"

static inline void steps_refuse(bool refuse)
{
    proof_refuses = refuse;
}

/* False: the table has no such scenario. */
static inline bool steps_play(const struct map_steps *table, unsigned rows, const char *name)
{
    for (unsigned i = 0; i < rows; i++) {
        if (strcmp(name, table[i].name) == 0) {
            unsigned count = 0;
            steps = &table[i];
            steps_setup();
            while (count < STEP_THREADS && steps->threads[count][0].operation != END) {
                count++;
            }
            proof_threads(count, steps_thread);
            steps_after();
            return true;
        }
    }
    return false;
}

#endif
