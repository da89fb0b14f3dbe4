/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FRONT_H
#define ACHICA_FRONT_H

#include "achica/convert.h"
#include "achica/job.h"
#include "achica/survey.h"

/*
 * What the command line asks for, as cli/args.c reads it and both front ends obey it.
 */
enum verb { VERB_WIZARD, VERB_LIST, VERB_ESTIMATE, VERB_ZERO, VERB_FREE_MAP, VERB_SUGGEST };
enum progress { PROGRESS_AUTO, PROGRESS_LINE, PROGRESS_GAUGE, PROGRESS_JSON, PROGRESS_NONE };
enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

struct options {
	enum verb verb;
	struct survey_options survey; /* names and excludes point into argv and here */
	struct job_options job;
	enum progress progress;
	enum when color;
	bool json;
	bool yes;
	bool plain;        /* line mode instead of the screens */
	bool ascii;
	bool utf8;
	bool quiet;
	bool si;
	const char *log;   /* file to append the log to, NULL none */
	const char *convert; /* file to make the small copy as, NULL none */
};

/* The wizard. Returns the exit status. Never called without a terminal on stdin and stdout. */
int ui_run(const struct options *options);

/* Reads the command line: -1 to go on, or the exit status (help, version, usage error). */
int args_parse(int argc, char **argv, struct options *options);
void args_free(struct options *options);

/* The verbs without the wizard, and --plain. Return the exit status. */
int batch_run(const struct options *options);
int plain_run(const struct options *options);

#endif
