/* SPDX-License-Identifier: MIT
 * test_epoch_unit.c - every public function of the room, on one or two threads, step by step.
 */
#include "death.h"
#include "epoch/epoch_help.h"

/* Goal: the default domain exists at once and serves as NULL. Method: compare both names. */
TEST(epoch_default_domain_is_null_too)
{
    struct th_epoch *domain = th_epoch_default();
    REQUIRE(domain != NULL);
    CHECK(domain == th_epoch_default());
    CHECK(!th_epoch_inside(NULL));
    th_epoch_enter(NULL);
    CHECK(th_epoch_inside(domain));
    th_epoch_leave(domain);
    CHECK(!th_epoch_inside(domain));
    uint64_t before = help_stats(NULL).reclaimed_total;
    help_retire(NULL, help_object_new(1));
    CHECK_EQ(th_epoch_drain(NULL, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(help_stats(domain).reclaimed_total, before + 1);
}

/* Goal: guards nest, and only the outermost leave ends them. Method: retire inside two levels. */
TEST(epoch_nested_guards_end_with_the_outermost)
{
    struct th_epoch *domain = help_domain(NULL);
    th_epoch_enter(domain);
    th_epoch_enter(domain);
    help_retire(domain, help_object_new(1));
    th_epoch_leave(domain);
    CHECK(th_epoch_inside(domain));
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(th_epoch_reclaim(domain, 0), 0);
    }
    CHECK_EQ(atomic_load(&help_reclaimed), 0);
    th_epoch_leave(domain);
    CHECK(!th_epoch_inside(domain));
    CHECK_EQ(th_epoch_reclaim(domain, 0), 1);
    help_finish(domain);
}

/* Goal: an object is not reclaimed while its own retirer stands inside, and the epoch moves at most
 * once meanwhile. Method: watch the epoch in the stats. */
TEST(epoch_own_guard_holds_the_epoch)
{
    struct th_epoch *domain = help_domain(NULL);
    th_epoch_enter(domain);
    uint64_t epoch = help_stats(domain).epoch;
    struct help_object *object = help_object_new(1);
    th_epoch_retire(domain, &object->node, sizeof(*object), help_reclaim_keep);
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(th_epoch_reclaim(domain, 0), 0);
    }
    CHECK(help_stats(domain).epoch <= epoch + 1);
    CHECK(object->canary == HELP_ALIVE);
    th_epoch_leave(domain);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK(object->canary == HELP_DEAD);
    free(object);
    help_finish(domain);
}

/* Goal: a guard of another member holds objects, in all orders of enter and retire. Method: a
 * handle as the reader, so that one thread plays both. */
TEST(epoch_reader_inside_holds_what_it_can_reach)
{
    struct th_epoch *domain = help_domain(NULL);
    struct th_epoch_handle *reader = NULL;
    REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
    for (int moves_before = 0; moves_before < 4; moves_before++) {
        for (int i = 0; i < moves_before; i++) {
            help_retire(domain, help_object_new(0));
            (void)th_epoch_reclaim(domain, 0);
        }
        REQUIRE(th_epoch_drain(domain, HELP_DRAIN_NS) == TH_OK);
        th_epoch_handle_enter(reader);
        struct help_object *object = help_object_new(1);
        th_epoch_retire(domain, &object->node, sizeof(*object), help_reclaim_keep);
        for (int i = 0; i < 8; i++) {
            (void)th_epoch_reclaim(domain, 0);
            CHECK(object->canary == HELP_ALIVE);
        }
        CHECK_EQ(th_epoch_drain(domain, 1000000), TH_MORE);
        th_epoch_handle_leave(reader);
        CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
        CHECK(object->canary == HELP_DEAD);
        free(object);
    }
    th_epoch_unregister(reader);
    help_finish(domain);
}

/* Goal: a reader who came after the retire holds nothing back for good. Method: it enters and
 * leaves between reclaims, never outside for long. */
TEST(epoch_reader_that_reenters_lets_reclaim_go_on)
{
    struct th_epoch *domain = help_domain(NULL);
    struct th_epoch_handle *reader = NULL;
    REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
    th_epoch_handle_enter(reader);
    help_retire(domain, help_object_new(1));
    for (int i = 0; i < 8 && atomic_load(&help_reclaimed) == 0; i++) {
        th_epoch_handle_leave(reader);
        th_epoch_handle_enter(reader);
        (void)th_epoch_reclaim(domain, 0);
    }
    CHECK_EQ(atomic_load(&help_reclaimed), 1);
    th_epoch_handle_leave(reader);
    th_epoch_unregister(reader);
    help_finish(domain);
}

/* Goal: handles enter, nest, retire, and may be unregistered inside a guard with objects waiting.
 * Method: count members and objects. */
TEST(epoch_handles_are_members_of_their_own)
{
    struct th_epoch *domain = help_domain(NULL);
    struct th_epoch_handle *handles[3];
    for (int i = 0; i < 3; i++) {
        REQUIRE(th_epoch_register(domain, &handles[i]) == TH_OK);
    }
    CHECK_EQ(help_stats(domain).threads, 3);
    th_epoch_handle_enter(handles[0]);
    th_epoch_handle_enter(handles[0]);
    th_epoch_handle_leave(handles[0]);
    struct help_object *object = help_object_new(1);
    th_epoch_handle_retire(handles[1], &object->node, sizeof(*object), help_reclaim);
    CHECK(!th_epoch_inside(domain)); /* handles are not the thread */
    th_epoch_unregister(handles[1]);
    CHECK_EQ(th_epoch_drain(domain, 1000000), TH_MORE);
    th_epoch_unregister(handles[0]); /* inside: taken as having left */
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(atomic_load(&help_reclaimed), 1);
    th_epoch_unregister(NULL);
    struct th_epoch_handle *again = NULL;
    REQUIRE(th_epoch_register(domain, &again) == TH_OK);
    CHECK(again == handles[0] || again == handles[1]); /* records are used again */
    help_finish(domain);                               /* ends the two that are left */
}

static struct th_epoch *chain_domain;

/* Retires an object with a number one less, until 0. */
static void chain_reclaim(struct th_epoch_node *node)
{
    struct help_object *object = help_object_of(node);
    uint64_t number = object->number;
    help_reclaim(node);
    CHECK_EQ(th_epoch_reclaim(chain_domain, 0), 0);
    CHECK_EQ(th_epoch_drain(chain_domain, 0), TH_EINVAL);
    th_epoch_enter(chain_domain);
    th_epoch_leave(chain_domain);
    if (number != 0) {
        struct help_object *next = help_object_new(number - 1);
        th_epoch_retire(chain_domain, &next->node, sizeof(*next), chain_reclaim);
    }
}

/* Goal: callbacks retire further objects, and may enter guards. Method: chains of them, ended by
 * reclaim, by drain, and by the end of the domain. */
TEST(epoch_callbacks_retire_further_objects)
{
    struct th_epoch *domain = chain_domain = help_domain(NULL);
    struct help_object *first = help_object_new(5);
    th_epoch_retire(domain, &first->node, sizeof(*first), chain_reclaim);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(th_epoch_reclaim(domain, 0), 1);
    }
    CHECK_EQ(atomic_load(&help_reclaimed), 6);
    for (int i = 0; i < 300; i++) {
        struct help_object *object = help_object_new(3);
        th_epoch_retire(domain, &object->node, sizeof(*object), chain_reclaim);
    }
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK(atomic_load(&help_reclaimed) >= 306); /* the first of each chain */
    struct help_object *last = help_object_new(100);
    th_epoch_retire(domain, &last->node, sizeof(*last), chain_reclaim);
    th_epoch_free(domain); /* ends the chains too */
    CHECK_EQ(atomic_load(&help_reclaimed), 6 + 300 * 4 + 101);
    CHECK_EQ(atomic_load(&help_reclaimed_twice), 0);
}

/* Goal: retire alone reclaims in bounded batches: what waits stays bounded, whatever the barrier.
 * Method: many retires, no call to reclaim; no batch exceeds its bound. */
TEST(epoch_retire_alone_keeps_up)
{
    for (int fences = 0; fences < 2; fences++) {
        struct th_epoch *domain =
            help_domain(&(struct th_epoch_config){.fences_only = fences != 0});
        uint64_t worst = 0;
        for (int i = 0; i < 100000; i++) {
            uint64_t before = atomic_load(&help_reclaimed);
            help_retire(domain, help_object_new(1));
            uint64_t batch = atomic_load(&help_reclaimed) - before;
            worst = batch > worst ? batch : worst;
        }
        struct th_epoch_stats stats = help_stats(domain);
        CHECK_EQ(stats.retired_total, 100000);
        CHECK(stats.reclaimed_total >= 90000);
        CHECK(worst <= 256);
        CHECK(stats.waiting_bytes <= 10000 * sizeof(struct help_object));
        CHECK(stats.waiting_bytes_peak >= stats.waiting_bytes);
        CHECK_EQ(stats.waiting_bytes,
                 (stats.retired_total - stats.reclaimed_total) * sizeof(struct help_object));
        help_finish(domain);
    }
}

/* Goal: reclaim keeps to the number it is given and tells how many. Method: small numbers. */
TEST(epoch_reclaim_is_bounded_by_its_argument)
{
    struct th_epoch *domain = help_domain(NULL);
    CHECK_EQ(th_epoch_reclaim(domain, 0), 0);
    help_retire_many(domain, 50);
    CHECK_EQ(th_epoch_reclaim(domain, 7), 7);
    CHECK_EQ(th_epoch_reclaim(domain, 1), 1);
    CHECK_EQ(th_epoch_reclaim(domain, 1000), 42);
    CHECK_EQ(th_epoch_reclaim(domain, 1000), 0);
    help_finish(domain);
}

/* Goal: drain refuses inside a guard, times out with a reader inside, and ends with all reclaimed.
 * Method: each in turn, with big objects too. */
TEST(epoch_drain_tells_how_it_ended)
{
    struct th_epoch *domain = help_domain(NULL);
    CHECK_EQ(th_epoch_drain(domain, 0), TH_OK);
    th_epoch_enter(domain);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_EINVAL);
    th_epoch_leave(domain);
    help_retire_many(domain, 5000);
    CHECK_EQ(th_epoch_drain(domain, UINT64_MAX), TH_OK);
    CHECK_EQ(atomic_load(&help_reclaimed), 5000);
    CHECK_EQ(help_stats(domain).waiting_bytes, 0);
    help_finish(domain);
}

/* Goal: domains know nothing of each other, and more of them than a thread caches are all found.
 * Method: one guard a domain, retire in each. */
TEST(epoch_many_domains_do_not_mix)
{
    enum { DOMAINS = 12 };
    struct th_epoch *domains[DOMAINS];
    for (int i = 0; i < DOMAINS; i++) {
        domains[i] = help_domain(NULL);
    }
    for (int i = 0; i < DOMAINS; i++) {
        th_epoch_enter(domains[i]);
    }
    for (int i = 0; i < DOMAINS; i += 2) {
        CHECK(th_epoch_inside(domains[i]));
        th_epoch_leave(domains[i]);
        help_retire(domains[i], help_object_new(1));
        CHECK_EQ(th_epoch_reclaim(domains[i], 0), 1);
    }
    for (int i = 0; i < DOMAINS; i++) {
        CHECK(th_epoch_inside(domains[i]) == (i % 2 != 0));
        CHECK_EQ(help_stats(domains[i]).threads, 1);
    }
    for (int i = 0; i < DOMAINS; i++) {
        if (i % 2 != 0) {
            th_epoch_leave(domains[i]);
        }
        th_epoch_free(domains[i]);
    }
    CHECK_EQ(atomic_load(&help_reclaimed), DOMAINS / 2);
}

/* Goal: a domain made where another one was freed is not mistaken for it. Method: make and free in
 * a row, so that the address comes again, and look for the membership of the dead one. */
TEST(epoch_domain_at_an_old_address_is_new)
{
    for (int i = 0; i < 1000; i++) {
        struct th_epoch *domain = help_domain(NULL);
        CHECK(!th_epoch_inside(domain));
        CHECK_EQ(help_stats(domain).threads, 0);
        th_epoch_enter(domain);
        CHECK_EQ(help_stats(domain).threads, 1);
        th_epoch_leave(domain);
        help_retire(domain, help_object_new(1));
        help_finish(domain);
    }
    th_epoch_free(NULL);
}

static void *allocator_alloc(void *context, size_t size, size_t alignment)
{
    atomic_fetch_add((atomic_int *)context, 1);
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void allocator_free(void *context, void *memory, size_t size, size_t alignment)
{
    (void)size;
    (void)alignment;
    atomic_fetch_sub((atomic_int *)context, 1);
    free(memory);
}

/* Goal: the domain lives in the caller's allocator and gives all of it back; a half set one is
 * refused. Method: count. */
TEST(epoch_config_allocator_is_used_or_refused)
{
    atomic_int held;
    atomic_init(&held, 0);
    struct th_allocator allocator = {.context = &held, .alloc = allocator_alloc};
    struct th_epoch_config config = {.allocator = &allocator};
    struct th_epoch *domain = NULL;
    CHECK_EQ(th_epoch_new(&config, &domain), TH_EINVAL);
    CHECK(domain == NULL);
    allocator.free = allocator_free;
    domain = help_domain(&config);
    CHECK_EQ(atomic_load(&held), 1);
    help_retire_many(domain, 10);
    help_finish(domain);
    CHECK_EQ(atomic_load(&held), 0);
}

/* Goal: the stats say which barrier is in use, and count heavy ones only where they are. Method: a
 * domain of each kind. */
TEST(epoch_stats_tell_the_barrier)
{
    struct th_epoch *fences = help_domain(&(struct th_epoch_config){.fences_only = true});
    help_retire_many(fences, 100);
    REQUIRE(th_epoch_drain(fences, HELP_DRAIN_NS) == TH_OK);
    struct th_epoch_stats stats = help_stats(fences);
    CHECK(!stats.asymmetric);
    CHECK_EQ(stats.heavy_barriers_total, 0);
    CHECK(stats.advances_total >= 3);
    help_finish(fences);

    struct th_epoch *domain = help_domain(NULL);
    help_retire_many(domain, 100);
    REQUIRE(th_epoch_drain(domain, HELP_DRAIN_NS) == TH_OK);
    stats = help_stats(domain);
    help_finish(domain);
    if (!stats.asymmetric) {
        SKIP("this system has no membarrier: readers use fences");
    }
    CHECK(stats.heavy_barriers_total >= stats.advances_total);
}

static _Alignas(16) char node_room[2 * sizeof(struct th_epoch_node)];
static size_t node_offset;

static void node_ignore(struct th_epoch_node *node)
{
    (void)node;
}

static void node_retire(void)
{
    struct th_epoch *domain = help_domain(NULL);
    struct th_epoch_node *node = (struct th_epoch_node *)(void *)(node_room + node_offset);
    th_epoch_retire(domain, node, sizeof *node, node_ignore);
    th_epoch_free(domain);
}

/* Goal: a node that a caller placed so that its fields may be torn is found in debug builds.
 * Method: retired half a word off, in a child. */
TEST(epoch_misplaced_node_stops_a_debug_build)
{
    DEATH_SKIP_RELEASE();
    node_offset = _Alignof(struct th_epoch_node);
    CHECK(!death_follows(node_retire));
    node_offset = _Alignof(struct th_epoch_node) / 2;
    CHECK(death_follows(node_retire));
}

TEST_MAIN()
