/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The XFS driver on small filesystems in memory, made by mkfs.xfs and then spoilt. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "fs/fs.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/mkfs.h"
#include "tests/lib/test.h"
#include "tests/lib/xfs.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIZE XFS_SIZE
#define AG XFS_AG
#define BLOCK XFS_BLOCK

/* Sectors of a group, and the roots of its trees as mkfs.xfs lays them out, in blocks. */
#define AGF 512u
#define AGI 1024u
#define AGFL 1536u
#define BY_BLOCK 2u
#define BY_SIZE 3u

static struct io *make(bool version_5)
{
	struct io *io = xfs_new(version_5);

	if (!io)
		skip();
	return io;
}

static struct io *v5(void)
{
	return make(true);
}

static struct io *v4(void)
{
	return make(false);
}

static void a_clean_one_is_served_and_only_read(void **state)
{
	struct io *ios[] = { v5(), v4() };

	(void)state;
	for (size_t i = 0; i < COUNT(ios); i++) {
		struct io *trace = io_trace_new(ios[i]);
		struct error err;
		struct fs *fs;

		error_clear(&err);
		assert_int_equal(fs_open(trace, "xfs", &fs, &err), 0);
		assert_string_equal(fs->type, "xfs");
		assert_string_equal(fs->label, "twelve chars");
		assert_int_equal(fs->size, SIZE);
		assert_int_equal(fs->unit, BLOCK);
		assert_int_equal(strlen(fs->uuid), 36);
		fs_close(fs);
		assert_int_equal(xfs_use(trace, &err), 0);
		assert_int_equal(io_trace_changes(trace), 0);
		io_close(trace);
		io_close(ios[i]);
	}
}

static const struct xfs_spoil super_spoils[] = {
	{ 0, 4, 0, WHY_CORRUPT },                     /* magic */
	{ 4, 4, 512, WHY_CORRUPT },                   /* block size */
	{ 4, 4, 3000, WHY_CORRUPT },
	{ 4, 4, 1u << 31, WHY_CORRUPT },
	{ 8, 8, 0, WHY_CORRUPT },                     /* blocks */
	{ 8, 8, 32769, WHY_CORRUPT },
	{ 8, 8, UINT64_MAX, WHY_CORRUPT },
	{ 16, 8, 1, WHY_FEATURE },                    /* realtime blocks */
	{ 24, 8, 1, WHY_FEATURE },                    /* realtime extents */
	{ 48, 8, 0, WHY_JOURNAL_DEV },                /* log */
	{ 48, 8, 1, WHY_CORRUPT },
	{ 48, 8, UINT64_MAX, WHY_CORRUPT },
	{ 48, 8, 5u << 14 | 8, WHY_CORRUPT },
	{ 84, 4, 0, WHY_CORRUPT },                    /* blocks of a group */
	{ 84, 4, 63, WHY_CORRUPT },
	{ 84, 4, UINT32_MAX, WHY_CORRUPT },
	{ 88, 4, 0, WHY_CORRUPT },                    /* groups */
	{ 88, 4, 1, WHY_CORRUPT },
	{ 88, 4, UINT32_MAX, WHY_CORRUPT },
	{ 96, 4, 0, WHY_CORRUPT },                    /* blocks of the log */
	{ 96, 4, 16384, WHY_CORRUPT },
	{ 96, 4, UINT32_MAX, WHY_CORRUPT },
	{ 100, 2, 0xb4a3, WHY_FEATURE },              /* version 3 */
	{ 102, 2, 256, WHY_CORRUPT },                 /* sector size */
	{ 102, 2, 600, WHY_CORRUPT },
	{ 102, 2, 32768, WHY_CORRUPT },
	{ 120, 1, 255, WHY_CORRUPT },                 /* logarithms */
	{ 121, 1, 255, WHY_CORRUPT },
	{ 124, 1, 13, WHY_CORRUPT },
	{ 124, 1, 15, WHY_CORRUPT },
	{ 124, 1, 255, WHY_CORRUPT },
	{ 126, 1, 1, WHY_CORRUPT },                   /* mkfs under way */
	{ 144, 8, 1, WHY_MAP_TOTAL },                 /* free blocks */
	{ 144, 8, UINT64_MAX, WHY_CORRUPT },
	{ 179, 1, 1, WHY_FEATURE },                   /* shared */
	{ 212, 4, 0x1000, WHY_FEATURE },              /* ro_compat */
	{ 216, 4, 0x1000000f, WHY_FEATURE },          /* incompat */
	{ 216, 4, 0x1f, WHY_ERRORS },                 /* needsrepair */
	{ 220, 4, 2, WHY_FEATURE },                   /* log_incompat */
};

static void a_spoilt_superblock_is_refused(void **state)
{
	struct io *io = v5();

	(void)state;
	for (size_t i = 0; i < COUNT(super_spoils); i++)
		xfs_spoil(io, &super_spoils[i], 0, 512, 224);
	io_close(io);
}

/* mkfs.xfs makes no group of less than 16 MiB: these are four of 8. */
static void groups_are_of_a_size(void **state)
{
	struct io *io = v5();
	struct error err;

	(void)state;
	xfs_put(io, 84, 8, UINT64_C(8192) << 32 | 4);
	xfs_put(io, 124, 1, 13);
	xfs_put(io, 48, 8, 2u << 13 | xfs_get(io, 48 + 4, 4) % 16384);
	xfs_sum(io, 0, 512, 224);
	assert_true(xfs_use(io, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_string_equal(err.what, "size of an allocation group");
	io_close(io);
}

static void a_feature_is_refused_by_its_name(void **state)
{
	static const struct {
		bool v5;
		uint64_t at;
		unsigned bytes;
		uint64_t value;
		const char *name;
	} cases[] = {
		{ true, 216, 4, 0x10b, "metadir" },
		{ true, 216, 4, 0x20b, "zoned" },
		{ true, 216, 4, 0x80000000, "incompat 0x80000000" },
		{ true, 212, 4, 0x10, "ro_compat 0x10" },
		{ true, 220, 4, 0x80, "log_incompat 0x80" },
		{ true, 16, 8, 7, "realtime" },
		{ true, 100, 2, 0xb4a6, "version 6" },
		{ false, 100, 2, 0xb6a4, "shared" },
		{ false, 100, 2, 0x94a4, "directories of version 1" },
		{ false, 200, 4, 0x28a | 0x10, "parent" },
		{ false, 204, 4, 0x28a | 0x1000, "features2 0x1000" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct io *io = cases[i].v5 ? v5() : v4();
		struct error err;

		xfs_put(io, cases[i].at, cases[i].bytes, cases[i].value);
		xfs_sum(io, 0, 512, 224);
		assert_true(xfs_use(io, &err) < 0);
		assert_int_equal(err.why, WHY_FEATURE);
		assert_string_equal(err.what, cases[i].name);
		io_close(io);
	}
}

static void an_unused_feature_of_the_log_is_no_reason(void **state)
{
	struct io *io = v5();
	struct error err;

	(void)state;
	xfs_put(io, 220, 4, 1);
	xfs_sum(io, 0, 512, 224);
	assert_int_equal(xfs_use(io, &err), 0);
	io_close(io);
}

/* Rows are of the second group, which is like the first. */
static const struct xfs_spoil agf_spoils[] = {
	{ 0, 4, 0, WHY_CORRUPT },
	{ 4, 4, 2, WHY_CORRUPT },             /* version */
	{ 8, 4, 0, WHY_CORRUPT },             /* number */
	{ 12, 4, 16383, WHY_CORRUPT },        /* length */
	{ 16, 4, 0, WHY_CORRUPT },            /* roots */
	{ 16, 4, 16384, WHY_CORRUPT },
	{ 16, 4, BY_SIZE, WHY_CORRUPT },
	{ 20, 4, UINT32_MAX, WHY_CORRUPT },
	{ 20, 4, BY_BLOCK, WHY_CORRUPT },
	{ 28, 4, 0, WHY_CORRUPT },            /* levels */
	{ 28, 4, 2, WHY_CORRUPT },
	{ 32, 4, 10, WHY_CORRUPT },
	{ 32, 4, UINT32_MAX, WHY_CORRUPT },
	{ 40, 4, 119, WHY_CORRUPT },          /* free list */
	{ 44, 4, UINT32_MAX, WHY_CORRUPT },
	{ 48, 4, 3, WHY_CORRUPT },
	{ 48, 4, 120, WHY_CORRUPT },
	{ 48, 4, UINT32_MAX, WHY_CORRUPT },
	{ 52, 4, 1, WHY_CORRUPT },            /* free blocks, less than the longest run */
	{ 52, 4, UINT32_MAX, WHY_CORRUPT },
	{ 56, 4, UINT32_MAX, WHY_CORRUPT },   /* longest */
	{ 56, 4, 1, WHY_CORRUPT },
	{ 60, 4, 1, WHY_MAP_TOTAL },          /* tree blocks */
	{ 60, 4, UINT32_MAX, WHY_CORRUPT },
	{ 64, 8, 0, WHY_CORRUPT },            /* UUID */
	{ 88, 4, 0, WHY_CORRUPT },            /* root of the refcount tree */
	{ 88, 4, 16384, WHY_CORRUPT },
	{ 88, 4, 4, WHY_CORRUPT },            /* the inode tree's */
	{ 88, 4, 1000, WHY_CORRUPT },         /* in the free space */
};

static void a_spoilt_agf_is_refused(void **state)
{
	struct io *io = v5();

	(void)state;
	for (size_t i = 0; i < COUNT(agf_spoils); i++)
		xfs_spoil(io, &agf_spoils[i], AG + AGF, 512, 216);
	io_close(io);
}

static void a_spoilt_agf_with_an_rmap_tree_is_refused(void **state)
{
	static const struct xfs_spoil rows[] = {
		{ 24, 4, 0, WHY_CORRUPT },            /* its root */
		{ 24, 4, 16384, WHY_CORRUPT },
		{ 24, 4, BY_SIZE, WHY_CORRUPT },
		{ 24, 4, 1000, WHY_CORRUPT },         /* in the free space */
		{ 80, 4, 0, WHY_CORRUPT },            /* its blocks */
		{ 80, 4, 2, WHY_CORRUPT },
		{ 80, 4, UINT32_MAX, WHY_CORRUPT },
	};
	const char *const argv[] = { "mkfs.xfs", "--unsupported", "-q", "-f", "-b", "size=1024",
				     "-d", "agcount=2", "-m", "rmapbt=1", "@", NULL };
	struct io *io = mkfs_mem(XFS_SIZE, argv);

	(void)state;
	if (!io)
		skip();
	for (size_t i = 0; i < COUNT(rows); i++)
		xfs_spoil(io, &rows[i], AG + AGF, 512, 216);
	io_close(io);
}

static void a_spoilt_agi_or_agfl_is_refused(void **state)
{
	static const struct xfs_spoil agi[] = {
		{ 0, 4, 0, WHY_CORRUPT },
		{ 8, 4, 0, WHY_CORRUPT },
		{ 12, 4, 1, WHY_CORRUPT },
		{ 20, 4, 1, WHY_CORRUPT },          /* root */
		{ 20, 4, 2000, WHY_CORRUPT },
		{ 296, 8, 0, WHY_CORRUPT },         /* UUID */
		{ 328, 4, 16384, WHY_CORRUPT },     /* root of the free inodes' */
	};
	static const struct xfs_spoil agfl[] = {
		{ 0, 4, 0, WHY_CORRUPT },
		{ 4, 4, 0, WHY_CORRUPT },
		{ 8, 8, 0, WHY_CORRUPT },
		{ 36 + 4, 4, 0, WHY_CORRUPT },      /* the first block */
		{ 36 + 4, 4, 16384, WHY_CORRUPT },
		{ 36 + 4, 4, UINT32_MAX, WHY_CORRUPT },
		{ 36 + 4, 4, BY_BLOCK, WHY_CORRUPT },
		{ 36 + 4, 4, 3000, WHY_CORRUPT },   /* in the free space */
	};
	struct io *io = v5();

	(void)state;
	assert_int_equal(xfs_get(io, AG + AGF + 40, 4), 1); /* the list starts in its entry 1 */
	for (size_t i = 0; i < COUNT(agi); i++)
		xfs_spoil(io, &agi[i], AG + AGI, 512, 312);
	for (size_t i = 0; i < COUNT(agfl); i++)
		xfs_spoil(io, &agfl[i], AG + AGFL, 512, 32);
	io_close(io);
}

static void a_spoilt_tree_is_refused(void **state)
{
	static const struct xfs_spoil rows[] = {
		{ 0, 4, 0x41425442, WHY_CORRUPT },       /* magic of V4 */
		{ 4, 2, 1, WHY_CORRUPT },                /* level */
		{ 6, 2, 0, WHY_CORRUPT },                /* records */
		{ 6, 2, 122, WHY_CORRUPT },
		{ 8, 4, 5, WHY_CORRUPT },                /* neighbours */
		{ 12, 4, 5, WHY_CORRUPT },
		{ 16, 8, 0, WHY_CORRUPT },               /* place */
		{ 32, 8, 0, WHY_CORRUPT },               /* UUID */
		{ 48, 4, 0, WHY_CORRUPT },               /* owner */
		{ 56, 4, 1, WHY_CORRUPT },               /* first block of the first record */
		{ 56, 4, 16384, WHY_CORRUPT },
		{ 56, 4, UINT32_MAX, WHY_CORRUPT },
		{ 60, 4, 0, WHY_CORRUPT },               /* count */
		{ 60, 4, 16384, WHY_CORRUPT },
		{ 60, 4, UINT32_MAX, WHY_CORRUPT },
	};
	struct io *io = v5();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		xfs_spoil(io, &rows[i], AG + BY_BLOCK * BLOCK, BLOCK, 52);
		xfs_spoil(io, &rows[i], AG + BY_SIZE * BLOCK, BLOCK, 52);
	}
	io_close(io);
}

/* V4 has no checksums: the one tree tells of the other. */
static void a_moved_run_is_noticed_without_checksums(void **state)
{
	struct io *io = v4();
	uint64_t at = AG + BY_BLOCK * BLOCK;
	unsigned records = (unsigned)xfs_get(io, at + 6, 2);
	uint64_t last = at + 16 + (records - 1) * 8;
	struct error err;

	(void)state;
	xfs_put(io, last, 4, xfs_get(io, last, 4) - 1);
	assert_true(xfs_use(io, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_string_equal(err.what, "free space by size of allocation group 1");
	io_close(io);
}

/* A group's first free run becomes {block, 1} in both trees; the one there was is behind it. */
static void call_free(struct io *io, uint64_t block)
{
	for (unsigned t = BY_BLOCK; t <= BY_SIZE; t++) {
		uint64_t at = AG + t * BLOCK;

		assert_int_equal(xfs_get(io, at + 6, 2), 1);
		xfs_put(io, at + 6, 2, 2);
		xfs_put(io, at + 24, 8, xfs_get(io, at + 16, 8));
		xfs_put(io, at + 16, 8, block << 32 | 1);
	}
	xfs_put(io, AG + AGF + 52, 4, xfs_get(io, AG + AGF + 52, 4) + 1);
	xfs_put(io, 144, 8, xfs_get(io, 144, 8) + 1);
}

/* Both trees say so and all counters agree. */
static void metadata_is_never_free(void **state)
{
	static const char *const whats[] = { "headers", "a tree", "inodes", "the log", "its end",
					     "the free list" };

	(void)state;
	for (size_t i = 0; i < COUNT(whats); i++) {
		struct io *io = v4();
		uint64_t log = (xfs_log(io) - AG) / BLOCK;
		const uint64_t blocks[] = { 1, BY_SIZE, xfs_get(io, AG + AGI + 20, 4), log,
					    log + xfs_get(io, 96, 4) - 1,
					    xfs_get(io, AG + AGFL + 4, 4) };
		struct error err;

		call_free(io, blocks[i]);
		assert_true(xfs_use(io, &err) < 0);
		if (err.why != WHY_CORRUPT)
			print_message("%s: %s\n", whats[i], why_name(err.why));
		assert_int_equal(err.why, WHY_CORRUPT);
		assert_string_equal(err.what, i == 0 ? "free space by size of allocation group 1" :
				    "metadata in the free space of allocation group 1");
		io_close(io);
	}
}

/* The same with a block that nobody has is served: so the test above shows what it means to. */
static void a_block_of_nobody_may_become_free(void **state)
{
	struct io *io = v4();
	struct error err;

	(void)state;
	xfs_put(io, AG + AGF + 44, 4, 3);
	xfs_put(io, AG + AGF + 48, 4, 3);
	xfs_put(io, 144, 8, xfs_get(io, 144, 8) - 1);
	call_free(io, xfs_get(io, AG + AGFL + 4 * 4, 4));
	assert_int_equal(xfs_use(io, &err), 0);
	io_close(io);
}

static void every_changed_byte_of_summed_metadata_is_noticed(void **state)
{
	static const struct {
		uint64_t at;
		unsigned len;
	} parts[] = {
		{ 0, 512 }, { AGF, 512 }, { AGI, 512 }, { AGFL, 512 },
		{ AG, 512 }, { AG + AGF, 512 }, { AG + AGI, 512 }, { AG + AGFL, 512 },
		{ BY_BLOCK * BLOCK, BLOCK }, { BY_SIZE * BLOCK, BLOCK },
	};
	struct io *io = v5();

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		for (unsigned b = 0; b < parts[i].len; b++) {
			unsigned char was, now;
			struct error err;

			io_mem_peek(io, parts[i].at + b, &was, 1);
			now = was ^ 0x10;
			io_mem_poke(io, parts[i].at + b, &now, 1);
			assert_true(xfs_use(io, &err) < 0);
			assert_true(why_is_refusal(err.why));
			io_mem_poke(io, parts[i].at + b, &was, 1);
		}
	}
	io_close(io);
}

static void the_window_may_end_anywhere(void **state)
{
	struct io *io = v5();

	(void)state;
	for (uint64_t size = 256; size < SIZE; size += size < 8192 ? 256 : 65536) {
		struct extent part = { 0, size };
		struct io *window;
		struct error err;

		assert_int_equal(io_window_new(io, &part, 1, &window), 0);
		assert_true(xfs_use(window, &err) < 0);
		assert_int_equal(err.why, WHY_OUTSIDE);
		io_close(window);
	}
	io_close(io);
}

static void every_read_that_fails_is_told_with_its_place(void **state)
{
	struct io *io = v5();
	uint64_t n = 0;
	bool hit;

	(void)state;
	do {
		struct io *fault = io_fault_new(io, IO_FAULT_ALL, ++n, EIO);
		struct error err;
		int rc = xfs_use(fault, &err);

		hit = io_fault_hit(fault);
		assert_int_equal(rc, hit ? -EIO : 0);
		if (hit) {
			assert_int_equal(err.why, WHY_READ);
			assert_int_equal(err.at, fault->failure.at);
		}
		io_close(fault);
	} while (hit);
	assert_true(n > 20);
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_one_is_served_and_only_read),
		cmocka_unit_test(a_spoilt_superblock_is_refused),
		cmocka_unit_test(groups_are_of_a_size),
		cmocka_unit_test(a_feature_is_refused_by_its_name),
		cmocka_unit_test(an_unused_feature_of_the_log_is_no_reason),
		cmocka_unit_test(a_spoilt_agf_is_refused),
		cmocka_unit_test(a_spoilt_agf_with_an_rmap_tree_is_refused),
		cmocka_unit_test(a_spoilt_agi_or_agfl_is_refused),
		cmocka_unit_test(a_spoilt_tree_is_refused),
		cmocka_unit_test(a_moved_run_is_noticed_without_checksums),
		cmocka_unit_test(metadata_is_never_free),
		cmocka_unit_test(a_block_of_nobody_may_become_free),
		cmocka_unit_test(every_changed_byte_of_summed_metadata_is_noticed),
		cmocka_unit_test(the_window_may_end_anywhere),
		cmocka_unit_test(every_read_that_fails_is_told_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
