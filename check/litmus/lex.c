/* SPDX-License-Identifier: MIT
 * lex.c - characters to tokens, and what to say when a token is not the one wanted.
 */
#include "litmus/litmus_priv.h"

#include <ctype.h>
#include <string.h>

static int char_at(const struct parser *parser, size_t offset)
{
    size_t at = parser->at + offset;
    return at < parser->size ? (unsigned char)parser->text[at] : 0;
}

static void line_count(struct parser *parser, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        parser->line += parser->text[i] == '\n';
    }
}

/* Passes over a comment that ends with `end` and was opened by two characters. */
static void comment_pass(struct parser *parser, const char *end)
{
    uint32_t line = parser->line;
    for (size_t i = parser->at + 2; i + 1 < parser->size; i++) {
        if (parser->text[i] == end[0] && parser->text[i + 1] == end[1]) {
            line_count(parser, parser->at, i);
            parser->at = i + 2;
            return;
        }
    }
    parser->at = parser->size;
    thi_parse_failed(parser, line, "a comment begins here and does not end");
}

static void space_pass(struct parser *parser)
{
    while (parser->at < parser->size) {
        int c = char_at(parser, 0), next = char_at(parser, 1);
        if (c == '(' && next == '*' && !parser->in_code) {
            comment_pass(parser, "*)");
        } else if (c == '/' && next == '*') {
            comment_pass(parser, "*/");
        } else if (c == '/' && next == '/') {
            while (parser->at < parser->size && char_at(parser, 0) != '\n') {
                parser->at++;
            }
        } else if (isspace(c)) {
            parser->line += c == '\n';
            parser->at++;
        } else {
            return;
        }
    }
}

static bool is_name_start(int c)
{
    return isalpha(c) || c == '_';
}

static void name_read(struct parser *parser)
{
    struct token *token = &parser->token;
    token->kind = TOKEN_NAME;
    while (is_name_start(char_at(parser, token->size)) || isdigit(char_at(parser, token->size))) {
        token->size++;
    }
}

static void number_read(struct parser *parser)
{
    struct token *token = &parser->token;
    token->kind = TOKEN_NUMBER;
    int base = 10;
    if (char_at(parser, 0) == '0' && (char_at(parser, 1) == 'x' || char_at(parser, 1) == 'X')) {
        base = 16;
        token->size = 2;
    }
    for (;; token->size++) {
        int c = char_at(parser, token->size);
        if (!(base == 10 ? isdigit(c) : isxdigit(c))) {
            break;
        }
        int digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
        token->number = token->number * base + digit;
        if (token->number > UINT32_MAX) {
            thi_parse_failed(parser, parser->line, "a number that does not fit 32 bits");
            return;
        }
    }
    if (is_name_start(char_at(parser, token->size)) || (base == 16 && token->size == 2)) {
        thi_parse_failed(parser, parser->line, "expected a number, found letters in it");
    }
}

static void string_read(struct parser *parser)
{
    struct token *token = &parser->token;
    token->kind = TOKEN_STRING;
    token->size = 1;
    while (char_at(parser, token->size) != '"') {
        if (parser->at + token->size >= parser->size) {
            thi_parse_failed(parser, parser->line, "a string begins here and does not end");
            return;
        }
        token->size++;
    }
    token->size++;
}

static void symbol_read(struct parser *parser)
{
    static const struct {
        char text[3];
        int symbol;
    } symbols[] = {{"/\\", SYMBOL_AND},    {"\\/", SYMBOL_OR},        {"==", SYMBOL_EQUAL},
                   {"!=", SYMBOL_DIFFERS}, {"<=", SYMBOL_LESS_EQUAL}, {">=", SYMBOL_GREATER_EQUAL},
                   {"&&", SYMBOL_AND_AND}, {"||", SYMBOL_OR_OR}};
    struct token *token = &parser->token;
    token->kind = TOKEN_SYMBOL;
    token->size = 1;
    token->symbol = char_at(parser, 0);
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (char_at(parser, 0) == symbols[i].text[0] && char_at(parser, 1) == symbols[i].text[1]) {
            token->size = 2;
            token->symbol = symbols[i].symbol;
        }
    }
}

/* Goes to the next token. After a failure there is only the end. */
void thi_lex_next(struct parser *parser)
{
    if (!parser->failed) {
        space_pass(parser);
    }
    parser->token =
        (struct token){.kind = TOKEN_END, .text = parser->text + parser->at, .line = parser->line};
    if (parser->failed || parser->at >= parser->size) {
        return;
    }
    int c = char_at(parser, 0);
    if (is_name_start(c)) {
        name_read(parser);
    } else if (isdigit(c)) {
        number_read(parser);
    } else if (c == '"') {
        string_read(parser);
    } else {
        symbol_read(parser);
    }
    line_count(parser, parser->at, parser->at + parser->token.size);
    parser->at += parser->token.size;
    if (parser->failed) {
        parser->token.kind = TOKEN_END;
    }
}

bool thi_lex_name_is(const struct parser *parser, const char *name)
{
    return parser->token.kind == TOKEN_NAME && parser->token.size == strlen(name) &&
           memcmp(parser->token.text, name, parser->token.size) == 0;
}

bool thi_lex_symbol_is(const struct parser *parser, int symbol)
{
    return parser->token.kind == TOKEN_SYMBOL && parser->token.symbol == symbol;
}

bool thi_lex_take(struct parser *parser, int symbol)
{
    if (!thi_lex_symbol_is(parser, symbol)) {
        return false;
    }
    thi_lex_next(parser);
    return true;
}

/* Only the first failure is told. */
void thi_parse_failed(struct parser *parser, uint32_t line, const char *what)
{
    if (!parser->failed) {
        snprintf(parser->error->text, sizeof parser->error->text, "%s:%u: %s", parser->path, line,
                 what);
    }
    parser->failed = true;
    parser->token.kind = TOKEN_END;
}

void thi_parse_expected(struct parser *parser, const char *what)
{
    char text[200], found[48] = "the end of the file";
    const struct token *token = &parser->token;
    if (token->kind != TOKEN_END) {
        size_t size = token->size < 32 ? token->size : 32;
        size_t used = 0;
        found[used++] = '\'';
        for (size_t i = 0; i < size; i++) {
            found[used++] = isprint((unsigned char)token->text[i]) ? token->text[i] : '?';
        }
        found[used++] = '\'';
        found[used] = '\0';
    }
    snprintf(text, sizeof text, "expected %s, found %s", what, found);
    thi_parse_failed(parser, token->line, text);
}

void thi_parse_symbol(struct parser *parser, int symbol, const char *what)
{
    if (!thi_lex_take(parser, symbol)) {
        thi_parse_expected(parser, what);
    }
}

/* A number, with a sign or without. */
int32_t thi_parse_number(struct parser *parser)
{
    bool negative = thi_lex_take(parser, '-');
    if (parser->token.kind != TOKEN_NUMBER) {
        thi_parse_expected(parser, "a number");
        return 0;
    }
    int64_t number = negative ? -parser->token.number : parser->token.number;
    thi_lex_next(parser);
    return (int32_t)(uint32_t)(uint64_t)number;
}

/* A name, copied; "" after a failure. */
const char *thi_parse_name(struct parser *parser, const char *what)
{
    if (parser->token.kind != TOKEN_NAME) {
        thi_parse_expected(parser, what);
        return "";
    }
    char *name = thi_arena_alloc(&parser->litmus->arena, parser->token.size + 1);
    if (name == NULL) {
        thi_parse_failed(parser, parser->line, "out of memory");
        return "";
    }
    memcpy(name, parser->token.text, parser->token.size);
    thi_lex_next(parser);
    return name;
}

/* One level deeper; the caller goes up again with parser->nesting--. */
bool thi_parse_nest(struct parser *parser)
{
    if (++parser->nesting > LITMUS_NESTING_MAX) {
        thi_parse_failed(parser, parser->token.line, "nested too deep: split it");
    }
    return !parser->failed;
}
