/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_XFS_SUPER_H
#define ACHICA_FS_XFS_SUPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "achica/error.h"

#define XFS_LEAST_SECTOR 512u
#define XFS_MOST_SECTOR 32768u

/*
 * What achica needs of an XFS superblock, every number checked against the others. Blocks are
 * counted from the start of their allocation group where nothing else is said.
 */
struct xfs_super {
	uint64_t blocks;       /* of the filesystem */
	uint64_t free_blocks;  /* its own counter, which has more than the map: see fs_xfs.c */
	uint32_t block_size;   /* bytes */
	uint32_t sector_size;  /* bytes */
	uint32_t ag_blocks;    /* of a group; the last one may have fewer */
	uint32_t ag_count;
	uint32_t log_ag;       /* the group in which the log lies */
	uint32_t log_first;    /* block in that group */
	uint32_t log_blocks;
	bool v5;               /* metadata has checksums, its owner and its place */
	bool log_v2;
	bool lazy;             /* free_blocks is written at unmount, and agf_btreeblks is kept */
	bool finobt, rmapbt, reflink;
	unsigned char log_uuid[16];  /* in the log's records */
	unsigned char meta_uuid[16]; /* in the metadata of V5 */
	char label[13];
	char uuid[40];
};

/*
 * Reads the superblock in the len bytes at sb (XFS_LEAST_SECTOR at least, XFS_MOST_SECTOR where
 * the window has them) and refuses what is not clean, not understood or impossible, and a
 * filesystem of more than window bytes. *super only on success.
 */
int xfs_super_parse(const unsigned char *sb, size_t len, uint64_t window, struct xfs_super *super,
		    struct error *err);

/* Whether the copy in another group has the geometry of the first one. Both are whole sectors. */
bool xfs_super_is_copy(const struct xfs_super *super, const unsigned char *first,
		       const unsigned char *copy);

/* Blocks of a group. */
uint32_t xfs_super_ag_blocks(const struct xfs_super *super, uint32_t ag);

#endif
