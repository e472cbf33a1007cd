/* SPDX-License-Identifier: MIT
 * play_epoch.c - the scenarios of the epoch, with fences on both sides or with a heavy barrier on
 * one.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/epoch_steps.h"

static void epoch_steps_refuse(bool refuse)
{
    proof_refuses = refuse;
}

static void epoch_steps_later(void)
{
    proof_now_ns++;
}

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < EPOCH_STEPS_COUNT; i++) {
        if (strcmp(name, epoch_steps_table[i].name) == 0) {
            epoch_steps = &epoch_steps_table[i];
            proof_asymmetric = (epoch_steps->flags & HEAVY) != 0;
            epoch_steps_setup();
            proof_threads(epoch_steps_thread_count(), epoch_steps_thread);
            epoch_steps_after();
            return true;
        }
    }
    return false;
}
