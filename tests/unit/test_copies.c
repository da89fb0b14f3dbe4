/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What the copies take when some targets of a disk are zeroed, and how that is said. */

#include <string.h>

#include "achica/say.h"
#include "achica/units.h"
#include "tests/lib/test.h"

static struct target *add(struct target *parent, uint64_t saves, uint64_t more)
{
	struct target *t = target_new(TARGET_PART);

	assert_non_null(t);
	t->state = TARGET_READY;
	t->saves[FORECAST_PLAIN] = saves;
	t->saves[FORECAST_EXTENDED] = more;
	target_append(NULL, parent, t);
	return t;
}

/* A disk of 100 MiB as a copy, of which its two partitions save 30 and 20 MiB. */
static struct target *make(struct target **list)
{
	struct target *top = target_new(TARGET_IMAGE);

	assert_non_null(top);
	top->state = TARGET_READY;
	target_append(list, NULL, top);
	add(top, 30 * MIB, 30 * MIB);
	add(top, 20 * MIB, 20 * MIB);
	top->forecast.known = true;
	for (int i = 0; i < FORECAST_COUNT; i++) {
		top->forecast.now[i] = (struct forecast_size){ 100 * MIB, 90 * MIB, 110 * MIB };
		top->forecast.after[i] = (struct forecast_size){ 50 * MIB, 48 * MIB, 53 * MIB };
	}
	return top;
}

static bool is_first(void *arg, const struct target *t)
{
	(void)arg;
	return t->parent && t->parent->children == t;
}

static bool is_any(void *arg, const struct target *t)
{
	(void)arg;
	return t->parent != NULL;
}

static bool is_none(void *arg, const struct target *t)
{
	(void)arg;
	(void)t;
	return false;
}

static void only_what_is_marked_is_saved(void **state)
{
	struct target *list = NULL;
	struct target *top = make(&list);
	struct forecast_size size = forecast_marked(top, FORECAST_PLAIN, is_first, NULL);

	(void)state;
	assert_int_equal(size.bytes, 70 * MIB);
	assert_true(size.low < size.bytes && size.bytes < size.high);
	size = forecast_marked(top, FORECAST_PLAIN, is_any, NULL);
	assert_memory_equal(&size, &top->forecast.after[FORECAST_PLAIN], sizeof(size));
	size = forecast_marked(top, FORECAST_PLAIN, is_none, NULL);
	assert_memory_equal(&size, &top->forecast.now[FORECAST_PLAIN], sizeof(size));
	target_free(list);
}

static void what_is_refused_is_not_saved(void **state)
{
	struct target *list = NULL;
	struct target *top = make(&list);

	(void)state;
	error_set(&top->children->verdict, WHY_JOURNAL, 0, "ext4");
	assert_int_equal(forecast_marked(top, FORECAST_PLAIN, is_any, NULL).bytes, 80 * MIB);
	target_free(list);
}

static void what_was_done_is_not_saved_twice(void **state)
{
	struct target *list = NULL;
	struct target *top = make(&list);

	(void)state;
	forecast_done(top, is_first, NULL);
	assert_int_equal(top->forecast.now[FORECAST_PLAIN].bytes, 70 * MIB);
	assert_int_equal(forecast_marked(top, FORECAST_PLAIN, is_any, NULL).bytes, 50 * MIB);
	target_free(list);
}

static void copies_are_added_up_when_all_are_known(void **state)
{
	struct target *list = NULL;
	struct target *second;
	struct forecast_sum sum;

	(void)state;
	make(&list);
	second = make(&list);
	assert_false(forecast_sum(list, is_none, NULL, &sum));
	assert_true(forecast_sum(list, is_first, NULL, &sum));
	assert_int_equal(sum.now[FORECAST_PLAIN].bytes, 200 * MIB);
	assert_int_equal(sum.after[FORECAST_PLAIN].bytes, 140 * MIB);
	list->forecast.now[FORECAST_SMALL].bytes = FORECAST_NEVER;
	assert_true(forecast_sum(list, is_first, NULL, &sum));
	assert_true(sum.now[FORECAST_SMALL].bytes == FORECAST_NEVER);
	assert_true(sum.after[FORECAST_SMALL].bytes == FORECAST_NEVER);
	assert_int_equal(sum.after[FORECAST_PLAIN].bytes, 140 * MIB);
	second->forecast.known = false;
	assert_false(forecast_sum(list, is_first, NULL, &sum));
	target_free(list);
}

static void a_format_that_cannot_be_stays_so(void **state)
{
	struct target *list = NULL;
	struct target *top = make(&list);

	(void)state;
	top->forecast.now[FORECAST_SMALL].bytes = FORECAST_NEVER;
	top->forecast.after[FORECAST_SMALL].bytes = FORECAST_NEVER;
	assert_true(forecast_marked(top, FORECAST_SMALL, is_any, NULL).bytes == FORECAST_NEVER);
	target_free(list);
}

static void an_option_pays_from_a_twentieth_and_a_mebibyte_on(void **state)
{
	(void)state;
	assert_true(forecast_pays(100 * MIB, 95 * MIB));
	assert_false(forecast_pays(100 * MIB, 96 * MIB));
	assert_true(forecast_pays(2 * MIB, 1 * MIB));
	assert_false(forecast_pays(1 * MIB, 1 * KIB));
	assert_false(forecast_pays(1 * MIB, 2 * MIB));
}

static void scattered_data_saves_nothing_but_with_an_option(void **state)
{
	struct target *list = NULL;
	struct target *top = make(&list);
	struct target *t = top->children;
	char text[256];

	(void)state;
	assert_string_equal(say_saves(t, text, sizeof(text)), "saves 30.0M as qcow2");
	t->saves[FORECAST_PLAIN] = 0;
	assert_string_equal(say_saves(t, text, sizeof(text)),
			    "saves 0B as qcow2, 30.0M with -o extended_l2=on,cluster_size=128k");
	top->forecast.known = false;
	assert_string_equal(say_saves(t, text, sizeof(text)), "");
	target_free(list);
}

static void copies_are_said_before_and_after(void **state)
{
	struct forecast_sum sum = {
		.now[FORECAST_PLAIN] = { 100 * MIB, 100 * MIB, 100 * MIB },
		.after[FORECAST_PLAIN] = { 50 * MIB, 48 * MIB, 53 * MIB },
		.after[FORECAST_EXTENDED] = { 50 * MIB, 48 * MIB, 53 * MIB },
		.now[FORECAST_ZLIB] = { 40 * MIB, 39 * MIB, 41 * MIB },
		.after[FORECAST_ZLIB] = { 20 * MIB, 20 * MIB, 20 * MIB },
	};
	char text[256];

	(void)state;
	assert_string_equal(say_copies(&sum, false, "+-", text, sizeof(text)),
			    "As qcow2: 100.0M now, 50.0M +-3.0 after.");
	assert_string_equal(say_copies(&sum, true, "+-", text, sizeof(text)),
			    "Expected as qcow2: 50.0M +-3.0 (before: 100.0M).");
	assert_string_equal(say_copies_as(&sum, FORECAST_PLAIN, "+-", text, sizeof(text)),
			    "Expected as qcow2: 50.0M +-3.0 (before: 100.0M).");
	assert_string_equal(say_copies_as(&sum, FORECAST_ZLIB, "+-", text, sizeof(text)),
			    "Expected with -c: 20.0M (before: 40.0M +-1.0).");
	sum.after[FORECAST_EXTENDED] = (struct forecast_size){ 9 * MIB, 9 * MIB, 9 * MIB };
	assert_string_equal(say_copies(&sum, false, "+-", text, sizeof(text)),
			    "As qcow2: 100.0M now, 50.0M +-3.0 after; with -o "
			    "extended_l2=on,cluster_size=128k 9.0M.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_marked_is_saved),
		cmocka_unit_test(what_is_refused_is_not_saved),
		cmocka_unit_test(what_was_done_is_not_saved_twice),
		cmocka_unit_test(copies_are_added_up_when_all_are_known),
		cmocka_unit_test(a_format_that_cannot_be_stays_so),
		cmocka_unit_test(an_option_pays_from_a_twentieth_and_a_mebibyte_on),
		cmocka_unit_test(scattered_data_saves_nothing_but_with_an_option),
		cmocka_unit_test(copies_are_said_before_and_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
