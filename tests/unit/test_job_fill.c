/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Jobs on mounted targets: trim, or a fill, which holds space that others may need. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "app/job_impl.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

#define LIMIT_US 5000000

static struct target *mounted_target(const char *name)
{
	struct target *t = world_target(name);

	t->mountpoints = calloc(2, sizeof(*t->mountpoints));
	t->mountpoints[0] = strdup("/mnt");
	t->mount_options = strdup("rw");
	t->mount_source = strdup("/dev/loop0");
	return t;
}

static struct job *run_one(struct target *t, const struct job_options *o)
{
	struct job *job = NULL;

	assert_int_equal(job_new(&t, NULL, 1, o, &job), 0);
	target_free(t);
	assert_int_equal(job_start(job), 0);
	job_wait(job);
	return job;
}

static bool has_note(struct job *job, enum job_note note, struct job_event *event)
{
	struct job_view v;

	job_view(job, &v);
	for (uint64_t i = 0; i < v.events; i++) {
		if (job_view_event(job, i, event) && event->note == note)
			return true;
	}
	return false;
}

static void mounted_is_trimmed_or_else_filled(void **state)
{
	const struct job_options o = { .method = METHOD_AUTO };
	struct job_event event;
	struct job *job;

	(void)state;
	world_reset();
	job = run_one(mounted_target("a"), &o);
	assert_string_equal(world.trace, "mounted trim release");
	job_free(job);
	world_reset();
	world.trim_errnum = EOPNOTSUPP;
	world.users = true;
	world.gives_back = MIB;
	job = run_one(mounted_target("a"), &o);
	assert_string_equal(world.trace, "mounted trim fill release");
	assert_int_equal(world.reserve, WORLD_SIZE / 100);
	assert_true(has_note(job, NOTE_GAVE_BACK, &event));
	assert_int_equal(event.a, MIB);
	assert_int_equal(job_exit_status(job), 0);
	job_free(job);
}

static void the_reserve_of_the_user_counts(void **state)
{
	const struct job_options o = {
		.method = METHOD_FILL, .reserve_given = true, .reserve = 5 * MIB
	};

	(void)state;
	world_reset();
	world.users = true;
	job_free(run_one(mounted_target("a"), &o));
	assert_int_equal(world.reserve, 5 * MIB);
}

static struct job *start_fill(void)
{
	const struct job_options o = {
		.method = METHOD_FILL, .reserve_given = true, .reserve = 64 * MIB
	};
	struct target *t = mounted_target("a");
	struct job *job = NULL;

	assert_int_equal(job_new(&t, NULL, 1, &o, &job), 0);
	target_free(t);
	assert_int_equal(job_start(job), 0);
	return job;
}

static uint64_t done(struct job *job)
{
	struct job_view_item v;

	job_view_item(job, 0, &v);
	return v.done;
}

static void a_paused_fill_gives_back_what_others_need(void **state)
{
	struct job_event event;
	uint64_t end = boottime_us() + LIMIT_US;
	uint64_t before;
	struct job_view v;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	job = start_fill();
	while (done(job) == 0 && boottime_us() < end)
		poll(NULL, 0, 5);
	job_pause(job, true);
	poll(NULL, 0, 50);
	before = done(job);
	poll(NULL, 0, 250);
	assert_int_equal(done(job), before);
	world.room = MIB;
	while (world.room < 64 * MIB && boottime_us() < end)
		poll(NULL, 0, 5);
	assert_true(world.room >= 64 * MIB);
	job_view(job, &v);
	assert_true(v.paused);
	/* One step gave it back, and the pause goes on. */
	assert_true(done(job) - before <= 2 * WORLD_CHUNK);
	job_pause(job, false);
	job_wait(job);
	assert_true(has_note(job, NOTE_GAVE_BACK, &event));
	assert_int_equal(event.a, 63 * MIB);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounted_is_trimmed_or_else_filled),
		cmocka_unit_test(the_reserve_of_the_user_counts),
		cmocka_unit_test(a_paused_fill_gives_back_what_others_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
