/* SPDX-License-Identifier: MIT
 * test_map_stress.c - real threads on maps whose size swings, with the real geometry. `--seconds=N`
 * sets the time of all tests together.
 */
#include "map/stress_body.h"

enum { THREADS = 4, OPERATIONS = 2000000, SWING = 10000, TESTS = 3 };

static void run(const struct kind *kind)
{
    stress_run((struct stress_plan){
        .kind = kind,
        .threads = THREADS,
        .swing = SWING,
        .side_entries = 4096,
        .operations_each = test_scaled(OPERATIONS) / THREADS,
        .time_ms = stress_seconds * 1000 / TESTS,
    });
}

/* Goal and method: stress_body.h. */
TEST(map_stress_u64_keeps_every_promise)
{
    run(&kinds[0]);
}

TEST(map_stress_u32_keeps_every_promise)
{
    run(&kinds[1]);
}

TEST(map_stress_bytes_keeps_every_promise)
{
    run(&kinds[2]);
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv);
}
