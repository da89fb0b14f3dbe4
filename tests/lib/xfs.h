/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_XFS_H
#define ACHICA_TESTS_LIB_XFS_H

#include "base/io.h"

/*
 * A small XFS in memory by mkfs.xfs, to be spoilt: blocks of 1 KiB, two groups of 16 MiB, the log
 * in the second; "twelve chars" is its label.
 */
#define XFS_SIZE (UINT64_C(32) << 20)
#define XFS_AG (UINT64_C(16) << 20)
#define XFS_BLOCK 1024u

/* NULL when mkfs.xfs is not installed. */
struct io *xfs_new(bool v5);

/* Numbers of 1 to 8 bytes, big endian. */
void xfs_put(struct io *io, uint64_t at, unsigned bytes, uint64_t value);
uint64_t xfs_get(struct io *io, uint64_t at, unsigned bytes);

/* Mends the checksum, crc bytes behind at, of the metadata (XFS_BLOCK at most) there. */
void xfs_sum(struct io *io, uint64_t at, size_t len, size_t crc);

/* The byte where the log starts. */
uint64_t xfs_log(struct io *io);

/* Opens it and walks it twice through the gate: 0, or the first failure, told in err. */
int xfs_use(struct io *io, struct error *err);

/* A number to be changed, and what the driver says then. */
struct xfs_spoil {
	uint64_t at; /* from the start of the metadata */
	unsigned bytes;
	uint64_t value;
	enum why why;
};

/* Does that to the metadata of len bytes at start, its checksum mended where crc is not 0; asserts
   what was said, that no read failed, and that all is well afterwards without it. */
void xfs_spoil(struct io *io, const struct xfs_spoil *s, uint64_t start, size_t len,
		   size_t crc);

#endif
