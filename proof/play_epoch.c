/* SPDX-License-Identifier: MIT
 * play_epoch.c - the scenarios of the epoch, with fences on both sides and with a heavy barrier on
 * one.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/epoch_look.h"

static const struct epoch_case {
    const char *name;
    const struct scenario *scenario;
    bool asymmetric;
} epoch_cases[] = {
    {"epoch_look", &epoch_look, false},
    {"epoch_look_heavy", &epoch_look, true},
};
enum { EPOCH_CASES = sizeof(epoch_cases) / sizeof(epoch_cases[0]) };

static const struct epoch_case *epoch_case; /* the scenario at hand */

static void epoch_thread(unsigned number)
{
    if (number == 1) {
        epoch_case->scenario->thread_a();
    } else {
        epoch_case->scenario->thread_b();
    }
}

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < EPOCH_CASES; i++) {
        if (strcmp(name, epoch_cases[i].name) == 0) {
            epoch_case = &epoch_cases[i];
            proof_asymmetric = epoch_case->asymmetric;
            epoch_case->scenario->setup();
            proof_threads(2, epoch_thread);
            epoch_case->scenario->after();
            return true;
        }
    }
    return false;
}
