/* SPDX-License-Identifier: MIT
 * fuzz_litmus.c - a fuzz target: any bytes as a litmus test; those that are one are run, bounded.
 */
#include <stdlib.h>

#include "litmus/litmus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thi_litmus_error error;
    struct thi_litmus *litmus = thi_litmus_parse("input", (const char *)data, size, &error);
    if (litmus == NULL) {
        return 0;
    }
    struct thi_litmus_result result;
    struct thi_engine_options options = {.executions_max = 200, .events_max = 200};
    if (thi_litmus_run(litmus, &options, &result)) {
        free(thi_litmus_report(litmus, &result));
    }
    thi_litmus_result_clear(&result);
    thi_litmus_free(litmus);
    return 0;
}
