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

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "achica/advice.h"
#include "app/advice_path.h"

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

/* At most that many words in what forecast_options says. */
#define OPTION_WORDS 3

static int add_convert(struct advice *a, const char *format, const char *source, const char *copy,
		       enum forecast_format out)
{
	const char *args[7 + OPTION_WORDS + 3] = { "qemu-img", "convert", "-p", "-f", format, "-O",
						   "qcow2" };
	char options[64];
	char *rest = options;
	size_t n = 7;

	snprintf(options, sizeof(options), "%s", forecast_options(out));
	while (n < 7 + OPTION_WORDS && (args[n] = strtok_r(rest, " ", &rest)))
		n++;
	args[n++] = source;
	args[n] = copy;
	return add(a, ADVICE_CONVERT, args);
}

static int add_copy(struct advice *a, const char *format, const char *source, const char *copy,
		    enum forecast_format out)
{
	const char *const compare[] = { "qemu-img", "compare", "-f", format, "-F", "qcow2",
					source, copy, NULL };
	int rc = add_convert(a, format, source, copy, out);

	return rc ? rc : add(a, ADVICE_COMPARE, compare);
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

/* The source stays in use as it is: it is held by nobody who writes. */
static int fill_overlay(struct advice *a, const char *copy, const struct advice_options *o)
{
	int rc = add_copy(a, "qcow2", o->overlay, copy, o->format);

	return rc ? rc : add(a, ADVICE_REMOVE, (const char *const[]){ "rm", o->overlay, NULL });
}

static int fill_plain(struct advice *a, const struct target *top, const char *copy,
		      const struct advice_options *o)
{
	const char *source = advice_source(top);
	int rc = add_unmounts(a, top);

	if (rc == 0)
		rc = add_waits(a, top);
	if (rc == 0)
		rc = add_swapoffs(a, top);
	if (rc == 0 && (source != top->path || top->kind == TARGET_IMAGE))
		rc = add_detaches(a, top);
	return rc ? rc : add_copy(a, "raw", source, copy, o->format);
}

static int fill(struct advice *a, const struct target *top, const struct advice_options *o)
{
	char *copy = o->out ? path_absolute(o->out) : advice_name(top, "");
	int rc = copy ? 0 : error_set(a->err, WHY_SYSTEM, errno ? errno : ENOMEM, top->path);

	if (rc == 0)
		rc = o->overlay ? fill_overlay(a, copy, o) : fill_plain(a, top, copy, o);
	free(copy);
	return rc;
}

int advice_for(const struct target *t, const struct advice_options *options,
	       struct command **list, struct error *err)
{
	static const struct advice_options none = { .out = NULL };
	const struct target *top = target_top(t);
	struct advice a = { .end = &a.first, .err = err };
	int rc = check(top, err);

	if (rc == 0)
		rc = fill(&a, top, options ? options : &none);
	if (rc == 0)
		*list = a.first;
	else
		command_free(a.first);
	return rc;
}
