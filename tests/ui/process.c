/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* See process.h. */

#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ui/process.h"

struct vt *vt;

void start_on(const char *term, int rows, int cols, const char *settings, const char *args)
{
	const char *dir = getenv("top_builddir");
	char program[4096], text[512], words[512];
	char *env[16] = { (char *)"TZ=UTC", (char *)"ACHICA_NOW=1700000000" };
	char *argv[8] = { program };
	size_t n = 2, a = 1;

	snprintf(program, sizeof(program), "%s/tests/ui/wizard", dir ? dir : ".");
	snprintf(text, sizeof(text), "%s", settings);
	for (char *s = strtok(text, " "); s && n < 15; s = strtok(NULL, " "))
		env[n++] = s;
	snprintf(words, sizeof(words), "%s", args);
	for (char *s = strtok(words, " "); s && a < 7; s = strtok(NULL, " "))
		argv[a++] = s;
	vt = vt_start(argv, env, rows, cols, term);
	assert_non_null(vt);
}

void start(const char *settings)
{
	start_on("xterm-256color", 24, 80, settings, "");
}

void see(const char *text)
{
	if (vt_wait_text(vt, text, SOON))
		return;
	vt_print(vt, stderr);
	fail_msg("never seen: %s", text);
}

void see_cursor_at(const char *text)
{
	int row, col;

	if (vt_wait_cursor(vt, text, SOON))
		return;
	vt_cursor(vt, &row, &col);
	vt_print(vt, stderr);
	fail_msg("the cursor is at %d, %d, not on a row with: %s", row, col, text);
}

void ends_with(int status)
{
	assert_int_equal(vt_exit_status(vt, SOON), status);
}

int teardown(void **state)
{
	(void)state;
	vt_free(vt);
	vt = NULL;
	return 0;
}

void go_to_plan(void)
{
	see("Reclaimable");
	vt_send(vt, "<Down><Space><Down><Space><F5>");
	see("Nothing has been written yet.");
}

void go_to_work(void)
{
	go_to_plan();
	vt_send(vt, "<Right><Enter>");
	see("Safe to stop");
}
