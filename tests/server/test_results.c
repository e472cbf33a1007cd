/* SPDX-License-Identifier: MIT
 * test_results.c - what the server answers, noted so that targets can be compared.
 */
#include <tophash/base.h>

#include "stream.h"
#include "test.h"

enum { RESULT_REQUESTS = 4000, RESULT_KEYS = 50 };

/* One request of a random sort, with everything a client may send wrong now and then. */
static size_t request_make(uint64_t dice, char *room, size_t size)
{
    static const char *const verbs[] = {"set", "add", "replace", "append", "prepend"};
    unsigned key = (unsigned)(dice >> 8) % RESULT_KEYS, number = (unsigned)(dice >> 32);
    char value[24];
    snprintf(value, sizeof value, "%u", number);
    int length;
    switch (dice % 10) {
    case 0: length = snprintf(room, size, "get k%u k%u\r\n", key, key / 2); break;
    case 1: length = snprintf(room, size, "gets k%u\r\n", key); break;
    case 2: length = snprintf(room, size, "delete k%u\r\n", key); break;
    case 3: length = snprintf(room, size, "incr k%u %u\r\n", key, number); break;
    case 4: length = snprintf(room, size, "decr k%u %u\r\n", key, number / 3); break;
    case 5: length = snprintf(room, size, "touch k%u 0\r\n", key); break;
    case 6: length = snprintf(room, size, "gat 0 k%u\r\n", key); break;
    case 7: length = snprintf(room, size, "get\r\nset k%u x\r\nbogus %u\r\n", key, number); break;
    default:
        length = snprintf(room, size, "%s k%u %u 0 %zu\r\n%s\r\n", verbs[(dice >> 16) % 5], key,
                          number >> 4, strlen(value), value);
        break;
    }
    return length < 0 ? 0 : (size_t)length;
}

/* Goal: the bytes that go over the wire are the same everywhere. Method: 4,000 requests from a
 * fixed seed, errors among them, fed to a session in pieces. */
TEST(results_of_a_session)
{
    struct stream_host host;
    struct stream stream;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&stream, &host);
    uint64_t random = 7, answers = 0, bytes = 0;
    for (unsigned i = 0; i < RESULT_REQUESTS; i++) {
        char request[256];
        uint64_t dice = test_random(&random);
        REQUIRE(request_make(dice, request, sizeof request) > 0);
        const char *answer = stream_ask_in_steps(&stream, request, 1 + (size_t)(dice >> 60));
        answers = test_digest_bytes(answers, answer, strlen(answer));
        bytes += strlen(answer);
    }
    test_observe("answers", answers);
    test_observe("bytes answered", bytes);
    stream_close(&stream);
    stream_host_close(&host);
}

TEST_MAIN()
