/* SPDX-License-Identifier: MIT
 * options.c - what is to be measured, with whom, for how long.
 */
#include "bench.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

const char *const bench_workload_names[BENCH_WORKLOADS] = {
    "get", "zipf", "miss", "get_many", "95/5", "50/50", "churn", "hot", "put_many", "iterate",
};
const char *const bench_part_names[BENCH_PARTS] = {"growth", "memory", "small"};

const struct bench_peer *bench_all_peers[BENCH_PEERS_MAX + 1] = {
#ifdef BENCH_HAVE_TOPHASH
    &bench_peer_tophash,
#endif
    &bench_peer_sharded,
#ifdef BENCH_HAVE_TBB
    &bench_peer_tbb,
#endif
#ifdef BENCH_HAVE_CUCKOO
    &bench_peer_cuckoo,
#endif
#ifdef BENCH_HAVE_URCU
    &bench_peer_lfht_qsbr,
    &bench_peer_lfht_memb,
#endif
#ifdef BENCH_HAVE_CK
    &bench_peer_ck,
#endif
    &bench_peer_limit,
    &bench_peer_sharded_call,
    &bench_peer_sharded_pthread,
#ifdef BENCH_HAVE_TOPHASH
    &bench_peer_tophash_bytes,
#endif
#ifdef BENCH_HAVE_TBB
    &bench_peer_tbb_bytes,
#endif
#ifdef BENCH_HAVE_CUCKOO
    &bench_peer_cuckoo_bytes,
#endif
#ifdef BENCH_HAVE_URCU
    &bench_peer_lfht_bytes,
#endif
    &bench_peer_limit_bytes,
    NULL,
};

const char *const bench_missing_peers[] = {
#ifndef BENCH_HAVE_TBB
    "tbb (oneTBB): libtbb-dev was not there when this was built",
#endif
#ifndef BENCH_HAVE_CUCKOO
    "libcuckoo: libcuckoo-dev was not there when this was built",
#endif
#ifndef BENCH_HAVE_URCU
    "lfht-qsbr, lfht-memb (liburcu): liburcu-dev was not there when this was built",
#endif
#ifndef BENCH_HAVE_CK
    "ck_ht (Concurrency Kit): libck-dev was not there when this was built",
#endif
    NULL,
};

static size_t peers_count(void)
{
    size_t count = 0;
    while (bench_all_peers[count] != NULL) {
        count++;
    }
    return count;
}

/* Of those in bench_all_peers that stand last. */
static size_t outside_count;

bool bench_peer_is_outside(const struct bench_peer *peer)
{
    size_t count = peers_count();
    for (size_t i = count - outside_count; i < count; i++) {
        if (bench_all_peers[i] == peer) {
            return true;
        }
    }
    return false;
}

const struct bench_peer *bench_peer_by_name(const char *name)
{
    for (size_t i = 0; bench_all_peers[i] != NULL; i++) {
        if (strcmp(bench_all_peers[i]->name, name) == 0) {
            return bench_all_peers[i];
        }
    }
    return NULL;
}

void bench_options_usage(FILE *out)
{
    fputs(
        "usage: tophash-bench [options]\n"
        "  --maps=LIST       tophash sharded tbb libcuckoo lfht-qsbr lfht-memb ck_ht limit\n"
        "                    and all from outside (all these); sharded-call sharded-pthread; with\n"
        "                    keys of bytes: tophash-bytes tbb-bytes libcuckoo-bytes lfht-bytes\n"
        "                    limit-bytes\n"
        "  --peer=FILE       a map from outside: a shared object as bench/peer.h describes; for\n"
        "                    --maps it has the name it gives itself. Once for each.\n"
        "  --keys=LIST       entries, such as 1M,16M (1M,16M)\n"
        "  --threads=LIST    (1,2,4)\n"
        "  --workloads=LIST  get zipf miss get_many 95/5 50/50 churn growth memory small (all\n"
        "                    these); hot (one key for all threads), put_many, iterate (one thread\n"
        "                    walks, the others churn)\n"
        "  --pages=LIST      4k, huge (4k)\n"
        "  --rounds=N        slices of each map in each cell (9)\n"
        "  --slice-ms=N      length of a slice (15)\n"
        "  --grow-keys=N     inserts of the growth measurement (8M)\n"
        "  --grow-runs=N     of them for our map, one thread (3)\n"
        "  --memory-keys=N   largest size of the memory measurement (16M)\n"
        "  --quick           5 rounds of 10 ms; 1 M keys, growth and memory to 2 M, 1 run\n"
        "  --json=FILE       all results, every round\n"
        "  --svg=DIRECTORY   charts\n"
        "  --verdict         pass or fail for each promise on performance; exit status 1 on fail\n"
        "  --quiet           no progress lines\n"
        "  --help            this text\n",
        out);
}

static bool number_parse(const char *text, uint64_t *number)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || value < 0) {
        return false;
    }
    if (*end == 'k' || *end == 'K') {
        value *= 1e3;
        end++;
    } else if (*end == 'm' || *end == 'M') {
        value *= 1e6;
        end++;
    }
    *number = (uint64_t)value;
    return *end == '\0';
}

static bool refuse(const char *option, const char *item, const char *advice)
{
    fprintf(stderr, "tophash-bench: --%s: '%s' %s\n", option, item, advice);
    return false;
}

static bool item_map(struct bench_options *options, const char *item)
{
    const struct bench_peer *peer = bench_peer_by_name(item);
    if (peer == NULL) {
        for (size_t i = 0; bench_missing_peers[i] != NULL; i++) {
            fprintf(stderr, "skipped: %s\n", bench_missing_peers[i]);
        }
        return refuse("maps", item, "is no map of this build; see --help");
    }
    if (options->peer_count == BENCH_PEERS_MAX) {
        return refuse("maps", item, "is one map too many");
    }
    options->peers[options->peer_count++] = peer;
    return true;
}

static bool peer_add(const char *file)
{
    size_t count = peers_count();
    if (count == BENCH_PEERS_MAX) {
        return refuse("peer", file, "is one map too many");
    }
    bench_all_peers[count] = bench_plugin_load(file);
    outside_count += bench_all_peers[count] != NULL;
    return bench_all_peers[count] != NULL;
}

static bool item_keys(struct bench_options *options, const char *item)
{
    uint64_t keys;
    if (!number_parse(item, &keys) || keys < 1000 || options->keys_count == BENCH_LIST_MAX) {
        return refuse("keys", item, "must be a number of at least 1000, such as 1M");
    }
    options->keys[options->keys_count++] = keys;
    return true;
}

static bool item_threads(struct bench_options *options, const char *item)
{
    uint64_t threads;
    if (!number_parse(item, &threads) || threads < 1 || threads > BENCH_THREADS_MAX ||
        options->threads_count == BENCH_LIST_MAX) {
        return refuse("threads", item, "must be a number from 1 to 16");
    }
    options->threads[options->threads_count++] = (unsigned)threads;
    return true;
}

static bool item_workload(struct bench_options *options, const char *item)
{
    for (unsigned i = 0; i < BENCH_WORKLOADS; i++) {
        if (strcmp(item, bench_workload_names[i]) == 0) {
            return options->workloads[i] = true;
        }
    }
    for (unsigned i = 0; i < BENCH_PARTS; i++) {
        if (strcmp(item, bench_part_names[i]) == 0) {
            return options->parts[i] = true;
        }
    }
    return refuse("workloads", item, "is no workload; see --help");
}

static bool item_pages(struct bench_options *options, const char *item)
{
    if (strcmp(item, "4k") != 0 && strcmp(item, "huge") != 0) {
        return refuse("pages", item, "must be 4k or huge");
    }
    return options->pages[strcmp(item, "huge") == 0] = true;
}

static bool list_parse(struct bench_options *options, const char *list,
                       bool (*item)(struct bench_options *, const char *))
{
    char text[256];
    snprintf(text, sizeof text, "%s", list);
    char *rest = NULL;
    for (char *word = strtok_r(text, ", ", &rest); word != NULL;
         word = strtok_r(NULL, ", ", &rest)) {
        if (!item(options, word)) {
            return false;
        }
    }
    return true;
}

static bool bounded_parse(const char *option, const char *text, uint64_t low, uint64_t high,
                          uint64_t *number)
{
    if (!number_parse(text, number) || *number < low || *number > high) {
        fprintf(stderr, "tophash-bench: --%s must be a number from %llu to %llu\n", option,
                (unsigned long long)low, (unsigned long long)high);
        return false;
    }
    return true;
}

static void options_quicken(struct bench_options *options)
{
    options->rounds = 5;
    options->slice_ms = 10;
    options->grow_runs = 1;
    options->grow_keys = 2000000;
    options->memory_keys = 2000000;
}

static bool peers_choose(struct bench_options *options)
{
    if (options->maps != NULL) {
        return list_parse(options, options->maps, item_map);
    }
    for (size_t i = 0; bench_all_peers[i] != NULL; i++) {
        const struct bench_peer *peer = bench_all_peers[i];
        if (!peer->only_if_named) {
            options->peers[options->peer_count++] = peer;
        }
    }
    return true;
}

/* What was not chosen is all of it. */
static void options_complete(struct bench_options *options, bool quick)
{
    if (options->keys_count == 0) {
        options->keys[options->keys_count++] = 1000000;
        if (!quick) {
            options->keys[options->keys_count++] = 16000000;
        }
    }
    if (options->threads_count == 0) {
        options->threads[options->threads_count++] = 1;
        options->threads[options->threads_count++] = 2;
        options->threads[options->threads_count++] = 4;
    }
    if (!options->pages[0] && !options->pages[1]) {
        options->pages[0] = true;
    }
}

static void workloads_complete(struct bench_options *options)
{
    bool chosen = false;
    for (unsigned i = 0; i < BENCH_WORKLOADS; i++) {
        chosen = chosen || options->workloads[i];
    }
    for (unsigned i = 0; i < BENCH_PARTS; i++) {
        chosen = chosen || options->parts[i];
    }
    if (!chosen) {
        memset(options->workloads, true, BENCH_WORKLOADS_USUAL * sizeof *options->workloads);
        memset(options->parts, true, sizeof options->parts);
    }
}

enum option_name {
    OPTION_MAPS,
    OPTION_PEER,
    OPTION_KEYS,
    OPTION_THREADS,
    OPTION_WORKLOADS,
    OPTION_PAGES,
    OPTION_ROUNDS,
    OPTION_SLICE,
    OPTION_GROW_KEYS,
    OPTION_GROW_RUNS,
    OPTION_MEMORY_KEYS,
    OPTION_QUICK,
    OPTION_JSON,
    OPTION_SVG,
    OPTION_VERDICT,
    OPTION_QUIET,
    OPTION_CHILD,
    OPTION_CHILD_FD,
    OPTION_HELP
};

static const struct option option_table[] = {
    {"maps", required_argument, NULL, OPTION_MAPS},
    {"peer", required_argument, NULL, OPTION_PEER},
    {"keys", required_argument, NULL, OPTION_KEYS},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"workloads", required_argument, NULL, OPTION_WORKLOADS},
    {"pages", required_argument, NULL, OPTION_PAGES},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"slice-ms", required_argument, NULL, OPTION_SLICE},
    {"grow-keys", required_argument, NULL, OPTION_GROW_KEYS},
    {"grow-runs", required_argument, NULL, OPTION_GROW_RUNS},
    {"memory-keys", required_argument, NULL, OPTION_MEMORY_KEYS},
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"json", required_argument, NULL, OPTION_JSON},
    {"svg", required_argument, NULL, OPTION_SVG},
    {"verdict", no_argument, NULL, OPTION_VERDICT},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"child", required_argument, NULL, OPTION_CHILD},
    {"child-fd", required_argument, NULL, OPTION_CHILD_FD},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool number_apply(struct bench_options *options, int option, const char *value)
{
    uint64_t number;
    switch (option) {
    case OPTION_ROUNDS:
        if (!bounded_parse("rounds", value, 1, BENCH_ROUNDS_MAX, &number)) {
            return false;
        }
        options->rounds = (unsigned)number;
        return true;
    case OPTION_SLICE:
        if (!bounded_parse("slice-ms", value, 1, 10000, &number)) {
            return false;
        }
        options->slice_ms = (unsigned)number;
        return true;
    case OPTION_GROW_KEYS:
        return bounded_parse("grow-keys", value, 10000, 1u << 30, &options->grow_keys);
    case OPTION_GROW_RUNS:
        if (!bounded_parse("grow-runs", value, 1, 20, &number)) {
            return false;
        }
        options->grow_runs = (unsigned)number;
        return true;
    case OPTION_MEMORY_KEYS:
        return bounded_parse("memory-keys", value, 1000000, 1u << 30, &options->memory_keys);
    case OPTION_CHILD_FD:
        if (!bounded_parse("child-fd", value, 0, 1u << 20, &number)) {
            return false;
        }
        options->child_fd = (int)number;
        return true;
    default: return false;
    }
}

static bool option_apply(struct bench_options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_MAPS: options->maps = value; return true; /* when all peers are known */
    case OPTION_PEER: return peer_add(value);
    case OPTION_KEYS: return list_parse(options, value, item_keys);
    case OPTION_THREADS: return list_parse(options, value, item_threads);
    case OPTION_WORKLOADS: return list_parse(options, value, item_workload);
    case OPTION_PAGES: return list_parse(options, value, item_pages);
    case OPTION_JSON: options->json = value; return true;
    case OPTION_SVG: options->svg = value; return true;
    case OPTION_VERDICT: return options->verdict = true;
    case OPTION_QUIET: return options->quiet = true;
    case OPTION_CHILD: options->child = value; return true;
    case OPTION_QUICK: return true; /* was seen to first */
    case OPTION_HELP: bench_options_usage(stdout); exit(0);
    default: return number_apply(options, option, value);
    }
}

bool bench_options_parse(struct bench_options *options, int count, char **arguments)
{
    *options = (struct bench_options){.rounds = 9,
                                      .slice_ms = 15,
                                      .warm_ms = 60,
                                      .grow_keys = 8000000,
                                      .grow_runs = 3,
                                      .memory_keys = 16000000};
    bool quick = false;
    for (int i = 1; i < count; i++) {
        quick = quick || strcmp(arguments[i], "--quick") == 0;
    }
    if (quick) {
        options_quicken(options);
    }
    for (;;) {
        int option = getopt_long(count, arguments, "", option_table, NULL);
        if (option == -1) {
            break;
        }
        if (option == '?' || !option_apply(options, option, optarg)) {
            fputs("see tophash-bench --help\n", stderr);
            return false;
        }
    }
    if (optind < count) {
        fprintf(stderr, "tophash-bench: '%s' is no option; see --help\n", arguments[optind]);
        return false;
    }
    options_complete(options, quick);
    workloads_complete(options);
    return peers_choose(options);
}
