/* SPDX-License-Identifier: MIT
 * probe.c - the text of a C file that asks a compiler for every atomic operation there is: each
 *           operation, order and width in a function of its own, between two plain accesses.
 *
 * The accesses before and after stand for the data that an order protects: a barrier that is
 * missing, too weak or in the wrong place lets one of them pass. Results are used in some functions
 * and dropped in others, because compilers choose other instructions then.
 */
#include "audit.h"

#include <stdio.h>

#include "report/text.h"

static const unsigned widths[] = {8, 16, 32, 64};
static const char *const orders[] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst"};
enum { RELAXED, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST, ORDERS };

static void prologue_add(struct thi_text *text)
{
    thi_text_string(
        text,
        "#include <stdatomic.h>\n#include <stdbool.h>\n#include <stdint.h>\n"
        "struct th_probe_double {\n"
        "    uint64_t before;\n    _Atomic double x;\n    uint64_t after;\n};\n"
        "struct th_probe_plain {\n"
        "    uint64_t before;\n    _Alignas(8) volatile double x;\n    uint64_t after;\n};\n");
    for (unsigned i = 0; i < 4; i++) {
        thi_text_format(text,
                        "struct th_probe_%u {\n    uint64_t before;\n    _Atomic uint%u_t x;\n"
                        "    uint64_t after;\n    uint64_t last;\n};\n",
                        widths[i], widths[i]);
    }
}

/* A function around one statement, which stands on a line of its own. */
static void function_add(struct thi_text *text, const char *head, unsigned width,
                         const char *statement, bool returns)
{
    thi_text_format(text, "%s(struct th_probe_%u *o%s)\n{\n    o->before = 1;\n    %s\n", head,
                    width, "", statement);
    thi_text_string(text, "    o->after = o->last;\n");
    thi_text_string(text, returns ? "    return r;\n}\n" : "}\n");
}

static void loads_stores_add(struct thi_text *text, unsigned width)
{
    static const int load_orders[] = {RELAXED, ACQUIRE, SEQ_CST};
    static const int store_orders[] = {RELAXED, RELEASE, SEQ_CST};
    char head[128], statement[256];
    for (unsigned i = 0; i < 3; i++) {
        const char *order = orders[load_orders[i]];
        snprintf(head, sizeof head, "uint%u_t th_probe_load_%u_%s", width, width, order);
        snprintf(statement, sizeof statement,
                 "uint%u_t r = atomic_load_explicit(&o->x, memory_order_%s);", width, order);
        function_add(text, head, width, statement, true);
        order = orders[store_orders[i]];
        snprintf(head, sizeof head, "void th_probe_store_%u_%s", width, order);
        snprintf(statement, sizeof statement, "atomic_store_explicit(&o->x, 5, memory_order_%s);",
                 order);
        function_add(text, head, width, statement, false);
    }
}

/* `operand` 0 asks for an operation that changes nothing and orders all the same. */
static void modify_add(struct thi_text *text, const char *operation, unsigned width, int order,
                       unsigned operand)
{
    char head[128], statement[256];
    const char *zero = operand == 0 ? "_zero" : "";
    snprintf(head, sizeof head, "uint%u_t th_probe_%s%s_%u_%s", width, operation, zero, width,
             orders[order]);
    snprintf(statement, sizeof statement,
             "uint%u_t r = atomic_%s_explicit(&o->x, %u, memory_order_%s);", width, operation,
             operand, orders[order]);
    function_add(text, head, width, statement, true);
    snprintf(head, sizeof head, "void th_probe_%s%s_unused_%u_%s", operation, zero, width,
             orders[order]);
    snprintf(statement, sizeof statement, "(void)atomic_%s_explicit(&o->x, %u, memory_order_%s);",
             operation, operand, orders[order]);
    function_add(text, head, width, statement, false);
}

static void modifies_add(struct thi_text *text, unsigned width)
{
    static const char *const operations[] = {"exchange", "fetch_add", "fetch_sub",
                                             "fetch_or", "fetch_xor", "fetch_and"};
    for (int order = 0; order < ORDERS; order++) {
        for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
            modify_add(text, operations[i], width, order, 5);
        }
        modify_add(text, "fetch_add", width, order, 0);
        modify_add(text, "fetch_or", width, order, 0);
    }
}

/* One compare-exchange; `unused`: nobody asks whether it succeeded. */
static void compare_add(struct thi_text *text, unsigned width, const char *strength,
                        const char *success, const char *failure)
{
    for (int unused = 0; unused < 2; unused++) {
        thi_text_format(text,
                        "%s th_probe_cas_%s%s_%u_%s_%s(struct th_probe_%u *o, uint%u_t *e)\n{\n"
                        "    uint%u_t wanted = *e;\n    o->before = 1;\n    ",
                        unused ? "void" : "bool", strength, unused ? "_unused" : "", width, success,
                        failure, width, width, width);
        thi_text_format(text,
                        "%satomic_compare_exchange_%s_explicit(&o->x, &wanted, 5, memory_order_%s, "
                        "memory_order_%s);\n    o->after = o->last;\n    *e = wanted;\n%s}\n",
                        unused ? "(void)" : "bool r = ", strength, success, failure,
                        unused ? "" : "    return r;\n");
    }
}

static void compares_add(struct thi_text *text, unsigned width)
{
    static const int failures[] = {RELAXED, ACQUIRE, SEQ_CST};
    for (int success = 0; success < ORDERS; success++) {
        for (unsigned i = 0; i < 3; i++) {
            compare_add(text, width, "strong", orders[success], orders[failures[i]]);
            compare_add(text, width, "weak", orders[success], orders[failures[i]]);
        }
    }
}

/* A read-modify-write whose result nobody wants, ordered by the fence behind it alone. */
static void fence_after_add(struct thi_text *text, const char *operation, unsigned width, int order)
{
    char head[128], statement[256];
    snprintf(head, sizeof head, "void th_probe_%s_then_fence_%u_%s", operation, width,
             orders[order]);
    snprintf(statement, sizeof statement,
             "(void)atomic_%s_explicit(&o->x, 5, memory_order_%s);\n"
             "    atomic_thread_fence(memory_order_acquire);",
             operation, orders[order]);
    function_add(text, head, width, statement, false);
}

static void fences_add(struct thi_text *text)
{
    char head[128], statement[256];
    for (int order = ACQUIRE; order < ORDERS; order++) {
        snprintf(head, sizeof head, "void th_probe_fence_%s", orders[order]);
        snprintf(statement, sizeof statement, "atomic_thread_fence(memory_order_%s);",
                 orders[order]);
        function_add(text, head, 64, statement, false);
    }
    for (unsigned i = 0; i < 4; i++) {
        static const char *const operations[] = {"exchange", "fetch_add", "fetch_or"};
        for (unsigned operation = 0; operation < 3; operation++) {
            fence_after_add(text, operations[operation], widths[i], RELAXED);
            fence_after_add(text, operations[operation], widths[i], RELEASE);
        }
    }
}

/* A volatile object keeps an exchange from being taken for a store: what is left of it when its
 * result goes nowhere and a fence is to order it? */
static void volatiles_add(struct thi_text *text)
{
    for (unsigned i = 0; i < 4; i++) {
        for (int order = RELAXED; order <= RELEASE; order += RELEASE) {
            thi_text_format(text,
                            "void th_probe_volatile_exchange_then_fence_%u_%s(volatile struct "
                            "th_probe_%u *o)\n{\n    o->before = 1;\n"
                            "    (void)atomic_exchange_explicit(&o->x, 5, memory_order_%s);\n"
                            "    atomic_thread_fence(memory_order_acquire);\n"
                            "    o->after = o->last;\n}\n",
                            widths[i], orders[order], widths[i], orders[order]);
        }
    }
    thi_text_string(text, "#if defined(__clang__) && !defined(__s390x__)\n");
    for (int order = 0; order < ORDERS; order += SEQ_CST) {
        thi_text_format(text,
                        "void th_probe_fetch_add_double_%s(struct th_probe_plain *o)\n{\n"
                        "    o->before = 1;\n"
                        "    (void)__atomic_fetch_add(&o->x, 42.0, %d);\n"
                        "    o->after = 1;\n}\n",
                        orders[order], order == RELAXED ? 0 : 5);
    }
    thi_text_string(text, "#endif\n");
}

/* What took compilers off the road: floating point in a loop of compare-exchanges, and tags with
 * the sign bit set, which some machines load as negative numbers. */
static void oddities_add(struct thi_text *text)
{
    thi_text_string(text, "void th_probe_add_double(struct th_probe_double *o)\n{\n"
                          "    o->before = 1;\n    o->x += 42.0;\n    o->after = 1;\n}\n"
                          "bool th_probe_cas_sign_32(struct th_probe_32 *o)\n{\n"
                          "    uint32_t wanted = 0x80000001u;\n    o->before = 1;\n"
                          "    bool r = atomic_compare_exchange_strong_explicit(&o->x, &wanted, 5, "
                          "memory_order_acquire, memory_order_acquire);\n"
                          "    o->after = o->last;\n    return r;\n}\n"
                          "bool th_probe_cas_computed_32(struct th_probe_32 *o, uint64_t tag)\n{\n"
                          "    uint32_t wanted = (uint32_t)(tag >> 32) | 1u;\n"
                          "    o->before = 1;\n"
                          "    bool r = atomic_compare_exchange_strong_explicit(&o->x, &wanted, 5, "
                          "memory_order_acquire, memory_order_acquire);\n"
                          "    o->after = o->last;\n    return r;\n}\n");
}

/* Stores to new memory in a loop, each before a call that releases: must they stay before it? Yes,
 * if the memory is given away later; no, if nobody else ever knows of it, or the callee releases
 * nothing. */
static void loops_add(struct thi_text *text)
{
    static const struct {
        const char *name, *call, *end;
    } loops[] = {{"returned", "th_probe_releases(o)", "    return p;\n"},
                 {"counted", "th_probe_releases(o)", "    return p;\n"},
                 {"freed", "th_probe_releases(o)", "    free(p);\n    return 0;\n"},
                 {"unreleased", "th_probe_counts(o)", "    return p;\n"}};
    thi_text_string(text, "__attribute__((malloc)) void *th_probe_new(void);\n"
                          "void free(void *);\n"
                          "__attribute__((noinline)) static void th_probe_releases("
                          "struct th_probe_32 *o)\n{\n"
                          "    atomic_fetch_add_explicit(&o->x, 1, memory_order_release);\n}\n"
                          "__attribute__((noinline)) static void th_probe_counts("
                          "struct th_probe_32 *o)\n{\n    o->last++;\n}\n");
    for (unsigned i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        thi_text_format(text,
                        "uint64_t *th_probe_loop_%s(struct th_probe_32 *o, unsigned n)\n{\n"
                        "    uint64_t *p = th_probe_new();\n    *p = 0;\n"
                        "    for (unsigned i = 0; i < n; i++) {\n        *p %s i;\n        %s;\n"
                        "    }\n%s}\n",
                        loops[i].name, i == 1 ? "+=" : "=", loops[i].call, loops[i].end);
    }
}

/* Neighbours in memory, one accessed before and one behind: an optimiser that makes pairs of them
 * must leave both where they are. */
static void pairs_add(struct thi_text *text)
{
    static const struct {
        const char *name, *statement;
    } operations[] = {
        {"load", "uint64_t r = atomic_load_explicit(&o->x, memory_order_%s);"},
        {"store", "uint64_t r = 0; atomic_store_explicit(&o->x, 5, memory_order_%s);"},
        {"exchange", "uint64_t r = atomic_exchange_explicit(&o->x, 5, memory_order_%s);"},
        {"fetch_add",
         "uint64_t r = 0; (void)atomic_fetch_add_explicit(&o->x, 5, memory_order_%s);"},
        {"fence", "uint64_t r = 0; atomic_thread_fence(memory_order_%s);"}};
    thi_text_string(text, "struct th_probe_pair {\n    uint64_t a, b;\n    uint32_t c, d;\n"
                          "    _Atomic uint64_t x;\n    uint64_t last;\n};\n");
    for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        for (int order = ACQUIRE; order < ORDERS; order++) {
            bool load = i == 0, store = i == 1;
            if ((load && (order == RELEASE || order == ACQ_REL)) ||
                (store && (order == ACQUIRE || order == ACQ_REL))) {
                continue;
            }
            thi_text_format(text,
                            "uint64_t th_probe_pair_stores_%s_%s(struct th_probe_pair *o)\n{\n"
                            "    o->a = 1;\n    o->c = 1;\n    ",
                            operations[i].name, orders[order]);
            thi_text_format(text, operations[i].statement, orders[order]);
            thi_text_format(text,
                            "\n    o->b = o->last;\n    o->d = 2;\n    return r;\n}\n"
                            "uint64_t th_probe_pair_loads_%s_%s(struct th_probe_pair *o)\n{\n"
                            "    uint64_t a = o->a;\n    uint32_t c = o->c;\n    ",
                            operations[i].name, orders[order]);
            thi_text_format(text, operations[i].statement, orders[order]);
            thi_text_string(text, "\n    uint64_t b = o->b;\n    uint32_t d = o->d;\n"
                                  "    return r ^ a * b ^ (uint64_t)c * d;\n}\n");
        }
    }
}

void thi_audit_probe_text(struct thi_text *text)
{
    prologue_add(text);
    for (unsigned i = 0; i < 4; i++) {
        loads_stores_add(text, widths[i]);
        modifies_add(text, widths[i]);
        compares_add(text, widths[i]);
    }
    fences_add(text);
    volatiles_add(text);
    oddities_add(text);
    loops_add(text);
    pairs_add(text);
}
