/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Bits and runs, against the slow way. */

#include <stdlib.h>
#include <string.h>

#include "fs/bitmap.h"
#include "tests/lib/test.h"

#define BITS 331u /* no multiple of anything */

static bool bit(const unsigned char *bits, uint64_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

/* Random bits in long and short runs. */
static void make_bits(unsigned char *bits, unsigned seed)
{
	uint64_t at = 0;

	srand(seed);
	memset(bits, 0, (BITS + 7) / 8);
	while (at < BITS) {
		uint64_t end = at + (unsigned)rand() % (rand() % 2 ? 5 : 150);

		end = end < BITS ? end : BITS;
		if (rand() % 2)
			bitmap_set(bits, at, end);
		at = end;
	}
}

static void next_finds_the_first_of_its_kind(void **state)
{
	unsigned char bits[(BITS + 7) / 8];

	(void)state;
	for (unsigned seed = 0; seed < 50; seed++) {
		make_bits(bits, seed);
		for (uint64_t from = 0; from <= BITS; from++) {
			uint64_t set = from;
			uint64_t clear = from;

			while (set < BITS && !bit(bits, set))
				set++;
			while (clear < BITS && bit(bits, clear))
				clear++;
			assert_int_equal(bitmap_next(bits, from, BITS, true), set);
			assert_int_equal(bitmap_next(bits, from, BITS, false), clear);
		}
	}
}

static void set_reaches_its_range_alone(void **state)
{
	(void)state;
	for (uint64_t from = 0; from < 40; from++) {
		for (uint64_t end = from; end < BITS; end += 7) {
			unsigned char bits[(BITS + 7) / 8] = { 0 };

			bitmap_set(bits, from, end);
			for (uint64_t i = 0; i < BITS; i++)
				assert_int_equal(bit(bits, i), i >= from && i < end);
		}
	}
}

struct sum {
	const unsigned char *bits;
	uint64_t end;
	uint64_t clear;
};

static int add_extent(void *arg, struct extent e)
{
	struct sum *s = arg;

	assert_int_equal(e.start % 512, 0);
	assert_true(e.len > 0 && e.len % 512 == 0);
	for (uint64_t i = s->end; i < (e.start - 1024) / 512; i++)
		assert_true(bit(s->bits, i));
	for (uint64_t i = 0; i < e.len / 512; i++)
		assert_false(bit(s->bits, (e.start - 1024) / 512 + i));
	s->end = (extent_end(e) - 1024) / 512;
	s->clear += e.len / 512;
	return 0;
}

static void walk_tells_all_that_is_clear(void **state)
{
	unsigned char bits[(BITS + 7) / 8];

	(void)state;
	for (unsigned seed = 0; seed < 50; seed++) {
		struct sum sum = { .bits = bits };
		uint64_t clear = 0;

		make_bits(bits, seed);
		for (uint64_t i = 0; i < BITS; i++)
			clear += !bit(bits, i);
		assert_int_equal(bitmap_walk_clear(bits, BITS, 1024, 512, add_extent, &sum), 0);
		assert_int_equal(sum.clear, clear);
		assert_int_equal(bitmap_count_clear(bits, BITS), clear);
	}
}

static void runs_are_sorted_and_joined(void **state)
{
	static const struct run runs[] = { { 40, 5 }, { 10, 5 }, { 15, 5 }, { 20, 2 }, { 60, 1 } };
	struct run_list list = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(run_list_add(&list, runs[i]), 0);
	assert_int_equal(list.n, 3); /* 10 to 22 came in a row */
	assert_true(run_list_sort(&list));
	assert_int_equal(list.n, 3);
	assert_int_equal(list.runs[0].first, 10);
	assert_int_equal(list.runs[0].count, 12);
	assert_int_equal(run_list_find(&list, 0), 0);
	assert_int_equal(run_list_find(&list, 21), 0);
	assert_int_equal(run_list_find(&list, 22), 1);
	assert_int_equal(run_list_find(&list, 60), 2);
	assert_int_equal(run_list_find(&list, 61), 3);
	run_list_free(&list);
}

static void runs_that_overlap_are_told(void **state)
{
	static const struct run other[] = { { 10, 1 }, { 14, 1 }, { 5, 6 }, { 0, 100 } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct run_list list = { 0 };

		assert_int_equal(run_list_add(&list, (struct run){ 10, 5 }), 0);
		assert_int_equal(run_list_add(&list, other[i]), 0);
		assert_false(run_list_sort(&list));
		assert_int_equal(list.n, 1);
		run_list_free(&list);
	}
}

static void bytes_are_turned_around(void **state)
{
	unsigned char bits[256];

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		bits[i] = (unsigned char)i;
	bitmap_turn(bits, sizeof bits);
	for (unsigned i = 0; i < 256; i++) {
		for (unsigned bit = 0; bit < 8; bit++)
			assert_int_equal(bits[i] >> bit & 1, i >> (7 - bit) & 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_finds_the_first_of_its_kind),
		cmocka_unit_test(set_reaches_its_range_alone),
		cmocka_unit_test(walk_tells_all_that_is_clear),
		cmocka_unit_test(runs_are_sorted_and_joined),
		cmocka_unit_test(runs_that_overlap_are_told),
		cmocka_unit_test(bytes_are_turned_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
