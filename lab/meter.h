/* SPDX-License-Identifier: MIT
 * meter.h - how long an operation takes in a loop, alone and while other threads are at work.
 */
#ifndef TOPHASH_LAB_METER_H
#define TOPHASH_LAB_METER_H

#include "lab/lab.h"

struct thi_lab_meter {
    /* Does `count` operations; member 0 is the one that is timed. */
    void (*work)(void *context, unsigned member, unsigned count);
    void *context;
    unsigned others; /* threads beside the timed one */
    uint64_t time_ns;
    /* What came out. */
    double operation_ns;  /* mean of the middle batches; below 0: too few were contended */
    uint64_t trials;      /* operations of the batches that count */
    uint64_t passed_over; /* batches during which none of the others got on */
};

/* False: no memory, or threads refused. */
bool thi_lab_meter_run(const struct thi_lab *lab, struct thi_lab_meter *meter);

#endif
