/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Reads one row of the tree: what is on it, who uses it, and whether it can be reclaimed. Every
 * failure becomes the verdict of the row that it concerns. Runs in a thread of its own and may hang
 * with the device; it shares nothing with other threads but libparted's mutex, under which no
 * device is read (table.c).
 *
 * The verdict is the first that is true of: swap in use; mounted (where we cannot reach it); used
 * by somebody; a table or signatures that contradict each other; nothing known on it; and what its
 * driver says. A mounted filesystem that is writable needs no driver: it is trimmed or filled
 * through its own kernel. One that is read-only, in itself or as it is mounted, is for an overlay.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk/contents.h"
#include "disk/disk.h"
#include "disk/gaps.h"
#include "disk/image.h"
#include "disk/lease.h"
#include "disk/media.h"
#include "disk/mounts.h"
#include "disk/parts.h"
#include "disk/place.h"
#include "disk/probe.h"
#include "disk/system.h"
#include "disk/table.h"
#include "disk/traces.h"
#include "disk/use.h"
#include "disk/volumes.h"
#include "disk/wanted.h"
#include "fs/fs.h"

struct exam {
	struct target *top;
	struct mount *mounts;
	struct system system;
	struct table table;
	struct gaps gaps;
	struct target *wanted; /* rows that were named, when a logical volume was; else NULL */
	int fd;             /* of the row at work, owned by its io; -1: it cannot be opened */
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

/* Opens what t->path names as an io that only reads; O_NONBLOCK lets an empty drive fail. It fails
   for a file with a lease too, which whoever works on it gives up in a moment: an achica, or a
   Samba. */
static int open_row(struct exam *x, const struct target *t, struct io **io, struct error *err)
{
	x->fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (x->fd < 0 && errno == EWOULDBLOCK)
		x->fd = open(t->path, O_RDONLY | O_CLOEXEC);
	if (x->fd < 0)
		return error_set(err, WHY_OPEN, errno, t->path);
	place_forget(x->fd);
	return io_file_adopt(x->fd, t->path, false, io, err);
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

static bool is_fuse(const struct mount *m)
{
	return strncmp(m->fstype, "fuse", 4) == 0;
}

/* Only of a block device does umount wait for the program that serves it (FUSE_DESTROY; Linux,
   fs/fuse/inode.c). */
static bool outlives_umount(const struct mount *m)
{
	return is_fuse(m) && strncmp(m->fstype, "fuseblk", 7) != 0;
}

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
		if (!m->swap && outlives_umount(m))
			set_text(&t->served, m->source);
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

	if (!t->fstype && !is_fuse(m))
		set_text(&t->fstype, m->fstype);
	if (m->rank > 0 && mount_usage(m->point, &size, &free_bytes) == 0) {
		t->free = free_bytes;
		t->used = size - free_bytes;
	}
	if (m->rank <= 0)
		error_set(&t->verdict, WHY_MOUNTED, 0, m->point);
	else if (m->read_only && (!m->quiet || t->system))
		error_set(&t->verdict, WHY_MOUNTED_RO, 0, m->point);
}

/* What is on it. */

/* How full it is. One that keeps no counter (NTFS) is counted. */
static void take_usage(struct target *t, struct fs *fs)
{
	struct gate_sum sum = { fs->free, 0 };

	if (fs->free == FS_FREE_UNKNOWN &&
	    gate_dry_walk(fs, NULL, NULL, &sum, &t->verdict) < 0)
		return;
	if (sum.bytes <= fs->size) {
		t->free = sum.bytes;
		t->used = fs->size - sum.bytes;
	}
}

/* The driver's own verdict, and what it knows. */
static void ask_driver(struct target *t, struct io *io)
{
	struct io *w = NULL;
	struct fs *fs = NULL;

	if (io_window_target(io, t, &w) < 0) {
		error_set(&t->verdict, WHY_CORRUPT, 0, "partition table");
		return;
	}
	if (fs_open(w, target_type(t), &fs, &t->verdict) == 0)
		take_usage(t, fs);
	fs_close(fs);
	io_close(w);
}

static void take_signature(struct target *t, const struct signature *s)
{
	set_text(&t->fstype, s->type);
	set_text(&t->label, s->label);
	set_text(&t->uuid, s->uuid);
}

/* Whether anything of the disk around a gap is in use: the kernel gives the whole disk to nobody
   then. */
static bool judge_disk(struct exam *x, struct target *t)
{
	const struct mount *m;
	struct place place;

	if (place_of_target(x->top, &place) < 0)
		return false;
	m = place.file ? NULL : mounts_find(x->mounts, &place);
	if (m)
		error_set(&t->verdict, WHY_DISK_BUSY, 0, m->source);
	return m != NULL;
}

/* Who uses it. True when that, good or bad, is the verdict; without io nothing else can be told. */
static bool judge_users(struct exam *x, struct target *t, const struct io *io)
{
	struct use use = { .path = t->path, .mounts = x->mounts, .fd = x->fd };
	const struct mount *m;

	if (place_of_target(t, &use.place) < 0) {
		error_set(&t->verdict, WHY_SYSTEM, ESTALE, t->path);
		return true;
	}
	t->system = system_has(&x->system, &use.place);
	if (t->kind == TARGET_GAP && !t->n_pvs && judge_disk(x, t))
		return true;
	/* What is mounted over physical volumes need not be this volume. */
	m = t->n_pvs ? NULL : take_mounts(x, t, &use.place);
	/* What cannot be written to may be read by others too, through a mount as well. */
	use.reading = t->read_only || (m && m->quiet && !t->system);
	if (m && place_meets(&m->place, &use.place)) {
		judge_mounted(t, m);
		if (!use.reading || t->verdict.why != WHY_NONE)
			return true;
	}
	use.unwritten = use.place.file && lease_unwritten(x->fd);
	return !io || use_check(&use, &t->verdict) < 0;
}

/* A partition or volume may be the disk of a virtual machine, with partitions of its own. */
static void judge_inner(struct target *t, struct io *w)
{
	struct table table;

	if (table_read(w, &table, NULL) == 0 && table.n > 0) {
		set_text(&t->table, table.type);
		error_set(&t->verdict, WHY_INNER_DISK, 0, table.type);
	}
	table_free(&table);
}

/* Where nothing is recognised, whether nothing is there, or partitions. True when that is the
   verdict. */
static bool judge_unknown(struct target *t, struct io *io, const struct signature *s)
{
	struct io *w = NULL;
	bool zero;

	if (s->type[0] || t->kind == TARGET_GAP || io_window_target(io, t, &w) < 0)
		return false;
	if (t->parent)
		judge_inner(t, w);
	if (traces_all_zero(w, (struct extent){ 0, w->size }, &zero) < 0)
		io_report(w, WHY_READ, EIO, &t->verdict);
	else if (zero)
		error_set(&t->verdict, WHY_ALL_ZERO, 0, NULL);
	io_close(w);
	return t->verdict.why != WHY_NONE;
}

/* What is in one that holds others. The physical volumes of partitions are read (volumes.c). */
static void judge_container(struct target *t, const char *type)
{
	bool inner = t->n_pvs && strcmp(type, "LVM2_member") == 0;

	error_set(&t->verdict, inner ? WHY_INNER_DISK : WHY_CONTAINER, 0, type);
}

/* The verdict on a row without rows below: see the top of this file. found is what reading its
   table and signature said. */
static void judge(struct exam *x, struct target *t, struct io *io, const struct signature *s,
		  const struct error *found)
{
	if (judge_users(x, t, io))
		return;
	if (found->why != WHY_NONE && t->verdict.why == WHY_NONE)
		t->verdict = *found;
	else if (s->usage == SIGNATURE_CONTAINER && t->kind != TARGET_GAP)
		judge_container(t, s->type);
	else if (t->verdict.why == WHY_NONE && !judge_unknown(t, io, s))
		ask_driver(t, io);
}

static void find_signature(const struct exam *x, const struct target *t, struct io *io,
			   struct signature *s, struct error *found)
{
	struct extent window = { t->base, t->size };
	struct io *w = NULL;

	*s = (struct signature){ .usage = SIGNATURE_FS };
	if (t->kind == TARGET_GAP)
		traces_in_gap(io, x->fd, t, s, found);
	else if (!t->n_segments)
		probe_window(x->fd, window, t->sector, t->path, s, found);
	else if (io_window_target(io, t, &w) == 0)
		probe_io(w, s, found);
	io_close(w);
}

static void examine_part(struct exam *x, struct target *t)
{
	struct signature s;
	struct error found;
	struct io *io = NULL;

	error_clear(&found);
	if (open_row(x, t, &io, &t->verdict) == 0) {
		find_signature(x, t, io, &s, &found);
		take_signature(t, &s);
		judge(x, t, io, &s, &found);
	} else {
		judge_users(x, t, NULL);
	}
	io_close(io);
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

static bool is_in_group(const struct target *t, const char *volume)
{
	const char *own = target_volume(t);
	size_t n = strcspn(volume, "/") + 1;

	return own && strncmp(own, volume, n) == 0;
}

/* What is larger than its volume (lvreduce, and the filesystem was not made smaller before) goes on
   in what no volume of the group has. */
static void find_overhangs(struct target *gap, struct target *top)
{
	for (struct target *t = top; t && !gap->fstype; t = target_next(t)) {
		if (t->kind == TARGET_LV && t->verdict.why == WHY_OUTSIDE && t->fstype &&
		    is_in_group(t, target_volume(gap)))
			set_text(&gap->fstype, t->fstype);
	}
}

/* All disks may hold physical volumes: themselves, or in their partitions. */
static void examine_volumes(struct exam *x, struct io *io)
{
	if (volumes_add(x->top, &x->table, io) < 0) {
		no_memory(x->top);
		return;
	}
	for (struct target *t = target_next(x->top); t; t = target_next(t)) {
		/* One whose verdict stands already cannot be read. */
		if (t->n_pvs && t->verdict.why == WHY_NONE)
			examine_part(x, t);
		t->state = TARGET_READY;
	}
	for (struct target *t = target_next(x->top); t; t = target_next(t)) {
		if (t->kind == TARGET_GAP && t->n_pvs)
			find_overhangs(t, x->top);
	}
}

/* Whether there is a part at all, and not only names of some that are not there. */
static bool has_parts(const struct target *top)
{
	const struct target *t = top->children;

	while (t && t->state == TARGET_READY)
		t = t->next;
	return t != NULL;
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

/* Whether a partition of the row is mounted or swapped on. */
static bool uses_parts(const struct exam *x)
{
	for (const struct mount *m = x->mounts; m; m = m->next) {
		if (!m->place.file && m->place.dev == (dev_t)x->top->dev &&
		    m->dev != (dev_t)x->top->dev)
			return true;
	}
	return false;
}

/*
 * Whether the row is one filesystem, whatever partitions the kernel has: those of a file which the
 * loop device had before stay (partx -a, losetup -d; Linux 6.18). Elsewhere they are a sign that
 * there was a table until a moment ago, and count.
 */
static bool is_bare(const struct exam *x, int table_rc, const struct signature *s)
{
	return x->top->kind == TARGET_DISK && major((dev_t)x->top->dev) == LOOP_MAJOR &&
	       table_rc == 0 && x->table.n == 0 && s->type[0] && !uses_parts(x);
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
	/* Boot code may look like a table without partitions; the filesystem counts. */
	if (x->table.n > 0 || r < 0 || !s.type[0])
		set_text(&t->table, x->table.type);
	if (r == 0)
		gaps_find(io, &x->table, &x->gaps, &found);
	if (parts_add(t, &x->table, &x->gaps, !is_bare(x, r, &s)) < 0) {
		no_memory(t);
		return;
	}
	if (!t->children) {
		judge(x, t, io, &s, &found);
		return;
	}
	if (s.type[0] && has_parts(t))
		refuse_both(x, s.type);
	else if (found.why != WHY_NONE)
		t->verdict = found;
	examine_parts(x);
}

/* A device that cannot be opened (without root, say): what others tell of it. Why it cannot is the
   verdict. */
static void examine_closed(struct exam *x)
{
	struct target *t = x->top;

	if (parts_add(t, &x->table, &x->gaps, true) < 0)
		no_memory(t);
	if (t->children)
		examine_parts(x);
	else
		judge_users(x, t, NULL);
}

/* What of a disk is hibernated: "swap" (Linux), "ntfs" (Windows), or NULL. */
static const char *hibernated_in(const struct target *t)
{
	const char *found = t->verdict.why == WHY_HIBERNATED ? t->verdict.what : NULL;

	for (const struct target *child = t->children; child && !found; child = child->next)
		found = hibernated_in(child);
	return found;
}

static bool is_of_windows(const struct target *t)
{
	return t->fstype && (strcmp(t->fstype, "ntfs") == 0 || strcmp(t->fstype, "vfat") == 0 ||
			     strcmp(t->fstype, "exfat") == 0);
}

/*
 * A hibernated system has its filesystems mounted, and not all of them say so (btrfs, FAT): what it
 * wrote last looks free on the disk. Nothing of its kind is touched.
 */
static void refuse_hibernated(struct target *t, const char *what)
{
	bool windows = strcmp(what, "ntfs") == 0;

	if (t->verdict.why == WHY_NONE && !t->children && !target_is_mounted(t) &&
	    t->kind != TARGET_GAP && (!windows || is_of_windows(t)))
		error_set(&t->verdict, WHY_HIBERNATED, 0, what);
	for (struct target *child = t->children; child; child = child->next)
		refuse_hibernated(child, what);
}

void discover_probe(struct target *top)
{
	struct exam x = { .top = top, .fd = -1 };
	const char *hibernated;
	struct io *io = NULL;

	x.table.sector = 512;
	x.wanted = wanted_take(top);
	media_of_target(top);
	if (mounts_read(&x.mounts, &top->verdict) == 0) {
		system_find(x.mounts, &x.system);
		if (open_row(&x, top, &io, &top->verdict) == 0)
			examine_top(&x, io);
		else
			examine_closed(&x);
	}
	if (io && x.top->verdict.why != WHY_MEMORY)
		examine_volumes(&x, io);
	hibernated = hibernated_in(top);
	/* Where some were named, the others have no rows. */
	if (!hibernated && io)
		hibernated = contents_hibernated(io, &x.table);
	if (hibernated)
		refuse_hibernated(top, hibernated);
	wanted_apply(top, x.wanted);
	io_close(io);
	mounts_free(x.mounts);
	table_free(&x.table);
	gaps_free(&x.gaps);
	/* What was named but could not be looked for shares the reason of the whole. */
	for (struct target *t = top->children; t; t = t->next) {
		if (t->state != TARGET_READY && t->verdict.why == WHY_NONE)
			t->verdict = top->verdict;
		t->state = TARGET_READY;
	}
	top->state = TARGET_READY;
}
