/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Which filesystem a file is on where st_dev does not tell: each subvolume of a btrfs has a number
 * of its own. name_to_handle_at(2) tells the mount through which a name leads, also for the links
 * of /proc/PID, and mountinfo (proc_pid_mountinfo(5)) the filesystem of that mount.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "disk/mount_ids.h"

struct mount_id {
	int id;
	dev_t dev;
};

struct mount_ids {
	struct mount_id *all;
	size_t n;
};

static bool add(struct mount_ids *ids, struct mount_id one)
{
	struct mount_id *more;

	/* Full at 0 and at each power of two. */
	if ((ids->n & (ids->n - 1)) == 0) {
		more = realloc(ids->all, (ids->n ? 2 * ids->n : 1) * sizeof(*more));
		if (!more)
			return false;
		ids->all = more;
	}
	ids->all[ids->n++] = one;
	return true;
}

/* Lines "id parent major:minor ...". */
static bool read_all(struct mount_ids *ids, FILE *mountinfo)
{
	char *line = NULL;
	size_t size = 0;
	bool ok = true;

	while (ok && getline(&line, &size, mountinfo) > 0) {
		unsigned maj, min;
		int id;

		if (sscanf(line, "%d %*d %u:%u", &id, &maj, &min) == 3)
			ok = add(ids, (struct mount_id){ id, makedev(maj, min) });
	}
	free(line);
	return ok && !ferror(mountinfo);
}

struct mount_ids *mount_ids_read(pid_t pid)
{
	struct mount_ids *ids = calloc(1, sizeof(*ids));
	char path[64] = "/proc/self/mountinfo";
	FILE *mountinfo;
	bool ok;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	mountinfo = ids ? fopen(path, "re") : NULL;
	ok = ids && (mountinfo ? read_all(ids, mountinfo) : errno == ENOENT || errno == EINVAL);
	if (mountinfo)
		fclose(mountinfo);
	if (ok)
		return ids;
	mount_ids_free(ids);
	return NULL;
}

void mount_ids_free(struct mount_ids *ids)
{
	if (ids)
		free(ids->all);
	free(ids);
}

bool mount_ids_has(const struct mount_ids *ids, dev_t dev)
{
	for (size_t i = 0; i < ids->n; i++) {
		if (ids->all[i].dev == dev)
			return true;
	}
	return false;
}

int mount_ids_dev(const struct mount_ids *ids, const char *path, dev_t *dev)
{
	struct file_handle handle = { .handle_bytes = 0 };
	int id = -1;

	/* There is no room for the handle, so where there is one this is EOVERFLOW. */
	if (name_to_handle_at(AT_FDCWD, path, &handle, &id, AT_SYMLINK_FOLLOW) < 0 &&
	    errno != EOVERFLOW)
		return -errno;
	for (size_t i = 0; i < ids->n; i++) {
		if (ids->all[i].id == id) {
			*dev = ids->all[i].dev;
			return 0;
		}
	}
	return -ENODEV;
}
