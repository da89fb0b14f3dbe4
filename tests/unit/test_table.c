/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Partition tables that are right, that lie, and that are garbage. */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "achica/units.h"
#include "disk/table.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/mktable.h"
#include "tests/lib/test.h"

#define SIZE MKTABLE_SIZE
#define SECTORS (SIZE / 512)

/* Reads the table of io, closes it, and compares: pairs of number, start, end (in sectors). */
static void expect(struct io *io, const char *type, size_t n, const uint64_t (*parts)[3])
{
	struct table table;
	struct error err;

	error_clear(&err);
	assert_int_equal(table_read(io, &table, &err), 0);
	assert_string_equal(table.type, type);
	assert_int_equal(table.n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(table.parts[i].number, parts[i][0]);
		assert_int_equal(table.parts[i].range.start, parts[i][1] * table.sector);
		assert_int_equal(extent_end(table.parts[i].range), parts[i][2] * table.sector);
	}
	table_free(&table);
	io_close(io);
}

static void expect_refused(struct io *io, const char *type, enum why why)
{
	struct table table;
	struct error err;

	error_clear(&err);
	assert_true(table_read(io, &table, &err) < 0);
	assert_int_equal(err.why, why);
	assert_string_equal(table.type, type);
	assert_int_equal(table.n, 0);
	assert_null(table.parts);
	table_free(&table);
	io_close(io);
}

static struct io *new_mbr(void)
{
	struct io *io = io_mem_new(SIZE);

	put_mbr(io, 0, 0, 0x83, 2048, 2048);
	return io;
}

static void nothing_is_no_table(void **state)
{
	(void)state;
	expect(io_mem_new(SIZE), "", 0, NULL);
	expect(io_mem_new(512), "", 0, NULL);
	expect(io_mem_new(7), "", 0, NULL);
}

static void an_mbr_with_logical_partitions_is_read(void **state)
{
	static const uint64_t parts[][3] = {
		{ 1, 2048, 4096 }, { 5, 8192, 10240 }, { 6, 30720, 32768 }, { 3, 60000, 61000 },
	};
	struct io *io = new_mbr();

	(void)state;
	put_mbr(io, 0, 1, 0x05, 6144, 40960);
	put_mbr(io, 0, 2, 0x83, 60000, 1000);
	put_mbr(io, 6144, 0, 0x83, 2048, 2048);
	put_mbr(io, 6144, 1, 0x05, 22528, 4096);
	put_mbr(io, 6144 + 22528, 0, 0x83, 2048, 2048);
	expect(io, "dos", 4, parts);
}

static void a_chain_that_bites_its_tail_ends(void **state)
{
	struct io *io = new_mbr();
	struct table table;
	struct error err;

	(void)state;
	put_mbr(io, 0, 1, 0x05, 6144, 40960);
	put_mbr(io, 6144, 0, 0x83, 2048, 2048);
	put_mbr(io, 6144, 1, 0x05, 0, 4096);
	error_clear(&err);
	table_read(io, &table, &err);
	assert_true(table.n <= 2);
	table_free(&table);
	io_close(io);
}

static void a_gpt_is_read(void **state)
{
	static const uint64_t parts[][3] = { { 1, 2048, 4096 }, { 2, 4096, 8192 } };
	static const uint64_t big[][3] = { { 1, 256, 512 }, { 2, 512, 1024 } };

	(void)state;
	expect(new_gpt(512, (uint64_t[4]){ 2048, 4095, 4096, 8191 }), "gpt", 2, parts);
	expect(new_gpt(4096, (uint64_t[4]){ 256, 511, 512, 1023 }), "gpt", 2, big);
}

static void a_disk_of_large_sectors_is_read_from_an_image(void **state)
{
	static const uint64_t parts[][3] = { { 1, 256, 512 }, { 2, 512, 1024 } };
	struct io *io = new_gpt(4096, (uint64_t[4]){ 256, 511, 512, 1023 });

	(void)state;
	io->sector = 512;
	expect(io, "gpt", 2, parts);
}

static void a_lost_backup_is_no_obstacle(void **state)
{
	static const uint64_t parts[][3] = { { 1, 2048, 4096 } };
	struct io *io = new_gpt(512, (uint64_t[4]){ 2048, 4095, 0, 0 });

	(void)state;
	io_mem_fill(io, (struct extent){ SIZE - 512, 512 }, 0);
	expect(io, "gpt", 1, parts);
}

static void a_damaged_first_gpt_counts_when_the_second_says_the_same(void **state)
{
	static const uint64_t parts[][3] = { { 1, 2048, 4096 } };
	struct io *io = new_gpt(512, (uint64_t[4]){ 2048, 4095, 0, 0 });

	(void)state;
	io_mem_fill(io, (struct extent){ 512 + 16, 4 }, 0xff); /* its checksum */
	expect(io, "gpt", 1, parts);
}

static void a_second_gpt_of_an_earlier_life_is_refused(void **state)
{
	struct io *io = new_gpt(512, (uint64_t[4]){ 2048, 4095, 4096, 8191 });

	(void)state;
	io_mem_fill(io, (struct extent){ 512, 512 }, 0);
	expect_refused(io, "gpt", WHY_CORRUPT);
	io = new_gpt(512, (uint64_t[4]){ 2048, 4095, 4096, 8191 });
	put_gpt_entry(io, 1024, 1, 4096, 8190); /* the checksum of the array is wrong by that */
	expect_refused(io, "gpt", WHY_CORRUPT);
	io = new_gpt(512, (uint64_t[4]){ 2048, 4095, 4096, 8191 });
	put_gpt_entry(io, 1024, 2, 9000, 9001);
	expect_refused(io, "gpt", WHY_CORRUPT);
}

static void lying_gpts_are_refused(void **state)
{
	static const uint64_t lies[][4] = {
		{ 2048, SECTORS + 5, 0, 0 },         /* beyond the disk */
		{ 2048, UINT64_MAX, 0, 0 },
		{ UINT64_MAX, UINT64_MAX, 0, 0 },
		{ 4096, 2048, 0, 0 },                /* ends before it begins */
		{ 2048, 8191, 4096, 10000 },         /* over another */
		{ 2048, 4095, 2048, 4095 },          /* twice the same */
		{ 0, 4095, 0, 0 },                   /* over the table itself */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		expect_refused(new_gpt(512, lies[i]), "gpt", WHY_CORRUPT);
}

static void impossible_numbers_in_a_gpt_never_reach_libparted(void **state)
{
	static const struct {
		unsigned at;
		uint32_t value;
	} bad[] = {
		{ 80, 0 }, { 80, UINT32_MAX }, { 84, 0 }, { 84, 1 }, { 84, 200 },
		{ 84, UINT32_MAX }, { 12, 0 }, { 12, UINT32_MAX }, { 76, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct io *io = new_gpt(512, (uint64_t[4]){ 2048, 4095, 0, 0 });
		unsigned char number[4];

		put_le32(number, bad[i].value);
		io_mem_poke(io, 512 + bad[i].at, number, sizeof(number));
		expect_refused(io, "gpt", WHY_CORRUPT);
	}
}

static void a_protective_mbr_without_a_gpt_is_refused(void **state)
{
	struct io *io = io_mem_new(SIZE);

	(void)state;
	put_mbr(io, 0, 0, 0xee, 1, SECTORS - 1);
	expect_refused(io, "gpt", WHY_CORRUPT);
}

static void lying_mbrs_are_refused(void **state)
{
	static const uint32_t lies[][2] = {
		{ SECTORS - 10, 11 },
		{ SECTORS + 1, 10 },
		{ UINT32_MAX, UINT32_MAX },
		{ 3000, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct io *io = new_mbr();

		put_mbr(io, 0, 1, 0x83, lies[i][0], lies[i][1]);
		expect_refused(io, "dos", WHY_CORRUPT);
	}
}

/* Such links have no room before their partitions, are two ways on, or lead out. libparted would
   abort on the first ones. */
static void a_chain_that_cannot_be_is_refused(void **state)
{
	static const struct {
		uint64_t lba;
		int i;
		unsigned char type;
		uint32_t start;
	} lies[] = {
		{ 22528, 0, 0x83, UINT32_MAX - 2047 + 16 }, /* over the one before */
		{ 20480, 2, 0x83, 1016 },                   /* right behind the other */
		{ 20480, 0, 0x83, 0 },                      /* where its link is */
		{ 22528, 0, 0x83, 90000 },                  /* outside */
		{ 20480, 2, 0x05, 4096 },                   /* a second way on */
		{ 22528, 1, 0x05, 100000 },                 /* out */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct io *io = io_mem_new(SIZE);

		put_mbr(io, 0, 0, 0x05, 20480, 81920);
		put_mbr(io, 20480, 0, 0x83, 16, 1000);
		put_mbr(io, 20480, 1, 0x05, 2048, 4096);
		put_mbr(io, 22528, 0, 0x83, 16, 1000);
		put_mbr(io, lies[i].lba, lies[i].i, lies[i].type, lies[i].start, 1000);
		expect_refused(io, "dos", WHY_CORRUPT);
	}
}

/* With the loop through one link or two, libparted would abort. */
static void a_chain_that_leads_back_is_refused(void **state)
{
	static const uint32_t links[] = { 2048, 0, 4096 };

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct io *io = io_mem_new(SIZE);

		put_mbr(io, 0, 0, 0x05, 20480, 81920);
		put_mbr(io, 20480, 0, 0x83, 16, 1000);
		put_mbr(io, 20480, 1, 0x05, 2048, 4096);
		put_mbr(io, 22528, 0, 0x83, 16, 1000);
		put_mbr(io, 22528, 1, 0x05, links[i], 4096);
		if (links[i] == 4096) {
			put_mbr(io, 24576, 0, 0x83, 16, 1000);
			put_mbr(io, 24576, 1, 0x05, 2048, 4096);
		}
		expect_refused(io, "dos", WHY_CORRUPT);
	}
}

static void other_tables_are_named_and_refused(void **state)
{
	struct io *io = io_mem_new(SIZE);

	(void)state;
	io_mem_poke(io, 0, "ER\2\0\0\2\0\0", 8);
	io_mem_poke(io, 512, "PM\0\0\0\0\0\1\0\0\0\1\0\0\0\x3f", 16);
	io_mem_poke(io, 512 + 48, "Apple_partition_map", 19);
	expect_refused(io, "mac", WHY_UNKNOWN_FS);
}

static void every_failing_read_is_a_failure(void **state)
{
	struct io *io = new_gpt(512, (uint64_t[4]){ 2048, 4095, 0, 0 });
	bool hit = true;

	(void)state;
	for (uint64_t nth = 1; hit; nth++) {
		struct io *fault = io_fault_new(io, IO_FAULT_READ, nth, EIO);
		struct table table;
		struct error err;
		int r;

		error_clear(&err);
		r = table_read(fault, &table, &err);
		hit = io_fault_hit(fault);
		assert_int_equal(r, hit ? -EIO : 0);
		assert_int_equal(err.why, hit ? WHY_READ : WHY_NONE);
		assert_int_equal(table.n, hit ? 0 : 1);
		table_free(&table);
		io_close(fault);
	}
	io_close(io);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 16;
}

/* Whatever is there: the process lives, and partitions are inside, ordered and apart. */
static void check_garbage(struct io *io)
{
	struct table table;
	struct error err;
	uint64_t end = 0;

	error_clear(&err);
	table_read(io, &table, &err);
	for (size_t i = 0; i < table.n; i++) {
		assert_true(table.parts[i].range.len > 0);
		assert_true(table.parts[i].range.start >= end);
		end = extent_end(table.parts[i].range);
		assert_true(end <= io->size);
	}
	table_free(&table);
}

static void garbage_never_ends_the_process(void **state)
{
	uint64_t seed = 0x2545f4914f6cdd1d;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct io *io = i % 2 ? new_gpt(512, (uint64_t[4]){ 2048, 4095, 4096, 8191 })
				      : new_mbr();

		for (int j = 0; j < 4; j++) {
			uint64_t at = j % 2 ? 440 + next_random(&seed) % 72
					    : 512 + next_random(&seed) % 1024;
			unsigned char byte = (unsigned char)next_random(&seed);

			io_mem_poke(io, at, &byte, 1);
		}
		if (i % 4 == 1)
			put_gpt_header(io, 1, SECTORS - 1, 2, 512);
		check_garbage(io);
		io_close(io);
	}
}

static void a_limit_on_files_is_not_blamed_on_the_disk(void **state)
{
	const struct rlimit small = { .rlim_cur = MIB, .rlim_max = RLIM_INFINITY };
	struct rlimit before;
	struct io *io = io_mem_new(16 * MIB);
	struct table table;
	struct error err;
	int rc;

	(void)state;
	error_clear(&err);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &small);
	rc = table_read(io, &table, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(rc, -EFBIG);
	assert_int_equal(err.why, WHY_SYSTEM);
	table_free(&table);
	io_close(io);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_no_table),
		cmocka_unit_test(an_mbr_with_logical_partitions_is_read),
		cmocka_unit_test(a_chain_that_bites_its_tail_ends),
		cmocka_unit_test(a_gpt_is_read),
		cmocka_unit_test(a_disk_of_large_sectors_is_read_from_an_image),
		cmocka_unit_test(a_lost_backup_is_no_obstacle),
		cmocka_unit_test(a_damaged_first_gpt_counts_when_the_second_says_the_same),
		cmocka_unit_test(a_second_gpt_of_an_earlier_life_is_refused),
		cmocka_unit_test(lying_gpts_are_refused),
		cmocka_unit_test(impossible_numbers_in_a_gpt_never_reach_libparted),
		cmocka_unit_test(a_protective_mbr_without_a_gpt_is_refused),
		cmocka_unit_test(lying_mbrs_are_refused),
		cmocka_unit_test(a_chain_that_cannot_be_is_refused),
		cmocka_unit_test(a_chain_that_leads_back_is_refused),
		cmocka_unit_test(other_tables_are_named_and_refused),
		cmocka_unit_test(every_failing_read_is_a_failure),
		cmocka_unit_test(garbage_never_ends_the_process),
		cmocka_unit_test(a_limit_on_files_is_not_blamed_on_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
