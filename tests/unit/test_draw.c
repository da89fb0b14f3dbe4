/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The grid: what is measured, cut and shared out in cells. In the C.UTF-8 locale. */

#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ui/draw.h"

#define KANJI "\346\274\242" /* two cells wide */

static struct grid grid;

static int setup(void **state)
{
	(void)state;
	grid = (struct grid){ .utf8 = true };
	return grid_size(&grid, 6, 20);
}

static int teardown(void **state)
{
	(void)state;
	grid_free(&grid);
	return 0;
}

/* Row n of the grid as text; holds until the next call. */
static const char *row_text(int n)
{
	static char text[4096];
	char *all = NULL, *at;
	size_t size = 0;
	FILE *out = open_memstream(&all, &size);

	grid_print(&grid, out);
	fclose(out);
	at = all;
	while (n-- > 0)
		at = strchr(at, '\n') + 1;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "\n"), at);
	free(all);
	return text;
}

static void text_that_fits_is_whole(void **state)
{
	(void)state;
	assert_int_equal(draw_text(&grid, 0, 0, 5, FACE_NORMAL, "abcde"), 5);
	assert_string_equal(row_text(0), "abcde");
}

static void a_cut_ends_in_a_tilde_within_its_width(void **state)
{
	(void)state;
	assert_int_equal(draw_text(&grid, 0, 2, 5, FACE_NORMAL, "abcdef"), 5);
	assert_string_equal(row_text(0), "  abcd~");
}

static void text_is_cut_at_the_edge_of_the_grid(void **state)
{
	(void)state;
	assert_int_equal(draw_text(&grid, 0, 16, 100, FACE_NORMAL, "abcdef"), 4);
	assert_string_equal(row_text(0), "                abc~");
	assert_int_equal(draw_text(&grid, 1, 20, 5, FACE_NORMAL, "abc"), 0);
}

static void a_wide_character_is_never_halved(void **state)
{
	(void)state;
	assert_int_equal(draw_text(&grid, 0, 0, 4, FACE_NORMAL, KANJI KANJI KANJI), 3);
	assert_string_equal(row_text(0), KANJI "~");
	assert_true(grid_cell(&grid, 0, 1)->half);
	assert_int_equal(draw_text(&grid, 1, 0, 4, FACE_NORMAL, KANJI KANJI), 4);
	assert_string_equal(row_text(1), KANJI KANJI);
}

static void an_accent_takes_no_cell(void **state)
{
	(void)state;
	assert_int_equal(draw_text(&grid, 0, 0, 2, FACE_NORMAL, "e\314\201x"), 2);
	assert_string_equal(row_text(0), "e\314\201x");
}

static void bytes_that_move_a_cursor_are_shown_as_numbers(void **state)
{
	(void)state;
	draw_text(&grid, 0, 0, 20, FACE_NORMAL, "a\033[2Jb\377");
	assert_string_equal(row_text(0), "a\\x1b[2Jb\\xff");
}

static void fields_are_aligned_and_padded(void **state)
{
	(void)state;
	draw_field(&grid, 0, 0, 6, ALIGN_RIGHT, FACE_NORMAL, "ab");
	assert_string_equal(row_text(0), "    ab");
	draw_field(&grid, 1, 0, 6, ALIGN_CENTER, FACE_NORMAL, "ab");
	assert_string_equal(row_text(1), "  ab");
	draw_field(&grid, 2, 0, 6, ALIGN_RIGHT, FACE_NORMAL, "abcdefgh");
	assert_string_equal(row_text(2), "abcde~");
	draw_field(&grid, 3, 0, 6, ALIGN_LEFT, FACE_FOCUS, "a");
	assert_int_equal(grid_cell(&grid, 3, 5)->face, FACE_FOCUS);
}

static void a_path_keeps_its_end(void **state)
{
	(void)state;
	draw_field(&grid, 0, 0, 12, ALIGN_TAIL, FACE_NORMAL, "/srv/vm/web/disk.img");
	assert_string_equal(row_text(0), ".../disk.img");
	draw_field(&grid, 1, 0, 7, ALIGN_TAIL, FACE_NORMAL, "/srv/verylongname.img");
	assert_string_equal(row_text(1), "~me.img");
}

static void words_wrap_at_blanks_and_long_ones_anywhere(void **state)
{
	(void)state;
	assert_int_equal(draw_wrap(&grid, 0, 1, 8, FACE_NORMAL, "one two three\nabcdefghijkl"), 4);
	assert_string_equal(row_text(0), " one two");
	assert_string_equal(row_text(1), " three");
	assert_string_equal(row_text(2), " abcdefgh");
	assert_string_equal(row_text(3), " ijkl");
	assert_int_equal(text_rows(8, "one two three\nabcdefghijkl"), 4);
	assert_int_equal(text_rows(8, ""), 0);
	assert_int_equal(text_rows(1, KANJI), 1); /* hopeless, but it ends */
}

static void nothing_is_drawn_outside_the_clip(void **state)
{
	(void)state;
	grid.clip_top = 1;
	grid.clip_end = 2;
	draw_wrap(&grid, 0, 0, 3, FACE_NORMAL, "aaa bbb ccc");
	assert_string_equal(row_text(0), "");
	assert_string_equal(row_text(1), "bbb");
	assert_string_equal(row_text(2), "");
}

static void a_box_has_its_title_in_the_upper_edge(void **state)
{
	(void)state;
	draw_box(&grid, 0, 0, 3, 12, "Hi");
	assert_string_equal(row_text(0), "\342\224\214\342\224\200 Hi \342\224\200\342\224\200"
					 "\342\224\200\342\224\200\342\224\200\342\224\220");
	assert_int_equal(grid.overprints, 0);
	grid.utf8 = false;
	assert_string_equal(row_text(0), "+- Hi -----+");
	assert_string_equal(row_text(1), "|          |");
	assert_string_equal(row_text(2), "+----------+");
}

static void drawing_twice_is_noticed_and_blanking_is_not(void **state)
{
	(void)state;
	draw_text(&grid, 0, 0, 5, FACE_NORMAL, "abc");
	draw_blank(&grid, 0, 0, 1, 5);
	draw_text(&grid, 0, 0, 5, FACE_NORMAL, "xy");
	assert_int_equal(grid.overprints, 0);
	draw_text(&grid, 0, 1, 5, FACE_NORMAL, "z");
	assert_int_equal(grid.overprints, 1);
}

static void a_progress_bar_is_full_only_at_the_end(void **state)
{
	(void)state;
	grid.utf8 = false;
	draw_progress(&grid, 0, 0, 12, 999);
	assert_string_equal(row_text(0), "[=========.]");
	draw_progress(&grid, 1, 0, 12, 1000);
	assert_string_equal(row_text(1), "[==========]");
	draw_progress(&grid, 2, 0, 12, 0);
	assert_string_equal(row_text(2), "[..........]");
}

struct share_case {
	uint64_t parts[3];
	int cells;
	int shares[3];
};

static const struct share_case share_cases[] = {
	{ { 1, 1, 2 }, 20, { 5, 5, 10 } },
	{ { 1, 1000000, 1 }, 20, { 1, 18, 1 } },  /* what is there is seen */
	{ { 0, 0, 0 }, 20, { 0, 0, 0 } },
	{ { 0, 5, 0 }, 20, { 0, 20, 0 } },
	{ { 1, 1, 1 }, 20, { 7, 7, 6 } },
	{ { UINT64_MAX, UINT64_MAX, UINT64_MAX }, 3, { 1, 1, 1 } },
	{ { 1, 1, 1 }, 2, { 0, 0, 0 } },          /* no room for all */
};

static void shares_fill_the_bar_and_hide_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(share_cases) / sizeof(share_cases[0]); i++) {
		const struct share_case *c = &share_cases[i];
		int shares[3], sum = 0, wanted = 0;

		share_cells(c->parts, 3, c->cells, shares);
		for (size_t k = 0; k < 3; k++) {
			assert_in_range(shares[k] + 1, c->shares[k], c->shares[k] + 2);
			sum += shares[k];
			wanted += c->shares[k];
		}
		assert_int_equal(sum, wanted);
	}
}

static void both_sets_of_signs_are_one_cell_wide(void **state)
{
	(void)state;
	for (enum glyph i = GLYPH_NONE; i < GLYPH_COUNT; i++) {
		grid.utf8 = true;
		assert_int_equal(wcwidth(grid_sign(&grid, i)), 1);
		grid.utf8 = false;
		assert_in_range(grid_sign(&grid, i), ' ', '~');
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_that_fits_is_whole),
		TEST(a_cut_ends_in_a_tilde_within_its_width),
		TEST(text_is_cut_at_the_edge_of_the_grid),
		TEST(a_wide_character_is_never_halved),
		TEST(an_accent_takes_no_cell),
		TEST(bytes_that_move_a_cursor_are_shown_as_numbers),
		TEST(fields_are_aligned_and_padded),
		TEST(a_path_keeps_its_end),
		TEST(words_wrap_at_blanks_and_long_ones_anywhere),
		TEST(nothing_is_drawn_outside_the_clip),
		TEST(a_box_has_its_title_in_the_upper_edge),
		TEST(drawing_twice_is_noticed_and_blanking_is_not),
		TEST(a_progress_bar_is_full_only_at_the_end),
		TEST(shares_fill_the_bar_and_hide_nothing),
		TEST(both_sets_of_signs_are_one_cell_wide),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
