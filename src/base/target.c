/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The tree of targets: plain data, and how to walk it. */

#include <stdlib.h>
#include <string.h>

#include "achica/target.h"

static const char *const kind_names[] = {
	[TARGET_DISK] = "disk",
	[TARGET_IMAGE] = "image",
	[TARGET_PART] = "part",
	[TARGET_LV] = "lv",
	[TARGET_GAP] = "gap",
};

static const char *const method_names[METHOD_COUNT] = {
	[METHOD_AUTO] = "auto",
	[METHOD_PUNCH] = "punch",
	[METHOD_WRITE] = "write",
	[METHOD_TRIM] = "trim",
	[METHOD_FILL] = "fill",
	[METHOD_OVERLAY] = "overlay",
};

struct target *target_new(enum target_kind kind)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->kind = kind;
	t->sector = 512;
	error_clear(&t->verdict);
	return t;
}

/* Every string of a target, so that copying and freeing cannot forget one. */
static char **string_of(struct target *t, size_t i)
{
	char **const all[] = {
		&t->name, &t->path, &t->backing, &t->format, &t->table,
		&t->fstype, &t->label, &t->uuid, &t->model, &t->serial,
		&t->by_id, &t->mount_options, &t->mount_source, &t->served,
	};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

static void free_list(char **list)
{
	for (char **s = list; s && *s; s++)
		free(*s);
	free(list);
}

static char **copy_list(char *const *list)
{
	size_t n = 0;
	char **copy;

	while (list[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(list[i]);
		if (!copy[i]) {
			free_list(copy);
			return NULL;
		}
	}
	return copy;
}

static void free_one(struct target *t)
{
	char **s;

	for (size_t i = 0; (s = string_of(t, i)); i++)
		free(*s);
	free_list(t->mountpoints);
	free(t->segments);
	free(t->pvs);
	free(t->disks);
	free(t);
}

void target_free(struct target *t)
{
	while (t) {
		struct target *next = t->next;

		target_free(t->children);
		free_one(t);
		t = next;
	}
}

/* A copy of n things of that size at *from, in its place; false without memory. */
static bool copy_array(void *field, const void *from, size_t n, size_t size)
{
	void *copy = n ? malloc(n * size) : NULL;

	if (copy)
		memcpy(copy, from, n * size);
	memcpy(field, &copy, sizeof(copy));
	return copy || n == 0;
}

struct target *target_copy(const struct target *t)
{
	struct target *copy = malloc(sizeof(*copy));
	bool ok = true;
	char **s;

	if (!copy)
		return NULL;
	*copy = *t;
	copy->parent = copy->children = copy->next = NULL;
	for (size_t i = 0; (s = string_of(copy, i)); i++) {
		if (*s)
			ok = (*s = strdup(*s)) && ok;
	}
	if (copy->mountpoints)
		ok = (copy->mountpoints = copy_list(t->mountpoints)) && ok;
	ok = copy_array(&copy->segments, t->segments, t->n_segments, sizeof(*t->segments)) && ok;
	ok = copy_array(&copy->pvs, t->pvs, t->n_pvs, sizeof(*t->pvs)) && ok;
	ok = copy_array(&copy->disks, t->disks, t->n_disks, sizeof(*t->disks)) && ok;
	if (ok)
		return copy;
	free_one(copy);
	return NULL;
}

void target_append(struct target **list, struct target *parent, struct target *child)
{
	struct target **end = parent ? &parent->children : list;

	while (*end)
		end = &(*end)->next;
	*end = child;
	child->parent = parent;
}

struct target *target_next(const struct target *t)
{
	if (t->children)
		return t->children;
	while (t && !t->next)
		t = t->parent;
	return t ? t->next : NULL;
}

struct target *target_find(struct target *t, const char *name)
{
	for (; t; t = target_next(t)) {
		if (t->name && strcmp(t->name, name) == 0)
			return t;
	}
	return NULL;
}

const struct target *target_top(const struct target *t)
{
	while (t->parent)
		t = t->parent;
	return t;
}

unsigned target_depth(const struct target *t)
{
	unsigned depth = 0;

	for (; t->parent; t = t->parent)
		depth++;
	return depth;
}

bool target_can(const struct target *t)
{
	return t->state == TARGET_READY && t->verdict.why == WHY_NONE && !t->children;
}

const char *target_option(const struct target *t)
{
	if (t->kind == TARGET_GAP)
		return "--gaps";
	return t->fstype && strcmp(t->fstype, "swap") == 0 ? "--swap" : NULL;
}

const char *target_type(const struct target *t)
{
	if (t->kind == TARGET_GAP)
		return "gap";
	return t->fstype ? t->fstype : "";
}

#define WORD_MAX 40

const char *target_word(const struct target *t)
{
	const char *slash = strrchr(t->name, '/');
	const char *volume = target_volume(t);
	const char *word = volume ? volume : slash ? slash + 1 : t->name;
	size_t len = 0;

	while (word[len] > ' ' && word[len] <= '~')
		len++;
	if (word[len] == '\0' && len > 0 && len <= WORD_MAX)
		return word;
	return target_option(t) + strlen("--");
}

bool target_wants_consent(const struct target *t)
{
	return t->state == TARGET_READY && !t->children &&
	       (t->verdict.why == WHY_OPT_IN || t->verdict.why == WHY_REMAINS);
}

const char *target_volume(const struct target *t)
{
	const char *hash = t->n_pvs && t->name ? strrchr(t->name, '#') : NULL;

	return hash ? hash + 1 : NULL;
}

bool target_is_mounted(const struct target *t)
{
	return t->mountpoints && t->mountpoints[0];
}

bool mount_has_option(const char *options, const char *name)
{
	size_t n = strlen(name);

	while (options && *options) {
		size_t len = strcspn(options, ",");

		if (len >= n && strncmp(options, name, n) == 0 &&
		    (len == n || options[n] == '='))
			return true;
		options += len;
		options += *options == ',';
	}
	return false;
}

const char *target_kind_name(enum target_kind kind)
{
	return kind_names[kind];
}

const char *method_name(enum method m)
{
	return method_names[m];
}

enum method method_find(const char *name)
{
	for (enum method m = METHOD_AUTO; m < METHOD_COUNT; m++) {
		if (strcmp(method_names[m], name) == 0)
			return m;
	}
	return METHOD_COUNT;
}
