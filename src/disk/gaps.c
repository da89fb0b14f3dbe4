/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Space in no partition. Nobody's table says that it is free, only that no partition claims it, so
 * this is careful: nothing before the end of the first partition (boot code), nothing in the last
 * MiB (the second GPT, superblocks of RAID), and nothing at all where the table is doubtful: a GPT
 * with a hybrid MBR, one whose two copies are not both right and alike, an MBR next to what is left
 * of a GPT, Windows' dynamic disks, any table in which this reader and libparted do not see the
 * same partitions, and one that its partitions' contents give the lie (contents.c). Table and links
 * of the chain are read here anew for that.
 *
 * In an extended partition a link and what is between it and its logical partition belong together:
 * a boot loader may be there. Behind a link without a partition a MiB is left.
 *
 * Sources: UEFI 2.10, 5.2 and 5.3; Linux, block/partitions/msdos.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "disk/contents.h"
#include "disk/gaps.h"

#define EDGE (1 * MIB)
#define LINKS_MAX 256
#define BUSY_MAX (TABLE_PARTS_MAX + LINKS_MAX)
#define GPT_HEAD 92
#define GPT_ARRAY_MAX (1 * MIB)
#define MBR 512
#define MAX_SECTOR 4096

/* While a table is read. */
struct reader {
	struct io *disk;
	const struct table *table;
	const char *doubt;
	struct extent *busy;  /* partitions, links */
	size_t n;
	size_t parts;         /* partitions that this reader saw */
	uint64_t end;         /* no gap goes beyond */
	struct error *err;
};

static int doubt(struct reader *r, const char *why)
{
	if (!r->doubt)
		r->doubt = why;
	return 0;
}

static int read_at(struct reader *r, uint64_t at, void *buf, size_t len)
{
	int rc = io_read(r->disk, at, buf, len);

	return rc < 0 ? io_report(r->disk, WHY_READ, -rc, r->err) : 0;
}

static void add_busy(struct reader *r, uint64_t start, uint64_t end)
{
	if (r->n == BUSY_MAX)
		doubt(r, "too many partitions");
	else if (start < end)
		r->busy[r->n++] = (struct extent){ start, end - start };
}

/* A partition as this reader sees it: libparted must have seen the same. */
static void see_part(struct reader *r, uint64_t start, uint64_t len)
{
	r->parts++;
	for (size_t i = 0; i < r->table->n; i++) {
		const struct extent *e = &r->table->parts[i].range;

		if (e->start == start && e->len == len)
			return;
	}
	doubt(r, "partitions seen otherwise");
}

/* MBR. */

struct entry {
	unsigned char type;
	uint64_t start; /* bytes from whatever it counts from */
	uint64_t len;
};

static struct entry get_entry(const struct reader *r, const unsigned char *mbr, int i)
{
	const unsigned char *p = mbr + 446 + 16 * i;

	return (struct entry){ p[4], (uint64_t)get_le32(p + 8) * r->table->sector,
			       (uint64_t)get_le32(p + 12) * r->table->sector };
}

static bool is_extended(unsigned char type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* One link of the chain, at byte at: its partition, and *next, 0 at the end. */
static int read_link(struct reader *r, struct extent extended, uint64_t at, uint64_t *next)
{
	unsigned char link[MBR];
	uint64_t end = at + EDGE;
	int logical = 0, links = 0;
	int rc = read_at(r, at, link, sizeof(link));

	*next = 0;
	if (rc < 0)
		return rc;
	if (get_le16(link + 510) != 0xaa55)
		return doubt(r, "chain of logical partitions");
	for (int i = 0; i < 4; i++) {
		struct entry e = get_entry(r, link, i);

		if (e.type == 0 || e.len == 0)
			continue;
		if (is_extended(e.type)) {
			links++;
			*next = extended.start + e.start;
		} else {
			logical++;
			end = at + e.start + e.len;
			see_part(r, at + e.start, e.len);
		}
	}
	if (logical > 1 || links > 1 || end > extent_end(extended))
		doubt(r, "chain of logical partitions");
	add_busy(r, at, end);
	return 0;
}

static int read_chain(struct reader *r, struct extent extended)
{
	uint64_t at = extended.start;

	for (int i = 0; at != 0; i++) {
		uint64_t next;
		int rc;

		if (i == LINKS_MAX || at < extended.start ||
		    at > extent_end(extended) - r->table->sector ||
		    extent_end(extended) > r->disk->size)
			return doubt(r, "chain of logical partitions");
		rc = read_link(r, extended, at, &next);
		if (rc < 0)
			return rc;
		at = next;
	}
	return 0;
}

/* What is left of a GPT says that this disk had another table, or has. */
static int look_for_gpt(struct reader *r)
{
	const uint64_t places[] = { 512, 4096, r->disk->size - r->table->sector };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		unsigned char sign[8];
		int rc = read_at(r, places[i], sign, sizeof(sign));

		if (rc < 0)
			return rc;
		if (memcmp(sign, "EFI PART", sizeof(sign)) == 0)
			doubt(r, "MBR and GPT");
	}
	return 0;
}

static int read_mbr(struct reader *r)
{
	struct extent extended = { 0, 0 };
	unsigned char mbr[MBR];
	int rc = read_at(r, 0, mbr, sizeof(mbr));

	for (int i = 0; rc == 0 && i < 4; i++) {
		struct entry e = get_entry(r, mbr, i);

		if (e.type == 0 || e.len == 0)
			continue;
		if (e.type == 0xee || e.type == 0x42)
			doubt(r, e.type == 0x42 ? "dynamic disk" : "MBR and GPT");
		if (!is_extended(e.type)) {
			see_part(r, e.start, e.len);
			add_busy(r, e.start, e.start + e.len);
		} else if (extended.len) {
			doubt(r, "two extended partitions");
		} else {
			extended = (struct extent){ e.start, e.len };
		}
	}
	if (rc == 0 && extended.len)
		rc = read_chain(r, extended);
	return rc < 0 ? rc : look_for_gpt(r);
}

/* GPT. */

/* Beside the protective entry nothing may be in the MBR. */
static int check_protective(struct reader *r)
{
	unsigned char mbr[MBR];
	int protective = 0, others = 0;
	int rc = read_at(r, 0, mbr, sizeof(mbr));

	if (rc < 0)
		return rc;
	for (int i = 0; i < 4; i++) {
		struct entry e = get_entry(r, mbr, i);

		if (e.type == 0xee && e.start == r->table->sector)
			protective++;
		else if (e.type != 0)
			others++;
	}
	return protective == 1 && others == 0 ? 0 : doubt(r, "hybrid MBR");
}

struct head {
	unsigned char bytes[MAX_SECTOR];
	uint64_t other;   /* sector of the other one */
	uint64_t first;   /* usable sectors */
	uint64_t last;
	uint64_t array;   /* sector of its entries */
	uint64_t array_len;
};

/* A header by its own word; false where that cannot be. */
static bool parse_head(struct head *h, uint32_t sector, uint64_t own)
{
	unsigned char *b = h->bytes;
	uint32_t size = get_le32(b + 12);
	uint32_t sum = get_le32(b + 16);
	bool right;

	if (memcmp(b, "EFI PART", 8) != 0 || size < GPT_HEAD || size > sector)
		return false;
	memset(b + 16, 0, 4);
	right = ~crc32_ieee(~0u, b, size) == sum;
	h->other = get_le64(b + 32);
	h->first = get_le64(b + 40);
	h->last = get_le64(b + 48);
	h->array = get_le64(b + 72);
	h->array_len = (uint64_t)get_le32(b + 80) * get_le32(b + 84);
	return right && get_le64(b + 24) == own && h->array_len <= GPT_ARRAY_MAX;
}

/* Whether the entries of h are those that it has the sum of. */
static int check_array(struct reader *r, const struct head *h)
{
	uint64_t at = h->array * r->table->sector;
	unsigned char *array;
	int rc;

	if (h->array_len == 0 || h->array >= r->disk->size / r->table->sector ||
	    h->array_len > r->disk->size - at)
		return doubt(r, "GPT");
	array = malloc((size_t)h->array_len);
	if (!array)
		return error_set(r->err, WHY_MEMORY, ENOMEM, NULL);
	rc = read_at(r, at, array, (size_t)h->array_len);
	if (rc == 0 && ~crc32_ieee(~0u, array, (size_t)h->array_len) != get_le32(h->bytes + 88))
		doubt(r, "GPT");
	free(array);
	return rc;
}

/* The partitions lie where the header allows them, and neither array does. */
static void check_usable(struct reader *r, const struct head *h, const struct head *back)
{
	const struct extent usable = { h->first * r->table->sector,
				       (h->last - h->first + 1) * r->table->sector };
	const struct extent arrays[] = { { h->array * r->table->sector, h->array_len },
					 { back->array * r->table->sector, back->array_len } };

	for (size_t i = 0; i < r->table->n; i++) {
		struct extent e = r->table->parts[i].range;

		if (e.start < usable.start || extent_end(e) > extent_end(usable))
			doubt(r, "GPT");
		see_part(r, e.start, e.len);
		add_busy(r, e.start, extent_end(e));
	}
	if (extent_overlaps(usable, arrays[0]) || extent_overlaps(usable, arrays[1]))
		doubt(r, "GPT");
	if (r->end > extent_end(usable))
		r->end = extent_end(usable);
}

/* Both headers, right and alike but for where they are: UEFI 2.10, 5.3.2. */
static int compare_heads(struct reader *r, struct head *h, struct head *back)
{
	uint64_t last = r->disk->size / r->table->sector - 1;

	if (!parse_head(h, r->table->sector, 1) || !parse_head(back, r->table->sector, last) ||
	    h->other != last || back->other != 1 || h->first > h->last || h->last >= last ||
	    memcmp(h->bytes + 40, back->bytes + 40, 32) != 0 ||
	    memcmp(h->bytes + 80, back->bytes + 80, 12) != 0)
		return doubt(r, "two copies of the GPT that differ");
	check_usable(r, h, back);
	return 0;
}

static int read_gpt(struct reader *r)
{
	uint32_t sector = r->table->sector;
	struct head *heads = calloc(2, sizeof(*heads));
	int rc;

	if (!heads)
		return error_set(r->err, WHY_MEMORY, ENOMEM, NULL);
	rc = check_protective(r);
	if (rc == 0)
		rc = read_at(r, sector, heads[0].bytes, sector);
	if (rc == 0)
		rc = read_at(r, (r->disk->size / sector - 1) * sector, heads[1].bytes, sector);
	if (rc == 0)
		rc = compare_heads(r, &heads[0], &heads[1]);
	if (rc == 0 && !r->doubt)
		rc = check_array(r, &heads[0]);
	if (rc == 0 && !r->doubt)
		rc = check_array(r, &heads[1]);
	free(heads);
	return rc;
}

/* The gaps. */

static int compare_starts(const void *a, const void *b)
{
	const struct extent *x = a;
	const struct extent *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* What lies between the busy places, which were sorted. */
static int take_gaps(struct reader *r, struct gaps *gaps)
{
	uint64_t at = r->n ? extent_end(r->busy[0]) : r->end;

	gaps->all = calloc(r->n + 1, sizeof(*gaps->all));
	if (!gaps->all)
		return error_set(r->err, WHY_MEMORY, ENOMEM, NULL);
	for (size_t i = 1; i <= r->n; i++) {
		uint64_t end = i < r->n ? r->busy[i].start : r->end;

		if (end > r->end)
			end = r->end;
		if (i < r->n && r->busy[i].start < at)
			doubt(r, "overlapping partitions");
		if (end > at && end - at >= GAPS_LEAST)
			gaps->all[gaps->n++] = (struct extent){ at, end - at };
		if (i < r->n && extent_end(r->busy[i]) > at)
			at = extent_end(r->busy[i]);
	}
	return 0;
}

/* Without this reader's own view, libparted's. */
static void take_table(struct reader *r)
{
	r->n = 0;
	for (size_t i = 0; i < r->table->n; i++)
		add_busy(r, r->table->parts[i].range.start, extent_end(r->table->parts[i].range));
}

int gaps_find(struct io *disk, const struct table *table, struct gaps *gaps, struct error *err)
{
	struct reader r = { .disk = disk, .table = table, .err = err };
	int rc;

	*gaps = (struct gaps){ 0 };
	if (table->n == 0 || disk->size <= 2 * EDGE || table->sector > MAX_SECTOR)
		return 0;
	r.end = (disk->size - EDGE) / table->sector * table->sector;
	r.busy = calloc(BUSY_MAX, sizeof(*r.busy));
	if (!r.busy)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	rc = strcmp(table->type, "gpt") == 0 ? read_gpt(&r) : read_mbr(&r);
	if (rc == 0 && r.parts != table->n)
		doubt(&r, "partitions seen otherwise");
	if (r.doubt)
		take_table(&r);
	qsort(r.busy, r.n, sizeof(*r.busy), compare_starts);
	if (rc == 0)
		rc = take_gaps(&r, gaps);
	if (rc == 0 && gaps->n > 0 && !r.doubt)
		rc = contents_check(disk, table, &r.doubt, err);
	gaps->doubt = r.doubt;
	free(r.busy);
	return rc;
}

void gaps_free(struct gaps *gaps)
{
	free(gaps->all);
	*gaps = (struct gaps){ 0 };
}

int gaps_check(struct io *disk, struct extent window, struct error *err)
{
	struct table table;
	struct gaps gaps = { 0 };
	bool found = false;
	int rc = table_read(disk, &table, err);

	if (rc == 0)
		rc = gaps_find(disk, &table, &gaps, err);
	for (size_t i = 0; i < gaps.n; i++)
		found = found || (gaps.all[i].start == window.start &&
				  gaps.all[i].len == window.len);
	if (rc == 0 && gaps.doubt)
		rc = error_set(err, WHY_TABLE, 0, gaps.doubt);
	else if (rc == 0 && !found)
		rc = error_set(err, WHY_TABLE, ESTALE, "changed");
	gaps_free(&gaps);
	table_free(&table);
	return rc;
}
