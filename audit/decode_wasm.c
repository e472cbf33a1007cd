/* SPDX-License-Identifier: MIT
 * decode_wasm.c - WebAssembly with threads: every atomic instruction is sequentially consistent.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

/* "i64.atomic.rmw8.add_u": the number behind the verb, else the type's width. */
static uint8_t width_of(const char *name, const char *verb)
{
    const char *digits = verb + strcspn(verb, "0123456789.");
    unsigned long bits =
        *digits >= '0' && *digits <= '9' ? strtoul(digits, NULL, 10) : strtoul(name + 1, NULL, 10);
    return (uint8_t)(bits / 8);
}

void thi_decode_wasm(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (strcmp(name, "atomic.fence") == 0) {
        event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
        event->fence = TH_ALL_PAIRS;
        return;
    }
    if (thi_starts(name, "call")) {
        event->flags = TH_EVENT_CALL;
        return;
    }
    const char *dot = strchr(name, '.');
    const char *atomic = strstr(name, ".atomic.");
    const char *verb = atomic != NULL ? atomic + 8 : dot == NULL ? "" : dot + 1;
    bool changes = thi_starts(verb, "rmw"), reads = thi_starts(verb, "load");
    bool writes = thi_starts(verb, "store");
    if (!changes && !reads && !writes) {
        return;
    }
    event->flags = (reads ? TH_EVENT_READ : TH_EVENT_WRITE) | (changes ? TH_EVENT_READ : 0);
    event->bytes = width_of(name, verb);
    if (atomic != NULL) {
        event->flags |= TH_EVENT_ATOMIC | (changes ? TH_EVENT_SWAP : 0);
        event->before = event->after = event->fence = TH_ALL_PAIRS;
    }
}
