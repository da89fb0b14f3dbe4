/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Mounts and swap areas by libmount: the only file that knows that library. mountinfo of this
 * process first, then of one process of every other mount namespace (proc(5), namespaces(7)): a
 * filesystem that is mounted in a container alone is in use as much as one mounted here.
 *
 * Nothing here waits for a server: a mount that hangs must not hold up the list of disks.
 *
 * The device is taken from mountinfo's number. Filesystems with a number of their own (FUSE, btrfs)
 * are followed by the name of their source.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk/mounts.h"

/* Namespaces beyond this are not looked at; no host has so many that mount a disk. */
#define NAMESPACES_MAX 4096

struct reader {
	struct mount *first;
	struct mount **end;
	bool foreign;
	ino_t *seen;      /* namespaces, by the inode of /proc/PID/ns/mnt */
	size_t n;
};

static char *copy(const char *text)
{
	return strdup(text ? text : "");
}

static void free_one(struct mount *m)
{
	free(m->point);
	free(m->source);
	free(m->fstype);
	free(m->options);
	free(m);
}

void mounts_free(struct mount *mounts)
{
	while (mounts) {
		struct mount *next = mounts->next;

		free_one(mounts);
		mounts = next;
	}
}

/* Whether path is at or below point. */
static bool is_below(const char *path, const char *point)
{
	size_t len = strlen(point);

	if (len > 0 && point[len - 1] == '/')
		len--;
	return strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* The mount that holds path, by its name: the longest mount point, of equal ones the last. */
static struct libmnt_fs *holding(struct libmnt_table *table, const char *path)
{
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs, *found = NULL;
	size_t longest = 0;

	while (it && mnt_table_next_fs(table, it, &fs) == 0) {
		const char *point = mnt_fs_get_target(fs);

		if (point && strlen(point) >= longest && is_below(path, point)) {
			longest = strlen(point);
			found = fs;
		}
	}
	mnt_free_iter(it);
	return found;
}

bool mounts_is_served(const char *path, dev_t *dev)
{
	struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_fs *fs = table ? holding(table, path) : NULL;
	const char *type = fs ? mnt_fs_get_fstype(fs) : NULL;
	bool served = type && (mnt_fs_is_netfs(fs) || strncmp(type, "fuse", 4) == 0);

	*dev = served ? mnt_fs_get_devno(fs) : 0;
	mnt_unref_table(table);
	return served;
}

/* The number of the device at path, 0 when that is none. */
static dev_t device_at(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

static bool is_in_memory(const char *fstype)
{
	return fstype && (strcmp(fstype, "tmpfs") == 0 || strcmp(fstype, "ramfs") == 0);
}

dev_t mounts_below(const char *path)
{
	struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_fs *fs = table ? holding(table, path) : NULL;
	const char *source = fs ? mnt_fs_get_srcpath(fs) : NULL;
	dev_t dev = fs ? mnt_fs_get_devno(fs) : 0;

	if (fs && major(dev) == 0 && !is_in_memory(mnt_fs_get_fstype(fs)))
		dev = source && strncmp(source, "/dev/", 5) == 0 ? device_at(source) : 0;
	mnt_unref_table(table);
	return dev;
}

/* Where the bytes of fs are; -ENOTBLK when that is no device or file of ours (tmpfs, NFS). */
static int place_of_fs(struct libmnt_fs *fs, dev_t *dev, struct place *place)
{
	const char *source = mnt_fs_get_srcpath(fs);
	const char *type = mnt_fs_get_fstype(fs);
	dev_t server;

	*dev = mnt_fs_get_devno(fs);
	if (*dev && major(*dev) != 0)
		return place_of_device(*dev, place);
	if (!source || source[0] != '/')
		return -ENOTBLK;
	/* A name under which a server could hang is not touched. */
	if (strncmp(source, "/dev/", 5) != 0 && !mnt_fs_is_swaparea(fs) &&
	    (!type || strncmp(type, "fuse", 4) != 0 || mounts_is_served(source, &server)))
		return -ENOTBLK;
	*dev = device_at(source);
	return place_of_path(source, place);
}

static bool is_read_only(const char *options)
{
	for (const char *o = options; o; o = strchr(o, ',')) {
		o += *o == ',';
		if (strncmp(o, "ro", 2) == 0 && (o[2] == ',' || o[2] == '\0'))
			return true;
	}
	return false;
}

/*
 * How good a mount is to work through: writable and of the whole filesystem is best. None at all
 * when it is of another namespace, a mounted file, or hidden below another mount, which shows in
 * the mount ID of its path.
 */
static int rank_of(struct libmnt_fs *fs, const struct mount *m)
{
	const char *root = mnt_fs_get_root(fs);
	struct statx st;

	if (m->swap || m->foreign)
		return 0;
	if (statx(AT_FDCWD, m->point, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_MNT_ID, &st) < 0 || !S_ISDIR(st.stx_mode))
		return 0;
	if ((st.stx_mask & STATX_MNT_ID) && st.stx_mnt_id != (unsigned)mnt_fs_get_id(fs))
		return 0;
	return 1 + (m->read_only ? 0 : 2) + (root && strcmp(root, "/") == 0 ? 1 : 0);
}

/* Adds fs to the list when its bytes have a place. */
static int take(struct reader *reader, struct libmnt_fs *fs)
{
	struct mount *m;
	struct place place;
	dev_t dev;

	if (place_of_fs(fs, &dev, &place) < 0)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->place = place;
	m->dev = dev;
	m->swap = mnt_fs_is_swaparea(fs);
	m->foreign = reader->foreign;
	m->point = copy(m->swap ? NULL : mnt_fs_get_target(fs));
	m->source = copy(mnt_fs_get_source(fs));
	m->fstype = copy(mnt_fs_get_fstype(fs));
	m->options = copy(mnt_fs_get_options(fs));
	if (!m->point || !m->source || !m->fstype || !m->options) {
		free_one(m);
		return -ENOMEM;
	}
	m->read_only = is_read_only(m->options);
	m->quiet = !m->swap && is_read_only(mnt_fs_get_fs_options(fs));
	m->rank = rank_of(fs, m);
	*reader->end = m;
	reader->end = &m->next;
	return 0;
}

static int take_all(struct reader *reader, struct libmnt_table *table)
{
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = it ? 0 : -ENOMEM;

	while (r == 0 && mnt_table_next_fs(table, it, &fs) == 0)
		r = take(reader, fs);
	mnt_free_iter(it);
	return r;
}

/* One mountinfo file, or the swap areas with path NULL. */
static int read_table(struct reader *reader, const char *path)
{
	struct libmnt_table *table = mnt_new_table();
	int r;

	if (!table)
		return -ENOMEM;
	r = path ? mnt_table_parse_file(table, path) : mnt_table_parse_swaps(table, NULL);
	if (r == 0)
		r = take_all(reader, table);
	mnt_unref_table(table);
	return r;
}

/* True once for each namespace: the first process of it stands for all. */
static bool is_new(struct reader *reader, const char *pid)
{
	char path[300];
	struct stat st;
	ino_t *grown;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	if (stat(path, &st) < 0 || reader->n >= NAMESPACES_MAX)
		return false;
	for (size_t i = 0; i < reader->n; i++) {
		if (reader->seen[i] == st.st_ino)
			return false;
	}
	grown = realloc(reader->seen, (reader->n + 1) * sizeof(*grown));
	if (!grown)
		return false;
	reader->seen = grown;
	reader->seen[reader->n++] = st.st_ino;
	return true;
}

/* What is mounted in other namespaces. A process that ends meanwhile is no error. */
static int read_foreign(struct reader *reader)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300];
	int r = 0;

	if (!proc)
		return -errno;
	reader->foreign = true;
	while (r == 0 && (entry = readdir(proc))) {
		if (entry->d_name[strspn(entry->d_name, "0123456789")] != '\0' ||
		    !is_new(reader, entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/mountinfo", entry->d_name);
		if (read_table(reader, path) == -ENOMEM)
			r = -ENOMEM;
	}
	closedir(proc);
	return r;
}

int mounts_read(struct mount **mounts, struct error *err)
{
	struct reader reader = { .end = NULL };
	int r;

	reader.end = &reader.first;
	is_new(&reader, "self");
	r = read_table(&reader, "/proc/self/mountinfo");
	if (r == 0) {
		/* A kernel without swap has no /proc/swaps. */
		r = read_table(&reader, NULL) == -ENOMEM ? -ENOMEM : 0;
	}
	if (r == 0)
		r = read_foreign(&reader);
	free(reader.seen);
	if (r == 0) {
		*mounts = reader.first;
		return 0;
	}
	mounts_free(reader.first);
	return error_set(err, r == -ENOMEM ? WHY_MEMORY : WHY_SYSTEM, r < 0 ? -r : EIO,
			 "/proc/self/mountinfo");
}

const struct mount *mounts_find(const struct mount *m, const struct place *place)
{
	for (; m; m = m->next) {
		if (place_reaches(&m->place, place))
			return m;
	}
	return NULL;
}

const struct mount *mounts_at(const struct mount *mounts, const char *point)
{
	const struct mount *found = NULL;

	for (const struct mount *m = mounts; m; m = m->next) {
		if (!m->foreign && !m->swap && strcmp(m->point, point) == 0)
			found = m;
	}
	return found;
}

char *mounts_overlay(const char *point)
{
	struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_fs *fs = NULL;
	char *options = NULL;

	if (table)
		fs = mnt_table_find_target(table, point, MNT_ITER_BACKWARD);
	if (fs && mnt_fs_get_fstype(fs) && strcmp(mnt_fs_get_fstype(fs), "overlay") == 0)
		options = copy(mnt_fs_get_options(fs));
	mnt_unref_table(table);
	return options;
}

bool mounts_any_overlay(bool (*fn)(void *arg, const char *options), void *arg)
{
	struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	bool any = false;

	while (table && it && !any && mnt_table_next_fs(table, it, &fs) == 0) {
		const char *type = mnt_fs_get_fstype(fs);
		const char *options = mnt_fs_get_fs_options(fs);

		any = type && strcmp(type, "overlay") == 0 && options && fn(arg, options);
	}
	mnt_free_iter(it);
	mnt_unref_table(table);
	return any;
}
