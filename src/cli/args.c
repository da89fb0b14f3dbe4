/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The command line. What does not fit together is refused before anything is opened: several
 * verbs, --zero without a name, a number instead of a name, a value that is none.
 */

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "achica/units.h"
#include "cli/cli.h"

#define MAX_OPTIONS 64

/* What is being read: the options, and what only matters for their checks. */
struct reading {
	struct options *options;
	const char **excludes; /* room for each argument */
	size_t excluded;
	bool verb_given;
	int status;            /* exit status of a wrong value, -1 none */
};

static void usage_error(const char *sentence, const char *name, const char *value)
{
	const struct say_fact facts[] = { { "option", name }, { "value", value }, { NULL, NULL } };

	cli_complain(sentence, facts);
	cli_complain(_("see achica --help"), NULL);
}

static void bad_value(struct reading *r, const char *option, const char *value)
{
	/* TRANSLATORS: "--method: punsh is not possible" */
	usage_error(_("{option}: {value} is not possible"), option, value);
	r->status = STATUS_USAGE;
}

/* The place of value in names, or n after an error. */
static size_t one_of(struct reading *r, const char *option, const char *value,
		     const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], value) == 0)
			return i;
	}
	bad_value(r, option, value);
	return 0;
}

static void read_size(struct reading *r, const char *option, const char *value, uint64_t *bytes)
{
	if (size_parse(value, bytes) != 0)
		bad_value(r, option, value);
}

static void set_verb(struct reading *r, enum verb verb)
{
	if (r->verb_given && r->options->verb != verb) {
		usage_error(_("only one of --list, --estimate, --zero, --free-map and --suggest "
			      "can be given"), NULL, NULL);
		r->status = STATUS_USAGE;
	}
	r->options->verb = verb;
	r->verb_given = true;
}

static void read_method(struct reading *r, const char *value)
{
	enum method m = method_find(value);

	if (m == METHOD_COUNT)
		bad_value(r, "--method", value);
	else
		r->options->job.method = m;
}

/* An option with a value. */
static void read_value(struct reading *r, int id, const char *value)
{
	static const char *const progress[] = { "auto", "line", "gauge", "json", "none" };
	static const char *const when[] = { "auto", "always", "never" };
	static const char *const on_error[] = { "skip", "stop" };
	struct options *o = r->options;

	switch (id) {
	case 'M':
		read_method(r, value);
		break;
	case 'r':
		o->job.reserve_given = true;
		read_size(r, "--reserve", value, &o->job.reserve);
		break;
	case 'R':
		read_size(r, "--max-rate", value, &o->job.max_rate);
		if (o->job.max_rate == 0 && r->status < 0)
			bad_value(r, "--max-rate", value);
		break;
	case 'X':
		r->excludes[r->excluded++] = value;
		break;
	case 'E':
		o->job.on_error = (enum job_on_error)one_of(r, "--on-error", value, on_error, 2);
		break;
	case 'P':
		o->progress = (enum progress)one_of(r, "--progress", value, progress, 5);
		break;
	case 'C':
		o->color = (enum when)one_of(r, "--color", value, when, 3);
		break;
	case 'L':
		o->log = value;
		break;
	case 'o':
		o->convert = value;
		break;
	}
}

/* An option without a value. */
static void read_flag(struct reading *r, int id)
{
	struct options *o = r->options;

	switch (id) {
	case 'l':
		set_verb(r, VERB_LIST);
		break;
	case 'e':
		set_verb(r, VERB_ESTIMATE);
		break;
	case 'z':
		set_verb(r, VERB_ZERO);
		break;
	case 'F':
		set_verb(r, VERB_FREE_MAP);
		break;
	case 'S':
		set_verb(r, VERB_SUGGEST);
		break;
	case 'x':
		o->survey.exact = true;
		break;
	case 'n':
		o->job.dry_run = true;
		break;
	case 'c':
		o->job.verify = true;
		break;
	case 'y':
		o->yes = true;
		break;
	case 'j':
		o->json = true;
		break;
	case 'p':
		o->plain = true;
		break;
	case 'a':
		o->ascii = true;
		break;
	case 'u':
		o->utf8 = true;
		break;
	case 'w':
		o->survey.swap = true;
		break;
	case 'g':
		o->survey.gaps = true;
		break;
	case 's':
		o->si = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	}
}

/* The table for getopt_long. Letters are given there only to those that --help shows. */
static void make_getopt(struct option *table)
{
	size_t n = 0;

	for (const struct cli_option *o = cli_options; o->name; o++) {
		if (o->id)
			table[n++] = (struct option){ .name = o->name, .val = o->id,
				.has_arg = o->arg ? required_argument : no_argument };
	}
	table[n] = (struct option){ 0 };
}

static int unknown_option(char *const *argv, int letter)
{
	char dash[] = { '-', (char)letter, '\0' };
	bool is_long = strncmp(argv[optind - 1], "--", 2) == 0;

	/* TRANSLATORS: "--converse: there is no such option" */
	usage_error(_("{option}: there is no such option, or it takes no value"),
		    letter && !is_long ? dash : argv[optind - 1], NULL);
	return STATUS_USAGE;
}

static bool is_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[digits] == '\0';
}

static size_t count(char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return n;
}

/* What does not fit together; -1 when all does. */
static int check(const struct options *o)
{
	char *const *names = o->survey.names;
	size_t n = count(names);

	for (size_t i = 0; i < n; i++) {
		if (is_number(names[i]) || names[i][0] == '\0') {
			usage_error(_("a number alone is not a target; a file of that name is "
				      "./{value}"), NULL, names[i]);
			return STATUS_USAGE;
		}
	}
	if (o->verb == VERB_ZERO && n == 0) {
		usage_error(_("--zero wants the targets by name"), NULL, NULL);
		return STATUS_USAGE;
	}
	if (o->verb == VERB_FREE_MAP && n != 1) {
		usage_error(_("--free-map wants exactly one target"), NULL, NULL);
		return STATUS_USAGE;
	}
	if (o->json && (o->verb == VERB_WIZARD || o->plain)) {
		usage_error(_("--json goes with --list, --estimate, --zero, --free-map or "
			      "--suggest"), NULL, NULL);
		return STATUS_USAGE;
	}
	if (o->convert && (o->verb != VERB_ZERO || o->job.dry_run)) {
		usage_error(_("--convert goes with --zero or alone, and not with --dry-run"), NULL,
			    NULL);
		return STATUS_USAGE;
	}
	if (o->ascii && o->utf8) {
		usage_error(_("--ascii and --utf8 exclude each other"), NULL, NULL);
		return STATUS_USAGE;
	}
	return -1;
}

static int read_all(struct reading *r, int argc, char **argv)
{
	struct option table[MAX_OPTIONS];
	int id;

	make_getopt(table);
	opterr = 0;
	while ((id = getopt_long(argc, argv, ":lezjyqVh", table, NULL)) != -1) {
		switch (id) {
		case '?':
			return unknown_option(argv, optopt);
		case ':':
			usage_error(_("{option} wants a value"), argv[optind - 1], NULL);
			return STATUS_USAGE;
		case 'h':
			help_print();
			return STATUS_DONE;
		case 'V':
			puts(PACKAGE_STRING);
			return STATUS_DONE;
		}
		if (optarg)
			read_value(r, id, optarg);
		else
			read_flag(r, id);
		if (r->status >= 0)
			return r->status;
	}
	return -1;
}

/* --convert without a verb: a copy, of a source that is left as it is. */
static void copy_alone(struct options *o)
{
	o->verb = VERB_ZERO;
	if (o->job.method == METHOD_AUTO)
		o->job.method = METHOD_OVERLAY;
}

int args_parse(int argc, char **argv, struct options *options)
{
	struct reading r = { .options = options, .status = -1 };
	int status;

	*options = (struct options){ .verb = VERB_WIZARD };
	r.excludes = calloc((size_t)argc + 1, sizeof(*r.excludes));
	if (!r.excludes) {
		cli_complain(_("there is not enough memory"), NULL);
		return STATUS_ERROR;
	}
	options->survey.excludes = (char *const *)r.excludes;
	status = read_all(&r, argc, argv);
	options->survey.names = argv + optind;
	if (options->convert && !r.verb_given)
		copy_alone(options);
	if (status < 0)
		status = check(options);
	options->survey.estimate = options->verb == VERB_ESTIMATE || options->verb == VERB_WIZARD;
	say_si(options->si);
	return status;
}

void args_free(struct options *options)
{
	free((void *)options->survey.excludes);
	options->survey.excludes = NULL;
}
