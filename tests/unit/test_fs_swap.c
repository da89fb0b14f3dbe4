/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The swap driver on headers made here, byte by byte. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "fs/fs.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIZE (4 * MIB)

static void put(struct io *io, uint64_t at, uint32_t value, bool big)
{
	unsigned char b[4];

	for (unsigned i = 0; i < 4; i++)
		b[i] = (unsigned char)(value >> 8 * (big ? 3 - i : i));
	io_mem_poke(io, at, b, 4);
}

/* A swap of all of its room, on old data. */
static struct io *make(uint32_t page, bool big)
{
	struct io *io = io_mem_new(SIZE);

	io_mem_fill(io, (struct extent){ 0, SIZE }, 0x5a);
	io_mem_fill(io, (struct extent){ 0, page }, 0);
	io_mem_poke(io, page - 10, "SWAPSPACE2", 10);
	put(io, 1024, 1, big);
	put(io, 1028, (uint32_t)(SIZE / page) - 1, big);
	for (unsigned i = 0; i < 16; i++)
		io_mem_poke(io, 1036 + i, &(unsigned char){ (unsigned char)(0x10 + i) }, 1);
	io_mem_poke(io, 1052, "sixteen letters!", 16);
	return io;
}

struct map {
	struct extent e[8];
	size_t n;
};

static int add(void *arg, struct extent e)
{
	struct map *map = arg;

	assert_true(map->n < COUNT(map->e));
	map->e[map->n++] = e;
	return 0;
}

static int use(struct io *io, struct map *map, struct error *err)
{
	struct gate_sum sum;
	struct fs *fs;
	int rc;

	error_clear(err);
	map->n = 0;
	rc = fs_open(io, "swap", &fs, err);
	if (rc)
		return rc;
	rc = gate_dry_walk(fs, add, map, &sum, err);
	fs_close(fs);
	return rc;
}

static enum why why_of(struct io *io)
{
	struct map map;
	struct error err;
	int rc = use(io, &map, &err);

	assert_true((rc == 0) == (err.why == WHY_NONE));
	io_close(io);
	return err.why;
}

static void all_but_the_first_page_is_free_whatever_its_size_and_byte_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		uint32_t page = (4 * KIB) << i / 2;
		struct io *io = make(page, i % 2);
		struct map map;
		struct error err;

		assert_int_equal(use(io, &map, &err), 0);
		assert_int_equal(map.n, 1);
		assert_int_equal(map.e[0].start, page);
		assert_int_equal(extent_end(map.e[0]), SIZE);
		io_close(io);
	}
}

static void it_is_known_by_label_and_uuid_and_only_read(void **state)
{
	struct io *io = make(4096, false);
	struct io *trace = io_trace_new(io);
	struct map map;
	struct error err;
	struct fs *fs;

	(void)state;
	assert_int_equal(use(trace, &map, &err), 0);
	assert_int_equal(fs_open(trace, "swsuspend", &fs, &err), 0);
	assert_string_equal(fs->type, "swap");
	assert_string_equal(fs->label, "sixteen letters!");
	assert_string_equal(fs->uuid, "10111213-1415-1617-1819-1a1b1c1d1e1f");
	assert_int_equal(fs->unit, 4096);
	assert_int_equal(fs->size, SIZE);
	fs_close(fs);
	assert_int_equal(io_trace_changes(trace), 0);
	io_close(trace);
	io_close(io);
}

static void bad_pages_are_never_free(void **state)
{
	static const uint32_t bad[] = { 1023, 1, 7, 7, 8 };
	struct io *io = make(4096, true);
	struct map map;
	struct error err;

	(void)state;
	put(io, 1032, COUNT(bad), true);
	for (size_t i = 0; i < COUNT(bad); i++)
		put(io, 1536 + 4 * i, bad[i], true);
	assert_int_equal(use(io, &map, &err), 0);
	assert_int_equal(map.n, 2);
	assert_int_equal(map.e[0].start, 2 * 4096);
	assert_int_equal(extent_end(map.e[0]), 7 * 4096);
	assert_int_equal(map.e[1].start, 9 * 4096);
	assert_int_equal(extent_end(map.e[1]), 1023 * 4096);
	io_close(io);
}

static void what_is_behind_its_last_page_is_not_free(void **state)
{
	struct io *io = make(4096, false);
	struct map map;
	struct error err;

	(void)state;
	put(io, 1028, 99, false);
	assert_int_equal(use(io, &map, &err), 0);
	assert_int_equal(extent_end(map.e[0]), 100 * 4096);
	io_close(io);
}

static void a_hibernated_system_is_refused(void **state)
{
	static const char *const magics[] = {
		"S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001",
		"\xed\xc3\x02\xe9\x98\x56\xe5\x0c",
	};

	(void)state;
	for (uint32_t page = 4 * KIB; page <= 64 * KIB; page *= 2) {
		for (size_t i = 0; i < COUNT(magics); i++) {
			struct io *io = make(page, false);

			io_mem_fill(io, (struct extent){ page - 10, 10 }, 0);
			io_mem_poke(io, page - 10, magics[i], strlen(magics[i]));
			assert_int_equal(why_of(io), WHY_HIBERNATED);
		}
	}
}

struct spoil {
	uint64_t at;
	uint32_t value;
	enum why why;
};

static const struct spoil spoils[] = {
	{ 4086, 0, WHY_CORRUPT },          /* magic */
	{ 1024, 0, WHY_FEATURE },          /* version */
	{ 1024, 2, WHY_FEATURE },
	{ 1024, 0x01000001, WHY_FEATURE },
	{ 1028, 0, WHY_CORRUPT },          /* last page */
	{ 1028, UINT32_MAX, WHY_OUTSIDE },
	{ 1028, 1024, WHY_OUTSIDE },
	{ 1032, 638, WHY_CORRUPT },        /* number of bad pages */
	{ 1032, 637, WHY_CORRUPT },        /* bad page 0 */
	{ 1032, UINT32_MAX, WHY_CORRUPT },
	{ 1032, 1, WHY_CORRUPT },
};

static void a_header_that_cannot_be_true_is_refused(void **state)
{
	struct io *io;

	(void)state;
	for (size_t i = 0; i < COUNT(spoils); i++) {
		io = make(4096, false);
		put(io, spoils[i].at, spoils[i].value, false);
		assert_int_equal(why_of(io), spoils[i].why);
	}
	io = make(4096, false);
	put(io, 1032, 1, false);
	put(io, 1536, 1024, false); /* a bad page behind the last one */
	assert_int_equal(why_of(io), WHY_CORRUPT);
	io = make(4096, false);
	io_mem_poke(io, 4086, "SWAP-SPACE", 10); /* version 0 */
	assert_int_equal(why_of(io), WHY_FEATURE);
	assert_int_equal(why_of(io_mem_new(4095)), WHY_OUTSIDE);
	assert_int_equal(why_of(io_mem_new(4096)), WHY_CORRUPT);
}

/* Header and numbers are in the same place for every size, so only the room tells. */
static void two_page_sizes_are_told_apart_by_the_room_or_refused(void **state)
{
	struct io *io = make(4096, false);
	struct map map;
	struct error err;

	(void)state;
	io_mem_poke(io, 65536 - 10, "SWAPSPACE2", 10);
	assert_int_equal(use(io, &map, &err), 0);
	assert_int_equal(map.e[0].start, 4096);
	put(io, 1028, 9, false);
	assert_int_equal(why_of(io), WHY_AMBIGUOUS);
}

static void a_header_that_cannot_be_read_is_told(void **state)
{
	struct io *io = make(4096, false);
	struct io *fault = io_fault_new(io, IO_FAULT_READ, 1, EIO);
	struct map map;
	struct error err;

	(void)state;
	assert_int_equal(use(fault, &map, &err), -EIO);
	assert_int_equal(err.why, WHY_READ);
	io_close(fault);
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			all_but_the_first_page_is_free_whatever_its_size_and_byte_order),
		cmocka_unit_test(it_is_known_by_label_and_uuid_and_only_read),
		cmocka_unit_test(bad_pages_are_never_free),
		cmocka_unit_test(what_is_behind_its_last_page_is_not_free),
		cmocka_unit_test(a_hibernated_system_is_refused),
		cmocka_unit_test(a_header_that_cannot_be_true_is_refused),
		cmocka_unit_test(two_page_sizes_are_told_apart_by_the_room_or_refused),
		cmocka_unit_test(a_header_that_cannot_be_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
