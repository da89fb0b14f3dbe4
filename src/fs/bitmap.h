/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_BITMAP_H
#define ACHICA_FS_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "achica/extent.h"

/*
 * Allocation bitmaps as ext and NTFS keep them: bit 0 is the lowest of byte 0, a set bit is a unit
 * in use. Ranges of bits are [from, end).
 */

/* The first bit at or after from that is set (or clear); end when there is none. */
uint64_t bitmap_next(const unsigned char *bits, uint64_t from, uint64_t end, bool set);

void bitmap_set(unsigned char *bits, uint64_t from, uint64_t end);

/* Turns each byte around: for bitmaps whose bit 0 is the highest of byte 0. */
void bitmap_turn(unsigned char *bits, size_t bytes);

/* How many of the first n bits are clear. */
uint64_t bitmap_count_clear(const unsigned char *bits, uint64_t n);

/* Calls fn with the clear ones of the first n bits as extents: bit 0 is the unit at byte start.
   Returns 0, or what fn returned. */
int bitmap_walk_clear(const unsigned char *bits, uint64_t n, uint64_t start, uint32_t unit,
		      extent_fn *fn, void *arg);

/*
 * Runs of units that are known to be in use, whatever a bitmap says. Zeroed is empty; add appends
 * (joining with the last one), sort puts them in order, free releases the memory.
 */
struct run {
	uint64_t first;
	uint64_t count;
};

struct run_list {
	struct run *runs;
	size_t n;
	size_t room;
};

int run_list_add(struct run_list *list, struct run run); /* 0 or -ENOMEM */

/* Sorts and joins. True; false when two runs overlap. */
bool run_list_sort(struct run_list *list);

/* The index of the first run (of a sorted list) that ends after unit; list->n when none does. */
size_t run_list_find(const struct run_list *list, uint64_t unit);

void run_list_free(struct run_list *list);

#endif
