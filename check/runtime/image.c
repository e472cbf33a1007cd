/* SPDX-License-Identifier: MIT
 * image.c - the user's data as it was before main(), put back before each execution.
 *
 * The driver has put all writable data of the user's objects into two sections of their own, so
 * that nothing of the C library or of the checker is touched.
 */
#include "runtime/runtime.h"

#include <stdlib.h>
#include <string.h>

/* Weak: a program without such data has no such section. */
extern char thi_user_data_start[] __asm__("__start_thi_user_data") __attribute__((weak));
extern char thi_user_data_stop[] __asm__("__stop_thi_user_data") __attribute__((weak));
extern char thi_user_bss_start[] __asm__("__start_thi_user_bss") __attribute__((weak));
extern char thi_user_bss_stop[] __asm__("__stop_thi_user_bss") __attribute__((weak));

/* The program's first byte and the one behind its last, as linkers know them. */
extern const char thi_program_start[] __asm__("__executable_start");
extern const char thi_program_end[] __asm__("_end");

struct area {
    char *start;
    size_t bytes;
    char *copy;
};

static struct area areas[2];

static bool area_init(struct area *area, char *start, const char *stop)
{
    area->start = start;
    area->bytes = start == NULL ? 0 : (size_t)(stop - start);
    area->copy = malloc(area->bytes + 1);
    if (area->copy == NULL) {
        return false;
    }
    if (area->bytes != 0) {
        memcpy(area->copy, start, area->bytes);
    }
    return true;
}

bool thi_image_init(void)
{
    return area_init(&areas[0], thi_user_data_start, thi_user_data_stop) &&
           area_init(&areas[1], thi_user_bss_start, thi_user_bss_stop);
}

void thi_image_restore(void)
{
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        if (areas[i].bytes != 0) {
            memcpy(areas[i].start, areas[i].copy, areas[i].bytes);
        }
    }
}

bool thi_image_holds(uintptr_t address)
{
    return address >= (uintptr_t)thi_program_start && address < (uintptr_t)thi_program_end;
}
