/* SPDX-License-Identifier: MIT
 * cases.h - executions that several tests report.
 */
#ifndef TOPHASH_TESTS_CHECK_REPORT_CASES_H
#define TOPHASH_TESTS_CHECK_REPORT_CASES_H

#include "sample.h"

/* T1 writes x and stores y, T2 loads y and reads x: a race unless both orders are right. */
void case_message_passing(struct sample *sample, enum thi_record_order publish,
                          enum thi_record_order look);
/* T1 and T2 store their own flag and do not see the other's; the main thread's assertion fails. */
void case_store_buffering(struct sample *sample, enum thi_record_order order, bool fence_one);
/* T2 reads a node that T1 has taken and freed. */
void case_freed_node(struct sample *sample, bool ordered);

#endif
