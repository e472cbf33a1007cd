/* SPDX-License-Identifier: MIT
 * cmd_open.c - a small file of a small project.
 */
#include <tophash/box.h>

int main(void)
{
    return (int)th_box_look();
}
