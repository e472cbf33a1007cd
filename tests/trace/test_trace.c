/* SPDX-License-Identifier: MIT
 * test_trace.c - events are counted, named, and have a probe each.
 */
#include "test.h"

#include <pthread.h>

#include "trace/trace.h"

/* Goal: every event has a name of its own, in the form probes need. Method: all pairs. */
TEST(trace_names_are_distinct)
{
    for (unsigned i = 0; i < THI_EVENT_COUNT; i++) {
        const char *name = thi_event_name((enum thi_event)i);
        REQUIRE(name != NULL);
        CHECK(strlen(name) > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name));
        for (unsigned other = 0; other < i; other++) {
            CHECK(strcmp(name, thi_event_name((enum thi_event)other)) != 0);
        }
    }
    CHECK(strcmp(thi_event_name(THI_EVENT_COUNT), "unknown event") == 0);
    CHECK_EQ(thi_trace_count(THI_EVENT_COUNT), 0);
}

static void *storm_run(void *argument)
{
    uint64_t count = *(const uint64_t *)argument;
    for (uint64_t i = 0; i < count; i++) {
        thi_trace((enum thi_event)(i % THI_EVENT_COUNT), (uintptr_t)argument, i);
    }
    return NULL;
}

/* Goal: no event is lost or counted for another. Method: threads fire all events, equally often. */
TEST(trace_events_of_all_threads_are_counted)
{
    enum { THREADS = 4 };
    uint64_t each = test_scaled(20000) * THI_EVENT_COUNT;
    uint64_t before[THI_EVENT_COUNT];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THI_EVENT_COUNT; i++) {
        before[i] = thi_trace_count((enum thi_event)i);
    }
    for (int i = 0; i < THREADS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, storm_run, &each) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (unsigned i = 0; i < THI_EVENT_COUNT; i++) {
        CHECK_EQ(thi_trace_count((enum thi_event)i) - before[i], THREADS * each / THI_EVENT_COUNT);
    }
}

/* Goal: where the build has probes, each event's is in the program, by name. Method: look for the
 * names behind the provider in the notes of our own binary. */
TEST(trace_probes_are_in_the_binary)
{
#ifdef TH_HAVE_SDT
    FILE *file = fopen("/proc/self/exe", "rb");
    if (file == NULL) {
        SKIP("/proc/self/exe cannot be read: mount /proc to check the probes");
    }
    static char bytes[16u * 1024 * 1024];
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (unsigned i = 0; i < THI_EVENT_COUNT; i++) {
        char note[64]; /* provider and name stand behind each other, each ended by a zero */
        const char *name = thi_event_name((enum thi_event)i);
        memcpy(note, "tophash", 8);
        memcpy(note + 8, name, strlen(name) + 1);
        bool found = false;
        for (size_t at = 0; at + 64 < size && !found; at++) {
            found = memcmp(bytes + at, note, 8 + strlen(name) + 1) == 0;
        }
        CHECK(found);
    }
#else
    SKIP("built without <sys/sdt.h>: install systemtap-sdt-dev to have probes");
#endif
}

TEST_MAIN()
