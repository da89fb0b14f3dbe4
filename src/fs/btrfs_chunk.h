/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_BTRFS_CHUNK_H
#define ACHICA_FS_BTRFS_CHUNK_H

#include "fs/btrfs_super.h"

#define BTRFS_CHUNK_DATA 0x1u
#define BTRFS_CHUNK_SYSTEM 0x2u
#define BTRFS_CHUNK_METADATA 0x4u

#define BTRFS_MOST_COPIES 2u

/* A run of logical bytes and where its copies lie on the device, each of them whole and in order:
   with one device, no profile that is served scatters a chunk. */
struct btrfs_chunk {
	struct extent logical;
	uint64_t type;
	unsigned copies;
	uint64_t physical[BTRFS_MOST_COPIES];
};

/* Reads the chunk item in data, which is for the bytes from logical on. Refuses profiles which
   need several devices or are not understood, and what leaves the device. */
int btrfs_chunk_parse(const struct btrfs_super *s, uint64_t logical, const unsigned char *data,
		      uint32_t size, struct btrfs_chunk *chunk, struct error *err);

/* The chunk of the superblock's own list that has the len bytes at logical; WHY_CORRUPT if none. */
int btrfs_chunk_find_system(const struct btrfs_super *s, uint64_t logical, uint32_t len,
			    struct btrfs_chunk *chunk, struct error *err);

/* Whether the len bytes at logical are all in the chunk. */
bool btrfs_chunk_has(const struct btrfs_chunk *chunk, uint64_t logical, uint64_t len);

#endif
