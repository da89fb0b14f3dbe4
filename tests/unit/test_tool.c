/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/convert_impl.h"
#include "app/tool.h"
#include "tests/lib/test.h"

struct heard {
	char lines[256];
	pid_t pid;
};

static void hear(void *arg, const char *line)
{
	struct heard *h = arg;
	size_t at = strlen(h->lines);

	snprintf(h->lines + at, sizeof(h->lines) - at, "%s|", line);
	h->pid = (pid_t)strtol(line, NULL, 10);
}

static int run_shell(struct tool *tool, const char *script, struct error *err)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	tool->argv = (char *const *)argv;
	error_clear(err);
	return tool_must(tool, err);
}

static void each_line_is_heard_however_it_ends(void **state)
{
	struct heard h = { "", 0 };
	struct tool tool = { .said = hear, .arg = &h };
	struct error err;

	(void)state;
	assert_int_equal(run_shell(&tool, "printf 'one\\rtwo\\n\\nthree'", &err), 0);
	assert_string_equal(h.lines, "one|two|three|");
}

static void a_failure_is_told_in_its_own_words(void **state)
{
	struct tool tool = { .said = NULL };
	struct error err;

	(void)state;
	assert_int_equal(run_shell(&tool, "echo first >&2; echo last >&2; exit 3", &err), -EIO);
	assert_int_equal(err.why, WHY_TOOL_FAILED);
	assert_string_equal(err.what, "last");
	assert_int_equal(tool.status, 3);
	assert_int_equal(run_shell(&tool, "kill -9 $$", &err), -EIO);
	assert_string_equal(err.what, "sh: 137");
}

static void what_is_no_failure_is_the_callers_to_say(void **state)
{
	struct tool tool = { .most = 1 };
	struct error err;

	(void)state;
	assert_int_equal(run_shell(&tool, "exit 1", &err), 0);
	assert_int_equal(tool.status, 1);
	assert_int_equal(run_shell(&tool, "exit 2", &err), -EIO);
}

static void a_program_that_is_not_there_is_named(void **state)
{
	const char *const argv[] = { "achica-no-such-program", NULL };
	struct tool tool = { .argv = (char *const *)argv };
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(tool_run(&tool, &err), -ENOENT);
	assert_int_equal(err.why, WHY_TOOL);
	assert_string_equal(err.what, argv[0]);
	assert_false(tool_is_there(argv[0]));
	assert_true(tool_is_there("sh"));
}

static void it_speaks_english_and_reads_nothing(void **state)
{
	struct heard h = { "", 0 };
	struct tool tool = { .said = hear, .arg = &h };
	struct error err;

	(void)state;
	setenv("LANGUAGE", "es", 1);
	setenv("LC_MESSAGES", "es_ES.UTF-8", 1);
	assert_int_equal(run_shell(&tool, "cat; echo \"$LC_ALL,$LANGUAGE,$LC_MESSAGES\"", &err), 0);
	assert_string_equal(h.lines, "C,,|");
	unsetenv("LANGUAGE");
	unsetenv("LC_MESSAGES");
}

static bool heard_its_pid(void *arg)
{
	const struct heard *h = arg;

	return h->pid > 0;
}

static void stopped_it_is_gone_with_its_children(void **state)
{
	struct heard h = { "", 0 };
	struct tool tool = { .said = hear, .canceled = heard_its_pid, .arg = &h };
	struct error err;

	(void)state;
	assert_int_equal(run_shell(&tool, "sleep 1000 & echo $!; wait", &err), -ECANCELED);
	/* It came back, so nobody has its stdout any more: the child of the shell is gone too. */
	assert_true(h.pid > 0);
}

static void progress_is_read_whatever_the_line(void **state)
{
	static const struct { const char *line; int permille; } lines[] = {
		{ "    (0.00/100%)", 0 },     { "    (12.34/100%)", 123 },
		{ "    (99.99/100%)", 999 },  { "    (100.00/100%)", 1000 },
		{ "(5/100%)", 50 },           { "Images are identical.", -1 },
		{ "", -1 },                   { "(", -1 },
		{ "(.5/100%)", -1 },          { "(-1.0/100%)", -1 },
		{ "(101.00/100%)", -1 },      { "(99999999999999999999.0/100%)", -1 },
		{ "(50.0/200%)", -1 },        { "(50.0", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(convert_percent(lines[i].line), lines[i].permille);
}

struct holding {
	pid_t pid;
	unsigned asked;
	bool seen;      /* it was stopped while it was to be held */
	bool ended;
};

/* The state letter of /proc/PID/stat (proc(5)). */
static char state_of(pid_t pid)
{
	char path[64], text[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f && fgets(text, sizeof(text), f) && strchr(text, ')')) {
		fclose(f);
		return strchr(text, ')')[2];
	}
	if (f)
		fclose(f);
	return '?';
}

static void hear_pid(void *arg, const char *line)
{
	struct holding *h = arg;

	if (h->pid == 0)
		h->pid = (pid_t)strtol(line, NULL, 10);
	else
		h->ended = true;
}

/* Until it was seen to be stopped, a hundred looks at most. */
static bool hold_a_while(void *arg)
{
	struct holding *h = arg;

	if (h->pid != 0 && state_of(h->pid) == 'T')
		h->seen = true;
	return h->pid != 0 && !h->seen && h->asked++ < 100;
}

static void it_is_held_and_goes_on(void **state)
{
	struct holding h = { 0 };
	struct tool tool = { .said = hear_pid, .paused = hold_a_while, .arg = &h };
	struct error err;

	(void)state;
	/* No child of its own: one that waits for its vfork is not seen to be stopped. */
	assert_int_equal(run_shell(&tool, "echo $$; i=0; while [ $i -lt 50000 ]; do i=$((i + 1));"
					  " done; echo on", &err), 0);
	assert_true(h.seen);
	assert_true(h.ended);
}

static bool always(void *arg)
{
	struct holding *h = arg;

	return h->pid != 0;
}

static bool when_stopped(void *arg)
{
	struct holding *h = arg;

	return h->pid != 0 && state_of(h->pid) == 'T';
}

static void what_is_held_can_be_ended(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo $$; exec sleep 60", NULL };
	struct holding h = { 0 };
	struct tool tool = { .argv = (char *const *)argv, .said = hear_pid, .paused = always,
			     .canceled = when_stopped, .arg = &h };
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(tool_run(&tool, &err), -ECANCELED);
	assert_int_equal(state_of(h.pid), '?');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_heard_however_it_ends),
		cmocka_unit_test(a_failure_is_told_in_its_own_words),
		cmocka_unit_test(what_is_no_failure_is_the_callers_to_say),
		cmocka_unit_test(a_program_that_is_not_there_is_named),
		cmocka_unit_test(it_speaks_english_and_reads_nothing),
		cmocka_unit_test(stopped_it_is_gone_with_its_children),
		cmocka_unit_test(progress_is_read_whatever_the_line),
		cmocka_unit_test(it_is_held_and_goes_on),
		cmocka_unit_test(what_is_held_can_be_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
