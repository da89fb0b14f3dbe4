/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Bitmaps read a word at a time, and lists of runs: what the drivers with bitmaps share. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/bitmap.h"

static bool bit_is_set(const unsigned char *bits, uint64_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

uint64_t bitmap_next(const unsigned char *bits, uint64_t from, uint64_t end, bool set)
{
	const uint64_t dull = set ? 0 : UINT64_MAX;

	while (from < end) {
		if (from % 64 == 0 && end - from >= 64) {
			uint64_t word = get_le64(bits + from / 8) ^ dull;

			if (word)
				return from + (unsigned)__builtin_ctzll(word);
			from += 64;
		} else if (bit_is_set(bits, from) == set) {
			return from;
		} else {
			from++;
		}
	}
	return end;
}

void bitmap_set(unsigned char *bits, uint64_t from, uint64_t end)
{
	while (from < end) {
		if (from % 8 == 0 && end - from >= 8) {
			uint64_t bytes = (end - from) / 8;

			memset(bits + from / 8, 0xff, bytes);
			from += bytes * 8;
		} else {
			bits[from / 8] |= (unsigned char)(1 << from % 8);
			from++;
		}
	}
}

void bitmap_turn(unsigned char *bits, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		unsigned b = bits[i];

		b = (b & 0x0fu) << 4 | b >> 4;
		b = (b & 0x33u) << 2 | (b >> 2 & 0x33u);
		bits[i] = (unsigned char)((b & 0x55u) << 1 | (b >> 1 & 0x55u));
	}
}

uint64_t bitmap_count_clear(const unsigned char *bits, uint64_t n)
{
	uint64_t set = 0;
	uint64_t i = 0;

	for (; n - i >= 64; i += 64)
		set += (unsigned)__builtin_popcountll(get_le64(bits + i / 8));
	for (; i < n; i++)
		set += bit_is_set(bits, i);
	return n - set;
}

int bitmap_walk_clear(const unsigned char *bits, uint64_t n, uint64_t start, uint32_t unit,
		      extent_fn *fn, void *arg)
{
	uint64_t from = bitmap_next(bits, 0, n, false);

	while (from < n) {
		uint64_t end = bitmap_next(bits, from, n, true);
		int rc = fn(arg, (struct extent){ start + from * unit, (end - from) * unit });

		if (rc)
			return rc;
		from = bitmap_next(bits, end, n, false);
	}
	return 0;
}

int run_list_add(struct run_list *list, struct run run)
{
	struct run *last = list->n ? &list->runs[list->n - 1] : NULL;

	if (last && last->first + last->count == run.first) {
		last->count += run.count;
		return 0;
	}
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct run *runs = reallocarray(list->runs, room, sizeof *runs);

		if (!runs)
			return -ENOMEM;
		list->runs = runs;
		list->room = room;
	}
	list->runs[list->n++] = run;
	return 0;
}

static int compare_runs(const void *a, const void *b)
{
	const struct run *x = a;
	const struct run *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

bool run_list_sort(struct run_list *list)
{
	bool apart = true;
	size_t to = 0;

	if (list->n > 1)
		qsort(list->runs, list->n, sizeof *list->runs, compare_runs);
	for (size_t i = 1; i < list->n; i++) {
		struct run *last = &list->runs[to];
		struct run next = list->runs[i];
		uint64_t end = last->first + last->count;

		if (next.first < end)
			apart = false;
		if (next.first > end)
			list->runs[++to] = next;
		else if (next.first + next.count > end)
			last->count = next.first + next.count - last->first;
	}
	if (list->n)
		list->n = to + 1;
	return apart;
}

size_t run_list_find(const struct run_list *list, uint64_t unit)
{
	size_t low = 0;
	size_t high = list->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list->runs[mid].first + list->runs[mid].count > unit)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

void run_list_free(struct run_list *list)
{
	free(list->runs);
	*list = (struct run_list){ 0 };
}
