/* SPDX-License-Identifier: MIT
 * statistics.h - what may be said of counts and of times: rates with their doubt, quantiles.
 */
#ifndef TOPHASH_LAB_STATISTICS_H
#define TOPHASH_LAB_STATISTICS_H

#include "lab/lab.h"

/* A share of trials and the bounds between which it lies with 95 % confidence, as far as the trials
 * are independent (they are not quite: neighbours in time share a state of the machine). */
struct thi_lab_rate {
    double rate;
    double low;
    double high;
};

struct thi_lab_rate thi_lab_rate_of(uint64_t seen, uint64_t trials);

/* What follows for something that is `allowed`, or forbidden, from how often it was seen.
 * `known_fault`: the emulator at hand is known to show it. */
enum thi_lab_outcome thi_lab_judge(bool allowed, bool known_fault, uint64_t seen, uint64_t trials);

/* Both sort `values`; 0 if there are none. The mean of the middle is that of all but the lowest and
 * the highest tenth: what is seldom and far off does not count, what comes in two sizes does. */
double thi_lab_median(double *values, size_t count);
double thi_lab_middle_mean(double *values, size_t count);

/* Times by logarithmic classes, 32 in each doubling: an error of at most 1 in 32. */
enum { TH_LAB_CLASSES = 64 * 32 };
struct thi_lab_histogram {
    uint64_t counts[TH_LAB_CLASSES];
    uint64_t total;
    uint64_t max;
};

void thi_lab_histogram_add(struct thi_lab_histogram *histogram, uint64_t value);
/* The smallest value that `share` of the values do not exceed, to the precision of its class; the
 * maximum exactly. 0 if there is none. */
uint64_t thi_lab_histogram_quantile(const struct thi_lab_histogram *histogram, double share);

#endif
