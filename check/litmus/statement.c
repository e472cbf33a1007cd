/* SPDX-License-Identifier: MIT
 * statement.c - statements of a thread, to code.
 */
#include "litmus/litmus_priv.h"

#include <string.h>

static void block_parse(struct parser *parser)
{
    while (!thi_lex_symbol_is(parser, '}') && parser->token.kind != TOKEN_END) {
        thi_parse_statement(parser);
    }
    thi_parse_symbol(parser, '}', "a statement or '}'");
}

static void if_parse(struct parser *parser)
{
    struct litmus_thread *thread = &parser->litmus->threads[parser->thread];
    thi_lex_next(parser);
    thi_parse_symbol(parser, '(', "'(' after if");
    thi_parse_expression(parser);
    thi_parse_symbol(parser, ')', "')' after the condition");
    size_t jump = thread->code_count;
    thi_code_add(parser, CODE_JUMP_ZERO, -1);
    thi_parse_statement(parser);
    if (thi_lex_name_is(parser, "else")) {
        thi_lex_next(parser);
        size_t over = thread->code_count;
        thi_code_add(parser, CODE_JUMP, 0);
        if (!parser->failed) {
            thread->code[jump].u.target = (uint32_t)thread->code_count;
        }
        jump = over;
        thi_parse_statement(parser);
    }
    if (!parser->failed) {
        thread->code[jump].u.target = (uint32_t)thread->code_count;
    }
}

/* Registers of type int, each with a value or without. */
static void declaration_parse(struct parser *parser)
{
    do {
        thi_lex_next(parser);
        const char *name = thi_parse_name(parser, "the name of a register");
        uint32_t register_index = thi_litmus_register(parser, parser->thread, name, true);
        if (thi_lex_take(parser, '=')) {
            thi_parse_expression(parser);
            thi_code_add(parser, CODE_REGISTER_STORE, -1)->u.register_index = register_index;
        }
    } while (thi_lex_symbol_is(parser, ','));
    thi_parse_symbol(parser, ';', "';' after the declaration");
}

static void plain_store_parse(struct parser *parser)
{
    thi_lex_next(parser);
    uint32_t location = thi_parse_pointer(parser);
    thi_parse_symbol(parser, '=', "'='");
    thi_parse_expression(parser);
    struct code *code = thi_code_add(parser, CODE_STORE, -1);
    code->location = location;
    code->order = TH_ORDER_PLAIN;
    thi_parse_symbol(parser, ';', "';' after the assignment");
}

static void assignment_parse(struct parser *parser)
{
    static const char *const loops[] = {"while", "for", "do", "goto", "return", "switch"};
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        if (thi_lex_name_is(parser, loops[i])) {
            thi_parse_expected(parser, "an assignment, an atomic function, if or {");
            return;
        }
    }
    const char *name = thi_parse_name(parser, "a statement");
    uint32_t register_index = thi_litmus_register(parser, parser->thread, name, false);
    thi_parse_symbol(parser, '=', "'='");
    thi_parse_expression(parser);
    thi_code_add(parser, CODE_REGISTER_STORE, -1)->u.register_index = register_index;
    thi_parse_symbol(parser, ';', "';' after the assignment");
}

void thi_parse_statement(struct parser *parser)
{
    if (!thi_parse_nest(parser)) {
        parser->nesting--;
        return;
    }
    if (thi_lex_take(parser, '{')) {
        block_parse(parser);
    } else if (thi_lex_take(parser, ';')) {
        /* the empty statement */
    } else if (thi_lex_name_is(parser, "if")) {
        if_parse(parser);
    } else if (thi_lex_name_is(parser, "int")) {
        declaration_parse(parser);
    } else if (thi_lex_symbol_is(parser, '*')) {
        plain_store_parse(parser);
    } else if (parser->token.kind == TOKEN_NAME && parser->token.size > 7 &&
               memcmp(parser->token.text, "atomic_", 7) == 0) {
        if (thi_parse_call(parser)) {
            thi_code_add(parser, CODE_DROP, -1);
        }
        thi_parse_symbol(parser, ';', "';' after the call");
    } else {
        assignment_parse(parser);
    }
    parser->nesting--;
}
