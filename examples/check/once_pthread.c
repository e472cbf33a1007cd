/* SPDX-License-Identifier: MIT
 * once_pthread.c - an object made by whoever needs it first, with pthread_once.
 *
 * Switches     PLAIN_FLAG: a plain flag stands in for pthread_once, and the flag itself is a race.
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

struct config {
    int width;
    int height;
};

static struct config *config;
static int made;

static void config_make(void)
{
    config = malloc(sizeof *config);
    if (config == NULL) {
        abort();
    }
    config->width = 3;
    config->height = 4;
    made++;
}

static const struct config *config_get(void)
{
#ifdef PLAIN_FLAG
    static int flag;
    if (!flag) {
        config_make();
        flag = 1;
    }
#else
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, config_make);
#endif
    return config;
}

static void *user(void *unused)
{
    const struct config *mine = config_get();
    assert(mine->width == 3 && mine->height == 4);
    return unused;
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, user, NULL);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(made == 1);
    free(config);
    return 0;
}
