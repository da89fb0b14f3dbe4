/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Trees of btrfs that do not agree, or tell of work under way, each block sound by itself. */

#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/fs.h"
#include "tests/lib/btrfs.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEADER 101u
#define ITEM 25u

#define ROOT_TREE 1u
#define EXTENT_TREE 2u
#define CHUNK_TREE 3u
#define DEVICE_TREE 4u

#define ROOT_ITEM 132u
#define BALANCE_ITEM 248u
#define REPLACE_ITEM 250u

static unsigned char *key_at(unsigned char *leaf, unsigned slot)
{
	return leaf + HEADER + (size_t)slot * ITEM;
}

static void put_le64(unsigned char *p, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

static void put_key(unsigned char *key, uint64_t object, unsigned type, uint64_t offset)
{
	put_le64(key, object);
	key[8] = (unsigned char)type;
	put_le64(key + 9, offset);
}

static void expect(struct io *io, uint64_t at, unsigned char *leaf, enum why why, const char *what)
{
	struct btrfs_map map;
	struct error err;
	int rc;

	btrfs_sum_again(leaf, BTRFS_NODE);
	io_mem_poke(io, at, leaf, BTRFS_NODE);
	rc = btrfs_use(io, &map, &err);
	assert_int_equal(err.why, why);
	assert_int_equal(rc == 0, why == WHY_NONE);
	if (what)
		assert_string_equal(err.what, what);
}

/* The last item of the root tree becomes one that a balance leaves there. */
static void a_balance_under_way_is_refused(void **state)
{
	static const struct {
		uint64_t object;
		unsigned type;
	} keys[] = {
		{ (uint64_t)-4, BALANCE_ITEM },
		{ (uint64_t)-8, ROOT_ITEM },   /* a tree of blocks that move */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct io *io = btrfs_small();
		uint64_t at = btrfs_root(io, ROOT_TREE);
		unsigned char leaf[BTRFS_NODE];

		io_mem_peek(io, at, leaf, BTRFS_NODE);
		put_key(key_at(leaf, get_le32(leaf + 0x60) - 1), keys[i].object, keys[i].type, 0);
		expect(io, at, leaf, WHY_UNCLEAN, "btrfs");
		io_close(io);
	}
}

/* A first item of that size; its data are zeros. */
static unsigned char *insert_first(unsigned char *leaf, unsigned type, uint32_t size)
{
	uint32_t n = get_le32(leaf + 0x60);
	uint32_t low = get_le32(key_at(leaf, n - 1) + 17);
	uint32_t end = BTRFS_NODE - HEADER;

	memmove(leaf + HEADER + low - size, leaf + HEADER + low, end - low);
	memmove(key_at(leaf, 1), key_at(leaf, 0), (size_t)n * ITEM);
	for (unsigned i = 1; i <= n; i++) {
		uint32_t at = get_le32(key_at(leaf, i) + 17) - size;

		for (unsigned b = 0; b < 4; b++)
			key_at(leaf, i)[17 + b] = (unsigned char)(at >> 8 * b);
	}
	put_key(key_at(leaf, 0), 0, type, 0);
	put_le64(key_at(leaf, 0) + 17, (uint64_t)size << 32 | (end - size));
	leaf[0x60] = (unsigned char)(n + 1);
	memset(leaf + BTRFS_NODE - size, 0, size);
	return leaf + BTRFS_NODE - size;
}

static void a_replacement_of_the_device_is_refused_until_it_ends(void **state)
{
	static const enum why whys[] = { WHY_NONE, WHY_UNCLEAN, WHY_NONE, WHY_NONE, WHY_UNCLEAN };
	struct io *io = btrfs_small();
	uint64_t at = btrfs_root(io, DEVICE_TREE);
	unsigned char leaf[BTRFS_NODE], *data;

	(void)state;
	io_mem_peek(io, at, leaf, BTRFS_NODE);
	data = insert_first(leaf, REPLACE_ITEM, 80);
	for (unsigned i = 0; i < COUNT(whys); i++) { /* never started to suspended */
		data[32] = (unsigned char)i;
		expect(io, at, leaf, whys[i], NULL);
	}
	io_close(io);
}

/* Its first block is copied to free space, and found there from now on. */
static void move_tree(struct io *io, uint64_t tree, unsigned char *block, uint64_t *at)
{
	unsigned char super[BTRFS_NODE], roots[BTRFS_NODE];
	uint64_t logical;

	*at = btrfs_root(io, tree);
	io_mem_peek(io, *at, block, BTRFS_NODE);
	logical = get_le64(block + 0x30) + MIB;
	*at += MIB;
	put_le64(block + 0x30, logical);
	io_mem_peek(io, BTRFS_SUPER, super, BTRFS_NODE);
	io_mem_peek(io, btrfs_root(io, ROOT_TREE), roots, BTRFS_NODE);
	if (tree == ROOT_TREE)
		put_le64(super + 0x50, logical);
	if (tree == CHUNK_TREE)
		put_le64(super + 0x58, logical);
	for (unsigned i = 0; i < get_le32(roots + 0x60); i++) {
		unsigned char *key = key_at(roots, i);

		if (get_le64(key) == tree && key[8] == ROOT_ITEM)
			put_le64(roots + HEADER + get_le32(key + 17) + 176, logical);
	}
	btrfs_sum_again(super, BTRFS_NODE);
	btrfs_sum_again(roots, BTRFS_NODE);
	io_mem_poke(io, BTRFS_SUPER, super, BTRFS_NODE);
	io_mem_poke(io, btrfs_root(io, ROOT_TREE), roots, BTRFS_NODE);
}

static void the_first_block_of_each_tree_is_in_use(void **state)
{
	static const uint64_t trees[] = { ROOT_TREE, EXTENT_TREE, CHUNK_TREE, DEVICE_TREE };

	(void)state;
	for (size_t i = 0; i < COUNT(trees); i++) {
		struct io *io = btrfs_small();
		unsigned char block[BTRFS_NODE];
		uint64_t at;

		move_tree(io, trees[i], block, &at);
		expect(io, at, block, WHY_CORRUPT, "tree in no extent");
		io_close(io);
	}
}

/* In the superblock and in the chunk tree, which agree with each other. */
static void what_the_device_has_in_chunks_is_counted(void **state)
{
	struct io *io = btrfs_small();
	uint64_t at = btrfs_root(io, CHUNK_TREE);
	unsigned char leaf[BTRFS_NODE], super[BTRFS_NODE], *item;

	(void)state;
	io_mem_peek(io, at, leaf, BTRFS_NODE);
	io_mem_peek(io, BTRFS_SUPER, super, BTRFS_NODE);
	item = leaf + HEADER + get_le32(key_at(leaf, 0) + 17);
	assert_int_equal(get_le64(item + 16), get_le64(super + 0xc9 + 16));
	put_le64(item + 16, get_le64(item + 16) - MIB);
	put_le64(super + 0xc9 + 16, get_le64(item + 16));
	btrfs_sum_again(super, BTRFS_NODE);
	io_mem_poke(io, BTRFS_SUPER, super, BTRFS_NODE);
	expect(io, at, leaf, WHY_CORRUPT, "device extents and chunks");
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_balance_under_way_is_refused),
		cmocka_unit_test(a_replacement_of_the_device_is_refused_until_it_ends),
		cmocka_unit_test(the_first_block_of_each_tree_is_in_use),
		cmocka_unit_test(what_the_device_has_in_chunks_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
