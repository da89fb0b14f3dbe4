/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Into a target and out again, without work. */

#include <errno.h>

#include "achica/job.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

static void a_check_takes_nothing_with_it(void **state)
{
	struct target *t = world_target("a");
	enum method taken = METHOD_AUTO;
	uint64_t bytes = 0;
	struct error err;

	(void)state;
	world_reset();
	error_clear(&err);
	assert_int_equal(job_check(t, METHOD_AUTO, &taken, &bytes, &err), 0);
	assert_string_equal(world.trace, "lock open release");
	assert_int_equal(taken, METHOD_PUNCH);
	assert_int_equal(bytes, WORLD_FREE);
	world.open_errnum = EBUSY;
	assert_int_equal(job_check(t, METHOD_AUTO, &taken, &bytes, &err), -EBUSY);
	assert_int_equal(err.why, WHY_JOURNAL);
	target_free(t);
}

static int last_extent(void *arg, struct extent e)
{
	*(struct extent *)arg = e;
	return 0;
}

static void the_free_map_is_only_looked_at(void **state)
{
	struct target *t = world_target("a");
	struct extent e = { 0, 0 };
	struct error err;

	(void)state;
	world_reset();
	error_clear(&err);
	assert_int_equal(job_free_map(t, last_extent, &e, &err), 0);
	assert_string_equal(world.trace, "look open release");
	assert_int_equal(e.start, WORLD_FREE_AT);
	assert_int_equal(e.len, WORLD_FREE);
	target_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_takes_nothing_with_it),
		cmocka_unit_test(the_free_map_is_only_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
