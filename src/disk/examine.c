/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Reads one row of the tree: what is on it, who uses it, and whether it can be reclaimed. Every
 * failure becomes the verdict of the row that it concerns. Runs in a thread of its own and may hang
 * with the device; it shares nothing with other threads but libparted's mutex, under which no
 * device is read (table.c).
 *
 * The verdict is the first that is true of: swap in use; mounted (read-only, or where we cannot
 * reach it); used by somebody; read-only; a table or signatures that contradict each other;
 * nothing known on it; and what its driver says. A mounted filesystem that is writable needs no
 * driver: it is trimmed or filled through its own kernel.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk/disk.h"
#include "disk/image.h"
#include "disk/mounts.h"
#include "disk/place.h"
#include "disk/probe.h"
#include "disk/sysfs.h"
#include "disk/system.h"
#include "disk/table.h"
#include "disk/use.h"
#include "fs/fs.h"

/* A partition, of the table or of the kernel or (as it should be) of both. */
struct slot {
	unsigned number;
	struct extent range;
	dev_t node;     /* 0: the kernel has none */
	bool disputed;  /* table and kernel disagree */
};

struct exam {
	struct target *top;
	struct mount *mounts;
	struct system system;
	struct table table;
	struct slot *slots;
	size_t n;
	int fd;             /* of the row at work, owned by its io */
};

static void no_memory(struct target *t)
{
	error_set(&t->verdict, WHY_MEMORY, ENOMEM, NULL);
}

/* Copies text into *field unless it is empty; what is there stays when memory is out. */
static void set_text(char **field, const char *text)
{
	char *copy = text[0] ? strdup(text) : NULL;

	if (!copy)
		return;
	free(*field);
	*field = copy;
}

/* Opens what t->path names as an io that only reads; O_NONBLOCK lets an empty drive fail. */
static int open_row(struct exam *x, const struct target *t, struct io **io, struct error *err)
{
	x->fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (x->fd < 0)
		return error_set(err, WHY_OPEN, errno, t->path);
	place_forget(x->fd);
	return io_file_adopt(x->fd, t->path, false, io, err);
}

/* Partitions of the kernel. */

static int add_kernel_part(void *arg, const struct sysfs_part *part)
{
	struct exam *x = arg;
	struct slot *grown;

	if (part->number == x->table.extended)
		return 0;
	for (size_t i = 0; i < x->n; i++) {
		struct slot *s = &x->slots[i];

		if (s->number != part->number)
			continue;
		s->node = part->dev;
		s->disputed = s->range.start != part->range.start ||
			      s->range.len != part->range.len;
		return 0;
	}
	grown = realloc(x->slots, (x->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	x->slots = grown;
	x->slots[x->n++] = (struct slot){
		.number = part->number,
		.range = part->range,
		.node = part->dev,
		.disputed = x->table.type[0] != '\0',
	};
	return 0;
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *x = a;
	const struct slot *y = b;

	return (x->range.start > y->range.start) - (x->range.start < y->range.start);
}

static int collect_slots(struct exam *x)
{
	char dir[SYSFS_PATH_MAX];
	int r = 0;

	x->slots = calloc(x->table.n + 1, sizeof(*x->slots));
	if (!x->slots)
		return -ENOMEM;
	for (; x->n < x->table.n; x->n++) {
		x->slots[x->n] = (struct slot){
			.number = x->table.parts[x->n].number,
			.range = x->table.parts[x->n].range,
		};
	}
	if (x->top->kind == TARGET_DISK)
		r = sysfs_parts(sysfs_dir((dev_t)x->top->dev, dir, sizeof(dir)), add_kernel_part,
				x);
	qsort(x->slots, x->n, sizeof(*x->slots), compare_slots);
	return r;
}

/* The row of a partition; through its own node where it has one. NULL without memory. */
static struct target *new_part(const struct exam *x, const struct slot *s, const char *name)
{
	struct target *t = target_new(TARGET_PART);

	if (!t)
		return NULL;
	t->number = s->number;
	t->start = s->range.start;
	t->size = s->range.len;
	t->sector = x->top->sector;
	t->read_only = x->top->read_only;
	t->rotational = x->top->rotational;
	t->removable = x->top->removable;
	t->discard = x->top->discard;
	if (s->node) {
		t->path = sysfs_node(s->node);
		t->dev = s->node;
	} else {
		t->path = strdup(x->top->path);
		t->base = t->start;
		t->dev = x->top->dev;
		t->ino = x->top->ino;
	}
	if (name)
		t->name = strdup(name);
	else if (s->node)
		t->name = t->path ? strdup(t->path) : NULL;
	else if (asprintf(&t->name, "%s#%u", x->top->name, s->number) < 0)
		t->name = NULL;
	if (t->path && t->name)
		return t;
	target_free(t);
	return NULL;
}

static const struct target *find_number(const struct target *list, unsigned number)
{
	while (list && list->number != number)
		list = list->next;
	return list;
}

/* A partition that was asked for and is not there stays in the tree, so that all see why. */
static void keep_missing(struct exam *x, struct target *named)
{
	while (named) {
		struct target *next = named->next;

		named->next = NULL;
		if (find_number(x->top->children, named->number)) {
			target_free(named);
		} else {
			named->state = TARGET_READY;
			error_set(&named->verdict, WHY_NOT_FOUND, ENOENT, named->name);
			target_append(NULL, x->top, named);
		}
		named = next;
	}
}

/* Rows for the partitions; where some were named (rows with a number alone) only for those. */
static void make_parts(struct exam *x)
{
	struct target *named = x->top->children;

	x->top->children = NULL;
	for (size_t i = 0; i < x->n; i++) {
		const struct slot *s = &x->slots[i];
		const struct target *wanted = find_number(named, s->number);
		struct target *t;

		if (named && !wanted)
			continue;
		t = new_part(x, s, wanted ? wanted->name : NULL);
		if (!t) {
			no_memory(x->top);
			continue;
		}
		if (s->disputed)
			error_set(&t->verdict, WHY_CORRUPT, 0, "partition table");
		target_append(NULL, x->top, t);
	}
	keep_missing(x, named);
}

/* What is mounted. */

/* Puts the mount point of m into the sorted list: the best for trimming and filling first. */
static void add_mount(struct target *t, const struct mount **sorted, size_t *n,
		      const struct mount *m)
{
	size_t at = *n;
	char **grown = realloc(t->mountpoints, (*n + 2) * sizeof(*grown));
	char *point = strdup(m->point);

	if (grown)
		t->mountpoints = grown;
	if (!grown || !point) {
		free(point);
		no_memory(t);
		return;
	}
	for (; at > 0 && sorted[at - 1]->rank < m->rank; at--) {
		sorted[at] = sorted[at - 1];
		grown[at] = grown[at - 1];
	}
	sorted[at] = m;
	grown[at] = point;
	grown[++*n] = NULL;
}

#define MOUNTS_MAX 64

/* All mount points of t; returns the best mount, NULL without one. */
static const struct mount *take_mounts(const struct exam *x, struct target *t,
				       const struct place *place)
{
	const struct mount *sorted[MOUNTS_MAX];
	const struct mount *m = x->mounts;
	size_t n = 0;

	while (n < MOUNTS_MAX && (m = mounts_find(m, place))) {
		if (!m->swap)
			add_mount(t, sorted, &n, m);
		m = m->next;
	}
	if (n == 0)
		return NULL;
	set_text(&t->mount_options, sorted[0]->options);
	set_text(&t->mount_source, sorted[0]->source);
	return sorted[0];
}

/* The verdict on a mounted filesystem, and how full it is. */
static void judge_mounted(struct target *t, const struct mount *m)
{
	uint64_t size, free_bytes;

	if (!t->fstype && strncmp(m->fstype, "fuse", 4) != 0)
		set_text(&t->fstype, m->fstype);
	if (m->rank > 0 && mount_usage(m->point, &size, &free_bytes) == 0) {
		t->free = free_bytes;
		t->used = size - free_bytes;
	}
	if (m->rank <= 0)
		error_set(&t->verdict, WHY_MOUNTED, 0, m->point);
	else if (m->read_only)
		error_set(&t->verdict, WHY_MOUNTED_RO, 0, m->point);
}

/* What is on it. */

/* The driver's own verdict, and what it knows. */
static void ask_driver(struct target *t, struct io *io)
{
	struct extent window = { t->base, t->size };
	struct io *w = NULL;
	struct fs *fs = NULL;

	if (io_window_new(io, &window, 1, &w) < 0) {
		error_set(&t->verdict, WHY_CORRUPT, 0, "partition table");
		return;
	}
	if (fs_open(w, t->fstype ? t->fstype : "", &fs, &t->verdict) == 0) {
		if (fs->free != FS_FREE_UNKNOWN && fs->free <= fs->size) {
			t->free = fs->free;
			t->used = fs->size - fs->free;
		}
		fs_close(fs);
	}
	io_close(w);
}

static void take_signature(struct target *t, const struct signature *s)
{
	set_text(&t->fstype, s->type);
	set_text(&t->label, s->label);
	set_text(&t->uuid, s->uuid);
}

/* The verdict on a row without rows below: see the top of this file. found is what probing its
   signature said. */
static void judge(struct exam *x, struct target *t, struct io *io, const struct signature *s,
		  const struct error *found)
{
	struct use use = { .path = t->path, .mounts = x->mounts, .fd = x->fd };
	const struct mount *m;

	if (place_of_target(t, &use.place) < 0) {
		error_set(&t->verdict, WHY_SYSTEM, ESTALE, t->path);
		return;
	}
	t->system = system_has(&x->system, &use.place);
	m = take_mounts(x, t, &use.place);
	if (m && place_meets(&m->place, &use.place)) {
		judge_mounted(t, m);
		return;
	}
	if (use_check(&use, &t->verdict) < 0)
		return;
	if (t->read_only)
		error_set(&t->verdict, WHY_READ_ONLY, 0, t->path);
	else if (found->why != WHY_NONE && t->verdict.why == WHY_NONE)
		t->verdict = *found;
	else if (s->usage == SIGNATURE_CONTAINER)
		error_set(&t->verdict, WHY_CONTAINER, 0, s->type);
	else if (t->verdict.why == WHY_NONE)
		ask_driver(t, io);
}

static void examine_part(struct exam *x, struct target *t)
{
	struct signature s;
	struct error found;
	struct io *io = NULL;

	error_clear(&found);
	if (open_row(x, t, &io, &t->verdict) == 0) {
		probe_window(x->fd, (struct extent){ t->base, t->size }, t->sector, t->path, &s,
			     &found);
		take_signature(t, &s);
		judge(x, t, io, &s, &found);
		io_close(io);
	}
	t->state = TARGET_READY;
}

static void examine_parts(struct exam *x)
{
	for (struct target *t = x->top->children; t; t = t->next) {
		if (t->state == TARGET_READY)
			continue;
		examine_part(x, t);
		x->top->system = x->top->system || t->system;
	}
}

/* Signs of a filesystem over the whole disk next to a table: one of them is of the past, and
   nobody can say which. */
static void refuse_both(struct exam *x, const char *type)
{
	char what[128];

	snprintf(what, sizeof(what), "%s, %s", x->table.type, type);
	error_set(&x->top->verdict, WHY_AMBIGUOUS, 0, what);
	for (struct target *t = x->top->children; t; t = t->next)
		error_set(&t->verdict, WHY_AMBIGUOUS, 0, what);
}

/* The row itself: what it was when it was listed may have changed. */
static int take_identity(struct exam *x, struct io *io)
{
	struct target *t = x->top;
	struct stat st;

	if (fstat(x->fd, &st) < 0)
		return error_set(&t->verdict, WHY_OPEN, errno, t->path);
	if (S_ISBLK(st.st_mode) ? st.st_rdev != t->dev : st.st_dev != t->dev || st.st_ino != t->ino)
		return error_set(&t->verdict, WHY_SYSTEM, ESTALE, t->path);
	t->size = io->size;
	t->sector = io->sector;
	if (S_ISREG(st.st_mode))
		t->read_only = access(t->path, W_OK) < 0;
	return 0;
}

/* Whether an image file is the disk itself; other formats are refused by their name. */
static bool is_raw(struct target *t, struct io *io)
{
	const char *format;

	if (t->kind != TARGET_IMAGE)
		return true;
	if (image_format(io, &format, &t->size) < 0) {
		io_report(io, WHY_READ, EIO, &t->verdict);
		return false;
	}
	set_text(&t->format, format);
	if (strcmp(format, "raw") == 0)
		return true;
	error_set(&t->verdict, WHY_FORMAT, 0, format);
	return false;
}

/* The table, the signature of the whole, and what follows from both. */
static void examine_top(struct exam *x, struct io *io)
{
	struct target *t = x->top;
	struct signature s;
	struct error found;
	int r;

	error_clear(&found);
	if (take_identity(x, io) < 0 || !is_raw(t, io))
		return;
	r = table_read(io, &x->table, &found);
	t->sector = x->table.sector;
	if (r < 0 && !why_is_refusal(found.why)) {
		t->verdict = found;
		return;
	}
	probe_window(x->fd, (struct extent){ 0, t->size }, t->sector, t->path, &s, &found);
	take_signature(t, &s);
	if (collect_slots(x) < 0) {
		no_memory(t);
		return;
	}
	/* Boot code may look like a table without partitions; the filesystem counts. */
	if (x->n > 0 || r < 0 || !s.type[0])
		set_text(&t->table, x->table.type);
	if (x->n > 0 || t->children)
		make_parts(x);
	if (!t->children) {
		judge(x, t, io, &s, &found);
		return;
	}
	if (s.type[0] && x->n > 0)
		refuse_both(x, s.type);
	else if (found.why != WHY_NONE)
		t->verdict = found;
	examine_parts(x);
}

void discover_probe(struct target *top)
{
	struct exam x = { .top = top };
	struct io *io = NULL;

	x.table.sector = 512;
	if (mounts_read(&x.mounts, &top->verdict) == 0 &&
	    open_row(&x, top, &io, &top->verdict) == 0) {
		system_find(x.mounts, &x.system);
		examine_top(&x, io);
	}
	io_close(io);
	mounts_free(x.mounts);
	table_free(&x.table);
	free(x.slots);
	/* What was named but could not be looked for shares the reason of the whole. */
	for (struct target *t = top->children; t; t = t->next) {
		if (t->state != TARGET_READY && t->verdict.why == WHY_NONE)
			t->verdict = top->verdict;
		t->state = TARGET_READY;
	}
	top->state = TARGET_READY;
}
