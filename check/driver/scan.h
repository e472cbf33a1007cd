/* SPDX-License-Identifier: MIT
 * scan.h - reads the assembly a compiler made of a file: what it calls and where, inline assembly,
 *          volatile accesses.
 */
#ifndef TOPHASH_CHECK_DRIVER_SCAN_H
#define TOPHASH_CHECK_DRIVER_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum thi_found_kind {
    TH_FOUND_CALL,     /* text: the function */
    TH_FOUND_ASSEMBLY, /* text: an instruction of inline assembly that does something */
    TH_FOUND_PAUSE,    /* an instruction that only waits */
    TH_FOUND_PROBE,    /* a USDT probe: one nop and a note */
    TH_FOUND_VOLATILE  /* a plain access to a volatile object */
};

struct thi_found {
    enum thi_found_kind kind;
    char *text;
    char *file;
    unsigned line; /* 0: not known */
};

struct thi_scan {
    struct thi_found *items;
    size_t count;
};

/* False without memory, or if the file cannot be read; what was found stays. */
bool thi_scan_file(struct thi_scan *scan, const char *path);
void thi_scan_fini(struct thi_scan *scan);

/* The first call of `function`; NULL if there is none (its address may be taken all the same). */
const struct thi_found *thi_scan_call(const struct thi_scan *scan, const char *function);

#endif
