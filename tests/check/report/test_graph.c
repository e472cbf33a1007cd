/* SPDX-License-Identifier: MIT
 * test_graph.c - the explanation in sentences and the graph of an execution.
 *
 * The expected texts lie in expected/; TOPHASH_TEST_UPDATE=1 writes them anew. Look at them then.
 */
#include "test.h"

#include "cases.h"
#include "report/graph.h"
#include "report/report.h"

static struct sample sample;
static struct thi_analysis analysis;

TEST(explain_stale_load_says_the_rule)
{
    /* Goal: the paragraph of a stale load says what was passed over and why that may be. */
    const struct thi_report_options page = {.width = 100};
    struct thi_text text = {.bytes = NULL};
    case_store_buffering(&sample, TH_RECORD_RELAXED, true);
    REQUIRE(thi_analysis_init(&analysis, sample_finish(&sample)));
    thi_report_explain(&text, &analysis, &page);
    CHECK(sample_matches(&text, "explain_sb.txt"));
    thi_text_fini(&text);
    thi_analysis_fini(&analysis);
}

TEST(explain_race_says_what_did_not_synchronise)
{
    /* Goal: the load that reads a relaxed store is said to order nothing. */
    const struct thi_report_options page = {.width = 80};
    struct thi_text text = {.bytes = NULL};
    case_message_passing(&sample, TH_RECORD_RELAXED, TH_RECORD_ACQUIRE);
    REQUIRE(thi_analysis_init(&analysis, sample_finish(&sample)));
    thi_report_explain(&text, &analysis, &page);
    CHECK(sample_matches(&text, "explain_mp.txt"));
    thi_text_fini(&text);
    thi_analysis_fini(&analysis);
}

TEST(graph_dot_and_svg_match)
{
    /* Goal: both forms of the graph, for executions with every kind of edge. */
    struct thi_text text = {.bytes = NULL};
    case_store_buffering(&sample, TH_RECORD_RELAXED, true);
    REQUIRE(thi_analysis_init(&analysis, sample_finish(&sample)));
    thi_report_dot(&text, &analysis);
    CHECK(sample_matches(&text, "sb.dot"));
    thi_text_clear(&text);
    thi_report_svg(&text, &analysis);
    CHECK(sample_matches(&text, "sb.svg"));
    thi_analysis_fini(&analysis);
    thi_text_clear(&text);
    case_freed_node(&sample, false);
    REQUIRE(thi_analysis_init(&analysis, sample_finish(&sample)));
    thi_report_svg(&text, &analysis);
    CHECK(sample_matches(&text, "use_after_free.svg"));
    thi_text_fini(&text);
    thi_analysis_fini(&analysis);
}

TEST(graph_edges_agree_with_the_record)
{
    /* Goal: a read that synchronises is drawn so, one that does not is not. */
    for (int release = 0; release <= 1; release++) {
        case_message_passing(&sample, release ? TH_RECORD_RELEASE : TH_RECORD_RELAXED,
                             TH_RECORD_ACQUIRE);
        if (release) {
            sample_order(&sample, 3, 4); /* the store, the load */
        }
        struct thi_graph graph;
        REQUIRE(thi_analysis_init(&analysis, sample_finish(&sample)));
        REQUIRE(thi_graph_init(&graph, &analysis));
        size_t sync_count = 0;
        for (size_t i = 0; i < graph.count; i++) {
            sync_count += graph.edges[i].kind == TH_GRAPH_SYNC;
        }
        CHECK_EQ(sync_count, release);
        thi_graph_fini(&graph);
        thi_analysis_fini(&analysis);
    }
}

TEST_MAIN()
