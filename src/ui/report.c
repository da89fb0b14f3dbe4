/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What a run leaves: the commands for the small copy, the text that is printed when the screens are
 * gone, so that it stays in the scrollback, and the script. Commands are whole lines here, quoted
 * for the shell; only the screen cuts them.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "achica/i18n.h"
#include "ui/ui.h"

static void free_lines(struct result *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->lines[i]);
	free(r->lines);
	free(r->uses);
	free(r->items);
	free(r->trouble);
	r->lines = NULL;
	r->uses = NULL;
	r->items = NULL;
	r->trouble = NULL;
	r->n = 0;
}

void result_free(struct result *r)
{
	free_lines(r);
	*r = (struct result){ 0 };
}

static int add_line(struct result *r, const struct command *c, size_t item)
{
	char **lines = realloc(r->lines, (r->n + 1) * sizeof(*lines));
	enum advice_use *uses;
	size_t *items;

	if (!lines)
		return -ENOMEM;
	r->lines = lines;
	uses = realloc(r->uses, (r->n + 1) * sizeof(*uses));
	if (!uses)
		return -ENOMEM;
	r->uses = uses;
	items = realloc(r->items, (r->n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	r->items = items;
	items[r->n] = item;
	lines[r->n] = command_line(c);
	if (!lines[r->n])
		return -ENOMEM;
	uses[r->n++] = c->use;
	return 0;
}

static void set_trouble(struct result *r, const struct error *err, const struct target *t)
{
	char reason[2048], text[4096];
	const struct say_fact facts[] = {
		{ "name", t->name }, { "reason", reason }, { NULL, NULL },
	};

	if (r->trouble)
		return;
	say_reason(err, reason, sizeof(reason));
	/* TRANSLATORS: "No command for /srv/a.vdi: its format vdi is not handled." */
	r->trouble =
		strdup(say_fill(text, sizeof(text), _("No command for {name}: {reason}."), facts));
}

static void add_commands(struct result *r, const struct target *top, const char *overlay,
			 size_t item)
{
	const struct advice_options options = { .format = r->format, .overlay = overlay };
	struct command *list = NULL;
	struct error err;
	int rc;

	error_clear(&err);
	rc = advice_for(top, &options, &list, &err);
	for (const struct command *c = list; c && rc == 0; c = c->next)
		rc = add_line(r, c, item);
	if (rc == -ENOMEM && err.why == WHY_NONE)
		error_set(&err, WHY_MEMORY, ENOMEM, NULL);
	if (rc)
		set_trouble(r, &err, top);
	command_free(list);
}

const struct target *result_top(const struct ui *ui, size_t item)
{
	const struct target *t = job_target(ui->job, item);
	const struct target *now = target_find(survey_tree(ui->survey), t->name);

	return target_top(now ? now : t);
}

/* The disk or image of item i, or NULL when an item before it has the same, or nothing was done. */
static const struct target *top_of(const struct ui *ui, size_t i)
{
	const struct target *top = result_top(ui, i);

	for (size_t j = 0; j < i; j++) {
		if (strcmp(result_top(ui, j)->name, top->name) == 0)
			return NULL;
	}
	return top;
}

static bool is_any_done(const struct zero *z)
{
	for (size_t i = 0; i < z->view.items; i++) {
		if (z->items[i].phase == JOB_DONE || z->items[i].zeroed > 0)
			return true;
	}
	return false;
}

static bool is_zeroed(const struct ui *ui, const struct target *t)
{
	for (size_t i = 0; i < ui->zero.view.items; i++) {
		if (strcmp(job_target(ui->job, i)->name, t->name) == 0)
			return ui->zero.items[i].phase == JOB_DONE;
	}
	return false;
}

static void load_lines(struct ui *ui)
{
	struct result *r = &ui->result;

	free_lines(r);
	for (size_t i = 0; i < ui->zero.view.items; i++) {
		const struct target *top = top_of(ui, i);

		if (top)
			add_commands(r, top, job_overlay(ui->job, top), i);
	}
	if (r->focus >= r->n)
		r->focus = r->n ? r->n - 1 : 0;
}

void result_load(struct ui *ui)
{
	struct result *r = &ui->result;

	result_free(r);
	if (!is_any_done(&ui->zero) || ui->options->job.dry_run)
		return;
	r->foretold = copies_sum(ui, is_zeroed, &r->copies);
	copies_done(ui, is_zeroed);
	load_lines(ui);
}

static void print_item(const struct ui *ui, size_t i, FILE *out)
{
	const struct job_view_item *item = &ui->zero.items[i];
	const struct target *t = job_target(ui->job, i);
	char zeroed[48], zero[48], clock[24], reason[2048], line[8192];
	const struct say_fact facts[] = {
		{ "name", t->name }, { "phase", say_phase(item->phase) }, { "zeroed", zeroed },
		{ "zero", zero }, { "clock", clock }, { "reason", reason }, { NULL, NULL },
	};

	say_size_long(item->zeroed, zeroed, sizeof(zeroed));
	say_size_long(item->was_zero, zero, sizeof(zero));
	say_clock((int64_t)item->elapsed_ms, clock, sizeof(clock));
	/* TRANSLATORS: "disk.img: done, 83.0 GiB zeroed, 38.3 GiB were zero already, 00:10:47" */
	fprintf(out, "achica: %s\n", say_fill(line, sizeof(line), item->method == METHOD_OVERLAY
		/* TRANSLATORS: "disk.img: done, left as it is; its copy leaves out 83.0 GiB ..." */
		? _("{name}: {phase}, left as it is; its copy leaves out {zeroed} of free space, "
		    "and {zero} of holes, {clock}")
		: _("{name}: {phase}, {zeroed} zeroed, {zero} were zero already, {clock}"), facts));
	for (enum say_proof k = 0; k < SAY_PROOFS; k++) {
		if (say_proof(&item->proofs, k, t->name, line, sizeof(line))[0])
			fprintf(out, "achica: %s\n", line);
	}
	if (item->error.why == WHY_NONE)
		return;
	say_reason(&item->error, reason, sizeof(reason));
	fprintf(out, "achica: %s\n", say_fill(line, sizeof(line), _("{name}: {reason}"), facts));
	if (say_remedy(&item->error, t, reason, sizeof(reason))[0])
		/* TRANSLATORS: "What helps: e2fsck -f /dev/sda1" */
		fprintf(out, "achica: %s\n", say_fill(line, sizeof(line),
			_("What helps: {reason}"), facts));
}

/* What is printed at the end so far, to go on with. */
static FILE *open_report(const struct ui *ui, char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);

	if (out && ui->report)
		fputs(ui->report, out);
	return out;
}

static void close_report(struct ui *ui, FILE *out, char **text)
{
	if (fclose(out) != 0) {
		free(*text);
		return;
	}
	free(ui->report);
	ui->report = *text;
}

void report_line(struct ui *ui, const char *line)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_report(ui, &text, &len);

	if (!out)
		return;
	fprintf(out, "achica: %s\n", line);
	close_report(ui, out, &text);
}

/* What the copies take, and the commands. Sets where that is. */
static void print_commands(struct ui *ui, FILE *out, const size_t *len)
{
	struct result *r = &ui->result;
	char line[512];

	fflush(out);
	r->report_at = *len;
	if (r->foretold)
		fprintf(out, "%s\n", say_copies_as(&r->copies, r->format, "+-", line,
						   sizeof(line)));
	if (r->n) {
		fprintf(out, "\n%s\n", _("Now these commands make a small copy:"));
		for (size_t i = 0; i < r->n; i++)
			fprintf(out, "  %s\n", r->lines[i]);
	}
	if (r->trouble)
		fprintf(out, "%s\n", r->trouble);
	fflush(out);
	r->report_len = *len - r->report_at;
}

/* Adds what this run did to what is printed at the end. */
void report_add(struct ui *ui)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_report(ui, &text, &len);

	if (!out)
		return;
	for (size_t i = 0; i < ui->zero.view.items; i++)
		print_item(ui, i, out);
	print_commands(ui, out, &len);
	close_report(ui, out, &text);
}

/* The commands which that text has, as they are now; what was said before and after them stays. */
static void renew_commands(struct ui *ui)
{
	struct result *r = &ui->result;
	const char *after = ui->report ? ui->report + r->report_at + r->report_len : NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *out = after ? open_memstream(&text, &len) : NULL;

	if (!out)
		return;
	fwrite(ui->report, 1, r->report_at, out);
	print_commands(ui, out, &len);
	fputs(after, out);
	close_report(ui, out, &text);
}

/* Those in which so large a disk cannot be are left out. */
void result_next_format(struct ui *ui)
{
	struct result *r = &ui->result;

	do {
		r->format = (enum forecast_format)((r->format + 1) % FORECAST_COUNT);
	} while (r->foretold && r->copies.after[r->format].bytes == FORECAST_NEVER);
	load_lines(ui);
	renew_commands(ui);
}

static int write_lines(FILE *out, const struct result *r)
{
	fprintf(out, "#!/bin/sh\nset -e\n");
	for (size_t i = 0; i < r->n; i++)
		fprintf(out, "# %s\n%s\n", say_advice(r->uses[i]), r->lines[i]);
	if (fflush(out) != 0 || fchmod(fileno(out), 0755) != 0)
		return -errno;
	return 0;
}

/* A new file, never one that is there. */
int script_write(const struct result *r, const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int rc;

	if (!out) {
		rc = error_set(err, WHY_OPEN, errno, path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	rc = write_lines(out, r);
	if (fclose(out) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	unlink(path);
	return error_set(err, WHY_SYSTEM, -rc, path);
}
