/* SPDX-License-Identifier: MIT
 * expression.c - expressions and atomic functions of a thread, to code.
 */
#include "litmus/litmus_priv.h"

#include <string.h>

/* Adds an instruction that changes the stack's depth by so much. Never NULL: after a failure it is
 * one that nobody runs. */
struct code *thi_code_add(struct parser *parser, enum code_kind kind, int stack_change)
{
    static struct code nowhere;
    struct litmus_thread *thread = &parser->litmus->threads[parser->thread];
    void *array = thread->code;
    struct code *code = thi_arena_push(&parser->litmus->arena, &array, &thread->code_count,
                                       &thread->code_capacity, sizeof *code);
    thread->code = array;
    if (code == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return &nowhere;
    }
    *code = (struct code){.kind = kind, .line = parser->token.line};
    parser->depth += (uint32_t)stack_change;
    if (parser->depth > LITMUS_STACK_MAX && !parser->failed) {
        thi_parse_failed(parser, parser->token.line, "an expression too deep: split it");
    }
    return code;
}

/* The location that a pointer parameter stands for. */
uint32_t thi_parse_pointer(struct parser *parser)
{
    uint32_t line = parser->token.line;
    const char *name = thi_parse_name(parser, "the name of a pointer parameter");
    uint32_t location = thi_litmus_location(parser, name, false);
    for (size_t i = 0; i < parser->parameter_count; i++) {
        if (parser->parameters[i] == location) {
            return location;
        }
    }
    char text[128];
    snprintf(text, sizeof text, "expected a pointer parameter of this thread, found '%.40s'", name);
    thi_parse_failed(parser, line, text);
    return 0;
}

static enum thi_order order_parse(struct parser *parser)
{
    static const struct {
        const char *name;
        enum thi_order order;
    } orders[] = {
        {"memory_order_relaxed", TH_ORDER_RELAXED}, {"memory_order_acquire", TH_ORDER_ACQUIRE},
        {"memory_order_consume", TH_ORDER_ACQUIRE}, {"memory_order_release", TH_ORDER_RELEASE},
        {"memory_order_acq_rel", TH_ORDER_ACQ_REL}, {"memory_order_seq_cst", TH_ORDER_SEQ_CST}};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (thi_lex_name_is(parser, orders[i].name)) {
            thi_lex_next(parser);
            return orders[i].order;
        }
    }
    thi_parse_expected(parser, "a memory order (memory_order_relaxed, ...)");
    return TH_ORDER_RELAXED;
}

enum call_kind { CALL_LOAD, CALL_STORE, CALL_RMW, CALL_CAS, CALL_CAS_WEAK, CALL_FENCE };

struct call {
    const char *name;
    enum call_kind kind;
    enum thi_rmw rmw;
};

/* The atomic function at hand, and whether its orders are written out. NULL: none. */
static const struct call *call_find(const struct parser *parser, bool *has_orders)
{
    static const struct call calls[] = {
        {"atomic_load", CALL_LOAD, TH_RMW_ADD},
        {"atomic_store", CALL_STORE, TH_RMW_ADD},
        {"atomic_exchange", CALL_RMW, TH_RMW_EXCHANGE},
        {"atomic_fetch_add", CALL_RMW, TH_RMW_ADD},
        {"atomic_fetch_sub", CALL_RMW, TH_RMW_SUB},
        {"atomic_fetch_or", CALL_RMW, TH_RMW_OR},
        {"atomic_fetch_and", CALL_RMW, TH_RMW_AND},
        {"atomic_fetch_xor", CALL_RMW, TH_RMW_XOR},
        {"atomic_compare_exchange_strong", CALL_CAS, TH_RMW_ADD},
        {"atomic_compare_exchange_weak", CALL_CAS_WEAK, TH_RMW_ADD},
        {"atomic_thread_fence", CALL_FENCE, TH_RMW_ADD},
    };
    static const char suffix[] = "_explicit";
    const struct token *token = &parser->token;
    size_t size = token->size;
    *has_orders = size > sizeof suffix - 1 &&
                  memcmp(token->text + size - (sizeof suffix - 1), suffix, sizeof suffix - 1) == 0;
    size -= *has_orders ? sizeof suffix - 1 : 0;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strlen(calls[i].name) == size && memcmp(calls[i].name, token->text, size) == 0) {
            return &calls[i];
        }
    }
    return NULL;
}

static bool order_fits(enum call_kind kind, enum thi_order order)
{
    bool acquires = order == TH_ORDER_ACQUIRE || order == TH_ORDER_ACQ_REL;
    bool releases = order == TH_ORDER_RELEASE || order == TH_ORDER_ACQ_REL;
    return !(kind == CALL_LOAD && releases) && !(kind == CALL_STORE && acquires);
}

/* The orders behind the other arguments, if they are written out; two for a compare-exchange. */
static void orders_parse(struct parser *parser, enum call_kind kind, bool has_orders,
                         enum thi_order orders[2])
{
    orders[0] = orders[1] = TH_ORDER_SEQ_CST;
    uint32_t line = parser->token.line;
    if (has_orders) {
        thi_parse_symbol(parser, ',', "',' and a memory order");
        orders[0] = order_parse(parser);
        if (kind == CALL_CAS || kind == CALL_CAS_WEAK) {
            thi_parse_symbol(parser, ',', "',' and the order of a failure");
            orders[1] = order_parse(parser);
            if (!order_fits(CALL_LOAD, orders[1])) {
                thi_parse_failed(parser, line, "the order of a failure cannot be a release");
            }
        } else if (!order_fits(kind, orders[0])) {
            thi_parse_failed(parser, line,
                             kind == CALL_LOAD ? "a load cannot have release order"
                                               : "a store cannot have acquire order");
        }
    }
}

/* compare_exchange(x, expected, desired, ...): `expected` is a plain object behind a pointer. */
static void cas_parse(struct parser *parser, const struct call *call, uint32_t location,
                      bool has_orders)
{
    enum thi_order orders[2];
    thi_parse_symbol(parser, ',', "',' and a pointer to the expected value");
    uint32_t expected = thi_parse_pointer(parser);
    thi_code_add(parser, CODE_LOAD, 1)->location = expected;
    thi_parse_symbol(parser, ',', "',' and the desired value");
    thi_parse_expression(parser);
    orders_parse(parser, call->kind, has_orders, orders);
    struct code *code = thi_code_add(parser, CODE_CAS, 0);
    code->location = location;
    code->order = orders[0];
    code->failure_order = orders[1];
    code->weak = call->kind == CALL_CAS_WEAK;
    thi_code_add(parser, CODE_CAS_FAIL, -1)->location = expected;
}

bool thi_parse_call(struct parser *parser)
{
    bool has_orders;
    enum thi_order orders[2];
    const struct call *call = call_find(parser, &has_orders);
    if (call == NULL) {
        thi_parse_expected(parser, "an atomic function");
        return false;
    }
    thi_lex_next(parser);
    thi_parse_symbol(parser, '(', "'(' after the function's name");
    if (call->kind == CALL_FENCE) {
        enum thi_order order = order_parse(parser);
        thi_parse_symbol(parser, ')', "')' after the order");
        thi_code_add(parser, CODE_FENCE, 0)->order = order;
        return false;
    }
    uint32_t location = thi_parse_pointer(parser);
    if (call->kind == CALL_STORE || call->kind == CALL_RMW) {
        thi_parse_symbol(parser, ',', "',' and a value");
        thi_parse_expression(parser);
    }
    if (call->kind == CALL_CAS || call->kind == CALL_CAS_WEAK) {
        cas_parse(parser, call, location, has_orders);
    } else {
        orders_parse(parser, call->kind, has_orders, orders);
        enum code_kind kind = call->kind == CALL_LOAD    ? CODE_LOAD
                              : call->kind == CALL_STORE ? CODE_STORE
                                                         : CODE_RMW;
        struct code *code = thi_code_add(parser, kind,
                                         call->kind == CALL_LOAD    ? 1
                                         : call->kind == CALL_STORE ? -1
                                                                    : 0);
        code->location = location;
        code->order = orders[0];
        code->rmw = call->rmw;
    }
    thi_parse_symbol(parser, ')', "')' after the arguments");
    return call->kind != CALL_STORE;
}

static void primary_parse(struct parser *parser)
{
    if (thi_lex_take(parser, '(')) {
        thi_parse_expression(parser);
        thi_parse_symbol(parser, ')', "')'");
    } else if (thi_lex_take(parser, '*')) {
        uint32_t location = thi_parse_pointer(parser);
        struct code *code = thi_code_add(parser, CODE_LOAD, 1);
        code->location = location;
        code->order = TH_ORDER_PLAIN;
    } else if (parser->token.kind == TOKEN_NUMBER) {
        int32_t value = thi_parse_number(parser);
        thi_code_add(parser, CODE_PUSH, 1)->u.value = value;
    } else if (parser->token.kind == TOKEN_NAME && parser->at < parser->size &&
               parser->token.size > 7 && memcmp(parser->token.text, "atomic_", 7) == 0) {
        uint32_t line = parser->token.line;
        if (!thi_parse_call(parser)) {
            thi_parse_failed(parser, line, "expected a value, found a function that has none");
        }
    } else if (parser->token.kind == TOKEN_NAME) {
        const char *name = thi_parse_name(parser, "a register");
        uint32_t register_index = thi_litmus_register(parser, parser->thread, name, false);
        thi_code_add(parser, CODE_REGISTER_LOAD, 1)->u.register_index = register_index;
    } else {
        thi_parse_expected(parser, "an expression");
    }
}

static void unary_parse(struct parser *parser)
{
    static const int operators[] = {'!', '~', '-'};
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (thi_lex_take(parser, operators[i])) {
            if (thi_parse_nest(parser)) {
                unary_parse(parser);
                thi_code_add(parser, CODE_UNARY, 0)->u.token = operators[i];
            }
            parser->nesting--;
            return;
        }
    }
    primary_parse(parser);
}

enum { LEVEL_OR_OR, LEVEL_AND_AND, LEVEL_ARITHMETIC, LEVELS = 10 };

/* The operator at hand if it binds on that level, else 0. */
static int operator_at(const struct parser *parser, int level)
{
    static const int operators[LEVELS][5] = {{SYMBOL_OR_OR},
                                             {SYMBOL_AND_AND},
                                             {'|'},
                                             {'^'},
                                             {'&'},
                                             {SYMBOL_EQUAL, SYMBOL_DIFFERS},
                                             {'<', '>', SYMBOL_LESS_EQUAL, SYMBOL_GREATER_EQUAL},
                                             {'+', '-'},
                                             {'*'},
                                             {0}};
    for (int i = 0; i < 5 && operators[level][i] != 0; i++) {
        if (thi_lex_symbol_is(parser, operators[level][i])) {
            return operators[level][i];
        }
    }
    return 0;
}

/* `a && b` and `a || b`: b only if a did not decide. */
static void short_circuit(struct parser *parser, int symbol, int level);

static void binary_parse(struct parser *parser, int level)
{
    if (level == LEVELS) {
        unary_parse(parser);
        return;
    }
    binary_parse(parser, level + 1);
    for (int symbol; (symbol = operator_at(parser, level)) != 0 && !parser->failed;) {
        thi_lex_next(parser);
        if (level <= LEVEL_AND_AND) {
            short_circuit(parser, symbol, level);
            continue;
        }
        binary_parse(parser, level + 1);
        thi_code_add(parser, CODE_BINARY, -1)->u.token = symbol;
    }
}

static void short_circuit(struct parser *parser, int symbol, int level)
{
    struct litmus_thread *thread = &parser->litmus->threads[parser->thread];
    thi_code_add(parser, CODE_BOOL, 0);
    if (symbol == SYMBOL_OR_OR) {
        thi_code_add(parser, CODE_UNARY, 0)->u.token = '!';
    }
    size_t jump = thread->code_count;
    thi_code_add(parser, CODE_JUMP_ZERO, -1);
    binary_parse(parser, level + 1);
    thi_code_add(parser, CODE_BOOL, -1); /* the other way pushes its value, too */
    size_t over = thread->code_count;
    thi_code_add(parser, CODE_JUMP, 0);
    if (!parser->failed) {
        thread->code[jump].u.target = (uint32_t)thread->code_count;
    }
    thi_code_add(parser, CODE_PUSH, 1)->u.value = symbol == SYMBOL_OR_OR;
    if (!parser->failed) {
        thread->code[over].u.target = (uint32_t)thread->code_count;
    }
}

/* Code that leaves the expression's value on the stack. */
void thi_parse_expression(struct parser *parser)
{
    if (thi_parse_nest(parser)) {
        binary_parse(parser, 0);
    }
    parser->nesting--;
}
