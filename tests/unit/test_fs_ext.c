/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The ext driver on small filesystems in memory, made by mke2fs and then spoilt. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/bitmap.h"
#include "fs/fs.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/mkfs.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIZE (8 * MIB)
#define SB 1024

static struct io *make(const char *features)
{
	const char *const argv[] = { "mke2fs", "-q",  "-F",   "-t", "ext4",   "-b",
				     "1024",   "-g",  "2048", "-O", features, "@",
				     NULL };
	struct io *io = mkfs_mem(SIZE, argv);

	if (!io)
		skip();
	return io;
}

/* Without checksums, so that a changed field reaches the check that is meant. */
static struct io *plain(void)
{
	return make("^metadata_csum,^uninit_bg");
}

static struct io *modern(void)
{
	return make("metadata_csum");
}

/* Opens and walks twice, the sum against the counter; frees all. */
static int use(struct io *io, struct error *err)
{
	struct gate_sum sum;
	struct fs *fs = NULL;
	int rc;

	error_clear(err);
	rc = fs_open(io, "ext4", &fs, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	fs_close(fs);
	return rc;
}

static void a_clean_one_is_served_and_only_read(void **state)
{
	struct io *io = modern();
	struct io *trace = io_trace_new(io);
	struct error err;
	struct fs *fs;

	(void)state;
	error_clear(&err);
	assert_int_equal(fs_open(trace, "ext4", &fs, &err), 0);
	assert_string_equal(fs->type, "ext4");
	assert_int_equal(fs->size, SIZE);
	assert_int_equal(fs->unit, 1024);
	assert_int_equal(strlen(fs->uuid), 36);
	fs_close(fs);
	assert_int_equal(use(trace, &err), 0);
	assert_int_equal(io_trace_changes(trace), 0);
	io_close(trace);
	io_close(io);
}

struct spoil {
	unsigned field; /* byte in the superblock */
	unsigned bytes;
	uint64_t value;
	enum why why;
};

static const struct spoil spoils[] = {
	{ 0x38, 2, 0, WHY_CORRUPT },            /* magic */
	{ 0x3a, 2, 0, WHY_UNCLEAN },            /* state */
	{ 0x3a, 2, 3, WHY_ERRORS },
	{ 0x3a, 2, 2, WHY_ERRORS },
	{ 0x3a, 2, 5, WHY_ORPHANS },
	{ 0x3a, 2, 0x21, WHY_JOURNAL },         /* fast commit being replayed */
	{ 0x4c, 4, 2, WHY_FEATURE },            /* revision */
	{ 0x60, 4, 0x2c6, WHY_JOURNAL },        /* needs_recovery */
	{ 0x60, 4, 0x2c3, WHY_FEATURE },        /* compression */
	{ 0x60, 4, 0x800002c2, WHY_FEATURE },
	{ 0x64, 4, 0x20003, WHY_FEATURE },      /* not known today */
	{ 0x64, 4, 0x4003, WHY_FEATURE },       /* shared_blocks */
	{ 0x64, 4, 0x10003, WHY_ORPHANS },      /* orphan_present */
	{ 0xe0, 4, 0, WHY_JOURNAL_DEV },        /* journal inode */
	{ 0xe0, 4, 0xffffffff, WHY_CORRUPT },
	{ 0xe0, 4, 2, WHY_CORRUPT },            /* the root folder is no journal */
	{ 0xe8, 4, 12, WHY_ORPHANS },
	{ 0x00, 4, 1, WHY_CORRUPT },            /* inodes */
	{ 0x04, 4, 0x7fffffff, WHY_OUTSIDE },   /* blocks */
	{ 0x04, 4, 8193, WHY_OUTSIDE },
	{ 0x04, 4, 1, WHY_CORRUPT },
	{ 0x150, 4, 1, WHY_OUTSIDE },           /* blocks, high part */
	{ 0x0c, 4, 8192, WHY_CORRUPT },         /* free blocks */
	{ 0x0c, 4, 17, WHY_MAP_TOTAL },
	{ 0x14, 4, 0, WHY_CORRUPT },            /* first data block */
	{ 0x14, 4, 0xffffffff, WHY_CORRUPT },
	{ 0x18, 4, 7, WHY_CORRUPT },            /* block size */
	{ 0x18, 4, 0xffffffff, WHY_CORRUPT },
	{ 0x1c, 4, 1, WHY_CORRUPT },            /* cluster size without bigalloc */
	{ 0x20, 4, 0, WHY_CORRUPT },            /* blocks per group */
	{ 0x20, 4, 4096, WHY_CORRUPT },
	{ 0x24, 4, 0, WHY_CORRUPT },            /* clusters per group */
	{ 0x24, 4, 2047, WHY_CORRUPT },
	{ 0x28, 4, 0, WHY_CORRUPT },            /* inodes per group */
	{ 0x28, 4, 0xffffffff, WHY_CORRUPT },
	{ 0x58, 2, 100, WHY_CORRUPT },          /* inode size */
	{ 0x58, 2, 2048, WHY_CORRUPT },
	{ 0xfe, 2, 0, WHY_CORRUPT },            /* descriptor size */
	{ 0xce, 2, 0xffff, WHY_CORRUPT },       /* reserved descriptors */
};

static void a_spoilt_superblock_is_refused(void **state)
{
	struct io *io = plain();
	unsigned char whole[1024];

	(void)state;
	io_mem_peek(io, SB, whole, sizeof whole);
	for (size_t i = 0; i < COUNT(spoils); i++) {
		const struct spoil *s = &spoils[i];
		unsigned char value[8];
		struct error err;

		for (unsigned b = 0; b < s->bytes; b++)
			value[b] = (unsigned char)(s->value >> 8 * b);
		io_mem_poke(io, SB + s->field, value, s->bytes);
		assert_true(use(io, &err) < 0);
		if (err.why != s->why)
			print_message("row %zu, field 0x%x: %s %s\n", i, s->field,
				      why_name(err.why), err.what);
		assert_int_equal(err.why, s->why);
		assert_int_equal(io->failure.errnum, 0);
		io_mem_poke(io, SB, whole, sizeof whole);
	}
	io_close(io);
}

static void a_feature_is_refused_by_its_name(void **state)
{
	static const struct {
		unsigned field;
		unsigned char byte;
		unsigned char value;
		const char *name;
	} cases[] = {
		{ 0x60, 0, 0xc3, "compression" },
		{ 0x60, 3, 0x40, "incompat 0x40000000" },
		{ 0x64, 1, 0x40, "shared_blocks" },
		{ 0x64, 2, 0x04, "ro_compat 0x40000" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct io *io = plain();
		struct error err;

		io_mem_poke(io, SB + cases[i].field + cases[i].byte, &cases[i].value, 1);
		assert_true(use(io, &err) < 0);
		assert_int_equal(err.why, WHY_FEATURE);
		assert_string_equal(err.what, cases[i].name);
		io_close(io);
	}
}

/* Any byte of a checksummed superblock; what fails is never taken for a failed read. */
static void every_changed_byte_of_the_superblock_is_noticed(void **state)
{
	struct io *io = modern();

	(void)state;
	for (unsigned at = 0; at < 1024; at++) {
		unsigned char was, now;
		struct error err;

		io_mem_peek(io, SB + at, &was, 1);
		now = was ^ 0x10;
		io_mem_poke(io, SB + at, &now, 1);
		assert_true(use(io, &err) < 0);
		assert_true(why_is_refusal(err.why));
		io_mem_poke(io, SB + at, &was, 1);
	}
	io_close(io);
}

static void every_changed_byte_of_a_descriptor_is_noticed(void **state)
{
	struct io *io = modern();

	(void)state;
	for (unsigned at = 0; at < 4 * 64; at++) {
		unsigned char was, now;
		struct error err;

		io_mem_peek(io, 2048 + at, &was, 1);
		now = was ^ 0x04;
		io_mem_poke(io, 2048 + at, &now, 1);
		assert_true(use(io, &err) < 0);
		assert_int_equal(err.why, WHY_CORRUPT);
		io_mem_poke(io, 2048 + at, &was, 1);
	}
	io_close(io);
}

/* The counters still agree and all metadata is in use: only the bitmap's checksum can tell. */
static void a_moved_bit_is_noticed_by_the_checksum(void **state)
{
	struct io *io = modern();
	unsigned char desc[4];
	unsigned char bits[2048 / 8];
	uint64_t at;
	uint64_t end;
	struct error err;

	(void)state;
	io_mem_peek(io, 2048, desc, sizeof desc);
	at = get_le32(desc) * (uint64_t)1024;
	io_mem_peek(io, at, bits, sizeof bits);
	end = bitmap_next(bits, 0, 2048, false);
	assert_true(end > 8 && end < 2047);
	bits[(end - 1) / 8] &= (unsigned char)~(1u << (end - 1) % 8);
	bitmap_set(bits, end, end + 1);
	io_mem_poke(io, at, bits, sizeof bits);
	assert_true(use(io, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_int_equal(err.at, at);
	assert_string_equal(err.what, "block bitmap checksum of group 0");
	io_close(io);
}

static void the_window_may_end_anywhere(void **state)
{
	struct io *io = modern();

	(void)state;
	for (uint64_t size = 512; size < SIZE; size += size < 8192 ? 512 : 65536) {
		struct extent part = { 0, size };
		struct io *window;
		struct error err;

		assert_int_equal(io_window_new(io, &part, 1, &window), 0);
		assert_true(use(window, &err) < 0);
		assert_int_equal(err.why, WHY_OUTSIDE);
		io_close(window);
	}
	io_close(io);
}

static void every_read_that_fails_is_told_with_its_place(void **state)
{
	struct io *io = modern();
	uint64_t n = 0;
	bool hit;

	(void)state;
	do {
		struct io *fault = io_fault_new(io, IO_FAULT_ALL, ++n, EIO);
		struct error err;
		int rc = use(fault, &err);

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_one_is_served_and_only_read),
		cmocka_unit_test(a_spoilt_superblock_is_refused),
		cmocka_unit_test(a_feature_is_refused_by_its_name),
		cmocka_unit_test(every_changed_byte_of_the_superblock_is_noticed),
		cmocka_unit_test(every_changed_byte_of_a_descriptor_is_noticed),
		cmocka_unit_test(a_moved_bit_is_noticed_by_the_checksum),
		cmocka_unit_test(the_window_may_end_anywhere),
		cmocka_unit_test(every_read_that_fails_is_told_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
