/* SPDX-License-Identifier: MIT
 * audit.h - what a compiler made of C11 atomic operations, judged from the machine code.
 *
 * The way from an object file to a verdict, a file each:
 *   compile.c    a C file -> an object, and the compiler's own words about it (dumps)
 *   intent*.c    the dumps -> which operation, with which order, stands at which place
 *   graph.c, quiet.c   the dumps -> what the source has in which order, and what nobody else sees
 *   code.c       the object -> instructions, by the disassembler
 *   locate.c     their places in the source, by the debug information
 *   decode_*.c   an instruction -> what it does to memory: the only files that know an architecture
 *   flow.c       which instruction can follow which; what a barrier on the way covers
 *   sites.c      operations and instructions brought together by their places
 *   rules.c      what each target must do for each order
 *   judge*.c     one operation: accepted, rejected or undecided, and why
 *   report*.c    text, JSON, the table of a target
 */
#ifndef TOPHASH_AUDIT_AUDIT_H
#define TOPHASH_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/text.h"

enum thi_target {
    TH_TARGET_X86_64,
    TH_TARGET_I686,
    TH_TARGET_AARCH64,
    TH_TARGET_ARM,
    TH_TARGET_RISCV64,
    TH_TARGET_POWER64,
    TH_TARGET_S390X,
    TH_TARGET_LOONGARCH64,
    TH_TARGET_WASM32,
    TH_TARGETS /* how many; also: none of them */
};

enum thi_order { TH_RELAXED, TH_ACQUIRE, TH_RELEASE, TH_ACQ_REL, TH_SEQ_CST };

enum thi_operation { TH_LOAD, TH_STORE, TH_MODIFY, TH_COMPARE, TH_FENCE };

/* What an operation asks of the machine. */
struct thi_wish {
    enum thi_operation operation;
    enum thi_order order;
    enum thi_order failure; /* of a compare-exchange */
    uint8_t bytes;
    bool weak;     /* a compare-exchange that may fail for no reason */
    bool unasked;  /* nobody looks whether it has stored */
    char name[28]; /* as the compiler's intermediate code calls it */
};

/* A place in the source, and the inlined function it belongs to. */
struct thi_place {
    const char *file;
    const char *inner; /* the function whose text holds the place */
    uint32_t line;
    uint32_t column;
    uint32_t outer_line; /* in the function that all was inlined to; 0: not known */
};

/* One operation in the compiler's intermediate code. */
struct thi_intent {
    struct thi_place place;
    const char *function; /* the one that code is made for */
    struct thi_wish wish;
    bool order_known;
    uint32_t sequence; /* place in the compiler's account, from 1 */
};

struct thi_intents {
    struct thi_intent *items;
    size_t count;
    size_t capacity;
};

enum {
    TH_EVENT_READ = 1 << 0,
    TH_EVENT_WRITE = 1 << 1,
    TH_EVENT_ATOMIC = 1 << 2,     /* no plain access looks like this */
    TH_EVENT_LINKED = 1 << 3,     /* load-linked */
    TH_EVENT_STORE_COND = 1 << 4, /* store-conditional */
    TH_EVENT_PRIVATE = 1 << 5,    /* the stack, constants: nobody else's business */
    TH_EVENT_CALL = 1 << 6,
    TH_EVENT_RETURN = 1 << 7,
    TH_EVENT_JUMP = 1 << 8,         /* does not go on to the next instruction */
    TH_EVENT_BRANCH = 1 << 9,       /* may go elsewhere */
    TH_EVENT_STREAM = 1 << 10,      /* non-temporal: outside the machine's order */
    TH_EVENT_NO_RESULT = 1 << 11,   /* reads into the zero register */
    TH_EVENT_SYNC_FETCH = 1 << 12,  /* isync, isb: a barrier behind a branch on the value only */
    TH_EVENT_COMPARE = 1 << 13,     /* compares registers, for the branch that follows */
    TH_EVENT_UNKNOWN = 1 << 14,     /* the disassembler does not know it */
    TH_EVENT_CONDITIONAL = 1 << 15, /* done or skipped, by a condition */
    TH_EVENT_SC_READ = 1 << 16,     /* ldar: never before an earlier stlr */
    TH_EVENT_SC_WRITE = 1 << 17,    /* stlr: never behind a later ldar */
    TH_EVENT_FENCE = 1 << 18,       /* a barrier by itself */
    TH_EVENT_SWAP = 1 << 19,        /* a read-modify-write in one instruction */
    TH_EVENT_INDIRECT = 1 << 20,    /* goes where a register says */
    TH_EVENT_ZERO_STATUS = 1 << 21, /* a store-conditional whose answer is thrown away */
    TH_EVENT_FAIL_TAKEN = 1 << 22,  /* a branch taken where the status says: failed */
    TH_EVENT_OK_TAKEN = 1 << 23,    /* a branch taken where the status says: stored */
    TH_EVENT_ENTERED = 1 << 24      /* by a jump through a table: nothing else leads here */
};

/* Pairs of accesses that an order keeps apart: first letter before, second behind. */
enum { TH_RR = 1, TH_RW = 2, TH_WR = 4, TH_WW = 8, TH_ALL_PAIRS = 15 };

struct thi_event {
    uint32_t flags;
    uint8_t bytes;   /* width of the access; 0: not known, or several */
    uint8_t before;  /* pairs of earlier accesses and this one */
    uint8_t after;   /* pairs of this access and later ones */
    uint8_t fence;   /* pairs it keeps apart for all accesses around it */
    uint64_t target; /* of a branch; UINT64_MAX: none known */
    char result[12]; /* register that a read fills */
    char status[12]; /* register that a store-conditional answers in */
};

struct thi_instruction {
    uint64_t address;
    const char *mnemonic;
    const char *operands;
    const char *symbol;     /* that a relocation names, or NULL */
    const char *relocation; /* its type, or NULL */
    uint32_t function;      /* index */
    bool locked;            /* x86: with a lock prefix */
    struct thi_place place;
    const char *via; /* where inlined: "map.c:40 < main.c:7"; "" if not */
    struct thi_event event;
};

struct thi_function {
    const char *name;
    uint64_t address;
    size_t first;
    size_t end;
    bool jumps_anywhere; /* where a register says, and nobody knows where that is */
};

/* The instructions of one object file, in the order of their addresses. */
struct thi_code {
    enum thi_target target;
    uint8_t given; /* pairs the machine keeps apart by itself */
    struct thi_instruction *instructions;
    size_t count;
    size_t capacity;
    struct thi_function *functions;
    size_t function_count;
    size_t function_capacity;
    struct thi_symbol *symbols; /* every label */
    size_t symbol_count;
    size_t symbol_capacity;
    uint32_t
        *incoming_first; /* flow.c: where in `incoming` those stand that lead to an instruction */
    uint32_t *incoming;
    char *listing; /* texts that the strings above point into */
    char *places;
};

struct thi_symbol {
    const char *name;
    uint64_t address;
};

enum thi_verdict { TH_ACCEPTED, TH_REJECTED, TH_UNDECIDED };

enum { TH_REASON_BYTES = 224, TH_SITE_INSTRUCTIONS_MAX = 48 };

/* One operation and the instructions that stand for it. */
struct thi_site {
    const char *function;
    struct thi_place place;
    const char *via;
    struct thi_wish wish;  /* what the source asks for */
    struct thi_wish made;  /* what the optimiser left of it */
    uint32_t intent_count; /* how often the compiler has its like in this function and place */
    uint32_t like_count;   /* sites of its like, itself one: inlined several times, say */
    uint32_t like_found;   /* how often all of these are found */
    bool leads;            /* the first of them */
    bool merged;           /* the compiler has more of them, which share code */
    uint32_t found_count;  /* how often the machine code has it */
    uint32_t instructions[TH_SITE_INSTRUCTIONS_MAX];
    uint32_t instruction_count;
    enum thi_verdict verdict;
    bool shares;  /* a read-modify-write has the same place */
    bool loads;   /* a load has */
    bool adopted; /* its instructions have no place: they are its by elimination */
    char reason[TH_REASON_BYTES];
};

struct thi_graph;

struct thi_audit {
    struct thi_code code;
    struct thi_graph *graph;   /* the source's functions; NULL: gcc's are not read */
    struct thi_intents quiet;  /* plain stores that no other thread can know of, by their places */
    struct thi_intents wanted; /* as the source has them, before the optimiser */
    struct thi_intents made;   /* as the optimiser left them */
    char **texts;              /* dumps that the strings point into */
    size_t text_count;
    size_t text_capacity;
    struct thi_site *sites;
    size_t site_count;
    size_t site_capacity;
    const char *name; /* what is audited */
};

/* Makes room for one item more; false: out of memory. */
bool thi_audit_grow(void **items, size_t count, size_t *capacity, size_t item_bytes);

/* code.c, locate.c */
struct thi_tools {
    const char *objdump;
    const char *symbolizer;
    const char *readelf;
    const char *linker;
    const char *folder; /* for what is made on the way */
};
bool thi_code_read(struct thi_code *code, const struct thi_tools *tools, const char *object);
bool thi_code_relocate(struct thi_code *code, const struct thi_tools *tools, const char *object);
bool thi_code_locate(struct thi_code *code, const struct thi_tools *tools, const char *object);
void thi_code_fini(struct thi_code *code);
/* The file's bytes and a zero, to be freed; NULL and said on standard error. */
char *thi_audit_file_read(const char *path, size_t *size);
enum thi_target thi_target_of(const char *path); /* TH_TARGETS: no object, or of no known target */
extern const char *const thi_target_names[TH_TARGETS];

/* decode_*.c: fill in the event. */
void thi_decode(struct thi_code *code);
void thi_decode_x86(struct thi_instruction *instruction);
void thi_decode_aarch64(struct thi_instruction *instruction);
void thi_decode_arm(struct thi_instruction *instruction);
void thi_decode_riscv(struct thi_instruction *instruction);
void thi_decode_loongarch(struct thi_instruction *instruction);
void thi_decode_power(struct thi_instruction *instruction);
void thi_decode_s390x(struct thi_instruction *instruction);
void thi_decode_wasm(struct thi_instruction *instruction);
void thi_decode_wasm_ways(struct thi_code *code); /* where branches go: blocks are counted */
/* Operand number `index`, without blanks around it; brackets are not cut. "" if there is none. */
void thi_operand(const char *operands, unsigned index, char *out, size_t out_bytes);
bool thi_starts(const char *text, const char *prefix);
bool thi_ends(const char *text, const char *ending);
bool thi_one_of(const char *text, const char *list); /* list: words with a blank between */

/* flow.c */
bool thi_flow_make(struct thi_code *code);

enum thi_walk_end {
    TH_WALK_COVERED,
    TH_WALK_ACCESS, /* met another access first */
    TH_WALK_LEFT,   /* left the function first */
    TH_WALK_UNKNOWN /* met what cannot be judged */
};

struct thi_walk {
    const struct thi_code *code;
    const struct thi_site *site;
    uint32_t start;
    uint8_t pairs;         /* needed on every way (forward: once the store was made) */
    uint8_t failure_pairs; /* forward: needed on ways on which nothing was stored */
    bool streams;          /* backward: only non-temporal stores count */
    bool bare;             /* backward: without what the access keeps apart by itself */
    char alias[12];        /* forward: a register that the value read was copied to */
    uint32_t culprit;      /* out: where a way ended uncovered */
    bool culprit_failed;   /* out: that way stored nothing */
};
enum thi_walk_end thi_walk_forward(struct thi_walk *walk);
enum thi_walk_end thi_walk_backward(struct thi_walk *walk);
/* How a store-conditional's answer is used. */
enum thi_retry { TH_RETRY_LOOPS, TH_RETRY_GIVES_UP, TH_RETRY_NOT_ASKED };
enum thi_retry thi_walk_retry(const struct thi_code *code, const struct thi_site *site,
                              uint32_t start);
/* Does anything of the function behind a store-conditional look at its answer? */
bool thi_walk_asks(const struct thi_code *code, uint32_t start);
bool thi_site_owns(const struct thi_site *site, uint32_t index);
/* Is an access of the site the first that some way from instruction `from` on meets? */
bool thi_flow_leads(const struct thi_code *code, uint32_t from, const struct thi_site *site);
/* The instructions that a way from behind `from` (or, backward, to it) meets. */
bool thi_flow_reach(const struct thi_code *code, uint32_t from, bool backward, bool *reached);
/* Does a way lead from a load-linked to a store-conditional, or back, with no other between? */
bool thi_flow_pairs(const struct thi_code *code, uint32_t from, bool backward);
/* Does a way from behind instruction `from` leave the function without a marked instruction? */
bool thi_flow_escapes(const struct thi_code *code, uint32_t from, const bool *marks);
/* The function that a call, or a jump in its place, goes to; NULL: a register says. */
const char *thi_flow_callee(const struct thi_code *code, uint32_t index);
/* A store-conditional that puts back what was there, to end a reservation. */
bool thi_puts_back(const struct thi_code *code, const struct thi_site *site, uint32_t index);

/* intent_llvm.c, intent_gcc.c: read a dump, which stays and is cut into strings. */
bool thi_wanted_read_llvm(struct thi_audit *audit, char *text, unsigned pointer_bytes);
bool thi_made_read_llvm(struct thi_audit *audit, char *text, unsigned pointer_bytes);
bool thi_intents_read_gcc(struct thi_intents *intents, char *text);
bool thi_intents_add(struct thi_intents *intents, const struct thi_intent *intent);
bool thi_same_place(const struct thi_place *a, const struct thi_place *b);
bool thi_same_function(const char *a, const char *b);
bool thi_same_wish(const struct thi_wish *a, const struct thi_wish *b);
extern const char *const thi_order_names[5];

/* sites.c, judge.c, rules.c */
bool thi_sites_make(struct thi_audit *audit);
void thi_judge(struct thi_audit *audit, struct thi_site *site);
/* judge_call.c: an operation that is a call; false: the call is none of the known ones. */
bool thi_judge_call(const struct thi_code *code, struct thi_site *site, uint32_t index);
/* judge_line.c: what stands on the wrong side of the operation. */
void thi_judge_lines(struct thi_audit *audit, struct thi_site *site);
/* An access of memory that others see, or a call of a helper. */
bool thi_is_access(const struct thi_instruction *at);
/* judge_pair.c: load-linked and store-conditional. */
void thi_judge_pair(const struct thi_code *code, struct thi_site *site);
/* judge.c: the halves of an operation; they return false when they have rejected it. */
bool thi_judge_read(const struct thi_code *code, struct thi_site *site, uint32_t index);
bool thi_judge_write(const struct thi_code *code, struct thi_site *site, uint32_t index);
/* Sets the verdict, unless it is as bad already; always false. */
__attribute__((format(printf, 3, 4))) bool thi_refuse(struct thi_site *site,
                                                      enum thi_verdict verdict, const char *format,
                                                      ...);
bool thi_wants_acquire(const struct thi_wish *wish); /* on success or on failure */
bool thi_wants_release(const struct thi_wish *wish);
/* A word that holds a narrower object: how machines without narrow atomics do it. */
bool thi_is_container(enum thi_target target, uint8_t object_bytes, uint8_t access_bytes);
bool thi_explain_walk(const struct thi_walk *walk, enum thi_walk_end end, struct thi_site *site,
                      const char *what);

bool thi_is_owned(const struct thi_audit *audit, uint32_t index); /* by any site */
/* Counts the sites of one like; before and after they are judged. */
void thi_sites_compare(struct thi_audit *audit);
/* Loads or stores without a line, of no operation, that would keep the order of the site's. */
uint32_t thi_sites_spare(const struct thi_audit *audit, const struct thi_site *site);
/* How many of the operations of a site's like can be its own. */
uint32_t thi_site_share(const struct thi_site *site);
/* How many ways, but one, come together at the nearest place before an instruction where any do;
 * `turns`: those of a loop count, too. */
uint32_t thi_joins_before(const struct thi_code *code, uint32_t index, bool turns);
/* Sites of a like that the machine code has fewer of than the compiler are undecided. */
void thi_judge_counts(struct thi_audit *audit);
/* Of another object than the compiler's own, `made`: no copy of an operation may be missing. */
void thi_judge_copies(struct thi_audit *audit, const struct thi_audit *made);
/* judge_order.c: plain stores that the compiler has put behind a call that may release. */
bool thi_judge_order(struct thi_audit *audit);
/* Instructions that lost their place, in functions that have fewer operations found than wanted. */
void thi_judge_strays(struct thi_audit *audit);

struct thi_rule {
    uint8_t before; /* pairs: earlier accesses and this one */
    uint8_t after;  /* pairs: this access and later ones */
    bool attribute; /* AArch64: by ldar, stlr and their like, or by fences on both sides */
};
struct thi_rule thi_rule_read(enum thi_target target, enum thi_order order, bool alone);
struct thi_rule thi_rule_write(enum thi_target target, enum thi_order order, bool alone);
uint8_t thi_rule_fence(enum thi_order order);
uint8_t thi_rule_given(enum thi_target target); /* pairs the machine keeps apart by itself */

/* probe.c */
void thi_audit_probe_text(struct thi_text *text);

/* compile.c */
struct thi_compile {
    const char *compiler; /* may hold flags */
    const char *const *flags;
    size_t flag_count;
    const char *source;
    const char *directory; /* where to compile; NULL: here */
    const char *folder;    /* for what is made on the way */
    bool expanded;         /* macros first, so that what they make has places of its own */
    char object[512];      /* out */
};
bool thi_compile(struct thi_compile *compile, struct thi_audit *audit);

/* report*.c */
void thi_audit_text(struct thi_text *text, const struct thi_audit *audit, bool all);
void thi_audit_json(struct thi_text *text, const struct thi_audit *audit);
void thi_audit_table(struct thi_text *text, const struct thi_audit *audit);

/* audit.c: `audit` holds what the compiler said, or nothing. False: said on standard error. */
bool thi_audit_object(struct thi_audit *audit, const struct thi_tools *tools, const char *object);
/* Its instructions and what they do, nothing else. */
bool thi_audit_code(struct thi_audit *audit, const struct thi_tools *tools, const char *object);
void thi_audit_fini(struct thi_audit *audit);

struct thi_counts {
    size_t verdicts[3];
    size_t operations; /* in the compiler's intermediate code */
    size_t found;      /* of these, in the machine code */
};
void thi_audit_count(const struct thi_audit *audit, struct thi_counts *counts); /* adds */

#endif
