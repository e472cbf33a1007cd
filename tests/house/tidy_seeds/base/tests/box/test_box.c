/* SPDX-License-Identifier: MIT
 * test_box.c - a small file of a small project.
 */
#define TEST(name) void name(void)

TEST(box_empty_gives_zero)
{
    /* Goal: an empty box gives zero. Method: look. */
    int looked = 0;
    (void)looked;
}
