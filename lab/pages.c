/* SPDX-License-Identifier: MIT
 * pages.c - what memory costs when it is touched for the first time, by small and by huge pages.
 *
 * Whether huge pages were given is told by the count of page faults: one for each of them, or one
 * for each small page in it.
 */
#include "lab/lab.h"
#include "lab/statistics.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Constants that older headers lack; the system says no if it does not know them. */
enum { ADVICE_NO_HUGE = 15, ADVICE_HUGE = 14, ADVICE_POPULATE_WRITE = 23 };

enum { HUGE_BYTES_USUAL = 2 << 20, REGION_BYTES_MAX = 128 << 20, READ_BATCH = 1024 };

struct region {
    unsigned char *memory; /* aligned to a huge page */
    size_t size;
    void *mapped;
    size_t mapped_size;
};

struct touching {
    const char *name;
    const struct region *region;
    size_t step;
    bool writes;
};

struct pages {
    struct thi_lab *lab;
    struct thi_lab_result *result;
    struct thi_lab_histogram *histogram;
    size_t huge_bytes;
    size_t size;
    double first_ns;  /* median of a first touch for writing */
    double second_ns; /* of a touch after that */
};

static size_t huge_bytes_read(void)
{
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
    unsigned long bytes = 0;
    if (file != NULL) {
        if (fscanf(file, "%lu", &bytes) != 1) {
            bytes = 0;
        }
        fclose(file);
    }
    bool usable = bytes >= 65536 && bytes <= REGION_BYTES_MAX / 4 && (bytes & (bytes - 1)) == 0;
    return usable ? bytes : HUGE_BYTES_USUAL;
}

/* Takes little of what is free: nobody is to be pushed out for an experiment. */
static size_t region_size(const struct thi_lab *lab, size_t huge_bytes)
{
    long free_pages = sysconf(_SC_AVPHYS_PAGES);
    double most = free_pages < 0 ? 0 : (double)free_pages * (double)lab->machine.page_bytes / 8;
    size_t size = lab->slice_ns < 2000000000u ? REGION_BYTES_MAX / 8 : REGION_BYTES_MAX;
    while (size > 4 * huge_bytes && (double)size > most) {
        size /= 2;
    }
    return size;
}

static bool region_map(struct region *region, const struct pages *pages, int advice)
{
    region->size = pages->size;
    region->mapped_size = pages->size + pages->huge_bytes;
    region->mapped = mmap(NULL, region->mapped_size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region->mapped == MAP_FAILED) {
        return false;
    }
    uintptr_t start = (uintptr_t)region->mapped + pages->huge_bytes - 1;
    region->memory = (unsigned char *)(start - start % pages->huge_bytes);
    (void)madvise(region->memory, region->size, advice);
    return true;
}

static void region_unmap(const struct region *region)
{
    munmap(region->mapped, region->mapped_size);
}

static uint64_t faults_now(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_minflt : 0;
}

static void pages_row(struct pages *pages, const char *name, uint64_t faults, double total_ns)
{
    const struct thi_lab_histogram *histogram = pages->histogram;
    struct thi_lab_row *row = thi_lab_row_add(&pages->result->tables[0]);
    thi_lab_cell_text(row, "%s", name);
    thi_lab_cell_count(row, histogram->total);
    thi_lab_cell_count(row, faults);
    thi_lab_cell_count(row, thi_lab_histogram_quantile(histogram, 0.5));
    thi_lab_cell_count(row, thi_lab_histogram_quantile(histogram, 0.99));
    thi_lab_cell_count(row, histogram->max);
    double for_kib_ns = total_ns * 1024 / (double)pages->size;
    thi_lab_cell_number(row, for_kib_ns);
    thi_lab_bar_add(&pages->result->plots[0].series[0], for_kib_ns, "%s", name);
    pages->result->trials += histogram->total;
}

/* Touches a byte in every `step`; returns how many page faults that took. */
static uint64_t region_touch(struct pages *pages, const struct touching *touching)
{
    memset(pages->histogram, 0, sizeof *pages->histogram);
    thi_lab_progress(pages->lab, "%s", touching->name);
    volatile unsigned char *memory = touching->region->memory;
    uint64_t faults = faults_now();
    uint64_t begin_ns = thi_lab_now_ns();
    for (size_t at = 0; at < touching->region->size; at += touching->step) {
        uint64_t start_ns = thi_lab_now_ns();
        if (touching->writes) {
            memory[at] = 1;
        } else {
            (void)memory[at];
        }
        thi_lab_histogram_add(pages->histogram, thi_lab_now_ns() - start_ns);
    }
    double total_ns = (double)(thi_lab_now_ns() - begin_ns);
    faults = faults_now() - faults;
    pages_row(pages, touching->name, faults, total_ns);
    return faults;
}

/* All of it by one call of the system. */
static bool region_populate(struct pages *pages, const struct region *region, const char *name)
{
    memset(pages->histogram, 0, sizeof *pages->histogram);
    thi_lab_progress(pages->lab, "%s", name);
    uint64_t faults = faults_now();
    uint64_t start_ns = thi_lab_now_ns();
    if (madvise(region->memory, region->size, ADVICE_POPULATE_WRITE) != 0) {
        thi_lab_verdict_add(pages->result, TH_LAB_CANNOT,
                            "%s: this system has no MADV_POPULATE_WRITE (Linux 5.14)", name);
        return false;
    }
    uint64_t took_ns = thi_lab_now_ns() - start_ns;
    thi_lab_histogram_add(pages->histogram, took_ns);
    pages_row(pages, name, faults_now() - faults, (double)took_ns);
    return true;
}

/* Median nanoseconds of a read at a random place, batches of dependent reads. */
static double region_read(struct pages *pages, const struct region *region, const char *name)
{
    enum { BATCHES = 200 };
    double batches_ns[BATCHES];
    uint64_t random = pages->lab->seed;
    const volatile unsigned char *memory = region->memory;
    thi_lab_progress(pages->lab, "%s", name);
    size_t mask = 1;
    while (mask * 2 <= region->size) {
        mask *= 2;
    }
    mask -= 1;
    for (size_t b = 0; b < BATCHES; b++) {
        uint64_t start_ns = thi_lab_now_ns();
        for (size_t i = 0; i < READ_BATCH; i++) {
            /* The next place depends on what was read: one read at a time. */
            random += memory[(size_t)thi_lab_random(&random) & mask];
        }
        batches_ns[b] = (double)(thi_lab_now_ns() - start_ns) / READ_BATCH;
    }
    double read_ns = thi_lab_median(batches_ns, BATCHES);
    struct thi_lab_row *row = thi_lab_row_add(&pages->result->tables[1]);
    thi_lab_cell_text(row, "%s", name);
    thi_lab_cell_count(row, (uint64_t)BATCHES * READ_BATCH);
    thi_lab_cell_number(row, read_ns);
    pages->result->trials += (uint64_t)BATCHES * READ_BATCH;
    return read_ns;
}

/* Small pages: first and second touch, reads before writes, touching again after giving back. */
static bool small_measure(struct pages *pages, double *read_ns)
{
    struct region region;
    size_t page = pages->lab->machine.page_bytes;
    if (!region_map(&region, pages, ADVICE_NO_HUGE)) {
        return false;
    }
    struct touching touching = {"write, first touch", &region, page, true};
    region_touch(pages, &touching);
    pages->first_ns = (double)thi_lab_histogram_quantile(pages->histogram, 0.5);
    touching.name = "write, second touch";
    region_touch(pages, &touching);
    pages->second_ns = (double)thi_lab_histogram_quantile(pages->histogram, 0.5);
    *read_ns = region_read(pages, &region, "small pages");
    if (madvise(region.memory, region.size, MADV_DONTNEED) == 0) {
        touching.name = "write, after it was given back";
        region_touch(pages, &touching);
    }
    region_unmap(&region);
    if (!region_map(&region, pages, ADVICE_NO_HUGE)) {
        return false;
    }
    touching.name = "read, first touch";
    touching.writes = false;
    region_touch(pages, &touching);
    touching.name = "write, after a read";
    touching.writes = true;
    region_touch(pages, &touching);
    region_unmap(&region);
    if (!region_map(&region, pages, ADVICE_NO_HUGE)) {
        return false;
    }
    (void)region_populate(pages, &region, "populated by one call");
    region_unmap(&region);
    return true;
}

/* Huge pages; *given says whether the system gave any. */
static bool huge_measure(struct pages *pages, double *read_ns, bool *given)
{
    struct region region;
    if (!region_map(&region, pages, ADVICE_HUGE)) {
        return false;
    }
    struct touching touching = {"huge asked for, first touch", &region,
                                pages->lab->machine.page_bytes, true};
    uint64_t faults = region_touch(pages, &touching);
    uint64_t small_pages = pages->size / pages->lab->machine.page_bytes;
    *given = faults * 4 < small_pages;
    uint64_t worst_ns = pages->histogram->max;
    *read_ns = region_read(pages, &region, "huge asked for");
    region_unmap(&region);
    if (*given) {
        char worst[TH_LAB_CELL_BYTES];
        thi_lab_time_text((double)worst_ns, worst);
        thi_lab_verdict_add(pages->result, TH_LAB_MEASURED,
                            "huge pages were given: %llu faults in place of %llu, the longest %s",
                            (unsigned long long)faults, (unsigned long long)small_pages, worst);
    } else {
        thi_lab_verdict_add(pages->result, TH_LAB_CANNOT,
                            "huge pages: asked for and not given (%llu faults in %llu pages; the "
                            "setting is %s)",
                            (unsigned long long)faults, (unsigned long long)small_pages,
                            pages->lab->machine.huge_pages);
    }
    if (!region_map(&region, pages, ADVICE_HUGE)) {
        return false;
    }
    (void)region_populate(pages, &region, "huge asked for, populated");
    region_unmap(&region);
    return true;
}

static bool pages_measure(struct pages *pages)
{
    double small_ns, huge_ns;
    bool given;
    if (!small_measure(pages, &small_ns)) {
        return false;
    }
    char first[TH_LAB_CELL_BYTES], second[TH_LAB_CELL_BYTES];
    thi_lab_time_text(pages->first_ns, first);
    thi_lab_time_text(pages->second_ns, second);
    thi_lab_verdict_add(pages->result, TH_LAB_MEASURED,
                        "the first write to a page of %zu bytes takes %s, a later one %s (both "
                        "with reading the clock)",
                        pages->lab->machine.page_bytes, first, second);
    if (!huge_measure(pages, &huge_ns, &given)) {
        return false;
    }
    if (given) {
        thi_lab_verdict_add(pages->result, TH_LAB_MEASURED,
                            "a read at a random place in %zu MiB: %.3g ns with small pages, %.3g "
                            "ns with huge ones",
                            pages->size >> 20, small_ns, huge_ns);
    }
    return true;
}

static void first_touch_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const char *const columns[] = {"what",    "touches",   "faults",          "p50, ns",
                                          "p99, ns", "worst, ns", "ns for each KiB", NULL};
    static const char *const read_columns[] = {"random reads", "trials", "one read, ns", NULL};
    thi_lab_table_add(result, "touching a region page by page", columns);
    thi_lab_table_add(result, "reading it at random places, all of it touched", read_columns);
    struct thi_lab_plot *plot =
        thi_lab_plot_add(result, TH_LAB_BARS, "first-touch", "Touching memory page by page");
    plot->x_title = "nanoseconds for each KiB";
    thi_lab_series_add(plot, "time");
    struct pages pages = {.lab = lab,
                          .result = result,
                          .histogram = malloc(sizeof(struct thi_lab_histogram)),
                          .huge_bytes = huge_bytes_read()};
    pages.size = region_size(lab, pages.huge_bytes);
    if (pages.histogram == NULL || !pages_measure(&pages)) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT, "memory refused");
    }
    free(pages.histogram);
}

const struct thi_lab_experiment thi_lab_first_touch = {
    .name = "first-touch",
    .title = "First touch and huge pages",
    .explanation =
        "Memory that was asked for is not there before it is touched: the first touch of a page is "
        "a page fault, in which the system finds a page and clears it. A read of an untouched page "
        "gets a shared page of zeros, and the first write a fault of its own. Huge pages make one "
        "long fault of hundreds of short ones, and later reads at random places cheaper, since "
        "more memory is covered by the processor's table of translations.",
    .weight = 7,
    .run = first_touch_run};
