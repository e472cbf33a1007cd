/* SPDX-License-Identifier: MIT
 * parse.c - a litmus test: header, initial values, threads, what is observed, the question.
 */
#include "litmus/litmus_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The location's number. It is added if `add` says so, else it must be there. */
uint32_t thi_litmus_location(struct parser *parser, const char *name, bool add)
{
    struct thi_litmus *litmus = parser->litmus;
    for (size_t i = 0; i < litmus->location_count; i++) {
        if (strcmp(litmus->locations[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    if (!add) {
        return UINT32_MAX;
    }
    void *array = litmus->locations;
    struct litmus_location *location =
        thi_arena_push(&litmus->arena, &array, &litmus->location_count, &litmus->location_capacity,
                       sizeof *location);
    litmus->locations = array;
    if (location == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return 0;
    }
    *location = (struct litmus_location){.name = name};
    return (uint32_t)(litmus->location_count - 1);
}

uint32_t thi_litmus_register(struct parser *parser, uint32_t thread, const char *name, bool add)
{
    struct thi_litmus *litmus = parser->litmus;
    for (size_t i = 0; i < litmus->register_count; i++) {
        if (litmus->registers[i].thread == thread && strcmp(litmus->registers[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    if (!add) {
        char text[128];
        snprintf(text, sizeof text, "thread %u declares no register '%.40s' before", thread, name);
        thi_parse_failed(parser, parser->token.line, text);
        return 0;
    }
    void *array = litmus->registers;
    struct litmus_register *found = thi_arena_push(&litmus->arena, &array, &litmus->register_count,
                                                   &litmus->register_capacity, sizeof *found);
    litmus->registers = array;
    if (found == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return 0;
    }
    *found = (struct litmus_register){.name = name, .thread = thread};
    return (uint32_t)(litmus->register_count - 1);
}

/* Passes over the words of a type. */
static void type_parse(struct parser *parser)
{
    static const char *const words[] = {"int",   "atomic_int", "volatile",
                                        "const", "_Atomic",    "long"};
    bool any = false;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (thi_lex_name_is(parser, words[i])) {
                thi_lex_next(parser);
                more = true;
                any = true;
            }
        }
    }
    if (!any) {
        thi_parse_expected(parser, "a type (atomic_int or int)");
    }
}

static bool type_is_next(const struct parser *parser)
{
    return thi_lex_name_is(parser, "int") || thi_lex_name_is(parser, "atomic_int") ||
           thi_lex_name_is(parser, "_Atomic") || thi_lex_name_is(parser, "volatile");
}

/* C name, and lines of information that are passed over. */
static void header_parse(struct parser *parser)
{
    if (!thi_lex_name_is(parser, "C")) {
        thi_parse_expected(parser, "'C' and the test's name on the first line");
        return;
    }
    size_t from = parser->at;
    while (from < parser->size && (parser->text[from] == ' ' || parser->text[from] == '\t')) {
        from++;
    }
    size_t to = from;
    while (to < parser->size && isgraph((unsigned char)parser->text[to])) {
        to++;
    }
    char *name = thi_arena_alloc(&parser->litmus->arena, to - from + 1);
    if (name == NULL || from == to) {
        thi_parse_failed(parser, parser->line,
                         name == NULL ? "out of memory" : "expected the test's name after 'C'");
        return;
    }
    memcpy(name, parser->text + from, to - from);
    parser->litmus->name = name;
    parser->at = to;
    thi_lex_next(parser);
    while (parser->token.kind != TOKEN_END && !thi_lex_symbol_is(parser, '{')) {
        if (parser->token.kind == TOKEN_NAME) { /* Key=value, to the end of the line */
            while (parser->at < parser->size && parser->text[parser->at] != '\n') {
                parser->at++;
            }
        } else if (parser->token.kind != TOKEN_STRING) {
            break;
        }
        thi_lex_next(parser);
    }
}

/* { [x] = 0; int z = 2; 0:r1 = 3; } */
static void initial_parse(struct parser *parser)
{
    thi_parse_symbol(parser, '{', "'{' and the initial values");
    while (!thi_lex_symbol_is(parser, '}') && !parser->failed) {
        int32_t *place;
        if (parser->token.kind == TOKEN_NUMBER) {
            uint32_t thread = (uint32_t)thi_parse_number(parser);
            thi_parse_symbol(parser, ':', "':' and a register");
            const char *name = thi_parse_name(parser, "a register");
            uint32_t number = thi_litmus_register(parser, thread, name, true);
            place = parser->failed ? NULL : &parser->litmus->registers[number].initial;
        } else {
            if (type_is_next(parser)) {
                type_parse(parser);
            }
            bool bracket = thi_lex_take(parser, '[');
            const char *name = thi_parse_name(parser, "the name of a location");
            if (bracket) {
                thi_parse_symbol(parser, ']', "']'");
            }
            uint32_t number = thi_litmus_location(parser, name, true);
            place = parser->failed ? NULL : &parser->litmus->locations[number].initial;
        }
        int32_t value = 0;
        if (thi_lex_take(parser, '=')) {
            value = thi_parse_number(parser);
        }
        if (place != NULL) {
            *place = value;
        }
        if (!thi_lex_symbol_is(parser, '}')) {
            thi_parse_symbol(parser, ';', "';' or '}'");
        }
    }
    thi_parse_symbol(parser, '}', "'}'");
}

static void parameters_parse(struct parser *parser)
{
    thi_parse_symbol(parser, '(', "'(' and the parameters");
    parser->parameter_count = 0;
    while (!thi_lex_symbol_is(parser, ')') && !parser->failed) {
        type_parse(parser);
        thi_parse_symbol(parser, '*', "'*': parameters are pointers");
        const char *name = thi_parse_name(parser, "the name of a location");
        uint32_t location = thi_litmus_location(parser, name, true);
        void *array = parser->parameters;
        uint32_t *parameter =
            thi_arena_push(&parser->litmus->arena, &array, &parser->parameter_count,
                           &parser->parameter_capacity, sizeof *parameter);
        parser->parameters = array;
        if (parameter == NULL) {
            thi_parse_failed(parser, parser->line, "out of memory");
            return;
        }
        *parameter = location;
        if (!thi_lex_symbol_is(parser, ')')) {
            thi_parse_symbol(parser, ',', "',' or ')'");
        }
    }
    thi_parse_symbol(parser, ')', "')'");
}

/* P0 (atomic_int* x, int* y) { ... } */
static void thread_parse(struct parser *parser)
{
    struct thi_litmus *litmus = parser->litmus;
    char expected[24];
    snprintf(expected, sizeof expected, "P%zu", litmus->thread_count);
    if (!thi_lex_name_is(parser, expected)) {
        thi_parse_expected(parser, litmus->thread_count == 0 ? "the first thread, P0" : expected);
        return;
    }
    if (litmus->thread_count == TH_ENGINE_THREADS_LIMIT) {
        thi_parse_failed(parser, parser->token.line, "too many threads");
        return;
    }
    void *array = litmus->threads;
    struct litmus_thread *thread = thi_arena_push(&litmus->arena, &array, &litmus->thread_count,
                                                  &litmus->thread_capacity, sizeof *thread);
    litmus->threads = array;
    if (thread == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return;
    }
    *thread = (struct litmus_thread){.code = NULL};
    parser->thread = (uint32_t)(litmus->thread_count - 1);
    parser->depth = 0;
    parser->in_code = true;
    thi_lex_next(parser);
    parameters_parse(parser);
    if (!thi_lex_symbol_is(parser, '{')) {
        thi_parse_expected(parser, "'{' and the thread's statements");
    }
    thi_parse_statement(parser);
    thi_code_add(parser, CODE_END, 0);
    parser->in_code = false;
    if (parser->token.kind == TOKEN_SYMBOL && parser->token.symbol == '(') {
        parser->at = (size_t)(parser->token.text - parser->text); /* it may be a comment here */
        parser->line = parser->token.line;
        thi_lex_next(parser);
    }
}

static void column_add(struct parser *parser, bool is_register, uint32_t index)
{
    struct thi_litmus *litmus = parser->litmus;
    for (size_t i = 0; i < litmus->column_count; i++) {
        if (litmus->columns[i].is_register == is_register && litmus->columns[i].index == index) {
            return;
        }
    }
    void *array = litmus->columns;
    struct litmus_column *column = thi_arena_push(&litmus->arena, &array, &litmus->column_count,
                                                  &litmus->column_capacity, sizeof *column);
    litmus->columns = array;
    if (column == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return;
    }
    *column = (struct litmus_column){.is_register = is_register, .index = index};
}

/* 1:r0, [x] or x: a column of the states. */
static uint32_t observed_parse(struct parser *parser, bool *is_register)
{
    uint32_t index;
    *is_register = parser->token.kind == TOKEN_NUMBER;
    if (*is_register) {
        uint32_t line = parser->token.line, thread = (uint32_t)thi_parse_number(parser);
        thi_parse_symbol(parser, ':', "':' and a register");
        if (thread >= parser->litmus->thread_count) {
            thi_parse_failed(parser, line, "there is no thread of that number");
        }
        const char *name = thi_parse_name(parser, "a register");
        index = thi_litmus_register(parser, thread, name, parser->failed);
    } else {
        bool bracket = thi_lex_take(parser, '[');
        const char *name = thi_parse_name(parser, "a register (0:r0) or a location ([x])");
        if (bracket) {
            thi_parse_symbol(parser, ']', "']'");
        }
        index = thi_litmus_location(parser, name, true); /* no thread may use it: then 0 */
    }
    if (!parser->failed) {
        column_add(parser, *is_register, index);
    }
    return index;
}

static void locations_parse(struct parser *parser)
{
    thi_lex_next(parser);
    thi_parse_symbol(parser, '[', "'[' and what to observe");
    while (!thi_lex_symbol_is(parser, ']') && !parser->failed) {
        bool is_register;
        observed_parse(parser, &is_register);
        if (!thi_lex_symbol_is(parser, ']')) {
            thi_parse_symbol(parser, ';', "';' or ']'");
        }
    }
    thi_parse_symbol(parser, ']', "']'");
}

static struct condition *condition_new(struct parser *parser, enum condition_kind kind)
{
    struct condition *condition = thi_arena_alloc(&parser->litmus->arena, sizeof *condition);
    if (condition == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return NULL;
    }
    condition->kind = kind;
    return condition;
}

static struct condition *condition_parse(struct parser *parser);

static struct condition *condition_atom(struct parser *parser)
{
    if (thi_lex_take(parser, '~') || thi_lex_name_is(parser, "not")) {
        if (thi_lex_name_is(parser, "not")) {
            thi_lex_next(parser);
        }
        struct condition *not_it = condition_new(parser, CONDITION_NOT);
        if (thi_parse_nest(parser) && not_it != NULL) {
            not_it->left = condition_atom(parser);
        }
        parser->nesting--;
        return not_it;
    }
    if (thi_lex_take(parser, '(')) {
        struct condition *inner = condition_parse(parser);
        thi_parse_symbol(parser, ')', "')'");
        return inner;
    }
    if (thi_lex_name_is(parser, "true")) {
        thi_lex_next(parser);
        return condition_new(parser, CONDITION_TRUE);
    }
    struct condition *atom = condition_new(parser, CONDITION_ATOM);
    bool is_register;
    uint32_t index = observed_parse(parser, &is_register);
    bool differs = thi_lex_take(parser, SYMBOL_DIFFERS);
    if (!differs && !thi_lex_take(parser, SYMBOL_EQUAL)) {
        thi_parse_symbol(parser, '=', "'=' and a value");
    }
    int32_t value = thi_parse_number(parser);
    if (!parser->failed) {
        atom->is_register = is_register;
        atom->differs = differs;
        atom->index = index;
        atom->value = value;
    }
    return atom;
}

static struct condition *condition_and(struct parser *parser)
{
    struct condition *left = condition_atom(parser);
    while (thi_lex_take(parser, SYMBOL_AND) && !parser->failed) {
        struct condition *both = condition_new(parser, CONDITION_AND);
        struct condition *right = condition_atom(parser);
        if (both != NULL) {
            both->left = left;
            both->right = right;
            left = both;
        }
    }
    return left;
}

static struct condition *condition_parse(struct parser *parser)
{
    struct condition *left = NULL;
    if (thi_parse_nest(parser)) {
        left = condition_and(parser);
        while (thi_lex_take(parser, SYMBOL_OR) && !parser->failed) {
            struct condition *either = condition_new(parser, CONDITION_OR);
            struct condition *right = condition_and(parser);
            if (either != NULL) {
                either->left = left;
                either->right = right;
                left = either;
            }
        }
    }
    parser->nesting--;
    return left;
}

static void question_parse(struct parser *parser)
{
    struct thi_litmus *litmus = parser->litmus;
    size_t from = (size_t)(parser->token.text - parser->text);
    if (thi_lex_take(parser, '~')) {
        litmus->quantifier = QUANTIFIER_NOT_EXISTS;
    } else if (thi_lex_name_is(parser, "forall")) {
        litmus->quantifier = QUANTIFIER_FORALL;
    }
    if (litmus->quantifier != QUANTIFIER_FORALL && !thi_lex_name_is(parser, "exists")) {
        thi_parse_expected(parser, "locations, exists, ~exists or forall");
        return;
    }
    thi_lex_next(parser);
    litmus->condition = condition_parse(parser);
    size_t to = parser->failed ? from : (size_t)(parser->token.text - parser->text);
    while (to > from && isspace((unsigned char)parser->text[to - 1])) {
        to--;
    }
    char *text = thi_arena_alloc(&litmus->arena, to - from + 1);
    if (text == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return;
    }
    memcpy(text, parser->text + from, to - from);
    litmus->condition_text = text;
    if (parser->token.kind != TOKEN_END) {
        thi_parse_expected(parser, "the end of the test");
    }
}

/* Whether column `a` stands before column `b`: registers by thread, then locations, by name. */
static bool column_before(const struct thi_litmus *litmus, const struct litmus_column *a,
                          const struct litmus_column *b)
{
    if (a->is_register != b->is_register) {
        return a->is_register;
    }
    if (!a->is_register) {
        return strcmp(litmus->locations[a->index].name, litmus->locations[b->index].name) < 0;
    }
    const struct litmus_register *r = &litmus->registers[a->index];
    const struct litmus_register *s = &litmus->registers[b->index];
    return r->thread != s->thread ? r->thread < s->thread : strcmp(r->name, s->name) < 0;
}

static void columns_sort(struct thi_litmus *litmus)
{
    for (size_t i = 1; i < litmus->column_count; i++) {
        struct litmus_column column = litmus->columns[i];
        size_t at = i;
        while (at > 0 && column_before(litmus, &column, &litmus->columns[at - 1])) {
            litmus->columns[at] = litmus->columns[at - 1];
            at--;
        }
        litmus->columns[at] = column;
    }
}

static void litmus_parse(struct parser *parser)
{
    struct thi_litmus *litmus = parser->litmus;
    thi_lex_next(parser);
    header_parse(parser);
    initial_parse(parser);
    do {
        thread_parse(parser);
    } while (parser->token.kind == TOKEN_NAME && parser->token.text[0] == 'P');
    if (thi_lex_name_is(parser, "locations")) {
        locations_parse(parser);
    }
    question_parse(parser);
    if (!parser->failed) {
        columns_sort(litmus);
    }
}

struct thi_litmus *thi_litmus_parse(const char *path, const char *text, size_t size,
                                    struct thi_litmus_error *error)
{
    struct thi_litmus *litmus = calloc(1, sizeof *litmus);
    if (litmus == NULL) {
        snprintf(error->text, sizeof error->text, "%s: out of memory", path);
        return NULL;
    }
    struct parser parser = {
        .litmus = litmus, .error = error, .path = path, .text = text, .size = size, .line = 1};
    litmus_parse(&parser);
    if (parser.failed) {
        thi_litmus_free(litmus);
        return NULL;
    }
    return litmus;
}

const char *thi_litmus_name(const struct thi_litmus *litmus)
{
    return litmus->name;
}
