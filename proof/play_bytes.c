/* SPDX-License-Identifier: MIT
 * play_bytes.c - the scenarios of the map with bytes keys.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/bytes_against.h"

static void steps_refuse(bool refuse)
{
    proof_refuses = refuse;
}

static bool table_play(const struct bytes_steps *table, unsigned rows, const char *name)
{
    for (unsigned i = 0; i < rows; i++) {
        if (strcmp(name, table[i].name) == 0) {
            unsigned count = 0;
            steps = &table[i];
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

bool proof_play(const char *name)
{
    return table_play(bytes_steps, BYTES_STEPS_COUNT, name) ||
           table_play(bytes_against, BYTES_AGAINST_COUNT, name);
}
