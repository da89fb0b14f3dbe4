/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_F2FS_CP_H
#define ACHICA_FS_F2FS_CP_H

#include "fs/f2fs_super.h"

#define F2FS_LOGS 6u     /* three for nodes (hot, warm, cold), then three for data */
#define F2FS_JOURNAL 6u  /* entries of the segment table that a checkpoint can hold by itself */

/* Where a log goes on: a block of a segment which is free. */
struct f2fs_log {
	uint32_t segment;
	uint32_t block; /* in that segment */
};

/* What achica needs of the newest checkpoint, checked. */
struct f2fs_cp {
	uint64_t valid_blocks;  /* in use or promised (preallocated) */
	uint32_t valid_nodes;
	unsigned logs;          /* how many of the following are in use: 6, or 2 when read-only */
	struct f2fs_log log[F2FS_LOGS];
	unsigned char *pack;    /* the blocks of the checkpoint, malloc'ed */
	const unsigned char *sit_bitmap; /* in pack; which copy of each block of the table holds */

	/* Entries newer than the table: segment (32 bit), then as in the table. */
	unsigned journaled;
	unsigned char journal[F2FS_JOURNAL][4 + F2FS_SIT_ENTRY];
};

/*
 * Finds the newest checkpoint and refuses it unless the filesystem was cleanly unmounted with it
 * and nothing was written since. *cp only on success; f2fs_cp_free frees what is in it.
 */
int f2fs_cp_read(struct io *io, const struct f2fs_super *super, struct f2fs_cp *cp,
		 struct error *err);
void f2fs_cp_free(struct f2fs_cp *cp);

/* Whether the second copy of that block of the segment table holds. */
bool f2fs_cp_second_copy(const struct f2fs_cp *cp, uint32_t block);

/* The newer entry for segment, NULL: the table's holds. */
const unsigned char *f2fs_cp_journaled(const struct f2fs_cp *cp, uint32_t segment);

#endif
