/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * vtdrive [-r ROWS] [-c COLS] [-t TERM] SCRIPT COMMAND [ARGUMENT]...
 *
 * Runs COMMAND on a terminal in memory and does what SCRIPT ("-": stdin) says, a step a line:
 *
 *   # comment
 *   timeout MS        how long later waits may take (10000)
 *   wait TEXT         until TEXT stands in one row of the screen
 *   gone TEXT         until TEXT stands nowhere
 *   cursor TEXT       until the cursor is in a row with TEXT
 *   until MS          takes in what comes until MS milliseconds after the start of COMMAND
 *   clock FILE        after waits: in which millisecond since the start the last one was over
 *   send KEYS         types, and lets come what that draws; <F5> <Right> <Enter> <Esc> <C-c> ...
 *                     are keys (tests/lib/vt.h)
 *   absent TEXT       fails when TEXT is on the screen now
 *   resize ROWS COLS
 *   kill SIGNAL       its number
 *   hangup            the terminal goes away
 *   dump FILE         the screen as text, "-": stdout
 *   exit STATUS       until it ended, with that exit status
 *   output FILE       after exit: all that was written after the screen was left
 *
 * Exit 0 when every step was so; 1 with the step and the screen on stderr when not.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/vt.h"

static int timeout_ms = 10000;
static double waited_ms; /* since the start, when the last wait was over */

static bool stamp(struct vt *vt, bool held)
{
	waited_ms = vt_clock(vt);
	return held;
}

static bool write_clock(const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");

	if (!out)
		return false;
	fprintf(out, "%.1f\n", waited_ms);
	return out == stdout || fclose(out) == 0;
}

/* What came after the terminal was told to leave the alternate screen (rmcup). */
static const char *after_screen(struct vt *vt)
{
	const char *at = vt_raw(vt);

	for (const char *next; (next = strstr(at, "\033[?1049l")); at = next)
		next += strlen("\033[?1049l");
	return at;
}

/* The last byte of the escape sequence at c (ECMA-48, 5.4). */
static const char *end_of_escape(const char *c)
{
	if (c[1] != '[')
		return c[1] ? c + 1 : c;
	c += 2;
	while (*c && (*c < '@' || *c > '~'))
		c++;
	return *c ? c : c - 1;
}

static bool write_output(struct vt *vt, const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");

	if (!out)
		return false;
	for (const char *c = after_screen(vt); *c; c++) {
		if (*c == '\033')
			c = end_of_escape(c);
		else if (*c != '\r')
			fputc(*c, out);
	}
	return out == stdout ? fflush(out) == 0 : fclose(out) == 0;
}

static bool dump(struct vt *vt, const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");

	if (!out)
		return false;
	vt_settle(vt, 1000);
	vt_print(vt, out);
	return out == stdout || fclose(out) == 0;
}

static bool resize(struct vt *vt, const char *arg)
{
	int rows, cols;

	if (sscanf(arg, "%d %d", &rows, &cols) != 2)
		return false;
	vt_resize(vt, rows, cols);
	return true;
}

/* One step. False when it failed. */
static bool step(struct vt *vt, const char *verb, const char *arg)
{
	if (strcmp(verb, "timeout") == 0)
		return (timeout_ms = atoi(arg)) > 0;
	if (strcmp(verb, "wait") == 0)
		return stamp(vt, vt_wait_text(vt, arg, timeout_ms));
	if (strcmp(verb, "gone") == 0)
		return stamp(vt, vt_wait_gone(vt, arg, timeout_ms));
	if (strcmp(verb, "cursor") == 0)
		return stamp(vt, vt_wait_cursor(vt, arg, timeout_ms));
	if (strcmp(verb, "until") == 0)
		return vt_until(vt, atoi(arg)), true;
	if (strcmp(verb, "clock") == 0)
		return write_clock(arg);
	if (strcmp(verb, "absent") == 0)
		return vt_find(vt, arg) < 0;
	if (strcmp(verb, "send") == 0)
		return vt_send(vt, arg), vt_settle(vt, 500), true;
	if (strcmp(verb, "resize") == 0)
		return resize(vt, arg);
	if (strcmp(verb, "kill") == 0)
		return vt_kill(vt, atoi(arg)), true;
	if (strcmp(verb, "hangup") == 0)
		return vt_hangup(vt), true;
	if (strcmp(verb, "dump") == 0)
		return dump(vt, arg);
	if (strcmp(verb, "exit") == 0)
		return vt_exit_status(vt, timeout_ms) == atoi(arg);
	if (strcmp(verb, "output") == 0)
		return write_output(vt, arg);
	fprintf(stderr, "vtdrive: no step %s\n", verb);
	return false;
}

static bool run(struct vt *vt, FILE *script)
{
	char line[4096];
	int number = 0;

	while (fgets(line, sizeof(line), script)) {
		char *arg;

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		arg = line + strcspn(line, " ");
		if (*arg)
			*arg++ = '\0';
		if (step(vt, line, arg))
			continue;
		fprintf(stderr, "vtdrive: line %d failed: %s %s\n", number, line, arg);
		fprintf(stderr, "exit status: %d; the screen:\n", vt_exit_status(vt, 0));
		vt_print(vt, stderr);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *term = "xterm-256color";
	int rows = 24, cols = 80, option;
	FILE *script;
	struct vt *vt;
	bool ok;

	while ((option = getopt(argc, argv, "+r:c:t:")) != -1) {
		if (option == 'r')
			rows = atoi(optarg);
		else if (option == 'c')
			cols = atoi(optarg);
		else if (option == 't')
			term = optarg;
		else
			return 2;
	}
	if (argc - optind < 2) {
		fputs("Usage: vtdrive [-r ROWS] [-c COLS] [-t TERM] SCRIPT COMMAND...\n", stderr);
		return 2;
	}
	script = strcmp(argv[optind], "-") == 0 ? stdin : fopen(argv[optind], "r");
	vt = script ? vt_start(argv + optind + 1, NULL, rows, cols, term) : NULL;
	if (!vt) {
		perror(argv[optind]);
		return 2;
	}
	ok = run(vt, script);
	vt_free(vt);
	return ok ? 0 : 1;
}
