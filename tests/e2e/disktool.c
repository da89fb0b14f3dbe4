/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The disk layer from a shell script:
 *
 *   disktool tree [-x EXCLUDE]... [NAME]...   the tree without reading, a line for each row
 *   disktool probe [NAME]...                  the same, read
 *   disktool lock KIND TARGET      (look, exclusive, mounted) says "locked", holds until stdin ends
 *   disktool allocated TARGET      bytes on the host
 *   disktool users MOUNTPOINT      "users" or "nobody"
 *
 * Lines: depth|kind|name|path|base|start|size|sector|table|format|fstype|label|mountpoints|backing|
 * system|verdict|what|pid
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk/disk.h"

#define NAMES_MAX 16

static int fail(const struct error *err)
{
	printf("%s|%s|%d|%d|%s\n", why_name(err->why), err->what, err->errnum, (int)err->pid,
	       err->who);
	return why_is_refusal(err->why) ? 4 : 1;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static void print_row(const struct target *t)
{
	printf("%u|%s|%s|%s|%llu|%llu|%llu|%u|", target_depth(t), target_kind_name(t->kind),
	       text(t->name), text(t->path), (unsigned long long)t->base,
	       (unsigned long long)t->start, (unsigned long long)t->size, t->sector);
	printf("%s|%s|%s|%s|", text(t->table), text(t->format), text(t->fstype), text(t->label));
	for (char **m = t->mountpoints; m && *m; m++)
		printf("%s%s", m == t->mountpoints ? "" : ",", *m);
	printf("|%s|%s|%s|%s|%d\n", text(t->backing), t->system ? "system" : "",
	       why_name(t->verdict.why), t->verdict.what, (int)t->verdict.pid);
}

static int show(char **argv, bool probe)
{
	char *excludes[NAMES_MAX] = { NULL };
	struct target *tree = NULL;
	struct error err;
	size_t n = 0;
	int r;

	error_clear(&err);
	while (argv[0] && strcmp(argv[0], "-x") == 0 && argv[1] && n < NAMES_MAX - 1) {
		excludes[n++] = argv[1];
		argv += 2;
	}
	r = discover_tree(argv, excludes, &tree, &err);
	if (r < 0)
		return fail(&err);
	for (struct target *t = tree; probe && t; t = t->next)
		discover_probe(t);
	for (struct target *t = tree; t; t = target_next(t))
		print_row(t);
	target_free(tree);
	return 0;
}

/* The probed row of that name: the deepest, for PATH#N is below its disk. */
static struct target *find(char *name, struct target **tree)
{
	char *names[] = { name, NULL };
	struct error err;

	error_clear(&err);
	if (discover_tree(names, NULL, tree, &err) < 0)
		exit(fail(&err));
	discover_probe(*tree);
	return (*tree)->children ? (*tree)->children : *tree;
}

static int hold(const char *kind, char *name)
{
	struct target *tree, *t = find(name, &tree);
	struct lock *lock = NULL;
	struct error err;
	char byte;
	int r;

	error_clear(&err);
	r = lock_take(t, strcmp(kind, "exclusive") == 0 ? LOCK_EXCLUSIVE
			 : strcmp(kind, "mounted") == 0 ? LOCK_MOUNTED : LOCK_LOOK, &lock, &err);
	if (r < 0) {
		r = fail(&err);
	} else {
		printf("locked|%llu|%s\n", (unsigned long long)lock_window(lock)->size,
		       lock_window(lock)->read_only ? "read-only" : "writable");
		fflush(stdout);
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
		lock_release(lock);
	}
	target_free(tree);
	return r;
}

static int allocated(char *name)
{
	struct target *tree, *t = find(name, &tree);
	uint64_t bytes = 0;
	int r = disk_allocated(t, &bytes);

	target_free(tree);
	if (r < 0)
		return 1;
	printf("%llu\n", (unsigned long long)bytes);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "tree") == 0)
		return show(argv + 2, false);
	if (argc > 1 && strcmp(argv[1], "probe") == 0)
		return show(argv + 2, true);
	if (argc == 4 && strcmp(argv[1], "lock") == 0)
		return hold(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "allocated") == 0)
		return allocated(argv[2]);
	if (argc == 3 && strcmp(argv[1], "users") == 0)
		return puts(mount_has_users(argv[2]) ? "users" : "nobody") < 0;
	fputs("usage: disktool tree|probe|lock|allocated|users ...\n", stderr);
	return 2;
}
