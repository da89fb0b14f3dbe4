/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_TOOL_H
#define ACHICA_APP_TOOL_H

#include <stdbool.h>

#include "achica/error.h"

/* A program that is run to its end: no shell, nothing on its stdin, messages in English. */
struct tool {
	/* NULL-terminated; argv[0] is searched in PATH, and in the folders of the superuser. */
	char *const *argv;
	bool (*canceled)(void *arg);                 /* asked all the time; NULL: never */
	bool (*paused)(void *arg);                   /* as often: held meanwhile; NULL: never */
	void (*said)(void *arg, const char *line);   /* each line of stdout; NULL: nobody reads */
	void *arg;
	int most;        /* the highest exit status that is no failure */
	int status;      /* out: its exit status, or 128 + the signal that killed it */
	char last[224];  /* out: the last line of its stderr, "" none */
};

/* Whether there is such a program. */
bool tool_is_there(const char *name);

/*
 * Runs it. 0: it ended, with tool->status. -ENOENT: WHY_TOOL, there is no such program. -ECANCELED:
 * it was ended because canceled said so, and is gone.
 */
int tool_run(struct tool *tool, struct error *err);

/* The same; an exit status above tool->most is -EIO, WHY_TOOL_FAILED with what it said. */
int tool_must(struct tool *tool, struct error *err);

#endif
