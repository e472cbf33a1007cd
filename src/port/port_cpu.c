/* SPDX-License-Identifier: MIT
 * port_cpu.c - what the processor promises beyond its baseline.
 *
 * Progress     wait-free.
 * Sources      Intel SDM volume 3, "Guaranteed Atomic Operations"; AMD64 manual volume 2, "Access
 *              Atomicity": with AVX, aligned 16-byte loads are whole. Zhaoxin and Hygon say the
 *              same of theirs, as compilers' atomic libraries note.
 */
#include "port/port.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* The 12 letters that a leaf of CPUID spells. */
static bool leaf_spells(unsigned leaf, const char *letters)
{
    unsigned most;
    unsigned words[3];
    if (leaf == 0) {
        __cpuid(leaf, most, words[0], words[2], words[1]);
    } else {
        __cpuid(leaf, most, words[0], words[1], words[2]);
    }
    return memcmp(words, letters, 12) == 0;
}

/* An emulator that is QEMU's own: it may make two loads of one. */
static bool is_emulated(void)
{
    unsigned eax, ebx, ecx, edx;
    bool guest = __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> 31 & 1) != 0;
    return guest && leaf_spells(0x40000000u, "TCGTCGTCGTCG");
}

bool thi_port_has_wide_loads(void)
{
    static const char *const vendors[] = {"GenuineIntel", "AuthenticAMD", "HygonGenuine",
                                          "CentaurHauls", "  Shanghai  "};
    if (__builtin_cpu_supports("avx") == 0 || __builtin_cpu_supports("bmi") == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        if (leaf_spells(0, vendors[i])) {
            return !is_emulated();
        }
    }
    return false;
}

#else

bool thi_port_has_wide_loads(void)
{
    return false;
}

#endif
