/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_F2FS_SUPER_H
#define ACHICA_FS_F2FS_SUPER_H

#include <stdbool.h>
#include <stdint.h>

#include "achica/error.h"
#include "base/io.h"

#define F2FS_MAGIC 0xf2f52010u
#define F2FS_SUPER_SIZE 3072u     /* bytes */
#define F2FS_BLOCK 4096u          /* bytes; larger ones are refused */
#define F2FS_SEGMENT 512u         /* blocks of a segment */
#define F2FS_SIT_ENTRY 74u        /* bytes */
#define F2FS_SIT_PER_BLOCK 55u    /* entries in a block */

/* What achica needs of the superblock, checked. Places are in blocks from the start. */
struct f2fs_super {
	uint32_t cp_start;      /* the first checkpoint pack; the second is a segment later */
	uint32_t cp_payload;    /* blocks of a checkpoint after its first */
	uint32_t sit_start;
	uint32_t sit_blocks;    /* of each of its two copies */
	uint32_t nat_blocks;
	uint32_t main_start;
	uint32_t main_segments;
	uint64_t size;          /* bytes up to the end of the main area, inside the window */
	bool read_only;         /* made for reading only: two logs instead of six */
	char label[64];
	char uuid[40];
};

/* Reads both superblocks and refuses what is not understood, impossible, or not the same in both.
   *super only on success. */
int f2fs_super_read(struct io *io, struct f2fs_super *super, struct error *err);

#endif
