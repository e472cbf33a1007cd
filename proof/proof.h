/* SPDX-License-Identifier: MIT
 * proof.h - what scenarios, the model of the system and the judge share.
 */
#ifndef TOPHASH_PROOF_PROOF_H
#define TOPHASH_PROOF_PROOF_H

#include <stdbool.h>

/* Set by a scenario's setup: whether the system has membarrier(). */
extern bool proof_asymmetric;
/* Whether requests for memory are refused. */
extern bool proof_refuses;

#endif
