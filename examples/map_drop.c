/* SPDX-License-Identifier: MIT
 * map_drop.c - values that are objects: the map gives each back when nobody can be reading it any
 * more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <tophash/map.h>

struct session {
    uint64_t user;
    struct th_epoch_node node; /* lets the map retire the session without needing memory */
};

static uint64_t dropped;

/* Called once for each session that was replaced or erased, after every reader has left. */
static void session_drop(void *context, uint64_t value)
{
    (void)context;
    dropped++;
    free((struct session *)(uintptr_t)value);
}

static uint64_t session_new(uint64_t user)
{
    struct session *session = malloc(sizeof(*session));
    if (session == NULL) {
        abort();
    }
    session->user = user;
    return (uint64_t)(uintptr_t)session;
}

int main(void)
{
    struct th_map_config config = {
        .drop = session_drop,
        .drop_node_offset = offsetof(struct session, node),
    };
    struct th_map_u64 *map = NULL;
    if (th_map_u64_new(&config, &map) != TH_OK ||
        th_map_u64_put(map, 7, session_new(1001), NULL) != TH_OK) {
        return 1;
    }

    /* Who follows a value stands inside a guard: the session cannot go away meanwhile. */
    th_epoch_enter(NULL);
    uint64_t value = 0;
    if (!th_map_u64_get(map, 7, &value)) {
        return 1;
    }
    const struct session *session = (const struct session *)(uintptr_t)value;
    if (th_map_u64_put(map, 7, session_new(1002), NULL) != TH_EXISTS) {
        return 1;
    }
    printf("still readable after its replacement: user %" PRIu64 "\n", session->user);
    uint64_t dropped_inside = dropped;
    th_epoch_leave(NULL);

    if (th_epoch_drain(NULL, UINT64_C(1000000000)) != TH_OK) {
        return 1;
    }
    printf("dropped inside the guard: %" PRIu64 ", after it: %" PRIu64 "\n", dropped_inside,
           dropped);
    bool right = dropped_inside == 0 && dropped == 1;
    th_map_u64_free(map); /* drops the session that is still in the map */
    return right && dropped == 2 ? 0 : 1;
}
