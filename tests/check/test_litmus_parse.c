/* SPDX-License-Identifier: MIT
 * test_litmus_parse.c - litmus tests as people write them, and as they should not.
 */
#include "test.h"
#include "verdicts.h"

#include "litmus/litmus.h"

/* The answer as a line of a table, to be freed; NULL: *error says why. */
static char *litmus_answer(const char *text, struct thi_litmus_error *error)
{
    struct thi_litmus *litmus = thi_litmus_parse("t", text, strlen(text), error);
    if (litmus == NULL) {
        return NULL;
    }
    struct thi_litmus_result result;
    struct thi_engine_options options = {.executions_max = 1000};
    char *line = NULL;
    if (thi_litmus_run(litmus, &options, &result)) {
        line = thi_litmus_tsv_line(litmus, "t", &result);
    }
    thi_litmus_result_clear(&result);
    thi_litmus_free(litmus);
    return line;
}

/* Goal: errors name file, line, what was expected and what is there. */
TEST(litmus_error_names_line_and_what_was_expected)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"", "t:1: expected 'C' and the test's name on the first line, found the end of the file"},
        {"X86 SB\n", "t:1: expected 'C' and the test's name on the first line, found 'X86'"},
        {"C\n{}\n", "t:1: expected the test's name after 'C'"},
        {"C a\nP0", "t:2: expected '{' and the initial values, found the end of the file"},
        {"C a\n{ x = y; }", "t:2: expected a number, found 'y'"},
        {"C a\n{ x = 1 z }", "t:2: expected ';' or '}', found 'z'"},
        {"C a\n{}\nP1 (int* x) {}", "t:3: expected the first thread, P0, found 'P1'"},
        {"C a\n{}\nP0 (int x) {}", "t:3: expected '*': parameters are pointers, found 'x'"},
        {"C a\n{}\nP0 (int* x) { r0 = 1; }", "t:3: thread 0 declares no register 'r0' before"},
        {"C a\n{}\nP0 (int* x) {\n  int r0 = atomic_load(y);\n}",
         "t:4: expected a pointer parameter of this thread, found 'y'"},
        {"C a\n{}\nP0 (int* x) {\n  while (1) {}\n}",
         "t:4: expected an assignment, an atomic function, if or {, found 'while'"},
        {"C a\n{}\nP0 (int* x) {\n  atomic_store_explicit(x, 1, memory_order_acquire);\n}",
         "t:4: a store cannot have acquire order"},
        {"C a\n{}\nP0 (int* x) {\n  int r = atomic_load_explicit(x, memory_order_release);\n}",
         "t:4: a load cannot have release order"},
        {"C a\n{}\nP0 (int* x) {\n  int r = atomic_load_explicit(x, relaxed);\n}",
         "t:4: expected a memory order (memory_order_relaxed, ...), found 'relaxed'"},
        {"C a\n{}\nP0 (int* x) { *x = 1; }\n", "t:4: expected locations, exists, ~exists or "
                                               "forall, found the end of the file"},
        {"C a\n{}\nP0 (int* x) { *x = 1; }\nexists (0:r0=1)",
         "t:4: thread 0 declares no register 'r0' before"},
        {"C a\n{}\nP0 (int* x) { *x = 1; }\nexists (3:r0=1)",
         "t:4: there is no thread of that number"},
        {"C a\n{}\nP0 (int* x) { *x = 1; }\nexists (x=1) y", "t:4: expected the end of the test, "
                                                             "found 'y'"},
        {"C a\n(* no end", "t:2: a comment begins here and does not end"},
        {"C a\n{}\nP0 (int* x) { *x = 99999999999; }", "t:3: a number that does not fit 32 bits"},
        {"C a\n{}\nP0 (int* x) { int r = atomic_store(x, 1); }",
         "t:3: expected a value, found a function that has none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct thi_litmus_error error = {.text = ""};
        char *answer = litmus_answer(cases[i].text, &error);
        CHECK(answer == NULL);
        if (strcmp(error.text, cases[i].error) != 0) {
            printf("# said     %s\n# expected %s\n", error.text, cases[i].error);
            test_fail(__FILE__, __LINE__, "the message");
        }
        free(answer);
    }
}

/* Goal: what the language has means what C means by it. Method: one thread computes; the state
 * shows it. */
TEST(litmus_expressions_are_those_of_c)
{
    static const struct {
        const char *expression;
        int value;
    } cases[] = {
        {"1 + 2 * 3 - 4", 3},
        {"(1 + 2) * 3", 9},
        {"-5 + ~0", -6},
        {"!0 + !7", 1},
        {"6 & 3 | 8", 10},
        {"6 ^ 3 & 1", 7},
        {"2 < 3 == 1", 1},
        {"2 >= 3 || 3 <= 3", 1},
        {"0x10 != 16", 0},
        {"1 && 2 && 0 || 0", 0},
        {"0 || 5", 1},
        {"2147483647 + 1 < 0", 1},
        {"*x + *x", 8},
        {"*x && *x > 3", 1},
        {"0 && *x", 0},
        {"atomic_fetch_sub(x, 1) * 10 + atomic_load(x)", 43},
        {"atomic_exchange(x, 9) + atomic_fetch_and(x, 8) + atomic_fetch_or(x, 2) + *x", 31},
        {"atomic_fetch_xor_explicit(x, 7, memory_order_relaxed) + atomic_load(x)", 7},
        {"atomic_compare_exchange_strong(x, e, 5) * 100 + *x * 10 + *e", 44},
        {"atomic_compare_exchange_weak_explicit(y, e, 5, memory_order_acq_rel, "
         "memory_order_acquire) * 100 + *y * 10 + *e",
         150},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512], expected[64];
        struct thi_litmus_error error = {.text = ""};
        snprintf(text, sizeof text,
                 "C t\n{ [x] = 4; int y; int e = 0; }\n"
                 "P0 (atomic_int* x, atomic_int* y, int* e) { int r0 = %s; }\nexists (0:r0=%d)",
                 cases[i].expression, cases[i].value);
        snprintf(expected, sizeof expected, "t\tAlways\t1\t1\t-\t0:r0=%d;\n", cases[i].value);
        char *answer = litmus_answer(text, &error);
        if (answer == NULL || strcmp(answer, expected) != 0) {
            printf("# %s: %s%s", cases[i].expression, error.text, answer == NULL ? "\n" : answer);
            test_fail(__FILE__, __LINE__, "the value");
        }
        free(answer);
    }
}

/* Goal: questions of all three forms, and conditions with all connectives, are judged. */
TEST(litmus_questions_are_judged)
{
    static const struct {
        const char *question;
        const char *answer;
    } cases[] = {
        {"exists (x=1 /\\ 1:r0=0)", "Sometimes"},
        {"~exists (x=2 \\/ [x]=0)", "Never"},
        {"forall (x=1 /\\ (1:r0=0 \\/ 1:r0=1))", "Always"},
        {"exists (not (1:r0=0) /\\ ~(1:r0=1))", "Never"},
        {"exists (1:r0!=0)", "Sometimes"},
        {"exists true", "Always"},
        {"locations [y; 1:r0;] exists (nowhere=0)", "Always"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        struct thi_litmus_error error = {.text = ""};
        snprintf(text, sizeof text,
                 "C t\n\"a note\"\nHash=123 x\n(* (a comment) *)\n{}\n"
                 "P0 (atomic_int* x) { /* ( */ atomic_store(x, 1); { ; } } (* between *)\n"
                 "P1 (atomic_int* x, volatile int* y) { int r1, r0; r0 = atomic_load(x);\n"
                 "  if (r0) r1 = 1; else { if (r0 == 2) { *y = 1; } } }\n%s",
                 cases[i].question);
        char *answer = litmus_answer(text, &error);
        const char *observation = answer == NULL ? error.text : strchr(answer, '\t') + 1;
        size_t size = strlen(cases[i].answer);
        if (strncmp(observation, cases[i].answer, size) != 0) {
            printf("# %s: %s\n", cases[i].question, observation);
            test_fail(__FILE__, __LINE__, "the observation");
        }
        free(answer);
    }
}

/* Goal: no text, however broken, does more than give an error. Method: known tests with characters
 * changed, cut out or doubled, parsed and, where they still parse, run within a bound. */
TEST(litmus_broken_texts_do_no_harm)
{
    static const char alphabet[] = "(){}[];:=*~/\\\"'&|!<>+-,01259xyrPC \n\t\x01\xff";
    static const char original[] =
        "C t\n{ [x] = 0; int y; }\n(* a note *)\n"
        "P0 (atomic_int* x, int* y) {\n  int r0 = 0;\n  *y = 1;\n"
        "  r0 = atomic_compare_exchange_strong_explicit(x, y, 2, memory_order_acq_rel, "
        "memory_order_relaxed);\n  if (r0 == 1) { atomic_thread_fence(memory_order_seq_cst); } "
        "else { *y = r0 + 3 && 1; }\n}\n"
        "P1 (atomic_int* x) {\n  int r0 = atomic_fetch_add(x, 1);\n}\n"
        "locations [x; 1:r0;]\nexists (0:r0=1 /\\ ~([y]=1))\n";
    uint64_t seed = test_seed, parsed = 0, wanted = test_scaled(20000);
    for (uint64_t i = 0; i < wanted; i++) {
        char text[sizeof original + 64];
        size_t size = sizeof original - 1;
        memcpy(text, original, sizeof original);
        for (uint64_t changes = 1 + test_random(&seed) % 4; changes > 0 && size > 0; changes--) {
            size_t at = test_random(&seed) % size;
            switch (test_random(&seed) % 4) {
            case 0: text[at] = alphabet[test_random(&seed) % (sizeof alphabet - 1)]; break;
            case 1:
                memmove(text + at, text + at + 1, size - at);
                size--;
                break;
            case 2: size = at + 1; break;
            default:
                memmove(text + at + 1, text + at, size - at);
                size++;
                break;
            }
        }
        text[size] = '\0';
        struct thi_litmus_error error = {.text = ""};
        char *answer = litmus_answer(text, &error);
        parsed += answer != NULL;
        CHECK((answer == NULL) == (error.text[0] != '\0'));
        free(answer);
    }
    printf("# %" PRIu64 " of %" PRIu64 " could be run\n", parsed, wanted);
    CHECK(parsed > 0);
}

/* Goal: deep nesting is refused, not followed. */
TEST(litmus_nesting_has_a_limit)
{
    char text[4096] = "C t\n{}\nP0 (int* x) { int r0 = ";
    struct thi_litmus_error error = {.text = ""};
    memset(text + strlen(text), '(', 3000);
    CHECK(litmus_answer(text, &error) == NULL);
    CHECK(strcmp(error.text, "t:3: nested too deep: split it") == 0);
}

TEST_MAIN()
