/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What a job proves with verify, over a world without disks. */

#include <errno.h>

#include "app/job_impl.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

static struct job *run_verified(void)
{
	const struct job_options o = { .method = METHOD_WRITE, .verify = true };
	struct target *t = world_target("a");
	struct job *job = NULL;

	assert_int_equal(job_new(&t, NULL, 1, &o, &job), 0);
	target_free(t);
	assert_int_equal(job_start(job), 0);
	job_wait(job);
	return job;
}

static struct job_view_item item(struct job *job)
{
	struct job_view_item v;

	job_view_item(job, 0, &v);
	return v;
}

static void a_byte_that_is_not_zero_fails_it(void **state)
{
	struct job *job;

	(void)state;
	world_reset();
	world.verify_errnum = EIO;
	job = run_verified();
	assert_int_equal(item(job).phase, JOB_FAILED);
	assert_int_equal(item(job).error.why, WHY_VERIFY);
	assert_false(item(job).proofs.free == PROOF_GOOD);
	job_free(job);
}

static void a_byte_in_use_that_changed_fails_it(void **state)
{
	struct job *job;

	(void)state;
	world_reset();
	world.sum_grows = 1;
	job = run_verified();
	assert_int_equal(item(job).phase, JOB_FAILED);
	assert_int_equal(item(job).error.why, WHY_USED);
	assert_int_equal(item(job).error.at, 2 * WORLD_CHUNK);
	assert_int_equal(item(job).proofs.used, PROOF_BAD);
	assert_int_equal(job_exit_status(job), 1);
	job_free(job);
}

static void what_is_in_use_and_cannot_be_read_is_not_compared(void **state)
{
	struct job *job;

	(void)state;
	world_reset();
	world.sum_errnum = EIO;
	job = run_verified();
	assert_string_equal(world.trace, "lock open sum write flush verify release");
	assert_int_equal(item(job).phase, JOB_DONE);
	assert_int_equal(item(job).error.why, WHY_NONE);
	assert_int_equal(item(job).proofs.free, PROOF_GOOD);
	assert_int_equal(item(job).proofs.used, PROOF_UNREADABLE);
	assert_int_equal(item(job).proofs.unread_at, 4096);
	job_free(job);
}

static void what_its_fsck_finds_errors_in_is_not_written_to(void **state)
{
	struct job *job;

	(void)state;
	world_reset();
	world.shows = true;
	world.fsck[0] = FSCK_ERRORS;
	job = run_verified();
	assert_string_equal(world.trace, "lock open sum fsck release");
	assert_int_equal(item(job).phase, JOB_REFUSED);
	assert_int_equal(item(job).error.why, WHY_FSCK);
	assert_int_equal(job_exit_status(job), 4);
	job_free(job);
}

static void without_a_device_a_file_is_given_where_that_is_safe(void **state)
{
	struct job *job;

	(void)state;
	world_reset();
	world.takes_files = true;
	job = run_verified();
	assert_string_equal(world.trace, "lock open sum fsck write flush verify sum fsck release");
	assert_int_equal(item(job).proofs.fsck, PROOF_GOOD);
	job_free(job);
}

static void errors_that_came_with_the_work_fail_it(void **state)
{
	struct job *job;

	(void)state;
	world_reset();
	world.shows = true;
	world.fsck[1] = FSCK_ERRORS;
	job = run_verified();
	assert_string_equal(world.trace, "lock open sum fsck write flush verify sum fsck release");
	assert_int_equal(item(job).phase, JOB_FAILED);
	assert_int_equal(item(job).error.why, WHY_FSCK_AFTER);
	assert_int_equal(item(job).proofs.fsck, PROOF_BAD);
	job_free(job);
}

static void a_program_that_is_missing_holds_nothing_up(void **state)
{
	struct job *job;

	(void)state;
	world_reset();
	world.shows = true;
	world.fsck[0] = FSCK_MISSING;
	job = run_verified();
	assert_string_equal(world.trace, "lock open sum fsck write flush verify sum release");
	assert_int_equal(item(job).phase, JOB_DONE);
	assert_int_equal(item(job).proofs.fsck, PROOF_NO_TOOL);
	assert_string_equal(item(job).proofs.tool, "fsck.world");
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_byte_that_is_not_zero_fails_it),
		cmocka_unit_test(a_byte_in_use_that_changed_fails_it),
		cmocka_unit_test(what_is_in_use_and_cannot_be_read_is_not_compared),
		cmocka_unit_test(what_its_fsck_finds_errors_in_is_not_written_to),
		cmocka_unit_test(without_a_device_a_file_is_given_where_that_is_safe),
		cmocka_unit_test(errors_that_came_with_the_work_fail_it),
		cmocka_unit_test(a_program_that_is_missing_holds_nothing_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
