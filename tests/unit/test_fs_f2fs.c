/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The F2FS driver on a small filesystem in memory, made by mkfs.f2fs and then spoilt. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "fs/fs.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/mkfs.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIZE (64 * MIB)
#define BLOCK 4096u
#define SEGMENT (512 * BLOCK)
#define SUPER 1024u
#define SUPER_SIZE 3072u
#define CP (2 * MIB)          /* the first pack; the second is a segment later */
#define OTHER_CP (CP + SEGMENT)
#define SIT (CP + 2 * SEGMENT)
#define MOST_EXTENTS 64u

static struct io *make(void)
{
	const char *const argv[] = { "mkfs.f2fs", "-q", "-f", "-l", "a label", "-O",
				     "extra_attr,sb_checksum", "@", NULL };
	struct io *io = mkfs_mem(SIZE, argv);

	if (!io)
		skip();
	return io;
}

struct map {
	struct extent extents[MOST_EXTENTS];
	size_t n;
};

static int note(void *arg, struct extent e)
{
	struct map *map = arg;

	assert_true(map->n < MOST_EXTENTS);
	map->extents[map->n++] = e;
	return 0;
}

/* Opens and walks twice; frees all. */
static int use(struct io *io, struct map *map, struct error *err)
{
	struct gate_sum sum;
	struct fs *fs = NULL;
	int rc;

	*map = (struct map){ 0 };
	error_clear(err);
	rc = fs_open(io, "f2fs", &fs, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, note, map, &sum, err);
	fs_close(fs);
	return rc;
}

static void refused(struct io *io, enum why why, const char *what)
{
	struct error err;
	struct map map;

	assert_true(use(io, &map, &err) < 0);
	if (err.why != why || (what && strcmp(err.what, what) != 0))
		print_message("%s %s, not %s\n", why_name(err.why), err.what, what ? what : "");
	assert_int_equal(err.why, why);
	if (what)
		assert_string_equal(err.what, what);
}

static void put(unsigned char *p, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t sum(const unsigned char *p, size_t len)
{
	return crc32_ieee(0xf2f52010, p, len);
}

static void put_super(struct io *io, unsigned copy, unsigned field, uint64_t value,
		      unsigned bytes)
{
	unsigned char sb[SUPER_SIZE];

	io_mem_peek(io, copy * BLOCK + SUPER, sb, sizeof sb);
	put(sb + field, value, bytes);
	put(sb + SUPER_SIZE - 4, sum(sb, SUPER_SIZE - 4), 4);
	io_mem_poke(io, copy * BLOCK + SUPER, sb, sizeof sb);
}

/* Into one block of a checkpoint. */
static void put_block(struct io *io, uint64_t at, unsigned field, uint64_t value, unsigned bytes)
{
	unsigned char block[BLOCK];

	io_mem_peek(io, at, block, BLOCK);
	put(block + field, value, bytes);
	put(block + BLOCK - 4, sum(block, BLOCK - 4), 4);
	io_mem_poke(io, at, block, BLOCK);
}

static uint64_t get(struct io *io, uint64_t at, unsigned bytes)
{
	unsigned char buf[8] = { 0 };

	io_mem_peek(io, at, buf, bytes);
	return get_le64(buf);
}

/* Where the last block of a pack is. */
static uint64_t last_of(struct io *io, uint64_t pack)
{
	return pack + (get(io, pack + 136, 4) - 1) * BLOCK;
}

static void put_cp(struct io *io, uint64_t pack, unsigned field, uint64_t value, unsigned bytes)
{
	uint64_t last = last_of(io, pack);

	put_block(io, pack, field, value, bytes);
	put_block(io, last, field, value, bytes);
}

static void a_clean_one_is_served_and_only_read(void **state)
{
	struct io *io = make();
	struct io *trace = io_trace_new(io);
	struct error err;
	struct map map;
	struct fs *fs;

	(void)state;
	error_clear(&err);
	assert_int_equal(fs_open(trace, "f2fs", &fs, &err), 0);
	assert_string_equal(fs->type, "f2fs");
	assert_string_equal(fs->label, "a label");
	assert_int_equal(fs->size, SIZE);
	assert_int_equal(fs->unit, BLOCK);
	assert_int_equal(strlen(fs->uuid), 36);
	/* The root's node and its entries are all there is. */
	assert_int_equal(fs->free, SIZE - get(io, SUPER + 92, 4) * BLOCK - 2 * BLOCK);
	fs_close(fs);
	assert_int_equal(use(trace, &map, &err), 0);
	assert_int_equal(map.n, 2);
	assert_int_equal(io_trace_changes(trace), 0);
	io_close(trace);
	io_close(io);
}

static void put_byte(struct io *io, uint64_t at, unsigned size, unsigned field,
		     unsigned char byte)
{
	if (size == SUPER_SIZE)
		put_super(io, 0, field, byte, 1);
	else if (size == BLOCK)
		put_block(io, at, field, byte, 1);
	else
		io_mem_poke(io, at + field, &byte, 1);
}

/* Whatever byte of the size at that place is another one, with the right sum (if it has one): a
   refusal, or the same map. */
static unsigned spoil(struct io *io, uint64_t at, unsigned size, const struct map *true_map)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < size - 4; i++) {
		unsigned char was = (unsigned char)get(io, at + i, 1);
		struct error err;
		struct map map;

		if (was == 0 && size > 100 && i % 16 != 0)
			continue;
		put_byte(io, at, size, i, was ^ 0x10u);
		if (use(io, &map, &err)) {
			refused++;
			assert_true(why_is_refusal(err.why));
		} else {
			assert_memory_equal(&map, true_map, sizeof map);
		}
		put_byte(io, at, size, i, was);
	}
	return refused;
}

static void a_byte_that_lies_with_the_right_sum_frees_nothing(void **state)
{
	struct io *io = make();
	struct error err;
	struct map map;

	(void)state;
	/* mkfs draws it by lot, and bytes that are zero are passed over. */
	put_cp(io, CP, 0, 0x11223345, 8);
	assert_int_equal(use(io, &map, &err), 0);
	assert_true(spoil(io, SUPER, SUPER_SIZE, &map) > 30);
	assert_true(spoil(io, CP, BLOCK, &map) > 10);
	assert_true(spoil(io, last_of(io, CP), BLOCK, &map) > 5);
	/* Nothing sums the journal: its entries are compared with their counters. */
	for (unsigned i = 0; i < 6; i++)
		assert_true(spoil(io, CP + BLOCK + 507 + 2 + i * 78 + 4, 74 + 4, &map) > 0);
	assert_int_equal(use(io, &map, &err), 0);
	io_close(io);
}

struct row {
	unsigned field;
	unsigned bytes;
	uint64_t value;
	enum why why;
	const char *what; /* NULL: whatever */
};

static const struct row supers[] = {
	{ 0, 4, 0xf2f52011, WHY_CORRUPT, "superblock" },
	{ 8, 4, 8, WHY_CORRUPT, "sector size" },
	{ 8, 4, 13, WHY_CORRUPT, "sector size" },
	{ 12, 4, 4, WHY_CORRUPT, "sector size" },
	{ 16, 4, 14, WHY_FEATURE, "block size 16384" },
	{ 16, 4, 0xffffffff, WHY_CORRUPT, "block size" },
	{ 20, 4, 10, WHY_CORRUPT, "segment size" },
	{ 24, 4, 0, WHY_CORRUPT, "section size" },
	{ 32, 4, 0, WHY_CORRUPT, "superblock checksum" },
	{ 36, 8, SIZE / BLOCK + 1, WHY_OUTSIDE, NULL },
	{ 36, 8, UINT64_MAX, WHY_OUTSIDE, NULL },
	{ 48, 4, 1, WHY_CORRUPT, "size" },
	{ 52, 4, 1, WHY_CORRUPT, "place of an area" },
	{ 56, 4, 3, WHY_CORRUPT, "place of an area" },
	{ 68, 4, 0, WHY_CORRUPT, "size of an area" },
	{ 68, 4, 0xffffffff, WHY_CORRUPT, "size of an area" },
	{ 72, 4, 1, WHY_CORRUPT, "area over the superblock" },
	{ 92, 4, 512, WHY_CORRUPT, "place of an area" },
	{ 1664, 4, 504, WHY_CORRUPT, "checkpoint area" },
	{ 1664, 4, 4, WHY_CORRUPT, "size of the checkpoint" },
	{ 2180, 4, 0x80a, WHY_FEATURE, "blkzoned" },
	{ 2180, 4, 0x8808, WHY_FEATURE, "device_alias" },
	{ 2180, 4, 0x10808, WHY_FEATURE, "packed_ssa" },
	{ 2180, 4, 0x40000808, WHY_FEATURE, "feature 0x40000000" },
	{ 2201, 1, '/', WHY_MULTI_DEV, "f2fs" },
	{ 2794, 1, 1, WHY_ERRORS, "f2fs" },
	{ 2809, 1, 0x80, WHY_ERRORS, "f2fs" },
};

static void a_spoilt_superblock_is_refused(void **state)
{
	struct io *io = make();

	(void)state;
	for (size_t i = 0; i < COUNT(supers); i++) {
		const struct row *r = &supers[i];
		uint64_t was = get(io, SUPER + r->field, r->bytes);

		for (unsigned copy = 0; copy < 2; copy++)
			put_super(io, copy, r->field, r->value, r->bytes);
		refused(io, r->why, r->what);
		for (unsigned copy = 0; copy < 2; copy++)
			put_super(io, copy, r->field, was, r->bytes);
	}
	io_close(io);
}

static void the_copy_of_the_superblock_must_agree(void **state)
{
	static const unsigned fields[] = { 0, 24, 36, 48, 68, 92, 108, 1664, 2180 };
	struct io *io = make();
	struct error err;
	struct map map;

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		uint64_t was = get(io, BLOCK + SUPER + fields[i], 4);

		put_super(io, 1, fields[i], was ^ 0x40, 4);
		refused(io, WHY_CORRUPT, "copy of the superblock");
		put_super(io, 1, fields[i], was, 4);
	}
	put_super(io, 1, 2794, 1, 1);
	refused(io, WHY_ERRORS, NULL);
	put_super(io, 1, 2794, 0, 1);
	put_super(io, 1, 1668, 'x', 1); /* the version of the kernel that mounted it last */
	assert_int_equal(use(io, &map, &err), 0);
	io_close(io);
}

#define FLAGS 0x185u /* what mkfs.f2fs sets: unmounted, compact, nat bits, trimmed */

static const struct row checkpoints[] = {
	{ 0, 8, UINT64_C(1) << 32, WHY_CORRUPT, "version of the checkpoint" },
	{ 16, 8, 1, WHY_MAP_TOTAL, NULL },
	{ 36, 4, 0x7fff, WHY_CORRUPT, "place of a log" },
	{ 40, 4, 0xffffffff, WHY_CORRUPT, "place of a log" },
	{ 68, 2, 512, WHY_CORRUPT, "place of a log" },
	{ 84, 4, 0x10000, WHY_CORRUPT, "place of a log" },
	{ 120, 2, 0xffff, WHY_CORRUPT, "place of a log" },
	{ 68, 2, 0, WHY_CORRUPT, "entry of the segment table" }, /* over the root */
	{ 132, 4, FLAGS & ~1u, WHY_UNCLEAN, "f2fs" },
	{ 132, 4, FLAGS | 0x20, WHY_NONE, NULL }, /* fast boot as well */
	{ 132, 4, (FLAGS & ~1u) | 0x20, WHY_UNCLEAN, "f2fs" },
	{ 132, 4, FLAGS | 0x0002, WHY_ORPHANS, "f2fs" },
	{ 132, 4, FLAGS | 0x0008, WHY_ERRORS, "f2fs" },
	{ 132, 4, FLAGS | 0x0010, WHY_ERRORS, "f2fs" },
	{ 132, 4, FLAGS | 0x0800, WHY_ERRORS, "f2fs" },
	{ 132, 4, FLAGS | 0x1000, WHY_FEATURE, "checkpoint=disable" },
	{ 132, 4, FLAGS | 0x2000, WHY_FEATURE, "checkpoint=disable" },
	{ 132, 4, FLAGS | 0x4000, WHY_UNCLEAN, "f2fs" },
	{ 132, 4, FLAGS | 0x8000, WHY_FEATURE, "checkpoint flag 0x8000" },
	{ 140, 4, 0, WHY_CORRUPT, "place of the summaries" },
	{ 140, 4, 6, WHY_CORRUPT, "place of the summaries" },
	{ 144, 4, 2, WHY_MAP_TOTAL, NULL },
	{ 156, 4, 128, WHY_CORRUPT, "size of a bitmap" },
	{ 160, 4, 0xfffffff0, WHY_CORRUPT, "size of a bitmap" },
};

static void a_spoilt_checkpoint_is_refused(void **state)
{
	struct io *io = make();
	struct error err;
	struct map map;

	(void)state;
	assert_int_equal(get(io, CP + 132, 4), FLAGS);
	for (size_t i = 0; i < COUNT(checkpoints); i++) {
		const struct row *r = &checkpoints[i];
		uint64_t was = get(io, CP + r->field, r->bytes);

		put_cp(io, CP, r->field, r->value, r->bytes);
		if (r->why == WHY_NONE)
			assert_int_equal(use(io, &map, &err), 0);
		else
			refused(io, r->why, r->what);
		put_cp(io, CP, r->field, was, r->bytes);
	}
	io_close(io);
}

static void the_newest_whole_checkpoint_holds(void **state)
{
	struct io *io = make();
	uint64_t version = get(io, CP, 8);
	struct error err;
	struct map map;

	(void)state;
	put_cp(io, OTHER_CP, 132, 4, 4);  /* the older one was not of an unmount */
	assert_int_equal(use(io, &map, &err), 0);
	put_cp(io, OTHER_CP, 0, version + 1, 8);
	refused(io, WHY_UNCLEAN, "f2fs"); /* now it is the newer one */
	put_cp(io, OTHER_CP, 0, 0, 8);

	/* One that was interrupted, at its start and before its end. */
	put_block(io, last_of(io, OTHER_CP), 0, version + 1, 8);
	refused(io, WHY_UNCLEAN, "f2fs");
	put_block(io, last_of(io, OTHER_CP), 0, 0, 8);
	put_block(io, CP, 0, version + 1, 8);
	refused(io, WHY_UNCLEAN, "f2fs");
	put_block(io, CP, 0, version, 8);

	io_mem_fill(io, (struct extent){ OTHER_CP, BLOCK }, 1);
	refused(io, WHY_UNCLEAN, "f2fs");
	io_mem_fill(io, (struct extent){ OTHER_CP, BLOCK }, 0);
	assert_int_equal(use(io, &map, &err), 0); /* as resize.f2fs leaves it */
	io_mem_fill(io, (struct extent){ CP, BLOCK }, 0);
	refused(io, WHY_CORRUPT, "checkpoint");
	io_close(io);
}

/* The block where the log of warm nodes goes on. */
static uint64_t next_node(struct io *io)
{
	return get(io, SUPER + 92, 4) * BLOCK + get(io, CP + 40, 4) * SEGMENT +
	       get(io, CP + 70, 2) * BLOCK;
}

/* mkfs.f2fs sets neither flag; the kernel sets 0x40, fsck.f2fs 0x200. */
static void a_node_after_the_checkpoint_is_a_journal(void **state)
{
	struct io *io = make();
	uint64_t version = get(io, CP, 8);
	uint64_t node = next_node(io);
	const struct {
		uint32_t flags;
		bool with_sum;
		uint64_t add;
		bool later;
	} rows[] = {
		{ FLAGS, false, 0, true },          { FLAGS, false, 1, false },
		{ FLAGS, false, UINT64_C(1) << 40, false },
		{ FLAGS | 0x40, true, 0, true },    { FLAGS | 0x40, false, 0, false },
		{ FLAGS | 0x40, true, 1, false },   { FLAGS | 0x240, false, 0, true },
		{ FLAGS | 0x200, false, UINT64_C(9) << 32, true },
		{ FLAGS | 0x200, false, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char bytes[8];
		struct error err;
		struct map map;
		uint64_t tag = version + rows[i].add;

		put_cp(io, CP, 132, rows[i].flags, 4);
		if (rows[i].with_sum)
			tag |= get(io, CP + 4092, 4) << 32;
		put(bytes, tag, 8);
		io_mem_poke(io, node + 4084, bytes, 8);
		if (!rows[i].later) {
			assert_int_equal(use(io, &map, &err), 0);
			continue;
		}
		assert_true(use(io, &map, &err) < 0);
		assert_int_equal(err.why, WHY_JOURNAL);
		assert_int_equal(err.at, node);
	}
	io_close(io);
}

/* mkfs.f2fs has all entries of used segments in the journal, so the table itself is empty. */
static void an_entry_of_the_table_must_be_plausible(void **state)
{
	struct io *io = make();
	unsigned char entry[74] = { 0 };
	uint64_t place = SIT + 10 * sizeof entry; /* of a segment that has nothing */
	struct error err;
	struct map map;

	(void)state;
	put(entry, 1, 2);
	io_mem_poke(io, place, entry, sizeof entry);
	refused(io, WHY_CORRUPT, "entry of the segment table"); /* a count without a bit */
	entry[2 + 5] = 0x80;
	io_mem_poke(io, place, entry, sizeof entry);
	refused(io, WHY_MAP_TOTAL, NULL); /* more blocks than the checkpoint has */
	put_cp(io, CP, 16, get(io, CP + 16, 8) + 2, 8);
	assert_int_equal(use(io, &map, &err), 0); /* fewer: some are promised */
	assert_int_equal(map.n, 3);
	/* The 40th block, as F2FS counts bits from the top. */
	assert_int_equal(map.extents[2].start,
			 get(io, SUPER + 92, 4) * BLOCK + 10 * SEGMENT + 41 * BLOCK);
	put(entry, 6 << 10 | 1, 2);
	io_mem_poke(io, place, entry, sizeof entry);
	refused(io, WHY_CORRUPT, "entry of the segment table"); /* no such type */
	put(entry, 4 << 10 | 1, 2);
	io_mem_poke(io, place, entry, sizeof entry);
	refused(io, WHY_MAP_TOTAL, NULL); /* another node */
	io_close(io);
}

static void the_checkpoint_tells_which_copy_of_the_table_holds(void **state)
{
	struct io *io = make();
	unsigned char entry[74] = { 1, 0, 0x80 };
	uint64_t sit_bytes = get(io, SUPER + 56, 4) / 2 * SEGMENT;
	struct error err;
	struct map map, other;

	(void)state;
	assert_int_equal(use(io, &map, &err), 0);
	io_mem_poke(io, SIT + sit_bytes + 10 * sizeof entry, entry, sizeof entry);
	assert_int_equal(use(io, &other, &err), 0);
	assert_memory_equal(&map, &other, sizeof map);
	put_cp(io, CP, 192, 0x80, 1); /* the first block's bit */
	put_cp(io, CP, 16, get(io, CP + 16, 8) + 1, 8);
	assert_int_equal(use(io, &other, &err), 0);
	assert_int_equal(other.n, map.n + 1);
	io_close(io);
}

static void a_journal_out_of_bounds_is_refused(void **state)
{
	struct io *io = make();
	uint64_t journal = CP + BLOCK + 507; /* after that of nodes */
	unsigned char bytes[4];

	(void)state;
	assert_int_equal(get(io, journal, 2), 6);
	put(bytes, 7, 2);
	io_mem_poke(io, journal, bytes, 2);
	refused(io, WHY_CORRUPT, "journal of the segment table");
	put(bytes, 6, 2);
	io_mem_poke(io, journal, bytes, 2);
	put(bytes, 0x7fffffff, 4);
	io_mem_poke(io, journal + 2, bytes, 4);
	refused(io, WHY_CORRUPT, "journal of the segment table");
	put(bytes, get(io, journal + 2 + 78, 4), 4); /* the second entry's segment */
	io_mem_poke(io, journal + 2, bytes, 4);
	refused(io, WHY_CORRUPT, "journal of the segment table");
	io_close(io);
}

static void the_window_may_end_anywhere(void **state)
{
	struct io *io = make();

	(void)state;
	for (uint64_t size = 512; size < SIZE; size += size < 16 * KIB ? 512 : MIB) {
		struct extent part = { 0, size };
		struct io *window;

		assert_int_equal(io_window_new(io, &part, 1, &window), 0);
		refused(window, WHY_OUTSIDE, NULL);
		io_close(window);
	}
	io_close(io);
}

static void every_read_that_fails_is_told_with_its_place(void **state)
{
	struct io *io = make();
	uint64_t n = 0;
	bool hit;

	(void)state;
	do {
		struct io *fault = io_fault_new(io, IO_FAULT_ALL, ++n, EIO);
		struct error err;
		struct map map;
		int rc = use(fault, &map, &err);

		hit = io_fault_hit(fault);
		assert_int_equal(rc, hit ? -EIO : 0);
		if (hit) {
			assert_int_equal(err.why, WHY_READ);
			assert_int_equal(err.at, fault->failure.at);
		}
		io_close(fault);
	} while (hit);
	assert_true(n > 8);
	io_close(io);
}

static int stop(void *arg, struct extent e)
{
	unsigned *left = arg;

	(void)e;
	return --*left ? 0 : 1;
}

static void what_the_callback_says_is_returned(void **state)
{
	struct io *io = make();
	unsigned n = 0;
	unsigned left;
	struct fs *fs;

	(void)state;
	assert_int_equal(fs_open(io, "f2fs", &fs, NULL), 0);
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
		cmocka_unit_test(a_byte_that_lies_with_the_right_sum_frees_nothing),
		cmocka_unit_test(a_spoilt_superblock_is_refused),
		cmocka_unit_test(the_copy_of_the_superblock_must_agree),
		cmocka_unit_test(a_spoilt_checkpoint_is_refused),
		cmocka_unit_test(the_newest_whole_checkpoint_holds),
		cmocka_unit_test(a_node_after_the_checkpoint_is_a_journal),
		cmocka_unit_test(an_entry_of_the_table_must_be_plausible),
		cmocka_unit_test(the_checkpoint_tells_which_copy_of_the_table_holds),
		cmocka_unit_test(a_journal_out_of_bounds_is_refused),
		cmocka_unit_test(the_window_may_end_anywhere),
		cmocka_unit_test(every_read_that_fails_is_told_with_its_place),
		cmocka_unit_test(what_the_callback_says_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
