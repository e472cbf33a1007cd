/* SPDX-License-Identifier: MIT
 * fiber.h - threads of the checked program as fibers: a stack each, and a switch between them.
 *
 * Guarantees   Stacks stand at the same addresses in every run, whatever the system randomises, and
 *              have a page without access below them, and are zero where no function has written
 *              in this execution. All fibers belong to one thread of the system; only one runs at
 *              a time.
 */
#ifndef TOPHASH_CHECK_RUNTIME_FIBER_H
#define TOPHASH_CHECK_RUNTIME_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TH_FIBERS_MAX = 16 };

/* The fiber that is none of the program's: it schedules and reports. */
enum { TH_FIBER_SCHEDULER = TH_FIBERS_MAX };

/* Maps the stacks. False if the system refuses. */
bool thi_fiber_init(void);

/* Makes fiber `number` ready to run `entry`, which must not return, from the top of its stack. */
void thi_fiber_start(unsigned number, void (*entry)(void));

/* Notes how deep the stack of the running fiber has been: below, it is as it was at first. */
void thi_fiber_depth_note(uintptr_t stack_pointer);

/* Calls `function` on a stack of its own, so that it leaves nothing behind on the fiber's, which a
 * variable without a value could pick up. The function must not switch fibers. */
uint64_t thi_fiber_apart(uint64_t (*function)(void *argument), void *argument);

/* Goes from the running fiber to another one; returns when somebody switches back. */
void thi_fiber_switch(unsigned to);

/* The stack pointer of a fiber that does not run; it may be changed with the stack's contents. */
uintptr_t thi_fiber_stack_pointer(unsigned number);
void thi_fiber_stack_pointer_set(unsigned number, uintptr_t stack_pointer);

/* The fiber that runs. */
unsigned thi_fiber_running(void);

/* The fiber in whose stack `address` lies; TH_FIBERS_MAX: in none. */
unsigned thi_fiber_of(uintptr_t address);

/* The first address above the stack of a fiber. */
uintptr_t thi_fiber_stack_end(unsigned number);

/* True if `address` lies in the page below a stack, or close below it: the stack was too small. */
bool thi_fiber_overflown(uintptr_t address);

#endif
