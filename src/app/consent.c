/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Consent to what is cleared as a whole: swap areas, and gaps between partitions or volumes. A
 * filesystem says by itself what it does not use; here only the user can know that nobody needs
 * it. So each such row that could be done is refused at first. An option (--swap, --gaps) lifts
 * that for all of a kind, a typed name for one row, as long as the same bytes hold the same thing.
 * A gap with traces of a filesystem, a deleted partition perhaps, is not done because of an option
 * alone: it must be named on the command line as well.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/choose.h"
#include "app/consent.h"
#include "app/survey_impl.h"

static void want_one(struct target *t)
{
	const char *option = target_option(t);

	if (!option || !target_can(t))
		return;
	if (t->kind == TARGET_GAP && t->fstype)
		error_set(&t->verdict, WHY_REMAINS, 0, t->fstype);
	else
		error_set(&t->verdict, WHY_OPT_IN, 0, option);
}

void consent_want(struct target *t)
{
	want_one(t);
	for (struct target *child = t->children; child; child = child->next)
		consent_want(child);
}

bool rows_are_same(const struct target *a, const struct target *b)
{
	return strcmp(a->path, b->path) == 0 && a->base == b->base && a->size == b->size &&
	       a->n_segments == b->n_segments &&
	       (a->n_segments == 0 ||
		memcmp(a->segments, b->segments, a->n_segments * sizeof(*a->segments)) == 0) &&
	       strcmp(a->uuid ? a->uuid : "", b->uuid ? b->uuid : "") == 0;
}

static bool is_allowed(const struct survey *survey, const struct target *t)
{
	if (t->kind != TARGET_GAP && survey->swap)
		return true;
	if (t->kind == TARGET_GAP && survey->gaps && (t->named || t->verdict.why == WHY_OPT_IN))
		return true;
	for (const struct target *a = survey->allowed; a; a = a->next) {
		if (a->kind == t->kind && a->verdict.why == t->verdict.why &&
		    strcmp(a->verdict.what, t->verdict.what) == 0 && rows_are_same(a, t))
			return true;
	}
	return false;
}

static void lift(struct target *t)
{
	error_clear(&t->verdict);
	choose_all(t);
}

void rows_consent(const struct survey *survey, struct target *top)
{
	if (target_wants_consent(top) && is_allowed(survey, top))
		lift(top);
	for (struct target *child = top->children; child; child = child->next)
		rows_consent(survey, child);
}

int survey_allow(struct survey *survey, const char *name)
{
	struct target *t = survey->tree ? target_find(survey->tree, name) : NULL;
	struct target *copy;

	if (!t || !target_wants_consent(t))
		return -ENOENT;
	copy = target_copy(t);
	if (!copy)
		return -ENOMEM;
	copy->next = survey->allowed;
	survey->allowed = copy;
	lift(t);
	return 0;
}
