/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_HFSPLUS_TREE_H
#define ACHICA_FS_HFSPLUS_TREE_H

#include "fs/hfsplus_volume.h"

/* Numbers of files (catalog node IDs). */
#define HFSPLUS_FILE_EXTENTS 3u
#define HFSPLUS_FILE_CATALOG 4u
#define HFSPLUS_FILE_BAD_BLOCKS 5u
#define HFSPLUS_FILE_ALLOCATION 6u
#define HFSPLUS_FILE_STARTUP 7u
#define HFSPLUS_FILE_ATTRIBUTES 8u
#define HFSPLUS_FIRST_USER_FILE 16u

/* A record of the extents overflow tree: the next eight extents of a fork. */
struct hfsplus_overflow {
	uint32_t file;
	uint32_t first;    /* block of the fork, where they begin */
	unsigned fork;     /* 0 data, 0xff resources */
	uint64_t at;       /* byte of the disk where the extents are */
	unsigned char extents[HFSPLUS_RECORD_SIZE];
};

/* A non-zero result ends the walk and is returned from it unchanged. */
typedef int hfsplus_overflow_fn(void *arg, const struct hfsplus_overflow *record,
				struct error *err);

/*
 * Calls fn with the records of all files below HFSPLUS_FIRST_USER_FILE, in the order of the tree:
 * by file, fork and first block. What the tree has wrong on the way is WHY_CORRUPT.
 */
int hfsplus_tree_walk_specials(struct hfsplus_volume *v, struct io *io, hfsplus_overflow_fn *fn,
			       void *arg, struct error *err);

/* The name of the volume, which the first record of the catalog has, in buf of n bytes; "" when
   it cannot be read. */
void hfsplus_tree_label(struct hfsplus_volume *v, struct io *io, char *buf, size_t n);

#endif
