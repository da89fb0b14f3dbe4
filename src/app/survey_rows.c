/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Which disks and images there are, and their order. */

#include <stdlib.h>
#include <string.h>

#include "app/survey_impl.h"
#include "disk/disk.h"

char **names_copy(char *const *names, size_t *n)
{
	char **copy;

	*n = 0;
	while (names && names[*n])
		++*n;
	copy = calloc(*n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < *n; i++) {
		copy[i] = strdup(names[i]);
		if (!copy[i]) {
			names_free(copy);
			return NULL;
		}
	}
	return copy;
}

void names_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}

void rows_insert(struct target **tree, struct target *row)
{
	struct target **at = tree;

	while (*at && (row->system || !(*at)->system))
		at = &(*at)->next;
	row->next = *at;
	*at = row;
}

struct target *rows_exchange(struct target **tree, struct target *row)
{
	struct target **at = tree;
	struct target *old;

	while (*at && strcmp((*at)->name, row->name) != 0)
		at = &(*at)->next;
	old = *at;
	if (!old)
		return NULL;
	row->next = old->next;
	*at = row;
	old->next = NULL;
	return old;
}

struct target *rows_take(struct target **tree, const char *name)
{
	struct target **at = tree;
	struct target *row;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	row = *at;
	if (row) {
		*at = row->next;
		row->next = NULL;
	}
	return row;
}

/* Moves the rows of more to tree, but those that are there already. */
static void merge(struct target **tree, struct target *more)
{
	while (more) {
		struct target *row = more;
		struct target *there = *tree;

		more = more->next;
		row->next = NULL;
		while (there && strcmp(there->name, row->name) != 0)
			there = there->next;
		if (there)
			target_free(row);
		else
			rows_insert(tree, row);
	}
}

int rows_find(const struct survey *survey, struct target **rows, struct error *err)
{
	struct target *found = NULL;
	struct target *named = NULL;
	int rc = 0;

	if (survey->all)
		rc = discover_tree(NULL, survey->excludes, &found, err);
	if (rc == 0 && survey->n_names > 0)
		rc = discover_tree(survey->names, survey->excludes, &named, err);
	if (rc) {
		target_free(found);
		return rc;
	}
	merge(&found, named);
	*rows = found;
	return 0;
}
