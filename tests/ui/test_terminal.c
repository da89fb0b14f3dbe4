/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The wizard and its terminal: what it sends, what it is sent, its size, its end. */

#include "tests/lib/test.h"

#include <signal.h>
#include <string.h>

#include "tests/ui/process.h"

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

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_terminal_shows_the_list),
		TEST(the_c_locale_and_old_terminals_get_ascii),
		TEST(a_terminal_that_cannot_move_its_cursor_gets_lines),
		TEST(escape_and_five_is_f5),
		TEST(it_can_be_suspended),
		TEST(sizes_may_change_at_any_time),
		TEST(keys_work_when_it_is_too_small),
		TEST(a_terminal_without_a_size_has_24_rows),
		TEST(colours_can_be_left_out),
		TEST(nothing_is_sent_when_nothing_changes),
		TEST(blank_hides_all_until_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
