/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Chunks of btrfs: which logical bytes lie where on the device. Served are single and DUP, and
 * RAID0 of one stripe, which is the same as single. Refused: RAID5 and RAID6 and profiles of later
 * times by name, mirrors of several devices, stripes on a device that is not this one.
 *
 * Source: linux/btrfs_tree.h (struct btrfs_chunk, struct btrfs_stripe).
 */

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/btrfs_chunk.h"

/* Fields of a chunk item. */
enum {
	LENGTH = 0,
	TYPE = 24,
	STRIPES = 44,
	FIRST_STRIPE = 48,
};

/* Fields of a stripe. */
enum {
	DEVICE = 0,
	OFFSET = 8,
	DEVICE_ID = 16,
	STRIPE_SIZE = 32,
};

/* In the superblock's list a key of 17 bytes is before each chunk. */
enum {
	KEY_OBJECT = 0,
	KEY_TYPE = 8,
	KEY_OFFSET = 9,
	KEY_SIZE = 17,
};
#define CHUNKS_OBJECT 256u
#define CHUNK_ITEM 228u

#define TYPES (BTRFS_CHUNK_DATA | BTRFS_CHUNK_SYSTEM | BTRFS_CHUNK_METADATA)

/* Profiles; none of these bits is single. */
static const struct profile {
	uint64_t bits;
	unsigned stripes; /* 0: refused by its name, or as several devices where it has none */
	const char *name;
} profiles[] = {
	{ 0x000, 1, NULL },
	{ 0x008, 1, NULL }, /* RAID0 */
	{ 0x010, 0, NULL }, /* RAID1 */
	{ 0x020, 2, NULL }, /* DUP */
	{ 0x040, 0, NULL }, /* RAID10 */
	{ 0x080, 0, "raid5" },
	{ 0x100, 0, "raid6" },
	{ 0x200, 0, NULL }, /* RAID1C3 */
	{ 0x400, 0, NULL }, /* RAID1C4 */
};

static int corrupt(struct error *err)
{
	return error_set(err, WHY_CORRUPT, 0, "chunk");
}

static int read_type(const struct btrfs_super *s, const unsigned char *data,
		     struct btrfs_chunk *c, struct error *err)
{
	uint64_t type = get_le64(data + TYPE);
	uint64_t kind = type & TYPES;
	unsigned stripes = get_le16(data + STRIPES);
	size_t i = 0;

	while (i < sizeof profiles / sizeof profiles[0] && profiles[i].bits != (type & ~kind))
		i++;
	if (i == sizeof profiles / sizeof profiles[0])
		return error_set(err, WHY_FEATURE, 0, "chunk profile");
	if (profiles[i].name)
		return error_set(err, WHY_FEATURE, 0, profiles[i].name);
	if (profiles[i].stripes == 0 || (profiles[i].bits == 0x008 && stripes > 1))
		return error_set(err, WHY_MULTI_DEV, 0, "btrfs");
	if (stripes != profiles[i].stripes)
		return corrupt(err);
	if (kind != BTRFS_CHUNK_DATA && kind != BTRFS_CHUNK_SYSTEM &&
	    kind != BTRFS_CHUNK_METADATA &&
	    !(s->mixed && kind == (BTRFS_CHUNK_DATA | BTRFS_CHUNK_METADATA)))
		return corrupt(err);
	c->type = kind;
	c->copies = stripes;
	return 0;
}

static int read_stripe(const struct btrfs_super *s, const unsigned char *stripe, uint64_t len,
		       uint64_t *physical, struct error *err)
{
	uint64_t at = get_le64(stripe + OFFSET);

	if (get_le64(stripe + DEVICE) != s->device ||
	    memcmp(stripe + DEVICE_ID, s->device_id, sizeof s->device_id) != 0)
		return error_set(err, WHY_MULTI_DEV, 0, "btrfs");
	if (at % s->sector_size != 0 || at > s->device_size || len > s->device_size - at)
		return corrupt(err);
	*physical = at;
	return 0;
}

int btrfs_chunk_parse(const struct btrfs_super *s, uint64_t logical, const unsigned char *data,
		      uint32_t size, struct btrfs_chunk *chunk, struct error *err)
{
	struct btrfs_chunk c = { .logical.start = logical };
	int rc;

	if (size < FIRST_STRIPE ||
	    (size - FIRST_STRIPE) / STRIPE_SIZE != get_le16(data + STRIPES) ||
	    (size - FIRST_STRIPE) % STRIPE_SIZE != 0)
		return corrupt(err);
	c.logical.len = get_le64(data + LENGTH);
	if (logical % s->sector_size != 0 || c.logical.len == 0 ||
	    c.logical.len % s->sector_size != 0 || c.logical.len > s->device_size ||
	    logical > UINT64_MAX - c.logical.len)
		return corrupt(err);
	rc = read_type(s, data, &c, err);
	for (unsigned i = 0; rc == 0 && i < c.copies; i++)
		rc = read_stripe(s, data + FIRST_STRIPE + i * STRIPE_SIZE, c.logical.len,
				 &c.physical[i], err);
	if (rc == 0)
		*chunk = c;
	return rc;
}

bool btrfs_chunk_has(const struct btrfs_chunk *chunk, uint64_t logical, uint64_t len)
{
	struct extent e = chunk->logical;

	return logical >= e.start && logical - e.start <= e.len &&
	       len <= e.len - (logical - e.start);
}

int btrfs_chunk_find_system(const struct btrfs_super *s, uint64_t logical, uint32_t len,
			    struct btrfs_chunk *chunk, struct error *err)
{
	uint32_t at = 0;

	while (s->system_size - at >= KEY_SIZE + FIRST_STRIPE + STRIPE_SIZE) {
		const unsigned char *key = s->system + at;
		const unsigned char *data = key + KEY_SIZE;
		uint32_t size = FIRST_STRIPE + get_le16(data + STRIPES) * STRIPE_SIZE;
		int rc;

		if (get_le64(key + KEY_OBJECT) != CHUNKS_OBJECT || key[KEY_TYPE] != CHUNK_ITEM ||
		    size > s->system_size - at - KEY_SIZE)
			return corrupt(err);
		rc = btrfs_chunk_parse(s, get_le64(key + KEY_OFFSET), data, size, chunk, err);
		if (rc || btrfs_chunk_has(chunk, logical, len))
			return rc;
		at += KEY_SIZE + size;
	}
	return corrupt(err);
}
