/* SPDX-License-Identifier: MIT
 * statistics.c - rates with their doubt, medians, and a histogram of times.
 *
 * Sources      bounds of a rate: E. B. Wilson's score interval; classes of the histogram: the idea
 *              of HdrHistogram, linear parts of each doubling.
 */
#include "lab/statistics.h"

#include <math.h>
#include <stdlib.h>

struct thi_lab_rate thi_lab_rate_of(uint64_t seen, uint64_t trials)
{
    struct thi_lab_rate rate = {0, 0, 1};
    if (trials == 0) {
        return rate;
    }
    const double z = 1.959964; /* 95 % of a normal distribution, both sides */
    double n = (double)trials;
    double p = (double)seen / n;
    double scale = 1 / (1 + z * z / n);
    double middle = (p + z * z / (2 * n)) * scale;
    double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) * scale;
    rate.rate = p;
    rate.low = seen == 0 || middle < half ? 0 : middle - half;
    rate.high = seen == trials || middle + half > 1 ? 1 : middle + half;
    return rate;
}

enum thi_lab_outcome thi_lab_judge(bool allowed, bool known_fault, uint64_t seen, uint64_t trials)
{
    if (trials == 0) {
        return TH_LAB_CANNOT;
    }
    if (seen == 0) {
        return allowed ? TH_LAB_NOT_SEEN : TH_LAB_NEVER;
    }
    if (allowed) {
        return TH_LAB_SEEN;
    }
    return known_fault ? TH_LAB_EMULATOR : TH_LAB_VIOLATED;
}

static int double_compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double thi_lab_median(double *values, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof *values, double_compare);
    size_t middle = count / 2;
    return count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double thi_lab_middle_mean(double *values, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof *values, double_compare);
    size_t cut = count / 10;
    double sum = 0;
    for (size_t i = cut; i < count - cut; i++) {
        sum += values[i];
    }
    return sum / (double)(count - 2 * cut);
}

/* Values below 32 have a class each; above, the five bits below the highest one choose the class in
 * the doubling. */
static size_t class_of(uint64_t value)
{
    if (value < 32) {
        return (size_t)value;
    }
    unsigned top = 63u - (unsigned)__builtin_clzll(value);
    return (size_t)(top - 4) * 32 + (size_t)((value >> (top - 5)) & 31u);
}

/* The highest value of the class. */
static uint64_t class_end(size_t number)
{
    if (number < 32) {
        return number;
    }
    unsigned shift = (unsigned)(number / 32) - 1;
    return ((32 + (uint64_t)(number % 32) + 1) << shift) - 1;
}

void thi_lab_histogram_add(struct thi_lab_histogram *histogram, uint64_t value)
{
    histogram->counts[class_of(value)]++;
    histogram->total++;
    histogram->max = value > histogram->max ? value : histogram->max;
}

uint64_t thi_lab_histogram_quantile(const struct thi_lab_histogram *histogram, double share)
{
    double wanted = ceil(share * (double)histogram->total);
    uint64_t passed = 0;
    for (size_t i = 0; i < TH_LAB_CLASSES; i++) {
        passed += histogram->counts[i];
        if (passed != 0 && (double)passed >= wanted) {
            uint64_t end = class_end(i);
            return end < histogram->max ? end : histogram->max;
        }
    }
    return histogram->max;
}
