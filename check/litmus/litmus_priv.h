/* SPDX-License-Identifier: MIT
 * litmus_priv.h - a litmus test in memory: its threads as code for a small stack machine.
 *
 * Parts        lex.c       characters to tokens
 *              parse.c     header, initial values, threads, condition
 *              statement.c expression.c   a thread's statements and expressions to code
 *              run.c       the machine, and the engine's program made of it
 *              print.c     answers
 *              arena.c     memory of a test, freed at once
 */
#ifndef TOPHASH_CHECK_LITMUS_LITMUS_PRIV_H
#define TOPHASH_CHECK_LITMUS_LITMUS_PRIV_H

#include "litmus/litmus.h"

enum { LITMUS_STACK_MAX = 64, LITMUS_NESTING_MAX = 100 };

/* --- Memory. */

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
    bool failed;
};

void *thi_arena_alloc(struct arena *arena, size_t bytes);
/* A place for one more element; the array moves when it must. NULL: no memory. */
void *thi_arena_push(struct arena *arena, void **array, size_t *count, size_t *capacity,
                     size_t element_bytes);
void thi_arena_clear(struct arena *arena);

/* --- The test. */

enum code_kind {
    CODE_PUSH,           /* value */
    CODE_DROP,           /* the top of the stack */
    CODE_REGISTER_LOAD,  /* register */
    CODE_REGISTER_STORE, /* register: pops */
    CODE_UNARY,          /* token: '!' '~' '-' */
    CODE_BINARY,         /* token */
    CODE_BOOL,           /* the top to 0 or 1 */
    CODE_JUMP,           /* target */
    CODE_JUMP_ZERO,      /* target: pops */
    /* From here on the engine has its say. */
    CODE_LOAD,  /* location, order: pushes */
    CODE_STORE, /* location, order: pops the value */
    CODE_RMW,   /* location, order, rmw: pops the operand, pushes the value before */
    CODE_CAS,   /* location, orders: pops expected and desired, pushes value before and success */
    CODE_CAS_FAIL, /* location: pops success and value; a failure stores it; pushes success */
    CODE_FENCE,    /* order */
    CODE_END,
};

struct code {
    enum code_kind kind;
    uint32_t line;
    union {
        int32_t value;
        uint32_t register_index;
        uint32_t target;
        int token;
    } u;
    uint32_t location;
    enum thi_order order;
    enum thi_order failure_order;
    enum thi_rmw rmw;
    bool weak;
};

struct litmus_location {
    const char *name;
    int32_t initial;
};

struct litmus_register {
    const char *name;
    uint32_t thread;
    int32_t initial;
};

struct litmus_thread {
    struct code *code;
    size_t code_count;
    size_t code_capacity;
};

enum condition_kind { CONDITION_ATOM, CONDITION_AND, CONDITION_OR, CONDITION_NOT, CONDITION_TRUE };

/* An atom: register or location = value. */
struct condition {
    enum condition_kind kind;
    bool is_register;
    bool differs; /* != */
    uint32_t index;
    int32_t value;
    struct condition *left;
    struct condition *right;
};

enum quantifier { QUANTIFIER_EXISTS, QUANTIFIER_NOT_EXISTS, QUANTIFIER_FORALL };

struct litmus_column {
    bool is_register;
    uint32_t index;
};

/* What one thread of a run is doing. */
struct machine {
    uint32_t at;
    uint32_t depth;
    int32_t stack[LITMUS_STACK_MAX];
};

struct thi_litmus {
    struct arena arena;
    const char *name;
    struct litmus_location *locations;
    size_t location_count;
    size_t location_capacity;
    struct litmus_register *registers;
    size_t register_count;
    size_t register_capacity;
    struct litmus_thread *threads;
    size_t thread_count;
    size_t thread_capacity;
    struct litmus_column *columns; /* what a state shows: registers first, then locations, sorted */
    size_t column_count;
    size_t column_capacity;
    enum quantifier quantifier;
    struct condition *condition;
    const char *condition_text;
    /* Of a run. */
    struct thi_engine *engine;
    struct machine *machines;
    int32_t *values; /* of registers */
    struct thi_litmus_result *result;
    size_t state_capacity;
};

/* --- Reading. */

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_SYMBOL };

/* Symbols of two characters. */
enum {
    SYMBOL_AND = 256,
    SYMBOL_OR,
    SYMBOL_EQUAL,
    SYMBOL_DIFFERS,
    SYMBOL_LESS_EQUAL,
    SYMBOL_GREATER_EQUAL,
    SYMBOL_AND_AND,
    SYMBOL_OR_OR
};

struct token {
    enum token_kind kind;
    int symbol;
    int64_t number;
    const char *text; /* in the source */
    size_t size;
    uint32_t line;
};

struct parser {
    struct thi_litmus *litmus;
    struct thi_litmus_error *error;
    const char *path;
    const char *text;
    size_t size;
    size_t at;
    uint32_t line;
    bool in_code; /* then (* opens no comment */
    bool failed;
    uint32_t nesting;
    struct token token; /* the one to be looked at */
    /* The thread under way. */
    uint32_t thread;
    uint32_t *parameters; /* locations */
    size_t parameter_count;
    size_t parameter_capacity;
    uint32_t depth; /* of the machine's stack at this point */
};

void thi_lex_next(struct parser *parser);
bool thi_lex_name_is(const struct parser *parser, const char *name);
bool thi_lex_symbol_is(const struct parser *parser, int symbol);
/* Passes over the symbol if it is there. */
bool thi_lex_take(struct parser *parser, int symbol);
void thi_parse_expected(struct parser *parser, const char *what);
void thi_parse_failed(struct parser *parser, uint32_t line, const char *what);
void thi_parse_symbol(struct parser *parser, int symbol, const char *what);
int32_t thi_parse_number(struct parser *parser);
const char *thi_parse_name(struct parser *parser, const char *what);
bool thi_parse_nest(struct parser *parser);

uint32_t thi_litmus_location(struct parser *parser, const char *name, bool add);
uint32_t thi_litmus_register(struct parser *parser, uint32_t thread, const char *name, bool add);

struct code *thi_code_add(struct parser *parser, enum code_kind kind, int stack_change);
void thi_parse_statement(struct parser *parser);
void thi_parse_expression(struct parser *parser);
/* A call of an atomic function, at its name. Returns whether it leaves a value. */
bool thi_parse_call(struct parser *parser);
uint32_t thi_parse_pointer(struct parser *parser);

#endif
