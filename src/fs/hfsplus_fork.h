/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_HFSPLUS_FORK_H
#define ACHICA_FS_HFSPLUS_FORK_H

#include <stddef.h>
#include <stdint.h>

#include "achica/error.h"
#include "base/io.h"
#include "fs/bitmap.h"

#define HFSPLUS_FORK_SIZE 80u
#define HFSPLUS_RECORD_EXTENTS 8u /* extents in a fork and in a record of the overflow tree */
#define HFSPLUS_RECORD_SIZE 64u   /* bytes of these */

/* The contents of a file: bytes in extents, in the order of the file. Zeroed is an empty one. */
struct hfsplus_fork {
	uint64_t size;         /* bytes */
	uint32_t block_size;   /* bytes */
	uint32_t blocks;       /* all that it has */
	uint32_t known;        /* of these, in extents */
	struct run_list extents;

	/* Where the last read ended, for the next. */
	size_t at;
	uint64_t before;       /* blocks in extents before that one */
};

/*
 * Starts a fork of a volume with that many blocks from the 80 bytes at p, which are at that byte of
 * the disk. Refuses extents which leave the volume and sizes that do not fit them.
 */
int hfsplus_fork_parse(struct hfsplus_fork *fork, const unsigned char *p, uint32_t block_size,
		       uint32_t blocks, uint64_t at, struct error *err);
void hfsplus_fork_free(struct hfsplus_fork *fork);

/* Adds the 64 bytes of extents at p, which a record of the overflow tree has at that byte of the
   disk. */
int hfsplus_fork_add(struct hfsplus_fork *fork, const unsigned char *p, uint32_t blocks,
		     uint64_t at, struct error *err);

/* Reads len bytes at start of the file. Outside of what is known of it is WHY_CORRUPT. */
int hfsplus_fork_read(struct hfsplus_fork *fork, struct io *io, uint64_t start, void *buf,
		      size_t len, struct error *err);

/* The byte of the disk where that byte of the file is; 0 when it is not known, or over the volume
   header, where no file is. */
uint64_t hfsplus_fork_place(struct hfsplus_fork *fork, uint64_t start);

#endif
