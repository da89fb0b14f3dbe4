/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Linux swap, version 1. What a page holds tells nothing once nobody swaps, so all is free but the
 * first page, which is the header with label and UUID, and the pages marked bad. Pages are those of
 * the machine that made it: 4 to 64 KiB, told by where the magic lies, at the end of the first one.
 * The numbers are in that machine's byte order, as version says.
 *
 * What stands behind the last page that the header names is not the swap's and never free.
 *
 * Refused: a hibernation image (the magic is another one then, as of the kernel, uswsusp and
 * TuxOnIce), version 0, signs of two page sizes that could both be true, more pages than there is
 * room for, bad pages that are none. Whether it is in use is seen by disk/use.c.
 *
 * Memory: the header, 64 KiB at most, and 4 bytes for each bad page, which are in it.
 *
 * Source: Linux, include/linux/swap.h (union swap_header), mm/swapfile.c (read_swap_header) and
 * kernel/power/swap.c; the other magics are those that libblkid knows.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/drivers.h"

#define LEAST_PAGE (4 * KIB)
#define MOST_PAGE (64 * KIB)
#define MAGIC 10

/* Bytes in the header. */
#define AT_VERSION 1024
#define AT_LAST 1028
#define AT_BAD_COUNT 1032
#define AT_UUID 1036
#define AT_LABEL 1052
#define LABEL 16
#define AT_BAD 1536

struct swap {
	struct fs fs;
	uint32_t pages;      /* with the header */
	uint32_t *bad;       /* ascending, no number twice */
	uint32_t bad_count;
	bool big_endian;
	unsigned char header[MOST_PAGE];
};

static uint32_t get_number(const struct swap *s, size_t at)
{
	return s->big_endian ? get_be32(s->header + at) : get_le32(s->header + at);
}

static bool is_hibernated(const unsigned char *magic)
{
	static const char *const images[] = {
		"S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001",
		"\xed\xc3\x02\xe9\x98\x56\xe5\x0c",
	};

	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		if (memcmp(magic, images[i], strlen(images[i])) == 0)
			return true;
	}
	return false;
}

/* Whether the header can be true for pages of that size. */
static bool fits(const struct swap *s, uint32_t page)
{
	uint64_t pages = (uint64_t)get_number(s, AT_LAST) + 1;

	return pages > 1 && pages <= s->fs.io->size / page;
}

/* Why none of the sizes whose magic is there will do. */
static int refuse_pages(const struct swap *s, uint32_t page, struct error *err)
{
	uint64_t pages = (uint64_t)get_number(s, AT_LAST) + 1;

	if (pages < 2)
		return error_set_at(err, WHY_CORRUPT, 0, AT_LAST, "last page");
	return error_set_at(err, WHY_OUTSIDE, 0, pages * page, "swap");
}

static int refuse_both(uint32_t page, uint32_t other, struct error *err)
{
	char what[64];

	snprintf(what, sizeof(what), "swap (%u), swap (%u)", (unsigned)page, (unsigned)other);
	return error_set(err, WHY_AMBIGUOUS, 0, what);
}

/* The size of a page. Signs of several may be left over from others, but only one can be true. */
static int find_page(struct swap *s, size_t have, uint32_t *found, struct error *err)
{
	uint32_t seen = 0;

	*found = 0;
	for (uint32_t page = LEAST_PAGE; page <= have; page *= 2) {
		const unsigned char *magic = s->header + page - MAGIC;

		if (is_hibernated(magic))
			return error_set(err, WHY_HIBERNATED, 0, "swap");
		if (memcmp(magic, "SWAP-SPACE", MAGIC) == 0)
			return error_set(err, WHY_FEATURE, 0, "swap version 0");
		if (memcmp(magic, "SWAPSPACE2", MAGIC) != 0)
			continue;
		seen = seen ? seen : page;
		if (!fits(s, page))
			continue;
		if (*found)
			return refuse_both(*found, page, err);
		*found = page;
	}
	if (*found)
		return 0;
	return seen ? refuse_pages(s, seen, err)
		    : error_set_at(err, WHY_CORRUPT, 0, LEAST_PAGE - MAGIC, "magic");
}

static int find_order(struct swap *s, struct error *err)
{
	char what[32];

	s->big_endian = get_be32(s->header + AT_VERSION) == 1;
	if (s->big_endian || get_le32(s->header + AT_VERSION) == 1)
		return 0;
	snprintf(what, sizeof(what), "swap version %u",
		 (unsigned)get_le32(s->header + AT_VERSION));
	return error_set(err, WHY_FEATURE, 0, what);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int read_bad(struct swap *s, struct error *err)
{
	uint32_t count = get_number(s, AT_BAD_COUNT);
	uint32_t n = 0;

	if (count > (s->fs.unit - MAGIC - AT_BAD) / 4)
		return error_set_at(err, WHY_CORRUPT, 0, AT_BAD_COUNT, "number of bad pages");
	s->bad = calloc((size_t)count + 1, sizeof(*s->bad));
	if (!s->bad)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	for (uint32_t i = 0; i < count; i++) {
		s->bad[i] = get_number(s, AT_BAD + 4 * (size_t)i);
		if (s->bad[i] == 0 || s->bad[i] >= s->pages)
			return error_set_at(err, WHY_CORRUPT, 0, AT_BAD + 4 * (uint64_t)i,
					    "bad page");
	}
	qsort(s->bad, count, sizeof(*s->bad), compare_numbers);
	for (uint32_t i = 0; i < count; i++) {
		if (n == 0 || s->bad[i] != s->bad[n - 1])
			s->bad[n++] = s->bad[i];
	}
	s->bad_count = n;
	return 0;
}

static void take_names(struct swap *s)
{
	const unsigned char *uuid = s->header + AT_UUID;

	if (!bytes_are_zero(uuid, 16))
		uuid_print(s->fs.uuid, uuid);
	memcpy(s->fs.label, s->header + AT_LABEL, LABEL);
}

static int swap_read(struct swap *s, struct error *err)
{
	struct io *io = s->fs.io;
	size_t have = io->size < MOST_PAGE ? (size_t)io->size : MOST_PAGE;
	uint32_t page;
	int rc;

	if (have < LEAST_PAGE)
		return error_set_at(err, WHY_OUTSIDE, 0, LEAST_PAGE, "swap");
	rc = io_read(io, 0, s->header, have);
	if (rc)
		return io_report(io, WHY_READ, -rc, err);
	s->big_endian = get_be32(s->header + AT_VERSION) == 1;
	rc = find_page(s, have, &page, err);
	if (rc == 0)
		rc = find_order(s, err);
	if (rc)
		return rc;
	s->fs.unit = page;
	s->pages = get_number(s, AT_LAST) + 1;
	s->fs.size = (uint64_t)s->pages * page;
	rc = read_bad(s, err);
	if (rc)
		return rc;
	s->fs.free = (uint64_t)(s->pages - 1 - s->bad_count) * page;
	take_names(s);
	return 0;
}

static void swap_close(struct fs *fs)
{
	struct swap *s = (struct swap *)fs;

	free(s->bad);
	free(s);
}

static int swap_open(struct io *io, struct fs **fs, struct error *err)
{
	struct swap *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	s->fs.driver = &fs_swap;
	s->fs.io = io;
	s->fs.type = "swap";
	rc = swap_read(s, err);
	if (rc) {
		swap_close(&s->fs);
		return rc;
	}
	*fs = &s->fs;
	return 0;
}

static int swap_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	const struct swap *s = (const struct swap *)fs;
	uint64_t from = 1;
	int rc = 0;

	(void)err;
	for (uint32_t i = 0; rc == 0 && i <= s->bad_count; i++) {
		uint64_t end = i < s->bad_count ? s->bad[i] : s->pages;

		if (from < end)
			rc = fn(arg, (struct extent){ from * fs->unit, (end - from) * fs->unit });
		from = end + 1;
	}
	return rc;
}

static const char *const types[] = { "swap", "swsuspend", NULL };

const struct fs_driver fs_swap = { "swap", types, swap_open, swap_walk, swap_close };
