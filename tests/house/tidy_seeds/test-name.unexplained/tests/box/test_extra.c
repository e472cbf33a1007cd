/* SPDX-License-Identifier: MIT
 * test_extra.c - a small file of a small project.
 */
#define TEST(name) void name(void)

TEST(box_empty_gives_zero)
{
    int looked = 0;
    looked++;
    (void)looked;
}
