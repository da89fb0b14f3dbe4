/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Who has a device or an image: processes by their open files (proc(5): fd, and fdinfo for the
 * access mode and the locks), kernel devices by sysfs ("holders").
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "disk/holders.h"
#include "disk/procs.h"
#include "disk/sysfs.h"

/* Flags and some hundred locks of one file. */
#define FDINFO_MAX 16384

struct search {
	const struct place *place;
	enum opened how;
	uint64_t byte;
	struct opener *opener;
};

static bool is_ours(const struct place *place, const struct statx *st)
{
	struct place p;

	if (S_ISREG(st->stx_mode))
		return place->file && st->stx_ino == place->ino &&
		       makedev(st->stx_dev_major, st->stx_dev_minor) == place->dev;
	if (!S_ISBLK(st->stx_mode) || place->file)
		return false;
	return place_of_device(makedev(st->stx_rdev_major, st->stx_rdev_minor), &p) == 0 &&
	       place_meets(&p, place);
}

/* A line "lock:\t1: OFDLCK  ADVISORY  READ -1 fe:00:123 100 101" of fdinfo: whether it is the lock
   wanted. The last two words are the first and the last byte, or EOF. */
static bool is_lock(const char *line, uint64_t byte)
{
	char kind[16], first[32], last[32];

	if (sscanf(line, "lock: %*s %15s %*s %*s %*s %*s %31s %31s", kind, first, last) != 3)
		return false;
	if (byte == HOLDERS_FLOCK || strcmp(kind, "FLOCK") == 0)
		return byte == HOLDERS_FLOCK && strcmp(kind, "FLOCK") == 0;
	return strtoull(first, NULL, 10) <= byte &&
	       (strcmp(last, "EOF") == 0 || strtoull(last, NULL, 10) >= byte);
}

static bool has_lock(const char *info, uint64_t byte)
{
	for (const char *l = strstr(info, "lock:"); l; l = strstr(l + 1, "lock:")) {
		if (is_lock(l, byte))
			return true;
	}
	return false;
}

/* Whether a descriptor is open as the search wants it; flags are octal in fdinfo. */
static bool is_open_so(const struct procs_fd *fd, const struct search *search)
{
	char path[280];
	char info[FDINFO_MAX];
	const char *flags;
	unsigned long mode;

	snprintf(path, sizeof(path), "fdinfo/%s", fd->number);
	if (!procs_text(fd->pid, path, info, sizeof(info)))
		return false;
	flags = strstr(info, "flags:");
	mode = flags ? strtoul(flags + strlen("flags:"), NULL, 8) : 0;
	if (mode & O_PATH)
		return false;
	if (search->how == OPENED_WRITING)
		return (mode & O_ACCMODE) != O_RDONLY;
	return search->how == OPENED || has_lock(info, search->byte);
}

static int search_fd(void *arg, const struct procs_fd *fd)
{
	struct search *search = arg;

	if (!is_ours(search->place, fd->st) || !is_open_so(fd, search))
		return 0;
	search->opener->pid = fd->pid;
	procs_name(fd->pid, search->opener->name, sizeof(search->opener->name));
	return 1;
}

static int search_process(void *arg, pid_t pid)
{
	return procs_fds(pid, search_fd, arg) == 1;
}

bool holders_find(const struct place *place, enum opened how, uint64_t byte, struct opener *opener)
{
	struct search search = { place, how, byte, opener };

	return procs_each(search_process, &search) == 1;
}

struct device_search {
	const struct place *place;
	char *name;
	size_t n;
};

/* A directory entry of "holders" is the kernel's name of the device. */
static int take_holder(void *arg, const char *name)
{
	struct device_search *search = arg;
	char dir[SYSFS_PATH_MAX];
	char mapped[SYSFS_NAME_MAX * 2];

	snprintf(dir, sizeof(dir), "%s/%s", SYSFS_BLOCK, name);
	if (sysfs_text(dir, "dm/name", mapped, sizeof(mapped)))
		snprintf(search->name, search->n, "%s (%s)", name, mapped);
	else
		snprintf(search->name, search->n, "%s", name);
	return 1;
}

static int holders_of(dev_t dev, struct device_search *search)
{
	char dir[SYSFS_PATH_MAX];
	char path[SYSFS_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/holders", sysfs_dir(dev, dir, sizeof(dir)));
	return sysfs_list(path, take_holder, search);
}

static int part_holders(void *arg, const struct sysfs_part *part)
{
	struct device_search *search = arg;

	return extent_overlaps(part->range, search->place->range) ? holders_of(part->dev, search)
								  : 0;
}

bool holders_device(const struct place *place, char *name, size_t n)
{
	struct device_search search = { place, name, n };
	char dir[SYSFS_PATH_MAX];

	if (place->file)
		return false;
	return holders_of(place->dev, &search) == 1 ||
	       sysfs_parts(sysfs_dir(place->dev, dir, sizeof(dir)), part_holders, &search) == 1;
}
