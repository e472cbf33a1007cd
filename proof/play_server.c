/* SPDX-License-Identifier: MIT
 * play_server.c - the scenarios of what the server's threads share.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/server_steps.h"

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < SERVER_SCENARIOS; i++) {
        const struct server_scenario *scenario = &server_scenarios[i];
        if (strcmp(name, scenario->name) != 0) {
            continue;
        }
        if (scenario->play != NULL) {
            scenario->play();
            return true;
        }
        server_open();
        proof_threads(2, scenario->thread);
        SCENARIO_CHECK(server_service.clock.debug_offset_s == 0 ||
                       server_service.clock.debug_offset_s == 3);
        server_end();
        return true;
    }
    return false;
}
