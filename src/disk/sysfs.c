/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Block devices as sysfs tells of them (Linux, Documentation/ABI/stable/sysfs-block): sizes are in
 * units of 512 bytes whatever the sector size. A '!' in a name stands for a '/' below /dev.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk/sysfs.h"

#define SYSFS_UNIT 512

char *sysfs_dir(dev_t dev, char *buf, size_t n)
{
	snprintf(buf, n, "/sys/dev/block/%u:%u", major(dev), minor(dev));
	return buf;
}

/* Cuts blanks and newlines at both ends, in place. */
static void trim(char *text)
{
	size_t len = strlen(text);
	size_t skip = strspn(text, " \t\n");

	while (len > skip && strchr(" \t\n", text[len - 1]))
		len--;
	text[len] = '\0';
	memmove(text, text + skip, len - skip + 1);
}

bool sysfs_line(const char *dir, const char *attr, char *buf, size_t n)
{
	char path[SYSFS_PATH_MAX];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, attr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, buf, n - 1);
	close(fd);
	if (len < 0)
		return false;
	len -= len > 0 && buf[len - 1] == '\n';
	buf[len] = '\0';
	return len > 0;
}

bool sysfs_text(const char *dir, const char *attr, char *buf, size_t n)
{
	if (!sysfs_line(dir, attr, buf, n))
		return false;
	trim(buf);
	return buf[0] != '\0';
}

uint64_t sysfs_number(const char *dir, const char *attr, uint64_t fallback)
{
	char text[32];
	char *end;
	uint64_t value;

	if (!sysfs_text(dir, attr, text, sizeof(text)))
		return fallback;
	value = strtoull(text, &end, 10);
	return *end == '\0' ? value : fallback;
}

dev_t sysfs_dev(const char *dir)
{
	char text[32];
	unsigned maj, min;

	if (!sysfs_text(dir, "dev", text, sizeof(text)) || sscanf(text, "%u:%u", &maj, &min) != 2)
		return 0;
	return makedev(maj, min);
}

bool sysfs_name(dev_t dev, char *buf, size_t n)
{
	char dir[SYSFS_PATH_MAX];
	char link[SYSFS_PATH_MAX];
	const char *name;
	ssize_t len = readlink(sysfs_dir(dev, dir, sizeof(dir)), link, sizeof(link) - 1);

	if (len < 0)
		return false;
	link[len] = '\0';
	name = strrchr(link, '/');
	snprintf(buf, n, "%s", name ? name + 1 : link);
	return true;
}

/* The node of a device-mapper device by the name its maker gave it, NULL without one. */
static char *mapper_node(dev_t dev)
{
	char dir[SYSFS_PATH_MAX];
	char name[SYSFS_NAME_MAX * 4];
	char *path = NULL;
	struct stat st;

	if (!sysfs_text(sysfs_dir(dev, dir, sizeof(dir)), "dm/name", name, sizeof(name)))
		return NULL;
	if (asprintf(&path, "/dev/mapper/%s", name) < 0)
		return NULL;
	if (stat(path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == dev)
		return path;
	free(path);
	return NULL;
}

char *sysfs_node(dev_t dev)
{
	char name[SYSFS_NAME_MAX];
	char *path = mapper_node(dev);

	if (path)
		return path;
	if (!sysfs_name(dev, name, sizeof(name)))
		return NULL;
	for (char *c = name; *c; c++) {
		if (*c == '!')
			*c = '/';
	}
	return asprintf(&path, "/dev/%s", name) < 0 ? NULL : path;
}

/* A number of sectors as bytes, 0 when no device could be that large. */
static uint64_t unit_bytes(uint64_t sectors)
{
	return sectors > (uint64_t)INT64_MAX / SYSFS_UNIT ? 0 : sectors * SYSFS_UNIT;
}

int sysfs_whole(dev_t dev, dev_t *whole, struct extent *range)
{
	char dir[SYSFS_PATH_MAX];
	char parent[SYSFS_PATH_MAX + 8];
	dev_t disk;

	sysfs_dir(dev, dir, sizeof(dir));
	if (sysfs_dev(dir) == 0)
		return -ENODEV;
	range->start = unit_bytes(sysfs_number(dir, "start", 0));
	range->len = unit_bytes(sysfs_number(dir, "size", 0));
	if (sysfs_number(dir, "partition", 0) == 0) {
		*whole = dev;
		return 0;
	}
	snprintf(parent, sizeof(parent), "%s/..", dir);
	disk = sysfs_dev(parent);
	if (disk == 0)
		return -ENODEV;
	*whole = disk;
	return 0;
}

int sysfs_list(const char *path, int (*fn)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return 0;
	while (r == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = fn(arg, entry->d_name);
	}
	closedir(dir);
	return r;
}

struct parts {
	const char *dir;
	int (*fn)(void *arg, const struct sysfs_part *part);
	void *arg;
};

static int part_entry(void *arg, const char *name)
{
	struct parts *parts = arg;
	char dir[SYSFS_PATH_MAX];
	struct sysfs_part part;

	snprintf(dir, sizeof(dir), "%s/%s", parts->dir, name);
	part.number = (unsigned)sysfs_number(dir, "partition", 0);
	part.dev = part.number ? sysfs_dev(dir) : 0;
	if (part.dev == 0)
		return 0;
	part.range.start = unit_bytes(sysfs_number(dir, "start", 0));
	part.range.len = unit_bytes(sysfs_number(dir, "size", 0));
	return parts->fn(parts->arg, &part);
}

int sysfs_parts(const char *dir, int (*fn)(void *arg, const struct sysfs_part *part), void *arg)
{
	struct parts parts = { dir, fn, arg };

	return sysfs_list(dir, part_entry, &parts);
}
