/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The fill file: how it is made, how it grows, and where it lies. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "achica/units.h"
#include "engine/claim.h"

/* Extents asked for in one FIEMAP. */
#define EXTENTS 256

/* Below this, claiming smaller and smaller parts of what is left is not worth the calls. */
#define CLAIM_MIN (64 * KIB)

static int open_named(const char *mountpoint)
{
	char name[PATH_MAX];
	int fd;
	int n = snprintf(name, sizeof(name), "%s/.achica-fill-XXXXXX", mountpoint);

	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (unlink(name) == 0)
		return fd;
	n = errno;
	close(fd);
	return -n;
}

int claim_open(const char *mountpoint)
{
	int fd = open(mountpoint, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : open_named(mountpoint);
}

int claim_room(int fd, uint64_t reserve, uint64_t *room, uint64_t *free_now)
{
	struct statvfs st;
	uint64_t free_bytes;

	if (fstatvfs(fd, &st) < 0)
		return -errno;
	/* root may use what ext keeps for root. */
	free_bytes = size_mul(geteuid() == 0 ? st.f_bfree : st.f_bavail, st.f_frsize);
	*room = free_bytes > reserve ? free_bytes - reserve : 0;
	if (free_now)
		*free_now = free_bytes;
	return 0;
}

int claim_more(int fd, uint64_t at, uint64_t len, uint64_t *got)
{
	*got = 0;
	while (len >= CLAIM_MIN) {
		if (fallocate(fd, 0, (off_t)(at + *got), (off_t)len) == 0) {
			*got += len;
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno == EFBIG && *got == 0 && at > 0)
			return 0;
		if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
			return errno == ENOSYS ? -EOPNOTSUPP : -errno;
		/* A failed fallocate may have kept a part of it: let that go before trying less. */
		if (ftruncate(fd, (off_t)(at + *got)) < 0)
			return -errno;
		len = len / 2 / CLAIM_MIN * CLAIM_MIN;
	}
	return 0;
}

/* What a run must not be to be compared through the device: unknown, packed or shared. */
#define UNFIT (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED | \
	       FIEMAP_EXTENT_NOT_ALIGNED | FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_SHARED)

static int layout_extents(const struct fiemap *map, uint64_t end, uint64_t *at, claim_fn *fn,
			  void *arg)
{
	for (unsigned i = 0; i < map->fm_mapped_extents; i++) {
		const struct fiemap_extent *e = &map->fm_extents[i];
		struct extent run = { e->fe_logical, e->fe_length };
		struct extent part = extent_clip(run, (struct extent){ *at, end - *at });
		int r;

		if (e->fe_flags & UNFIT)
			return -EOPNOTSUPP;
		if (part.len == 0)
			continue;
		r = fn(arg, part, e->fe_physical + (part.start - run.start));
		if (r)
			return r;
		*at = extent_end(part);
	}
	return 0;
}

int claim_layout(int fd, uint64_t from, uint64_t len, claim_fn *fn, void *arg)
{
	size_t size = sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent);
	struct fiemap *map = malloc(size);
	uint64_t end = from + len;
	uint64_t at = from;
	int r = map ? 0 : -ENOMEM;

	while (r == 0 && at < end) {
		uint64_t before = at;

		memset(map, 0, size);
		map->fm_start = at;
		map->fm_length = end - at;
		map->fm_extent_count = EXTENTS;
		if (ioctl(fd, FS_IOC_FIEMAP, map) < 0)
			r = errno == ENOTTY ? -EOPNOTSUPP : -errno;
		else
			r = layout_extents(map, end, &at, fn, arg);
		if (r == 0 && at == before)
			r = -EOPNOTSUPP;
	}
	free(map);
	return r;
}
