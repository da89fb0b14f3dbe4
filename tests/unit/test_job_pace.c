/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The arithmetic of a job: its map, its rates, the time left. */

#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "app/job_impl.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

static void cells_behind_the_head_are_no_longer_to_do(void **state)
{
	struct job_item *i = calloc(1, sizeof(*i));
	struct map_maker m = { i->map, 4096 * 100, 0 };

	(void)state;
	i->target = world_target("a");
	i->window = m.window;
	i->view.phase = JOB_WORKING;
	map_free(&m, (struct extent){ 100, 300 });
	map_end(&m);
	assert_int_equal(i->map[0], CELL_USED);
	assert_int_equal(i->map[1], CELL_TODO);
	assert_int_equal(i->map[3], CELL_TODO);
	assert_int_equal(i->map[4], CELL_USED);
	map_mark(i, DID_ZERO, (struct extent){ 100, 150 });
	assert_int_equal(i->map[1], CELL_ZERO);
	assert_int_equal(i->map[2], CELL_TODO | CELL_ZERO | CELL_HEAD);
	map_finish(i, false);
	assert_int_equal(i->map[2], CELL_TODO | CELL_ZERO);
	assert_int_equal(i->map[3], CELL_TODO);
	target_free((struct target *)i->target);
	free(i);
}

static void what_has_no_place_is_not_marked(void **state)
{
	struct job_item *i = calloc(1, sizeof(*i));
	struct target *t = world_target("a");
	struct map_maker m = { i->map, 4096 * 100, 0 };

	(void)state;
	t->mountpoints = calloc(2, sizeof(*t->mountpoints));
	t->mountpoints[0] = strdup("/mnt");
	i->target = t;
	i->window = m.window;
	i->view.phase = JOB_WORKING;
	map_free(&m, (struct extent){ 100, 300 });
	map_end(&m);
	map_mark(i, DID_ZEROED, (struct extent){ 0, 300 });
	assert_int_equal(i->map[0], CELL_USED);
	assert_int_equal(i->map[1], CELL_TODO);
	/* A fill jumps, and leaves what is between alone. */
	map_mark(i, DID_ZEROED, (struct extent){ 300, 100 });
	assert_int_equal(i->map[1], CELL_TODO);
	assert_int_equal(i->map[3], CELL_TODO | CELL_ZEROED | CELL_HEAD);
	i->view.zeroed = 300;
	map_finish(i, true);
	assert_int_equal(i->map[1], CELL_ZEROED);
	assert_int_equal(i->map[3], CELL_ZEROED);
	target_free(t);
	free(i);
}

static void time_left_counts_reading_and_zeroing(void **state)
{
	static const struct {
		struct load load;
		struct speed speed;
		int64_t ms;
	} cases[] = {
		{ { 0, 0 }, { 0, 0 }, 0 },
		{ { 1000, 0 }, { 0, 100 }, -1 },
		{ { 1000, 0 }, { 100, 0 }, 10000 },
		{ { 0, 1000 }, { 100, 0 }, -1 },
		{ { 1000, 1000 }, { 100, 200 }, 15000 },
		{ { 8 * TIB, 8 * TIB }, { 100 * MIB, 100 * MIB }, 167772160 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(load_ms(cases[i].load, cases[i].speed), cases[i].ms);
}

static void a_meter_forgets(void **state)
{
	struct meter m = { 0, 0 };

	(void)state;
	assert_int_equal(meter_bps(&m), 0);
	meter_add(&m, 1000000, 1000000);
	assert_in_range(meter_bps(&m), 999999, 1000001);
	for (int i = 0; i < 300; i++)
		meter_add(&m, 2000000, 1000000);
	assert_in_range(meter_bps(&m), 1990000, 2000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_behind_the_head_are_no_longer_to_do),
		cmocka_unit_test(what_has_no_place_is_not_marked),
		cmocka_unit_test(time_left_counts_reading_and_zeroing),
		cmocka_unit_test(a_meter_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
