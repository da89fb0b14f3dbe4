/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What keys do to the state of the wizard, and what it asks of survey and job. */

#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ui/drive.h"

static bool is_marked(const char *name)
{
	return names_has(&ui.select.marks, name);
}

static const char *focused(void)
{
	return rows_focused(&ui.select)->name;
}

static void one_named_target_is_marked(void **state)
{
	(void)state;
	begin_on((char *)"/dev/sda1");
	assert_true(is_marked("/dev/sda1"));
	assert_string_equal(focused(), "/dev/sda1");
	end();
}

static void several_below_a_named_one_are_not_chosen_from(void **state)
{
	(void)state;
	begin_on((char *)"/srv/vm/db02.raw");
	assert_int_equal(ui.select.marks.n, 0);
	end();
}

static void the_running_system_is_never_marked_beforehand(void **state)
{
	(void)state;
	begin_on((char *)"/dev/vda");
	assert_int_equal(ui.select.marks.n, 0);
	end();
}

static void a_mark_waits_until_the_target_is_read(void **state)
{
	struct error err;

	(void)state;
	fake.tree = FAKE_ONE;
	fake.probing = true;
	begin_on((char *)"disk.img");
	assert_int_equal(ui.select.marks.n, 0);
	fake.probing = false;
	survey_rescan(ui.survey, &err);
	ui_update(&ui);
	assert_true(is_marked("disk.img"));
	type(" ");
	survey_rescan(ui.survey, &err);
	ui_update(&ui);
	assert_false(is_marked("disk.img")); /* the user has decided */
	end();
}

static void marking_a_disk_marks_what_can_be(void **state)
{
	(void)state;
	begin();
	type(" ");
	assert_true(is_marked("/dev/sda1") && is_marked("/dev/sda2") && is_marked("/dev/sda3"));
	assert_false(is_marked("/dev/sda4"));
	type(" ");
	assert_int_equal(ui.select.marks.n, 0);
	end();
}

static void all_leaves_the_running_system_out(void **state)
{
	(void)state;
	begin();
	type("a");
	assert_true(is_marked("/srv/vm/db02.raw#1"));
	assert_false(is_marked("/dev/vda1"));
	type("n");
	assert_int_equal(ui.select.marks.n, 0);
	end();
}

static void focus_and_marks_outlive_a_changed_tree(void **state)
{
	(void)state;
	begin();
	type("DD ");
	type("r");
	assert_int_equal(fake.rescans, 1);
	assert_string_equal(focused(), "/dev/sda2");
	assert_true(is_marked("/dev/sda2"));
	end();
}

static void left_folds_and_right_unfolds(void **state)
{
	size_t rows;

	(void)state;
	begin();
	rows = ui.select.n;
	type("DD ");
	type("L");
	assert_string_equal(focused(), "/dev/sda");
	type("L");
	assert_int_equal(ui.select.n, rows - 4);
	assert_true(is_marked("/dev/sda2"));
	type("R");
	assert_int_equal(ui.select.n, rows);
	end();
}

static void order_keeps_the_focus(void **state)
{
	(void)state;
	begin();
	type("DDo");
	assert_string_equal(focused(), "/dev/sda2");
	assert_string_equal(ui.select.rows[0].t->name, "/dev/sdb"); /* the largest */
	type("o");
	assert_string_equal(ui.select.rows[0].t->name, "/dev/sda"); /* most to gain */
	end();
}

static void search_goes_round(void **state)
{
	(void)state;
	begin();
	type("/xfs\n");
	assert_string_equal(focused(), "/srv/vm/web01.qcow2#1");
	type("/home\n");
	assert_string_equal(focused(), "/srv/vm/db02.raw#vg0/home");
	type("/\n"); /* once more */
	assert_string_equal(focused(), "/dev/sda3");
	type("/nowhere\n");
	assert_string_equal(focused(), "/dev/sda3");
	assert_true(ui.beep);
	end();
}

static void estimates_follow_the_eye(void **state)
{
	(void)state;
	begin();
	type("D");
	assert_string_equal(fake.preferred, "/dev/sda1");
	type("e");
	assert_string_equal(fake.exact, "/dev/sda1");
	type("DDDe"); /* swap: nothing to read */
	assert_string_equal(fake.exact, "/dev/sda1");
	end();
}

/* sda, sda1, two gaps, sda4 as swap. */
static void begin_whole(void)
{
	fake.tree = FAKE_WHOLE;
	begin();
	type("DDDD");
	assert_string_equal(focused(), "/dev/sda4");
}

static void what_is_cleared_whole_is_marked_by_its_name_alone(void **state)
{
	(void)state;
	begin_whole();
	type(" ");
	assert_true(ui.dialog.editing);
	type("sda\n"); /* another one */
	assert_true(ui.beep);
	assert_true(ui.dialog.open);
	assert_false(is_marked("/dev/sda4"));
	type("4\n");
	assert_false(ui.dialog.open);
	assert_true(is_marked("/dev/sda4"));
	type(" "); /* the name was typed: now it is as any other */
	assert_false(is_marked("/dev/sda4"));
	type(" ");
	assert_true(is_marked("/dev/sda4"));
	end();
}

/* Where the text does not fit, it scrolls while the name is typed. */
static void all_of_the_question_can_be_read_on_a_small_screen(void **state)
{
	(void)state;
	begin_whole();
	type("U ");
	ui.rows = 10;
	ui.cols = 40;
	type("sDD");
	assert_int_equal(ui.dialog.top, 2);
	type("Uda#gap2\n");
	assert_true(is_marked("/dev/sda#gap2"));
	end();
}

static void nothing_typed_is_no_consent(void **state)
{
	(void)state;
	begin_whole();
	type(" \n");
	assert_true(ui.dialog.open);
	type("sda4E");
	assert_false(ui.dialog.open);
	assert_int_equal(ui.select.marks.n, 0);
	assert_true(target_wants_consent(rows_focused(&ui.select)));
	end();
}

static void marking_a_disk_or_all_is_no_consent(void **state)
{
	(void)state;
	begin_whole();
	type("UUUU a");
	assert_true(is_marked("/dev/sda1"));
	assert_false(is_marked("/dev/sda4"));
	assert_false(is_marked("/dev/sda#gap1"));
	assert_false(is_marked("/dev/sda#gap2"));
	end();
}

static void consent_to_what_is_gone_marks_nothing(void **state)
{
	struct error err;

	(void)state;
	begin_whole();
	type(" sda4");
	fake.tree = FAKE_ONE;
	assert_int_equal(survey_rescan(ui.survey, &err), 0);
	ui_update(&ui);
	type("\n");
	assert_true(ui.beep);
	assert_int_equal(ui.select.marks.n, 0);
	end();
}

static void what_is_cleared_whole_can_be_read_exactly(void **state)
{
	(void)state;
	begin_whole();
	type("Ue");
	assert_string_equal(fake.exact, "/dev/sda#gap2");
	end();
}

static void without_marks_there_is_no_plan(void **state)
{
	(void)state;
	begin();
	type("5");
	assert_int_equal(ui.step, STEP_SELECT);
	assert_true(ui.dialog.open);
	end();
}

static void nothing_reads_the_disks_beside_a_run(void **state)
{
	(void)state;
	begin();
	assert_false(fake.survey_paused);
	type("D 5");
	assert_true(fake.survey_paused);
	type("R\n");
	assert_int_equal(ui.step, STEP_ZERO);
	assert_true(fake.survey_paused);
	end();
}

static void enter_alone_starts_nothing(void **state)
{
	(void)state;
	begin();
	type("D 5\n");
	assert_int_equal(ui.step, STEP_SELECT);
	assert_null(ui.job);
	type("5 ");
	assert_int_equal(ui.step, STEP_PLAN);
	end();
}

static void refused_targets_are_left_out(void **state)
{
	(void)state;
	fake.refuse = true;
	begin();
	type("D D 5R\n");
	assert_int_equal(ui.step, STEP_ZERO);
	assert_int_equal(ui.zero.view.items, 1);
	assert_string_equal(job_target(ui.job, 0)->name, "/dev/sda2");
	end();
}

/* Whoever presses Start while a check runs has said so; but what is refused must be seen first. */
static void start_waits_for_the_checks(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		fake.refuse = i;
		fake.hang = true;
		begin();
		type("D D 5R\n");
		assert_int_equal(ui.step, STEP_PLAN);
		assert_true(ui.plan.eager);
		fake.hang = false;
		wait_for_checks();
		assert_int_equal(ui.step, fake.refuse ? STEP_PLAN : STEP_ZERO);
		assert_false(ui.plan.eager);
		end();
	}
}

static void another_key_takes_the_start_back(void **state)
{
	(void)state;
	fake.hang = true;
	begin();
	type("D 5R\nE");
	assert_int_equal(ui.step, STEP_PLAN);
	fake.hang = false;
	wait_for_checks();
	assert_int_equal(ui.step, STEP_PLAN);
	end();
}

static void nothing_starts_when_all_is_refused(void **state)
{
	(void)state;
	fake.refuse = true;
	begin();
	type("D 5R\n");
	assert_int_equal(ui.step, STEP_PLAN);
	assert_true(ui.beep);
	end();
}

static void the_plan_is_what_the_job_gets(void **state)
{
	(void)state;
	begin();
	type("D D 5");
	type("UU U");          /* rate; verify toggled; the second target */
	type("mm");            /* punch, which is refused; write */
	type("DDLDR\n");
	assert_int_equal(ui.step, STEP_ZERO);
	assert_false(fake.options.verify);
	assert_true(fake.options.ask_errors);
	assert_int_equal(fake.options.max_rate, 500000000);
	assert_int_equal(fake.methods[0], METHOD_AUTO);
	assert_int_equal(fake.methods[1], METHOD_WRITE);
	end();
}

static void a_method_is_for_the_focused_target_or_for_all(void **state)
{
	(void)state;
	begin();
	type("D D D 5");
	assert_int_equal(ui.plan.n, 3);
	assert_int_equal(ui.plan.focus, 3 + FIELD_BACK);
	type("mmm");
	wait_for_checks();
	assert_int_equal(ui.plan.items[0].method, METHOD_OVERLAY);
	assert_int_equal(ui.plan.items[1].method, METHOD_OVERLAY);
	/* It is mounted. */
	assert_int_equal(ui.plan.items[2].method, METHOD_AUTO);
	type("UUUm");
	wait_for_checks();
	assert_int_equal(ui.plan.items[2].method, METHOD_TRIM);
	assert_int_equal(ui.plan.items[0].method, METHOD_OVERLAY);
	end();
}

static void keys_of_a_run_reach_the_job(void **state)
{
	(void)state;
	begin();
	type("D D 5R\n");
	type("p");
	assert_true(fake.job_paused);
	type("p");
	assert_false(fake.job_paused);
	type("--");
	assert_int_equal(fake.max_rate, 200000000);
	type("+");
	assert_int_equal(fake.max_rate, 500000000);
	type("s\n"); /* the safe answer */
	assert_int_equal(fake.skips, 0);
	type("sR\n");
	assert_int_equal(fake.skips, 1);
	end();
}

static void escape_never_stops_anything(void **state)
{
	(void)state;
	begin();
	type("D D 5R\nEEEE");
	assert_int_equal(fake.stops, 0);
	assert_int_equal(ui.step, STEP_ZERO);
	type("ERRR\n");
	assert_int_equal(fake.stops, 1);
	assert_int_equal(ui.step, STEP_RESULT);
	end();
}

static void an_io_error_wants_an_answer(void **state)
{
	(void)state;
	fake.job = FAKE_ASK;
	begin();
	type("D 5R\n");
	ui_update(&ui);
	assert_true(ui.dialog.open);
	type("E");
	assert_true(ui.dialog.open && ui.beep);
	assert_int_equal(fake.answers, 0);
	type("RR\n");
	assert_int_equal(fake.answers, 1);
	assert_int_equal(fake.answer, JOB_STOP_TARGET);
	end();
}

static void a_blank_screen_takes_its_first_key(void **state)
{
	(void)state;
	begin();
	type("D b");
	assert_true(ui.blank);
	type("n");
	assert_false(ui.blank);
	assert_true(is_marked("/dev/sda1"));
	end();
}

static int before_each(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

#define STEP(name) cmocka_unit_test_setup(name, before_each)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STEP(one_named_target_is_marked),
		STEP(several_below_a_named_one_are_not_chosen_from),
		STEP(the_running_system_is_never_marked_beforehand),
		STEP(a_mark_waits_until_the_target_is_read),
		STEP(marking_a_disk_marks_what_can_be),
		STEP(all_leaves_the_running_system_out),
		STEP(focus_and_marks_outlive_a_changed_tree),
		STEP(left_folds_and_right_unfolds),
		STEP(order_keeps_the_focus),
		STEP(search_goes_round),
		STEP(estimates_follow_the_eye),
		STEP(what_is_cleared_whole_is_marked_by_its_name_alone),
		STEP(all_of_the_question_can_be_read_on_a_small_screen),
		STEP(nothing_typed_is_no_consent),
		STEP(marking_a_disk_or_all_is_no_consent),
		STEP(consent_to_what_is_gone_marks_nothing),
		STEP(what_is_cleared_whole_can_be_read_exactly),
		STEP(without_marks_there_is_no_plan),
		STEP(nothing_reads_the_disks_beside_a_run),
		STEP(enter_alone_starts_nothing),
		STEP(refused_targets_are_left_out),
		STEP(start_waits_for_the_checks),
		STEP(another_key_takes_the_start_back),
		STEP(nothing_starts_when_all_is_refused),
		STEP(the_plan_is_what_the_job_gets),
		STEP(a_method_is_for_the_focused_target_or_for_all),
		STEP(keys_of_a_run_reach_the_job),
		STEP(escape_never_stops_anything),
		STEP(an_io_error_wants_an_answer),
		STEP(a_blank_screen_takes_its_first_key),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
