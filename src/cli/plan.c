/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What a run would do, said before it is done. */

#include <langinfo.h>
#include <string.h>

#include "achica/i18n.h"
#include "cli/cli.h"

static void print_row(const struct target *t, size_t number, const struct options *options,
		      FILE *out)
{
	enum method m = options->job.method == METHOD_AUTO ? t->method : options->job.method;
	char n[24], size[16], bytes[16], line[2048];
	struct say_fact facts[] = {
		{ "n", n }, { "name", t->name }, { "fs", target_type(t) },
		{ "size", size }, { "free", bytes }, { "method", say_method(m) }, { NULL, NULL },
	};

	snprintf(n, sizeof(n), "%zu", number);
	say_size(t->size, size, sizeof(size));
	say_size(t->free, bytes, sizeof(bytes));
	say_fill(line, sizeof(line),
		 target_option(t)
			 /* TRANSLATORS: " 2. /dev/sda4 (swap, 18.0G), ALL of it: write zeros" */
			 ? _(" {n}. {name} ({fs}, {size}), ALL of it: {method}")
			 /* TRANSLATORS: " 1. /dev/sda1 (ext4, 200.0G), 121.3G free: write zeros" */
			 : _(" {n}. {name} ({fs}, {size}), {free} free: {method}"),
		 facts);
	fprintf(out, "%s\n", line);
}

bool plan_writes(const struct selection *selection, const struct options *options)
{
	for (size_t i = 0; i < selection->n; i++) {
		if (options->job.method != METHOD_OVERLAY &&
		    (options->job.method != METHOD_AUTO ||
		     selection->targets[i]->method != METHOD_OVERLAY))
			return true;
	}
	return false;
}

void plan_print(const struct selection *selection, const struct options *options, FILE *out)
{
	bool writes = plan_writes(selection, options);
	char number[24];
	char line[512];
	struct say_fact facts[] = { { "n", number }, { NULL, NULL } };

	snprintf(number, sizeof(number), "%zu", selection->n);
	/* TRANSLATORS: {n} is a number. */
	say_fill(line, sizeof(line), P_("achica will make the free space of this target zero.",
					"achica will make the free space of these {n} targets zero.",
					selection->n), facts);
	if (writes)
		help_wrap(out, line, 0, 0, 80);
	else
		help_wrap(out, _("achica will leave the source as it is, and free space out of its "
				 "copy:"), 0, 0, 80);
	for (size_t i = 0; i < selection->n; i++)
		print_row(selection->targets[i], i + 1, options, out);
	if (writes)
		help_wrap(out, _("Files are not touched. Deleted files in that space can NOT be "
				 "recovered afterwards. It is safe to stop at any time."), 0, 0,
			  80);
	if (options->job.dry_run)
		help_wrap(out, _("This is a dry run: nothing will be written."), 0, 0, 80);
}

static bool is_selected(void *arg, const struct target *t)
{
	const struct selection *selection = arg;

	for (size_t i = 0; i < selection->n; i++) {
		if (selection->targets[i] == t)
			return true;
	}
	return false;
}

void plan_copies(const struct selection *selection, const struct target *tree, FILE *out)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	struct forecast_sum sum;
	char line[512];

	if (forecast_sum(tree, is_selected, (void *)selection, &sum))
		help_wrap(out, say_copies(&sum, false, utf8 ? "\302\261" : "+-", line,
					  sizeof(line)), 0, 0, 80);
}
