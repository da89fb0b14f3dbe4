/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Argument lists as text for a POSIX shell. Inside single quotes every byte but the single quote
 * stands for itself (POSIX.1-2017, Shell Command Language, 2.2.2), newlines and invalid UTF-8 too;
 * the single quote is closed, escaped, and opened again.
 */

#include <stdlib.h>
#include <string.h>

#include "achica/advice.h"

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "_@%+=:,./-";

static bool is_plain(const char *arg)
{
	return *arg != '\0' && strspn(arg, plain) == strlen(arg);
}

char *shell_quote(const char *arg)
{
	char *text;
	char *out;

	if (is_plain(arg))
		return strdup(arg);
	out = text = malloc(4 * strlen(arg) + 3);
	if (!text)
		return NULL;
	*out++ = '\'';
	for (; *arg; arg++) {
		if (*arg == '\'')
			out = mempcpy(out, "'\\''", 4);
		else
			*out++ = *arg;
	}
	*out++ = '\'';
	*out = '\0';
	return text;
}

/* line with word behind it and a blank between; takes both, NULL when memory is out. */
static char *append(char *line, char *word)
{
	size_t have = line ? strlen(line) + 1 : 0;
	char *longer = word ? realloc(line, have + strlen(word) + 1) : NULL;

	if (longer) {
		if (have)
			longer[have - 1] = ' ';
		memcpy(longer + have, word, strlen(word) + 1);
	} else {
		free(line);
	}
	free(word);
	return longer;
}

char *command_line(const struct command *c)
{
	char *line = NULL;

	for (char **arg = c->argv; *arg; arg++) {
		line = append(line, shell_quote(*arg));
		if (!line)
			return NULL;
	}
	return line;
}
