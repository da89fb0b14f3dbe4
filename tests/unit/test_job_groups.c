/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Jobs over several disks: what is done at the same time, and what one target is to the others. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "app/job_impl.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

#define LIMIT_MS 5000
#define APART_MS 40   /* so long is waited for what is not to happen */
#define PROMPT_MS 200

static const struct job_options by_write = { .method = METHOD_WRITE };

static struct job *make(const char *const *names, const struct job_options *o)
{
	struct target *targets[8] = { NULL };
	struct job *job = NULL;
	size_t n = 0;

	for (; names[n]; n++)
		targets[n] = world_target(names[n]);
	assert_int_equal(job_new(targets, NULL, n, o, &job), 0);
	for (size_t i = 0; i < n; i++)
		target_free(targets[i]);
	return job;
}

static struct job *start(const char *const *names, const struct job_options *o)
{
	struct job *job = make(names, o);

	assert_int_equal(job_start(job), 0);
	return job;
}

static struct job_view_item item(struct job *job, size_t i)
{
	struct job_view_item v;

	job_view_item(job, i, &v);
	return v;
}

static void wait_amid(struct job *job, size_t i)
{
	uint64_t end = boottime_us() + LIMIT_MS * 1000;

	while (item(job, i).done == 0 && boottime_us() < end)
		poll(NULL, 0, 1);
	assert_true(item(job, i).done > 0);
}

static void what_shares_a_disk_shares_a_worker(void **state)
{
	static const struct {
		const char *names[6];
		size_t groups[5];
	} cases[] = {
		{ { "a1", NULL }, { 0 } },
		{ { "a1", "b2", "c3", NULL }, { 0, 1, 2 } },
		{ { "a1", "b2", "c1", "d2", NULL }, { 0, 1, 0, 1 } },
		{ { "a", "b1", "c", NULL }, { 0, 1, 0 } },
		{ { "a1", "a1", NULL }, { 0, 0 } },
	};

	(void)state;
	world_reset();
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct job *job = make(cases[c].names, &by_write);

		for (size_t i = 0; i < job->n; i++)
			assert_int_equal(job->items[i].group, cases[c].groups[i]);
		job_free(job);
	}
}

/* An md device over the disks 1 and 2. */
static void what_lies_on_two_disks_joins_them(void **state)
{
	struct target *targets[] = { world_target("a1"), world_target("b2"), world_target("c3"),
				     world_target("d1") };
	struct job *job = NULL;

	(void)state;
	world_reset();
	free(targets[3]->disks);
	targets[3]->disks = calloc(2, sizeof(*targets[3]->disks));
	targets[3]->disks[0] = 1;
	targets[3]->disks[1] = 2;
	targets[3]->n_disks = 2;
	assert_int_equal(job_new(targets, NULL, 4, &by_write, &job), 0);
	assert_int_equal(job->n_workers, 2);
	assert_int_equal(job->items[0].group, 0);
	assert_int_equal(job->items[1].group, 0);
	assert_int_equal(job->items[2].group, 1);
	assert_int_equal(job->items[3].group, 0);
	job_free(job);
	for (size_t i = 0; i < 4; i++)
		target_free(targets[i]);
}

/* Neither would begin without the other. */
static void two_disks_are_worked_on_at_the_same_time(void **state)
{
	static const char *const names[] = { "a1", "b2", NULL };
	struct job *job;

	(void)state;
	world_reset();
	world.meet = 2;
	world.meet_ms = LIMIT_MS;
	job = start(names, &by_write);
	job_wait(job);
	assert_int_equal(world.most, 2);
	assert_int_equal(item(job, 0).phase, JOB_DONE);
	assert_int_equal(item(job, 1).phase, JOB_DONE);
	job_free(job);
}

static void on_one_disk_one_follows_the_other(void **state)
{
	static const char *const names[] = { "a1", "b1", "c1", NULL };
	struct job *job;

	(void)state;
	world_reset();
	world.meet = 2;
	world.meet_ms = APART_MS;
	job = start(names, &by_write);
	job_wait(job);
	assert_int_equal(world.most, 1);
	assert_string_equal(world.trace, "lock open write flush release lock open write flush "
					 "release lock open write flush release");
	for (size_t i = 0; i < 2; i++)
		assert_true(job->items[i].end_us <= job->items[i + 1].start_us);
	job_free(job);
}

static void what_is_refused_holds_up_nothing(void **state)
{
	static const char *const names[] = { "a1", "b2", "c1", NULL };
	struct job *job;

	(void)state;
	world_reset();
	world.lock_errnum = EBUSY;
	world.busy = "a1";
	job = start(names, &by_write);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_REFUSED);
	assert_int_equal(item(job, 1).phase, JOB_DONE);
	assert_int_equal(item(job, 2).phase, JOB_DONE);
	assert_int_equal(job_exit_status(job), 4);
	job_free(job);
}

static void a_stop_stops_all(void **state)
{
	static const char *const names[] = { "a1", "b2", "c1", NULL };
	uint64_t asked;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 5000;
	job = start(names, &by_write);
	wait_amid(job, 0);
	wait_amid(job, 1);
	asked = boottime_us();
	job_stop(job);
	job_wait(job);
	assert_true(boottime_us() - asked < PROMPT_MS * 1000);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(item(job, i).phase, JOB_STOPPED);
	assert_int_equal(item(job, 2).done, 0);
	job_free(job);
}

static void a_skip_is_of_one_target(void **state)
{
	static const char *const names[] = { "a1", "b2", "c1", "d2", NULL };
	uint64_t asked;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	job = start(names, &by_write);
	wait_amid(job, 0);
	wait_amid(job, 1);
	asked = boottime_us();
	job_skip(job, 2);
	job_skip(job, 1);
	while (item(job, 1).phase != JOB_SKIPPED)
		assert_true(boottime_us() - asked < PROMPT_MS * 1000);
	assert_int_equal(item(job, 0).phase, JOB_WORKING);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_DONE);
	assert_int_equal(item(job, 2).phase, JOB_SKIPPED);
	assert_int_equal(item(job, 2).done, 0);
	assert_int_equal(item(job, 3).phase, JOB_DONE);
	job_free(job);
}

static uint64_t moved(struct job *job)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < job->n; i++)
		sum += item(job, i).read + item(job, i).zeroed;
	return sum;
}

static void a_pause_pauses_all(void **state)
{
	static const char *const names[] = { "a1", "b2", "c3", NULL };
	uint64_t before;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	job = start(names, &by_write);
	for (size_t i = 0; i < 3; i++)
		wait_amid(job, i);
	job_pause(job, true);
	poll(NULL, 0, PROMPT_MS);
	before = moved(job);
	poll(NULL, 0, PROMPT_MS);
	assert_int_equal(moved(job), before);
	job_pause(job, false);
	job_wait(job);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(item(job, i).phase, JOB_DONE);
	job_free(job);
}

/* To skip one while all is paused sets nothing else going. */
static void a_skip_leaves_the_pause(void **state)
{
	static const char *const names[] = { "a1", "b1", "c2", NULL };
	struct job_view v;
	uint64_t before;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	job = start(names, &by_write);
	wait_amid(job, 0);
	wait_amid(job, 2);
	job_pause(job, true);
	poll(NULL, 0, PROMPT_MS);
	before = item(job, 2).done;
	job_skip(job, 0);
	poll(NULL, 0, PROMPT_MS);
	job_view(job, &v);
	assert_true(v.paused);
	assert_int_equal(item(job, 0).phase, JOB_SKIPPED);
	assert_int_equal(item(job, 1).zeroed, 0);
	assert_int_equal(item(job, 2).done, before);
	job_pause(job, false);
	job_wait(job);
	assert_int_equal(item(job, 1).phase, JOB_DONE);
	job_free(job);
}

static void the_rate_is_of_all_together(void **state)
{
	static const char *const names[] = { "a1", "b2", "c3", NULL };
	const struct job_options o = { .method = METHOD_WRITE, .max_rate = 40 * MIB };
	uint64_t start_us = boottime_us();
	uint64_t bytes;
	struct job *job;

	(void)state;
	world_reset();
	job = start(names, &o);
	poll(NULL, 0, 500);
	bytes = moved(job);
	/* What that time allows, the burst at the start and a chunk of each. */
	assert_true(bytes <= (boottime_us() - start_us) * 40 * MIB / 1000000 + 8 * MIB);
	assert_true(bytes >= 8 * MIB);
	for (size_t i = 0; i < 3; i++)
		assert_true(item(job, i).done > 0);
	job_set_rate(job, 0);
	job_wait(job);
	assert_true(boottime_us() - start_us < 2500000);
	job_free(job);
}

static struct job_view wait_for_question(struct job *job)
{
	uint64_t end = boottime_us() + LIMIT_MS * 1000;
	struct job_view v;

	do {
		poll(NULL, 0, 1);
		job_view(job, &v);
	} while (!v.asks && boottime_us() < end);
	assert_true(v.asks);
	return v;
}

static void questions_come_one_by_one(void **state)
{
	static const char *const names[] = { "a1", "b2", NULL };
	const struct job_options o = { .method = METHOD_WRITE, .ask_errors = true };
	struct job_view first, second;
	struct job *job;

	(void)state;
	world_reset();
	world.bad_chunk = 5;
	job = start(names, &o);
	first = wait_for_question(job);
	job_answer(job, JOB_STOP_TARGET);
	second = wait_for_question(job);
	assert_int_not_equal(first.asker, second.asker);
	job_answer(job, JOB_SKIP_BLOCK);
	job_wait(job);
	assert_int_equal(item(job, first.asker).phase, JOB_FAILED);
	assert_int_equal(item(job, second.asker).phase, JOB_DONE);
	assert_int_equal(item(job, second.asker).errors, WORLD_CHUNK);
	job_free(job);
}

static void the_others_go_on_while_one_asks(void **state)
{
	static const char *const names[] = { "a1", "b2", NULL };
	const struct job_options o = { .method = METHOD_WRITE, .ask_errors = true };
	struct job *job = make(names, &o);
	uint64_t end = boottime_us() + LIMIT_MS * 1000;

	(void)state;
	world_reset();
	world.bad_chunk = 5;
	job->items[1].skip_all = true;
	assert_int_equal(job_start(job), 0);
	assert_int_equal(wait_for_question(job).asker, 0);
	while (item(job, 1).phase != JOB_DONE && boottime_us() < end)
		poll(NULL, 0, 1);
	assert_int_equal(item(job, 1).phase, JOB_DONE);
	assert_true(wait_for_question(job).asks);
	job_skip(job, 0);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_SKIPPED);
	job_free(job);
}

/* A driver that reads for long when it opens tells nothing meanwhile. */
static void an_open_waits_and_ends_too(void **state)
{
	static const char *const names[] = { "a1", "b1", NULL };
	uint64_t end = boottime_us() + LIMIT_MS * 1000;
	uint64_t asked;
	unsigned before;
	struct job *job;

	(void)state;
	world_reset();
	world.open_reads = 1000;
	world.slow_us = 5000;
	job = start(names, &by_write);
	while (world.reads == 0 && boottime_us() < end)
		poll(NULL, 0, 1);
	job_pause(job, true);
	poll(NULL, 0, PROMPT_MS);
	before = world.reads;
	poll(NULL, 0, PROMPT_MS);
	assert_int_equal(world.reads, before);
	job_pause(job, false);
	asked = boottime_us();
	job_skip(job, 0);
	job_stop(job);
	job_wait(job);
	assert_true(boottime_us() - asked < PROMPT_MS * 1000);
	assert_int_equal(item(job, 0).phase, JOB_STOPPED);
	assert_int_equal(item(job, 0).error.why, WHY_NONE);
	assert_null(strstr(world.trace, "write"));
	job_free(job);
}

static struct job_item *at_work(struct job *job, size_t i, uint64_t bps)
{
	struct job_item *it = &job->items[i];

	it->view.phase = JOB_WORKING;
	it->view.method = METHOD_WRITE;
	it->view.free = GIB;
	it->view.done = it->view.read = it->view.was_zero = GIB / 2;
	it->read = (struct meter){ (double)bps, 1e6 };
	return it;
}

static void the_longest_group_is_the_time_left(void **state)
{
	static const char *const names[] = { "a1", "b2", "c1", NULL };
	struct job *job = make(names, &by_write);
	struct job_view v;

	(void)state;
	job->start_us = boottime_us() - 10000000;
	job->started = true;
	at_work(job, 0, 64 * MIB);
	at_work(job, 1, 16 * MIB);
	job->items[2].view.free = GIB / 2;
	job->items[2].view.estimate = (struct estimate){ .known = true, .free = GIB / 2 };
	job_view(job, &v);
	assert_int_equal(v.current, 0);
	/* The first and the one that follows it, 8 s each; the second alone 32 s. */
	assert_in_range(v.left_ms, 31900, 32100);
	job->items[1].view.phase = JOB_DONE;
	job_view(job, &v);
	assert_in_range(v.left_ms, 15900, 16100);
	job->started = false;
	job_free(job);
}

static void the_first_one_at_work_is_the_current_one(void **state)
{
	static const char *const names[] = { "a1", "b2", "c1", NULL };
	struct job *job = make(names, &by_write);
	struct job_view v;

	(void)state;
	job_view(job, &v);
	assert_int_equal(v.current, 0);
	job->items[1].view.phase = JOB_WORKING;
	job_view(job, &v);
	assert_int_equal(v.current, 1);
	job->items[0].view.phase = job->items[1].view.phase = JOB_DONE;
	job_view(job, &v);
	assert_int_equal(v.current, 2);
	job->items[2].view.phase = JOB_FAILED;
	job_view(job, &v);
	assert_int_equal(v.current, 3);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shares_a_disk_shares_a_worker),
		cmocka_unit_test(what_lies_on_two_disks_joins_them),
		cmocka_unit_test(two_disks_are_worked_on_at_the_same_time),
		cmocka_unit_test(on_one_disk_one_follows_the_other),
		cmocka_unit_test(what_is_refused_holds_up_nothing),
		cmocka_unit_test(a_stop_stops_all),
		cmocka_unit_test(a_skip_is_of_one_target),
		cmocka_unit_test(a_pause_pauses_all),
		cmocka_unit_test(a_skip_leaves_the_pause),
		cmocka_unit_test(the_rate_is_of_all_together),
		cmocka_unit_test(questions_come_one_by_one),
		cmocka_unit_test(the_others_go_on_while_one_asks),
		cmocka_unit_test(an_open_waits_and_ends_too),
		cmocka_unit_test(the_longest_group_is_the_time_left),
		cmocka_unit_test(the_first_one_at_work_is_the_current_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
