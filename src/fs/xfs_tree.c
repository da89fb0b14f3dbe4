/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The trees of free space of an XFS allocation group: one by block, one by size, of the same
 * records (first block, count; 32 bits each, big endian). Each block of a tree is checked for its
 * magic, level, count, neighbours to both sides, first key against its parent's, and on V5 for its
 * place, owner, UUID and checksum; each record for its place in the group and the order. So no
 * block can come twice, and no walk reads more blocks than the group has.
 *
 * Memory: one block of each level, which the caller gives.
 *
 * Source: XFS Algorithms & Data Structures, "AG Free Space B+trees", "Fixed Length Record
 * B+trees"; Linux, fs/xfs/libxfs/xfs_format.h, xfs_btree_block.
 */

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/xfs_ag.h"
#include "fs/xfs_sum.h"

/* Fields of a block, from PLACE on only on V5. */
enum {
	MAGIC = 0,
	LEVEL = 4,
	RECORDS = 6,
	LEFT = 8,
	RIGHT = 12,
	V4_HEADER = 16,
	PLACE = 16, /* in units of 512 bytes, of the whole filesystem */
	UUID = 32,
	OWNER = 48,
	CRC = 52,
	V5_HEADER = 56,
};

#define NO_BLOCK UINT32_MAX

/* A record and a key: first block and count. Pointers are behind all keys there is room for. */
#define RECORD 8u
#define POINTER 4u

#define MOST_NODES (512u * 1024) /* kept: runs of 16 bytes */

struct tree {
	const struct xfs_ag *ag;
	enum xfs_tree_kind kind;
	unsigned char *path;
	struct run_list *nodes;             /* NULL: not wanted */
	xfs_run_fn *fn;
	void *arg;
	struct error *err;
	uint32_t before[XFS_MOST_LEVELS];   /* the block to the left, by level */
	uint32_t expected[XFS_MOST_LEVELS]; /* what that one has to its right */
	struct run last;                    /* record */
	struct xfs_tree_sum sum;
};

/* ABTB and ABTC of V4, AB3B and AB3C of V5. */
static const uint32_t magics[2][2] = {
	{ 0x41425442, 0x41425443 },
	{ 0x41423342, 0x41423343 },
};

static int tree_corrupt(const struct tree *t, uint32_t block)
{
	bool by_block = t->kind == XFS_BY_BLOCK;

	return xfs_ag_corrupt(t->ag, block, by_block ? "free space by block" : "free space by size",
			      t->err);
}

static uint32_t header_size(const struct tree *t)
{
	return t->ag->super->v5 ? V5_HEADER : V4_HEADER;
}

/* Records, or keys with their pointers, for which a block has room. */
static uint32_t most_records(const struct tree *t, unsigned level)
{
	uint32_t room = t->ag->super->block_size - header_size(t);

	return room / (level == 0 ? RECORD : RECORD + POINTER);
}

static struct run get_run(const unsigned char *p)
{
	return (struct run){ get_be32(p), get_be32(p + 4) };
}

static bool tree_is_stamped(const struct tree *t, const unsigned char *block, uint32_t at)
{
	const struct xfs_super *s = t->ag->super;

	return !s->v5 || (get_be64(block + PLACE) == xfs_ag_byte(t->ag, at) / 512 &&
			  get_be32(block + OWNER) == t->ag->number &&
			  memcmp(block + UUID, s->meta_uuid, sizeof s->meta_uuid) == 0 &&
			  xfs_sum_is_right(block, s->block_size, CRC));
}

static bool tree_check_block(struct tree *t, const unsigned char *block, uint32_t at,
			     unsigned level, bool root)
{
	uint32_t records = get_be16(block + RECORDS);

	if (get_be32(block + MAGIC) != magics[t->ag->super->v5][t->kind] ||
	    get_be16(block + LEVEL) != level || records > most_records(t, level) ||
	    (records == 0 && (level > 0 || !root)) || !tree_is_stamped(t, block, at))
		return false;
	if (get_be32(block + LEFT) != t->before[level] ||
	    (t->before[level] != NO_BLOCK && t->expected[level] != at))
		return false;
	t->before[level] = at;
	t->expected[level] = get_be32(block + RIGHT);
	return true;
}

static int tree_add_node(const struct tree *t, uint32_t at)
{
	int rc = 0;

	if (t->nodes)
		rc = t->nodes->n < MOST_NODES ? run_list_add(t->nodes, (struct run){ at, 1 })
					      : -ENOMEM;
	return rc ? error_set(t->err, WHY_MEMORY, -rc, t->ag->io->name) : 0;
}

/* Reads the block at into its level of the path. */
static int tree_read(struct tree *t, uint32_t at, unsigned level, bool root)
{
	uint32_t size = t->ag->super->block_size;
	unsigned char *block = t->path + (size_t)level * size;
	int rc;

	if (at < t->ag->first || at >= t->ag->blocks || t->sum.nodes >= t->ag->blocks)
		return tree_corrupt(t, 0);
	t->sum.nodes++;
	rc = io_read(t->ag->io, xfs_ag_byte(t->ag, at), block, size);
	if (rc)
		return io_report(t->ag->io, WHY_READ, -rc, t->err);
	if (!tree_check_block(t, block, at, level, root))
		return tree_corrupt(t, at);
	return tree_add_node(t, at);
}

static bool is_after(const struct tree *t, struct run run)
{
	if (t->sum.records == 0)
		return true;
	if (t->kind == XFS_BY_BLOCK)
		return run.first >= t->last.first + t->last.count;
	return run.count > t->last.count ||
	       (run.count == t->last.count && run.first > t->last.first);
}

/* Spreads a record over 64 bits, so that equal sums of them mean equal records. The steps are
   those of the finalizer of MurmurHash3. */
static uint64_t mix(struct run run)
{
	uint64_t x = run.first << 32 | run.count;

	x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

static int tree_record(struct tree *t, struct run run, uint32_t at)
{
	if (run.count == 0 || run.first < t->ag->first || run.first >= t->ag->blocks ||
	    run.count > t->ag->blocks - run.first || !is_after(t, run))
		return tree_corrupt(t, at);
	t->last = run;
	t->sum.records++;
	t->sum.blocks += run.count;
	t->sum.mix += mix(run);
	if (run.count > t->sum.longest)
		t->sum.longest = (uint32_t)run.count;
	return t->fn ? t->fn(t->arg, run) : 0;
}

/* Whether a block starts with what its parent says. In the tree by block, counts are no part of
   the order. */
static bool is_key(const struct tree *t, const unsigned char *key, const unsigned char *first)
{
	return memcmp(key, first, t->kind == XFS_BY_BLOCK ? RECORD / 2 : RECORD) == 0;
}

/* Depth first; at most XFS_MOST_LEVELS deep. key is the parent's, NULL for the root. */
static int tree_visit(struct tree *t, uint32_t at, unsigned level, const unsigned char *key)
{
	const unsigned char *block = t->path + (size_t)level * t->ag->super->block_size;
	const unsigned char *keys = block + header_size(t);
	const unsigned char *pointers = keys + (size_t)most_records(t, level) * RECORD;
	int rc = tree_read(t, at, level, key == NULL);

	if (rc == 0 && key && !is_key(t, key, keys))
		return tree_corrupt(t, at);
	for (unsigned i = 0; rc == 0 && i < get_be16(block + RECORDS); i++) {
		if (level == 0)
			rc = tree_record(t, get_run(keys + (size_t)i * RECORD), at);
		else
			rc = tree_visit(t, get_be32(pointers + (size_t)i * POINTER), level - 1,
					keys + (size_t)i * RECORD);
	}
	return rc;
}

int xfs_tree_walk(const struct xfs_ag *ag, enum xfs_tree_kind kind, unsigned char *path,
		  struct run_list *nodes, xfs_run_fn *fn, void *arg, struct xfs_tree_sum *sum,
		  struct error *err)
{
	struct tree t = {
		.ag = ag,
		.kind = kind,
		.path = path,
		.nodes = nodes,
		.fn = fn,
		.arg = arg,
		.err = err,
	};
	int rc;

	memset(t.before, 0xff, sizeof t.before);
	memset(t.expected, 0xff, sizeof t.expected);
	rc = tree_visit(&t, ag->root[kind], ag->levels[kind] - 1, NULL);
	if (rc)
		return rc;
	for (unsigned level = 0; level < ag->levels[kind]; level++) {
		if (t.expected[level] != NO_BLOCK)
			return tree_corrupt(&t, t.before[level]);
	}
	*sum = t.sum;
	return 0;
}
