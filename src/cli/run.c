/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * A job from its start to its summary: batch and --plain run theirs here. A signal stops it at a
 * safe place; what was done is told, and stays done.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "achica/json.h"
#include "achica/logfile.h"
#include "cli/cli.h"

#define TICK_MS 200

/* Runs it to its end. Returns the signal that ended it, 0 for none. */
static int follow(struct job *job, struct progress_state *progress)
{
	struct job_view view;
	int sig = 0;

	do {
		struct pollfd fd = { .fd = job_fd(job), .events = POLLIN };

		if (poll(&fd, 1, TICK_MS) > 0)
			job_ack(job);
		if (signals_status_wanted())
			progress_status(progress, job);
		if (signals_ending() && !sig) {
			sig = signals_ending();
			job_stop(job);
		}
		progress_show(progress, job);
		job_view(job, &view);
	} while (!view.ended);
	job_wait(job);
	return sig;
}

/* Why items were refused or failed, on stderr. */
static void complain_of_items(struct job *job)
{
	struct job_view view;
	struct job_view_item item;

	job_view(job, &view);
	for (size_t i = 0; i < view.items; i++) {
		const struct target *t = job_target(job, i);

		job_view_item(job, i, &item);
		if (item.phase == JOB_REFUSED || item.phase == JOB_FAILED)
			cli_complain_error(&item.error, t->name, t);
	}
}

static void print_item(const struct target *t, const struct job_view_item *item,
		       const struct job_options *options, FILE *out)
{
	char zeroed[48], zero[48], clock[24], errors[48], line[2048];
	struct say_fact facts[] = {
		{ "name", t->name }, { "phase", say_phase(item->phase) }, { "zeroed", zeroed },
		{ "zero", zero }, { "clock", clock }, { "errors", errors }, { NULL, NULL },
	};

	say_size_long(item->zeroed, zeroed, sizeof(zeroed));
	say_size_long(item->was_zero, zero, sizeof(zero));
	say_size_long(item->errors, errors, sizeof(errors));
	say_clock((int64_t)item->elapsed_ms, clock, sizeof(clock));
	if (item->method == METHOD_OVERLAY)
		/* TRANSLATORS: "disk.img: done, left as it is; its copy leaves out 83.0 GiB ..." */
		say_fill(line, sizeof(line),
			 _("{name}: {phase}, left as it is; its copy leaves out {zeroed} of free "
			   "space, and {zero} of holes, {clock}"), facts);
	else if (options->dry_run)
		/* TRANSLATORS: "disk.img: done, 83.0 GiB would be zeroed, 38.3 GiB are zero ..." */
		say_fill(line, sizeof(line), _("{name}: {phase}, {zeroed} would be zeroed, {zero} "
					       "are zero already, {clock}"), facts);
	else
		/* TRANSLATORS: "disk.img: done, 83.0 GiB zeroed, 38.3 GiB were zero ..." */
		say_fill(line, sizeof(line), _("{name}: {phase}, {zeroed} zeroed, {zero} were zero "
					       "already, {clock}"), facts);
	fprintf(out, "%s\n", line);
	for (enum say_proof i = 0; i < SAY_PROOFS; i++) {
		if (say_proof(&item->proofs, i, t->name, line, sizeof(line))[0])
			fprintf(out, "%s\n", line);
	}
	if (item->errors)
		/* TRANSLATORS: {errors} is a size. */
		fprintf(out, "%s\n", say_fill(line, sizeof(line),
			_("{name}: {errors} could not be read or written"), facts));
}

/* How a job ended, in sentences on out. */
static void print_summary(struct job *job, const struct options *options, FILE *out)
{
	struct job_view view;
	struct job_view_item item;

	job_view(job, &view);
	for (size_t i = 0; i < view.items; i++) {
		job_view_item(job, i, &item);
		print_item(job_target(job, i), &item, &options->job, out);
	}
}

/* Whether the disk or image of targets[i] was met before. */
static bool is_repeated(struct target *const *targets, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (target_top(targets[j]) == target_top(targets[i]))
			return true;
	}
	return false;
}

static int print_commands_of(const struct target *top, const char *overlay, const char *indent,
			     FILE *out)
{
	struct command *list = NULL;
	struct error err;
	int r;

	error_clear(&err);
	r = advice_for(top, &(struct advice_options){ .overlay = overlay }, &list, &err);
	if (r != 0) {
		cli_complain_error(&err, top->name, top);
		return 1;
	}
	for (const struct command *c = list; c && r == 0; c = c->next) {
		char *line = command_line(c);

		if (!line || fprintf(out, "%s%s\n", indent, line) < 0)
			r = line ? -EIO : -ENOMEM;
		free(line);
	}
	command_free(list);
	return r;
}

int commands_print(struct target *const *targets, size_t n, struct job *job, const char *indent,
		   FILE *out)
{
	int worst = 0;

	for (size_t i = 0; i < n; i++) {
		const struct target *top = target_top(targets[i]);
		const char *overlay = job ? job_overlay(job, top) : NULL;
		int r = is_repeated(targets, i) ? 0 : print_commands_of(top, overlay, indent, out);

		if (r < 0)
			return r;
		if (r)
			worst = r;
	}
	return worst;
}

/* Whether the run came far enough that a copy would be small. */
static bool is_any_done(struct job *job)
{
	struct job_view view;
	struct job_view_item item;

	job_view(job, &view);
	for (size_t i = 0; i < view.items; i++) {
		job_view_item(job, i, &item);
		if (item.phase == JOB_DONE)
			return true;
	}
	return false;
}

/* The results, on stdout. Returns -errno. */
static int report(struct target *tree, const struct selection *selection, struct job *job,
		  struct convert *convert, const struct options *options)
{
	int r;

	if (options->json)
		return json_tree(tree, JSON_COMMANDS, job, convert, stdout);
	print_summary(job, options, stdout);
	if (convert)
		copy_print(convert, stdout);
	if (options->job.dry_run || convert || !is_any_done(job))
		return 0;
	printf("\n%s\n", _("Now these commands make a small copy:"));
	r = commands_print(selection->targets, selection->n, job, "  ", stdout);
	return r < 0 ? r : 0;
}

static FILE *open_log(const char *path)
{
	struct error err;
	FILE *log;

	error_clear(&err);
	log = logfile_open(path, &err);
	if (!log)
		cli_complain_error(&err, NULL, NULL);
	return log;
}

/* Whether all of it was written. What could not be flushed in the middle is gone, and told by
   ferror alone. */
static bool close_log(FILE *log)
{
	bool lost = ferror(log) != 0;

	return fclose(log) == 0 && !lost;
}

static int run_job(struct target *tree, const struct selection *selection, struct job *job,
		   const struct options *options, FILE *log)
{
	struct progress_state progress;
	struct convert *convert = NULL;
	int status;
	int sig;
	int r = job_start(job);

	if (r != 0)
		return r;
	progress_begin(&progress, options, log);
	sig = follow(job, &progress);
	progress_end(&progress, job);
	complain_of_items(job);
	status = selection_status(selection, job_exit_status(job));
	/* What could not be reclaimed makes no copy; where nothing had to be, there is one. */
	if (options->convert && !sig && (status == STATUS_DONE || status == STATUS_NOTHING)) {
		sig = copy_run(tree, job_overlay(job, tree), options, &progress, &convert);
		status = convert ? convert_exit_status(convert) : STATUS_ERROR;
	}
	r = sig < 0 ? sig : report(tree, selection, job, convert, options);
	convert_free(convert);
	if (r < 0)
		return r;
	return sig ? signals_exit_status(sig) : status;
}

/* An overlay that is only made for the copy lies beside it, and goes when that is done. */
static int new_job(const struct selection *selection, const struct options *options,
		   struct job **job)
{
	struct job_options with = options->job;
	char *stem = NULL;
	int r;

	if (options->convert && asprintf(&stem, "%s.overlay", options->convert) < 0)
		return -ENOMEM;
	with.overlay = stem;
	with.overlay_goes = stem != NULL;
	r = job_new(selection->targets, NULL, selection->n, &with, job);
	free(stem);
	return r;
}

int run_selection(struct target *tree, const struct selection *selection,
		  const struct options *options)
{
	struct job *job = NULL;
	FILE *log = options->log ? open_log(options->log) : NULL;
	struct say_fact facts[] = { { "error", NULL }, { "name", options->log }, { NULL, NULL } };
	int r;

	if (options->log && !log)
		return STATUS_ERROR;
	r = new_job(selection, options, &job);
	if (r == 0)
		r = run_job(tree, selection, job, options, log);
	job_free(job);
	if (log && !close_log(log)) {
		/* TRANSLATORS: {name} is the file of --log */
		cli_complain(_("{name}: it could not be written, the log is not complete"), facts);
		r = r == STATUS_DONE ? STATUS_ERROR : r;
	}
	if (r >= 0)
		return r;
	facts[0].value = strerror(-r);
	/* TRANSLATORS: {error} is what the system says. */
	cli_complain(_("the run did not end well: {error}"), facts);
	return STATUS_ERROR;
}
