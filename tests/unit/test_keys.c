/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The table of keys, the footers made from it, and Esc with a digit. */

#include "tests/lib/test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "ui/keys.h"

static const unsigned places[] = {
	IN_SELECT, IN_PLAN, IN_ZERO, IN_RESULT, IN_DIALOG, IN_EDITOR, IN_PAGER,
};

#define PLACES (sizeof(places) / sizeof(places[0]))

static void no_key_means_two_things_in_one_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < key_bindings_count; i++) {
		const struct binding *b = &key_bindings[i];

		for (size_t p = 0; p < PLACES; p++) {
			for (size_t k = 0; (b->where & places[p]) && k < 4 && b->keys[k]; k++)
				assert_int_equal(keys_action(places[p], b->keys[k]), b->action);
		}
	}
}

static void arrows_space_enter_and_escape_are_enough(void **state)
{
	(void)state;
	assert_int_equal(keys_action(IN_SELECT, KEY_ARROW_DOWN), ACT_DOWN);
	assert_int_equal(keys_action(IN_SELECT, ' '), ACT_TOGGLE);
	assert_int_equal(keys_action(IN_PLAN, KEY_ARROW_RIGHT), ACT_RIGHT);
	assert_int_equal(keys_action(IN_PLAN, '\n'), ACT_ENTER);
	assert_int_equal(keys_action(IN_ZERO, KEY_ESCAPE), ACT_ESCAPE);
	assert_int_equal(keys_action(IN_DIALOG, KEY_ARROW_RIGHT), ACT_NEXT);
	assert_int_equal(keys_action(IN_DIALOG, '\r'), ACT_ENTER);
}

static void letters_do_nothing_in_a_dialog(void **state)
{
	(void)state;
	for (int key = 'a'; key <= 'z'; key++) {
		assert_int_equal(keys_action(IN_DIALOG, key), ACT_NONE);
		assert_int_equal(keys_action(IN_EDITOR, key), ACT_NONE);
	}
}

static void ctrl_c_works_everywhere(void **state)
{
	(void)state;
	for (size_t p = 0; p < PLACES; p++)
		assert_int_equal(keys_action(places[p], KEY_CONTROL('c')), ACT_INTERRUPT);
}

static char *footer(int cols, unsigned where)
{
	struct grid g = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(grid_size(&g, 1, cols), 0);
	keys_footer(&g, 0, where);
	assert_int_equal(g.overprints, 0);
	grid_print(&g, out);
	fclose(out);
	grid_free(&g);
	return text;
}

static void footers_never_cut_an_entry(void **state)
{
	(void)state;
	for (size_t p = 0; p < PLACES; p++) {
		for (int cols = 40; cols < 200; cols++) {
			char *text = footer(cols, places[p]);

			assert_null(strchr(text, '~'));
			free(text);
		}
	}
}

static void a_narrow_footer_keeps_help_and_the_way_out(void **state)
{
	static const char *const out[] = { "Quit", "Quit", "Stop...", "Quit", "Close", "Close",
					   "Close" };

	(void)state;
	for (size_t p = 0; p < PLACES; p++) {
		char *text = footer(40, places[p]);

		assert_non_null(strstr(text, out[p]));
		if (places[p] != IN_EDITOR)
			assert_non_null(strstr(text, "Help"));
		free(text);
	}
}

static void every_row_of_the_help_has_a_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < key_bindings_count; i++) {
		const char *also = key_bindings[i].also;

		assert_non_null(key_bindings[i].name);
		assert_true(say_cells(i18n_label(key_bindings[i].name)) <= 6);
		if (also)
			assert_true(say_cells(strchr(also, '\004') ? i18n_label(also) : also) <= 9);
	}
}

static void escape_and_a_digit_is_a_function_key(void **state)
{
	struct decoder d = { 0 };
	int out[2];

	(void)state;
	assert_int_equal(keys_decode(&d, KEY_ESCAPE, 1000, out), 0);
	assert_int_equal(keys_decode(&d, '5', 1100, out), 1);
	assert_int_equal(out[0], KEY_F_0 + 5);
	assert_int_equal(keys_decode(&d, KEY_ESCAPE, 1000, out), 0);
	assert_int_equal(keys_decode(&d, '0', 1100, out), 1);
	assert_int_equal(out[0], KEY_F_0 + 10);
	assert_int_equal(keys_decode(&d, '5', 1200, out), 1);
	assert_int_equal(out[0], '5');
}

static void escape_alone_is_known_after_a_while(void **state)
{
	struct decoder d = { 0 };
	int out[2];

	(void)state;
	assert_int_equal(keys_wait(&d, 1000), -1);
	keys_decode(&d, KEY_ESCAPE, 1000, out);
	assert_int_equal(keys_wait(&d, 1100), 200);
	assert_int_equal(keys_late(&d, 1299, out), 0);
	assert_int_equal(keys_late(&d, 1300, out), 1);
	assert_int_equal(out[0], KEY_ESCAPE);
	assert_int_equal(keys_late(&d, 2000, out), 0);
}

static void escape_and_another_key_are_both_taken(void **state)
{
	struct decoder d = { 0 };
	int out[2];

	(void)state;
	keys_decode(&d, KEY_ESCAPE, 1000, out);
	assert_int_equal(keys_decode(&d, KEY_ARROW_UP, 1010, out), 2);
	assert_int_equal(out[0], KEY_ESCAPE);
	assert_int_equal(out[1], KEY_ARROW_UP);
	keys_decode(&d, KEY_ESCAPE, 1000, out);
	assert_int_equal(keys_decode(&d, KEY_ESCAPE, 1010, out), 1);
	assert_int_equal(keys_late(&d, 1400, out), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_means_two_things_in_one_place),
		cmocka_unit_test(arrows_space_enter_and_escape_are_enough),
		cmocka_unit_test(letters_do_nothing_in_a_dialog),
		cmocka_unit_test(ctrl_c_works_everywhere),
		cmocka_unit_test(footers_never_cut_an_entry),
		cmocka_unit_test(a_narrow_footer_keeps_help_and_the_way_out),
		cmocka_unit_test(every_row_of_the_help_has_a_key),
		cmocka_unit_test(escape_and_a_digit_is_a_function_key),
		cmocka_unit_test(escape_alone_is_known_after_a_while),
		cmocka_unit_test(escape_and_another_key_are_both_taken),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
