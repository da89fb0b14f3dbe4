/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Names in the advice: what is copied, and what the copy may be called. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "achica/advice.h"
#include "app/advice_path.h"

#define LONGEST_EXTENSION 5

/* The backing file of a loop device may have lost its name. */
const char *advice_source(const struct target *top)
{
	if (top->backing && access(top->backing, F_OK) == 0)
		return top->backing;
	return top->path;
}

/* Where the extension of name starts, its end when it has none: not a version or a date. */
static size_t extension_at(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t n = dot ? strlen(dot + 1) : 0;

	if (n == 0 || n > LONGEST_EXTENSION || dot == name || !isalpha((unsigned char)dot[1]))
		return strlen(name);
	for (const char *p = dot + 1; *p; p++) {
		if (!isalnum((unsigned char)*p))
			return strlen(name);
	}
	return (size_t)(dot - name);
}

/* Where the copy belongs, malloc'ed: beside a file, unless nothing can be written there. */
static char *copy_folder(const char *source, bool is_file)
{
	const char *slash = strrchr(source, '/');
	char *folder;

	if (!is_file || !slash)
		return getcwd(NULL, 0);
	folder = strndup(source, slash == source ? 1 : (size_t)(slash - source));
	if (!folder || access(folder, W_OK | X_OK) == 0 || errno == ENOENT)
		return folder;
	free(folder);
	return getcwd(NULL, 0);
}

/* The folder and the name without extension for the copy of source, malloc'ed. */
static char *copy_stem(const struct target *top, const char *source)
{
	const char *name = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
	bool is_file = top->kind == TARGET_IMAGE || source != top->path;
	char *folder = copy_folder(source, is_file);
	size_t name_len = is_file ? extension_at(name) : strlen(name);
	char *stem = NULL;

	if (folder && asprintf(&stem, "%s/%.*s", strcmp(folder, "/") == 0 ? "" : folder,
			       (int)name_len, name) < 0)
		stem = NULL;
	free(folder);
	return stem;
}

/* A name for the copy which nothing has yet, malloc'ed. */
static char *free_name(const char *stem, const char *kind)
{
	char *name = NULL;
	struct stat st;

	for (unsigned i = 0; i < UINT16_MAX; i++) {
		char number[16] = "";

		if (i > 0)
			snprintf(number, sizeof(number), "-%u", i);
		if (asprintf(&name, "%s%s%s.qcow2", stem, number, kind) < 0)
			return NULL;
		if (lstat(name, &st) < 0 && errno == ENOENT)
			return name;
		free(name);
	}
	return NULL;
}

char *path_absolute(const char *path)
{
	char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *whole = NULL;

	if (path[0] == '/')
		return strdup(path);
	if (here && asprintf(&whole, "%s/%s", here, path) < 0)
		whole = NULL;
	free(here);
	return whole;
}

char *advice_name(const struct target *t, const char *kind)
{
	const struct target *top = target_top(t);
	char *stem = copy_stem(top, advice_source(top));
	char *name = stem ? free_name(stem, kind) : NULL;

	free(stem);
	return name;
}
