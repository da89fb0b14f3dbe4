/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Signals of a batch run. Handlers only note; the loops look every 200 ms at the latest, also when
 * another thread was the one interrupted. A reader of stdout that goes away is a write error, not
 * a reason to die amid the work.
 */

#include <signal.h>

#include "cli/cli.h"

static volatile sig_atomic_t ending;
static volatile sig_atomic_t status_wanted;

static void note_ending(int sig)
{
	ending = sig;
}

static void note_status(int sig)
{
	(void)sig;
	status_wanted = 1;
}

static void catch_one(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	struct sigaction old;

	/* What nohup(1) ignores stays ignored. */
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_IGN && sig == SIGHUP)
		return;
	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
}

void signals_catch(void)
{
	catch_one(SIGINT, note_ending);
	catch_one(SIGTERM, note_ending);
	catch_one(SIGHUP, note_ending);
	catch_one(SIGUSR1, note_status);
	catch_one(SIGPIPE, SIG_IGN);
}

int signals_ending(void)
{
	return ending;
}

bool signals_status_wanted(void)
{
	bool wanted = status_wanted;

	status_wanted = 0;
	return wanted;
}

int signals_exit_status(int sig)
{
	return 128 + sig;
}
