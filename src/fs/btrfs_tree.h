/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_BTRFS_TREE_H
#define ACHICA_FS_BTRFS_TREE_H

#include "fs/btrfs_chunk.h"

/* Trees, by the number that their blocks name as the owner. */
#define BTRFS_ROOT_TREE 1u
#define BTRFS_EXTENT_TREE 2u
#define BTRFS_CHUNK_TREE 3u
#define BTRFS_DEVICE_TREE 4u
#define BTRFS_GROUP_TREE 11u

/* In the order of the tree: by object, then type, then offset. */
struct btrfs_key {
	uint64_t object;
	unsigned type;
	uint64_t offset;
};

/* data lives until the next call with the same cursor. */
struct btrfs_item {
	struct btrfs_key key;
	const unsigned char *data;
	uint32_t size;
};

/* The block that a tree starts with, as the one that points to it says. */
struct btrfs_root {
	uint64_t tree;
	uint64_t logical;
	uint64_t generation;
	unsigned level;
};

struct btrfs_node {
	unsigned char *bytes; /* NULL: not needed yet */
	uint64_t logical;     /* which block, and it is sound; BTRFS_NO_BLOCK none */
};
#define BTRFS_NO_BLOCK UINT64_MAX

/*
 * A way down a tree; a block for each level. Every block that is read is checked: its checksum,
 * filesystem, place, owner, level and generation, the order of its keys, the bounds of its items,
 * and that its keys are between those which its parent has.
 */
struct btrfs_cursor {
	struct btrfs_volume *volume;
	struct btrfs_root root;
	struct btrfs_node path[BTRFS_LEVELS];
	uint32_t slot;       /* of the item last given, in path[0] */
	struct btrfs_key at; /* its key */
};

/* What all trees of a filesystem share. */
struct btrfs_volume {
	struct io *io;
	struct btrfs_super super;
	struct btrfs_cursor map;    /* the chunk tree, to find blocks by */
	struct btrfs_chunk recent;  /* the one last found, len 0 none */
};

/* Sets up v, whose super was read, with its chunk tree. */
void btrfs_volume_init(struct btrfs_volume *v, struct io *io);
void btrfs_volume_free(struct btrfs_volume *v);

void btrfs_cursor_init(struct btrfs_cursor *c, struct btrfs_volume *v, struct btrfs_root root);
void btrfs_cursor_free(struct btrfs_cursor *c);

/*
 * All of these: 0 and *item; 1 when there is none; negative errno.
 * seek   the first item whose key is key or after it
 * next   the first after the item last given
 * get    the item of exactly that key
 * floor  the last item whose key is key or before it
 */
int btrfs_cursor_seek(struct btrfs_cursor *c, struct btrfs_key key, struct btrfs_item *item,
		      struct error *err);
int btrfs_cursor_next(struct btrfs_cursor *c, struct btrfs_item *item, struct error *err);
int btrfs_cursor_get(struct btrfs_cursor *c, struct btrfs_key key, struct btrfs_item *item,
		     struct error *err);
int btrfs_cursor_floor(struct btrfs_cursor *c, struct btrfs_key key, struct btrfs_item *item,
		       struct error *err);

#endif
