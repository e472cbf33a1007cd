/* SPDX-License-Identifier: MIT
 * test_sites.c - coverage, mutation and JSON, on counts made by hand.
 *
 * The expected texts lie in expected/; TOPHASH_TEST_UPDATE=1 writes them anew. Read them then.
 */
#include "test.h"

#include "report/json.h"
#include "report/sites.h"
#include "sample.h"

static const struct thi_report_options page = {.width = 100};

enum { ORDER_BIT_RELAXED = 1 << TH_ORDER_RELAXED };

#define SITE(line_, kind_, order_, failure_, stale_, contended_)                      \
    {                                                                                 \
        .site = line_, .place = {.file = "src/stack.c", .line = line_}, .counters = { \
            .executions = 282,                                                        \
            .events = 300,                                                            \
            .stale = stale_,                                                          \
            .contended = contended_,                                                  \
            .orders = 1u << TH_ORDER_##order_,                                        \
            .failure_orders = (failure_) == TH_ORDER_NONE ? 0 : 1u << (failure_),     \
            .kinds = 1u << TH_OP_##kind_                                              \
        }                                                                             \
    }

static const struct thi_site_row rows[] = {
    SITE(12, LOAD, RELAXED, TH_ORDER_NONE, 0, 40),
    SITE(15, CAS, ACQ_REL, TH_ORDER_ACQUIRE, 17, 281),
    SITE(21, LOAD, SEQ_CST, TH_ORDER_NONE, 3, 9),
    SITE(22, FENCE, SEQ_CST, TH_ORDER_NONE, 0, 0),
    SITE(30, STORE, RELEASE, TH_ORDER_NONE, 0, 0),
    SITE(31, CREATE, RELAXED, TH_ORDER_NONE, 0, 0),
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

TEST(coverage_table_lists_what_nobody_contends)
{
    /* Goal: atomic sites with their counts; the store that no other thread meets is named. */
    struct thi_text text = {.bytes = NULL};
    thi_report_coverage(&text, rows, ROW_COUNT, &page);
    CHECK(sample_matches(&text, "coverage.txt"));
    thi_text_fini(&text);
}

TEST(mutation_weaker_orders_are_all_and_only_weaker)
{
    /* Goal: for every operation and order the list is what C11 allows, strongest first. */
    static const struct {
        enum thi_operation_kind kind;
        enum thi_order order;
        size_t count;
        enum thi_order weaker[TH_WEAKER_MAX];
    } cases[] = {
        {TH_OP_LOAD, TH_ORDER_SEQ_CST, 2, {TH_ORDER_ACQUIRE, TH_ORDER_RELAXED}},
        {TH_OP_LOAD, TH_ORDER_ACQUIRE, 1, {TH_ORDER_RELAXED}},
        {TH_OP_LOAD, TH_ORDER_RELAXED, 0, {TH_ORDER_NONE}},
        {TH_OP_STORE, TH_ORDER_SEQ_CST, 2, {TH_ORDER_RELEASE, TH_ORDER_RELAXED}},
        {TH_OP_STORE, TH_ORDER_RELEASE, 1, {TH_ORDER_RELAXED}},
        {TH_OP_RMW,
         TH_ORDER_SEQ_CST,
         4,
         {TH_ORDER_ACQ_REL, TH_ORDER_ACQUIRE, TH_ORDER_RELEASE, TH_ORDER_RELAXED}},
        {TH_OP_CAS, TH_ORDER_RELEASE, 1, {TH_ORDER_RELAXED}},
        {TH_OP_CAS, TH_ORDER_ACQUIRE, 1, {TH_ORDER_RELAXED}},
        {TH_OP_FENCE, TH_ORDER_ACQ_REL, 3, {TH_ORDER_ACQUIRE, TH_ORDER_RELEASE, TH_ORDER_RELAXED}},
        {TH_OP_PLAIN_STORE, TH_ORDER_PLAIN, 0, {TH_ORDER_NONE}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct thi_site_counters counters = {.kinds = 1u << cases[i].kind};
        enum thi_order weaker[TH_WEAKER_MAX];
        size_t count = thi_weaker_orders(&counters, cases[i].order, weaker);
        CHECK_EQ(count, cases[i].count);
        for (size_t w = 0; w < count && w < cases[i].count; w++) {
            CHECK_EQ(weaker[w], cases[i].weaker[w]);
        }
    }
}

/* A pretended search: the store at line 30 may be relaxed, line 21 acquire; all else fails. */
static bool pretend(void *context, uint32_t site, struct thi_mutant *mutant)
{
    size_t *runs = context;
    bool survives = site == 30 || (site == 21 && mutant->order == TH_ORDER_ACQUIRE);
    mutant->outcome = survives     ? TH_MUTANT_SURVIVED
                      : site == 22 ? TH_MUTANT_UNDECIDED
                                   : TH_MUTANT_KILLED;
    mutant->executions = 10 + *runs;
    mutant->elapsed_ms = 0.5;
    snprintf(mutant->killer, sizeof mutant->killer, "stack.c:19: data race on node#1");
    (*runs)++;
    return true;
}

TEST(mutation_table_says_what_survived)
{
    /* Goal: every site and weaker order once; killed, survived and undecided are told apart. */
    struct thi_mutation mutation;
    struct thi_text text = {.bytes = NULL};
    size_t runs = 0;
    REQUIRE(thi_mutation_run(&mutation, rows, ROW_COUNT, NULL, pretend, &runs, &text));
    CHECK_EQ(runs, mutation.mutant_count);
    CHECK_EQ(mutation.mutant_count, 3 + 1 + 2 + 4 + 1);
    CHECK_EQ(mutation.survived, 2);
    CHECK_EQ(mutation.undecided, 4);
    thi_report_mutation(&text, &mutation, &page);
    CHECK(sample_matches(&text, "mutation.txt"));
    thi_mutation_fini(&mutation);
    thi_text_fini(&text);
}

/* Writes `content` to a file of this test's own. */
static const char *file_with(const char *name, const char *content)
{
    static char path[256];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/tophash-%ld-%s", folder == NULL ? "/tmp" : folder,
             (long)getpid(), name);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        return NULL;
    }
    fputs(content, out);
    return fclose(out) == 0 ? path : NULL;
}

TEST(mutation_declared_equivalents_need_a_reason)
{
    /* Goal: a line of the file turns a survivor into an equivalent, one order only if it says so;
     * a declaration of what is killed is reported. */
    const char *path = file_with("equivalent.txt", "# reasons\n"
                                                   "stack.c:30: only the owner reads it\n"
                                                   "other/stack.c:15 relaxed: wrong\n"
                                                   "stack.c:21 relaxed: not this order");
    struct thi_mutation mutation;
    struct thi_text text = {.bytes = NULL};
    size_t runs = 0;
    REQUIRE(path != NULL);
    REQUIRE(thi_mutation_run(&mutation, rows, ROW_COUNT, path, pretend, &runs, &text));
    unlink(path);
    CHECK_EQ(mutation.equivalent, 1);
    CHECK_EQ(mutation.survived, 1);
    CHECK_EQ(mutation.wrong, 3); /* 15 to relaxed, twice: success and failure; 21 to relaxed */
    thi_report_mutation(&text, &mutation, &page);
    CHECK(sample_matches(&text, "mutation_equivalent.txt"));
    thi_mutation_fini(&mutation);
    thi_text_fini(&text);
}

TEST(mutation_bad_declarations_are_refused)
{
    /* Goal: a file that is not there, or has a line without a reason, is an error with its line. */
    struct thi_mutation mutation;
    struct thi_text why = {.bytes = NULL};
    size_t runs = 0;
    CHECK(!thi_mutation_run(&mutation, rows, ROW_COUNT, "/does/not/exist", pretend, &runs, &why));
    CHECK(strstr(thi_text_get(&why), "cannot be read") != NULL);
    thi_text_clear(&why);
    const char *path = file_with("bad.txt", "stack.c:1: a reason\nstack.c:30\n");
    REQUIRE(path != NULL);
    CHECK(!thi_mutation_run(&mutation, rows, ROW_COUNT, path, pretend, &runs, &why));
    unlink(path);
    CHECK(strstr(thi_text_get(&why), ":2: write 'FILE:LINE [ORDER]: reason'") != NULL);
    CHECK_EQ(runs, 0);
    thi_text_fini(&why);
}

TEST(mutation_comment_in_the_source_declares)
{
    /* Goal: the comment at or right above the site is found, over several lines, for one order;
     * another comment, or one further up, is not taken. */
    const char *path = file_with("source.c", "/* equivalent: too far away */\n"
                                             "int a;\n"
                                             "/* equivalent to relaxed: the value is read\n"
                                             " * by this thread alone */\n"
                                             "store(&x, 1, release);\n"
                                             "store(&y, 1, release); // equivalent: a hint\n"
                                             "store(&z, 1, release); /* no remark */\n");
    REQUIRE(path != NULL);
    static const struct {
        uint32_t line;
        const char *comment;
    } cases[] = {
        {2, "equivalent: too far away"}, /* right above its own line */
        {5, "equivalent to relaxed: the value is read by this thread alone"},
        {6, "equivalent: a hint"},
        {7, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct thi_record_site place = {.file = path, .line = cases[i].line};
        char *comment = thi_equivalence_comment(&place);
        CHECK((comment == NULL) == (cases[i].comment == NULL));
        CHECK(comment == NULL || cases[i].comment == NULL ||
              strcmp(comment, cases[i].comment) == 0);
        free(comment);
    }
    unlink(path);
}

TEST(json_holds_everything)
{
    /* Goal: a failed run with bounds hit, sites and mutants; then one that was never run. */
    struct thi_engine_result result = {.executions = 282,
                                       .blocked = 1056,
                                       .bounds = TH_BOUND_EXECUTIONS | TH_BOUND_EVENTS,
                                       .cut = 3,
                                       .threads = 6,
                                       .events_most = 34,
                                       .contended = 281,
                                       .heavy_fences = 2,
                                       .elapsed_s = 0.0625};
    struct thi_report_verdict verdict = {.kind = TH_REPORT_FAILED,
                                         .result = &result,
                                         .command = "tophash check stack.c",
                                         .failure = "data race on \"x\"\\",
                                         .place = "stack.c:19",
                                         .replay = "a1b2"};
    struct thi_text text = {.bytes = NULL};
    struct thi_mutation mutation;
    size_t runs = 0;
    REQUIRE(thi_mutation_run(&mutation, rows, 2, NULL, pretend, &runs, &text));
    thi_report_json(&text, &verdict, rows, ROW_COUNT, &mutation);
    verdict = (struct thi_report_verdict){
        .kind = TH_REPORT_HARNESS, .command = "tophash check empty.c", .trouble = "no two threads"};
    thi_report_json(&text, &verdict, NULL, 0, NULL);
    CHECK(sample_matches(&text, "verdicts.json"));
    thi_mutation_fini(&mutation);
    thi_text_fini(&text);
}

TEST_MAIN()
