/* SPDX-License-Identifier: MIT
 * intent.c - lists of operations, and when two are the same.
 */
#include "audit.h"

#include <string.h>

const char *const thi_order_names[5] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst"};

bool thi_intents_add(struct thi_intents *intents, const struct thi_intent *intent)
{
    if (!thi_audit_grow((void **)&intents->items, intents->count, &intents->capacity,
                        sizeof *intents->items)) {
        return false;
    }
    intents->items[intents->count] = *intent;
    intents->items[intents->count].sequence = (uint32_t)intents->count + 1;
    intents->count++;
    return true;
}

bool thi_same_place(const struct thi_place *a, const struct thi_place *b)
{
    return a->line == b->line && a->column == b->column && a->file != NULL && b->file != NULL &&
           strcmp(a->file, b->file) == 0;
}

/* Compilers cut functions to pieces: f.cold, f.constprop.0, f.isra.1 are f. */
bool thi_same_function(const char *a, const char *b)
{
    size_t size = strcspn(a, ".");
    return a != NULL && b != NULL && size == strcspn(b, ".") && strncmp(a, b, size) == 0;
}

bool thi_same_wish(const struct thi_wish *a, const struct thi_wish *b)
{
    return a->operation == b->operation && a->order == b->order && a->bytes == b->bytes &&
           (a->operation != TH_COMPARE || a->failure == b->failure);
}
