/* SPDX-License-Identifier: MIT
 * machine.c - on what the lab runs, and what can therefore not be shown.
 *
 * An emulator of single programs answers for /proc/self as if the program were run by the system
 * itself; it does not think of /proc/thread-self, where the system's own answer stands.
 */
#include "lab/lab.h"

#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define LAB_IS_X86 1
#else
#define LAB_IS_X86 0
#endif

/* The rest of the first line of `path` that starts with `key`; false: there is none. */
static bool line_read(const char *path, const char *key, char text[TH_LAB_FACT_BYTES])
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    char line[4096];
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            const char *rest = line + strlen(key);
            rest += strspn(rest, ": \t");
            snprintf(text, TH_LAB_FACT_BYTES, "%.*s",
                     (int)(strcspn(rest, "\n") < 100 ? strcspn(rest, "\n") : 100), rest);
            found = true;
        }
    }
    fclose(file);
    return found;
}

static const char *architecture_name(void)
{
#if defined(__x86_64__)
    return "x86-64";
#elif defined(__i386__)
    return "i686";
#elif defined(__aarch64__)
    return "aarch64";
#elif defined(__arm__)
    return "arm";
#elif defined(__riscv)
    return "riscv64";
#elif defined(__powerpc64__)
    return "ppc64le";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__loongarch__)
    return "loongarch64";
#else
    return "another";
#endif
}

/* What a hypervisor calls itself, where the processor has an instruction that asks. */
static void hypervisor_read(struct thi_lab_machine *machine)
{
#if LAB_IS_X86
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (1u << 31)) == 0) {
        return;
    }
    __cpuid(0x40000000, a, b, c, d);
    const unsigned words[3] = {b, c, d};
    char name[13] = "";
    memcpy(name, words, 12);
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "%s", name);
#else
    (void)machine;
#endif
}

static bool proc_link_find(const char *proc_folder, struct thi_lab_machine *machine)
{
    char path[256];
    char target[TH_LAB_FACT_BYTES];
    snprintf(path, sizeof path, "%.200s/thread-self/exe", proc_folder);
    ssize_t size = readlink(path, target, sizeof target - 1);
    if (size <= 0) {
        return false;
    }
    target[size] = '\0';
    const char *slash = strrchr(target, '/');
    const char *name = slash == NULL ? target : slash + 1;
    if (strncmp(name, "qemu-", 5) != 0) {
        return false;
    }
    machine->emulator = TH_LAB_QEMU_USER;
    snprintf(machine->emulator_name, sizeof machine->emulator_name, "%s", name);
    return true;
}

bool thi_lab_emulator_find(const char *proc_folder, struct thi_lab_machine *machine)
{
    machine->emulator = TH_LAB_NATIVE;
    if (proc_link_find(proc_folder, machine)) {
        return true;
    }
    char path[256];
    char maker[TH_LAB_FACT_BYTES];
    snprintf(path, sizeof path, "%.200s/cpuinfo", proc_folder);
    bool maker_known = line_read(path, "vendor_id", maker);
    bool maker_is_x86 = maker_known && (strstr(maker, "AuthenticAMD") != NULL ||
                                        strstr(maker, "GenuineIntel") != NULL ||
                                        strstr(maker, "HygonGenuine") != NULL);
    if (maker_known && strstr(maker, "VirtualApple") != NULL) {
        machine->emulator = TH_LAB_EMULATED;
        snprintf(machine->emulator_name, sizeof machine->emulator_name,
                 "a translator on Apple's "
                 "processors");
    } else if (maker_is_x86 && !LAB_IS_X86) {
        machine->emulator = TH_LAB_EMULATED;
        snprintf(machine->emulator_name, sizeof machine->emulator_name,
                 "something on an x86 processor");
    } else if (strncmp(machine->hypervisor, "TCG", 3) == 0) {
        machine->emulator = TH_LAB_EMULATED;
        snprintf(machine->emulator_name, sizeof machine->emulator_name,
                 "qemu without hardware support");
    }
    return machine->emulator != TH_LAB_NATIVE;
}

static void cpus_read(struct thi_lab_machine *machine)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    machine->cpu_count = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        for (unsigned i = 0; i < CPU_SETSIZE && machine->cpu_count < TH_LAB_CPUS_MAX; i++) {
            if (CPU_ISSET(i, &set)) {
                machine->cpus[machine->cpu_count++] = i;
            }
        }
    }
    if (machine->cpu_count == 0) {
        machine->cpus[machine->cpu_count++] = 0;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    machine->online_count = online < 1 ? 1 : (unsigned)online;
}

static void compiler_read(struct thi_lab_machine *machine)
{
#ifdef __clang__
    const char *maker = "";
#else
    const char *maker = "gcc ";
#endif
#ifdef __OPTIMIZE__
    const char *optimised = "optimised";
#else
    const char *optimised = "not optimised";
#endif
    snprintf(machine->compiler, sizeof machine->compiler, "%s%.80s, %s", maker, __VERSION__,
             optimised);
}

void thi_lab_machine_read(struct thi_lab_machine *machine)
{
    memset(machine, 0, sizeof *machine);
    struct utsname system;
    if (uname(&system) == 0) {
        snprintf(machine->kernel, sizeof machine->kernel, "%.40s %.60s", system.sysname,
                 system.release);
    }
    snprintf(machine->architecture, sizeof machine->architecture, "%s", architecture_name());
    /* Each architecture has its own word for it. */
    static const char *const keys[] = {"model name", "cpu model",   "cpu\t",   "uarch",
                                       "isa",        "processor 0", "CPU part"};
    bool known = false;
    for (size_t i = 0; !known && i < sizeof keys / sizeof keys[0]; i++) {
        known = line_read("/proc/cpuinfo", keys[i], machine->cpu);
    }
    if (!known) {
        snprintf(machine->cpu, sizeof machine->cpu, "unknown");
    }
    if (!line_read("/sys/kernel/mm/transparent_hugepage/enabled", "", machine->huge_pages)) {
        snprintf(machine->huge_pages, sizeof machine->huge_pages, "unknown");
    }
    compiler_read(machine);
    cpus_read(machine);
    hypervisor_read(machine);
    thi_lab_emulator_find("/proc", machine);
    long line = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
    /* An emulator tells what it likes, and lines are those of the machine under it. */
    bool told = line >= 16 && line <= 512 && machine->emulator == TH_LAB_NATIVE;
    machine->line_bytes = told ? (size_t)line : 64;
    long page = sysconf(_SC_PAGESIZE);
    machine->page_bytes = page >= 4096 ? (size_t)page : 4096;
}

size_t thi_lab_machine_limits(const struct thi_lab_machine *machine, const char **limits,
                              size_t max)
{
    size_t count = 0;
    if (machine->emulator != TH_LAB_NATIVE && count + 4 <= max) {
        limits[count++] =
            "An emulator runs this program. What is reordered and torn is what the machine under "
            "it reorders and tears: an x86 processor lets only a load pass an earlier store, so "
            "that a missing acquire or release never shows here, whatever the program's own "
            "architecture allows. A zero says nothing about the processor that is emulated.";
        limits[count++] =
            "Costs are those of the emulator: an instruction that is one instruction on the "
            "processor may be a call here, and an emulated lock may stop all other threads.";
        limits[count++] =
            "Pages and their faults are those of the system under the emulator; growth is slower "
            "by some 2 to 20 times, and its worst operations contain translations of code that "
            "runs for the first time.";
#if defined(__aarch64__)
        limits[count++] =
            "qemu 7.2 translates a seq_cst store and a seq_cst load of aarch64 (stlr, ldar) with "
            "barriers around the pair and none between the two: store buffering shows with them, "
            "which no aarch64 processor does. Code that must be tried under this emulator hands "
            "over by a seq_cst fence or by a seq_cst read-modify-write in place of the store.";
#endif
    }
    if (machine->emulator == TH_LAB_NATIVE && machine->hypervisor[0] != '\0' && count < max) {
        limits[count++] =
            "A virtual machine: orders, tearing and caches are the processor's own; but the host "
            "may stop a processor at any time, so that worst cases and page faults contain what "
            "the host did meanwhile.";
    }
    if (machine->cpu_count < 2 && count < max) {
        limits[count++] =
            "One processor only: what needs two at once cannot be shown, only what a change of "
            "threads at the wrong moment does.";
    }
    return count;
}
