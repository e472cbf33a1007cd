/* SPDX-License-Identifier: MIT
 * play_map.c - the scenarios of the map with integer keys.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/map_steps.h"

static void steps_refuse(bool refuse)
{
    proof_refuses = refuse;
}

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < MAP_STEPS_COUNT; i++) {
        if (strcmp(name, map_steps[i].name) == 0) {
            unsigned count = 0;
            steps = &map_steps[i];
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
