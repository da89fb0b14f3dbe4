/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The verbs of the command line: look, choose, say, do. stdout carries the result alone; what is
 * asked, refused or under way goes to stderr.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "achica/json.h"
#include "cli/cli.h"

#define SLICE_MS 200
#define PROBE_MS 20000 /* a device that has not answered by then is called stuck */

int cli_settle(struct survey *survey, int timeout_ms)
{
	int waited = 0;
	int r;

	do {
		r = survey_settle(survey, SLICE_MS);
		if (signals_ending())
			return -EINTR;
		waited += SLICE_MS;
	} while (r != 0 && (timeout_ms < 0 || waited < timeout_ms));
	return r == 0 ? 0 : -ETIMEDOUT;
}

static int failed(int r)
{
	struct say_fact facts[] = { { "error", strerror(-r) }, { NULL, NULL } };

	/* TRANSLATORS: {error} is what the system says. */
	cli_complain(_("the result cannot be written: {error}"), facts);
	return STATUS_ERROR;
}

static int run_list(struct survey *survey, const struct options *options)
{
	struct target *tree = survey_tree(survey);
	int r = options->json ? json_tree(tree, 0, NULL, NULL, stdout) : list_print(tree, options);

	return r < 0 ? failed(r) : STATUS_DONE;
}

static int run_estimate(struct survey *survey, const struct options *options)
{
	struct target *tree = survey_tree(survey);
	struct selection selection;
	bool named = options->survey.names[0] != NULL;
	int status;
	int r = options->json ? json_tree(tree, JSON_ESTIMATE, NULL, NULL, stdout)
			      : estimate_print(tree, options);

	if (r < 0)
		return failed(r);
	r = selection_make(tree, options->survey.names, &selection);
	if (r < 0)
		return failed(r);
	if (named && !options->json)
		selection_complain(tree);
	status = selection_unread(&selection, options->survey.exact) ? STATUS_ERROR : STATUS_DONE;
	if (named)
		status = selection_status(&selection, status);
	free(selection.targets);
	return status;
}

static int run_suggest(struct survey *survey, const struct options *options)
{
	struct target *tree = survey_tree(survey);
	int worst = STATUS_DONE;

	if (options->json) {
		int r = json_tree(tree, JSON_COMMANDS, NULL, NULL, stdout);

		return r < 0 ? failed(r) : STATUS_DONE;
	}
	for (struct target *t = tree; t; t = t->next) {
		int r = commands_print(&t, 1, NULL, "", stdout);

		if (r < 0)
			return failed(r);
		if (r)
			worst = STATUS_REFUSED;
	}
	return worst;
}

struct map_printer {
	const struct target *target;
	bool json;
	bool begun;
};

/* JSON begins with the first extent, so that a refusal prints nothing. */
static int begin_map(struct map_printer *p)
{
	if (p->begun)
		return 0;
	p->begun = true;
	return p->json ? json_map_begin(p->target, stdout) : 0;
}

static int print_extent(void *arg, struct extent e)
{
	struct map_printer *p = arg;
	bool first = !p->begun;
	int r = begin_map(p);

	if (signals_ending())
		return -EINTR;
	if (p->json)
		return r ? r : json_map_extent(e, first, stdout);
	return printf("%ju %ju\n", (uintmax_t)e.start, (uintmax_t)e.len) < 0 ? -EIO : 0;
}

/* The only row of its own in the tree, NULL when there are several. */
static const struct target *only_leaf(const struct target *tree)
{
	const struct target *leaf = NULL;

	for (const struct target *t = tree; t; t = target_next(t)) {
		if (t->children || (t->kind == TARGET_GAP && !t->named))
			continue;
		if (leaf)
			return NULL;
		leaf = t;
	}
	return leaf;
}

static int print_map(const struct target *t, bool json, struct error *err)
{
	struct map_printer printer = { .target = t, .json = json };
	int r = job_free_map(t, print_extent, &printer, err);

	if (r == 0)
		r = begin_map(&printer);
	return r == 0 && json ? json_map_end(stdout) : r;
}

static int run_free_map(struct survey *survey, const struct options *options)
{
	const struct target *t = only_leaf(survey_tree(survey));
	struct error err;
	int r;

	if (!t) {
		struct say_fact facts[] = { { "name", options->survey.names[0] }, { NULL, NULL } };

		/* TRANSLATORS: {name} is "disk.img", and "disk.img#1" its first partition. */
		cli_complain(_("{name} holds several targets: name one of them, as in {name}#1"),
			     facts);
		return STATUS_USAGE;
	}
	error_clear(&err);
	r = print_map(t, options->json, &err);
	if (r == 0)
		return STATUS_DONE;
	if (err.why == WHY_NONE)
		return failed(r);
	cli_complain_error(&err, t->name, t);
	return why_is_refusal(err.why) ? STATUS_REFUSED : STATUS_ERROR;
}

/* Whether no question has to be asked: it was answered, or nothing is changed. */
static bool is_harmless(const struct options *options)
{
	return options->yes || options->job.dry_run || options->job.method == METHOD_OVERLAY;
}

/* Nothing but progress is where a program reads it. */
static bool is_read_by_program(const struct options *options)
{
	return options->progress == PROGRESS_GAUGE || options->progress == PROGRESS_JSON;
}

/* Shows the plan and has it agreed to. */
static bool is_agreed(const struct selection *selection, const struct options *options)
{
	if (!options->yes || !(options->quiet || is_read_by_program(options)))
		plan_print(selection, options, stderr);
	return is_harmless(options) || !plan_writes(selection, options) ||
	       ask_to_start(selection->n);
}

/* Whether the copy that is asked for can be made, before anything is done. -1, or the status. */
static int check_copy(struct target *tree, const struct options *options)
{
	struct error err;

	if (!options->convert || !tree)
		return -1;
	if (tree->next) {
		cli_complain(_("--convert wants exactly one disk or image"), NULL);
		return STATUS_USAGE;
	}
	error_clear(&err);
	if (convert_check(tree, &(struct convert_options){ .out = options->convert }, &err) == 0)
		return -1;
	cli_complain_error(&err, tree->name, tree);
	return why_is_refusal(err.why) ? STATUS_REFUSED : STATUS_ERROR;
}

static int zero_selection(struct target *tree, const struct selection *selection,
			  const struct options *options)
{
	int status = check_copy(tree, options);

	if (status >= 0)
		return status;
	if (is_agreed(selection, options))
		return run_selection(tree, selection, options);
	cli_complain(_("nothing was written"), NULL);
	return STATUS_NOTHING;
}

static int run_zero(struct survey *survey, const struct options *options)
{
	struct target *tree = survey_tree(survey);
	struct selection selection;
	int status = STATUS_NOTHING;
	int r = selection_make(tree, options->survey.names, &selection);

	if (r < 0)
		return failed(r);
	selection_complain(tree);
	if (selection.n == 0) {
		status = selection_status(&selection, STATUS_NOTHING);
		if (options->json && json_tree(tree, JSON_COMMANDS, NULL, NULL, stdout) < 0)
			status = STATUS_ERROR;
	} else {
		status = zero_selection(tree, &selection, options);
	}
	free(selection.targets);
	return status;
}

static int run_verb(struct survey *survey, const struct options *options)
{
	switch (options->verb) {
	case VERB_ESTIMATE:
		return run_estimate(survey, options);
	case VERB_ZERO:
		return run_zero(survey, options);
	case VERB_FREE_MAP:
		return run_free_map(survey, options);
	case VERB_SUGGEST:
		return run_suggest(survey, options);
	default:
		return run_list(survey, options);
	}
}

int batch_run(const struct options *options)
{
	struct survey *survey;
	struct error err;
	int status;

	signals_catch();
	if (options->verb == VERB_ZERO && !is_harmless(options) && !ask_can()) {
		cli_complain(_("there is no terminal to ask on: --yes starts without asking"),
			     NULL);
		return STATUS_USAGE;
	}
	error_clear(&err);
	if (survey_open(&options->survey, &survey, &err) != 0) {
		cli_complain_error(&err, NULL, NULL);
		return why_is_refusal(err.why) ? STATUS_REFUSED : STATUS_ERROR;
	}
	if (cli_settle(survey, options->survey.estimate ? -1 : PROBE_MS) == -EINTR) {
		status = signals_exit_status(signals_ending());
	} else {
		survey_pause(survey, true);
		status = run_verb(survey, options);
		if (signals_ending())
			status = signals_exit_status(signals_ending());
	}
	survey_close(survey);
	return status;
}
