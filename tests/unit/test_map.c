/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The block map, and the sums and guesses of the screens. */

#include "tests/lib/test.h"

#include <locale.h>
#include <string.h>

#include "achica/units.h"
#include "ui/ui.h"

static void what_matters_most_is_shown(void **state)
{
	(void)state;
	assert_int_equal(map_glyph(CELL_USED | CELL_TODO | CELL_ERROR | CELL_HEAD), GLYPH_ERROR);
	assert_int_equal(map_glyph(CELL_USED | CELL_TODO | CELL_HEAD), GLYPH_HEAD);
	assert_int_equal(map_glyph(CELL_USED | CELL_TODO | CELL_ZEROED), GLYPH_STALE);
	assert_int_equal(map_glyph(CELL_USED | CELL_ZEROED | CELL_ZERO), GLYPH_ZEROED);
	assert_int_equal(map_glyph(CELL_USED | CELL_ZERO), GLYPH_USED);
	assert_int_equal(map_glyph(CELL_ZERO), GLYPH_ZERO);
	assert_int_equal(map_glyph(0), GLYPH_NONE);
}

/* Whatever the size of the screen: all of the job's cells are shown, none beyond. */
static void signs_cover_the_whole_map(void **state)
{
	static const size_t sizes[] = { 1, 7, 38, 608, 2500, 4095, 4096, 5000, 20000 };

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t first, end, reached = 0;

		for (size_t i = 0; i < sizes[s]; i++) {
			map_range(i, sizes[s], 0, JOB_MAP_CELLS, &first, &end);
			assert_true(first <= reached && end > first && end <= JOB_MAP_CELLS);
			reached = end;
		}
		assert_int_equal(reached, JOB_MAP_CELLS);
	}
}

static void near_view_is_around_the_head_and_inside(void **state)
{
	static const size_t heads[] = { 0, 10, 2000, 4095 };
	unsigned char map[JOB_MAP_CELLS];
	size_t from;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		memset(map, CELL_TODO, sizeof(map));
		map[heads[i]] |= CELL_HEAD;
		assert_int_equal(map_window(map, MAP_NEAR, 600, &from), 600);
		assert_true(from <= heads[i] && heads[i] < from + 600);
		assert_true(from + 600 <= JOB_MAP_CELLS);
	}
	assert_int_equal(map_window(map, MAP_WHOLE, 600, &from), JOB_MAP_CELLS);
	assert_int_equal(map_window(map, MAP_NEAR, 10000, &from), JOB_MAP_CELLS);
}

static void independent_widths_add_as_squares(void **state)
{
	struct estimate sum = { .known = true, .exact = true };
	struct estimate a = { .known = true, .stale = 100, .stale_low = 70, .stale_high = 130 };
	struct estimate b = { .known = true, .stale = 200, .stale_low = 160, .stale_high = 240 };
	struct estimate unknown = { .known = false };

	(void)state;
	estimate_add(&sum, &a);
	estimate_add(&sum, &b);
	assert_true(sum.known && !sum.exact);
	assert_int_equal(sum.stale, 300);
	assert_int_equal(sum.stale_high, 350);
	assert_int_equal(sum.stale_low, 250);
	estimate_add(&sum, &unknown);
	assert_false(sum.known);
}

static void what_is_expected_narrows_to_what_was_found(void **state)
{
	struct job_view_item item = {
		.free = 1000, .estimate = { .known = true, .stale = 600 },
	};

	(void)state;
	assert_int_equal(expected_stale(&item), 600);
	item.done = 500;
	item.zeroed = 400;
	assert_int_equal(expected_stale(&item), 600);
	item.done = 950;
	assert_int_equal(expected_stale(&item), 450);
	item.done = 1000;
	assert_int_equal(expected_stale(&item), 400);
	item.zeroed = 700;
	assert_int_equal(expected_stale(&item), 700);
}

static struct target guessed(const char *name, uint64_t free_bytes, uint64_t used)
{
	struct estimate e = { .known = true, .exact = true, .free = free_bytes,
			      .present = free_bytes, .stale = free_bytes };

	return (struct target){ .name = (char *)name, .estimate = e, .used = used,
				.method = METHOD_WRITE, .rotational = true };
}

/* What disks of that kind do at least: 100 MB/s; a second is for all else. */
static void a_time_counts_what_is_read_and_written_and_its_proofs(void **state)
{
	struct target t = guessed("a", 1000000000, 3000000000);
	struct ui none = { .rows = 24 };

	(void)state;
	assert_int_equal(guess_ms(&none, &t, METHOD_AUTO), 21000);
	none.plan.verify = true;
	assert_int_equal(guess_ms(&none, &t, METHOD_AUTO), 91000);
	assert_int_equal(guess_ms(&none, &t, METHOD_PUNCH), 61000);
	assert_int_equal(guess_ms(&none, &t, METHOD_OVERLAY), 1000);
	none.plan.max_rate = 50000000;
	assert_int_equal(guess_ms(&none, &t, METHOD_AUTO), 181000);
	t.estimate.known = false;
	assert_int_equal(guess_ms(&none, &t, METHOD_AUTO), -1);
}

static void all_take_as_long_as_the_longest_disk(void **state)
{
	struct target t[] = { guessed("a", 1000000000, 0), guessed("b", 2000000000, 0),
			      guessed("c", 1500000000, 0) };
	struct work works[] = { { &t[0], METHOD_AUTO, 0 }, { &t[1], METHOD_AUTO, 3 },
				{ &t[2], METHOD_AUTO, 0 } };
	struct ui none = { .rows = 24 };

	(void)state;
	assert_int_equal(guess_all_ms(&none, works, 2), 41000);
	assert_int_equal(guess_all_ms(&none, works, 3), 52000);
	/* The limit is for all together. */
	none.plan.max_rate = 100000000;
	assert_int_equal(guess_all_ms(&none, works, 3), 91000);
	t[1].estimate.known = false;
	assert_int_equal(guess_all_ms(&none, works, 3), -1);
}

static void rates_step_between_no_limit_and_the_slowest(void **state)
{
	uint64_t rate = 0;

	(void)state;
	assert_int_equal(next_rate(0, true), 0);
	for (int i = 0; i < 4; i++) {
		uint64_t slower = next_rate(rate, false);

		assert_true(rate == 0 || slower < rate);
		assert_int_equal(next_rate(slower, true), rate);
		rate = slower;
	}
	assert_int_equal(next_rate(20000000, false), 20000000);
	assert_int_equal(next_rate(30000000, true), 50000000);
	assert_int_equal(next_rate(30000000, false), 20000000);
}

static void numbers_stand_below_each_other(void **state)
{
	struct estimate e = { .known = true, .exact = true, .stale = 832 * GIB / 10 };
	char text[64];

	(void)state;
	assert_string_equal(say_figure(&e, "+-", text, sizeof(text)), "  83.2G exact");
	e.stale = 610 * MIB;
	assert_string_equal(say_figure(&e, "+-", text, sizeof(text)), " 610.0M exact");
	e.exact = false;
	e.stale = 0;
	e.stale_high = GIB;
	assert_string_equal(say_figure(&e, "+-", text, sizeof(text)), "at most 1.0G");
	e.known = false;
	assert_string_equal(say_figure(&e, "+-", text, sizeof(text)), "      ?");
}

static void names_lose_what_is_said_above_them(void **state)
{
	struct target disk = { .name = (char *)"/dev/sda" };
	struct target part = { .name = (char *)"/dev/sda1", .parent = &disk };
	struct target image = { .name = (char *)"/srv/a.img" };
	struct target memory = { .name = (char *)"/dev/shm/a.img", .kind = TARGET_IMAGE };
	struct target inside = { .name = (char *)"/srv/a.img#2", .parent = &image };

	(void)state;
	assert_string_equal(short_name(&disk), "sda");
	assert_string_equal(short_name(&part), "sda1");
	assert_string_equal(short_name(&image), "/srv/a.img");
	assert_string_equal(short_name(&memory), "/dev/shm/a.img");
	assert_string_equal(short_name(&inside), "#2");
}

static void a_layout_is_found_for_every_size(void **state)
{
	(void)state;
	assert_true(layout_of(9, 80).tiny && layout_of(24, 39).tiny);
	assert_true(!layout_of(10, 40).tiny && layout_of(10, 40).narrow);
	assert_true(!layout_of(16, 60).narrow && !layout_of(16, 60).full);
	assert_true(layout_of(24, 80).full && !layout_of(24, 80).wide);
	assert_true(layout_of(43, 132).beside && !layout_of(43, 131).beside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matters_most_is_shown),
		cmocka_unit_test(signs_cover_the_whole_map),
		cmocka_unit_test(near_view_is_around_the_head_and_inside),
		cmocka_unit_test(independent_widths_add_as_squares),
		cmocka_unit_test(what_is_expected_narrows_to_what_was_found),
		cmocka_unit_test(a_time_counts_what_is_read_and_written_and_its_proofs),
		cmocka_unit_test(all_take_as_long_as_the_longest_disk),
		cmocka_unit_test(rates_step_between_no_limit_and_the_slowest),
		cmocka_unit_test(numbers_stand_below_each_other),
		cmocka_unit_test(names_lose_what_is_said_above_them),
		cmocka_unit_test(a_layout_is_found_for_every_size),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
