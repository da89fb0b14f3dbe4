/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What keys do on the screen of the result, and what is left of a run. */

#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ui/drive.h"

static void run_to_its_end(unsigned updates)
{
	while (updates-- > 0 && ui.step == STEP_ZERO)
		ui_update(&ui);
	assert_int_equal(ui.step, STEP_RESULT);
}

static void copy_to_its_end(void)
{
	for (int i = 0; i < 20 && copy_runs(&ui); i++)
		ui_update(&ui);
	assert_false(copy_runs(&ui));
}

/* To a result whose first command is about /dev/sda; the copy's script is fake.job. */
static void go_to_result(void)
{
	fake.job = FAKE_RUN;
	begin();
	type("D 5R\n");
	run_to_its_end(20);
}

static void a_run_leaves_its_report(void **state)
{
	(void)state;
	go_to_result();
	assert_non_null(strstr(ui.report, "achica: /dev/sda1: done, 83.2 GiB zeroed"));
	assert_non_null(strstr(ui.report, "\n  qemu-img convert -p -f raw -O qcow2 /dev/sda "));
	assert_int_equal(ui.status, 0);
	end();
}

static void each_target_of_a_result_can_be_gone_to(void **state)
{
	(void)state;
	fake.tree = FAKE_MANY;
	fake.job = FAKE_RUN;
	begin();
	type("a5R\n");
	run_to_its_end(5000);
	assert_false(ui.result.on_item);
	type("U");
	assert_true(ui.result.on_item && ui.result.item == 0);
	for (size_t i = 1; i < ui.zero.view.items; i++)
		type("D");
	assert_int_equal(ui.result.item, ui.zero.view.items - 1);
	type("D");
	assert_false(ui.result.on_item);
	end();
}

static void a_copy_is_made_from_the_result(void **state)
{
	(void)state;
	go_to_result();
	type("x");
	assert_true(ui.dialog.editing);
	type("\n");
	copy_to_its_end();
	assert_non_null(strstr(ui.report, "sda.qcow2: done, 3.0 GiB, the same as its source"));
	assert_int_equal(ui.status, 0);
	end();
	assert_int_equal(fake.copies_stopped, 0);
}

static void another_format_is_in_the_commands_and_in_what_is_printed(void **state)
{
	(void)state;
	go_to_result();
	type("f");
	assert_non_null(strstr(ui.report, "qcow2 -o extended_l2=on,cluster_size=128k /dev/sda "));
	type("ff");
	assert_non_null(strstr(ui.report, "\nExpected with -c: "));
	assert_null(strstr(strstr(ui.report, "qemu-img convert") + 1, "qemu-img convert"));
	assert_non_null(strstr(ui.report, "\n  qemu-img convert -p -f raw -O qcow2 -c /dev/sda "));
	type("x\n");
	copy_to_its_end();
	assert_int_equal(fake.format, FORECAST_ZLIB);
	type("\nff");
	assert_null(strstr(ui.report, "Expected with"));
	assert_non_null(strstr(ui.report, "\n  qemu-img convert -p -f raw -O qcow2 /dev/sda "));
	assert_non_null(strstr(ui.report, ": done, 3.0 GiB"));
	end();
}

static void a_copy_that_fails_is_an_error(void **state)
{
	(void)state;
	go_to_result();
	type("x");
	ui.dialog.len = ui.dialog.at = 0;
	ui.dialog.line[0] = L'\0';
	type("bad.qcow2\n");
	copy_to_its_end();
	assert_int_equal(ui.status, 1);
	assert_true(ui.dialog.open);
	assert_non_null(strstr(ui.report, "bad.qcow2: FAILED: the copy differs"));
	end();
}

static void a_copy_can_be_hidden_but_only_stop_stops_it(void **state)
{
	(void)state;
	go_to_result();
	fake.job = FAKE_HOLD;
	type("x\n");
	assert_true(copy_runs(&ui));
	type("E");
	assert_false(ui.dialog.open);
	assert_int_equal(fake.copies_stopped, 0);
	type("n");
	assert_int_equal(ui.step, STEP_RESULT);
	type("q");
	assert_false(ui.quit);
	type("\nx");
	assert_int_equal(fake.copies_stopped, 0);
	type("R\n");
	assert_int_equal(fake.copies_stopped, 1);
	ui_update(&ui);
	assert_false(copy_runs(&ui));
	assert_int_equal(ui.status, 1);
	end();
}

static void a_new_run_begins_afresh(void **state)
{
	(void)state;
	begin();
	type("D D 5R\nERRR\n");
	assert_int_equal(ui.step, STEP_RESULT);
	assert_int_equal(ui.status, 1);
	type("n");
	assert_int_equal(ui.step, STEP_SELECT);
	assert_int_equal(ui.select.marks.n, 0);
	assert_int_equal(fake.rescans, 1);
	assert_false(fake.survey_paused);
	assert_null(ui.job);
	type("q");
	assert_true(ui.quit);
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
		STEP(a_run_leaves_its_report),
		STEP(each_target_of_a_result_can_be_gone_to),
		STEP(a_copy_is_made_from_the_result),
		STEP(another_format_is_in_the_commands_and_in_what_is_printed),
		STEP(a_copy_that_fails_is_an_error),
		STEP(a_copy_can_be_hidden_but_only_stop_stops_it),
		STEP(a_new_run_begins_afresh),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
