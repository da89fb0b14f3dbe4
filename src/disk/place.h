/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_PLACE_H
#define ACHICA_DISK_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "achica/extent.h"
#include "achica/target.h"

/*
 * Where bytes really are, so that two names for the same bytes are seen to be the same: a range of
 * a regular file (device and inode), or of a whole block device (a partition is a range of its
 * disk).
 */
struct place {
	bool file;
	dev_t dev;           /* of the file's filesystem, or the number of the whole device */
	ino_t ino;           /* of a file */
	struct extent range; /* bytes in it */
};

/* An attached loop device, and the bytes under it. */
struct loop {
	dev_t dev;
	char node[80];       /* "/dev/loop0" */
	struct place below;  /* the part of the file or device that it shows */
};

/* Whether they share a byte. */
bool place_meets(const struct place *a, const struct place *b);

/* The place of a block device (a partition or a whole one). -ENODEV. */
int place_of_device(dev_t dev, struct place *place);

/* The place of what path names: a block device or a regular file, all of it. -ENOTBLK for anything
   else, or as stat failed. */
int place_of_path(const char *path, struct place *place);

/* The window of a target; of one in several segments all from the first to the last. */
int place_of_target(const struct target *t, struct place *place);

/* Whether bytes of place come, through loop devices of any depth, out of bytes of wanted. Loop
   devices over files of a server are not asked unless wanted is there too: they may hang. */
bool place_reaches(const struct place *place, const struct place *wanted);

/*
 * Drops what the kernel keeps in memory of the device fd is open on: a mounted filesystem reads,
 * writes and discards past that memory, so it shows what was there before (seen with ext4 on a loop
 * device, Linux 6.18). What is in use or not written yet stays. An image file has one memory for
 * all.
 */
void place_forget(int fd);

/* The loop device dev (a whole one); -ENXIO when it is none or nothing is attached. */
int loop_read(dev_t dev, struct loop *loop);

/* The path of the file or device under loop, malloc'ed; NULL when it has none here any more. */
char *loop_path(const struct loop *loop);

/* Calls fn with each attached loop device that may be over bytes of wanted (see place_reaches); a
   non-zero result ends it and is returned. */
int loop_each(const struct place *wanted, int (*fn)(void *arg, const struct loop *loop), void *arg);

#endif
