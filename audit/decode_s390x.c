/* SPDX-License-Identifier: MIT
 * decode_s390x.c - s390x (z/Architecture).
 *
 * The machine keeps all pairs in order but a write and a later read; that one too is kept by a
 * serialising instruction: bcr 14,0 or 15,0, compare-and-swap, load-and-add and their like.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

static const char loads[] =
    "l ly lg lrl lgrl lh lhy lgh lgf llgf llgh llgc llh llc lb lgb ld le ley ldy lt ltg lmg lm "
    "llgt lrvg lrv lrvh llgfrl ic icy lhrl lghrl lgfrl llhrl llghrl vl cg c cy ch cgf cl "
    "clg clgf cgh chy cly a ag ah agf agh al alg n ng o og x xg s sg sl slg sh ms msg msy "
    "cli cliy chsi cghsi chhsi clfhsi clghsi clhhsi tm tmy adb aeb sdb mdb ddb seb meeb deb cdb "
    "ceb "
    "ldeb lde lfh lbh lhh llch llhh lat lgat lzrf lzrg llzrgf loc locg locfh icm icmy icmh";
static const char stores[] =
    "st sty stg sth sthy stc stcy strl stgrl sthrl mvi mviy mvhi mvghi mvhhi std ste stdy stey "
    "stmg stm strvg strv strvh vst stoc stocg stfh stch sthh stocfh";
static const char swaps[] =
    "laa laag laal laalg lan lang lao laog lax laxg cs csy csg cds cdsy cdsg";
static const char updates[] = "asi agsi alsi algsi ni niy oi oiy xi xiy";

static bool control_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    const char *operands = instruction->operands;
    struct thi_event *event = &instruction->event;
    if (thi_one_of(name, "brasl bras basr")) {
        event->flags = TH_EVENT_CALL;
        return true;
    }
    if (strcmp(name, "br") == 0) {
        event->flags = TH_EVENT_JUMP;
        event->flags |= strstr(operands, "%r14") != NULL ? TH_EVENT_RETURN : TH_EVENT_INDIRECT;
        return true;
    }
    if (strcmp(name, "b") == 0) { /* "0(%r3,%r2)": through a table */
        event->flags = TH_EVENT_JUMP | TH_EVENT_INDIRECT;
        return true;
    }
    const char *hex = strstr(operands, "0x");
    bool compares = thi_starts(name, "cr") || thi_starts(name, "cg") || thi_starts(name, "cl") ||
                    thi_starts(name, "ci") || thi_starts(name, "br");
    if (hex == NULL || (name[0] != 'j' && !(compares && strstr(name, "j") != NULL) &&
                        !thi_one_of(name, "brct brctg brcl brc"))) {
        if (thi_ends(name, "r") && name[0] == 'b' && strstr(operands, "%r14") != NULL) {
            event->flags = TH_EVENT_RETURN | TH_EVENT_BRANCH;
            return true;
        }
        return false;
    }
    event->flags = thi_one_of(name, "j jg jlu") ? TH_EVENT_JUMP : TH_EVENT_BRANCH;
    const char *last = strrchr(operands, ' ');
    event->target = strtoull(last == NULL ? operands : last + 1, NULL, 16);
    return true;
}

static uint8_t width_of(const char *name)
{
    static const struct {
        const char *names;
        uint8_t bytes;
    } widths[] = {
        {"lbh llch stch llgc llc lb lgb ic icy stc stcy mvi mviy cli cliy tm tmy ni niy oi oiy xi "
         "xiy",
         1},
        {"lhh llhh sthh lh lhy lgh llgh llh lrvh lhrl lghrl llhrl llghrl sth sthy sthrl mvhhi ch "
         "cgh chy ah agh "
         "sh strvh chhsi clhhsi",
         2},
        {"lg lgrl ld ldy ltg lmg lrvg stg stgrl std stdy stmg strvg mvghi cg clg ag alg ng og xg "
         "sg "
         "slg msg ddb cdb lgat lzrg locg laag laalg lang laog laxg csg agsi algsi adb sdb mdb "
         "stocg cghsi clghsi",
         8},
        {"vl vst cdsg mvc", 0}};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (thi_one_of(name, widths[i].names)) {
            return widths[i].bytes;
        }
    }
    return strcmp(name, "cds") == 0 || strcmp(name, "cdsy") == 0 ? 8 : 4;
}

void thi_decode_s390x(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    const char *operands = instruction->operands;
    /* Branches that are never taken, on no register, by all conditions: serialisation. */
    bool no_branch = strcmp(operands, "0") == 0 || strcmp(operands, "%r0") == 0;
    bool masked =
        strcmp(name, "bcr") == 0 && (thi_starts(operands, "14, ") || thi_starts(operands, "15, "));
    if ((thi_one_of(name, "bnor bor br") && no_branch) || masked) {
        event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
        event->fence = TH_ALL_PAIRS;
        return;
    }
    if (control_decode(instruction)) {
        return;
    }
    bool memory = strchr(operands, '(') != NULL || thi_ends(name, "rl");
    bool update = thi_one_of(name, updates);
    if (thi_one_of(name, "mvc clc xc nc oc")) {
        event->flags = TH_EVENT_READ | (strcmp(name, "clc") == 0 ? 0 : TH_EVENT_WRITE);
        event->bytes = 0; /* byte by byte, as others see it */
    } else if (thi_one_of(name, swaps) || update) {
        event->flags = TH_EVENT_READ | TH_EVENT_WRITE;
        event->bytes = width_of(name);
        if (!update) {
            event->flags |= TH_EVENT_ATOMIC | TH_EVENT_SWAP;
            event->fence = event->before = event->after = TH_ALL_PAIRS;
        }
    } else if (memory && (thi_one_of(name, loads) || thi_one_of(name, stores))) {
        event->flags = thi_one_of(name, stores) ? TH_EVENT_WRITE : TH_EVENT_READ;
        event->bytes = width_of(name);
    } else {
        return;
    }
    event->before |= event->flags & TH_EVENT_WRITE ? TH_RW | TH_WW : 0;
    event->after |= event->flags & TH_EVENT_READ ? TH_RR | TH_RW : 0;
    if (strstr(operands, "%r15)") != NULL) {
        event->flags |= TH_EVENT_PRIVATE;
    }
}
