/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The survey over rows that a test makes up: what hangs, what changes, what is kept. */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "app/survey_impl.h"
#include "disk/disk.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

#define LIMIT_MS 4000

/* The rows there are when no name is given, and the one whose probe hangs. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t go;
	const char *names[12];
	const char *hangs;
	const char *refused;
	const char *swap;    /* this one is a swap area */
	const char *gap;     /* and this one lies in no partition */
	const char *remains; /* of that are found in the gap */
	unsigned probes;
} rows = { .mutex = PTHREAD_MUTEX_INITIALIZER, .go = PTHREAD_COND_INITIALIZER };

int discover_tree(char *const *names, char *const *excludes, struct target **tree,
		  struct error *err)
{
	const char *const *list = names && names[0] ? (const char *const *)names : rows.names;

	(void)excludes;
	for (; *list; list++) {
		struct target *t;

		if (strncmp(*list, "no", 2) == 0) {
			target_free(*tree);
			*tree = NULL;
			return error_set(err, WHY_NOT_FOUND, ENOENT, *list);
		}
		t = world_target(*list);
		t->state = TARGET_PROBING;
		t->system = strcmp(*list, "system") == 0;
		target_append(tree, NULL, t);
	}
	return 0;
}

static void set_type(struct target *t, const char *type)
{
	free(t->fstype);
	t->fstype = type ? strdup(type) : NULL;
}

void discover_probe(struct target *top)
{
	pthread_mutex_lock(&rows.mutex);
	rows.probes++;
	while (rows.hangs && strcmp(rows.hangs, top->name) == 0)
		pthread_cond_wait(&rows.go, &rows.mutex);
	if (rows.refused && strcmp(rows.refused, top->name) == 0)
		error_set(&top->verdict, WHY_DIRTY, 0, "fake");
	if (rows.swap && strcmp(rows.swap, top->name) == 0)
		set_type(top, "swap");
	if (rows.gap && strcmp(rows.gap, top->name) == 0) {
		top->kind = TARGET_GAP;
		set_type(top, rows.remains);
	}
	pthread_mutex_unlock(&rows.mutex);
	top->state = TARGET_READY;
}

static void let_go(void)
{
	pthread_mutex_lock(&rows.mutex);
	rows.hangs = NULL;
	pthread_cond_broadcast(&rows.go);
	pthread_mutex_unlock(&rows.mutex);
}

static int set_up(void **state)
{
	(void)state;
	world_reset();
	/* A thread of the test before may still be on its way out. */
	pthread_mutex_lock(&rows.mutex);
	memset(rows.names, 0, sizeof(rows.names));
	rows.names[0] = "a";
	rows.names[1] = "b";
	rows.hangs = rows.refused = rows.swap = rows.gap = rows.remains = NULL;
	rows.probes = 0;
	pthread_mutex_unlock(&rows.mutex);
	return 0;
}

static struct survey *open_survey(bool estimate, bool exact, char *const *names)
{
	const struct survey_options o = { .names = names, .estimate = estimate, .exact = exact };
	struct survey *s = NULL;
	struct error err;

	error_clear(&err);
	assert_int_equal(survey_open(&o, &s, &err), 0);
	return s;
}

static const struct target *find(struct survey *s, const char *name)
{
	const struct target *t = target_find(survey_tree(s), name);

	assert_non_null(t);
	return t;
}

static void rows_are_there_before_they_are_read(void **state)
{
	struct survey *s;

	(void)state;
	rows.hangs = "a";
	s = open_survey(false, false, NULL);
	assert_int_equal(find(s, "a")->state, TARGET_PROBING);
	let_go();
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(find(s, "a")->state, TARGET_READY);
	assert_int_equal(find(s, "b")->method, METHOD_PUNCH);
	assert_string_equal(survey_tree(s)->name, "a");
	survey_close(s);
}

static void a_name_that_is_nothing_is_an_error(void **state)
{
	char *names[] = { "nothing", NULL };
	const struct survey_options o = { .names = names };
	struct survey *s = NULL;
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(survey_open(&o, &s, &err), -ENOENT);
	assert_int_equal(err.why, WHY_NOT_FOUND);
	assert_null(s);
}

static void a_device_that_hangs_is_called_stuck_and_keeps_nobody(void **state)
{
	struct survey *s;
	uint64_t begin;

	(void)state;
	rows.hangs = "a";
	s = open_survey(false, false, NULL);
	begin = boottime_us();
	assert_int_equal(survey_settle(s, 7000), 0);
	assert_in_range(boottime_us() - begin, 4900000, 6500000);
	assert_int_equal(find(s, "a")->state, TARGET_STUCK);
	assert_int_equal(find(s, "a")->verdict.why, WHY_TIMEOUT);
	assert_int_equal(find(s, "b")->state, TARGET_READY);
	/* It comes after all. */
	let_go();
	begin = boottime_us();
	while (find(s, "a")->state != TARGET_READY && boottime_us() - begin < LIMIT_MS * 1000) {
		struct pollfd fd = { .fd = survey_fd(s), .events = POLLIN };

		poll(&fd, 1, 50);
		survey_update(s);
	}
	assert_int_equal(find(s, "a")->state, TARGET_READY);
	assert_int_equal(find(s, "a")->verdict.why, WHY_NONE);
	survey_close(s);
}

static void closing_does_not_wait_for_a_device_that_hangs(void **state)
{
	struct survey *s;
	uint64_t begin;

	(void)state;
	rows.hangs = "a";
	s = open_survey(true, false, NULL);
	begin = boottime_us();
	survey_update(s);
	survey_close(s);
	assert_true(boottime_us() - begin < 1000000);
	let_go();
}

static void estimates_come_and_end_exact(void **state)
{
	struct survey *s = open_survey(true, false, NULL);

	(void)state;
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_true(find(s, "a")->estimate.known);
	assert_true(find(s, "b")->estimate.known);
	assert_int_equal(find(s, "a")->estimate.free, WORLD_FREE);
	assert_int_equal(find(s, "a")->estimate.stale, WORLD_FREE);
	assert_int_equal(survey_percent(s, "nobody"), -1);
	survey_close(s);
}

static void eight_targets_have_figures_within_a_second(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	uint64_t begin = boottime_us();
	bool all = false;
	struct survey *s;

	(void)state;
	memcpy(rows.names, names, sizeof(names));
	world.slow_us = 50000;
	s = open_survey(true, false, NULL);
	while (!all && boottime_us() - begin < 1000000) {
		struct pollfd fd = { .fd = survey_fd(s), .events = POLLIN };

		poll(&fd, 1, 50);
		survey_update(s);
		all = true;
		for (const struct target *t = survey_tree(s); t; t = t->next)
			all = all && t->estimate.known;
	}
	assert_true(all);
	survey_close(s);
}

static void what_is_refused_is_not_read(void **state)
{
	struct survey *s;

	(void)state;
	rows.refused = "b";
	s = open_survey(true, false, NULL);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_true(find(s, "a")->estimate.known);
	assert_false(find(s, "b")->estimate.known);
	survey_close(s);
}

static void everything_is_read_when_asked_for(void **state)
{
	struct survey *s = open_survey(true, true, NULL);

	(void)state;
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_true(find(s, "a")->estimate.exact);
	assert_true(find(s, "b")->estimate.exact);
	survey_close(s);
	s = open_survey(false, false, NULL);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_false(find(s, "a")->estimate.known);
	survey_exact(s, "a");
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_true(find(s, "a")->estimate.exact);
	assert_false(find(s, "b")->estimate.known);
	survey_close(s);
}

static void forecasts_come_with_what_each_target_saves(void **state)
{
	struct survey *s = open_survey(true, true, NULL);
	const struct target *a;

	(void)state;
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	a = find(s, "a");
	assert_true(a->forecast.known && a->forecast.exact);
	assert_int_equal(a->forecast.now[FORECAST_PLAIN].bytes, WORLD_SIZE);
	assert_int_equal(a->forecast.after[FORECAST_PLAIN].bytes, WORLD_SIZE - WORLD_FREE);
	assert_int_equal(a->saves[FORECAST_PLAIN], WORLD_FREE);
	assert_true(find(s, "b")->forecast.exact);
	survey_close(s);
	s = open_survey(false, false, NULL);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_false(find(s, "a")->forecast.known);
	survey_close(s);
}

static void what_nobody_agreed_to_clear_is_there_after(void **state)
{
	struct survey *s;

	(void)state;
	rows.swap = "a";
	s = open_survey(true, true, NULL);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(find(s, "a")->forecast.after[FORECAST_PLAIN].bytes, WORLD_SIZE);
	assert_int_equal(find(s, "a")->saves[FORECAST_PLAIN], WORLD_FREE);
	survey_close(s);
}

static void a_rescan_keeps_a_forecast_until_there_is_a_new_one(void **state)
{
	struct error err;
	struct survey *s = open_survey(true, true, NULL);

	(void)state;
	error_clear(&err);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	world.stale = false;
	survey_pause(s, true);
	assert_int_equal(survey_rescan(s, &err), 0);
	for (int i = 0; i < 100 && (i == 0 || find(s, "a")->state != TARGET_READY); i++) {
		poll(NULL, 0, 10);
		survey_update(s);
	}
	assert_int_equal(find(s, "a")->forecast.now[FORECAST_PLAIN].bytes, WORLD_SIZE);
	survey_pause(s, false);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(find(s, "a")->forecast.now[FORECAST_PLAIN].bytes,
			 WORLD_SIZE - WORLD_FREE);
	survey_close(s);
}

static void a_pause_ends_reading_at_once(void **state)
{
	uint64_t begin = boottime_us();
	struct survey *s;

	(void)state;
	world.slow_us = 20000;
	s = open_survey(true, true, NULL);
	while (survey_percent(s, "a") < 2 && boottime_us() - begin < LIMIT_MS * 1000) {
		poll(NULL, 0, 10);
		survey_update(s);
	}
	assert_true(survey_percent(s, "a") >= 2);
	begin = boottime_us();
	survey_pause(s, true);
	assert_true(boottime_us() - begin < 200000);
	assert_false(s->board->looking);
	world.slow_us = 0;
	survey_pause(s, false);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_true(find(s, "a")->estimate.exact);
	survey_close(s);
}

static void a_rescan_keeps_figures_and_finds_what_changed(void **state)
{
	struct error err;
	struct survey *s = open_survey(true, true, NULL);

	(void)state;
	error_clear(&err);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	rows.names[0] = "b";
	rows.names[1] = "c";
	world.slow_us = 100000;
	assert_int_equal(survey_rescan(s, &err), 0);
	assert_null(target_find(survey_tree(s), "a"));
	assert_true(find(s, "b")->estimate.exact);
	assert_int_equal(find(s, "c")->state, TARGET_PROBING);
	world.slow_us = 0;
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_true(find(s, "b")->estimate.exact);
	assert_true(find(s, "c")->estimate.exact);
	survey_close(s);
}

static void figures_of_what_was_zeroed_do_not_stay(void **state)
{
	struct error err;
	struct survey *s = open_survey(true, false, NULL);

	(void)state;
	error_clear(&err);
	survey_exact(s, "a");
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(find(s, "a")->estimate.stale, WORLD_FREE);
	world.stale = false;
	assert_int_equal(survey_rescan(s, &err), 0);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(find(s, "a")->estimate.stale, 0);
	survey_close(s);
}

static void an_image_is_added_before_the_systems_disk(void **state)
{
	struct error err;
	struct survey *s;

	(void)state;
	error_clear(&err);
	rows.names[1] = "system";
	s = open_survey(false, false, NULL);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(survey_add(s, "x.img", &err), 0);
	assert_string_equal(survey_tree(s)->next->name, "x.img");
	assert_int_equal(survey_add(s, "x.img", &err), 0);
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(find(s, "x.img")->state, TARGET_READY);
	assert_string_equal(survey_tree(s)->next->next->name, "system");
	assert_null(survey_tree(s)->next->next->next);
	assert_int_equal(survey_add(s, "nothing", &err), -ENOENT);
	assert_int_equal(survey_rescan(s, &err), 0);
	find(s, "x.img");
	survey_close(s);
}

static void a_row_asked_for_twice_is_read_again_after(void **state)
{
	struct error err;
	struct survey *s;

	(void)state;
	error_clear(&err);
	rows.hangs = "a";
	s = open_survey(false, false, NULL);
	assert_int_equal(survey_rescan(s, &err), 0);
	assert_int_equal(survey_rescan(s, &err), 0);
	let_go();
	assert_int_equal(survey_settle(s, LIMIT_MS), 0);
	assert_int_equal(find(s, "a")->state, TARGET_READY);
	/* a: once and once more; b: the same, or it was quick enough for all three. */
	assert_in_range(rows.probes, 4, 5);
	survey_close(s);
}

static struct survey *open_agreed(bool swap, bool gaps)
{
	const struct survey_options o = { .estimate = true, .swap = swap, .gaps = gaps };
	struct survey *s = NULL;
	struct error err;

	error_clear(&err);
	assert_int_equal(survey_open(&o, &s, &err), 0);
	assert_int_equal(survey_settle(s, 5000), 0);
	return s;
}

static void what_is_cleared_whole_wants_consent_and_is_estimated_all_the_same(void **state)
{
	struct survey *s;

	(void)state;
	rows.swap = "a";
	rows.gap = "b";
	s = open_agreed(false, false);
	assert_int_equal(find(s, "a")->verdict.why, WHY_OPT_IN);
	assert_string_equal(find(s, "a")->verdict.what, "--swap");
	assert_int_equal(find(s, "b")->verdict.why, WHY_OPT_IN);
	assert_string_equal(find(s, "b")->verdict.what, "--gaps");
	assert_true(find(s, "a")->estimate.known);
	assert_true(target_wants_consent(find(s, "b")));
	survey_close(s);
}

static void an_option_is_consent_for_its_kind(void **state)
{
	struct survey *s;

	(void)state;
	rows.swap = "a";
	rows.gap = "b";
	s = open_agreed(true, false);
	assert_true(target_can(find(s, "a")));
	assert_int_equal(find(s, "a")->method, METHOD_PUNCH);
	assert_false(target_can(find(s, "b")));
	survey_close(s);
	s = open_agreed(false, true);
	assert_false(target_can(find(s, "a")));
	assert_true(target_can(find(s, "b")));
	survey_close(s);
}

static void no_option_is_consent_to_traces_of_a_filesystem(void **state)
{
	struct survey *s;

	(void)state;
	rows.gap = "b";
	rows.remains = "ext4";
	s = open_agreed(true, true);
	assert_int_equal(find(s, "b")->verdict.why, WHY_REMAINS);
	assert_string_equal(find(s, "b")->verdict.what, "ext4");
	survey_close(s);
}

static void a_typed_name_is_consent_until_it_is_something_else(void **state)
{
	struct survey *s;
	struct error err;

	(void)state;
	error_clear(&err);
	rows.gap = "b";
	s = open_agreed(false, false);
	assert_int_equal(survey_allow(s, "a"), -ENOENT); /* which wants none */
	assert_int_equal(survey_allow(s, "b"), 0);
	assert_true(target_can(find(s, "b")));
	assert_int_equal(survey_rescan(s, &err), 0);
	assert_int_equal(survey_settle(s, 5000), 0);
	assert_true(target_can(find(s, "b")));
	rows.remains = "ext4";
	assert_int_equal(survey_rescan(s, &err), 0);
	assert_int_equal(survey_settle(s, 5000), 0);
	assert_int_equal(find(s, "b")->verdict.why, WHY_REMAINS);
	survey_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rows_are_there_before_they_are_read, set_up),
		cmocka_unit_test_setup(a_name_that_is_nothing_is_an_error, set_up),
		cmocka_unit_test_setup(a_device_that_hangs_is_called_stuck_and_keeps_nobody,
				       set_up),
		cmocka_unit_test_setup(closing_does_not_wait_for_a_device_that_hangs, set_up),
		cmocka_unit_test_setup(estimates_come_and_end_exact, set_up),
		cmocka_unit_test_setup(eight_targets_have_figures_within_a_second, set_up),
		cmocka_unit_test_setup(what_is_refused_is_not_read, set_up),
		cmocka_unit_test_setup(everything_is_read_when_asked_for, set_up),
		cmocka_unit_test_setup(forecasts_come_with_what_each_target_saves, set_up),
		cmocka_unit_test_setup(what_nobody_agreed_to_clear_is_there_after, set_up),
		cmocka_unit_test_setup(a_rescan_keeps_a_forecast_until_there_is_a_new_one, set_up),
		cmocka_unit_test_setup(a_pause_ends_reading_at_once, set_up),
		cmocka_unit_test_setup(a_rescan_keeps_figures_and_finds_what_changed, set_up),
		cmocka_unit_test_setup(figures_of_what_was_zeroed_do_not_stay, set_up),
		cmocka_unit_test_setup(an_image_is_added_before_the_systems_disk, set_up),
		cmocka_unit_test_setup(a_row_asked_for_twice_is_read_again_after, set_up),
		cmocka_unit_test_setup(
			what_is_cleared_whole_wants_consent_and_is_estimated_all_the_same, set_up),
		cmocka_unit_test_setup(an_option_is_consent_for_its_kind, set_up),
		cmocka_unit_test_setup(no_option_is_consent_to_traces_of_a_filesystem, set_up),
		cmocka_unit_test_setup(a_typed_name_is_consent_until_it_is_something_else, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
