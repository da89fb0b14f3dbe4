/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Trees of btrfs, read from the root down. A block is found through the chunk tree, and the blocks
 * of that through the list in the superblock. The first of two copies is what counts. One that is
 * damaged is a refusal, whatever the other is like: the map would be the same, but what a damaged
 * filesystem may still be saved with are the trees of earlier generations, and they lie in free
 * space. The other copy is read to tell whether a scrub will mend it.
 *
 * No item is given that a broken tree could have put in the wrong place: the first key of a block
 * must be the one in its parent, and its last one before the next in the parent. So keys ascend
 * over the whole tree and no block is met twice, which also bounds every loop over items.
 *
 * Memory: a block of at most 64 KiB for each level of each cursor.
 *
 * Source: linux/btrfs_tree.h (struct btrfs_header, btrfs_item, btrfs_key_ptr).
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/btrfs_sum.h"
#include "fs/btrfs_tree.h"

/* Fields of a block's header. */
enum {
	FSID = 0x20,
	BYTENR = 0x30,
	FLAGS = 0x38,
	GENERATION = 0x50,
	OWNER = 0x58,
	COUNT = 0x60,
	LEVEL = 0x64,
	HEADER_SIZE = 0x65,
};
#define FLAG_WRITTEN 1u

/* Then keys: of items in a leaf (with offset and size), of blocks above (with a pointer). */
enum {
	KEY_SIZE = 17,
	ITEM_OFFSET = 17,
	ITEM_SIZE = 21,
	ITEM = 25,
	POINTER_BLOCK = 17,
	POINTER_GENERATION = 25,
	POINTER = 33,
};

#define CHUNKS_OBJECT 256u
#define CHUNK_ITEM 228u

/* What is known of a block before it is read. */
struct expected {
	uint64_t logical;
	uint64_t generation;
	unsigned level;
	bool has_first;
	bool has_bound;
	struct btrfs_key first; /* its first key */
	struct btrfs_key bound; /* all its keys are before this */
};

/* Negative, 0 or positive. */
static int compare(struct btrfs_key a, struct btrfs_key b)
{
	if (a.object != b.object)
		return a.object < b.object ? -1 : 1;
	if (a.type != b.type)
		return a.type < b.type ? -1 : 1;
	return a.offset == b.offset ? 0 : a.offset < b.offset ? -1 : 1;
}

static const unsigned char *slot_at(const unsigned char *node, uint32_t slot)
{
	return node + HEADER_SIZE + (size_t)slot * (node[LEVEL] ? POINTER : ITEM);
}

static struct btrfs_key key_at(const unsigned char *node, uint32_t slot)
{
	const unsigned char *p = slot_at(node, slot);

	return (struct btrfs_key){ get_le64(p), p[8], get_le64(p + 9) };
}

static uint32_t count_of(const unsigned char *node)
{
	return get_le32(node + COUNT);
}

/* How many keys are before key, or, with_equal, not after it. */
static uint32_t count_before(const unsigned char *node, struct btrfs_key key, bool with_equal)
{
	uint32_t low = 0;
	uint32_t high = count_of(node);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(key_at(node, middle), key) < (with_equal ? 1 : 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *check_header(const struct btrfs_cursor *c, const unsigned char *node,
				const struct expected *e)
{
	const struct btrfs_super *s = &c->volume->super;

	if (memcmp(node + FSID, s->block_id, sizeof s->block_id) != 0)
		return "tree block of another filesystem";
	if (get_le64(node + BYTENR) != e->logical || !(node[FLAGS] & FLAG_WRITTEN))
		return "place of a tree block";
	if (get_le64(node + OWNER) != c->root.tree)
		return "owner of a tree block";
	if (node[LEVEL] != e->level)
		return "level of a tree block";
	return NULL;
}

/* Items' data lie from the end of the leaf down, without gaps, and end above the last item. */
static bool items_are_sound(const unsigned char *node, uint32_t node_size)
{
	uint32_t n = count_of(node);
	uint32_t end = node_size - HEADER_SIZE;

	for (uint32_t i = 0; i < n; i++) {
		const unsigned char *p = slot_at(node, i);
		uint32_t offset = get_le32(p + ITEM_OFFSET);

		if (offset > end || get_le32(p + ITEM_SIZE) != end - offset)
			return false;
		end = offset;
	}
	return end >= n * ITEM;
}

static const char *check_keys(const unsigned char *node, uint32_t node_size)
{
	uint32_t n = count_of(node);
	uint32_t size = node[LEVEL] ? POINTER : ITEM;

	if (n > (node_size - HEADER_SIZE) / size || (n == 0 && node[LEVEL]))
		return "number of items in a tree block";
	for (uint32_t i = 1; i < n; i++) {
		if (compare(key_at(node, i - 1), key_at(node, i)) >= 0)
			return "order of a tree block";
	}
	if (node[LEVEL] == 0 && !items_are_sound(node, node_size))
		return "items of a tree block";
	return NULL;
}

/* What the pointer to it promises. */
static const char *check_expected(const unsigned char *node, const struct expected *e)
{
	uint32_t n = count_of(node);

	if (get_le64(node + GENERATION) != e->generation)
		return "generation of a tree block";
	if (e->has_first && (n == 0 || compare(key_at(node, 0), e->first) != 0))
		return "first key of a tree block";
	if (e->has_bound && n > 0 && compare(key_at(node, n - 1), e->bound) >= 0)
		return "last key of a tree block";
	return NULL;
}

static int find_chunk(struct btrfs_volume *v, uint64_t logical, struct error *err)
{
	struct btrfs_key key = { CHUNKS_OBJECT, CHUNK_ITEM, logical };
	struct btrfs_item item;
	int rc = btrfs_cursor_floor(&v->map, key, &item, err);

	if (rc < 0)
		return rc;
	if (rc || item.key.object != CHUNKS_OBJECT || item.key.type != CHUNK_ITEM)
		return error_set(err, WHY_CORRUPT, 0, "tree block outside all chunks");
	return btrfs_chunk_parse(&v->super, item.key.offset, item.data, item.size, &v->recent, err);
}

/* The chunk that holds the block of a tree. */
static int map_block(struct btrfs_cursor *c, uint64_t logical, struct btrfs_chunk *chunk,
		     struct error *err)
{
	struct btrfs_volume *v = c->volume;
	uint32_t len = v->super.node_size;
	int rc = 0;

	if (c->root.tree == BTRFS_CHUNK_TREE)
		rc = btrfs_chunk_find_system(&v->super, logical, len, chunk, err);
	else if (!btrfs_chunk_has(&v->recent, logical, len))
		rc = find_chunk(v, logical, err);
	if (rc)
		return rc;
	if (c->root.tree != BTRFS_CHUNK_TREE)
		*chunk = v->recent;
	if (!btrfs_chunk_has(chunk, logical, len) || logical % v->super.sector_size != 0 ||
	    !(chunk->type & (BTRFS_CHUNK_SYSTEM | BTRFS_CHUNK_METADATA)))
		return error_set(err, WHY_CORRUPT, 0, "tree block outside its chunk");
	return 0;
}

/* What is wrong with a block, NULL nothing. */
static const char *check_block(const struct btrfs_cursor *c, const struct expected *e,
			       const unsigned char *node)
{
	const struct btrfs_super *s = &c->volume->super;
	const char *wrong = NULL;

	if (!btrfs_sum_is_right(s->sum_type, node, s->node_size))
		return "checksum of a tree block";
	wrong = check_header(c, node, e);
	if (!wrong)
		wrong = check_keys(node, s->node_size);
	return wrong ? wrong : check_expected(node, e);
}

/* Whether a copy behind the first one is sound; node is room for it. */
static bool has_sound_copy(struct btrfs_cursor *c, const struct expected *e,
			   const struct btrfs_chunk *chunk, unsigned char *node)
{
	uint64_t offset = e->logical - chunk->logical.start;

	for (unsigned i = 1; i < chunk->copies; i++) {
		if (io_read(c->volume->io, chunk->physical[i] + offset, node,
			    c->volume->super.node_size) == 0 && !check_block(c, e, node))
			return true;
	}
	return false;
}

static int read_block(struct btrfs_cursor *c, const struct expected *e, unsigned char *node,
		      struct error *err)
{
	struct io *io = c->volume->io;
	struct btrfs_chunk chunk;
	const char *wrong;
	uint64_t at;
	int rc;

	if ((rc = map_block(c, e->logical, &chunk, err)))
		return rc;
	at = chunk.physical[0] + (e->logical - chunk.logical.start);
	if ((rc = io_read(io, at, node, c->volume->super.node_size)))
		return io_report(io, WHY_READ, -rc, err);
	wrong = check_block(c, e, node);
	if (!wrong)
		return 0;
	return error_set_at(err, has_sound_copy(c, e, &chunk, node) ? WHY_MIRROR : WHY_CORRUPT, 0,
			    at, wrong);
}

/* Leaves the block in its place of the path. */
static int load(struct btrfs_cursor *c, const struct expected *e, struct error *err)
{
	struct btrfs_node *node = &c->path[e->level];
	const char *wrong;
	int rc;

	if (!node->bytes && !(node->bytes = malloc(c->volume->super.node_size)))
		return error_set(err, WHY_MEMORY, ENOMEM, c->volume->io->name);
	if (node->logical == e->logical) {
		wrong = check_expected(node->bytes, e);
		return wrong ? error_set(err, WHY_CORRUPT, 0, wrong) : 0;
	}
	node->logical = BTRFS_NO_BLOCK;
	rc = read_block(c, e, node->bytes, err);
	if (rc == 0)
		node->logical = e->logical;
	return rc;
}

/* From a block to the child in which key is, if it is anywhere. */
static struct expected child_of(const unsigned char *node, const struct expected *e,
				struct btrfs_key key)
{
	uint32_t n = count_before(node, key, true);
	uint32_t slot = n ? n - 1 : 0;
	const unsigned char *p = slot_at(node, slot);
	struct expected child = *e;

	child.logical = get_le64(p + POINTER_BLOCK);
	child.generation = get_le64(p + POINTER_GENERATION);
	child.level--;
	child.first = key_at(node, slot);
	child.has_first = true;
	if (slot + 1 < count_of(node)) {
		child.bound = key_at(node, slot + 1);
		child.has_bound = true;
	}
	return child;
}

/* To the leaf in which key is, if it is anywhere; *leaf is what is known of it. */
static int descend(struct btrfs_cursor *c, struct btrfs_key key, struct expected *leaf,
		   struct error *err)
{
	struct expected e = {
		.logical = c->root.logical,
		.generation = c->root.generation,
		.level = c->root.level,
	};
	int rc = load(c, &e, err);

	while (rc == 0 && e.level > 0) {
		e = child_of(c->path[e.level].bytes, &e, key);
		rc = load(c, &e, err);
	}
	*leaf = e;
	return rc;
}

static int give(struct btrfs_cursor *c, uint32_t slot, struct btrfs_item *item)
{
	const unsigned char *leaf = c->path[0].bytes;
	const unsigned char *p = slot_at(leaf, slot);

	c->slot = slot;
	item->key = c->at = key_at(leaf, slot);
	item->data = leaf + HEADER_SIZE + get_le32(p + ITEM_OFFSET);
	item->size = get_le32(p + ITEM_SIZE);
	return 0;
}

/* A leaf that ends before key is followed by the one that starts with its bound. */
int btrfs_cursor_seek(struct btrfs_cursor *c, struct btrfs_key key, struct btrfs_item *item,
		      struct error *err)
{
	struct expected leaf;
	uint32_t slot;
	int rc = descend(c, key, &leaf, err);

	if (rc)
		return rc;
	slot = count_before(c->path[0].bytes, key, false);
	if (slot < count_of(c->path[0].bytes))
		return give(c, slot, item);
	if (!leaf.has_bound)
		return 1;
	rc = descend(c, leaf.bound, &leaf, err);
	return rc ? rc : give(c, 0, item);
}

int btrfs_cursor_next(struct btrfs_cursor *c, struct btrfs_item *item, struct error *err)
{
	struct btrfs_key key = c->at;

	if (c->slot + 1 < count_of(c->path[0].bytes))
		return give(c, c->slot + 1, item);
	if (++key.offset == 0 && ++key.type == 256) {
		key.type = 0;
		if (++key.object == 0)
			return 1;
	}
	return btrfs_cursor_seek(c, key, item, err);
}

int btrfs_cursor_get(struct btrfs_cursor *c, struct btrfs_key key, struct btrfs_item *item,
		     struct error *err)
{
	int rc = btrfs_cursor_seek(c, key, item, err);

	return rc ? rc : compare(item->key, key) != 0;
}

int btrfs_cursor_floor(struct btrfs_cursor *c, struct btrfs_key key, struct btrfs_item *item,
		       struct error *err)
{
	struct expected leaf;
	uint32_t n;
	int rc = descend(c, key, &leaf, err);

	if (rc)
		return rc;
	n = count_before(c->path[0].bytes, key, true);
	return n ? give(c, n - 1, item) : 1;
}

void btrfs_cursor_init(struct btrfs_cursor *c, struct btrfs_volume *v, struct btrfs_root root)
{
	*c = (struct btrfs_cursor){ .volume = v, .root = root };
	for (unsigned i = 0; i < BTRFS_LEVELS; i++)
		c->path[i].logical = BTRFS_NO_BLOCK;
}

void btrfs_cursor_free(struct btrfs_cursor *c)
{
	for (unsigned i = 0; i < BTRFS_LEVELS; i++)
		free(c->path[i].bytes);
}

void btrfs_volume_init(struct btrfs_volume *v, struct io *io)
{
	struct btrfs_root chunks = {
		.tree = BTRFS_CHUNK_TREE,
		.logical = v->super.chunk_root,
		.generation = v->super.chunk_root_generation,
		.level = v->super.chunk_root_level,
	};

	v->io = io;
	btrfs_cursor_init(&v->map, v, chunks);
}

void btrfs_volume_free(struct btrfs_volume *v)
{
	btrfs_cursor_free(&v->map);
}
