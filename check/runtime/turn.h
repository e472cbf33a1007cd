/* SPDX-License-Identifier: MIT
 * turn.h - finds turns of loops that could as well be left out, so that waiting ends.
 *
 * A thread that reads x twice with nothing but reads in between has perhaps just made a useless
 * turn of a loop: it waited, or its compare-exchange failed and it tries again. If the execution
 * in which the first read takes what the second one took leads to the same state, that execution
 * covers this one, and the thread is blocked here (TH_OP_AWAIT).
 *
 * Whether it does is found out by trying: the runtime keeps what the thread's stack looked like at
 * the first read, runs the thread from there a second time with the second read's value (a thought
 * experiment: nothing of it reaches the engine), and compares both lines of events, operation by
 * operation. Once they stand at the same operation with equal registers, stacks and memory, all
 * that follows is equal too. If the two come apart, the thread goes on as if nothing had been.
 *
 * Why that is sound
 *   Let B be the execution with the turn, A the one without. A has B's events but those of the turn
 *   (reads and fences), and its first read takes the write that B's second read took, with an
 *   order that is no stronger. Leaving out reads and fences only takes edges away, so A is
 *   consistent if B is, and the engine visits A. From the common state on, whatever B can do, A
 *   can do as well.
 *
 *   Lines are followed through reads and fences only: a turn that goes on to a write is no waiting,
 *   and is explored as it is. (It could be left out as well, but then the number of executions
 *   would depend on more than the program says.)
 *
 *   A turn that brings a thread back to the very state it had before the first read needs no second
 *   run: it is a loop that waits. Such a turn may also hold read-modify-writes that wrote what they
 *   had read (a lock tried and found taken): left out, those who read from one read the same value
 *   from the write before it, and again edges only go away.
 */
#ifndef TOPHASH_CHECK_RUNTIME_TURN_H
#define TOPHASH_CHECK_RUNTIME_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void thi_turn_restart(void);

/* The thread gets this result of its last operation and goes on. */
void thi_turn_result(uint32_t thread, uint64_t result);

/* The thread has come to an operation: may turn it into TH_OP_AWAIT. */
void thi_turn_operation(uint32_t thread);

/* What the thread did has an effect (beside operations, which are known): turns end here. */
void thi_turn_effect(void);

/* A plain write is about to be made by the running thread. */
void thi_turn_write(uintptr_t address, size_t bytes);

/* Ends a thought experiment that comes to a place where it cannot go on. */
void thi_turn_abandon(void);

/* How many reads the running thread has made since its last effect: a turn of a loop that says
 * itself that it waits. */
uint32_t thi_turn_length(void);

#endif
