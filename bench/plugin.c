/* SPDX-License-Identifier: MIT
 * plugin.c - maps from outside: a shared object that is built like a file of bench/peers takes part
 * as if it stood there, with the same loops, keys and hash.
 */
#include "bench.h"

#include <dlfcn.h>
#include <string.h>

/* What children pick a map by; see child_main(). */
static bool name_is_good(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size < sizeof((struct bench_record *)NULL)->map &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz_-") == size;
}

static const struct bench_peer *plugin_peer(const char *file, const struct bench_plugin *plugin)
{
    if (plugin == NULL) {
        fprintf(stderr, "tophash-bench: --peer: %s: %s; end the map's file with BENCH_PLUGIN()\n",
                file, dlerror());
        return NULL;
    }
    if (plugin->layout != BENCH_PLUGIN_LAYOUT) {
        fprintf(stderr, "tophash-bench: --peer: %s was built with another peer.h; build it again\n",
                file);
        return NULL;
    }
    if (!name_is_good(plugin->peer->name) || bench_peer_by_name(plugin->peer->name) != NULL) {
        fprintf(stderr,
                "tophash-bench: --peer: %s: '%s' is no name, or taken: small letters, - and _\n",
                file, plugin->peer->name);
        return NULL;
    }
    return plugin->peer;
}

const struct bench_peer *bench_plugin_load(const char *file)
{
    void *object = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL) {
        fprintf(stderr, "tophash-bench: --peer: %s; a path needs a '/'\n", dlerror());
        return NULL;
    }
    const struct bench_peer *peer =
        plugin_peer(file, (const struct bench_plugin *)dlsym(object, "bench_plugin"));
    if (peer == NULL) {
        (void)dlclose(object);
    }
    return peer;
}
