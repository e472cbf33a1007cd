/* SPDX-License-Identifier: MIT
 * test_lab_statistics.c - rates and their bounds, verdicts, medians, the histogram of times.
 */
#include "lab/statistics.h"

#include <math.h>

#include "test.h"

static bool is_near(double got, double wanted, double error)
{
    if (fabs(got - wanted) <= error) {
        return true;
    }
    printf("# %g, expected %g\n", got, wanted);
    return false;
}

TEST(lab_rate_of_known_counts_has_wilson_bounds)
{
    /* Goal: the bounds are Wilson's. Method: compare with values worked out by hand from the
     * formula, at both ends and in the middle. */
    struct thi_lab_rate rate = thi_lab_rate_of(10, 100);
    CHECK(is_near(rate.rate, 0.1, 1e-12));
    CHECK(is_near(rate.low, 0.05523, 1e-5));
    CHECK(is_near(rate.high, 0.17437, 1e-5));
    rate = thi_lab_rate_of(0, 1000);
    CHECK(rate.rate == 0 && rate.low == 0);
    CHECK(is_near(rate.high, 0.003826, 1e-6));
    rate = thi_lab_rate_of(1000, 1000);
    CHECK(rate.rate == 1 && rate.high == 1);
    CHECK(is_near(rate.low, 1 - 0.003826, 1e-6));
    rate = thi_lab_rate_of(0, 0);
    CHECK(rate.rate == 0 && rate.low == 0 && rate.high == 1);
}

TEST(lab_rate_of_random_trials_holds_the_truth)
{
    /* Goal: the bounds hold the true share about 95 times in 100. Method: draw 2000 samples of a
     * known share, and count. */
    uint64_t state = test_seed;
    const double truth = 0.02;
    unsigned held = 0;
    for (unsigned sample = 0; sample < 2000; sample++) {
        uint64_t seen = 0;
        for (unsigned i = 0; i < 500; i++) {
            seen += (double)(test_random(&state) >> 11) / 9007199254740992.0 < truth;
        }
        struct thi_lab_rate rate = thi_lab_rate_of(seen, 500);
        held += rate.low <= truth && truth <= rate.high;
    }
    CHECK(held > 1840 && held < 1980);
}

TEST(lab_judge_of_every_case_says_no_more_than_was_seen)
{
    /* Goal: each combination of allowed, known fault and seen has its verdict. Method: all of them,
     * against a table written out. */
    static const struct {
        bool allowed, known_fault;
        uint64_t seen, trials;
        enum thi_lab_outcome outcome;
    } cases[] = {
        {true, false, 3, 10, TH_LAB_SEEN},      {true, true, 3, 10, TH_LAB_SEEN},
        {true, false, 0, 10, TH_LAB_NOT_SEEN},  {true, true, 0, 10, TH_LAB_NOT_SEEN},
        {false, false, 0, 10, TH_LAB_NEVER},    {false, true, 0, 10, TH_LAB_NEVER},
        {false, false, 1, 10, TH_LAB_VIOLATED}, {false, true, 1, 10, TH_LAB_EMULATOR},
        {true, false, 0, 0, TH_LAB_CANNOT},     {false, false, 0, 0, TH_LAB_CANNOT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_EQ(
            thi_lab_judge(cases[i].allowed, cases[i].known_fault, cases[i].seen, cases[i].trials),
            cases[i].outcome);
    }
}

TEST(lab_median_of_few_and_many_is_the_middle)
{
    /* Goal: medians of none, odd and even counts; the mean of the middle leaves out the two ends.
     * Method: small arrays in no order. */
    double none[1] = {0};
    double odd[] = {9, 1, 5};
    double even[] = {4, 1, 3, 2};
    CHECK(thi_lab_median(none, 0) == 0);
    CHECK(thi_lab_median(odd, 3) == 5);
    CHECK(thi_lab_median(even, 4) == 2.5);
    double values[20];
    for (size_t i = 0; i < 20; i++) {
        values[i] = i < 2 ? -1000 : i >= 18 ? 1e9 : (double)(i % 2);
    }
    CHECK(thi_lab_middle_mean(values, 20) == 0.5);
    CHECK(thi_lab_middle_mean(odd, 3) == 5);
    CHECK(thi_lab_middle_mean(none, 0) == 0);
}

/* The value of rank ceil(share * count), as the histogram should find it. */
static uint64_t quantile_exact(const uint64_t *sorted, size_t count, double share)
{
    double rank = ceil(share * (double)count);
    return sorted[rank < 1 ? 0 : (size_t)rank - 1];
}

static int u64_compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

TEST(lab_histogram_of_random_values_keeps_quantiles)
{
    /* Goal: a quantile is at most 1/32 above the exact one and never below it. Method: values over
     * all magnitudes, against a sorted copy. */
    enum { COUNT = 4000 };
    static struct thi_lab_histogram histogram;
    static uint64_t values[COUNT];
    static const double shares[] = {0, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
    uint64_t state = test_seed;
    memset(&histogram, 0, sizeof histogram);
    CHECK_EQ(thi_lab_histogram_quantile(&histogram, 0.5), 0);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t bits = test_random(&state);
        values[i] = bits >> (test_random(&state) % 64);
        thi_lab_histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof values[0], u64_compare);
    CHECK_EQ(histogram.total, COUNT);
    CHECK_EQ(histogram.max, values[COUNT - 1]);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        uint64_t exact = quantile_exact(values, COUNT, shares[i]);
        uint64_t got = thi_lab_histogram_quantile(&histogram, shares[i]);
        CHECK(got >= exact && got - exact <= exact / 32);
    }
}

TEST(lab_histogram_of_small_and_extreme_values_is_exact)
{
    /* Goal: values below 64 have a class of their own, and the greatest value fits. Method: each of
     * them alone. */
    static struct thi_lab_histogram histogram;
    for (uint64_t value = 0; value < 64; value++) {
        memset(&histogram, 0, sizeof histogram);
        thi_lab_histogram_add(&histogram, value);
        thi_lab_histogram_add(&histogram, 1000);
        CHECK_EQ(thi_lab_histogram_quantile(&histogram, 0.5), value);
    }
    memset(&histogram, 0, sizeof histogram);
    thi_lab_histogram_add(&histogram, UINT64_MAX);
    CHECK_EQ(thi_lab_histogram_quantile(&histogram, 1), UINT64_MAX);
}

TEST_MAIN()
