/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Questions on a terminal, line by line. An answer may be given in English or in the language of
 * the messages; whatever is not a clear yes is a no.
 */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "achica/i18n.h"
#include "cli/cli.h"

#define TICK_MS 200

bool ask_can(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool ask_line(char *buf, size_t n)
{
	size_t len;

	/* The terminal edits the line itself. Any thread may be the one that a signal interrupts,
	   so the waiting looks up now and then. */
	for (len = 0; len + 1 < n;) {
		struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

		while (poll(&in, 1, TICK_MS) <= 0) {
			if (signals_ending())
				return false;
		}
		if (read(STDIN_FILENO, buf + len, 1) <= 0)
			return false;
		if (buf[len] == '\n')
			break;
		len++;
	}
	buf[len] = '\0';
	return true;
}

/* Whether the n bytes at word are answer, case ignored, in the characters of the locale. */
static bool same_word(const char *answer, const char *word, size_t n)
{
	wchar_t a[64];
	wchar_t b[64];
	char copy[64];

	if (n >= sizeof(copy))
		return false;
	memcpy(copy, word, n);
	copy[n] = '\0';
	if (strcmp(answer, copy) == 0)
		return true;
	if (mbstowcs(a, answer, 64) >= 64 || mbstowcs(b, copy, 64) >= 64)
		return false;
	return wcscasecmp(a, b) == 0;
}

static bool in_list(const char *answer, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, "|");

		if (same_word(answer, list, n))
			return true;
		list += n + (list[n] == '|');
	}
	return false;
}

bool ask_matches(const char *answer, const char *english, const char *translated)
{
	return in_list(answer, english) || in_list(answer, translated);
}

bool ask_to_start(size_t targets)
{
	char number[24];
	char question[512];
	char answer[64];
	struct say_fact facts[] = { { "n", number }, { NULL, NULL } };

	snprintf(number, sizeof(number), "%zu", targets);
	/* TRANSLATORS: {n} is a number of targets. */
	say_fill(question, sizeof(question),
		 P_("Write zeros over the free space of this target?",
		    "Write zeros over the free space of these {n} targets?", targets), facts);
	/* TRANSLATORS: the answers that may be typed, after a question. */
	fprintf(stderr, "\n%s %s ", question, _("(yes or no)"));
	fflush(stderr);
	if (!ask_line(answer, sizeof(answer)))
		return false;
	/* TRANSLATORS: all that means yes, with | between. */
	return ask_matches(answer, "yes|y", C_("answer", "yes|y"));
}
