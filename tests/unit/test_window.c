/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The window over segments and stripes, against one that asks for each byte where it lies. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

#define PAGE IO_MEM_PAGE
#define DISK (64 * PAGE)
#define N 6

/* Two pages alone, three stripes of four pages in chunks of two, and a page before them. */
static const struct stretch layout[N] = {
	{ { 40 * PAGE, 2 * PAGE }, 1, 0 },
	{ { 20 * PAGE, 4 * PAGE }, 3, 2 * PAGE },
	{ { 8 * PAGE, 4 * PAGE }, 3, 2 * PAGE },
	{ { 48 * PAGE, 4 * PAGE }, 3, 2 * PAGE },
	{ { 1 * PAGE, 1 * PAGE }, 1, 0 },
	{ { 60 * PAGE, 1 * PAGE }, 1, 0 },
};
#define SIZE (16 * PAGE)

/* Where each page of the window lies, worked out by hand. */
static const unsigned pages[SIZE / PAGE] = {
	40, 41, 20, 21, 8, 9, 48, 49, 22, 23, 10, 11, 50, 51, 1, 60,
};

struct both {
	struct io *disk;
	struct io *w;
};

static int set_up(void **state)
{
	struct both *b = calloc(1, sizeof(*b));

	b->disk = io_mem_new(DISK);
	assert_int_equal(io_window_segments(b->disk, layout, N, &b->w), 0);
	assert_int_equal(b->w->size, SIZE);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct both *b = *state;

	io_close(b->w);
	io_close(b->disk);
	free(b);
	return 0;
}

static uint64_t place(uint64_t at)
{
	return (uint64_t)pages[at / PAGE] * PAGE + at % PAGE;
}

/* Every byte of the disk says where it is. */
static void number_all(struct io *disk)
{
	unsigned char *buf = malloc(DISK);

	for (size_t i = 0; i < DISK; i++)
		buf[i] = (unsigned char)(i / PAGE + i * 7);
	io_mem_poke(disk, 0, buf, DISK);
	free(buf);
}

static const struct extent ranges[] = {
	{ 0, SIZE }, { 0, 1 }, { SIZE - 1, 1 }, { PAGE, 5 * PAGE }, { 3 * PAGE - 1, 2 },
	{ 2 * PAGE, 6 * PAGE }, { 4 * PAGE, 2 * PAGE }, { 5 * PAGE + 17, 7 * PAGE },
	{ 13 * PAGE, 3 * PAGE }, { 7 * PAGE, 1 * PAGE }, { 9 * PAGE + 1, 4 * PAGE - 2 },
};
#define RANGES (sizeof(ranges) / sizeof(ranges[0]))

static void bytes_are_read_where_they_lie(void **state)
{
	struct both *b = *state;
	unsigned char *got = malloc(SIZE);

	number_all(b->disk);
	for (size_t i = 0; i < RANGES; i++) {
		struct extent e = ranges[i];

		assert_int_equal(io_read(b->w, e.start, got, e.len), 0);
		for (uint64_t at = 0; at < e.len; at++) {
			unsigned char want;

			io_mem_peek(b->disk, place(e.start + at), &want, 1);
			assert_int_equal(got[at], want);
		}
	}
	free(got);
}

/* After something was done to range e of the window, just its bytes on the disk are zero. */
static void only_range_is_zero(const struct both *b, struct extent e)
{
	unsigned char *disk = malloc(DISK);
	unsigned char *want = malloc(DISK);

	for (size_t i = 0; i < DISK; i++)
		want[i] = (unsigned char)(i / PAGE + i * 7);
	for (uint64_t at = 0; at < e.len; at++)
		want[place(e.start + at)] = 0;
	io_mem_peek(b->disk, 0, disk, DISK);
	assert_memory_equal(disk, want, DISK);
	free(disk);
	free(want);
}

static void zeros_go_where_the_bytes_lie_and_nowhere_else(void **state)
{
	struct both *b = *state;
	unsigned char *zeros = calloc(1, SIZE);

	for (size_t i = 0; i < RANGES; i++) {
		number_all(b->disk);
		assert_int_equal(io_zero(b->w, ranges[i]), 0);
		only_range_is_zero(b, ranges[i]);
		number_all(b->disk);
		assert_int_equal(io_write(b->w, ranges[i].start, zeros, ranges[i].len), 0);
		only_range_is_zero(b, ranges[i]);
		number_all(b->disk);
		assert_int_equal(io_punch(b->w, ranges[i]), 0);
		only_range_is_zero(b, ranges[i]);
	}
	free(zeros);
}

/* All combinations of data and hole: what next_data tells is just the pages with data. */
static void data_is_found_page_by_page(void **state)
{
	struct both *b = *state;

	for (unsigned set = 0; set < 1u << (SIZE / PAGE); set += 37) {
		unsigned told = 0;
		uint64_t from = 0;
		struct extent e;

		io_punch(b->disk, (struct extent){ 0, DISK });
		for (unsigned page = 0; page < SIZE / PAGE; page++) {
			if (set & 1u << page)
				io_mem_poke(b->disk, (uint64_t)pages[page] * PAGE, "x", 1);
		}
		while (from < SIZE && io_next_data(b->w, from, &e) == 0) {
			assert_true(e.start >= from && e.len > 0 && e.len % PAGE == 0);
			for (uint64_t at = e.start; at < extent_end(e); at += PAGE)
				told |= 1u << (at / PAGE);
			from = extent_end(e);
		}
		assert_int_equal(told, set);
	}
}

static void segments_that_do_not_fit_are_refused(void **state)
{
	static const struct stretch bad[][2] = {
		{ { { 0, PAGE }, 2, PAGE }, { { DISK, PAGE }, 2, PAGE } },
		{ { { 0, PAGE }, 2, PAGE }, { { PAGE, 2 * PAGE }, 2, PAGE } },
		{ { { 0, PAGE }, 2, PAGE }, { { PAGE, PAGE }, 2, 512 } },
		{ { { 0, PAGE }, 2, PAGE }, { { PAGE, PAGE }, 1, PAGE } },
		{ { { 0, PAGE }, 2, 0 }, { { PAGE, PAGE }, 2, 0 } },
		{ { { 0, PAGE }, 2, 3000 }, { { PAGE, PAGE }, 2, 3000 } },
		{ { { 0, PAGE }, 3, PAGE }, { { PAGE, PAGE }, 3, PAGE } },
		{ { { 0, PAGE }, 0, PAGE }, { { PAGE, PAGE }, 1, PAGE } },
		{ { { 0, PAGE }, 1, 0 }, { { PAGE, 0 }, 1, 0 } },
		{ { { UINT64_MAX, 2 }, 1, 0 }, { { 0, PAGE }, 1, 0 } },
	};
	struct both *b = *state;
	struct io *w;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(io_window_segments(b->disk, bad[i], 2, &w), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(bytes_are_read_where_they_lie),
		TEST(zeros_go_where_the_bytes_lie_and_nowhere_else),
		TEST(data_is_found_page_by_page),
		TEST(segments_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
