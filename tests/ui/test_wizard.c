/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What a user does with the wizard, on a terminal, over scripted surveys and jobs. */

#include "tests/lib/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/ui/process.h"

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void the_cursor_is_on_the_focused_row(void **state)
{
	int row, col;

	(void)state;
	start("");
	see_cursor_at("Samsung");
	vt_send(vt, "<Down>");
	see_cursor_at("sda1");
	vt_settle(vt, SOON);
	vt_cursor(vt, &row, &col);
	assert_int_equal(col, 2); /* in its box */
	assert_true(vt_is_reverse(vt, row, 10));
	assert_int_equal(vt_cell(vt, row, 0), '>');
	vt_send(vt, "<End>");
	see_cursor_at("vda1");
	vt_send(vt, "<Home>");
	see_cursor_at("Samsung");
}

static void the_plan_starts_on_back_and_enter_leaves_it(void **state)
{
	(void)state;
	start("");
	go_to_plan();
	see_cursor_at("< Back");
	vt_send(vt, "<Enter>");
	see("[1 Select]");
	see_cursor_at("sda2");
}

static void right_and_enter_start_the_work(void **state)
{
	(void)state;
	start("FAKE_JOB=1");
	go_to_plan();
	vt_send(vt, "<Right><Enter>");
	see("Commands for a small copy");
	see("done");
	vt_send(vt, "q");
	ends_with(0);
	assert_non_null(strstr(vt_raw(vt), "achica: /dev/sda1: done"));
	assert_non_null(strstr(vt_raw(vt), "qemu-img convert -p -f raw -O qcow2 /dev/sda "));
}

static void a_named_target_is_marked_beforehand(void **state)
{
	(void)state;
	start_on("xterm-256color", 24, 80, "FAKE_TREE=1", "disk.img");
	see("[x] disk.img");
	vt_send(vt, "<F5>");
	see("punch holes");
}

static void what_cannot_be_marked_tells_why(void **state)
{
	(void)state;
	start("");
	see("Reclaimable");
	vt_send(vt, "<Down><Down><Down><Down><Space>");
	see("Why it cannot be marked");
	see("swapoff /dev/sda4");
	see_cursor_at("[ Close ]");
	vt_send(vt, "<Esc>");
	assert_true(vt_wait_gone(vt, "Why it cannot", SOON));
	see("Nothing is marked yet");
}

static void quitting_asks_when_something_is_marked(void **state)
{
	(void)state;
	start("");
	see("Reclaimable");
	vt_send(vt, "<Down><Space>q");
	see("Quit?");
	see_cursor_at("[ Stay ]");
	vt_send(vt, "<Enter>");
	assert_true(vt_wait_gone(vt, "Quit?", SOON));
	vt_send(vt, "q<Right><Enter>");
	ends_with(0);
}

static void an_image_is_added_by_name(void **state)
{
	(void)state;
	start("FAKE_TREE=3");
	see("No disk was found");
	vt_send(vt, "i/x/missing.img<Enter>");
	see("It cannot be added");
	vt_send(vt, "<Enter>");
	vt_send(vt, "i/x/newh.img<Left><Left><Left><Left><Bs><Enter>");
	see("[ ] /x/new.img");
	see_cursor_at("/x/new.img");
}

static void ctrl_c_asks_and_the_work_goes_on(void **state)
{
	(void)state;
	start("");
	go_to_work();
	vt_send(vt, "<C-c>");
	see("Stop?");
	see_cursor_at("[ Continue ]");
	vt_send(vt, "<Enter>");
	assert_true(vt_wait_gone(vt, "Stop?", SOON));
	see("[3 Zero]");
}

static void ctrl_c_twice_stops_safely(void **state)
{
	(void)state;
	start("");
	go_to_work();
	vt_send(vt, "<C-c>");
	see("Stop?");
	vt_send(vt, "<C-c>");
	ends_with(130);
	assert_non_null(strstr(vt_raw(vt), "/dev/sda2: STOPPED"));
}

static void stop_leads_to_the_result(void **state)
{
	(void)state;
	start("");
	go_to_work();
	vt_send(vt, "<Esc>");
	see("Stop?");
	vt_send(vt, "<Left><Enter>");
	see("[4 Result]");
	see("STOPPED");
	see("Commands for a small copy");
	vt_send(vt, "<F10>");
	ends_with(1);
}

static void an_io_error_waits_for_an_answer(void **state)
{
	(void)state;
	start("FAKE_JOB=2");
	go_to_plan();
	vt_send(vt, "<Right><Enter>");
	see("I/O error");
	see_cursor_at("Skip block");
	vt_send(vt, "<Esc>"); /* is no answer */
	see("I/O error");
	vt_send(vt, "<Right><Enter>");
	see("[4 Result]");
}

static void a_check_that_hangs_does_not_hang_the_screen(void **state)
{
	(void)state;
	start("FAKE_HANG=1");
	see("Reclaimable");
	vt_send(vt, "<Down><Space><F5>");
	see("Checking");
	vt_send(vt, "<Right><Enter>");
	see("starts when all is ok");
	see_cursor_at("Start");
	vt_send(vt, "<Esc>");
	see("nothing has been written yet");
	vt_send(vt, "<Esc>");
	see("[1 Select]");
	vt_send(vt, "n");
	see("Nothing is marked yet");
	vt_send(vt, "q");
	ends_with(0);
}

static bool has_line(const char *path, const char *text)
{
	char line[512];
	FILE *in = fopen(path, "r");
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in))
		found = strstr(line, text) != NULL;
	if (in)
		fclose(in);
	return found;
}

static void a_lost_terminal_ends_it_within_two_seconds(void **state)
{
	char path[] = "/tmp/achica-log-XXXXXX", args[64];
	int fd = mkstemp(path);
	long long begin;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(args, sizeof(args), "--log=%s", path);
	start_on("xterm-256color", 24, 80, "", args);
	go_to_work();
	begin = now_ms();
	vt_hangup(vt);
	ends_with(128 + SIGHUP);
	assert_true(now_ms() - begin < 2000);
	assert_true(has_line(path, "/dev/sda2: stopped")); /* not just killed */
	unlink(path);
}

static void termination_stops_the_work_and_tells(void **state)
{
	(void)state;
	start("");
	go_to_work();
	vt_kill(vt, SIGTERM);
	ends_with(128 + SIGTERM);
	assert_non_null(strstr(vt_raw(vt), "STOPPED"));
}

static void commands_become_a_script(void **state)
{
	char dir[] = "/tmp/achica-ui-XXXXXX", path[64], script[256];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/run.sh", dir);
	start("FAKE_JOB=1");
	go_to_plan();
	vt_send(vt, "<Right><Enter>");
	see("Commands for a small copy");
	snprintf(script, sizeof(script), "w<C-u>%s<Enter>", path);
	vt_send(vt, script);
	see("The script is written");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	vt_send(vt, "<Enter>");
	vt_send(vt, script);
	see("The script cannot be written"); /* it is there already */
	snprintf(script, sizeof(script), "sh -n %s && grep -q '^qemu-img convert' %s", path, path);
	assert_int_equal(system(script), 0);
	unlink(path);
	rmdir(dir);
}

static void the_log_goes_to_its_file(void **state)
{
	char path[] = "/tmp/achica-log-XXXXXX", line[256] = "", args[64];
	int fd = mkstemp(path);
	FILE *in;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(args, sizeof(args), "--log=%s", path);
	start_on("xterm-256color", 24, 80, "FAKE_JOB=1", args);
	go_to_plan();
	vt_send(vt, "<Right><Enter>");
	see("[4 Result]");
	vt_send(vt, "q");
	ends_with(0);
	in = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "2023-11-14 22:13:20 /dev/sda1: locked and clean, 121.3 GiB free "
				  "in 9812 extents\n");
	fclose(in);
	unlink(path);
}

static void what_libraries_say_waits_for_the_end(void **state)
{
	(void)state;
	start("FAKE_NOISE=1");
	go_to_plan();
	vt_settle(vt, SOON);
	assert_int_equal(vt_find(vt, "noise"), -1);
	vt_send(vt, "<Esc>n");
	see("Nothing is marked yet");
	vt_send(vt, "q");
	ends_with(0);
	assert_non_null(strstr(vt_raw(vt), "noise of a library"));
}

static void a_target_that_is_not_there_is_told_after_the_screen(void **state)
{
	(void)state;
	start_on("xterm-256color", 24, 80, "", "missing.img");
	ends_with(1);
	assert_non_null(strstr(vt_raw(vt), "achica: there is no target missing.img"));
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_cursor_is_on_the_focused_row),
		TEST(the_plan_starts_on_back_and_enter_leaves_it),
		TEST(right_and_enter_start_the_work),
		TEST(a_named_target_is_marked_beforehand),
		TEST(what_cannot_be_marked_tells_why),
		TEST(quitting_asks_when_something_is_marked),
		TEST(an_image_is_added_by_name),
		TEST(ctrl_c_asks_and_the_work_goes_on),
		TEST(ctrl_c_twice_stops_safely),
		TEST(stop_leads_to_the_result),
		TEST(an_io_error_waits_for_an_answer),
		TEST(a_check_that_hangs_does_not_hang_the_screen),
		TEST(a_lost_terminal_ends_it_within_two_seconds),
		TEST(termination_stops_the_work_and_tells),
		TEST(commands_become_a_script),
		TEST(the_log_goes_to_its_file),
		TEST(what_libraries_say_waits_for_the_end),
		TEST(a_target_that_is_not_there_is_told_after_the_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
