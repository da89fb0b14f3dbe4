/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The FAT and exFAT drivers on filesystems in memory that are made here, byte by byte. */

#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/fs.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

#define SECTOR 512u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MOST 16

static void put16(struct io *io, uint64_t at, unsigned value)
{
	const unsigned char b[] = { (unsigned char)value, (unsigned char)(value >> 8) };

	io_mem_poke(io, at, b, sizeof(b));
}

static void put32(struct io *io, uint64_t at, uint32_t value)
{
	put16(io, at, value & 0xffff);
	put16(io, at + 2, value >> 16);
}

static void put8(struct io *io, uint64_t at, unsigned char value)
{
	io_mem_poke(io, at, &value, 1);
}

/*
 * FAT12: 1 reserved sector, two tables of 1 sector, 16 entries in the root directory, then 37
 * clusters of a sector. 2 leads to 3, which ends; 5 is bad.
 */
#define FAT12_TABLE SECTOR
#define FAT12_DATA (4 * SECTOR)
#define FAT12_CLUSTERS 37u

static void set_fat12(struct io *io, unsigned cluster, unsigned value)
{
	for (unsigned table = 1; table <= 2; table++) {
		uint64_t at = table * SECTOR + cluster * 3 / 2;
		unsigned char old[2];
		unsigned pair;

		io_mem_peek(io, at, old, sizeof(old));
		pair = get_le16(old);
		pair = cluster % 2 ? (pair & 0xf) | value << 4 : (pair & 0xf000) | value;
		put16(io, at, pair);
	}
}

static struct io *fat12(void)
{
	struct io *io = io_mem_new(FAT12_DATA + FAT12_CLUSTERS * SECTOR);

	put16(io, 11, SECTOR);
	put8(io, 13, 1);
	put16(io, 14, 1);
	put8(io, 16, 2);
	put16(io, 17, 16);
	put16(io, 19, (unsigned)(io->size / SECTOR));
	put8(io, 21, 0xf8);
	put16(io, 22, 1);
	put16(io, 510, 0xaa55);
	set_fat12(io, 0, 0xff8);
	set_fat12(io, 1, 0xfff);
	set_fat12(io, 2, 3);
	set_fat12(io, 3, 0xfff);
	set_fat12(io, 5, 0xff7);
	return io;
}

/*
 * exFAT: the boot region and its backup, the FAT at sector 24, 100 clusters of a sector from sector
 * 32 on. Cluster 2 is the bitmap, 3 the up-case table, 4 the root directory, 10 bad.
 */
#define EXFAT_TABLE (24 * SECTOR)
#define EXFAT_HEAP (32 * SECTOR)
#define EXFAT_CLUSTERS 100u
#define EXFAT_ROOT (EXFAT_HEAP + 2 * SECTOR)

static void exfat_sum(struct io *io, uint64_t region)
{
	unsigned char bytes[11 * SECTOR];
	uint32_t sum = 0;

	io_mem_peek(io, region, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i != 106 && i != 107 && i != 112)
			sum = (sum << 31 | sum >> 1) + bytes[i];
	}
	for (unsigned at = 0; at < SECTOR; at += 4)
		put32(io, region + sizeof(bytes) + at, sum);
}

static void exfat_boot(struct io *io, uint64_t region)
{
	io_mem_poke(io, region + 3, "EXFAT   ", 8);
	put32(io, region + 72, 32 + EXFAT_CLUSTERS);
	put32(io, region + 80, 24);
	put32(io, region + 84, 8);
	put32(io, region + 88, 32);
	put32(io, region + 92, EXFAT_CLUSTERS);
	put32(io, region + 96, 4);
	put16(io, region + 104, 0x0100);
	put8(io, region + 108, 9);
	put8(io, region + 110, 1);
	put16(io, region + 510, 0xaa55);
	exfat_sum(io, region);
}

static void exfat_entry(struct io *io, unsigned number, unsigned char type, uint32_t cluster,
			uint32_t bytes)
{
	uint64_t at = EXFAT_ROOT + number * 32;

	put8(io, at, type);
	put32(io, at + 20, cluster);
	put32(io, at + 24, bytes);
}

static struct io *exfat(void)
{
	struct io *io = io_mem_new((32 + EXFAT_CLUSTERS) * SECTOR);

	exfat_boot(io, 0);
	exfat_boot(io, 12 * SECTOR);
	for (unsigned cluster = 2; cluster <= 4; cluster++)
		put32(io, EXFAT_TABLE + cluster * 4, 0xffffffff);
	put32(io, EXFAT_TABLE + 10 * 4, 0xfffffff7);
	put8(io, EXFAT_HEAP, 0x07);
	exfat_entry(io, 0, 0x81, 2, 13);
	exfat_entry(io, 1, 0x82, 3, 400);
	return io;
}

struct list {
	struct extent e[MOST];
	size_t n;
};

static int collect(void *arg, struct extent e)
{
	struct list *list = arg;

	assert_true(list->n < MOST);
	list->e[list->n++] = e;
	return 0;
}

/* Ends io. */
static void expect(struct io *io, const char *type, const struct extent *want, size_t n)
{
	struct list list = { .n = 0 };
	struct gate_sum sum;
	struct error err;
	struct fs *fs;

	error_clear(&err);
	assert_int_equal(fs_open(io, type, &fs, &err), 0);
	assert_int_equal(gate_dry_walk(fs, collect, &list, &sum, &err), 0);
	assert_int_equal(list.n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list.e[i].start, want[i].start);
		assert_int_equal(list.e[i].len, want[i].len);
	}
	fs_close(fs);
	io_close(io);
}

/* Ends io. */
static void refuses(struct io *io, const char *type, enum why why)
{
	struct gate_sum sum;
	struct error err;
	struct fs *fs = NULL;
	int rc;

	error_clear(&err);
	rc = fs_open(io, type, &fs, &err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, &err);
	assert_true(rc < 0);
	assert_string_equal(why_name(err.why), why_name(why));
	fs_close(fs);
	io_close(io);
}

static void a_cluster_without_an_entry_is_free(void **state)
{
	const struct extent want[] = {
		{ FAT12_DATA + 2 * SECTOR, SECTOR },
		{ FAT12_DATA + 4 * SECTOR, (FAT12_CLUSTERS - 4) * SECTOR },
	};

	(void)state;
	expect(fat12(), "vfat", want, COUNT(want));
}

static void the_last_entry_of_a_table_counts(void **state)
{
	const struct extent want[] = {
		{ FAT12_DATA + 2 * SECTOR, SECTOR },
		{ FAT12_DATA + 4 * SECTOR, (FAT12_CLUSTERS - 5) * SECTOR },
	};
	struct io *io = fat12();

	(void)state;
	set_fat12(io, FAT12_CLUSTERS + 1, 0xfff);
	expect(io, "vfat", want, COUNT(want));
}

static void entries_that_lead_nowhere_are_refused(void **state)
{
	const unsigned bad[] = { 1, FAT12_CLUSTERS + 2, 0xfef, 7 /* free */ };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct io *io = fat12();

		set_fat12(io, 3, bad[i]);
		refuses(io, "vfat", WHY_CORRUPT);
	}
}

static void tables_that_differ_are_refused(void **state)
{
	struct io *io = fat12();

	(void)state;
	put8(io, FAT12_TABLE + SECTOR + 20, 0xff);
	refuses(io, "vfat", WHY_CORRUPT);
}

static void geometry_of_fat_that_cannot_be_is_refused(void **state)
{
	const struct {
		unsigned at, value;
		enum why why;
	} bad[] = {
		{ 11, 0, WHY_CORRUPT },      { 11, 256, WHY_CORRUPT },
		{ 11, 8192, WHY_CORRUPT },   { 11, 513, WHY_CORRUPT },
		{ 14, 0, WHY_CORRUPT },      { 17, 0xffff, WHY_CORRUPT },
		{ 19, 3, WHY_CORRUPT },      { 19, 60, WHY_OUTSIDE },
		{ 22, 0xffff, WHY_CORRUPT }, { 510, 0, WHY_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct io *io = fat12();

		put16(io, bad[i].at, bad[i].value);
		refuses(io, "vfat", bad[i].why);
	}
}

static void single_bytes_of_fat_that_cannot_be_are_refused(void **state)
{
	const struct {
		unsigned at;
		unsigned char value;
	} bad[] = { { 13, 0 }, { 13, 3 }, { 16, 0 }, { 16, 3 }, { 21, 0 }, { 21, 0xf9 } };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct io *io = fat12();

		put8(io, bad[i].at, bad[i].value);
		refuses(io, "vfat", WHY_CORRUPT);
	}
}

static void clusters_behind_the_table_are_never_free(void **state)
{
	struct io *io = io_mem_new(1 * MIB);
	struct io *small = fat12();
	unsigned char head[3 * SECTOR];
	/* A table of a sector has 341 entries. */
	const struct extent want[] = {
		{ FAT12_DATA + 2 * SECTOR, SECTOR },
		{ FAT12_DATA + 4 * SECTOR, (341 - 2 - 4) * SECTOR },
	};

	(void)state;
	io_mem_peek(small, 0, head, sizeof(head));
	io_mem_poke(io, 0, head, sizeof(head));
	put16(io, 19, 2048);
	io_close(small);
	expect(io, "vfat", want, COUNT(want));
}

static void the_bitmap_of_exfat_without_its_bad_clusters_is_free(void **state)
{
	const struct extent want[] = {
		{ EXFAT_HEAP + 3 * SECTOR, 5 * SECTOR },
		{ EXFAT_HEAP + 9 * SECTOR, 91 * SECTOR },
	};

	(void)state;
	expect(exfat(), "exfat", want, COUNT(want));
}

static void a_bitmap_that_calls_its_own_free_is_refused(void **state)
{
	const unsigned char bits[] = { 0x06, 0x05, 0x03 };

	(void)state;
	for (size_t i = 0; i < COUNT(bits); i++) {
		struct io *io = exfat();

		put8(io, EXFAT_HEAP, bits[i]);
		refuses(io, "exfat", WHY_CORRUPT);
	}
}

static void chains_that_lead_back_or_out_are_refused(void **state)
{
	const uint32_t next[] = { 0, 1, 2, 4, EXFAT_CLUSTERS + 2, 0xfffffff7 };

	(void)state;
	for (uint32_t cluster = 2; cluster <= 4; cluster++) {
		for (size_t i = 0; i < COUNT(next); i++) {
			struct io *io = exfat();

			put32(io, EXFAT_TABLE + cluster * 4, next[i]);
			refuses(io, "exfat", WHY_CORRUPT);
		}
	}
}

static void a_file_that_ends_before_it_begins_is_refused(void **state)
{
	(void)state;
	for (unsigned entry = 0; entry < 2; entry++) {
		struct io *io = exfat();

		put32(io, EXFAT_ROOT + entry * 32 + 20, 0xffffffff);
		refuses(io, "exfat", WHY_CORRUPT);
	}
}

static void no_bitmap_two_or_one_of_another_size_is_refused(void **state)
{
	struct io *none = exfat();
	struct io *two = exfat();
	struct io *small = exfat();

	(void)state;
	put8(none, EXFAT_ROOT, 0x01);
	refuses(none, "exfat", WHY_CORRUPT);
	exfat_entry(two, 2, 0x81, 2, 13);
	refuses(two, "exfat", WHY_CORRUPT);
	exfat_entry(small, 0, 0x81, 2, 12);
	refuses(small, "exfat", WHY_CORRUPT);
}

static void geometry_of_exfat_that_cannot_be_is_refused(void **state)
{
	const struct {
		unsigned at;
		uint32_t value;
		enum why why;
	} bad[] = {
		{ 72, 31, WHY_CORRUPT },          { 72, 1000, WHY_OUTSIDE },
		{ 76, 0xffffffff, WHY_CORRUPT },  { 80, 23, WHY_CORRUPT },
		{ 84, 9, WHY_CORRUPT },           { 84, 0, WHY_CORRUPT },
		{ 88, 0xffffffff, WHY_CORRUPT },  { 92, 101, WHY_CORRUPT },
		{ 92, 0, WHY_CORRUPT },           { 92, 0xffffffff, WHY_CORRUPT },
		{ 96, 0, WHY_CORRUPT },           { 96, 102, WHY_CORRUPT },
		{ 108, 0x00010008, WHY_CORRUPT }, { 108, 0x00011109, WHY_CORRUPT },
		{ 108, 0x00020009, WHY_FEATURE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct io *io = exfat();

		put32(io, bad[i].at, bad[i].value);
		exfat_sum(io, 0);
		refuses(io, "exfat", bad[i].why);
	}
}

static void a_backup_counts_when_it_is_whole(void **state)
{
	struct io *io = exfat();
	const struct extent want[] = {
		{ EXFAT_HEAP + 3 * SECTOR, 5 * SECTOR },
		{ EXFAT_HEAP + 9 * SECTOR, 91 * SECTOR },
	};

	(void)state;
	put32(io, 12 * SECTOR + 92, 50);
	expect(io, "exfat", want, COUNT(want));
	io = exfat();
	put32(io, 12 * SECTOR + 92, 50);
	exfat_sum(io, 12 * SECTOR);
	refuses(io, "exfat", WHY_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_without_an_entry_is_free),
		cmocka_unit_test(the_last_entry_of_a_table_counts),
		cmocka_unit_test(entries_that_lead_nowhere_are_refused),
		cmocka_unit_test(tables_that_differ_are_refused),
		cmocka_unit_test(geometry_of_fat_that_cannot_be_is_refused),
		cmocka_unit_test(single_bytes_of_fat_that_cannot_be_are_refused),
		cmocka_unit_test(clusters_behind_the_table_are_never_free),
		cmocka_unit_test(the_bitmap_of_exfat_without_its_bad_clusters_is_free),
		cmocka_unit_test(a_bitmap_that_calls_its_own_free_is_refused),
		cmocka_unit_test(chains_that_lead_back_or_out_are_refused),
		cmocka_unit_test(a_file_that_ends_before_it_begins_is_refused),
		cmocka_unit_test(no_bitmap_two_or_one_of_another_size_is_refused),
		cmocka_unit_test(geometry_of_exfat_that_cannot_be_is_refused),
		cmocka_unit_test(a_backup_counts_when_it_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
