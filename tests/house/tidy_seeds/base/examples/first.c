/* SPDX-License-Identifier: MIT
 * first.c - a small file of a small project.
 */
#include <stdio.h>

#include <tophash/box.h>

int main(void)
{
    /* region: look */
    uint64_t content = th_box_look();
    printf("%d\n", (int)content);
    /* end of region */
    return 0;
}
