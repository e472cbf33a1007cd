/* SPDX-License-Identifier: MIT
 * test_extra.c - a small file of a small project.
 */
#define TEST(name) void name(void)

TEST(works)
{
    /* Goal: it works. Method: none to speak of. */
    int looked = 0;
    (void)looked;
}
