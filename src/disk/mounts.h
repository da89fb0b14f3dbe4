/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_MOUNTS_H
#define ACHICA_DISK_MOUNTS_H

#include <stdbool.h>

#include "achica/error.h"
#include "disk/place.h"

/* A mounted filesystem, or a swap area, that lies on bytes which have a place. */
struct mount {
	struct place place;
	dev_t dev;        /* the block device itself (a partition too), 0 for a file */
	bool swap;
	bool foreign;     /* of another mount namespace: point means nothing here */
	bool read_only;   /* the mount or the filesystem */
	bool quiet;       /* the filesystem is: no other mount of it writes either */
	int rank;         /* the higher the better for trimming and filling; <= 0: unusable */
	char *point;      /* mount point; "" for swap */
	char *source;     /* device or file, as the kernel has it */
	char *fstype;
	char *options;
	struct mount *next;
};

/*
 * All mounts of this and of every other mount namespace that can be seen, and all swap areas, whose
 * bytes are on a block device or a file. A FUSE filesystem counts by its source. *mounts is freed
 * with mounts_free. WHY_SYSTEM.
 */
int mounts_read(struct mount **mounts, struct error *err);
void mounts_free(struct mount *mounts);

/* The next one, from m on, that uses bytes of place, itself or through loop devices; NULL. */
const struct mount *mounts_find(const struct mount *m, const struct place *place);

/* The one mounted last at the directory point (as realpath names it), NULL when none is. */
const struct mount *mounts_at(const struct mount *mounts, const char *point);

/*
 * Whether the filesystem that holds path, by its name alone, is served by another machine or by a
 * process (NFS, FUSE ...): to touch it may take for ever. *dev is its device number.
 */
bool mounts_is_served(const char *path, dev_t *dev);

/*
 * What the filesystem that holds path lies on, by its name alone: the number of its device; of one
 * in memory the filesystem's own; 0 when that is unknown.
 */
dev_t mounts_below(const char *path);

/* Whether fn says yes to the options of any overlay that is mounted here. */
bool mounts_any_overlay(bool (*fn)(void *arg, const char *options), void *arg);

/* The mount options of point when an overlay is mounted there, malloc'ed; NULL otherwise. */
char *mounts_overlay(const char *point);

#endif
