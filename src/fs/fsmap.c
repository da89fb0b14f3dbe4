/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The free space of a mounted filesystem, asked from the kernel (FS_IOC_GETFSMAP: ext4 since Linux
 * 4.14, XFS since 4.12). For estimates alone. The mount point is opened for each walk and not
 * held, so that an estimate never keeps anybody from unmounting; a walk refuses when something
 * else is mounted there by then.
 *
 * Memory: one batch of 1024 records, 64 KiB.
 *
 * Source: Linux, include/uapi/linux/fsmap.h, and ioctl_getfsmap(2).
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/fsmap.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "fs/fs.h"

#define BATCH 1024u
#define XFS_MAGIC 0x58465342 /* "XFSB", fs/xfs/libxfs/xfs_format.h */

struct fsmap_fs {
	struct fs fs;
	dev_t device;
	char mountpoint[];
};

/* The mount point, if what was opened is still mounted there; else a negative errno. */
static int fsmap_enter(const struct fsmap_fs *m)
{
	struct stat st;
	int fd = open(m->mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int errnum = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		errnum = errno;
	else if (st.st_dev != m->device)
		errnum = ESTALE;
	if (errnum)
		close(fd);
	return errnum ? -errnum : fd;
}

/* From the lowest key to the highest: XFS wants the length and the reserve of it zero. */
static void fsmap_ask(struct fsmap_head *head, uint32_t records)
{
	memset(head, 0, fsmap_sizeof(records));
	head->fmh_count = records;
	head->fmh_keys[1] = (struct fsmap){
		.fmr_device = UINT32_MAX,
		.fmr_flags = UINT32_MAX,
		.fmr_physical = UINT64_MAX,
		.fmr_owner = UINT64_MAX,
		.fmr_offset = UINT64_MAX,
	};
}

static bool fsmap_is_free(const struct fsmap_head *head, const struct fsmap *r, dev_t device)
{
	if ((head->fmh_oflags & FMH_OF_DEV_T) && r->fmr_device != (uint32_t)device)
		return false; /* a log or realtime device */
	return (r->fmr_flags & FMR_OF_SPECIAL_OWNER) && r->fmr_owner == FMR_OWN_FREE;
}

static int fsmap_hand_on(const struct fsmap_fs *m, const struct fsmap_head *head, extent_fn *fn,
			 void *arg)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < head->fmh_entries; i++) {
		const struct fsmap *r = &head->fmh_recs[i];

		if (fsmap_is_free(head, r, m->device))
			rc = fn(arg, (struct extent){ r->fmr_physical, r->fmr_length });
	}
	return rc;
}

static bool fsmap_is_last(const struct fsmap_head *head)
{
	uint32_t n = head->fmh_entries;

	return n == 0 || (head->fmh_recs[n - 1].fmr_flags & FMR_OF_LAST);
}

static int fsmap_error(const struct fsmap_fs *m, int errnum, struct error *err)
{
	bool no_map = errnum == ENOTTY || errnum == EINVAL || errnum == ENOSYS;

	return error_set(err, WHY_SYSTEM, no_map ? EOPNOTSUPP : errnum, m->mountpoint);
}

static int fsmap_walk_batches(const struct fsmap_fs *m, int fd, struct fsmap_head *head,
			      extent_fn *fn, void *arg, struct error *err)
{
	int rc;

	fsmap_ask(head, BATCH);
	do {
		if (ioctl(fd, FS_IOC_GETFSMAP, head) < 0)
			return fsmap_error(m, errno, err);
		rc = fsmap_hand_on(m, head, fn, arg);
		if (rc || fsmap_is_last(head))
			return rc;
		fsmap_advance(head);
	} while (true);
}

static int fsmap_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	const struct fsmap_fs *m = (const struct fsmap_fs *)fs;
	struct fsmap_head *head = malloc(fsmap_sizeof(BATCH));
	int fd;
	int rc;

	if (!head)
		return error_set(err, WHY_MEMORY, ENOMEM, m->mountpoint);
	fd = fsmap_enter(m);
	if (fd >= 0) {
		rc = fsmap_walk_batches(m, fd, head, fn, arg, err);
		close(fd);
	} else {
		rc = fsmap_error(m, -fd, err);
	}
	free(head);
	return rc;
}

static void fsmap_close(struct fs *fs)
{
	free(fs);
}

static const struct fs_driver fsmap_driver = {
	.name = "fsmap",
	.types = (const char *const[]){ NULL },
	.walk = fsmap_walk,
	.close = fsmap_close,
};

static const char *fsmap_type(const struct statfs *sfs)
{
	if (sfs->f_type == XFS_MAGIC)
		return "xfs";
	return sfs->f_type == EXT4_SUPER_MAGIC ? "ext4" : "";
}

/* Reads the facts and asks for one record, to learn whether there is a map at all. */
static int fsmap_probe(struct fsmap_fs *m, struct io *io, struct error *err)
{
	char room[sizeof(struct fsmap_head) + sizeof(struct fsmap)]
		__attribute__((aligned(__alignof__(struct fsmap_head))));
	struct fsmap_head *head = (struct fsmap_head *)room;
	struct statfs sfs;
	int fd = fsmap_enter(m);
	int errnum = 0;

	if (fd < 0)
		return fsmap_error(m, -fd, err);
	fsmap_ask(head, 1);
	if (ioctl(fd, FS_IOC_GETFSMAP, head) < 0 || fstatfs(fd, &sfs) < 0)
		errnum = errno;
	close(fd);
	if (errnum || sfs.f_bsize <= 0)
		return fsmap_error(m, errnum ? errnum : EINVAL, err);
	m->fs.type = fsmap_type(&sfs);
	m->fs.unit = (uint32_t)sfs.f_bsize;
	m->fs.size = io->size - io->size % m->fs.unit;
	return 0;
}

int fs_open_mounted(const char *mountpoint, struct io *io, struct fs **fs, struct error *err)
{
	size_t n = strlen(mountpoint) + 1;
	struct fsmap_fs *m = calloc(1, sizeof *m + n);
	struct stat st;
	int rc;

	if (!m)
		return error_set(err, WHY_MEMORY, ENOMEM, mountpoint);
	memcpy(m->mountpoint, mountpoint, n);
	m->fs.driver = &fsmap_driver;
	m->fs.io = io;
	m->fs.free = FS_FREE_UNKNOWN;
	if (stat(mountpoint, &st) < 0) {
		rc = fsmap_error(m, errno, err);
		goto out;
	}
	m->device = st.st_dev;
	if ((rc = fsmap_probe(m, io, err)))
		goto out;
	*fs = &m->fs;
	return 0;
out:
	free(m);
	return rc;
}
