/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Which rows a run is over: all that can be done below what the user named. A row counts as named
 * unless something above it was; so a disk may hold a swap partition and be done all the same,
 * while a partition that was asked for and cannot be done is a refusal, and so is a disk that was
 * asked for and in which nothing can be done.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "cli/cli.h"

/* "disk.img#2" for the row "/d/disk.img#2". */
static bool names_inner(const char *name, const struct target *t)
{
	const char *inner = strrchr(name, '#');
	char *path = inner ? strndup(name, (size_t)(inner - name)) : NULL;
	char *real = path ? realpath(path, NULL) : NULL;
	size_t n = real ? strlen(real) : 0;
	bool same = real && t->name && strncmp(t->name, real, n) == 0 &&
		    strcmp(t->name + n, inner) == 0;

	free(real);
	free(path);
	return same;
}

static bool names_row(const char *name, const struct target *t)
{
	char *real;
	bool same;

	if (t->named || (t->name && strcmp(name, t->name) == 0))
		return true;
	if (t->kind != TARGET_DISK && t->kind != TARGET_IMAGE)
		return names_inner(name, t);
	real = realpath(name, NULL);
	same = real && t->path && strcmp(real, t->path) == 0;
	free(real);
	return same;
}

static bool is_in(const struct target *t, char *const *names)
{
	for (; names && *names; names++) {
		if (names_row(*names, t))
			return true;
	}
	return false;
}

/* Whether the user asked for t itself, not only for something above it. */
static bool is_named(const struct target *t, char *const *names)
{
	if (!t->parent || is_in(t, names))
		return true;
	for (const struct target *above = t->parent; above; above = above->parent) {
		if (is_in(above, names))
			return false;
	}
	return true;
}

static void count_refused(struct selection *selection, const struct target *t,
			  char *const *names)
{
	selection->refused++;
	if (!why_is_refusal(t->verdict.why))
		selection->failed++;
	else if (is_named(t, names))
		selection->refused_named++;
}

/* Whether anything below t can be done. */
static bool has_work(const struct target *t)
{
	for (const struct target *c = t->children; c; c = c->next) {
		if (target_can(c) || has_work(c))
			return true;
	}
	return false;
}

int selection_make(struct target *tree, char *const *names, struct selection *selection)
{
	size_t rows = 0;

	for (struct target *t = tree; t; t = target_next(t))
		rows++;
	*selection = (struct selection){ .targets = calloc(rows + 1, sizeof(struct target *)) };
	if (!selection->targets)
		return -ENOMEM;
	for (struct target *t = tree; t; t = target_next(t)) {
		if (target_can(t))
			selection->targets[selection->n++] = t;
		else if (!t->children)
			count_refused(selection, t, names);
		else if (is_named(t, names) && !has_work(t))
			selection->refused_named++;
	}
	return 0;
}

void selection_complain(const struct target *tree)
{
	struct error stuck = { .why = WHY_TIMEOUT, .at = ERROR_NOWHERE };

	for (const struct target *t = tree; t; t = target_next(t)) {
		if (!t->children && !target_can(t))
			cli_complain_error(t->verdict.why == WHY_NONE ? &stuck : &t->verdict,
					   t->name, t);
	}
}

size_t selection_unread(const struct selection *selection, bool exact)
{
	size_t unread = 0;

	for (size_t i = 0; i < selection->n; i++) {
		const struct target *t = selection->targets[i];
		const struct say_fact facts[] = { { "name", t->name }, { NULL, NULL } };

		/* Where a mounted filesystem keeps its free space to itself, there is no figure. */
		if ((exact ? t->estimate.exact : t->estimate.known) ||
		    (!t->estimate.known && target_is_mounted(t)))
			continue;
		if (t->estimate.known)
			/* TRANSLATORS: {name} is "disk.img#1" */
			cli_complain(_("{name}: not all of its free space could be read"), facts);
		else
			/* TRANSLATORS: {name} is "disk.img#1" */
			cli_complain(_("{name}: its free space could not be read"), facts);
		unread++;
	}
	return unread;
}

int selection_status(const struct selection *selection, int job_status)
{
	if (job_status == STATUS_ERROR || selection->failed)
		return STATUS_ERROR;
	if (selection->refused_named || (selection->n == 0 && selection->refused))
		return STATUS_REFUSED;
	return job_status;
}
