/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_EXT_SUPER_H
#define ACHICA_FS_EXT_SUPER_H

#include "achica/error.h"

#define EXT_SUPER_AT 1024u
#define EXT_SUPER_SIZE 1024u

/* What achica needs of an ext2/3/4 superblock, every number checked against the others. */
struct ext_super {
	const char *type;         /* "ext2", "ext3", "ext4", as libblkid tells them apart */
	uint64_t blocks;
	uint64_t free_blocks;     /* the filesystem's own counter */
	uint64_t groups;
	uint64_t mmp_block;       /* 0: no multiple mount protection */
	uint32_t block_size;      /* bytes */
	uint32_t cluster_blocks;  /* blocks to a cluster, 1 without bigalloc */
	uint32_t clusters_per_group;
	uint32_t first_block;     /* where group 0 starts */
	uint32_t journal_inode;   /* 0: no journal */
	char label[17];
	char uuid[40];
};

/*
 * Reads the superblock in sb and refuses what is not clean, not understood or impossible, and a
 * filesystem of more than window bytes. Checksums are left to libext2fs. *super only on success.
 */
int ext_super_parse(const unsigned char sb[EXT_SUPER_SIZE], uint64_t window,
		    struct ext_super *super, struct error *err);

#endif
