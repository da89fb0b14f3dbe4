/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Jobs on what somebody else begins to use in the middle of the work. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "app/job_impl.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

#define LIMIT_MS 5000

static struct job *start(struct target *const *targets, size_t n, const struct job_options *o)
{
	struct job *job = NULL;

	assert_int_equal(job_new(targets, NULL, n, o, &job), 0);
	for (size_t i = 0; i < n; i++)
		target_free(targets[i]);
	assert_int_equal(job_start(job), 0);
	return job;
}

static struct job *run_one(struct target *t, const struct job_options *o)
{
	struct job *job = start(&t, 1, o);

	job_wait(job);
	return job;
}

static struct job_view_item item(struct job *job, size_t i)
{
	struct job_view_item v;

	job_view_item(job, i, &v);
	return v;
}

/* Waits until bytes were dealt with, so that what follows happens amid the work. */
static void wait_amid(struct job *job, size_t i)
{
	struct pollfd fd = { .fd = job_fd(job), .events = POLLIN };
	uint64_t end = boottime_us() + LIMIT_MS * 1000;

	while (item(job, i).done == 0 && boottime_us() < end) {
		poll(&fd, 1, 20);
		job_ack(job);
	}
	assert_true(item(job, i).done > 0);
}

static void stops_when_somebody_comes_in_whom_no_lock_keeps_out(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct job *job;

	(void)state;
	world_reset();
	world.in_after = 1;
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "lock open release");
	assert_int_equal(item(job, 0).phase, JOB_REFUSED);
	assert_int_equal(item(job, 0).error.why, WHY_LOOP);
	assert_int_equal(job_exit_status(job), 4);
	job_free(job);
	world_reset();
	world.in_after = 2;
	world.slow_us = 5000;
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "lock open write release");
	assert_int_equal(item(job, 0).phase, JOB_FAILED);
	assert_int_equal(item(job, 0).error.why, WHY_LOOP);
	assert_true(item(job, 0).zeroed < WORLD_FREE);
	assert_int_equal(job_exit_status(job), 1);
	job_free(job);
}

static void a_wait_ends_when_somebody_comes_in(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .ask_errors = true };
	struct target *t = world_target("a");
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	world.in_after = 3;
	job = start(&t, 1, &o);
	wait_amid(job, 0);
	job_pause(job, true);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_FAILED);
	assert_int_equal(item(job, 0).error.why, WHY_LOOP);
	job_free(job);
	t = world_target("a");
	world_reset();
	world.bad_chunk = 5;
	world.in_after = 3;
	job = start(&t, 1, &o);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_FAILED);
	assert_int_equal(item(job, 0).error.why, WHY_LOOP);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stops_when_somebody_comes_in_whom_no_lock_keeps_out),
		cmocka_unit_test(a_wait_ends_when_somebody_comes_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
