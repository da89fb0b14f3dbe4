/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The screens as text, at every layout, in both sets of signs and in a language of double length,
 * against tests/ui/golden. UPDATE_GOLDEN=1 writes those files anew: look at the difference.
 */

#include "tests/lib/test.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/ui/drive.h"

static const struct size {
	int rows, cols;
} sizes[] = { { 24, 80 }, { 43, 132 }, { 16, 60 }, { 12, 40 }, { 10, 40 }, { 4, 30 }, { 30, 100 } };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static struct grid grid;

/* gettext keeps what it found until it is told of a catalogue. */
static void set_language(const char *language)
{
	const char *locales = getenv("ACHICA_LOCALEDIR");

	setenv("LANGUAGE", language, 1);
	bindtextdomain(PACKAGE, locales ? locales : "");
	textdomain(PACKAGE);
}

static char *draw(int rows, int cols, bool utf8)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(grid_size(&grid, rows, cols), 0);
	grid.utf8 = utf8;
	ui_draw(&ui, &grid);
	grid_print(&grid, out);
	fclose(out);
	return text;
}

static char *golden_path(const char *name, const struct size *size, bool utf8)
{
	const char *dir = getenv("top_srcdir");
	char *path;

	assert_true(asprintf(&path, "%s/tests/ui/golden/%s-%dx%d%s.txt", dir ? dir : ".", name,
			     size->cols, size->rows, utf8 ? "" : "-ascii") > 0);
	return path;
}

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t n = 0;

	if (!in)
		return strdup("");
	if (getdelim(&text, &n, '\0', in) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(in);
	return text;
}

static void compare(const char *name, const struct size *size, bool utf8)
{
	char *path = golden_path(name, size, utf8);
	char *text = draw(size->rows, size->cols, utf8);
	char *golden;

	if (grid.overprints)
		fail_msg("%s: %u cells were drawn twice\n%s", path, grid.overprints, text);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fputs(text, out);
		fclose(out);
	}
	golden = read_file(path);
	if (strcmp(golden, text) != 0)
		fail_msg("%s is\n%s\nthe screen is\n%s", path, golden, text);
	free(golden);
	free(text);
	free(path);
}

/* Every size; ASCII at the reference size and the narrow one. */
static void compare_all(const char *name)
{
	for (size_t i = 0; i < SIZES; i++)
		compare(name, &sizes[i], true);
	compare(name, &sizes[0], false);
	compare(name, &sizes[3], false);
}

static void select_shows_the_tree(void **state)
{
	(void)state;
	begin();
	type("D D ");
	compare_all("select");
	end();
}

static void select_shows_a_disk_folded_and_the_last_page(void **state)
{
	(void)state;
	begin();
	type("D LLG");
	compare("select-folded", &sizes[0], true);
	end();
}

static void scattered_data_is_shown_with_the_option_that_pays(void **state)
{
	(void)state;
	begin();
	type("D");
	rows_focused(&ui.select)->saves[FORECAST_PLAIN] = 0;
	compare("select-scattered", &sizes[0], true);
	end();
}

static void select_without_disks_says_what_to_do(void **state)
{
	(void)state;
	fake.tree = FAKE_NONE;
	begin();
	compare_all("select-none");
	end();
}

static void names_from_disks_are_shown_clean(void **state)
{
	(void)state;
	fake.tree = FAKE_NASTY;
	begin();
	compare_all("select-nasty");
	end();
}

static void refused_row_tells_reason_and_remedy(void **state)
{
	(void)state;
	begin();
	type("DDDDDDDDD\n");
	compare_all("select-why");
	end();
}

static void what_is_cleared_whole_is_shown_and_asks_for_its_name(void **state)
{
	(void)state;
	fake.tree = FAKE_WHOLE;
	begin();
	type("DDD");
	compare_all("select-whole");
	type("\n");
	compare_all("select-whole-info");
	type("E sda");
	compare_all("consent-gap");
	type("E");
	type("D ");
	compare_all("consent-swap");
	type("sda4\n");
	compare_all("select-consent");
	type("5");
	compare_all("plan-whole");
	end();
}

static void an_option_takes_the_bar_off_the_box(void **state)
{
	(void)state;
	fake.tree = FAKE_WHOLE;
	begin_with_consent();
	compare("select-opted", &sizes[0], true);
	end();
}

static void the_method_asked_for_is_told(void **state)
{
	(void)state;
	begin_by(METHOD_PUNCH);
	type("D");
	compare("select-method", &sizes[0], true);
	end();
}

static void plan_shows_what_will_be_done(void **state)
{
	(void)state;
	begin();
	type("D D D 5");
	compare_all("plan");
	end();
}

static void plan_shows_a_refusal(void **state)
{
	(void)state;
	fake.refuse = true;
	begin();
	type("D D 5");
	compare_all("plan-refused");
	end();
}

static void plan_with_sixty_targets_scrolls(void **state)
{
	(void)state;
	fake.tree = FAKE_MANY;
	begin();
	type("a5DDUUUUUUU");
	compare_all("plan-many");
	end();
}

static void zero_shows_map_and_figures(void **state)
{
	(void)state;
	begin();
	type("D D 5R\n");
	compare_all("zero");
	end();
}

static void zero_has_a_bar_for_each_target_at_work(void **state)
{
	(void)state;
	fake.job = FAKE_BOTH;
	begin();
	type("a5R\n\t");
	compare_all("zero-both");
	end();
}

/* What is skipped is what was shown when it was asked, whatever ended meanwhile. */
static void the_target_that_is_shown_is_skipped(void **state)
{
	(void)state;
	fake.job = FAKE_BOTH;
	begin();
	type("a5R\n");
	assert_true(ui.zero.view.items > 2);
	assert_int_equal(ui.zero.at, 0);
	type("\t");
	assert_int_equal(ui.zero.at, 1);
	type("UU");
	assert_int_equal(ui.zero.at, ui.zero.view.items - 1);
	type("\ts");
	job_skip(ui.job, 0);
	ui_update(&ui);
	assert_int_equal(ui.zero.at, 1);
	type("R\n");
	assert_int_equal(fake.skipped, 0);
	assert_int_equal(ui.zero.items[1].phase, JOB_WORKING);
	type("sR\n");
	assert_int_equal(fake.skipped, 1);
	ui_update(&ui);
	assert_int_equal(ui.zero.at, 2);
	end();
}

static void zero_without_map_shows_the_log(void **state)
{
	(void)state;
	begin();
	type("D D 5R\nmm");
	compare_all("zero-nomap");
	end();
}

static void pause_is_said(void **state)
{
	(void)state;
	begin();
	type("D D 5R\np");
	compare_all("zero-paused");
	end();
}

static void stop_asks_over_the_work(void **state)
{
	(void)state;
	begin();
	type("D D 5R\nE");
	compare_all("zero-stop");
	end();
}

static void io_error_asks_what_to_do(void **state)
{
	(void)state;
	fake.job = FAKE_ASK;
	begin();
	type("D D 5R\n");
	ui_update(&ui);
	compare_all("zero-error");
	end();
}

static void result_shows_what_was_done(void **state)
{
	(void)state;
	begin();
	type("D D 5R\nERRR\n");
	ui_update(&ui);
	compare_all("result");
	end();
}

static void result_of_overlays_tells_what_they_omit(void **state)
{
	(void)state;
	begin_by(METHOD_OVERLAY);
	type("D D 5R\nERRR\n");
	ui_update(&ui);
	compare("result-overlay", &sizes[0], true);
	end();
}

static void result_with_sixty_targets_scrolls(void **state)
{
	(void)state;
	fake.tree = FAKE_MANY;
	begin();
	type("a5R\nERRR\n");
	ui_update(&ui);
	type("UDDDDDDDDDDDDDDDDDDDDDDDD");
	compare_all("result-many");
	end();
}

static void result_in_another_format_says_what_it_takes(void **state)
{
	(void)state;
	begin();
	type("D D 5R\nERRR\n");
	ui_update(&ui);
	type("DDfff");
	compare_all("result-format");
	end();
}

static void help_is_made_from_the_keys(void **state)
{
	(void)state;
	begin();
	type("1");
	compare_all("help-select");
	type("ED D 5R\n1");
	compare_all("help-zero");
	end();
}

static void editor_asks_for_an_image(void **state)
{
	(void)state;
	begin();
	type("i/srv/vm/new.img");
	compare_all("image");
	end();
}

static void draw_all_sizes(const char *way)
{
	for (int rows = 1; rows < 60; rows++) {
		for (int cols = 1; cols < 150; cols += cols < 50 ? 1 : 7) {
			char *text = draw(rows, cols, true);

			if (grid.overprints)
				fail_msg("%dx%d %s: drawn twice\n%s", cols, rows, way, text);
			free(text);
		}
	}
}

static const struct way {
	enum fake_tree tree;
	const char *keys;
} ways[] = {
	{ FAKE_FEW, "D D " },
	{ FAKE_FEW, "D D 5" },
	{ FAKE_FEW, "D D 5R\n" },
	{ FAKE_FEW, "D D 5R\nE" },
	{ FAKE_FEW, "1" },
	{ FAKE_FEW, "i" },
	{ FAKE_FEW, "q" },
	{ FAKE_FEW, "DDDDDDDDD\n" },
	{ FAKE_FEW, "D D 5R\nERRR\n" },
	{ FAKE_WHOLE, "DDD sda" },
	{ FAKE_WHOLE, "DDDD sda4\n" },
	{ FAKE_WHOLE, "DDDD sda4\n5" },
};

/* Whatever is cut: nothing is drawn over something else. */
static void a_language_of_double_length_fits(void **state)
{
	(void)state;
	set_language("xx");
	if (strcmp(gettext("Quit?"), "Quit?") == 0)
		skip(); /* without python3 there is no such catalogue */
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		fake.tree = ways[i].tree;
		begin();
		type(ways[i].keys);
		ui_update(&ui);
		draw_all_sizes(ways[i].keys);
		end();
	}
}

static void any_size_can_be_drawn(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		fake.tree = ways[i].tree;
		begin();
		type(ways[i].keys);
		ui_update(&ui);
		draw_all_sizes(ways[i].keys);
		end();
	}
}

static int before_each(void **state)
{
	(void)state;
	grid_free(&grid);
	fake_reset();
	set_language("en");
	return 0;
}

#define SCREEN(name) cmocka_unit_test_setup(name, before_each)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCREEN(select_shows_the_tree),
		SCREEN(select_shows_a_disk_folded_and_the_last_page),
		SCREEN(scattered_data_is_shown_with_the_option_that_pays),
		SCREEN(select_without_disks_says_what_to_do),
		SCREEN(names_from_disks_are_shown_clean),
		SCREEN(refused_row_tells_reason_and_remedy),
		SCREEN(what_is_cleared_whole_is_shown_and_asks_for_its_name),
		SCREEN(an_option_takes_the_bar_off_the_box),
		SCREEN(the_method_asked_for_is_told),
		SCREEN(plan_shows_what_will_be_done),
		SCREEN(plan_shows_a_refusal),
		SCREEN(plan_with_sixty_targets_scrolls),
		SCREEN(zero_shows_map_and_figures),
		SCREEN(zero_has_a_bar_for_each_target_at_work),
		SCREEN(the_target_that_is_shown_is_skipped),
		SCREEN(zero_without_map_shows_the_log),
		SCREEN(pause_is_said),
		SCREEN(stop_asks_over_the_work),
		SCREEN(io_error_asks_what_to_do),
		SCREEN(result_shows_what_was_done),
		SCREEN(result_of_overlays_tells_what_they_omit),
		SCREEN(result_with_sixty_targets_scrolls),
		SCREEN(result_in_another_format_says_what_it_takes),
		SCREEN(help_is_made_from_the_keys),
		SCREEN(editor_asks_for_an_image),
		SCREEN(a_language_of_double_length_fits),
		SCREEN(any_size_can_be_drawn),
	};

	if (chdir("/") != 0) /* copies of devices are advised to go to the working directory */
		return 1;
	setenv("TZ", "UTC", 1);
	setenv("ACHICA_NOW", "1700000000", 1);
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
