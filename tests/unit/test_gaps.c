/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Where gaps are, and when a table is too doubtful to clear any. */

#include <errno.h>
#include <string.h>

#include "base/crc32.h"
#include "disk/gaps.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/lvm.h"
#include "tests/lib/mktable.h"
#include "tests/lib/test.h"

#define SIZE MKTABLE_SIZE
#define SECTORS (SIZE / 512)
#define S(mib) ((uint32_t)((mib) * MIB / 512))

/* Two partitions: 1 to 8 MiB and 16 to 24 MiB. */
static const uint64_t two[] = { S(1), S(8) - 1, S(16), S(24) - 1 };

static struct table table;
static struct gaps gaps;

static void find(struct io *io)
{
	struct error err;

	error_clear(&err);
	assert_int_equal(table_read(io, &table, &err), 0);
	assert_int_equal(gaps_find(io, &table, &gaps, &err), 0);
	assert_int_equal(err.why, WHY_NONE);
}

static void forget(struct io *io)
{
	gaps_free(&gaps);
	table_free(&table);
	io_close(io);
}

/* Closes io. ends are MiB: start and end of each gap. */
static void expect(struct io *io, const char *doubt, size_t n, const uint64_t *ends)
{
	find(io);
	if (doubt)
		assert_string_equal(gaps.doubt, doubt);
	else
		assert_null(gaps.doubt);
	assert_int_equal(gaps.n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(gaps.all[i].start, ends[2 * i] * MIB);
		assert_int_equal(extent_end(gaps.all[i]), ends[2 * i + 1] * MIB);
	}
	forget(io);
}

static void doubted(struct io *io, const char *doubt)
{
	struct extent window;
	struct error err;

	error_clear(&err);
	find(io);
	assert_non_null(gaps.doubt);
	assert_string_equal(gaps.doubt, doubt);
	assert_true(gaps.n > 0);
	window = gaps.all[0];
	assert_true(gaps_check(io, window, &err) < 0);
	assert_int_equal(err.why, WHY_TABLE);
	assert_string_equal(err.what, doubt);
	forget(io);
}

static void gaps_are_between_and_behind_the_partitions_of_a_gpt(void **state)
{
	(void)state;
	expect(new_gpt(512, two), NULL, 2, (const uint64_t[]){ 8, 16, 24, 63 });
}

static void the_sector_is_that_of_the_table(void **state)
{
	static const uint64_t parts[] = { 256, 2047, 4096, 6143 };

	(void)state;
	expect(new_gpt(4096, parts), NULL, 2, (const uint64_t[]){ 8, 16, 24, 63 });
}

static void nothing_is_a_gap_before_the_first_partition(void **state)
{
	static const uint64_t late[] = { S(40), S(62) - 1, 0, 0 };
	static const uint64_t none[] = { 0, 0, 0, 0 };

	(void)state;
	expect(new_gpt(512, late), NULL, 1, (const uint64_t[]){ 62, 63 });
	expect(new_gpt(512, none), NULL, 0, NULL);
}

static void the_last_mib_and_what_alignment_leaves_are_no_gaps(void **state)
{
	static const uint64_t parts[] = { S(1), S(8) - 1, S(9) - 1, S(63) - 1 };

	(void)state;
	expect(new_gpt(512, parts), NULL, 0, NULL);
}

static struct io *gpt(void)
{
	return new_gpt(512, two);
}

static void a_hybrid_mbr_is_doubtful(void **state)
{
	struct io *io = gpt();

	(void)state;
	put_mbr(io, 0, 1, 0x07, S(1), S(7));
	doubted(io, "hybrid MBR");
}

static void two_copies_that_differ_are_doubtful(void **state)
{
	static const struct {
		uint64_t at;
		unsigned char byte;
	} spoils[] = {
		{ (SECTORS - 1) * 512, 'X' },       /* the second header: signature */
		{ (SECTORS - 1) * 512 + 16, 0x5a }, /* its sum */
		{ (SECTORS - 1) * 512 + 56, 0x77 }, /* the disk's GUID */
		{ 512 + 48, 0x01 },                 /* the first one: its last sector */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		struct io *io = gpt();

		io_mem_poke(io, spoils[i].at, &spoils[i].byte, 1);
		doubted(io, "two copies of the GPT that differ");
	}
}

/* Puts a number into the GPT header in a sector, and its sum. */
static void reseal(struct io *io, uint64_t sector, size_t at, uint64_t number)
{
	unsigned char head[92];

	io_mem_peek(io, sector * 512, head, sizeof(head));
	put_le64(head + at, number);
	put_le32(head + 16, 0);
	put_le32(head + 16, ~crc32_ieee(~0u, head, sizeof(head)));
	io_mem_poke(io, sector * 512, head, sizeof(head));
}

static void none_goes_beyond_the_room_that_the_gpt_has(void **state)
{
	struct io *io = gpt();

	(void)state;
	reseal(io, 1, 48, S(40) - 1);
	reseal(io, SECTORS - 1, 48, S(40) - 1);
	expect(io, NULL, 2, (const uint64_t[]){ 8, 16, 24, 40 });
}

static void two_copies_that_are_right_and_differ_are_doubtful(void **state)
{
	struct io *io = gpt();

	(void)state;
	reseal(io, SECTORS - 1, 48, S(40) - 1);
	doubted(io, "two copies of the GPT that differ");
}

/* As after growing the disk: the second header is not in the last sector. */
static void a_second_gpt_which_is_not_at_the_end_is_doubtful(void **state)
{
	struct io *io = gpt();
	uint64_t back = SECTORS - 1 - MKTABLE_ENTRIES * MKTABLE_ENTRY / 512;

	(void)state;
	put_gpt_header(io, SECTORS - 2, 1, back, 512);
	put_gpt_header(io, 1, SECTORS - 2, 2, 512);
	io_mem_fill(io, (struct extent){ SIZE - 512, 512 }, 0);
	doubted(io, "two copies of the GPT that differ");
}

static void entries_without_their_sum_are_doubtful(void **state)
{
	struct io *io = gpt();

	(void)state;
	io_mem_poke(io, 1024 + 56, "n", 1); /* the name of partition 1 */
	doubted(io, "GPT");
	io = gpt();
	io_mem_poke(io, (SECTORS - 33) * 512 + 56, "n", 1);
	doubted(io, "GPT");
}

/* Linux swap of so many bytes (include/linux/swap.h). */
static void put_swap(struct io *io, uint64_t start, uint64_t size)
{
	uint32_t last = (uint32_t)(size / 4096 - 1);
	unsigned char bytes[4];

	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(last >> (8 * i));
	io_mem_poke(io, start + 1024, "\1\0\0\0", 4);
	io_mem_poke(io, start + 1028, bytes, sizeof(bytes));
	io_mem_poke(io, start + 4086, "SWAPSPACE2", 10);
}

/* 1 to 8, an extended one 16 to 48 with logical ones 17 to 20 and 25 to 30 MiB. */
static struct io *mbr_unknown(void)
{
	struct io *io = io_mem_new(SIZE);

	put_mbr(io, 0, 0, 0x83, S(1), S(7));
	put_mbr(io, 0, 1, 0x0f, S(16), S(32));
	put_mbr(io, S(16), 0, 0x83, S(1), S(3));
	put_mbr(io, S(16), 1, 0x05, S(8), S(6));
	put_mbr(io, S(24), 0, 0x82, S(1), S(5));
	return io;
}

static struct io *mbr(void)
{
	struct io *io = mbr_unknown();

	put_swap(io, 25 * MIB, 5 * MIB);
	return io;
}

static void the_chain_of_logical_partitions_is_never_a_gap(void **state)
{
	(void)state;
	expect(mbr(), NULL, 3, (const uint64_t[]){ 8, 16, 20, 24, 30, 63 });
}

static void an_empty_extended_partition_is_a_gap_behind_its_first_mib(void **state)
{
	struct io *io = io_mem_new(SIZE);

	(void)state;
	put_mbr(io, 0, 0, 0x83, S(1), S(7));
	put_swap(io, 1 * MIB, 7 * MIB);
	put_mbr(io, 0, 1, 0x05, S(16), S(32));
	io_mem_poke(io, 16 * MIB + 510, "\x55\xaa", 2);
	expect(io, NULL, 2, (const uint64_t[]){ 8, 16, 17, 63 });
}

static void a_chain_that_is_broken_is_doubtful(void **state)
{
	struct io *io = mbr();

	(void)state;
	io_mem_poke(io, 24 * MIB + 510, "\0\0", 2);
	find(io);
	assert_string_equal(gaps.doubt, "chain of logical partitions");
	forget(io);
	io = mbr();
	put_mbr(io, S(24), 2, 0x83, S(9), S(1)); /* two partitions in one link */
	find(io);
	assert_non_null(gaps.doubt);
	forget(io);
}

static void a_partition_that_this_reader_does_not_see_is_doubtful(void **state)
{
	struct table_part parts[4];
	struct io *io = mbr();
	struct table more;

	(void)state;
	assert_int_equal(table_read(io, &table, NULL), 0);
	assert_int_equal(table.n, 3);
	memcpy(parts, table.parts, 3 * sizeof(parts[0]));
	parts[3] = (struct table_part){ 7, { 50 * MIB, MIB } };
	more = table;
	more.parts = parts;
	more.n = 4;
	assert_int_equal(gaps_find(io, &more, &gaps, NULL), 0);
	assert_string_equal(gaps.doubt, "partitions seen otherwise");
	forget(io);
}

static void what_is_left_of_a_gpt_makes_an_mbr_doubtful(void **state)
{
	static const uint64_t places[] = { 512, 4096, SIZE - 512 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct io *io = mbr();

		io_mem_poke(io, places[i], "EFI PART", 8);
		if (table_read(io, &table, NULL) == 0 && strcmp(table.type, "dos") == 0)
			doubted(io, "MBR and GPT");
		else
			io_close(io); /* which is not given for an MBR at all */
		table_free(&table);
	}
}

static void a_dynamic_disk_is_doubtful(void **state)
{
	struct io *io = mbr();

	(void)state;
	put_mbr(io, 0, 0, 0x42, S(1), S(7));
	doubted(io, "dynamic disk");
}

/* As the table of a disk with sectors of 4096 bytes looks where they are taken for 512. */
static void an_mbr_over_nothing_that_is_known_is_doubtful(void **state)
{
	(void)state;
	doubted(mbr_unknown(), "no partition with known contents");
}

static void contents_that_go_on_behind_their_partition_make_its_table_doubtful(void **state)
{
	struct io *io = gpt();

	(void)state;
	put_swap(io, 1 * MIB, 7 * MIB + 4096);
	doubted(io, "contents larger than a partition");
	io = gpt();
	lvm_put_label(io, 1 * MIB, "abcdefghijklmnopqrstuvwxyz012345");
	doubted(io, "contents larger than a partition");
	io = gpt();
	put_swap(io, 1 * MIB, 7 * MIB);
	put_swap(io, 16 * MIB, 8 * MIB);
	expect(io, NULL, 2, (const uint64_t[]){ 8, 16, 24, 63 });
}

static void a_gap_stays_one_only_while_the_table_says_so(void **state)
{
	const struct extent window = { 8 * MIB, 8 * MIB };
	struct io *io = gpt();
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(gaps_check(io, window, &err), 0);
	assert_true(gaps_check(io, (struct extent){ 8 * MIB, 4 * MIB }, &err) < 0);
	assert_int_equal(err.why, WHY_TABLE);
	io_close(io);
	io = new_gpt(512, (const uint64_t[]){ S(1), S(9) - 1, S(16), S(24) - 1 });
	error_clear(&err);
	assert_true(gaps_check(io, window, &err) < 0);
	assert_int_equal(err.why, WHY_TABLE);
	io_close(io);
}

/* What is in the partitions is no part of it: there, not knowing is a doubt. */
static void a_table_that_cannot_be_read_is_told(void **state)
{
	struct io *disks[] = { gpt(), mbr() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		bool hit = true;

		assert_int_equal(table_read(disks[i], &table, NULL), 0);
		for (uint64_t n = 1; hit; n++) {
			struct io *fault = io_fault_new(disks[i], IO_FAULT_READ, n, EIO);
			struct error err;
			int rc;

			error_clear(&err);
			rc = gaps_find(fault, &table, &gaps, &err);
			hit = io_fault_hit(fault);
			assert_true(rc == (hit && !gaps.doubt ? -EIO : 0));
			assert_int_equal(err.why, rc ? WHY_READ : WHY_NONE);
			gaps_free(&gaps);
			io_close(fault);
		}
		table_free(&table);
		io_close(disks[i]);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 16;
}

/* No gap touches a partition, what is before the first one, the last MiB, or another gap. */
static void check_gaps(struct io *io)
{
	uint64_t end = 0;
	struct error err;

	error_clear(&err);
	if (table_read(io, &table, &err) == 0 && gaps_find(io, &table, &gaps, &err) == 0) {
		for (size_t i = 0; i < gaps.n; i++) {
			struct extent e = gaps.all[i];

			assert_true(e.start > table.parts[0].range.start);
			assert_true(e.start >= end && e.len >= GAPS_LEAST);
			end = extent_end(e);
			assert_true(end <= SIZE - MIB);
			for (size_t j = 0; j < table.n; j++)
				assert_false(extent_overlaps(e, table.parts[j].range));
		}
	}
	gaps_free(&gaps);
	table_free(&table);
}

static void whatever_a_table_says_gaps_are_apart_from_its_partitions(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (int i = 0; i < 300; i++) {
		static const uint64_t links[] = { 0, 16 * MIB, 24 * MIB };
		struct io *io = i % 2 ? gpt() : mbr();

		for (int j = 0; j < 3; j++) {
			uint64_t at = i % 2 ? 512 + next_random(&seed) % 1024
					    : links[j] + 446 + next_random(&seed) % 48;
			uint64_t value = next_random(&seed);
			unsigned char byte = i % 4 < 2 ? (unsigned char)(1u << value % 8)
				: value % 3 ? (unsigned char)value : 5;

			io_mem_poke(io, at, &byte, 1);
		}
		check_gaps(io);
		io_close(io);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_between_and_behind_the_partitions_of_a_gpt),
		cmocka_unit_test(the_sector_is_that_of_the_table),
		cmocka_unit_test(nothing_is_a_gap_before_the_first_partition),
		cmocka_unit_test(the_last_mib_and_what_alignment_leaves_are_no_gaps),
		cmocka_unit_test(a_hybrid_mbr_is_doubtful),
		cmocka_unit_test(two_copies_that_differ_are_doubtful),
		cmocka_unit_test(none_goes_beyond_the_room_that_the_gpt_has),
		cmocka_unit_test(two_copies_that_are_right_and_differ_are_doubtful),
		cmocka_unit_test(a_partition_that_this_reader_does_not_see_is_doubtful),
		cmocka_unit_test(a_second_gpt_which_is_not_at_the_end_is_doubtful),
		cmocka_unit_test(entries_without_their_sum_are_doubtful),
		cmocka_unit_test(the_chain_of_logical_partitions_is_never_a_gap),
		cmocka_unit_test(an_empty_extended_partition_is_a_gap_behind_its_first_mib),
		cmocka_unit_test(a_chain_that_is_broken_is_doubtful),
		cmocka_unit_test(what_is_left_of_a_gpt_makes_an_mbr_doubtful),
		cmocka_unit_test(a_dynamic_disk_is_doubtful),
		cmocka_unit_test(an_mbr_over_nothing_that_is_known_is_doubtful),
		cmocka_unit_test(
			contents_that_go_on_behind_their_partition_make_its_table_doubtful),
		cmocka_unit_test(a_gap_stays_one_only_while_the_table_says_so),
		cmocka_unit_test(a_table_that_cannot_be_read_is_told),
		cmocka_unit_test(whatever_a_table_says_gaps_are_apart_from_its_partitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
