/* SPDX-License-Identifier: MIT
 * object.h - what an object file defines, needs and can write.
 */
#ifndef TOPHASH_CHECK_DRIVER_OBJECT_H
#define TOPHASH_CHECK_DRIVER_OBJECT_H

#include "driver.h"

struct thi_object {
    struct thi_words defined;
    struct thi_words needed;
    struct thi_words data; /* writable sections with contents */
    struct thi_words bss;  /* writable sections of zeros */
    struct thi_words text; /* sections of code */
    bool thread_local_data;
};

/* Both read with the system's tools; false, with a message, if that fails. thi_object_symbols fills
 * `defined` and `needed` only, and also reads archives. */
bool thi_object_symbols(struct thi_object *object, const char *path);
bool thi_object_sections(struct thi_object *object, const char *path);
void thi_object_fini(struct thi_object *object);

bool thi_words_hold(const struct thi_words *words, const char *text);

#endif
