/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Sets of names, unsorted: what a person marks or folds is few. */

#include "ui/names.h"

#include <stdlib.h>
#include <string.h>

static size_t find(const struct names *names, const char *name)
{
	size_t i = 0;

	while (i < names->n && strcmp(names->list[i], name) != 0)
		i++;
	return i;
}

bool names_has(const struct names *names, const char *name)
{
	return find(names, name) < names->n;
}

bool names_add(struct names *names, const char *name)
{
	char **list;

	if (names_has(names, name))
		return true;
	list = realloc(names->list, (names->n + 1) * sizeof(*list));
	if (!list)
		return false;
	names->list = list;
	list[names->n] = strdup(name);
	if (!list[names->n])
		return false;
	names->n++;
	return true;
}

void names_remove(struct names *names, const char *name)
{
	size_t i = find(names, name);

	if (i == names->n)
		return;
	free(names->list[i]);
	names->list[i] = names->list[--names->n];
}

void names_clear(struct names *names)
{
	while (names->n > 0)
		free(names->list[--names->n]);
	free(names->list);
	names->list = NULL;
}
