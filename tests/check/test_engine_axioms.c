/* SPDX-License-Identifier: MIT
 * test_engine_axioms.c - the search against the axioms: random programs, every candidate execution.
 *
 * The engine builds consistent graphs step by step. Here all candidates are made (any source for
 * each read, any order of the writes), and the axioms of RC11 are checked on each as they are
 * written down, on matrices. Number, races and the sum of hashes of all executions must be equal.
 *
 * Sources      Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing sequential consistency in C/C++11",
 *              2017, for the axioms.
 */
#include "test.h"

#include "engine/engine.h"

/* A load or compare-exchange of a site from AWAITING on is a wait: for another value than 0, or for
 * success. */
enum { AWAITING = 1000 };
enum { THREADS_MAX = 4, OPS_MAX = 5, EVENTS_MAX = 24, LOCATIONS = 2, CANDIDATES_MAX = 60000 };

struct program {
    uint32_t thread_count;
    uint32_t op_count[THREADS_MAX];
    struct thi_operation ops[THREADS_MAX][OPS_MAX];
    bool awaits;
    /* Of a run. */
    struct thi_engine *engine;
    uint32_t at[THREADS_MAX];
    uint64_t sum;
    uint64_t count;
    bool race;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = (a ^ (b + 0x632be59bd9b4e019u)) * 0x9e3779b97f4a7c15u;
    return z ^ (z >> 31);
}

static bool await_failed(const struct thi_operation *op, uint64_t value)
{
    return op->kind == TH_OP_CAS ? value != op->expected : value == 0;
}

/* --- By the engine. */

static void program_restart(void *context)
{
    struct program *program = context;
    memset(program->at, 0, sizeof program->at);
}

static void program_step(void *context, uint32_t thread, uint64_t result,
                         struct thi_operation *operation)
{
    struct program *program = context;
    operation->kind = TH_OP_END;
    uint32_t at = program->at[thread];
    if (at > 0 && program->ops[thread][at - 1].site >= AWAITING &&
        await_failed(&program->ops[thread][at - 1], result)) {
        *operation = (struct thi_operation){.kind = TH_OP_AWAIT, .value = 1};
        return;
    }
    if (program->at[thread] < program->op_count[thread]) {
        *operation = program->ops[thread][program->at[thread]++];
    }
}

static uint64_t program_memory(void *context, uintptr_t address, uint8_t bytes)
{
    (void)context, (void)address, (void)bytes;
    return 0;
}

static uint64_t event_name(const struct thi_engine *engine, uint32_t event)
{
    struct thi_event_view view;
    if (event == TH_ENGINE_INITIAL) {
        return 0;
    }
    thi_engine_event(engine, event, &view);
    return (uint64_t)(view.thread + 1) << 16 | view.index;
}

/* Every read with its source, every write with the one before it in modification order. */
static void program_finish(void *context)
{
    struct program *program = context;
    const struct thi_engine *engine = program->engine;
    uint64_t sum = 0;
    struct thi_event_view view;
    for (uint32_t i = 0; i < thi_engine_event_count(engine); i++) {
        thi_engine_event(engine, i, &view);
        if (view.kind == TH_EVENT_READ) {
            sum += mix(event_name(engine, i), event_name(engine, view.source));
        }
    }
    for (uintptr_t x = 1; x <= LOCATIONS; x++) {
        uint64_t previous = 0;
        for (uint32_t w = thi_engine_mo_first(engine, 4 * x); w != TH_ENGINE_NO_EVENT;
             w = thi_engine_mo_next(engine, w)) {
            sum += mix(event_name(engine, w) + 7, previous);
            previous = event_name(engine, w);
        }
    }
    program->sum += mix(sum, 1);
    program->count++;
}

static bool program_error(void *context, const struct thi_engine_error *error)
{
    struct program *program = context;
    program->race = program->race || error->kind == TH_ENGINE_RACE;
    return error->kind == TH_ENGINE_RACE || error->kind == TH_ENGINE_DEADLOCK;
}

/* --- By the axioms. */

struct item {
    uint32_t thread, index; /* the index counts writes of failed compare-exchanges, too */
    bool read, write, fence, exclusive;
    const struct thi_operation *op;
    /* Of a candidate. */
    bool absent;
    enum thi_order order;
    int source; /* -1: the initial value */
    uint64_t value;
    uint32_t name_index;
};

typedef uint32_t matrix[EVENTS_MAX]; /* a row of bits for each event */

struct axioms {
    struct item items[EVENTS_MAX];
    int count;
    bool c11;
    int mo[LOCATIONS + 1][EVENTS_MAX];
    int mo_count[LOCATIONS + 1];
    matrix sb, rf, mo_m, rb, hb, eco;
    uint64_t sum, executions;
    bool race;
};

static bool acquires(enum thi_order order)
{
    return order == TH_ORDER_ACQUIRE || order == TH_ORDER_ACQ_REL || order == TH_ORDER_SEQ_CST;
}

static bool releases(enum thi_order order)
{
    return order == TH_ORDER_RELEASE || order == TH_ORDER_ACQ_REL || order == TH_ORDER_SEQ_CST;
}

static void closure(matrix m, int n)
{
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < n; i++) {
            if ((m[i] >> k & 1) != 0) {
                m[i] |= m[k];
            }
        }
    }
}

static void compose(matrix out, const matrix a, const matrix b, int n)
{
    matrix result = {0};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            if ((a[i] >> k & 1) != 0) {
                result[i] |= b[k];
            }
        }
    }
    memcpy(out, result, sizeof(matrix));
}

static bool reflexive_somewhere(const matrix m, int n)
{
    for (int i = 0; i < n; i++) {
        if ((m[i] >> i & 1) != 0) {
            return true;
        }
    }
    return false;
}

static bool same_location(const struct item *a, const struct item *b)
{
    return !a->fence && !b->fence && a->op->address == b->op->address;
}

static bool atomic_event(const struct item *item)
{
    return item->order != TH_ORDER_PLAIN;
}

/* sw = [release]; ([F]; sb)?; rs; rf; [atomic read]; (sb; [F])?; [acquire] */
static void hb_make(struct axioms *ax)
{
    int n = ax->count;
    matrix rs = {0}, rf_rmw = {0}, head = {0}, tail = {0};
    for (int w = 0; w < n; w++) {
        const struct item *a = &ax->items[w];
        if (a->absent || !a->write) {
            continue;
        }
        for (int v = 0; v < n; v++) { /* [W]; (sb & loc)?; [atomic W] */
            const struct item *b = &ax->items[v];
            bool later = ax->c11 && (ax->sb[w] >> v & 1) != 0 && same_location(a, b);
            if (!b->absent && b->write && atomic_event(b) && (v == w || later)) {
                rs[w] |= 1u << v;
            }
        }
    }
    for (int r = 0; r < n; r++) { /* from a write to the write of the RMW that read it */
        const struct item *b = &ax->items[r];
        if (!b->absent && b->read && b->exclusive && b->source >= 0) {
            rf_rmw[b->source] |= 1u << (r + 1);
        }
    }
    closure(rf_rmw, n);
    matrix more;
    compose(more, rs, rf_rmw, n);
    for (int i = 0; i < n; i++) {
        rs[i] |= more[i];
    }
    for (int a = 0; a < n; a++) {
        const struct item *x = &ax->items[a];
        for (int b = 0; b < n && !x->absent; b++) {
            const struct item *y = &ax->items[b];
            bool before = (ax->sb[a] >> b & 1) != 0;
            if (!y->absent && y->write && releases(x->order) &&
                ((a == b) || (x->fence && before))) {
                head[a] |= 1u << b;
            }
            if (!y->absent && x->read && atomic_event(x) && acquires(y->order) &&
                ((a == b) || (y->fence && before))) {
                tail[a] |= 1u << b;
            }
        }
    }
    matrix sw;
    compose(sw, head, rs, n);
    compose(sw, sw, ax->rf, n);
    compose(sw, sw, tail, n);
    for (int i = 0; i < n; i++) {
        ax->hb[i] = ax->sb[i] | sw[i];
    }
    closure(ax->hb, n);
}

static bool seq_cst(const struct item *item)
{
    return !item->absent && item->order == TH_ORDER_SEQ_CST;
}

static bool psc_acyclic(struct axioms *ax)
{
    int n = ax->count;
    matrix sb_other = {0}, scb, left = {0}, right = {0}, fence_to = {0}, psc, part;
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
            if ((ax->sb[a] >> b & 1) != 0 && !same_location(&ax->items[a], &ax->items[b])) {
                sb_other[a] |= 1u << b;
            }
        }
    }
    compose(scb, sb_other, ax->hb, n);
    compose(scb, scb, sb_other, n);
    for (int a = 0; a < n; a++) {
        scb[a] |= ax->sb[a] | ax->mo_m[a] | ax->rb[a];
        for (int b = 0; b < n; b++) {
            if ((ax->hb[a] >> b & 1) != 0 && same_location(&ax->items[a], &ax->items[b])) {
                scb[a] |= 1u << b;
            }
        }
    }
    for (int a = 0; a < n; a++) {
        bool fence_a = seq_cst(&ax->items[a]) && ax->items[a].fence;
        left[a] = (seq_cst(&ax->items[a]) ? 1u << a : 0) | (fence_a ? ax->hb[a] : 0);
        for (int b = 0; b < n; b++) {
            bool fence_b = seq_cst(&ax->items[b]) && ax->items[b].fence;
            if ((a == b && seq_cst(&ax->items[a])) || (fence_b && (ax->hb[a] >> b & 1) != 0)) {
                right[a] |= 1u << b;
            }
        }
        fence_to[a] = fence_a ? 1u << a : 0;
    }
    compose(psc, left, scb, n);
    compose(psc, psc, right, n);
    compose(part, ax->hb, ax->eco, n);
    compose(part, part, ax->hb, n);
    for (int i = 0; i < n; i++) {
        part[i] |= ax->hb[i];
    }
    compose(part, fence_to, part, n);
    compose(part, part, fence_to, n);
    for (int i = 0; i < n; i++) {
        psc[i] |= part[i];
    }
    closure(psc, n);
    return !reflexive_somewhere(psc, n);
}

static void race_look(struct axioms *ax)
{
    for (int a = 0; a < ax->count; a++) {
        for (int b = 0; b < a; b++) {
            const struct item *x = &ax->items[a], *y = &ax->items[b];
            bool ordered = (ax->hb[a] >> b & 1) != 0 || (ax->hb[b] >> a & 1) != 0;
            if (!x->absent && !y->absent && same_location(x, y) && x->thread != y->thread &&
                (x->write || y->write) && !(atomic_event(x) && atomic_event(y)) && !ordered) {
                ax->race = true;
            }
        }
    }
}

static uint64_t item_name(const struct axioms *ax, int item)
{
    return item < 0 ? 0 : (uint64_t)(ax->items[item].thread + 1) << 16 | ax->items[item].name_index;
}

/* A candidate is whole: sources and orders are chosen. */
static void candidate_check(struct axioms *ax)
{
    int n = ax->count;
    memset(ax->mo_m, 0, sizeof(matrix));
    memset(ax->rb, 0, sizeof(matrix));
    for (int x = 1; x <= LOCATIONS; x++) {
        for (int i = 0; i < ax->mo_count[x]; i++) {
            for (int j = i + 1; j < ax->mo_count[x]; j++) {
                ax->mo_m[ax->mo[x][i]] |= 1u << ax->mo[x][j];
            }
        }
    }
    for (int r = 0; r < n; r++) {
        const struct item *read = &ax->items[r];
        if (!read->read || read->absent) {
            continue;
        }
        uint32_t x = (uint32_t)read->op->address / 4;
        for (int i = 0; i < ax->mo_count[x]; i++) {
            int w = ax->mo[x][i];
            if (read->source < 0 || (ax->mo_m[read->source] >> w & 1) != 0) {
                ax->rb[r] |= 1u << w;
            }
        }
        if (read->exclusive) { /* atomicity: nothing between the source and the own write */
            int own = r + 1;
            int before = -1;
            for (int i = 0; i < ax->mo_count[x] && ax->mo[x][i] != own; i++) {
                before = ax->mo[x][i];
            }
            if (before != read->source) {
                return;
            }
        }
    }
    hb_make(ax);
    for (int i = 0; i < n; i++) {
        ax->eco[i] = ax->rf[i] | ax->mo_m[i] | ax->rb[i];
    }
    closure(ax->eco, n);
    matrix cycle;
    compose(cycle, ax->hb, ax->eco, n);
    if (reflexive_somewhere(cycle, n) || reflexive_somewhere(ax->hb, n) ||
        reflexive_somewhere(ax->eco, n) || !psc_acyclic(ax)) {
        return;
    }
    race_look(ax);
    uint64_t sum = 0;
    for (int r = 0; r < n; r++) {
        if (ax->items[r].read) {
            sum += mix(item_name(ax, r), item_name(ax, ax->items[r].source));
        }
    }
    for (int x = 1; x <= LOCATIONS; x++) {
        uint64_t previous = 0;
        for (int i = 0; i < ax->mo_count[x]; i++) {
            sum += mix(item_name(ax, ax->mo[x][i]) + 7, previous);
            previous = item_name(ax, ax->mo[x][i]);
        }
    }
    ax->sum += mix(sum, 1);
    ax->executions++;
}

/* All orders of the writes of location x and of those behind it. */
static void orders_choose(struct axioms *ax, int x, int fixed)
{
    if (x > LOCATIONS) {
        candidate_check(ax);
        return;
    }
    if (fixed >= ax->mo_count[x]) {
        orders_choose(ax, x + 1, 0);
        return;
    }
    for (int i = fixed; i < ax->mo_count[x]; i++) {
        int kept = ax->mo[x][fixed];
        ax->mo[x][fixed] = ax->mo[x][i];
        ax->mo[x][i] = kept;
        orders_choose(ax, x, fixed + 1);
        ax->mo[x][i] = ax->mo[x][fixed];
        ax->mo[x][fixed] = kept;
    }
}

static uint64_t rmw_value(const struct thi_operation *op, uint64_t old)
{
    return (op->kind == TH_OP_RMW && op->rmw == TH_RMW_ADD ? old + op->value : op->value) &
           0xffffffff;
}

/* Values along program order and reads-from. False: there is none, or a source is absent. */
static bool values_make(struct axioms *ax)
{
    int n = ax->count;
    matrix porf;
    memset(ax->rf, 0, sizeof(matrix));
    for (int r = 0; r < n; r++) {
        if (ax->items[r].read && ax->items[r].source >= 0) {
            ax->rf[ax->items[r].source] |= 1u << r;
        }
    }
    for (int i = 0; i < n; i++) {
        porf[i] = ax->sb[i] | ax->rf[i];
    }
    closure(porf, n);
    if (reflexive_somewhere(porf, n)) {
        return false;
    }
    bool done[EVENTS_MAX] = {false};
    for (int left = n; left > 0;) {
        for (int i = 0; i < n; i++) {
            struct item *item = &ax->items[i];
            bool ready = !done[i];
            for (int j = 0; j < n && ready; j++) {
                ready = done[j] || (porf[j] >> i & 1) == 0;
            }
            if (!ready) {
                continue;
            }
            done[i] = true;
            left--;
            item->absent = false;
            item->order = item->op->order;
            if (item->read) {
                item->value = item->source < 0 ? 0 : ax->items[item->source].value;
                if (item->op->site >= AWAITING && await_failed(item->op, item->value)) {
                    return false;
                }
                item->exclusive =
                    item->op->kind == TH_OP_RMW ||
                    (item->op->kind == TH_OP_CAS && item->value == item->op->expected);
                if (item->op->kind == TH_OP_CAS && !item->exclusive) {
                    item->order = item->op->failure_order;
                }
            } else if (item->write &&
                       (item->op->kind == TH_OP_RMW || item->op->kind == TH_OP_CAS)) {
                item->absent = !ax->items[i - 1].exclusive;
                item->value = rmw_value(item->op, ax->items[i - 1].value);
            } else {
                item->value = item->op->value;
            }
        }
    }
    uint32_t index = 0;
    for (int i = 0; i < n; i++) {
        index = i > 0 && ax->items[i].thread == ax->items[i - 1].thread ? index : 0;
        ax->items[i].name_index = index;
        index += !ax->items[i].absent;
        if (ax->items[i].read && ax->items[i].source >= 0 &&
            ax->items[ax->items[i].source].absent) {
            return false;
        }
    }
    return true;
}

static void program_order_make(struct axioms *ax)
{
    memset(ax->sb, 0, sizeof(matrix));
    memset(ax->mo_count, 0, sizeof ax->mo_count);
    for (int i = 0; i < ax->count; i++) {
        for (int j = i + 1; j < ax->count; j++) {
            if (ax->items[i].thread == ax->items[j].thread) {
                ax->sb[i] |= 1u << j;
            }
        }
    }
}

/* All sources of read `from` and of those behind it. */
static void sources_choose(struct axioms *ax, int from)
{
    while (from < ax->count && !ax->items[from].read) {
        from++;
    }
    if (from < ax->count) {
        for (int w = -1; w < ax->count; w++) {
            if (w < 0 || (ax->items[w].write && same_location(&ax->items[w], &ax->items[from]))) {
                ax->items[from].source = w;
                sources_choose(ax, from + 1);
            }
        }
        return;
    }
    program_order_make(ax);
    if (!values_make(ax)) {
        return;
    }
    for (int i = 0; i < ax->count; i++) { /* what did not happen has no order */
        if (ax->items[i].absent) {
            ax->sb[i] = 0;
            for (int j = 0; j < ax->count; j++) {
                ax->sb[j] &= ~(1u << i);
            }
        } else if (ax->items[i].write) {
            uint32_t x = (uint32_t)ax->items[i].op->address / 4;
            ax->mo[x][ax->mo_count[x]++] = i;
        }
    }
    orders_choose(ax, 1, 0);
}

static void axioms_init(struct axioms *ax, const struct program *program, bool c11)
{
    memset(ax, 0, sizeof *ax);
    ax->c11 = c11;
    for (uint32_t t = 0; t < program->thread_count; t++) {
        for (uint32_t i = 0; i < program->op_count[t]; i++) {
            const struct thi_operation *op = &program->ops[t][i];
            struct item item = {.thread = t, .op = op};
            item.fence = op->kind == TH_OP_FENCE;
            item.read = !item.fence && op->kind != TH_OP_STORE && op->kind != TH_OP_PLAIN_STORE;
            item.write = op->kind == TH_OP_STORE || op->kind == TH_OP_PLAIN_STORE;
            ax->items[ax->count++] = item;
            if (op->kind == TH_OP_RMW || op->kind == TH_OP_CAS) {
                item.read = false;
                item.write = true;
                item.exclusive = true;
                ax->items[ax->count++] = item;
            }
        }
    }
}

/* --- Programs. */

static enum thi_order pick(uint64_t *seed, const enum thi_order *orders, uint32_t count)
{
    return orders[test_random(seed) % count];
}

static void op_make(uint64_t *seed, struct thi_operation *op, uint32_t site)
{
    static const enum thi_order loads[] = {TH_ORDER_RELAXED, TH_ORDER_ACQUIRE, TH_ORDER_SEQ_CST};
    static const enum thi_order stores[] = {TH_ORDER_RELAXED, TH_ORDER_RELEASE, TH_ORDER_SEQ_CST};
    static const enum thi_order all[] = {TH_ORDER_RELAXED, TH_ORDER_ACQUIRE, TH_ORDER_RELEASE,
                                         TH_ORDER_ACQ_REL, TH_ORDER_SEQ_CST, TH_ORDER_SEQ_CST};
    *op = (struct thi_operation){.bytes = 4, .site = site, .value = 1 + test_random(seed) % 3};
    op->address = 4 * (1 + test_random(seed) % LOCATIONS);
    switch (test_random(seed) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        op->kind = TH_OP_LOAD;
        op->order = pick(seed, loads, 3);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        op->kind = TH_OP_STORE;
        op->order = pick(seed, stores, 3);
        break;
    case 8:
    case 9:
        op->kind = TH_OP_RMW;
        op->rmw = test_random(seed) % 2 == 0 ? TH_RMW_ADD : TH_RMW_EXCHANGE;
        op->order = pick(seed, all, 6);
        break;
    case 10:
    case 11:
        op->kind = TH_OP_CAS;
        op->expected = test_random(seed) % 3;
        op->order = pick(seed, all, 6);
        op->failure_order = pick(seed, loads, 3);
        break;
    case 12: op->kind = TH_OP_PLAIN_LOAD; break;
    case 13: op->kind = TH_OP_PLAIN_STORE; break;
    default:
        op->kind = TH_OP_FENCE;
        op->order = pick(seed, all + 1, 5);
        op->address = 0;
        op->bytes = 0;
        break;
    }
}

static void program_make(uint64_t *seed, struct program *program, bool awaits)
{
    *program =
        (struct program){.thread_count = 2 + (uint32_t)(test_random(seed) % 3), .awaits = awaits};
    uint32_t most = program->thread_count == 2 ? OPS_MAX : program->thread_count == 3 ? 3 : 2;
    for (uint32_t t = 0; t < program->thread_count; t++) {
        program->op_count[t] = 1 + (uint32_t)(test_random(seed) % most);
        for (uint32_t i = 0; i < program->op_count[t]; i++) {
            op_make(seed, &program->ops[t][i], t * OPS_MAX + i + 1);
            enum thi_operation_kind kind = program->ops[t][i].kind;
            if (program->awaits && (kind == TH_OP_LOAD || kind == TH_OP_CAS) &&
                test_random(seed) % 2 == 0) {
                program->ops[t][i].site += AWAITING;
            }
        }
    }
}

/* How many candidates there are; the largest programs are left out. */
static double candidates_count(const struct axioms *ax)
{
    double count = 1;
    int writes[LOCATIONS + 1] = {0};
    for (int i = 0; i < ax->count; i++) {
        if (ax->items[i].write) {
            count *= ++writes[ax->items[i].op->address / 4];
        }
    }
    for (int i = 0; i < ax->count; i++) {
        if (ax->items[i].read) {
            count *= 1 + writes[ax->items[i].op->address / 4];
        }
    }
    return count;
}

static bool program_explore(struct program *program, struct thi_engine_options options,
                            struct thi_engine_result *result)
{
    struct thi_program own = {.context = program,
                              .thread_count = program->thread_count,
                              .restart = program_restart,
                              .step = program_step,
                              .finish = program_finish,
                              .error = program_error,
                              .memory_read = program_memory};
    options.check_duplicates = true;
    options.continue_after_error = true;
    program->engine = thi_engine_new(&own, &options);
    if (program->engine == NULL) {
        return false;
    }
    thi_engine_run(program->engine, result);
    thi_engine_free(program->engine);
    return true;
}

/* Explores random programs and judges all their candidates; *executions is their sum. */
static void programs_compare(bool awaits, uint64_t wanted, uint64_t *executions)
{
    static struct axioms ax;
    struct program program;
    uint64_t seed = test_seed;
    *executions = 0;
    for (uint64_t i = 0; i < wanted && test_failures == 0;) {
        uint64_t program_seed = seed;
        program_make(&seed, &program, awaits);
        bool c11 = test_random(&seed) % 2 == 0;
        axioms_init(&ax, &program, c11);
        if (ax.count > EVENTS_MAX - 1 || candidates_count(&ax) > CANDIDATES_MAX) {
            continue;
        }
        i++;
        struct thi_engine_options options = {.c11_release_sequence = c11};
        struct thi_engine_result result;
        REQUIRE(program_explore(&program, options, &result));
        sources_choose(&ax, 0);
        *executions += ax.executions;
        CHECK_EQ(program.count, ax.executions);
        CHECK_EQ(program.sum, ax.sum);
        CHECK(program.race == ax.race || (awaits && program.race)); /* in a blocked execution */
        CHECK_EQ(result.duplicates, 0);
        CHECK_EQ(result.executions, ax.executions);
        if (test_failures > 0) {
            printf("# program of seed %" PRIu64 ", %s\n", program_seed, c11 ? "c11" : "c20");
        }
    }
}

/* Goal: the search finds all consistent executions, each once, and no other; races too. Method:
 * random programs of up to 4 threads, against all candidates judged by the axioms. */
TEST(engine_random_programs_agree_with_axioms)
{
    uint64_t executions, wanted = test_scaled(1500);
    programs_compare(false, wanted, &executions);
    printf("# %" PRIu64 " programs, %" PRIu64 " executions\n", wanted, executions);
    CHECK(executions > wanted);
}

/* Goal: waits that block lose no complete execution, though blocked ones are left early. Method:
 * the same with loads and compare-exchanges that wait; candidates in which one fails are none. */
TEST(engine_random_programs_with_waits_agree_with_axioms)
{
    uint64_t executions, wanted = test_scaled(3000);
    programs_compare(true, wanted, &executions);
    printf("# %" PRIu64 " programs, %" PRIu64 " executions\n", wanted, executions);
    CHECK(executions > wanted / 2);
}

TEST_MAIN()
