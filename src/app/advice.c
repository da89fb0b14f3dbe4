/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The commands which make the small qcow2. What is copied is always a whole disk or image, from the
 * file which holds it, after everything that changes it is out of the way.
 *
 * qemu-img takes "a:b" for a protocol only where the colon comes before the first slash
 * (path_has_protocol in QEMU's util/block, tried with 7.2), so an absolute path needs no more than
 * the shell's quotes; neither can it be taken for an option.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "achica/advice.h"
#include "achica/convert.h"
#include "app/advice_path.h"

#define LONGEST_EXTENSION 5
#define LOOP "/dev/loop"

struct advice {
	struct command *first;
	struct command **end;
	struct error *err;
};

void command_free(struct command *list)
{
	while (list) {
		struct command *next = list->next;

		for (char **arg = list->argv; arg && *arg; arg++)
			free(*arg);
		free(list->argv);
		free(list);
		list = next;
	}
}

static char **copy_args(const char *const *args)
{
	size_t n = 0;
	char **copy;

	while (args[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(args[i]);
		if (!copy[i]) {
			while (i > 0)
				free(copy[--i]);
			free(copy);
			copy = NULL;
		}
	}
	return copy;
}

/* args is NULL-terminated and copied. */
static int add(struct advice *a, enum advice_use use, const char *const *args)
{
	struct command *c = calloc(1, sizeof(*c));

	if (c)
		c->argv = copy_args(args);
	if (!c || !c->argv) {
		free(c);
		return error_set(a->err, WHY_MEMORY, ENOMEM, NULL);
	}
	c->use = use;
	*a->end = c;
	a->end = &c->next;
	return 0;
}

/* Whether such a command is there already: two targets may share one mount or device. */
static bool has(const struct advice *a, enum advice_use use, const char *last)
{
	for (const struct command *c = a->first; c; c = c->next) {
		char **arg = c->argv;

		while (arg[1])
			arg++;
		if (c->use == use && strcmp(*arg, last) == 0)
			return true;
	}
	return false;
}

static int add_once(struct advice *a, enum advice_use use, const char *const *args)
{
	const char *const *last = args;

	while (last[1])
		last++;
	return has(a, use, *last) ? 0 : add(a, use, args);
}

/* Depth first, all of one disk or image: t is its top, or what this returned. */
static const struct target *next_in(const struct target *t)
{
	const struct target *next = target_next(t);

	return next && next->parent ? next : NULL;
}

/* The mount point below top that sorts last among those before limit (NULL: no limit), so that
   what is mounted inside another comes first. */
static const char *last_mount(const struct target *top, const char *limit)
{
	const char *last = NULL;

	for (const struct target *t = top; t; t = next_in(t)) {
		for (char **m = t->mountpoints; m && *m; m++) {
			if (limit && strcmp(*m, limit) >= 0)
				continue;
			if (!last || strcmp(*m, last) > 0)
				last = *m;
		}
	}
	return last;
}

static int add_unmounts(struct advice *a, const struct target *top)
{
	const char *m = NULL;
	int rc = 0;

	while (rc == 0 && (m = last_mount(top, m)))
		rc = add(a, ADVICE_UNMOUNT, (const char *const[]){ "umount", m, NULL });
	return rc;
}

/*
 * umount of a file that a program serves by FUSE is back before that has written all. Looks at what
 * is open as a shell can by itself: fuser and lsof are not everywhere.
 */
#define WAIT \
	"until ( for f in /proc/[0-9]*/fd/*; do if [ \"$f\" -ef \"$1\" ]; then exit 1; fi; done ); " \
	"do sleep 1; done"

static int add_waits(struct advice *a, const struct target *top)
{
	int rc = 0;

	for (const struct target *t = top; t && rc == 0; t = next_in(t)) {
		if (t->served && t->mountpoints)
			rc = add_once(a, ADVICE_WAIT, (const char *const[]){
					      "sh", "-c", WAIT, "sh", t->served, NULL });
	}
	return rc;
}

static int add_swapoffs(struct advice *a, const struct target *top)
{
	int rc = 0;

	for (const struct target *t = top; t && rc == 0; t = next_in(t)) {
		const char *device = t->verdict.what[0] ? t->verdict.what : t->path;

		if (t->verdict.why == WHY_SWAP_ACTIVE)
			rc = add_once(a, ADVICE_SWAPOFF,
				      (const char *const[]){ "swapoff", device, NULL });
	}
	return rc;
}

/* A loop device that the kernel detaches by itself when it is unmounted (mount -o loop). */
static bool detaches_itself(const char *name)
{
	char path[128];
	char flag = '0';
	int fd;

	snprintf(path, sizeof(path), "/sys/block/%s/loop/autoclear", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, &flag, 1) != 1)
		flag = '0';
	close(fd);
	return flag == '1';
}

/* device is /dev/loopN, or a partition of it. */
static int add_detach(struct advice *a, const char *device)
{
	char whole[64];
	size_t n = strlen(LOOP);

	if (!device || strncmp(device, LOOP, n) != 0)
		return 0;
	n += strspn(device + n, "0123456789");
	snprintf(whole, sizeof(whole), "%.*s", (int)n, device);
	if (detaches_itself(whole + strlen("/dev/")))
		return 0;
	return add_once(a, ADVICE_DETACH, (const char *const[]){ "losetup", "-d", whole, NULL });
}

static int add_detaches(struct advice *a, const struct target *top)
{
	int rc = add_detach(a, top->backing ? top->path : NULL);

	for (const struct target *t = top; t && rc == 0; t = next_in(t)) {
		if (top->kind != TARGET_IMAGE)
			break;
		rc = add_detach(a, t->mount_source);
		if (rc == 0 && t->verdict.why == WHY_LOOP)
			rc = add_detach(a, t->verdict.what);
	}
	return rc;
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

/* The folder and the name without extension for the copy of source, malloc'ed. */
static char *copy_stem(const struct target *top, const char *source)
{
	const char *name = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
	bool is_file = top->kind == TARGET_IMAGE || source != top->path;
	char *here = is_file ? NULL : getcwd(NULL, 0);
	const char *folder = is_file ? source : here;
	size_t folder_len = is_file ? (size_t)(name - source) : here ? strlen(here) : 0;
	size_t name_len = is_file ? extension_at(name) : strlen(name);
	char *stem = NULL;

	if (folder_len > 0 && folder[folder_len - 1] == '/')
		folder_len--;
	if (folder && asprintf(&stem, "%.*s/%.*s", (int)folder_len, folder, (int)name_len,
			       name) < 0)
		stem = NULL;
	free(here);
	return stem;
}

/* A name for the copy which nothing has yet, malloc'ed. */
static char *free_name(const char *stem)
{
	char *name = NULL;
	struct stat st;

	for (unsigned i = 0; i < UINT16_MAX; i++) {
		char number[16] = "";

		if (i > 0)
			snprintf(number, sizeof(number), "-%u", i);
		if (asprintf(&name, "%s%s.qcow2", stem, number) < 0)
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

static char *destination(const struct target *top, const char *source, const char *out)
{
	char *stem;
	char *name;

	if (out)
		return path_absolute(out);
	stem = copy_stem(top, source);
	name = stem ? free_name(stem) : NULL;
	free(stem);
	return name;
}

static int add_copy(struct advice *a, const char *source, const char *copy, bool compress)
{
	const char *convert[] = { "qemu-img", "convert", "-p", "-f", "raw", "-O", "qcow2",
				  source, copy, NULL, NULL };
	const char *const compare[] = { "qemu-img", "compare", "-f", "raw", "-F", "qcow2",
					source, copy, NULL };
	int rc;

	if (compress) {
		convert[7] = "-c";
		convert[8] = source;
		convert[9] = copy;
	}
	rc = add(a, ADVICE_CONVERT, convert);
	return rc ? rc : add(a, ADVICE_COMPARE, compare);
}

/* The file or device to copy. The backing file of a loop device may have lost its name. */
static const char *source_of(const struct target *top)
{
	if (top->backing && access(top->backing, F_OK) == 0)
		return top->backing;
	return top->path;
}

char *convert_suggest(const struct target *t)
{
	const struct target *top = target_top(t);

	return destination(top, source_of(top), NULL);
}

static int check(const struct target *top, struct error *err)
{
	if (top->kind == TARGET_IMAGE && top->format && strcmp(top->format, "raw") != 0)
		return error_set(err, WHY_FORMAT, 0, top->format);
	if (top->system)
		return error_set(err, WHY_SYSTEM_DISK, 0, "/");
	if (!top->path)
		return error_set(err, WHY_NOT_FOUND, ENOENT, top->name);
	return 0;
}

static int fill(struct advice *a, const struct target *top, const struct advice_options *o)
{
	const char *source = source_of(top);
	char *copy = destination(top, source, o ? o->out : NULL);
	int rc = copy ? 0 : error_set(a->err, WHY_SYSTEM, errno ? errno : ENOMEM, source);

	if (rc == 0)
		rc = add_unmounts(a, top);
	if (rc == 0)
		rc = add_waits(a, top);
	if (rc == 0)
		rc = add_swapoffs(a, top);
	if (rc == 0 && (source != top->path || top->kind == TARGET_IMAGE))
		rc = add_detaches(a, top);
	if (rc == 0)
		rc = add_copy(a, source, copy, o && o->compress);
	free(copy);
	return rc;
}

int advice_for(const struct target *t, const struct advice_options *options,
	       struct command **list, struct error *err)
{
	const struct target *top = target_top(t);
	struct advice a = { .end = &a.first, .err = err };
	int rc = check(top, err);

	if (rc == 0)
		rc = fill(&a, top, options);
	if (rc == 0)
		*list = a.first;
	else
		command_free(a.first);
	return rc;
}
