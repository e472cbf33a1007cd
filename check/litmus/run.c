/* SPDX-License-Identifier: MIT
 * run.c - the machine that runs a test's threads, and the states they can end in.
 */
#include "litmus/litmus_priv.h"

#include <stdlib.h>
#include <string.h>

/* Locations get addresses of their own; nothing is stored there. */
enum { LOCATION_BYTES = 4 };

static uintptr_t location_address(uint32_t location)
{
    return ((uintptr_t)location + 1) * LOCATION_BYTES;
}

static void litmus_restart(void *context)
{
    struct thi_litmus *litmus = context;
    memset(litmus->machines, 0, litmus->thread_count * sizeof *litmus->machines);
    for (size_t i = 0; i < litmus->register_count; i++) {
        litmus->values[i] = litmus->registers[i].initial;
    }
}

static uint64_t litmus_memory_read(void *context, uintptr_t address, uint8_t bytes)
{
    const struct thi_litmus *litmus = context;
    (void)bytes;
    return (uint32_t)litmus->locations[address / LOCATION_BYTES - 1].initial;
}

/* Arithmetic wraps: a test means machine words. */
static int32_t binary(int token, int32_t left, int32_t right)
{
    uint32_t a = (uint32_t)left, b = (uint32_t)right;
    switch (token) {
    case '+': return (int32_t)(a + b);
    case '-': return (int32_t)(a - b);
    case '*': return (int32_t)(a * b);
    case '&': return (int32_t)(a & b);
    case '|': return (int32_t)(a | b);
    case '^': return (int32_t)(a ^ b);
    case '<': return left < right;
    case '>': return left > right;
    case SYMBOL_LESS_EQUAL: return left <= right;
    case SYMBOL_GREATER_EQUAL: return left >= right;
    case SYMBOL_EQUAL: return left == right;
    default: return left != right;
    }
}

static int32_t unary(int token, int32_t value)
{
    switch (token) {
    case '!': return value == 0;
    case '~': return ~value;
    default: return (int32_t)(0 - (uint32_t)value);
    }
}

/* An instruction that concerns the thread alone. */
static void code_run(struct thi_litmus *litmus, struct machine *machine, const struct code *code)
{
    int32_t *top = &machine->stack[machine->depth];
    switch (code->kind) {
    case CODE_PUSH:
        *top = code->u.value;
        machine->depth++;
        break;
    case CODE_DROP: machine->depth--; break;
    case CODE_REGISTER_LOAD:
        *top = litmus->values[code->u.register_index];
        machine->depth++;
        break;
    case CODE_REGISTER_STORE:
        litmus->values[code->u.register_index] = top[-1];
        machine->depth--;
        break;
    case CODE_UNARY: top[-1] = unary(code->u.token, top[-1]); break;
    case CODE_BINARY:
        top[-2] = binary(code->u.token, top[-2], top[-1]);
        machine->depth--;
        break;
    case CODE_BOOL: top[-1] = top[-1] != 0; break;
    case CODE_JUMP: machine->at = code->u.target; break;
    case CODE_JUMP_ZERO:
        machine->depth--;
        if (top[-1] == 0) {
            machine->at = code->u.target;
        }
        break;
    default: break;
    }
}

/* Takes the result of the operation before the machine's place, if there was one. */
static void result_take(struct thi_litmus *litmus, struct machine *machine, uint32_t thread,
                        uint64_t result)
{
    if (machine->at == 0) {
        return;
    }
    const struct code *code = &litmus->threads[thread].code[machine->at - 1];
    int32_t value = (int32_t)(uint32_t)result;
    switch (code->kind) {
    case CODE_LOAD: machine->stack[machine->depth++] = value; break;
    case CODE_RMW: machine->stack[machine->depth++] = value; break;
    case CODE_CAS:
        machine->stack[machine->depth++] = value;
        machine->stack[machine->depth++] = thi_engine_cas_done(litmus->engine, thread);
        break;
    case CODE_CAS_FAIL: machine->stack[machine->depth++] = 0; break;
    default: break;
    }
}

static void access_make(struct thi_operation *operation, const struct code *code,
                        enum thi_operation_kind kind)
{
    operation->kind = kind;
    operation->order = code->order;
    operation->failure_order = code->failure_order;
    operation->bytes = LOCATION_BYTES;
    operation->address = location_address(code->location);
}

/* The engine's operation of an instruction. False: it has none this time. */
static bool operation_make(struct machine *machine, const struct code *code,
                           struct thi_operation *operation)
{
    bool plain = code->order == TH_ORDER_PLAIN;
    int32_t *stack = machine->stack;
    switch (code->kind) {
    case CODE_LOAD: access_make(operation, code, plain ? TH_OP_PLAIN_LOAD : TH_OP_LOAD); break;
    case CODE_STORE:
        access_make(operation, code, plain ? TH_OP_PLAIN_STORE : TH_OP_STORE);
        operation->value = (uint32_t)stack[--machine->depth];
        break;
    case CODE_RMW:
        access_make(operation, code, TH_OP_RMW);
        operation->rmw = code->rmw;
        operation->value = (uint32_t)stack[--machine->depth];
        break;
    case CODE_CAS:
        access_make(operation, code, code->weak ? TH_OP_CAS_WEAK : TH_OP_CAS);
        operation->value = (uint32_t)stack[--machine->depth];
        operation->expected = (uint32_t)stack[--machine->depth];
        break;
    case CODE_CAS_FAIL:
        if (stack[--machine->depth] != 0) {
            stack[machine->depth - 1] = 1;
            return false;
        }
        access_make(operation, code, TH_OP_PLAIN_STORE);
        operation->value = (uint32_t)stack[--machine->depth];
        break;
    case CODE_FENCE:
        operation->kind = TH_OP_FENCE;
        operation->order = code->order;
        break;
    default: operation->kind = TH_OP_END; break;
    }
    return true;
}

static void litmus_step(void *context, uint32_t thread, uint64_t result,
                        struct thi_operation *operation)
{
    struct thi_litmus *litmus = context;
    struct machine *machine = &litmus->machines[thread];
    const struct code *codes = litmus->threads[thread].code;
    result_take(litmus, machine, thread, result);
    for (;;) {
        const struct code *code = &codes[machine->at++];
        if (code->kind < CODE_LOAD) {
            code_run(litmus, machine, code);
        } else if (operation_make(machine, code, operation)) {
            operation->site = code->line;
            return;
        }
    }
}

static bool condition_holds(const struct thi_litmus *litmus, const struct condition *condition)
{
    switch (condition->kind) {
    case CONDITION_AND:
        return condition_holds(litmus, condition->left) &&
               condition_holds(litmus, condition->right);
    case CONDITION_OR:
        return condition_holds(litmus, condition->left) ||
               condition_holds(litmus, condition->right);
    case CONDITION_NOT: return !condition_holds(litmus, condition->left);
    case CONDITION_TRUE: return true;
    case CONDITION_ATOM: break;
    }
    int32_t value;
    if (condition->is_register) {
        value = litmus->values[condition->index];
    } else {
        value = (int32_t)(uint32_t)thi_engine_final_value(
            litmus->engine, location_address(condition->index),
            (uint32_t)litmus->locations[condition->index].initial);
    }
    return (value == condition->value) != condition->differs;
}

/* States are few and come again and again: kept sorted, found by halving. */
static bool state_add(struct thi_litmus *litmus, const int32_t *state)
{
    struct thi_litmus_result *result = litmus->result;
    size_t columns = result->column_count, low = 0, high = result->state_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const int32_t *row = result->states + middle * columns;
        size_t i = 0;
        while (i < columns && row[i] == state[i]) {
            i++;
        }
        if (i == columns) {
            return true;
        }
        if (row[i] < state[i]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (result->state_count == litmus->state_capacity) {
        size_t capacity = litmus->state_capacity == 0 ? 16 : 2 * litmus->state_capacity;
        int32_t *states = realloc(result->states, capacity * (columns + 1) * sizeof *states);
        if (states == NULL) {
            return false;
        }
        result->states = states;
        litmus->state_capacity = capacity;
    }
    int32_t *row = result->states + low * columns;
    if (columns > 0) {
        memmove(row + columns, row, (result->state_count - low) * columns * sizeof *row);
        memcpy(row, state, columns * sizeof *row);
    }
    result->state_count++;
    return true;
}

static void litmus_finish(void *context)
{
    struct thi_litmus *litmus = context;
    int32_t *state = litmus->values + litmus->register_count;
    for (size_t i = 0; i < litmus->column_count; i++) {
        const struct litmus_column *column = &litmus->columns[i];
        state[i] = column->is_register ? litmus->values[column->index]
                                       : (int32_t)(uint32_t)thi_engine_final_value(
                                             litmus->engine, location_address(column->index),
                                             (uint32_t)litmus->locations[column->index].initial);
    }
    if (condition_holds(litmus, litmus->condition)) {
        litmus->result->positive++;
    } else {
        litmus->result->negative++;
    }
    if (!state_add(litmus, state)) {
        thi_engine_fail(litmus->engine, TH_ENGINE_NO_MEMORY, "out of memory", 0, 0);
    }
}

static bool litmus_error(void *context, const struct thi_engine_error *error)
{
    struct thi_litmus *litmus = context;
    if (error->kind == TH_ENGINE_RACE) {
        litmus->result->race = true;
        return true;
    }
    litmus->arena.failed = true;
    return false;
}

bool thi_litmus_run(struct thi_litmus *litmus, const struct thi_engine_options *options,
                    struct thi_litmus_result *result)
{
    *result = (struct thi_litmus_result){.column_count = litmus->column_count};
    litmus->result = result;
    litmus->state_capacity = 0;
    struct thi_program program = {.context = litmus,
                                  .thread_count = (uint32_t)litmus->thread_count,
                                  .restart = litmus_restart,
                                  .step = litmus_step,
                                  .finish = litmus_finish,
                                  .error = litmus_error,
                                  .memory_read = litmus_memory_read};
    struct thi_engine_options own = *options;
    own.continue_after_error = true;
    own.threads_max = program.thread_count;
    litmus->machines = calloc(litmus->thread_count, sizeof *litmus->machines);
    litmus->values =
        calloc(litmus->register_count + litmus->column_count + 1, sizeof *litmus->values);
    litmus->engine = thi_engine_new(&program, &own);
    bool done = litmus->machines != NULL && litmus->values != NULL && litmus->engine != NULL;
    if (done) {
        thi_engine_run(litmus->engine, &result->engine);
        done = result->engine.verdict != TH_VERDICT_BROKEN && !litmus->arena.failed;
    }
    thi_engine_free(litmus->engine);
    free(litmus->machines);
    free(litmus->values);
    litmus->engine = NULL;
    litmus->machines = NULL;
    litmus->values = NULL;
    return done;
}

void thi_litmus_result_clear(struct thi_litmus_result *result)
{
    free(result->states);
    result->states = NULL;
}

void thi_litmus_free(struct thi_litmus *litmus)
{
    if (litmus != NULL) {
        thi_arena_clear(&litmus->arena);
        free(litmus);
    }
}
