/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What must agree before a free map of btrfs is made. Refused: a balance that runs or waits and
 * what it leaves behind, a device being replaced, other devices; chunks without their device
 * extents and the reverse, chunks without a block group, sums that differ from the counters of the
 * superblock and the device, a tree whose first block the extent tree does not know.
 *
 * Source: linux/btrfs_tree.h, and btrfs.readthedocs.io, "On-disk format".
 */

#include <string.h>

#include "base/bytes.h"
#include "fs/btrfs_check.h"

/* Objects and types of keys. */
enum {
	DEV_ITEMS = 1,
	CHUNKS = 256,
	ROOT_ITEM = 132,
	EXTENT_ITEM = 168,
	METADATA_ITEM = 169,
	GROUP_ITEM = 192,
	DEV_EXTENT = 204,
	DEV_ITEM = 216,
	CHUNK_ITEM = 228,
	BALANCE_ITEM = 248, /* "temporary" */
	REPLACE_ITEM = 250,
};
#define BALANCE ((uint64_t)-4)
#define RELOCATION ((uint64_t)-8)

/* Fields of a root item, of which old ones end after the level. */
enum {
	ROOT_GENERATION = 160,
	ROOT_LOGICAL = 176,
	ROOT_LEVEL = 238,
	ROOT_SIZE = 239,
};

/* Of a device extent. */
enum {
	PIECE_LOGICAL = 16,
	PIECE_LENGTH = 24,
	PIECE_SIZE = 48,
};

/* Of a block group, an extent, a replacement. */
enum {
	GROUP_USED = 0,
	GROUP_FLAGS = 16,
	GROUP_SIZE = 24,
	EXTENT_SIZE = 24,
	REPLACE_STATE = 32,
	REPLACE_SIZE = 72,
	REPLACE_STARTED = 1,
	REPLACE_SUSPENDED = 4,
};

/* In a device item, what lies between is about tuning and is written by nobody. */
#define DEV_NUMBERS 24u
#define DEV_UUIDS 66u

/* While the trees are checked against each other. */
struct check {
	struct btrfs_trees *t;
	struct btrfs_counts counts;
	uint64_t logical_used;
	uint64_t logical_end; /* of the chunk before */
	uint64_t copies;      /* that chunks have */
	unsigned devices;
	struct error *err;
};

static int corrupt(struct error *err, const char *what)
{
	return error_set(err, WHY_CORRUPT, 0, what);
}

static int read_root(const struct btrfs_item *item, struct btrfs_root *root, struct error *err)
{
	if (item->size < ROOT_SIZE)
		return corrupt(err, "root item");
	root->tree = item->key.object;
	root->logical = get_le64(item->data + ROOT_LOGICAL);
	root->generation = get_le64(item->data + ROOT_GENERATION);
	root->level = item->data[ROOT_LEVEL];
	return root->level < BTRFS_LEVELS ? 0 : corrupt(err, "root item");
}

static int open_tree(struct btrfs_trees *t, uint64_t tree, struct btrfs_cursor *c,
		     struct error *err)
{
	struct btrfs_key key = { tree, ROOT_ITEM, 0 };
	struct btrfs_root root;
	struct btrfs_item item;
	int rc = btrfs_cursor_get(&t->roots, key, &item, err);

	if (rc)
		return rc < 0 ? rc : corrupt(err, "root tree");
	rc = read_root(&item, &root, err);
	if (rc == 0)
		btrfs_cursor_init(c, &t->volume, root);
	return rc;
}

static int open_trees(struct btrfs_trees *t, struct io *io, struct error *err)
{
	const struct btrfs_super *s = &t->volume.super;
	struct btrfs_root root = { BTRFS_ROOT_TREE, s->root, s->generation, s->root_level };
	int rc;

	btrfs_volume_init(&t->volume, io);
	btrfs_cursor_init(&t->chunks, &t->volume, t->volume.map.root);
	btrfs_cursor_init(&t->roots, &t->volume, root);
	if ((rc = open_tree(t, BTRFS_EXTENT_TREE, &t->extents, err)) ||
	    (rc = open_tree(t, BTRFS_DEVICE_TREE, &t->devices, err)))
		return rc;
	return open_tree(t, s->group_tree ? BTRFS_GROUP_TREE : BTRFS_EXTENT_TREE, &t->groups, err);
}

int btrfs_trees_extent(const struct btrfs_trees *t, const struct btrfs_item *item, bool *is_extent,
		       struct extent *extent, struct error *err)
{
	const struct btrfs_super *s = &t->volume.super;
	struct extent e = { item->key.object, item->key.offset };

	*is_extent = item->key.type == EXTENT_ITEM || item->key.type == METADATA_ITEM;
	if (!*is_extent)
		return 0;
	if (item->key.type == METADATA_ITEM) {
		if (!s->skinny || item->key.offset >= BTRFS_LEVELS)
			return corrupt(err, "metadata extent");
		e.len = s->node_size;
	}
	if (item->size < EXTENT_SIZE || e.len == 0 || e.start % s->sector_size != 0 ||
	    e.len % s->sector_size != 0 || e.start > UINT64_MAX - e.len)
		return corrupt(err, "extent");
	*extent = e;
	return 0;
}

/* The extent tree has to know the first block of each tree. */
static int check_root_block(struct btrfs_trees *t, uint64_t logical, struct error *err)
{
	struct btrfs_key key = { logical, EXTENT_ITEM, 0 };
	struct btrfs_item item;
	struct extent e;
	bool is_extent;
	int rc = btrfs_cursor_seek(&t->extents, key, &item, err);

	if (rc == 0)
		rc = btrfs_trees_extent(t, &item, &is_extent, &e, err);
	if (rc < 0)
		return rc;
	if (rc || !is_extent || e.start != logical || e.len < t->volume.super.node_size)
		return corrupt(err, "tree in no extent");
	return 0;
}

static int check_root_item(struct btrfs_trees *t, const struct btrfs_item *item, struct error *err)
{
	struct btrfs_root root;
	int rc;

	if ((item->key.object == BALANCE && item->key.type == BALANCE_ITEM) ||
	    (item->key.object == RELOCATION && item->key.type == ROOT_ITEM))
		return error_set(err, WHY_UNCLEAN, 0, "btrfs");
	if (item->key.type != ROOT_ITEM)
		return 0;
	rc = read_root(item, &root, err);
	return rc ? rc : check_root_block(t, root.logical, err);
}

static int check_roots(struct btrfs_trees *t, struct error *err)
{
	const struct btrfs_super *s = &t->volume.super;
	struct btrfs_key start = { 0 };
	struct btrfs_item item;
	int rc = btrfs_cursor_seek(&t->roots, start, &item, err);

	while (rc == 0) {
		rc = check_root_item(t, &item, err);
		if (rc == 0)
			rc = btrfs_cursor_next(&t->roots, &item, err);
	}
	if (rc < 0)
		return rc;
	rc = check_root_block(t, s->root, err);
	return rc ? rc : check_root_block(t, s->chunk_root, err);
}

static int read_piece(const struct btrfs_super *s, const struct btrfs_item *item,
		      struct btrfs_piece *piece, struct error *err)
{
	struct extent e = { .start = item->key.offset };

	if (item->key.object != s->device)
		return error_set(err, WHY_MULTI_DEV, 0, "btrfs");
	if (item->size != PIECE_SIZE)
		return corrupt(err, "device extent");
	e.len = get_le64(item->data + PIECE_LENGTH);
	if (e.start % s->sector_size != 0 || e.len == 0 || e.len % s->sector_size != 0 ||
	    e.start > s->device_size || e.len > s->device_size - e.start)
		return corrupt(err, "device extent");
	piece->physical = e;
	piece->logical = get_le64(item->data + PIECE_LOGICAL);
	return 0;
}

int btrfs_trees_next_piece(struct btrfs_trees *t, bool first, struct btrfs_piece *piece,
			   struct error *err)
{
	const struct btrfs_super *s = &t->volume.super;
	struct btrfs_key start = { s->device, DEV_EXTENT, 0 };
	struct btrfs_item item;
	int rc = first ? btrfs_cursor_seek(&t->devices, start, &item, err)
		       : btrfs_cursor_next(&t->devices, &item, err);

	if (rc)
		return rc;
	if (item.key.object != s->device || item.key.type != DEV_EXTENT)
		return 1;
	return read_piece(s, &item, piece, err);
}

/* An item of the device tree: sums what is allocated, in ascending order. */
static int check_device_item(const struct check *c, const struct btrfs_item *item, uint64_t *end,
			     uint64_t *sum, uint64_t *count)
{
	struct btrfs_piece piece;
	int rc;

	if (item->key.type == REPLACE_ITEM) {
		uint64_t state;

		if (item->size < REPLACE_SIZE)
			return corrupt(c->err, "device replacement");
		state = get_le64(item->data + REPLACE_STATE);
		return state == REPLACE_STARTED || state == REPLACE_SUSPENDED
			? error_set(c->err, WHY_UNCLEAN, 0, "btrfs") : 0;
	}
	if (item->key.type != DEV_EXTENT)
		return 0;
	rc = read_piece(&c->t->volume.super, item, &piece, c->err);
	if (rc)
		return rc;
	if (piece.physical.start < *end)
		return corrupt(c->err, "device extent");
	*end = extent_end(piece.physical);
	*sum += piece.physical.len;
	++*count;
	return 0;
}

static int check_device(struct check *c)
{
	struct btrfs_trees *t = c->t;
	struct btrfs_key start = { 0 };
	struct btrfs_item item;
	uint64_t end = 0, sum = 0, count = 0;
	int rc = btrfs_cursor_seek(&t->devices, start, &item, c->err);

	while (rc == 0) {
		rc = check_device_item(c, &item, &end, &sum, &count);
		if (rc == 0)
			rc = btrfs_cursor_next(&t->devices, &item, c->err);
	}
	if (rc < 0)
		return rc;
	if (sum != t->volume.super.device_used || sum != c->counts.allocated || count != c->copies)
		return corrupt(c->err, "device extents and chunks");
	return 0;
}

int btrfs_trees_group_used(struct btrfs_trees *t, const struct btrfs_chunk *chunk, uint64_t *used,
			   struct error *err)
{
	struct btrfs_key key = { chunk->logical.start, GROUP_ITEM, chunk->logical.len };
	const uint64_t kinds = BTRFS_CHUNK_DATA | BTRFS_CHUNK_SYSTEM | BTRFS_CHUNK_METADATA;
	struct btrfs_item item;
	int rc = btrfs_cursor_get(&t->groups, key, &item, err);

	if (rc < 0)
		return rc;
	if (rc || item.size != GROUP_SIZE ||
	    (get_le64(item.data + GROUP_FLAGS) & kinds) != chunk->type ||
	    get_le64(item.data + GROUP_USED) > chunk->logical.len)
		return corrupt(err, "block group");
	*used = get_le64(item.data + GROUP_USED);
	return 0;
}

int btrfs_trees_chunk(struct btrfs_trees *t, uint64_t logical, struct btrfs_chunk *chunk,
		      struct error *err)
{
	struct btrfs_key key = { CHUNKS, CHUNK_ITEM, logical };
	struct btrfs_item item;
	int rc = btrfs_cursor_get(&t->chunks, key, &item, err);

	if (rc)
		return rc < 0 ? rc : corrupt(err, "device extent without a chunk");
	return btrfs_chunk_parse(&t->volume.super, logical, item.data, item.size, chunk, err);
}

/* The device extent of a copy. */
static int check_copy(struct check *c, const struct btrfs_chunk *chunk, uint64_t physical)
{
	const struct btrfs_super *s = &c->t->volume.super;
	struct btrfs_key key = { s->device, DEV_EXTENT, physical };
	struct btrfs_piece piece;
	struct btrfs_item item;
	int rc = btrfs_cursor_get(&c->t->devices, key, &item, c->err);

	if (rc == 0)
		rc = read_piece(s, &item, &piece, c->err);
	if (rc < 0)
		return rc;
	if (rc || piece.logical != chunk->logical.start ||
	    piece.physical.len != chunk->logical.len)
		return corrupt(c->err, "chunk without its device extent");
	c->counts.allocated += piece.physical.len;
	c->counts.low |= physical < BTRFS_START;
	c->copies++;
	return 0;
}

static int check_system(struct check *c, const struct btrfs_chunk *chunk)
{
	struct btrfs_chunk same;
	int rc;

	if (!(chunk->type & BTRFS_CHUNK_SYSTEM))
		return 0;
	rc = btrfs_chunk_find_system(&c->t->volume.super, chunk->logical.start, 1, &same, c->err);
	if (rc)
		return rc;
	if (same.logical.start != chunk->logical.start || same.logical.len != chunk->logical.len ||
	    memcmp(same.physical, chunk->physical, sizeof same.physical) != 0)
		return corrupt(c->err, "system chunk");
	return 0;
}

static int check_chunk(struct check *c, const struct btrfs_item *item)
{
	struct btrfs_chunk chunk;
	uint64_t used;
	int rc;

	if ((rc = btrfs_chunk_parse(&c->t->volume.super, item->key.offset, item->data, item->size,
				    &chunk, c->err)))
		return rc;
	if (chunk.logical.start < c->logical_end)
		return corrupt(c->err, "chunk");
	c->logical_end = extent_end(chunk.logical);
	if ((rc = check_system(c, &chunk)) ||
	    (rc = btrfs_trees_group_used(c->t, &chunk, &used, c->err)))
		return rc;
	for (unsigned i = 0; rc == 0 && i < chunk.copies; i++)
		rc = check_copy(c, &chunk, chunk.physical[i]);
	c->logical_used += used;
	c->counts.used += used * chunk.copies;
	return rc;
}

static int check_dev_item(struct check *c, const struct btrfs_item *item)
{
	const unsigned char *own = c->t->volume.super.device_item;

	if (++c->devices > 1 || item->key.offset != c->t->volume.super.device)
		return error_set(c->err, WHY_MULTI_DEV, 0, "btrfs");
	if (item->size != BTRFS_DEV_ITEM_SIZE || memcmp(item->data, own, DEV_NUMBERS) != 0 ||
	    memcmp(item->data + DEV_UUIDS, own + DEV_UUIDS, BTRFS_DEV_ITEM_SIZE - DEV_UUIDS) != 0)
		return corrupt(c->err, "device item");
	return 0;
}

static int check_chunk_item(struct check *c, const struct btrfs_item *item)
{
	if (item->key.object == CHUNKS && item->key.type == CHUNK_ITEM)
		return check_chunk(c, item);
	if (item->key.object == DEV_ITEMS && item->key.type == DEV_ITEM)
		return check_dev_item(c, item);
	return corrupt(c->err, "chunk tree");
}

static int check_chunks(struct check *c)
{
	struct btrfs_trees *t = c->t;
	struct btrfs_key start = { 0 };
	struct btrfs_item item;
	int rc = btrfs_cursor_seek(&t->chunks, start, &item, c->err);

	while (rc == 0) {
		rc = check_chunk_item(c, &item);
		if (rc == 0)
			rc = btrfs_cursor_next(&t->chunks, &item, c->err);
	}
	if (rc < 0)
		return rc;
	if (c->devices != 1)
		return corrupt(c->err, "device item");
	if (c->logical_used != t->volume.super.used)
		return error_set_at(c->err, WHY_MAP_TOTAL, 0, c->logical_used, "btrfs");
	return 0;
}

int btrfs_trees_open(struct btrfs_trees *t, struct io *io, struct btrfs_counts *counts,
		     struct error *err)
{
	struct check c = { .t = t, .err = err };
	int rc;

	if ((rc = btrfs_super_read(io, &t->volume.super, err)) || (rc = open_trees(t, io, err)) ||
	    (rc = check_roots(t, err)) || (rc = check_chunks(&c)) || (rc = check_device(&c)))
		return rc;
	*counts = c.counts;
	return 0;
}

void btrfs_trees_close(struct btrfs_trees *t)
{
	btrfs_cursor_free(&t->extents);
	btrfs_cursor_free(&t->groups);
	btrfs_cursor_free(&t->devices);
	btrfs_cursor_free(&t->chunks);
	btrfs_cursor_free(&t->roots);
	btrfs_volume_free(&t->volume);
}
