/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The B-trees of HFS Plus, as far as they are needed: the leaves from the first one on. The files
 * that hold the filesystem itself have the lowest numbers, so their records come first in the
 * extents overflow tree; and the first record of the catalog is that of the root folder.
 *
 * A walk ends after as many leaves as the tree has nodes, whatever they point to.
 *
 * Memory: one node, 32 KiB at most.
 *
 * Source: Apple, Technical Note TN1150, "B-Trees", "Extents Overflow File", "Catalog File".
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/hfsplus_tree.h"
#include "fs/utf16.h"

/* A node's descriptor. */
enum {
	NEXT_NODE = 0,
	NODE_KIND = 8,
	NODE_RECORDS = 10,
	NODE_START = 14,
};

/* The header record, by its byte in node 0. */
enum {
	TREE_DEPTH = 14,
	FIRST_LEAF = 24,
	NODE_SIZE = 32,
	TREE_NODES = 36,
	HEADER_END = 120,
};

#define KIND_HEADER 1u
#define KIND_LEAF 0xffu
#define LEAST_NODE 512u
#define MOST_NODE 32768u

/* The key of an extent record: its length (10), fork, 0, file, first block. */
#define KEY_SIZE 12u

/* The key of a catalog record: its length, parent, length of the name, name. */
#define CATALOG_NAME 8u
#define MOST_NAME 255u
#define PARENT_OF_ROOT 1u

struct tree {
	struct hfsplus_fork *fork;
	struct io *io;
	unsigned char *node;
	uint32_t node_size;
	uint32_t nodes;
	uint32_t leaf;    /* the first one; 0 when the tree is empty */
};

static int corrupt(struct tree *t, uint64_t at, struct error *err)
{
	return error_set_at(err, WHY_CORRUPT, 0, hfsplus_fork_place(t->fork, at), "B-tree");
}

static int read_node(struct tree *t, uint32_t number, unsigned kind, struct error *err)
{
	uint64_t at = (uint64_t)number * t->node_size;
	int rc = hfsplus_fork_read(t->fork, t->io, at, t->node, t->node_size, err);

	if (rc)
		return rc;
	return t->node[NODE_KIND] == kind ? 0 : corrupt(t, at, err);
}

static int check_header(struct tree *t, const unsigned char *node, struct error *err)
{
	t->node_size = get_be16(node + NODE_SIZE);
	t->nodes = get_be32(node + TREE_NODES);
	t->leaf = get_be16(node + TREE_DEPTH) ? get_be32(node + FIRST_LEAF) : 0;
	if (node[NODE_KIND] != KIND_HEADER || !is_power_of_two(t->node_size) ||
	    t->node_size < LEAST_NODE || t->node_size > MOST_NODE)
		return corrupt(t, 0, err);
	if (t->nodes == 0 || t->nodes > t->fork->size / t->node_size || t->leaf >= t->nodes)
		return corrupt(t, 0, err);
	return 0;
}

/* close_tree follows in any case. */
static int open_tree(struct tree *t, struct hfsplus_fork *fork, struct io *io, struct error *err)
{
	unsigned char head[HEADER_END];
	int rc;

	*t = (struct tree){ .fork = fork, .io = io };
	if (fork->size < LEAST_NODE)
		return corrupt(t, 0, err);
	rc = hfsplus_fork_read(fork, io, 0, head, sizeof head, err);
	if (rc == 0)
		rc = check_header(t, head, err);
	if (rc)
		return rc;
	t->node = malloc(t->node_size);
	return t->node ? 0 : error_set(err, WHY_MEMORY, ENOMEM, io->name);
}

static void close_tree(struct tree *t)
{
	free(t->node);
}

/* The record of that number in the node which was read, and its length; NULL when it is not
   inside. Offsets stand at the end of the node, the first one last. */
static const unsigned char *record_of(const struct tree *t, unsigned number, size_t *len)
{
	unsigned records = get_be16(t->node + NODE_RECORDS);
	size_t list = ((size_t)records + 1) * 2;
	unsigned start, end;

	if (number >= records || list > t->node_size - NODE_START)
		return NULL;
	start = get_be16(t->node + t->node_size - 2 * ((size_t)number + 1));
	end = get_be16(t->node + t->node_size - 2 * ((size_t)number + 2));
	if (start < NODE_START || end < start || end > t->node_size - list)
		return NULL;
	*len = end - start;
	return t->node + start;
}

struct walk {
	struct tree tree;
	uint32_t file;     /* of the record before */
	hfsplus_overflow_fn *fn;
	void *arg;
	struct error *err;
};

/* 1 is the end: what follows belongs to users' files. */
static int walk_record(struct walk *w, uint32_t leaf, unsigned number)
{
	uint64_t node = (uint64_t)leaf * w->tree.node_size;
	struct hfsplus_overflow record;
	const unsigned char *p;
	size_t len;
	int rc;

	p = record_of(&w->tree, number, &len);
	if (!p || len < KEY_SIZE + HFSPLUS_RECORD_SIZE || get_be16(p) != KEY_SIZE - 2)
		return corrupt(&w->tree, node, w->err);
	record.fork = p[2];
	record.file = get_be32(p + 4);
	record.first = get_be32(p + 8);
	record.at = hfsplus_fork_place(w->tree.fork, node + (uint64_t)(p - w->tree.node) +
							     KEY_SIZE);
	if (record.file < w->file)
		return corrupt(&w->tree, node, w->err);
	w->file = record.file;
	if (record.file >= HFSPLUS_FIRST_USER_FILE)
		return 1;
	memcpy(record.extents, p + KEY_SIZE, sizeof record.extents);
	rc = w->fn(w->arg, &record, w->err);
	return rc;
}

static int walk_leaf(struct walk *w, uint32_t leaf)
{
	int rc = read_node(&w->tree, leaf, KIND_LEAF, w->err);
	unsigned records;

	if (rc)
		return rc;
	records = get_be16(w->tree.node + NODE_RECORDS);
	for (unsigned i = 0; rc == 0 && i < records; i++)
		rc = walk_record(w, leaf, i);
	return rc;
}

int hfsplus_tree_walk_specials(struct hfsplus_volume *v, struct io *io, hfsplus_overflow_fn *fn,
			       void *arg, struct error *err)
{
	struct walk w = { .fn = fn, .arg = arg, .err = err };
	int rc = open_tree(&w.tree, &v->forks[HFSPLUS_EXTENTS], io, err);
	uint32_t leaf = w.tree.leaf;

	for (uint32_t i = 0; rc == 0 && leaf != 0; i++) {
		if (i == w.tree.nodes || leaf >= w.tree.nodes)
			rc = corrupt(&w.tree, 0, err);
		else
			rc = walk_leaf(&w, leaf);
		if (rc == 0)
			leaf = get_be32(w.tree.node + NEXT_NODE);
	}
	close_tree(&w.tree);
	return rc == 1 ? 0 : rc;
}

static void read_label(struct tree *t, char *buf, size_t n)
{
	const unsigned char *p;
	unsigned units;
	size_t len;

	if (t->leaf == 0 || read_node(t, t->leaf, KIND_LEAF, NULL) != 0)
		return;
	p = record_of(t, 0, &len);
	if (!p || len < CATALOG_NAME || get_be32(p + 2) != PARENT_OF_ROOT)
		return;
	units = get_be16(p + 6);
	if (units <= MOST_NAME && 2 * (size_t)units <= len - CATALOG_NAME)
		utf16_text(buf, n, p + CATALOG_NAME, units, true);
}

void hfsplus_tree_label(struct hfsplus_volume *v, struct io *io, char *buf, size_t n)
{
	struct tree t;

	buf[0] = '\0';
	if (open_tree(&t, &v->forks[HFSPLUS_CATALOG], io, NULL) == 0)
		read_label(&t, buf, n);
	close_tree(&t);
}
