/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The chain of logical partitions, before libparted sees it: 3.5 ends the process where the chain
 * leads back or branches, and where a logical partition has no sector before it for its link (it
 * takes for granted that the link is there). Such chains are refused, and those that leave their
 * extended partition. Reads only what was copied into a file in memory.
 */

#include <stdlib.h>
#include <unistd.h>

#include "achica/extent.h"
#include "base/bytes.h"
#include "disk/chain.h"

#define LINKS_MAX 256
#define LOGICAL_MAX (4 * LINKS_MAX)
#define MBR_SIZE 512

struct chain {
	int fd;
	uint32_t sector;
	struct extent extended;
	uint64_t links[LINKS_MAX];
	size_t n_links;
	struct extent logical[LOGICAL_MAX];
	size_t n_logical;
};

struct entry {
	bool extended;
	uint64_t start; /* bytes */
	uint64_t len;
};

/* Entry i of a table; false when it is not used. */
static bool get_entry(const struct chain *c, const unsigned char *mbr, int i, struct entry *e)
{
	const unsigned char *p = mbr + 446 + 16 * i;

	*e = (struct entry){
		.extended = p[4] == 0x05 || p[4] == 0x0f || p[4] == 0x85,
		.start = (uint64_t)get_le32(p + 8) * c->sector,
		.len = (uint64_t)get_le32(p + 12) * c->sector,
	};
	return p[4] != 0;
}

static bool read_table(const struct chain *c, uint64_t at, unsigned char *mbr)
{
	return pread(c->fd, mbr, MBR_SIZE, (off_t)at) == MBR_SIZE &&
	       get_le16(mbr + 510) == 0xaa55;
}

/* The first extended partition is the one that has logical ones. */
static bool find_extended(struct chain *c)
{
	unsigned char mbr[MBR_SIZE];
	struct entry e;

	if (!read_table(c, 0, mbr))
		return false;
	for (int i = 0; i < 4; i++) {
		if (!get_entry(c, mbr, i, &e) || !e.extended || e.len == 0)
			continue;
		c->extended = (struct extent){ e.start, e.len };
		return true;
	}
	return false;
}

/* Adds a link, unless it was there before or leaves the extended partition. */
static bool add_link(struct chain *c, uint64_t at)
{
	if (c->n_links == LINKS_MAX || at < c->extended.start ||
	    at >= extent_end(c->extended))
		return false;
	for (size_t i = 0; i < c->n_links; i++) {
		if (c->links[i] == at)
			return false;
	}
	c->links[c->n_links++] = at;
	return true;
}

/* The entries of the link at byte at: its partitions, and one that leads on at most. */
static bool read_link(struct chain *c, uint64_t at)
{
	unsigned char mbr[MBR_SIZE];
	struct entry e;
	int on = 0;

	if (!read_table(c, at, mbr))
		return true;
	for (int i = 0; i < 4; i++) {
		if (!get_entry(c, mbr, i, &e))
			continue;
		if (e.extended && (++on > 1 || !add_link(c, c->extended.start + e.start)))
			return false;
		if (!e.extended && e.len > 0)
			c->logical[c->n_logical++] = (struct extent){ at + e.start, e.len };
	}
	return true;
}

static int compare_starts(const void *a, const void *b)
{
	const struct extent *x = a;
	const struct extent *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Each has a sector before it, and all are inside. */
static bool are_apart(struct chain *c)
{
	uint64_t end = c->extended.start;

	qsort(c->logical, c->n_logical, sizeof(c->logical[0]), compare_starts);
	for (size_t i = 0; i < c->n_logical; i++) {
		if (c->logical[i].start <= end)
			return false;
		end = extent_end(c->logical[i]);
	}
	return end <= extent_end(c->extended);
}

static bool is_sane(struct chain *c)
{
	if (!find_extended(c))
		return true;
	if (!add_link(c, c->extended.start))
		return false;
	for (size_t i = 0; i < c->n_links; i++) {
		if (!read_link(c, c->links[i]))
			return false;
	}
	return are_apart(c);
}

bool chain_is_sane(int fd, uint32_t sector)
{
	struct chain *c = calloc(1, sizeof(*c));
	bool sane;

	if (!c)
		return false;
	c->fd = fd;
	c->sector = sector;
	sane = is_sane(c);
	free(c);
	return sane;
}
