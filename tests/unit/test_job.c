/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Jobs over a world without disks: order, ends, controls, snapshots. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "app/job_impl.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

#define LIMIT_MS 5000
#define PROMPT_MS 200

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

static void keeps_the_order(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .verify = true };
	struct job *job;

	(void)state;
	world_reset();
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "lock open sum write flush verify sum release");
	assert_int_equal(item(job, 0).phase, JOB_DONE);
	assert_int_equal(item(job, 0).proofs.used, PROOF_GOOD);
	assert_int_equal(item(job, 0).proofs.fsck, PROOF_NO_DEVICE);
	assert_true(item(job, 0).proofs.free == PROOF_GOOD);
	assert_int_equal(item(job, 0).zeroed, WORLD_FREE);
	assert_int_equal(item(job, 0).free, WORLD_FREE);
	assert_int_equal(item(job, 0).done, WORLD_FREE);
	assert_int_equal(item(job, 0).host_before, WORLD_SIZE);
	assert_int_equal(item(job, 0).host_after, WORLD_SIZE - WORLD_FREE);
	assert_int_equal(job_exit_status(job), 0);
	job_free(job);
}

static void refuses_what_has_a_verdict(void **state)
{
	const struct job_options o = { .method = METHOD_AUTO };
	struct target *t = world_target("a");
	struct job *job;

	(void)state;
	world_reset();
	error_set(&t->verdict, WHY_AMBIGUOUS, 0, "ext4, ntfs");
	job = run_one(t, &o);
	assert_string_equal(world.trace, "");
	assert_int_equal(item(job, 0).phase, JOB_REFUSED);
	assert_int_equal(item(job, 0).error.why, WHY_AMBIGUOUS);
	assert_int_equal(job_exit_status(job), 4);
	job_free(job);
}

static void refuses_what_is_in_use_or_dirty(void **state)
{
	const struct job_options o = { .method = METHOD_AUTO };
	struct job *job;

	(void)state;
	world_reset();
	world.lock_errnum = EBUSY;
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "lock");
	assert_int_equal(item(job, 0).error.why, WHY_BUSY);
	assert_int_equal(job_exit_status(job), 4);
	job_free(job);
	world_reset();
	world.open_errnum = EBUSY;
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "lock open release");
	assert_int_equal(item(job, 0).phase, JOB_REFUSED);
	assert_int_equal(item(job, 0).error.why, WHY_JOURNAL);
	job_free(job);
}

static void refuses_another_size_than_was_seen(void **state)
{
	const struct job_options o = { .method = METHOD_AUTO };
	struct target *t = world_target("a");
	struct job *job;

	(void)state;
	world_reset();
	t->size -= MIB;
	job = run_one(t, &o);
	assert_string_equal(world.trace, "lock open release");
	assert_int_equal(item(job, 0).error.errnum, ESTALE);
	assert_int_equal(item(job, 0).zeroed, 0);
	job_free(job);
}

static void auto_falls_back_to_write(void **state)
{
	const struct job_options o = { .method = METHOD_AUTO };
	struct job_event event;
	struct job *job;

	(void)state;
	world_reset();
	world.punch_errnum = EOPNOTSUPP;
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "lock open punch write flush release");
	assert_int_equal(item(job, 0).method, METHOD_WRITE);
	assert_int_equal(item(job, 0).error.why, WHY_NONE);
	assert_true(has_note(job, NOTE_FALLBACK, &event));
	assert_int_equal(event.a, METHOD_PUNCH);
	assert_int_equal(event.b, METHOD_WRITE);
	job_free(job);
}

static void a_method_asked_for_is_taken_or_refused(void **state)
{
	struct job_options o = { .method = METHOD_PUNCH };
	struct job *job;

	(void)state;
	world_reset();
	world.punch_errnum = EOPNOTSUPP;
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "lock open punch release");
	assert_int_equal(item(job, 0).error.why, WHY_NO_PUNCH);
	assert_int_equal(job_exit_status(job), 4);
	job_free(job);
	world_reset();
	o.method = METHOD_FILL;
	job = run_one(world_target("a"), &o);
	assert_string_equal(world.trace, "");
	assert_int_equal(item(job, 0).error.why, WHY_NOT_MOUNTED);
	job_free(job);
}

static void a_dry_run_writes_nothing(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .dry_run = true, .verify = true };
	struct job *job;

	(void)state;
	world_reset();
	job = run_one(world_target("a"), &o);
	assert_true(world.was_dry);
	assert_string_equal(world.trace, "lock open write release");
	assert_int_equal(item(job, 0).zeroed, WORLD_FREE);
	assert_false(item(job, 0).proofs.free == PROOF_GOOD);
	job_free(job);
}

static void a_failed_flush_is_a_failed_target(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct job *job;

	(void)state;
	world_reset();
	world.flush_errnum = EIO;
	job = run_one(world_target("a"), &o);
	assert_int_equal(item(job, 0).phase, JOB_FAILED);
	assert_int_equal(job_exit_status(job), 1);
	job_free(job);
}

static void nothing_stale_is_nothing_to_do(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct job *job;

	(void)state;
	world_reset();
	world.stale = false;
	job = run_one(world_target("a"), &o);
	assert_int_equal(item(job, 0).was_zero, WORLD_FREE);
	assert_int_equal(job_exit_status(job), 3);
	job_free(job);
}

static void an_unreadable_range_is_left_out_and_told(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .on_error = JOB_SKIP };
	struct job_event event;
	struct job *job;

	(void)state;
	world_reset();
	world.bad_chunk = 3;
	job = run_one(world_target("a"), &o);
	assert_int_equal(item(job, 0).phase, JOB_DONE);
	assert_int_equal(item(job, 0).errors, WORLD_CHUNK);
	assert_int_equal(item(job, 0).zeroed, WORLD_FREE - WORLD_CHUNK);
	assert_true(has_note(job, NOTE_IO_ERROR, &event));
	assert_int_equal(event.error.at, WORLD_FREE_AT + 2 * WORLD_CHUNK);
	assert_int_equal(job_exit_status(job), 1);
	job_free(job);
}

static void an_error_stops_the_target_alone(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .on_error = JOB_STOP };
	struct target *two[] = { world_target("a"), world_target("b") };
	struct job *job;

	(void)state;
	world_reset();
	world.bad_chunk = 3;
	job = start(two, 2, &o);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_FAILED);
	assert_int_equal(item(job, 0).error.why, WHY_READ);
	assert_int_equal(item(job, 0).zeroed, 2 * WORLD_CHUNK);
	assert_int_equal(item(job, 1).phase, JOB_FAILED);
	job_free(job);
}

static struct job_view wait_for_question(struct job *job)
{
	struct pollfd fd = { .fd = job_fd(job), .events = POLLIN };
	uint64_t end = boottime_us() + LIMIT_MS * 1000;
	struct job_view v;

	do {
		poll(&fd, 1, 20);
		job_ack(job);
		job_view(job, &v);
	} while (!v.asks && boottime_us() < end);
	assert_true(v.asks);
	return v;
}

static void the_user_answers_an_error(void **state)
{
	static const struct {
		enum job_answer answer;
		enum job_phase phase;
	} cases[] = {
		{ JOB_SKIP_BLOCK, JOB_DONE }, { JOB_SKIP_ALL, JOB_DONE },
		{ JOB_STOP_TARGET, JOB_FAILED },
	};
	const struct job_options o = { .method = METHOD_WRITE, .ask_errors = true };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct target *t = world_target("a");
		struct job *job;

		world_reset();
		world.bad_chunk = 5;
		job = start(&t, 1, &o);
		assert_int_equal(wait_for_question(job).question.why, WHY_READ);
		job_answer(job, cases[i].answer);
		job_wait(job);
		assert_int_equal(item(job, 0).phase, cases[i].phase);
		job_free(job);
	}
}

static void a_question_can_be_stopped(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .ask_errors = true };
	struct target *t = world_target("a");
	struct job *job;

	(void)state;
	world_reset();
	world.bad_chunk = 5;
	job = start(&t, 1, &o);
	wait_for_question(job);
	job_stop(job);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_STOPPED);
	job_free(job);
}

static void stops_promptly_and_starts_no_other(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct target *two[] = { world_target("a"), world_target("b") };
	struct job_view v;
	uint64_t asked;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 5000;
	job = start(two, 2, &o);
	wait_amid(job, 0);
	asked = boottime_us();
	job_stop(job);
	job_wait(job);
	assert_true(boottime_us() - asked < PROMPT_MS * 1000);
	assert_int_equal(item(job, 0).phase, JOB_STOPPED);
	assert_true(item(job, 0).zeroed < WORLD_FREE);
	assert_int_equal(item(job, 1).phase, JOB_STOPPED);
	assert_int_equal(item(job, 1).done, 0);
	assert_int_equal(job_exit_status(job), 1);
	job_view(job, &v);
	assert_in_range(v.permille, 0, 500);
	job_free(job);
}

static void skips_to_the_next(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct target *two[] = { world_target("a"), world_target("b") };
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	job = start(two, 2, &o);
	wait_amid(job, 0);
	job_skip(job, 0);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_SKIPPED);
	assert_int_equal(item(job, 1).phase, JOB_DONE);
	assert_int_equal(job_exit_status(job), 0);
	job_free(job);
}

/* Until the done bytes of item 0 stay the same over two looks. */
static uint64_t wait_still(struct job *job)
{
	uint64_t end = boottime_us() + PROMPT_MS * 1000;
	uint64_t done = UINT64_MAX;

	while (item(job, 0).done != done && boottime_us() < end) {
		done = item(job, 0).done;
		poll(NULL, 0, 30);
	}
	assert_int_equal(item(job, 0).done, done);
	return done;
}

static void a_pause_stops_work_and_clock(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct target *t = world_target("a");
	struct job_view v;
	uint64_t done, elapsed;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	job = start(&t, 1, &o);
	wait_amid(job, 0);
	job_pause(job, true);
	job_pause(job, true);
	done = wait_still(job);
	assert_true(done < WORLD_FREE);
	elapsed = item(job, 0).elapsed_ms;
	poll(NULL, 0, 50);
	assert_int_equal(item(job, 0).elapsed_ms, elapsed);
	job_view(job, &v);
	assert_true(v.paused);
	assert_true(v.paused_ms >= 50);
	job_pause(job, false);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_DONE);
	job_free(job);
}

static void stops_and_frees_while_paused(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct target *t = world_target("a");
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 2000;
	job = start(&t, 1, &o);
	wait_amid(job, 0);
	job_pause(job, true);
	job_free(job);
	assert_non_null(strstr(world.trace, "release"));
}

static void the_rate_is_limited_and_can_be_changed(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .max_rate = 40 * MIB };
	struct target *t = world_target("a");
	uint64_t start_us = boottime_us();
	struct job *job;
	uint64_t moved;

	(void)state;
	world_reset();
	job = start(&t, 1, &o);
	poll(NULL, 0, 400);
	moved = item(job, 0).read + item(job, 0).zeroed;
	/* What 400 ms allow, the burst at the start and one chunk. */
	assert_true(moved <= (boottime_us() - start_us) * 40 * MIB / 1000000 + 6 * MIB);
	assert_true(moved >= 6 * MIB);
	job_set_rate(job, 0);
	job_wait(job);
	assert_int_equal(item(job, 0).phase, JOB_DONE);
	assert_true(boottime_us() - start_us < 2000000);
	job_free(job);
}

static void every_snapshot_adds_up(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	struct target *t = world_target("a");
	unsigned permille = 0;
	struct job_view v;
	struct job *job;

	(void)state;
	world_reset();
	world.slow_us = 200;
	world.bad_chunk = 9;
	job = start(&t, 1, &o);
	do {
		struct job_view_item i = item(job, 0);

		assert_int_equal(i.zeroed + i.was_zero + i.errors + i.kept, i.done);
		assert_true(i.done <= i.free);
		job_view(job, &v);
		assert_true(v.permille >= permille);
		permille = v.permille;
	} while (!v.ended);
	assert_int_equal(permille, 1000);
	assert_int_equal(v.current, 1);
	assert_int_equal(v.left_ms, 0);
	job_free(job);
}

static void the_map_shows_what_became_of_it(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE };
	unsigned char cells[JOB_MAP_CELLS];
	struct job *job;

	(void)state;
	world_reset();
	world.bad_chunk = 1;
	job = run_one(world_target("a"), &o);
	job_view_map(job, 0, cells);
	assert_int_equal(cells[0], CELL_USED);
	assert_int_equal(cells[1023], CELL_USED);
	assert_int_equal(cells[1024], CELL_ERROR);
	assert_int_equal(cells[1040], CELL_ZEROED);
	assert_int_equal(cells[3071], CELL_ZEROED);
	assert_int_equal(cells[3072], CELL_USED);
	assert_int_equal(cells[4095], CELL_USED);
	job_free(job);
}

static void time_left_waits_until_it_can_be_told(void **state)
{
	const struct job_options o = { .method = METHOD_WRITE, .max_rate = MIB };
	struct target *t = world_target("a");
	struct job_view v;
	struct job *job;

	(void)state;
	world_reset();
	job = start(&t, 1, &o);
	wait_amid(job, 0);
	assert_int_equal(item(job, 0).left_ms, -1);
	job_view(job, &v);
	assert_int_equal(v.left_ms, -1);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_order),
		cmocka_unit_test(refuses_what_has_a_verdict),
		cmocka_unit_test(refuses_what_is_in_use_or_dirty),
		cmocka_unit_test(refuses_another_size_than_was_seen),
		cmocka_unit_test(auto_falls_back_to_write),
		cmocka_unit_test(a_method_asked_for_is_taken_or_refused),
		cmocka_unit_test(a_dry_run_writes_nothing),
		cmocka_unit_test(a_failed_flush_is_a_failed_target),
		cmocka_unit_test(nothing_stale_is_nothing_to_do),
		cmocka_unit_test(an_unreadable_range_is_left_out_and_told),
		cmocka_unit_test(an_error_stops_the_target_alone),
		cmocka_unit_test(the_user_answers_an_error),
		cmocka_unit_test(a_question_can_be_stopped),
		cmocka_unit_test(stops_promptly_and_starts_no_other),
		cmocka_unit_test(skips_to_the_next),
		cmocka_unit_test(a_pause_stops_work_and_clock),
		cmocka_unit_test(stops_and_frees_while_paused),
		cmocka_unit_test(the_rate_is_limited_and_can_be_changed),
		cmocka_unit_test(every_snapshot_adds_up),
		cmocka_unit_test(the_map_shows_what_became_of_it),
		cmocka_unit_test(time_left_waits_until_it_can_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
