/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* See drive.h. */

#include "tests/lib/test.h"

#include <time.h>

#include "tests/ui/drive.h"

struct ui ui;

static struct options options;
static char *names[2];

void begin_on(char *name)
{
	struct error err;

	error_clear(&err);
	names[0] = name;
	options = (struct options){ .survey = { .names = names } };
	assert_int_equal(ui_open(&ui, &options, &err), 0);
}

void begin_with_consent(void)
{
	struct error err;

	error_clear(&err);
	names[0] = NULL;
	options = (struct options){ .survey = { .names = names, .swap = true, .gaps = true } };
	assert_int_equal(ui_open(&ui, &options, &err), 0);
}

void begin_by(enum method method)
{
	begin_on(NULL);
	options.job.method = method;
}

void begin(void)
{
	begin_on(NULL);
}

void end(void)
{
	ui_close(&ui);
}

void wait_for_checks(void)
{
	for (int i = 0; i < 20000; i++) {
		struct timespec t = { .tv_nsec = 100000 };
		size_t settled = 0;

		ui_update(&ui);
		for (size_t k = 0; k < ui.plan.n; k++)
			settled += ui.plan.items[k].check.state >= CHECK_OK;
		if (settled == ui.plan.n || ui.step != STEP_PLAN)
			return;
		nanosleep(&t, NULL); /* another thread's turn; the state ends it */
	}
	fail_msg("the checks did not end");
}

static int key_of(char c)
{
	switch (c) {
	case 'D':
		return KEY_ARROW_DOWN;
	case 'U':
		return KEY_ARROW_UP;
	case 'L':
		return KEY_ARROW_LEFT;
	case 'R':
		return KEY_ARROW_RIGHT;
	case 'E':
		return KEY_ESCAPE;
	case '1':
		return KEY_F_0 + 1;
	case '5':
		return KEY_F_0 + 5;
	default:
		return c;
	}
}

void type(const char *keys)
{
	for (; *keys; keys++) {
		ui_key(&ui, key_of(*keys));
		ui_update(&ui);
		if (ui.step == STEP_PLAN && !fake.hang)
			wait_for_checks();
	}
}
