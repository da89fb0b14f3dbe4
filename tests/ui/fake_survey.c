/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* survey.h without disks: the tree of the scenario. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "achica/units.h"
#include "tests/ui/fake.h"

struct survey {
	struct target *tree;
	int fd;
	bool changed;
};

int survey_open(const struct survey_options *options, struct survey **survey, struct error *err)
{
	struct survey *s;

	if (options->names && options->names[0] && strcmp(options->names[0], "missing.img") == 0)
		return error_set(err, WHY_NOT_FOUND, ENOENT, options->names[0]);
	s = calloc(1, sizeof(*s));
	s->tree = fake_make_tree();
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*survey = s;
	return 0;
}

void survey_close(struct survey *s)
{
	target_free(s->tree);
	close(s->fd);
	free(s);
}

int survey_fd(const struct survey *s)
{
	return s->fd;
}

static void change(struct survey *s)
{
	s->changed = true;
	eventfd_write(s->fd, 1);
}

bool survey_update(struct survey *s)
{
	bool changed = s->changed;
	eventfd_t n;

	eventfd_read(s->fd, &n);
	s->changed = false;
	return changed;
}

struct target *survey_tree(const struct survey *s)
{
	return s->tree;
}

int survey_add(struct survey *s, const char *name, struct error *err)
{
	struct target *t;

	if (strstr(name, "missing"))
		return error_set(err, WHY_NOT_FOUND, ENOENT, name);
	t = target_new(TARGET_IMAGE);
	t->name = strdup(name);
	t->path = strdup(name);
	t->size = GIB;
	t->state = TARGET_READY;
	t->fstype = strdup("ext4");
	target_append(&s->tree, NULL, t);
	change(s);
	return 0;
}

/* Every pointer into the tree is wrong afterwards, as it is with the real one. */
int survey_rescan(struct survey *s, struct error *err)
{
	(void)err;
	fake.rescans++;
	target_free(s->tree);
	s->tree = fake_make_tree();
	change(s);
	return 0;
}

void survey_prefer(struct survey *s, const char *name)
{
	(void)s;
	snprintf(fake.preferred, sizeof(fake.preferred), "%s", name ? name : "");
}

void survey_exact(struct survey *s, const char *name)
{
	struct target *t = target_find(s->tree, name);

	snprintf(fake.exact, sizeof(fake.exact), "%s", name);
	t->estimate.known = t->estimate.exact = true;
	t->estimate.stale_low = t->estimate.stale_high = t->estimate.stale;
	change(s);
}

int survey_allow(struct survey *s, const char *name)
{
	struct target *t = target_find(s->tree, name);

	if (!t || !target_wants_consent(t))
		return -ENOENT;
	error_clear(&t->verdict);
	return 0;
}

void survey_pause(struct survey *s, bool pause)
{
	(void)s;
	fake.survey_paused = pause;
}

int survey_settle(struct survey *s, int timeout_ms)
{
	(void)s;
	(void)timeout_ms;
	return 0;
}

int survey_percent(const struct survey *s, const char *name)
{
	(void)s;
	return strcmp(name, "/dev/sdb1") == 0 ? 37 : -1;
}
