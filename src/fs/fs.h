/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_FS_H
#define ACHICA_FS_FS_H

#include "achica/error.h"
#include "achica/extent.h"
#include "base/io.h"

#define FS_FREE_UNKNOWN UINT64_MAX

struct fs_driver;

/*
 * An open filesystem: a clean one, which its driver understands. A driver puts this first in its
 * own struct. All but driver and io are facts for others to read.
 */
struct fs {
	const struct fs_driver *driver;
	struct io *io;      /* the window, not owned */
	const char *type;   /* as libblkid names it, static */
	uint64_t size;      /* bytes of the window which the filesystem covers, at most io->size */
	uint32_t unit;      /* allocation unit: block or cluster, bytes */
	uint64_t free;      /* free bytes by its own counter, or FS_FREE_UNKNOWN */
	char label[64];     /* bytes as found, "" none */
	char uuid[40];
};

/*
 * open   reads, checks and refuses: dirty, hibernated, unreplayed, unknown feature, larger than
 *        its window; each with its own why code (gate 2 and 3). It never writes, and there is no
 *        force. On success *fs is owned by the caller until close.
 * walk   calls fn with the free extents: ascending, not overlapping, not empty, whole units inside
 *        [0, fs->size). Touching extents are fine. A non-zero from fn ends the walk and is returned
 *        unchanged. It only reads, prints nothing, never exits, and can be repeated. Memory: a
 *        few MiB, and at most some bytes for a block group of many MiB; the driver states its
 *        bound at its top.
 * close  frees.
 *
 * To add a filesystem: one file fs_<name>.c that exports only its table, one row in fs.c, one line
 * in local.mk, one folder of tests.
 */
struct fs_driver {
	const char *name;         /* "ext", stable, English */
	const char *const *types; /* libblkid's names of what it opens, NULL-terminated */
	int (*open)(struct io *io, struct fs **fs, struct error *err);
	int (*walk)(struct fs *fs, extent_fn *fn, void *arg, struct error *err);
	void (*close)(struct fs *fs);
};

/* The driver for a type as libblkid names it, NULL when there is none. */
const struct fs_driver *fs_driver_find(const char *type);

/* Opens the filesystem of that type in io; WHY_UNKNOWN_FS (or WHY_CONTAINER, WHY_WRITE_ONCE,
   WHY_NO_DRIVER) when no driver serves it. io must outlive it. */
int fs_open(struct io *io, const char *type, struct fs **fs, struct error *err);
void fs_close(struct fs *fs); /* NULL is fine */

/*
 * The free space of a mounted filesystem by FS_IOC_GETFSMAP (linux/fsmap.h; ext4 and XFS), for
 * estimates alone: it is out of date as soon as it is read. io is the device underneath, whole,
 * and the extents are bytes in it. -EOPNOTSUPP where the kernel has no map. Linux only.
 */
int fs_open_mounted(const char *mountpoint, struct io *io, struct fs **fs, struct error *err);

/*
 * The gate between a driver and all who act on its map. Calls fn with the free extents of fs,
 * touching ones joined, after checking each: ascending, inside, whole units. The first that is not
 * ends it with a refusal (WHY_MAP_*), before fn saw it.
 */
int gate_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err);

struct gate_sum {
	uint64_t bytes;   /* free */
	uint64_t extents; /* after joining */
};

/*
 * The dry walk: the whole map through the checks, and its sum against fs->free. Must have passed
 * before anything is written. fn may be NULL, or sees the extents on the way. *sum only on success.
 */
int gate_dry_walk(struct fs *fs, extent_fn *fn, void *arg, struct gate_sum *sum,
		  struct error *err);

#endif
