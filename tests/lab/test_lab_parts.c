/* SPDX-License-Identifier: MIT
 * test_lab_parts.c - the lab's parts by themselves: emulators told, tables filled and printed, the
 *                    table that is compared with, single instructions, crews.
 */
#include "lab/detect.h"
#include "lab/lab.h"
#include "lab/probe.h"
#include "lab/stop_table.h"

#include <stdatomic.h>
#include <sys/stat.h>

#include "test.h"

/* A folder such as /proc, with what an emulator shows in it. */
static char proc_folder[64];

static bool proc_make(const char *exe, const char *cpuinfo)
{
    char path[128];
    snprintf(proc_folder, sizeof proc_folder, "/tmp/tophash-lab-proc-XXXXXX");
    if (mkdtemp(proc_folder) == NULL) {
        return false;
    }
    snprintf(path, sizeof path, "%s/thread-self", proc_folder);
    bool made = mkdir(path, 0777) == 0;
    snprintf(path, sizeof path, "%s/thread-self/exe", proc_folder);
    made = made && symlink(exe, path) == 0;
    snprintf(path, sizeof path, "%s/cpuinfo", proc_folder);
    FILE *file = made ? fopen(path, "w") : NULL;
    return file != NULL && fputs(cpuinfo, file) >= 0 && fclose(file) == 0;
}

static void proc_remove(void)
{
    static const char *const names[] = {"cpuinfo", "thread-self/exe", "thread-self", ""};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", proc_folder, names[i]);
        (void)remove(path);
    }
}

TEST(lab_emulator_of_qemu_user_is_told_by_its_name)
{
    /* Goal: qemu-user is known by the program the system runs. Method: a folder in place of /proc
     * with its link, then with a link to something else. */
    static struct thi_lab_machine machine;
    REQUIRE(proc_make("/usr/bin/qemu-aarch64-static", "processor : 0\n"));
    CHECK(thi_lab_emulator_find(proc_folder, &machine));
    CHECK_EQ(machine.emulator, TH_LAB_QEMU_USER);
    CHECK(strcmp(machine.emulator_name, "qemu-aarch64-static") == 0);
    proc_remove();
    REQUIRE(proc_make("/usr/bin/tophash", "processor : 0\n"));
    CHECK(!thi_lab_emulator_find(proc_folder, &machine));
    CHECK_EQ(machine.emulator, TH_LAB_NATIVE);
    proc_remove();
}

TEST(lab_emulator_of_foreign_processors_is_told_by_their_maker)
{
    /* Goal: a processor of another architecture, or one that only a translator has, betrays an
     * emulator. Method: such makers in a folder in place of /proc. */
    static struct thi_lab_machine machine;
    REQUIRE(proc_make("/usr/bin/tophash", "vendor_id\t: VirtualApple\n"));
    CHECK(thi_lab_emulator_find(proc_folder, &machine));
    CHECK_EQ(machine.emulator, TH_LAB_EMULATED);
    proc_remove();
    REQUIRE(proc_make("/usr/bin/tophash", "vendor_id\t: GenuineIntel\n"));
#if defined(__x86_64__) || defined(__i386__)
    CHECK(!thi_lab_emulator_find(proc_folder, &machine));
#else
    CHECK(thi_lab_emulator_find(proc_folder, &machine));
#endif
    proc_remove();
}

TEST(lab_machine_limits_follow_what_it_runs_on)
{
    /* Goal: an emulator, a virtual machine and a single processor each add their limits. Method:
     * machines made up. */
    static struct thi_lab_machine machine;
    const char *limits[8];
    machine.cpu_count = 4;
    CHECK_EQ(thi_lab_machine_limits(&machine, limits, 8), 0);
    snprintf(machine.hypervisor, sizeof machine.hypervisor, "KVMKVMKVM");
    CHECK_EQ(thi_lab_machine_limits(&machine, limits, 8), 1);
    CHECK(strstr(limits[0], "virtual machine") != NULL);
    machine.cpu_count = 1;
    CHECK_EQ(thi_lab_machine_limits(&machine, limits, 8), 2);
    CHECK(strstr(limits[1], "One processor") != NULL);
    machine.emulator = TH_LAB_QEMU_USER;
    size_t count = thi_lab_machine_limits(&machine, limits, 8);
    CHECK(count >= 4 && strstr(limits[0], "emulator") != NULL);
    CHECK_EQ(thi_lab_machine_limits(&machine, limits, 0), 0);
}

TEST(lab_probe_of_every_width_stores_and_loads_whole_words)
{
    /* Goal: each single instruction writes and reads exactly its bytes at every offset it accepts.
     * Method: one thread; what was not written around the word must stay. */
    static _Alignas(64) unsigned char area[128];
    for (size_t i = 0; i < thi_lab_probe_count; i++) {
        const struct thi_lab_probe *probe = &thi_lab_probes[i];
        for (size_t offset = 16; offset < 80; offset += probe->alignment) {
            struct thi_lab_reads reads = {0, 0};
            memset(area, 0x55, sizeof area);
            probe->write(area + offset, 1);
            CHECK_EQ(area[offset - 1], 0x55);
            CHECK_EQ(area[offset], 0xff);
            CHECK_EQ(area[offset + probe->bytes - 1], 0xff);
            CHECK_EQ(area[offset + probe->bytes], 0x55);
            probe->read(area + offset, 3, &reads);
            CHECK_EQ(reads.torn, 0);
            CHECK_EQ(reads.changes, 1);
            area[offset + probe->bytes - 1] = 0;
            probe->read(area + offset, 2, &reads);
            CHECK_EQ(reads.torn, 2);
        }
    }
}

TEST(lab_stop_table_of_many_keys_finds_them_after_doubling)
{
    /* Goal: the table that growth is compared with is a right one. Method: put keys through many
     * doublings, replace some, get all and some that are not there. */
    enum { KEYS = 20000 };
    struct thi_stop_table *table = thi_stop_table_new();
    REQUIRE(table != NULL);
    for (uint64_t key = 1; key <= KEYS; key++) {
        CHECK(thi_stop_table_put(table, key * 7, key));
    }
    CHECK(thi_stop_table_put(table, 7, 4711));
    uint64_t wrong = 0;
    for (uint64_t key = 1; key <= KEYS; key++) {
        uint64_t value = 0;
        bool found = thi_stop_table_get(table, key * 7, &value);
        wrong += !found || value != (key == 1 ? 4711 : key);
    }
    CHECK_EQ(wrong, 0);
    uint64_t value = 5;
    CHECK(!thi_stop_table_get(table, 8, &value));
    CHECK_EQ(value, 5);
    thi_stop_table_free(table);
    thi_stop_table_free(NULL);
}

static atomic_uint members_seen;
static atomic_uint meeting;

/* Every member waits for all: it would hang if one had not been started. */
static void crew_meet(void *context, unsigned member)
{
    const unsigned *count = context;
    atomic_fetch_or(&members_seen, 1u << member);
    atomic_fetch_add(&meeting, 1);
    unsigned turns = 0;
    while (atomic_load(&meeting) < *count) {
        thi_lab_wait(&turns);
    }
}

TEST(lab_crew_of_several_members_runs_them_together)
{
    /* Goal: all members of a crew run at the same time, on one processor and on several, more than
     * there are processors too. Method: each waits for all others. */
    static struct thi_lab lab;
    thi_lab_machine_read(&lab.machine);
    memcpy(lab.cpus, lab.machine.cpus, sizeof lab.cpus);
    lab.cpu_count = lab.machine.cpu_count;
    CHECK(lab.cpu_count >= 1);
    for (unsigned count = 1; count <= 6; count++) {
        atomic_store(&members_seen, 0);
        atomic_store(&meeting, 0);
        CHECK(thi_lab_crew_run(&lab, count, count % 2 == 0, crew_meet, &count));
        CHECK_EQ(atomic_load(&members_seen), (1u << count) - 1);
    }
}

static const struct thi_lab_experiment made_up = {
    .name = "made-up", .title = "Made up", .explanation = "Words \"and\" <signs> & more."};

/* What `write` writes, in a static buffer. */
static const char *written(void (*write)(FILE *out))
{
    static char text[16384];
    FILE *out = tmpfile();
    if (out == NULL) {
        return "";
    }
    write(out);
    rewind(out);
    size_t size = fread(text, 1, sizeof text - 1, out);
    text[size] = '\0';
    fclose(out);
    return text;
}

static struct thi_lab_result result;

static void text_write(FILE *out)
{
    thi_lab_text_result(out, &result);
}

static void json_write(FILE *out)
{
    static struct thi_lab lab;
    thi_lab_json_write(out, &lab, &result, 1);
}

TEST(lab_result_of_every_kind_of_cell_is_printed)
{
    /* Goal: texts, counts, numbers and empty cells come out in text and JSON, quotes escaped.
     * Method: a result made up; look for each. */
    static const char *const columns[] = {"what", "count", "number", "none", NULL};
    memset(&result, 0, sizeof result);
    result.experiment = &made_up;
    struct thi_lab_row *row = thi_lab_row_add(thi_lab_table_add(&result, "a table", columns));
    thi_lab_cell_text(row, "a \"%s\"", "word");
    thi_lab_cell_count(row, 1234567);
    thi_lab_cell_number(row, 0.25);
    thi_lab_cell_empty(row);
    thi_lab_verdict_add(&result, TH_LAB_NOT_SEEN, "nothing in %d", 5);
    thi_lab_note_add(&result, "a note\n");
    const char *text = written(text_write);
    CHECK(strstr(text, "  a \"word\"  1,234,567    0.25     -\n") != NULL);
    CHECK(strstr(text, "  not seen  nothing in 5\n") != NULL);
    text = written(json_write);
    CHECK(strstr(text, "[\"a \\\"word\\\"\", 1234567, 0.25, null]") != NULL);
    CHECK(strstr(text, "{\"outcome\": \"not seen\", \"text\": \"nothing in 5\"}") != NULL);
    CHECK(strstr(text, "\"a note\\u000a\"") != NULL);
    CHECK(strstr(text, "\"explanation\": \"Words \\\"and\\\" <signs> & more.\"") != NULL);
}

TEST(lab_plot_of_nothing_and_of_signs_is_drawn)
{
    /* Goal: plots of zeros, of one point, of nothing, and with signs that XML knows are whole.
     * Method: make them, look for the end, the escapes, and places that are no numbers. */
    char folder[] = "/tmp/tophash-lab-plots-XXXXXX";
    char path[96], text[8192];
    REQUIRE(mkdtemp(folder) != NULL);
    for (int kind = 0; kind < 4; kind++) {
        memset(&result, 0, sizeof result);
        struct thi_lab_plot *plot = thi_lab_plot_add(&result, kind < 2 ? TH_LAB_BARS : TH_LAB_LINES,
                                                     "made-up", "<signs> & more");
        plot->x_title = "x";
        plot->y_title = "y";
        plot->is_rates = kind == 1;
        plot->x_log = plot->y_log = kind != 1;
        struct thi_lab_series *series = thi_lab_series_add(plot, "one");
        if (kind < 2) {
            thi_lab_bar_add(series, 0, "%s", "a & b");
        } else if (kind == 2) {
            thi_lab_point_add(series, 64, 1);
        }
        CHECK(thi_lab_plots_write(folder, &result));
        snprintf(path, sizeof path, "%s/made-up.svg", folder);
        FILE *file = fopen(path, "r");
        REQUIRE(file != NULL);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        CHECK(strstr(text, "&lt;signs&gt; &amp; more") != NULL);
        CHECK(strstr(text, "</svg>\n") != NULL);
        CHECK(strstr(text, "nan") == NULL && strstr(text, "inf") == NULL);
        CHECK(kind >= 2 || strstr(text, "a &amp; b") != NULL);
    }
    CHECK(remove(path) == 0 && remove(folder) == 0);
}

TEST(lab_number_text_of_all_sizes_is_short)
{
    /* Goal: figures are read easily. Method: one of each size. */
    char text[TH_LAB_CELL_BYTES];
    static const struct {
        double value;
        const char *number, *time;
    } cases[] = {{0, "0", "0 ns"},
                 {0.234, "0.234", "0.234 ns"},
                 {45.67, "45.7", "45.7 ns"},
                 {999.4, "999", "999 ns"},
                 {1000, "1,000", "1 us"},
                 {1234567, "1,234,567", "1.23 ms"},
                 {2.5e9, "2,500,000,000", "2.5 s"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        thi_lab_number_text(cases[i].value, text);
        CHECK(strcmp(text, cases[i].number) == 0);
        thi_lab_time_text(cases[i].value, text);
        CHECK(strcmp(text, cases[i].time) == 0);
    }
}

TEST(lab_experiment_of_every_name_is_found_once)
{
    /* Goal: names are unique, each experiment says what it shows, each broken program is that of an
     * experiment. Method: all of them. */
    size_t count = 0;
    for (; thi_lab_experiments[count] != NULL; count++) {
        const struct thi_lab_experiment *experiment = thi_lab_experiments[count];
        CHECK(thi_lab_experiment_find(experiment->name) == experiment);
        CHECK(strlen(experiment->explanation) > 200);
        CHECK(experiment->weight > 0);
    }
    CHECK_EQ(count, 10);
    CHECK(thi_lab_experiment_find("dance") == NULL);
    CHECK_EQ(thi_lab_source_count, 3);
    for (size_t i = 0; i < thi_lab_source_count; i++) {
        CHECK(thi_lab_experiment_find(thi_lab_sources[i].name) != NULL);
        CHECK(thi_lab_source_find(thi_lab_sources[i].name) == &thi_lab_sources[i]);
        CHECK_EQ(thi_lab_answer_of(thi_lab_sources[i].name, TH_LAB_CHECK), TH_LAB_AT_ONCE);
    }
    CHECK(thi_lab_source_find("dance") == NULL);
}

TEST_MAIN()
