/* SPDX-License-Identifier: MIT
 * cmd_shut.c - a small file of a small project.
 */
#include <tophash/box.h>

int main(void)
{
    return 0;
}
