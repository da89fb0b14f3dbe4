/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Damaged blocks of btrfs, on small filesystems in memory: one of two copies, or all there is. */

#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/fs.h"
#include "tests/lib/btrfs.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void a_damaged_block_is_refused_with_its_place(void **state)
{
	static const uint64_t owners[] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < COUNT(owners); i++) {
		struct io *io = btrfs_small();
		uint64_t at = btrfs_root(io, owners[i]);
		unsigned char byte;
		struct error err;
		struct btrfs_map map;

		io_mem_peek(io, at + 2000, &byte, 1);
		byte ^= 1;
		io_mem_poke(io, at + 2000, &byte, 1);
		assert_true(btrfs_use(io, &map, &err) < 0);
		assert_int_equal(err.why, WHY_CORRUPT);
		assert_int_equal(err.at, at);
		assert_string_equal(err.what, "checksum of a tree block");
		io_close(io);
	}
}

static void every_field_of_a_header_is_checked(void **state)
{
	static const struct {
		unsigned at;
		const char *what;
	} fields[] = {
		{ 0x20, "tree block of another filesystem" },
		{ 0x31, "place of a tree block" },
		{ 0x38, "place of a tree block" }, /* never written */
		{ 0x50, "generation of a tree block" },
		{ 0x58, "owner of a tree block" },
		{ 0x64, "level of a tree block" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct io *io = btrfs_small();
		uint64_t at = btrfs_root(io, 4);
		unsigned char block[BTRFS_NODE];
		struct error err;
		struct btrfs_map map;

		io_mem_peek(io, at, block, BTRFS_NODE);
		block[fields[i].at] ^= 1;
		btrfs_sum_again(block, BTRFS_NODE);
		io_mem_poke(io, at, block, BTRFS_NODE);
		assert_true(btrfs_use(io, &map, &err) < 0);
		assert_int_equal(err.why, WHY_CORRUPT);
		assert_string_equal(err.what, fields[i].what);
		io_close(io);
	}
}

static void flip(struct io *io, uint64_t at)
{
	unsigned char byte;

	io_mem_peek(io, at, &byte, 1);
	byte ^= 1;
	io_mem_poke(io, at, &byte, 1);
}

/* Where the same bytes are again. */
static uint64_t find_copy(struct io *io, uint64_t of)
{
	unsigned char block[BTRFS_NODE], other[BTRFS_NODE];
	uint64_t at = of + BTRFS_NODE;

	io_mem_peek(io, of, block, BTRFS_NODE);
	do {
		assert_true(at < io->size);
		io_mem_peek(io, at, other, BTRFS_NODE);
		at += BTRFS_NODE;
	} while (memcmp(block, other, BTRFS_NODE) != 0);
	return at - BTRFS_NODE;
}

/* Of metadata that is there twice: the sound copy is told of, and of two damaged ones the first. */
static void a_damaged_copy_is_refused_whatever_the_other_is_like(void **state)
{
	static const uint64_t owners[] = { 1, 2, 3, 4 };
	struct io *io = btrfs_large("crc32c");

	(void)state;
	for (size_t i = 0; i < COUNT(owners); i++) {
		uint64_t at = btrfs_root(io, owners[i]);
		uint64_t copy = find_copy(io, at);
		struct error err;
		struct btrfs_map map;

		flip(io, at + 2000);
		assert_true(btrfs_use(io, &map, &err) < 0);
		assert_int_equal(err.why, WHY_MIRROR);
		assert_int_equal(err.at, at);
		assert_string_equal(err.what, "checksum of a tree block");
		flip(io, copy + 2000);
		assert_true(btrfs_use(io, &map, &err) < 0);
		assert_int_equal(err.why, WHY_CORRUPT);
		assert_int_equal(err.at, at);
		flip(io, at + 2000);
		flip(io, copy + 2000);
		assert_int_equal(btrfs_use(io, &map, &err), 0);
	}
	io_close(io);
}

/* The write of the first copy was lost: what it has is sound, and of before. */
static void a_copy_of_another_generation_is_no_sound_one(void **state)
{
	struct io *io = btrfs_large("crc32c");
	uint64_t at = btrfs_root(io, 4);
	unsigned char block[4 * BTRFS_NODE];
	struct error err;
	struct btrfs_map map;

	(void)state;
	io_mem_peek(io, at, block, sizeof block);
	block[0x50]--;
	btrfs_sum_again(block, sizeof block);
	io_mem_poke(io, at, block, sizeof block);
	assert_true(btrfs_use(io, &map, &err) < 0);
	assert_int_equal(err.why, WHY_MIRROR);
	assert_string_equal(err.what, "generation of a tree block");
	io_close(io);
}

static void one_damaged_superblock_is_told_from_the_sound_one(void **state)
{
	static const uint64_t places[] = { BTRFS_SUPER, 64 * MIB };
	struct io *io = btrfs_large("crc32c");
	struct error err;
	struct btrfs_map map;

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		flip(io, places[i] + 0x800);
		assert_true(btrfs_use(io, &map, &err) < 0);
		assert_int_equal(err.why, WHY_MIRROR);
		assert_int_equal(err.at, places[i]);
		flip(io, places[i] + 0x800);
	}
	assert_int_equal(btrfs_use(io, &map, &err), 0);
	flip(io, BTRFS_SUPER + 0x800);
	flip(io, 64 * MIB + 0x800);
	assert_true(btrfs_use(io, &map, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	io_close(io);
}

static void put_le64(unsigned char *p, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

#define HEADER 101u
#define ITEM 25u
#define POINTER 33u

/* A pointer to the child, whose first key is that at key. */
static void put_pointer(unsigned char *node, unsigned slot, const unsigned char *key,
			const unsigned char *child)
{
	unsigned char *p = node + HEADER + (size_t)slot * POINTER;

	memcpy(p, key, 17);
	put_le64(p + 17, get_le64(child + 0x30));
	put_le64(p + 25, get_le64(child + 0x50));
}

/* The leaf moves to the block of the empty tree of files, which nobody reads here, and a node with
   a pointer to it takes its place; the root tree is told. */
static uint64_t make_two_levels(struct io *io, unsigned char *node, unsigned char *leaf)
{
	unsigned char roots[BTRFS_NODE], empty[BTRFS_NODE];
	uint64_t at = btrfs_root(io, 4);
	uint64_t child = btrfs_root(io, 5);
	uint64_t tree = btrfs_root(io, 1);

	io_mem_peek(io, at, leaf, BTRFS_NODE);
	io_mem_peek(io, child, empty, BTRFS_NODE);
	io_mem_peek(io, tree, roots, BTRFS_NODE);
	memset(node, 0, BTRFS_NODE);
	memcpy(node, leaf, HEADER);
	put_le64(leaf + 0x30, get_le64(empty + 0x30));
	node[0x60] = 1; /* count */
	node[0x64] = 1; /* level */
	put_pointer(node, 0, leaf + HEADER, leaf);
	for (unsigned char *item = roots + HEADER; get_le64(item) <= 4; item += ITEM) {
		if (get_le64(item) == 4 && item[8] == 132)
			roots[HEADER + get_le32(item + 17) + 238] = 1;
	}
	btrfs_sum_again(leaf, BTRFS_NODE);
	btrfs_sum_again(node, BTRFS_NODE);
	btrfs_sum_again(roots, BTRFS_NODE);
	io_mem_poke(io, child, leaf, BTRFS_NODE);
	io_mem_poke(io, at, node, BTRFS_NODE);
	io_mem_poke(io, tree, roots, BTRFS_NODE);
	return at;
}

static void expect_refused(struct io *io, uint64_t at, unsigned char *node, const char *what)
{
	struct btrfs_map map;
	struct error err;

	btrfs_sum_again(node, BTRFS_NODE);
	io_mem_poke(io, at, node, BTRFS_NODE);
	assert_true(btrfs_use(io, &map, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_string_equal(err.what, what);
}

/* Else a block that belongs elsewhere could hide extents, with a right checksum. */
static void a_leaf_has_the_keys_that_its_parent_says(void **state)
{
	struct io *io = btrfs_small();
	unsigned char node[BTRFS_NODE], leaf[BTRFS_NODE];
	uint64_t at = make_two_levels(io, node, leaf);
	struct btrfs_map map;
	struct error err;

	(void)state;
	assert_int_equal(btrfs_use(io, &map, &err), 0);
	node[HEADER + 9]++;
	expect_refused(io, at, node, "first key of a tree block");
	node[HEADER + 9]--;
	put_pointer(node, 1, leaf + HEADER + ITEM, leaf);
	node[0x60] = 2;
	expect_refused(io, at, node, "last key of a tree block");
	put_pointer(node, 1, leaf + HEADER, leaf);
	expect_refused(io, at, node, "order of a tree block");
	node[0x60] = 0;
	expect_refused(io, at, node, "number of items in a tree block");
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_damaged_block_is_refused_with_its_place),
		cmocka_unit_test(every_field_of_a_header_is_checked),
		cmocka_unit_test(a_damaged_copy_is_refused_whatever_the_other_is_like),
		cmocka_unit_test(a_copy_of_another_generation_is_no_sound_one),
		cmocka_unit_test(one_damaged_superblock_is_told_from_the_sound_one),
		cmocka_unit_test(a_leaf_has_the_keys_that_its_parent_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
