/* SPDX-License-Identifier: MIT
 * play_range.c - the scenarios of the slab's range.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/range_slab.h"

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < RANGE_SLAB_COUNT; i++) {
        if (strcmp(name, range_slab_table[i].name) == 0) {
            slab_steps = &range_slab_table[i];
            slab_steps_setup();
            proof_threads(slab_steps_thread_count(), slab_steps_thread);
            slab_steps_after();
            return true;
        }
    }
    return false;
}
