/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The command line: what it means, and what is refused before anything is opened. */

#include "tests/lib/test.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "achica/front.h"
#include "achica/units.h"

#define MAX_WORDS 16

/* Parses a line of words into *options; words lives as long as the options are used. */
static int parse(const char *line, struct options *options)
{
	static char words[256];
	static char *argv[MAX_WORDS + 1];
	int argc = 0;

	snprintf(words, sizeof(words), "achica %s", line);
	for (char *w = strtok(words, " "); w && argc < MAX_WORDS; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	optind = 0;
	return args_parse(argc, argv, options);
}


static void refuses_what_makes_no_sense(void **state)
{
	static const char *const lines[] = {
		"--list --convert=x.qcow2 a.img", "--convert=x.qcow2", "--gaps=a",
		"--zero --dry-run --convert=x a.img", "--swap=yes", "--no-such", "-X", "-zF",
		"--list --zero a.img", "-l -e", "--zero", "--zero --yes", "-z 3", "7", "--list 12",
		"--free-map", "--free-map a b", "--method=punsh -z a", "--method", "--method= -z a",
		"--max-rate=0 -z a", "--max-rate=fast -z a", "--reserve=-1 -z a", "--reserve=1x -z a",
		"--progress=bar", "--color=yes", "--on-error=ask", "--json", "-j a.img",
		"--json --plain", "--ascii --utf8", "--yes=1", "--reserve=99999999999999999999",
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int status = parse(lines[i], &o);

		if (status != 2)
			print_error("not refused: %s\n", lines[i]);
		assert_int_equal(status, 2);
		args_free(&o);
	}
}

static void verbs_have_their_letters_and_names(void **state)
{
	static const struct {
		const char *line;
		enum verb verb;
	} rows[] = {
		{ "", VERB_WIZARD }, { "a.img", VERB_WIZARD }, { "--plain", VERB_WIZARD },
		{ "-l", VERB_LIST }, { "--list a b c", VERB_LIST }, { "-e", VERB_ESTIMATE },
		{ "a --estimate", VERB_ESTIMATE }, { "-z a", VERB_ZERO }, { "-zy a", VERB_ZERO },
		{ "--zero a b", VERB_ZERO }, { "--free-map a", VERB_FREE_MAP },
		{ "--suggest", VERB_SUGGEST }, { "--list --list", VERB_LIST },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].line, &o), -1);
		assert_int_equal(o.verb, rows[i].verb);
		assert_int_equal(o.survey.estimate,
				 o.verb == VERB_WIZARD || o.verb == VERB_ESTIMATE);
		args_free(&o);
	}
}

static void without_options_nothing_is_unusual(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("-z a", &o), -1);
	assert_int_equal(o.job.method, METHOD_AUTO);
	assert_int_equal(o.job.on_error, JOB_SKIP);
	assert_int_equal(o.progress, PROGRESS_AUTO);
	assert_int_equal(o.color, WHEN_AUTO);
	assert_false(o.yes || o.json || o.quiet || o.si || o.plain || o.ascii || o.utf8);
	assert_false(o.job.dry_run || o.job.verify || o.job.reserve_given || o.survey.exact);
	assert_true(o.job.max_rate == 0);
	assert_null(o.log);
	args_free(&o);
}

static void options_of_a_run_reach_the_job(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("-z a --method=fill --dry-run --verify --reserve=1.5G "
			       "--max-rate 20MB --on-error=stop --exact", &o), -1);
	assert_int_equal(o.job.method, METHOD_FILL);
	assert_true(o.job.dry_run && o.job.verify && o.job.reserve_given && o.survey.exact);
	assert_true(o.job.reserve == 3 * GIB / 2);
	assert_true(o.job.max_rate == 20000000);
	assert_int_equal(o.job.on_error, JOB_STOP);
	args_free(&o);
}

static void options_of_the_output_are_kept(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("-zjyq a --progress=gauge --color=never --log=/x --si --ascii",
			       &o), -1);
	assert_true(o.json && o.yes && o.quiet && o.si && o.ascii);
	assert_int_equal(o.progress, PROGRESS_GAUGE);
	assert_int_equal(o.color, WHEN_NEVER);
	assert_string_equal(o.log, "/x");
	args_free(&o);
	assert_int_equal(parse("-l", &o), -1); /* sets the units back for the tests after this */
	args_free(&o);
}

static void targets_and_excludes_keep_their_order(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("b --exclude=sda -l a --exclude sdb -- -c", &o), -1);
	assert_string_equal(o.survey.names[0], "b");
	assert_string_equal(o.survey.names[1], "a");
	assert_string_equal(o.survey.names[2], "-c");
	assert_null(o.survey.names[3]);
	assert_string_equal(o.survey.excludes[0], "sda");
	assert_string_equal(o.survey.excludes[1], "sdb");
	assert_null(o.survey.excludes[2]);
	args_free(&o);
}

static void names_with_numbers_in_them_are_targets(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("-l ./7 7.img img#7", &o), -1);
	args_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_makes_no_sense),
		cmocka_unit_test(verbs_have_their_letters_and_names),
		cmocka_unit_test(without_options_nothing_is_unusual),
		cmocka_unit_test(options_of_a_run_reach_the_job),
		cmocka_unit_test(options_of_the_output_are_kept),
		cmocka_unit_test(targets_and_excludes_keep_their_order),
		cmocka_unit_test(names_with_numbers_in_them_are_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
