/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The wizard as a process on a terminal, over scripted surveys and jobs (tests/ui/wizard.c). */

#include "tests/lib/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/vt.h"

#define SOON 5000 /* time limit of a wait, ms */

static char program[4096];
static struct vt *vt;

/* Settings "NAME=VALUE" besides those of every test; arguments are separated by blanks. */
static void start_on(const char *term, int rows, int cols, const char *settings, const char *args)
{
	char text[512], words[512];
	char *env[16] = { (char *)"TZ=UTC", (char *)"ACHICA_NOW=1700000000" };
	char *argv[8] = { program };
	size_t n = 2, a = 1;

	snprintf(text, sizeof(text), "%s", settings);
	for (char *s = strtok(text, " "); s && n < 15; s = strtok(NULL, " "))
		env[n++] = s;
	snprintf(words, sizeof(words), "%s", args);
	for (char *s = strtok(words, " "); s && a < 7; s = strtok(NULL, " "))
		argv[a++] = s;
	vt = vt_start(argv, env, rows, cols, term);
	assert_non_null(vt);
}

static void start(const char *settings)
{
	start_on("xterm-256color", 24, 80, settings, "");
}

static void see(const char *text)
{
	if (vt_wait_text(vt, text, SOON))
		return;
	vt_print(vt, stderr);
	fail_msg("never seen: %s", text);
}

static void see_cursor_at(const char *text)
{
	int row, col;

	if (vt_wait_cursor(vt, text, SOON))
		return;
	vt_cursor(vt, &row, &col);
	vt_print(vt, stderr);
	fail_msg("the cursor is at %d, %d, not on a row with: %s", row, col, text);
}

static void ends_with(int status)
{
	assert_int_equal(vt_exit_status(vt, SOON), status);
}

static int teardown(void **state)
{
	(void)state;
	vt_free(vt);
	vt = NULL;
	return 0;
}

static void go_to_plan(void)
{
	see("Reclaimable");
	vt_send(vt, "<Down><Space><Down><Space><F5>");
	see("Nothing has been written yet.");
}

static void go_to_work(void)
{
	go_to_plan();
	vt_send(vt, "<Right><Enter>");
	see("Safe to stop");
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void every_terminal_shows_the_list(void **state)
{
	static const char *const terms[] = { "linux", "vt100", "vt220", "ansi", "xterm-256color",
					     "screen" };
	static const char *const locales[] = { "LC_ALL=C", "LC_ALL=C.UTF-8" };

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		start_on(terms[i / 2], 24, 80, locales[i % 2], "");
		see("Reclaimable");
		see("sda1");
		vt_send(vt, "q");
		ends_with(0);
		teardown(NULL);
	}
}

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

static void the_c_locale_and_old_terminals_get_ascii(void **state)
{
	(void)state;
	start_on("linux", 24, 80, "LC_ALL=C", "");
	see("q Quit");
	assert_true(is_ascii(vt_raw(vt)));
	teardown(NULL);
	start_on("vt100", 24, 80, "LC_ALL=C.UTF-8", "");
	see("q Quit");
	assert_true(is_ascii(vt_raw(vt)));
	teardown(NULL);
	start_on("xterm-256color", 24, 80, "LC_ALL=C.UTF-8", "--ascii");
	see("q Quit");
	assert_true(is_ascii(vt_raw(vt)));
	teardown(NULL);
	start_on("linux", 24, 80, "LC_ALL=C.UTF-8", "");
	see("\342\226\222 reclaimable");
}

static void a_terminal_that_cannot_move_its_cursor_gets_lines(void **state)
{
	(void)state;
	start_on("dumb", 24, 80, "", "");
	see("q quit:");
	assert_null(strchr(vt_raw(vt), '\033'));
	vt_send(vt, "q<Enter>");
	ends_with(0);
	teardown(NULL);
	start_on("nosuch", 24, 80, "", "");
	see("q quit:");
	vt_send(vt, "q<Enter>");
	ends_with(0);
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

static void escape_and_five_is_f5(void **state)
{
	(void)state;
	start_on("vt100", 24, 80, "", "");
	see("Reclaimable");
	vt_send(vt, "j <Esc>");
	vt_send(vt, "5");
	see("Nothing has been written yet.");
	vt_send(vt, "<Esc>");
	see("1 target marked");
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
	see_cursor_at("Start");
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

static void it_can_be_suspended(void **state)
{
	size_t before;

	(void)state;
	start("");
	go_to_work();
	vt_send(vt, "<C-z>");
	assert_true(vt_wait_stopped(vt, SOON));
	before = vt_bytes(vt);
	vt_kill(vt, SIGCONT);
	see("Safe to stop");
	vt_send(vt, "l");
	see("22:13:20 /dev/sda1: done");
	see("22:13:20 /dev/sda2: paused");
	assert_true(vt_bytes(vt) > before + 1000); /* all was drawn again */
}

static void sizes_may_change_at_any_time(void **state)
{
	unsigned seed = 1;

	(void)state;
	start("");
	see("Reclaimable");
	vt_send(vt, "<Down><Down>");
	see_cursor_at("sda2");
	for (int i = 0; i < 300; i++) {
		seed = seed * 1103515245 + 12345;
		vt_resize(vt, 1 + (int)(seed >> 16) % 60, 1 + (int)(seed >> 8) % 150);
	}
	vt_resize(vt, 4, 30);
	see("Too small: need 40x10");
	vt_resize(vt, 12, 40);
	see("1/4 Select");
	vt_resize(vt, 24, 80);
	see("q Quit");
	see_cursor_at("sda2");
	assert_int_equal(vt_find(vt, "Too small"), -1);
}

static void keys_work_when_it_is_too_small(void **state)
{
	(void)state;
	start("");
	go_to_work();
	vt_resize(vt, 4, 30);
	see("Too small: need 40x10");
	vt_send(vt, "p");
	see("PAUSED");
	vt_send(vt, "p<Esc>");
	see("[ Continue ]");
	vt_send(vt, "<Left>");
	see("[ Stop ]");
	vt_send(vt, "<Enter>");
	see("Result");
}

static void a_terminal_without_a_size_has_24_rows(void **state)
{
	(void)state;
	start_on("vt100", 0, 0, "", "");
	see("q Quit");
}

static bool is_any_coloured(void)
{
	for (int row = 0; row < 24; row++) {
		for (int col = 0; col < 80; col++) {
			if (vt_is_coloured(vt, row, col))
				return true;
		}
	}
	return false;
}

static void colours_can_be_left_out(void **state)
{
	(void)state;
	start("");
	see("q Quit");
	vt_settle(vt, SOON);
	assert_true(is_any_coloured());
	vt_send(vt, "c<Down>");
	see_cursor_at("sda1");
	vt_settle(vt, SOON);
	assert_false(is_any_coloured());
	teardown(NULL);
	start("NO_COLOR=1");
	see("q Quit");
	vt_settle(vt, SOON);
	assert_false(is_any_coloured());
	teardown(NULL);
	start_on("xterm-256color", 24, 80, "", "--color=never");
	see("q Quit");
	vt_settle(vt, SOON);
	assert_false(is_any_coloured());
}

static void nothing_is_sent_when_nothing_changes(void **state)
{
	size_t before;

	(void)state;
	start("");
	go_to_work();
	vt_settle(vt, SOON);
	before = vt_bytes(vt);
	assert_false(vt_wait_text(vt, "never on the screen", 1000)); /* four drawings */
	assert_int_equal(vt_bytes(vt), before);
}

static void blank_hides_all_until_a_key(void **state)
{
	(void)state;
	start("");
	go_to_work();
	vt_send(vt, "b");
	assert_true(vt_wait_gone(vt, "achica", SOON));
	vt_send(vt, "p");
	see("zeroing"); /* the key only brought the screen back */
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
		TEST(every_terminal_shows_the_list),
		TEST(the_c_locale_and_old_terminals_get_ascii),
		TEST(a_terminal_that_cannot_move_its_cursor_gets_lines),
		TEST(the_cursor_is_on_the_focused_row),
		TEST(the_plan_starts_on_back_and_enter_leaves_it),
		TEST(right_and_enter_start_the_work),
		TEST(escape_and_five_is_f5),
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
		TEST(it_can_be_suspended),
		TEST(sizes_may_change_at_any_time),
		TEST(keys_work_when_it_is_too_small),
		TEST(a_terminal_without_a_size_has_24_rows),
		TEST(colours_can_be_left_out),
		TEST(nothing_is_sent_when_nothing_changes),
		TEST(blank_hides_all_until_a_key),
		TEST(commands_become_a_script),
		TEST(the_log_goes_to_its_file),
		TEST(what_libraries_say_waits_for_the_end),
		TEST(a_target_that_is_not_there_is_told_after_the_screen),
	};
	const char *dir = getenv("top_builddir");

	snprintf(program, sizeof(program), "%s/tests/ui/wizard", dir ? dir : ".");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
