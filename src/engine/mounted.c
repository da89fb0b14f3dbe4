/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What trim and fill share: the mount point and its free space. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "achica/units.h"
#include "engine/mounted.h"

int mounted_open(const struct mounted *m, struct error *err)
{
	int fd = open(m->mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_set(err, WHY_OPEN, errno, m->mountpoint) : fd;
}

int mounted_space(const struct mounted *m, int dir, struct space *space, struct error *err)
{
	struct statvfs vfs;

	if (fstatvfs(dir, &vfs) < 0)
		return error_set(err, WHY_SYSTEM, errno, m->mountpoint);
	space->block = vfs.f_frsize ? vfs.f_frsize : vfs.f_bsize;
	space->free = size_mul(vfs.f_bfree, space->block);
	space->common = size_mul(vfs.f_bavail, space->block);
	return 0;
}

/* What the image takes on its host; false when that, or its size, is not known. */
static bool measure(const struct mounted *m, uint64_t *bytes)
{
	return m->image_size > 0 && m->allocated && m->allocated(m->arg, bytes) == 0;
}

bool mounted_has_holes(const struct mounted *m, uint64_t few)
{
	uint64_t bytes;

	return measure(m, &bytes) && bytes < m->image_size && m->image_size - bytes > few;
}

bool mounted_is_solid(const struct mounted *m)
{
	uint64_t bytes;

	return measure(m, &bytes) && bytes >= m->image_size;
}

int mounted_sync(const struct mounted *m, int dir, struct error *err)
{
	return syncfs(dir) < 0 ? error_set(err, WHY_FLUSH, errno, m->mountpoint) : 0;
}

bool mounted_is(const struct mounted *m, const char *const names[])
{
	for (; m->fstype && *names; names++) {
		if (strcmp(m->fstype, *names) == 0)
			return true;
	}
	return false;
}
