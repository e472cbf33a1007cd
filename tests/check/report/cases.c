/* SPDX-License-Identifier: MIT
 * cases.c - executions that several tests report.
 */
#include "cases.h"

/* Message passing: T1 writes x, then stores y; T2 loads y, then reads x. */
void case_message_passing(struct sample *sample, enum thi_record_order publish,
                          enum thi_record_order look)
{
    sample_begin(sample, 3);
    sample->threads[0].name = "main";
    sample->threads[1].name = "writer";
    sample->threads[2].name = "reader";
    uint32_t x = sample_object(sample, "x", 4), y = sample_object(sample, "y", 4);
    sample_thread(sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(sample, 0, TH_RECORD_THREAD_CREATE, 2);
    uint32_t write = sample_write(sample, 1, TH_RECORD_PLAIN, x, 1);
    sample_at(sample, sample_site(sample, "src/mp.c", 10, "x = 1;"));
    uint32_t store = sample_write(sample, 1, publish, y, 1);
    sample_at(sample, sample_site(sample, "src/mp.c", 11,
                                  "    atomic_store_explicit(&y, 1, memory_order_relaxed);"));
    sample_read(sample, 2, look, y, store);
    sample_at(sample, sample_site(sample, "src/mp.c", 17,
                                  "if (atomic_load_explicit(&y, memory_order_acquire) == 1) {"));
    uint32_t read = sample_read(sample, 2, TH_RECORD_PLAIN, x, write);
    sample_at(sample, sample_site(sample, "src/mp.c", 18, "assert(x == 1);"));
    sample_fail(sample, TH_FAILURE_RACE, read, write);
}

/* Store buffering: each thread stores its own flag and does not see the other's. */
void case_store_buffering(struct sample *sample, enum thi_record_order order, bool fence_one)
{
    static const char *const code[] = {
        "atomic_store_explicit(&x, 1, O);", "a = atomic_load_explicit(&y, O);",
        "atomic_store_explicit(&y, 1, O);", "b = atomic_load_explicit(&x, O);"};
    sample_begin(sample, 3);
    uint32_t x = sample_object(sample, "x", 4), y = sample_object(sample, "y", 4);
    uint32_t a = sample_object(sample, "a", 4), b = sample_object(sample, "b", 4);
    sample_thread(sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(sample, 0, TH_RECORD_THREAD_CREATE, 2);
    sample_write(sample, 1, order, x, 1);
    sample_at(sample, sample_site(sample, "sb.c", 8, code[0]));
    if (fence_one) {
        sample_fence(sample, 1, TH_RECORD_SEQ_CST);
        sample_at(sample,
                  sample_site(sample, "sb.c", 9, "atomic_thread_fence(memory_order_seq_cst);"));
    }
    sample_read(sample, 1, order, y, TH_RECORD_INITIAL);
    sample_at(sample, sample_site(sample, "sb.c", 10, code[1]));
    uint32_t a_write = sample_write(sample, 1, TH_RECORD_PLAIN, a, 0);
    sample_at(sample, sample_site(sample, "sb.c", 10, code[1]));
    sample_write(sample, 2, order, y, 1);
    sample_at(sample, sample_site(sample, "sb.c", 16, code[2]));
    sample_read(sample, 2, order, x, TH_RECORD_INITIAL);
    sample_at(sample, sample_site(sample, "sb.c", 17, code[3]));
    uint32_t b_write = sample_write(sample, 2, TH_RECORD_PLAIN, b, 0);
    sample_at(sample, sample_site(sample, "sb.c", 17, code[3]));
    sample_thread(sample, 0, TH_RECORD_THREAD_JOIN, 1);
    sample_at(sample, sample_site(sample, "sb.c", 26, "pthread_join(one, NULL);"));
    sample_thread(sample, 0, TH_RECORD_THREAD_JOIN, 2);
    sample_at(sample, sample_site(sample, "sb.c", 27, "pthread_join(two, NULL);"));
    sample_read(sample, 0, TH_RECORD_PLAIN, a, a_write);
    uint32_t end = sample_site(sample, "sb.c", 28, "assert(a == 1 || b == 1);");
    sample_at(sample, end);
    sample_read(sample, 0, TH_RECORD_PLAIN, b, b_write);
    sample_at(sample, end);
    sample_fail(sample, TH_FAILURE_ASSERT, TH_RECORD_NONE, TH_RECORD_NONE);
    sample->record.failure.site = end;
    sample->record.failure.text = "a == 1 || b == 1";
}

/* A stack's top is read, and the node behind it freed by another thread before it is used. */
void case_freed_node(struct sample *sample, bool ordered)
{
    sample_begin(sample, 3);
    sample->threads[1].name = "pop";
    sample->threads[2].name = "pop";
    uint32_t top = sample_object(sample, "top", 8), node = sample_object(sample, NULL, 16);
    sample->objects[node].storage = TH_RECORD_HEAP;
    sample->objects[node].alloc_site =
        sample_site(sample, "stack.c", 9, "struct node *n = malloc(sizeof *n);");
    uint64_t pointer = sample->objects[node].address;
    uint32_t push = sample_write(sample, 0, TH_RECORD_RELEASE, top, pointer);
    sample_at(sample, sample_site(sample, "stack.c", 40, "push();"));
    sample_thread(sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(sample, 0, TH_RECORD_THREAD_CREATE, 2);
    uint32_t load = sample_site(sample, "stack.c", 20, "struct node *n = atomic_load(&top);");
    sample_read(sample, 1, TH_RECORD_SEQ_CST, top, push);
    sample_at(sample, load);
    sample_read(sample, 2, TH_RECORD_SEQ_CST, top, push);
    sample_at(sample, load);
    uint32_t taken = sample_update(sample, 1, TH_RECORD_SEQ_CST, top, push, 0);
    sample_at(sample,
              sample_site(sample, "stack.c", 23, "atomic_compare_exchange_strong(&top, &n, next)"));
    sample->events[taken].flags = TH_RECORD_CAS;
    struct thi_record_event event = {.thread = 1,
                                     .kind = TH_RECORD_FREE,
                                     .location = {.object = node, .size_bytes = 16},
                                     .source = TH_RECORD_NONE,
                                     .mo_position = TH_RECORD_NONE,
                                     .site = sample_site(sample, "stack.c", 26, "free(n);")};
    uint32_t freed = sample_add(sample, event);
    event.thread = 2;
    event.kind = TH_RECORD_READ;
    event.location.size_bytes = 8;
    event.site = sample_site(sample, "stack.c", 22, "next = n->next;");
    uint32_t used = sample_add(sample, event);
    if (ordered) {
        sample_order(sample, freed, used);
    }
    sample_fail(sample, TH_FAILURE_USE_AFTER_FREE, used, freed);
    sample->record.failure.object = node;
}
