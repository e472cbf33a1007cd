/* SPDX-License-Identifier: MIT
 * fault_model.c - who refuses memory: the scenario.
 */
#include "mem/mem_priv.h"

#include "proof.h"

bool proof_asymmetric;
bool proof_refuses;

bool thi_mem_fault_hit(struct thi_mem_site *site)
{
    (void)site;
    return proof_refuses;
}
