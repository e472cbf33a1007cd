/* SPDX-License-Identifier: MIT
 * base.h - status codes, version and the marks every public header uses.
 */
#ifndef TOPHASH_BASE_H
#define TOPHASH_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TH_API __attribute__((visibility("default")))
#define TH_MUST_CHECK __attribute__((warn_unused_result))
#else
#define TH_API
#define TH_MUST_CHECK
#endif

#ifdef __cplusplus
#define TH_EXTERN_C_BEGIN extern "C" {
#define TH_EXTERN_C_END }
#else
#define TH_EXTERN_C_BEGIN
#define TH_EXTERN_C_END
#endif

#define TH_VERSION_MAJOR 0
#define TH_VERSION_MINOR 1
#define TH_VERSION_PATCH 0
#define TH_VERSION_STRING "0.1.0"

TH_EXTERN_C_BEGIN

/* What a fallible function returns: 0 done, above 0 an outcome, below 0 an error. Out parameters
 * are untouched on error. */
typedef int32_t th_status;

enum {
    TH_OK = 0,
    /* Outcomes: nothing went wrong, the answer is just not 'done'. */
    TH_EXISTS = 1,   /* the key is present already */
    TH_ABSENT = 2,   /* no such key */
    TH_MISMATCH = 3, /* present, but not with the expected value (or cas number) */
    TH_MORE = 4,     /* bounded work done; call again for the rest */
    /* Errors. */
    TH_ENOMEM = -1, /* no memory; nothing was changed */
    TH_EINVAL = -2, /* an argument is out of its documented range */
    TH_ERANGE = -3, /* the answer does not fit the room given */
    TH_ENOSYS = -4, /* this system cannot do it */
    TH_EBUSY = -5,  /* in use by others; nothing was changed */
    TH_EIO = -6     /* the operating system refused */
};

/* The name of a status, such as "TH_ENOMEM"; "unknown status" for a number that is none.
 * Thread-safe, wait-free, never NULL. */
TH_API const char *th_status_name(th_status status);

/* The library's version, "MAJOR.MINOR.PATCH". Thread-safe, wait-free, static storage. */
TH_API const char *th_version(void);

TH_EXTERN_C_END

#endif
