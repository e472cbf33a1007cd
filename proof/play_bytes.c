/* SPDX-License-Identifier: MIT
 * play_bytes.c - the scenarios of the map with bytes keys.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/bytes_steps.h"

static void steps_refuse(bool refuse)
{
    proof_refuses = refuse;
}

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < BYTES_STEPS_COUNT; i++) {
        if (strcmp(name, bytes_steps[i].name) == 0) {
            unsigned count = 0;
            steps = &bytes_steps[i];
            steps_setup();
            while (count < BYTES_THREADS && steps->threads[count][0].operation != END) {
                count++;
            }
            proof_threads(count, steps_thread);
            steps_after();
            return true;
        }
    }
    return false;
}
