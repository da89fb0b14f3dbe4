/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The btrfs driver on small filesystems in memory, made by mkfs.btrfs and then spoilt. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/fs.h"
#include "tests/lib/btrfs.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void a_clean_one_is_served_and_only_read(void **state)
{
	struct io *io = btrfs_small();
	struct io *trace = io_trace_new(io);
	struct error err;
	struct btrfs_map map;
	struct fs *fs;

	(void)state;
	error_clear(&err);
	assert_int_equal(fs_open(trace, "btrfs", &fs, &err), 0);
	assert_string_equal(fs->type, "btrfs");
	assert_string_equal(fs->label, "a label");
	assert_int_equal(fs->size, BTRFS_SMALL);
	assert_int_equal(fs->unit, 4096);
	assert_true(fs->free > BTRFS_SMALL - 2 * MIB && fs->free < BTRFS_SMALL - MIB);
	assert_int_equal(strlen(fs->uuid), 36);
	fs_close(fs);
	assert_int_equal(btrfs_use(trace, &map, &err), 0);
	assert_true(map.n > 1 && map.extents[0].start > MIB); /* a tree block lies there */
	assert_int_equal(io_trace_changes(trace), 0);
	io_close(trace);
	io_close(io);
}

static void all_checksums_are_known(void **state)
{
	static const char *const sums[] = { "crc32c", "xxhash", "sha256", "blake2" };

	(void)state;
	for (size_t i = 0; i < COUNT(sums); i++) {
		struct io *io = btrfs_large(sums[i]);
		unsigned char byte;
		struct error err;
		struct btrfs_map map;

		assert_int_equal(btrfs_use(io, &map, &err), 0);
		io_mem_peek(io, BTRFS_SUPER + 0x800, &byte, 1);
		byte ^= 1;
		io_mem_poke(io, BTRFS_SUPER + 0x800, &byte, 1);
		assert_true(btrfs_use(io, &map, &err) < 0);
		assert_string_equal(err.what, "superblock checksum");
		io_close(io);
	}
}

static void the_superblocks_are_never_free(void **state)
{
	struct io *io = btrfs_large("crc32c");
	struct extent copy = { 64 * MIB, 4096 };
	struct error err;
	struct btrfs_map map;
	bool before = false, after = false;

	(void)state;
	assert_int_equal(btrfs_use(io, &map, &err), 0);
	for (size_t i = 0; i < map.n; i++) {
		assert_true(map.extents[i].start >= MIB);
		assert_false(extent_overlaps(map.extents[i], copy));
		before |= extent_end(map.extents[i]) == copy.start;
		after |= map.extents[i].start == extent_end(copy);
	}
	assert_true(before && after);
	io_close(io);
}

/* Whatever byte of a superblock or tree block at that place is another one, with the right sum:
   a refusal, or the same map. */
static unsigned spoil_block(struct io *io, uint64_t at, const struct btrfs_map *true_map)
{
	unsigned char block[BTRFS_NODE];
	unsigned refused = 0;

	io_mem_peek(io, at, block, BTRFS_NODE);
	for (unsigned i = 32; i < BTRFS_NODE; i++) {
		unsigned char was = block[i];
		struct error err;
		struct btrfs_map map;

		if (was == 0 && i % 16 != 0)
			continue;
		block[i] ^= 0x10;
		btrfs_sum_again(block, BTRFS_NODE);
		io_mem_poke(io, at, block, BTRFS_NODE);
		if (btrfs_use(io, &map, &err)) {
			refused++;
			assert_true(why_is_refusal(err.why));
		} else {
			assert_memory_equal(&map, true_map, sizeof map);
		}
		block[i] = was;
	}
	btrfs_sum_again(block, BTRFS_NODE);
	io_mem_poke(io, at, block, BTRFS_NODE);
	return refused;
}

static void a_byte_that_lies_with_the_right_sum_frees_nothing(void **state)
{
	struct io *io = btrfs_small();
	unsigned char super[BTRFS_NODE], block[BTRFS_NODE];
	struct btrfs_map map;
	struct error err;
	unsigned blocks = 0;

	(void)state;
	assert_int_equal(btrfs_use(io, &map, &err), 0);
	io_mem_peek(io, BTRFS_SUPER, super, BTRFS_NODE);
	assert_true(spoil_block(io, BTRFS_SUPER, &map) > 100);
	for (uint64_t at = MIB; at < BTRFS_SMALL; at += BTRFS_NODE) {
		io_mem_peek(io, at, block, BTRFS_NODE);
		if (memcmp(block + 32, super + 32, 16) == 0)
			blocks += spoil_block(io, at, &map) >= 40;
	}
	assert_int_equal(blocks, 4); /* chunks, roots, extents, devices */
	assert_int_equal(btrfs_use(io, &map, &err), 0);
	io_close(io);
}

static void put_le64(unsigned char *p, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

/* The key of the nth item of that type in a leaf, and its data. */
static unsigned char *find_item(unsigned char *leaf, unsigned type, unsigned nth,
				unsigned char **data)
{
	for (uint32_t i = 0; i < get_le32(leaf + 0x60); i++) {
		unsigned char *key = leaf + 101 + (size_t)i * 25;

		if (key[8] != type || nth-- > 0)
			continue;
		*data = leaf + 101 + get_le32(key + 17);
		return key;
	}
	fail_msg("no item %u of type %u", nth, type);
	return NULL;
}

#define EXTENT_ITEM 168
#define METADATA_ITEM 169
#define BLOCK_GROUP 192

/* All sums over the filesystem stay right. */
static void the_use_of_each_block_group_is_checked(void **state)
{
	struct io *io = btrfs_small();
	uint64_t at = btrfs_root(io, 2);
	unsigned char leaf[BTRFS_NODE];
	unsigned char *one, *two;
	struct error err;
	struct btrfs_map map;

	(void)state;
	io_mem_peek(io, at, leaf, BTRFS_NODE);
	find_item(leaf, BLOCK_GROUP, 0, &one);
	find_item(leaf, BLOCK_GROUP, 1, &two);
	put_le64(one, get_le64(one) + BTRFS_NODE);
	put_le64(two, get_le64(two) - BTRFS_NODE);
	btrfs_sum_again(leaf, BTRFS_NODE);
	io_mem_poke(io, at, leaf, BTRFS_NODE);
	assert_true(btrfs_use(io, &map, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_string_equal(err.what, "use of a block group");
	io_close(io);
}

/* An extent becomes an old-style one that reaches over the next, and is counted as such. */
static void extents_over_each_other_are_refused(void **state)
{
	struct io *io = btrfs_small();
	uint64_t at = btrfs_root(io, 2);
	unsigned char leaf[BTRFS_NODE], super[BTRFS_NODE];
	unsigned char *group, *data, *key = NULL;
	unsigned n = 0;
	struct error err;
	struct btrfs_map map;

	(void)state;
	io_mem_peek(io, at, leaf, BTRFS_NODE);
	io_mem_peek(io, BTRFS_SUPER, super, BTRFS_NODE);
	do
		key = find_item(leaf, METADATA_ITEM, n++, &data);
	while (get_le64(find_item(leaf, METADATA_ITEM, n, &data)) != get_le64(key) + BTRFS_NODE);
	key[8] = EXTENT_ITEM;
	put_le64(key + 9, 2 * BTRFS_NODE);
	find_item(leaf, BLOCK_GROUP, 1, &group);
	put_le64(group, get_le64(group) + BTRFS_NODE);
	put_le64(super + 0x78, get_le64(super + 0x78) + BTRFS_NODE);
	btrfs_sum_again(leaf, BTRFS_NODE);
	btrfs_sum_again(super, BTRFS_NODE);
	io_mem_poke(io, at, leaf, BTRFS_NODE);
	io_mem_poke(io, BTRFS_SUPER, super, BTRFS_NODE);
	assert_true(btrfs_use(io, &map, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_string_equal(err.what, "extent over another");
	io_close(io);
}

struct spoil {
	unsigned field; /* byte in the superblock */
	unsigned bytes;
	uint64_t value;
	enum why why;
	const char *what; /* NULL: whatever */
};

static const struct spoil spoils[] = {
	{ 0x38, 8, 5, WHY_ERRORS, "btrfs" },
	{ 0x38, 8, UINT64_C(0x100000001), WHY_MULTI_DEV, "btrfs" },
	{ 0x38, 8, UINT64_C(0x200000001), WHY_FEATURE, "metadump" },
	{ 0x38, 8, UINT64_C(0x1000000001), WHY_FEATURE, "changing fsid" },
	{ 0x38, 8, UINT64_C(0x4000000001), WHY_FEATURE, "flag 0x4000000000" },
	{ 0x40, 1, 0, WHY_CORRUPT, "superblock" },
	{ 0x60, 8, 1 * MIB, WHY_JOURNAL, "btrfs" },
	{ 0x88, 8, 2, WHY_MULTI_DEV, "btrfs" },
	{ 0xb4, 8, 0x13, WHY_FEATURE, "compat_ro 0x10" },
	{ 0xbc, 8, 0x1345, WHY_FEATURE, "zoned" },
	{ 0xbc, 8, 0x2345, WHY_FEATURE, "extent-tree-v2" },
	{ 0xbc, 8, 0x4345, WHY_FEATURE, "raid-stripe-tree" },
	{ 0xbc, 8, 0x20345, WHY_FEATURE, "remap-tree" },
	{ 0xbc, 8, 0x8345, WHY_FEATURE, "incompat 0x8000" },
	{ 0xbc, 8, 0x344, WHY_FEATURE, "old back references" },
	{ 0xbc, 8, 0x341, WHY_CORRUPT, "chunk" },  /* not mixed */
	{ 0xbc, 8, 0x245, WHY_CORRUPT, NULL },     /* not skinny */
	{ 0xbc, 8, 0x745, WHY_CORRUPT, NULL },     /* another metadata UUID */
	{ 0xc4, 2, 4, WHY_FEATURE, "checksum type 4" },
	{ 0x78, 8, 12288, WHY_MAP_TOTAL, "btrfs" },
};

static void a_spoilt_superblock_is_refused(void **state)
{
	struct io *io = btrfs_small();
	unsigned char whole[BTRFS_NODE], sb[BTRFS_NODE];

	(void)state;
	io_mem_peek(io, BTRFS_SUPER, whole, sizeof whole);
	for (size_t i = 0; i < COUNT(spoils); i++) {
		const struct spoil *s = &spoils[i];
		struct error err;
		struct btrfs_map map;

		memcpy(sb, whole, sizeof sb);
		for (unsigned b = 0; b < s->bytes; b++)
			sb[s->field + b] = (unsigned char)(s->value >> 8 * b);
		btrfs_sum_again(sb, BTRFS_NODE);
		io_mem_poke(io, BTRFS_SUPER, sb, sizeof sb);
		assert_true(btrfs_use(io, &map, &err) < 0);
		if (err.why != s->why || (s->what && strcmp(err.what, s->what) != 0))
			print_message("row %zu: %s %s\n", i, why_name(err.why), err.what);
		assert_int_equal(err.why, s->why);
		if (s->what)
			assert_string_equal(err.what, s->what);
	}
	io_close(io);
}

static void the_window_may_end_anywhere(void **state)
{
	struct io *io = btrfs_small();

	(void)state;
	for (uint64_t size = 4096; size < BTRFS_SMALL; size += size < 128 * KIB ? 4096 : MIB) {
		struct extent part = { 0, size };
		struct io *window;
		struct error err;
		struct btrfs_map map;

		assert_int_equal(io_window_new(io, &part, 1, &window), 0);
		assert_true(btrfs_use(window, &map, &err) < 0);
		assert_int_equal(err.why, WHY_OUTSIDE);
		io_close(window);
	}
	io_close(io);
}

static void every_read_that_fails_is_told_with_its_place(void **state)
{
	struct io *io = btrfs_large("crc32c");
	uint64_t n = 0;
	bool hit;

	(void)state;
	do {
		struct io *fault = io_fault_new(io, IO_FAULT_ALL, ++n, EIO);
		struct error err;
		struct btrfs_map map;
		int rc = btrfs_use(fault, &map, &err);

		hit = io_fault_hit(fault);
		assert_int_equal(rc, hit ? -EIO : 0);
		if (hit) {
			assert_int_equal(err.why, WHY_READ);
			assert_int_equal(err.at, fault->failure.at);
		}
		io_close(fault);
	} while (hit);
	assert_true(n > 6);
	io_close(io);
}

static int stop(void *arg, struct extent e)
{
	unsigned *left = arg;

	(void)e;
	return --*left ? 0 : 1;
}

/* 1 is also what the trees answer at their end. */
static void what_the_callback_says_is_returned(void **state)
{
	struct io *io = btrfs_large("crc32c");
	unsigned n = 0;
	unsigned left;
	struct fs *fs;

	(void)state;
	assert_int_equal(fs_open(io, "btrfs", &fs, NULL), 0);
	do {
		int rc;

		left = ++n;
		rc = fs->driver->walk(fs, stop, &left, NULL);
		assert_int_equal(rc, left == 0);
	} while (left == 0);
	assert_true(n > 8);
	fs_close(fs);
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_one_is_served_and_only_read),
		cmocka_unit_test(all_checksums_are_known),
		cmocka_unit_test(the_superblocks_are_never_free),
		cmocka_unit_test(a_byte_that_lies_with_the_right_sum_frees_nothing),
		cmocka_unit_test(the_use_of_each_block_group_is_checked),
		cmocka_unit_test(extents_over_each_other_are_refused),
		cmocka_unit_test(a_spoilt_superblock_is_refused),
		cmocka_unit_test(the_window_may_end_anywhere),
		cmocka_unit_test(every_read_that_fails_is_told_with_its_place),
		cmocka_unit_test(what_the_callback_says_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
