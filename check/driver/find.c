/* SPDX-License-Identifier: MIT
 * find.c - where the checker's library and its header are: beside the command, as built or as
 *          installed.
 */
#include "driver.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef TH_CHECK_SOURCE_INCLUDE
#define TH_CHECK_SOURCE_INCLUDE "include"
#endif
#ifndef TH_CHECK_LIBRARY_FOLDER
#define TH_CHECK_LIBRARY_FOLDER "../lib"
#endif

bool thi_driver_find(struct thi_driver *driver)
{
    static const struct {
        const char *library;
        const char *include;
    } places[] = {
        {".", NULL}, /* a build: the header stands in the source */
        {TH_CHECK_LIBRARY_FOLDER, "../include"},
        {"../lib", "../include"},
    };
    char folder[TH_DRIVER_PATH_BYTES_MAX / 2];
    ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (size < 0) {
        perror("/proc/self/exe");
        return false;
    }
    folder[size] = '\0';
    *strrchr(folder, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(driver->library, sizeof driver->library, "%s/%s/libtophash-check.a", folder,
                 places[i].library);
        if (access(driver->library, R_OK) == 0) {
            if (places[i].include == NULL) {
                snprintf(driver->include, sizeof driver->include, "%s", TH_CHECK_SOURCE_INCLUDE);
            } else {
                snprintf(driver->include, sizeof driver->include, "%s/%s", folder,
                         places[i].include);
            }
            return true;
        }
    }
    fprintf(stderr, "tophash check: libtophash-check.a is neither in %s nor in %s/%s: install it\n",
            folder, folder, TH_CHECK_LIBRARY_FOLDER);
    return false;
}
