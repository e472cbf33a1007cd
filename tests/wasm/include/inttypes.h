/* SPDX-License-Identifier: MIT
 * inttypes.h - formats of fixed widths.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_INTTYPES_H
#define TOPHASH_TESTS_WASM_INCLUDE_INTTYPES_H

#include <stdint.h>

#define PRIu32 "u"
#define PRId64 "lld"
#define PRIu64 "llu"
#define PRIx64 "llx"

#endif
