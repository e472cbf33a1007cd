/* SPDX-License-Identifier: MIT
 * probe.h - single instructions that load and store words wherever they stand.
 *
 * C has no access to a word at any address that must be one instruction; an atomic object is always
 * aligned, and a plain or volatile one may be taken apart by the compiler. So each access is a
 * volatile piece of assembly.
 */
#ifndef TOPHASH_LAB_PROBE_H
#define TOPHASH_LAB_PROBE_H

#include <stddef.h>
#include <stdint.h>

/* What a series of loads saw of a word that another thread sets to all zeros and all ones. */
struct thi_lab_reads {
    uint64_t torn;    /* neither all zeros nor all ones */
    uint64_t changes; /* differed from the load before: the other thread was at work */
};

struct thi_lab_probe {
    const char *name; /* the instructions */
    unsigned bytes;
    unsigned alignment; /* the least that the instruction accepts */
    /* Stores zeros and ones in turn, `count` times each. */
    void (*write)(void *at, unsigned count);
    void (*read)(const void *at, unsigned count, struct thi_lab_reads *reads);
};

/* Those of this target; none where the lab has no assembly for it. */
extern const struct thi_lab_probe thi_lab_probes[];
extern const size_t thi_lab_probe_count;
/* The widest aligned access that every processor of the architecture promises to be whole. */
extern const unsigned thi_lab_probe_whole_bytes;

#endif
