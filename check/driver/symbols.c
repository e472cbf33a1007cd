/* SPDX-License-Identifier: MIT
 * symbols.c - which functions of the C library are harmless, and why others are refused.
 *
 * A function that the checker models is known by its model in the library: it needs no row here. A
 * function without a row is refused, with a reason that fits any.
 */
#include "symbols.h"

#include <stddef.h>
#include <string.h>

static const char *const pure[] = {
    "abs",
    "labs",
    "llabs",
    "div",
    "ldiv",
    "lldiv",
    "isalnum",
    "isalpha",
    "isblank",
    "iscntrl",
    "isdigit",
    "isgraph",
    "islower",
    "isprint",
    "ispunct",
    "isspace",
    "isupper",
    "isxdigit",
    "tolower",
    "toupper",
    "__ctype_b_loc",
    "__ctype_tolower_loc",
    "__ctype_toupper_loc",
    "fabs",
    "floor",
    "ceil",
    "round",
    "trunc",
    "sqrt",
    "pow",
    "exp",
    "log",
    "log2",
    "log10",
    "fmod",
    "fmin",
    "fmax",
    "sin",
    "cos",
    "lround",
    "llround",
    "htonl",
    "htons",
    "ntohl",
    "ntohs",
    "ffs",
    "ffsl",
    "__popcountdi2",
    "__stack_chk_fail",
    "_GLOBAL_OFFSET_TABLE_",
    "stdout",
    "stderr",
    "strerror",
    "fabsf",
    "sqrtf",
    "floorf",
    "ceilf",
    "fminf",
    "fmaxf",
    "exp2",
    "cbrt",
    "hypot",
    "atan",
    "tan",
    "ffsll",
};

static const char chance[] =
    "is a source of chance: a run must do the same each time; take a fixed value, or one that "
    "the test passes in";
static const char outside[] =
    "reads or changes the world outside: every execution must start from the same state; "
    "keep it out of the code that is checked";
static const char blocking[] =
    "waits for something the checker does not see; wait on a mutex, a condition variable or an "
    "atomic instead";
static const char jump[] = "jumps between frames, which the checker's stacks cannot follow";
static const char process[] = "makes or changes processes; the checker runs threads of one";
static const char wide[] =
    "is an atomic operation the compiler leaves to a library (wider than 64 bits, or of an odd "
    "size); use atomics of at most 64 bits";
static const char cancel[] = "cancels threads, which is not modelled; let the thread return";

static const struct {
    const char *name;
    const char *reason;
} refused[] = {
    {"getrandom", chance},
    {"getentropy", chance},
    {"arc4random", chance},
    {"arc4random_uniform", chance},
    {"arc4random_buf", chance},
    {"rand", chance},
    {"srand", chance},
    {"random", chance},
    {"srandom", chance},
    {"drand48", chance},
    {"lrand48", chance},
    {"getpid", chance},
    {"getppid", chance},
    {"gettid", chance},
    {"times", chance},
    {"getrusage", chance},
    {"sched_getcpu", chance},
    {"getcpu", chance},
    {"tmpfile", chance},
    {"mkstemp", chance},
    {"getenv", outside},
    {"secure_getenv", outside},
    {"setenv", outside},
    {"open", outside},
    {"open64", outside},
    {"openat", outside},
    {"creat", outside},
    {"close", outside},
    {"read", outside},
    {"pread", outside},
    {"readv", outside},
    {"write", outside},
    {"pwrite", outside},
    {"writev", outside},
    {"fopen", outside},
    {"fopen64", outside},
    {"fclose", outside},
    {"fread", outside},
    {"fgets", outside},
    {"getline", outside},
    {"getchar", outside},
    {"scanf", outside},
    {"__isoc99_scanf", outside},
    {"__isoc99_fscanf", outside},
    {"socket", outside},
    {"recv", outside},
    {"send", outside},
    {"ioctl", outside},
    {"syscall", outside},
    {"mmap", "maps memory the checker does not know; use malloc or aligned_alloc"},
    {"mmap64", "maps memory the checker does not know; use malloc or aligned_alloc"},
    {"munmap", "unmaps memory the checker does not know; use malloc and free"},
    {"sbrk", "moves the end of the heap; use malloc"},
    {"signal", "handles signals, which are not modelled"},
    {"sigaction", "handles signals, which are not modelled"},
    {"raise", "handles signals, which are not modelled; use abort() to fail"},
    {"kill", process},
    {"fork", process},
    {"vfork", process},
    {"execve", process},
    {"execv", process},
    {"system", process},
    {"popen", process},
    {"waitpid", process},
    {"poll", blocking},
    {"select", blocking},
    {"epoll_wait", blocking},
    {"pause", blocking},
    {"setjmp", jump},
    {"_setjmp", jump},
    {"__sigsetjmp", jump},
    {"longjmp", jump},
    {"siglongjmp", jump},
    {"swapcontext", jump},
    {"pthread_cancel", cancel},
    {"pthread_setcancelstate", cancel},
    {"pthread_testcancel", cancel},
    {"pthread_kill", "sends signals, which are not modelled"},
    {"dlopen", "loads code that was not compiled for the checker"},
    {"dlsym", "finds code that was not compiled for the checker"},
};

bool thi_symbol_pure(const char *name)
{
    for (size_t i = 0; i < sizeof pure / sizeof pure[0]; i++) {
        if (strcmp(pure[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const char *thi_symbol_reason(const char *name)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strcmp(refused[i].name, name) == 0) {
            return refused[i].reason;
        }
    }
    if (strncmp(name, "__atomic_", 9) == 0 || strncmp(name, "__tsan_atomic128", 16) == 0 ||
        strncmp(name, "__sync_", 7) == 0) {
        return wide;
    }
    return "is not modelled: the checker would not see what it does; give its source file too, or "
           "put something simpler in its place";
}
