/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The superblock of btrfs. Refused, in this order: none at all, a wrong checksum, features and
 * states that are not understood, errors noted, a device of a larger filesystem, a log tree,
 * numbers that contradict each other, a copy at 64 MiB or 256 GiB that does not belong to it.
 *
 * A copy of an earlier generation means that the machine stopped between the writes of the two;
 * mounting it once mends that. The kernel reads the first one alone: where that is damaged or older
 * than a sound copy, it cannot be mounted or would go back in time, and is to be replaced first.
 *
 * Source: Linux 6.18, include/uapi/linux/btrfs_tree.h and btrfs.h, and btrfs.readthedocs.io,
 * "On-disk format".
 */

#include <stdio.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/btrfs_sum.h"
#include "fs/btrfs_super.h"
#include "fs/feature.h"

/* Fields, by their byte in the superblock. */
enum {
	FSID = 0x20,
	BYTENR = 0x30,
	FLAGS = 0x38,
	MAGIC = 0x40,
	GENERATION = 0x48,
	ROOT = 0x50,
	CHUNK_ROOT = 0x58,
	LOG_ROOT = 0x60,
	TOTAL_BYTES = 0x70,
	BYTES_USED = 0x78,
	NUM_DEVICES = 0x88,
	SECTOR_SIZE = 0x90,
	NODE_SIZE = 0x94,
	SYSTEM_SIZE = 0xa0,
	CHUNK_ROOT_GENERATION = 0xa4,
	COMPAT_RO = 0xb4,
	INCOMPAT = 0xbc,
	SUM_TYPE = 0xc4,
	ROOT_LEVEL = 0xc6,
	CHUNK_ROOT_LEVEL = 0xc7,
	DEV_ITEM = 0xc9,
	LABEL = 0x12b,
	METADATA_UUID = 0x23b,
	SYSTEM = 0x32b,
};

/* Fields of the device item. */
enum {
	DEV_ID = 0,
	DEV_TOTAL = 8,
	DEV_USED = 16,
	DEV_UUID = 66,
	DEV_FSID = 82,
};

#define BTRFS_MAGIC UINT64_C(0x4d5f53665248425f) /* "_BHRfS_M" */

#define FLAG_ERROR (UINT64_C(1) << 2)
#define FLAG_SEEDING (UINT64_C(1) << 32)
#define FLAGS_KNOWN (UINT64_C(7) | FLAG_SEEDING) /* written, reloc, error */

#define INCOMPAT_MIXED_BACKREF 0x0001u
#define INCOMPAT_MIXED_GROUPS 0x0004u
#define INCOMPAT_SKINNY 0x0100u
#define INCOMPAT_METADATA_UUID 0x0400u
#define INCOMPAT_SIMPLE_QUOTA 0x10000u
/* All up to raid1c34, some of which say no more than that it was used once. */
#define INCOMPAT_KNOWN (0x0fffu | INCOMPAT_SIMPLE_QUOTA)

#define RO_GROUP_TREE 0x0008u
#define RO_KNOWN (0x0007u | RO_GROUP_TREE) /* free space tree, valid, verity */

static const struct feature refused_incompat[] = {
	{ 0x1000, "zoned" },
	{ 0x2000, "extent-tree-v2" },
	{ 0x4000, "raid-stripe-tree" },
	{ 0x20000, "remap-tree" },
	{ 0, NULL },
};

static const struct feature refused_flags[] = {
	{ UINT64_C(1) << 33, "metadump" },
	{ UINT64_C(1) << 34, "metadump" },
	{ UINT64_C(1) << 35, "changing fsid" },
	{ UINT64_C(1) << 36, "changing fsid" },
	{ 0, NULL },
};

static const struct feature no_names[] = { { 0, NULL } };

static const uint64_t copies[BTRFS_SUPER_COPIES] = { 64 * KIB, 64 * MIB, 256 * GIB };

static int corrupt(struct error *err, unsigned field, const char *what)
{
	return error_set_at(err, WHY_CORRUPT, 0, copies[0] + field, what);
}

static int read_copy(struct io *io, uint64_t at, unsigned char *sb, struct error *err)
{
	int rc = io_read(io, at, sb, BTRFS_SUPER_SIZE);

	return rc ? io_report(io, WHY_READ, -rc, err) : 0;
}

/* Whether it is one that belongs there, of whatever filesystem. The checksum's type is known. */
static bool is_sound(const unsigned char *sb, uint64_t at)
{
	return get_le64(sb + MAGIC) == BTRFS_MAGIC && get_le64(sb + BYTENR) == at &&
	       btrfs_sum_is_right(get_le16(sb + SUM_TYPE), sb, BTRFS_SUPER_SIZE);
}

/* The first one is damaged: whether there is another to replace it with. */
static int refuse_damaged(struct io *io, const char *what, struct error *err)
{
	unsigned char sb[BTRFS_SUPER_SIZE];
	bool other = io->size > copies[1] + BTRFS_SUPER_SIZE &&
		     io_read(io, copies[1], sb, sizeof sb) == 0 &&
		     btrfs_sum_name(get_le16(sb + SUM_TYPE)) && is_sound(sb, copies[1]);

	return error_set_at(err, other ? WHY_MIRROR : WHY_CORRUPT, 0, copies[0], what);
}

static int check_sum(struct io *io, const unsigned char *sb, struct error *err)
{
	unsigned type = get_le16(sb + SUM_TYPE);
	char text[32];

	if (get_le64(sb + MAGIC) != BTRFS_MAGIC)
		return refuse_damaged(io, "superblock", err);
	snprintf(text, sizeof text, "checksum type %u", type);
	if (!btrfs_sum_name(type))
		return error_set(err, WHY_FEATURE, 0, text);
	if (!btrfs_sum_is_right(type, sb, BTRFS_SUPER_SIZE))
		return refuse_damaged(io, "superblock checksum", err);
	if (get_le64(sb + BYTENR) != copies[0])
		return corrupt(err, BYTENR, "superblock");
	return 0;
}

static int check_features(const unsigned char *sb, struct error *err)
{
	uint64_t incompat = get_le64(sb + INCOMPAT);
	uint64_t compat_ro = get_le64(sb + COMPAT_RO) & ~(uint64_t)RO_KNOWN;
	uint64_t flags = get_le64(sb + FLAGS) & ~FLAGS_KNOWN;

	if (incompat & ~(uint64_t)INCOMPAT_KNOWN)
		return feature_refuse(incompat & ~(uint64_t)INCOMPAT_KNOWN, refused_incompat,
				      "incompat", err);
	if (compat_ro)
		return feature_refuse(compat_ro, no_names, "compat_ro", err);
	if (flags)
		return feature_refuse(flags, refused_flags, "flag", err);
	if (!(incompat & INCOMPAT_MIXED_BACKREF))
		return error_set(err, WHY_FEATURE, 0, "old back references");
	return 0;
}

static int check_state(const unsigned char *sb, struct error *err)
{
	uint64_t flags = get_le64(sb + FLAGS);

	if (get_le64(sb + NUM_DEVICES) != 1 || (flags & FLAG_SEEDING))
		return error_set(err, WHY_MULTI_DEV, 0, "btrfs");
	if (flags & FLAG_ERROR)
		return error_set(err, WHY_ERRORS, 0, "btrfs");
	if (get_le64(sb + LOG_ROOT) != 0)
		return error_set(err, WHY_JOURNAL, 0, "btrfs");
	return 0;
}

static int read_units(const unsigned char *sb, struct btrfs_super *s, struct error *err)
{
	s->sector_size = get_le32(sb + SECTOR_SIZE);
	s->node_size = get_le32(sb + NODE_SIZE);
	s->sum_type = get_le16(sb + SUM_TYPE);
	if (!is_power_of_two(s->sector_size) || s->sector_size < 4 * KIB ||
	    s->sector_size > 64 * KIB)
		return corrupt(err, SECTOR_SIZE, "sector size");
	if (!is_power_of_two(s->node_size) || s->node_size < s->sector_size ||
	    s->node_size > 64 * KIB)
		return corrupt(err, NODE_SIZE, "node size");
	return 0;
}

static int read_roots(const unsigned char *sb, struct btrfs_super *s, struct error *err)
{
	s->generation = get_le64(sb + GENERATION);
	s->root = get_le64(sb + ROOT);
	s->root_level = sb[ROOT_LEVEL];
	s->chunk_root = get_le64(sb + CHUNK_ROOT);
	s->chunk_root_level = sb[CHUNK_ROOT_LEVEL];
	s->chunk_root_generation = get_le64(sb + CHUNK_ROOT_GENERATION);
	if (s->root % s->sector_size != 0 || s->root_level >= BTRFS_LEVELS)
		return corrupt(err, ROOT, "root tree");
	if (s->chunk_root % s->sector_size != 0 || s->chunk_root_level >= BTRFS_LEVELS ||
	    s->chunk_root_generation > s->generation)
		return corrupt(err, CHUNK_ROOT, "chunk tree");
	s->system_size = get_le32(sb + SYSTEM_SIZE);
	if (s->system_size > sizeof s->system)
		return corrupt(err, SYSTEM_SIZE, "system chunks");
	memcpy(s->system, sb + SYSTEM, s->system_size);
	return 0;
}

static int read_device(const unsigned char *sb, uint64_t window, struct btrfs_super *s,
		       struct error *err)
{
	const unsigned char *dev = sb + DEV_ITEM;
	uint64_t total = get_le64(dev + DEV_TOTAL);

	s->device = get_le64(dev + DEV_ID);
	s->device_used = get_le64(dev + DEV_USED);
	s->device_size = total - total % s->sector_size;
	s->used = get_le64(sb + BYTES_USED);
	memcpy(s->device_item, dev, sizeof s->device_item);
	memcpy(s->device_id, dev + DEV_UUID, sizeof s->device_id);
	if (total > window)
		return error_set_at(err, WHY_OUTSIDE, 0, total, "btrfs");
	if (total < BTRFS_START || s->device_used > total || s->used > total ||
	    get_le64(sb + TOTAL_BYTES) < s->device_size)
		return corrupt(err, TOTAL_BYTES, "size");
	if (memcmp(dev + DEV_FSID, s->block_id, sizeof s->block_id) != 0)
		return corrupt(err, DEV_ITEM + DEV_FSID, "device item");
	return 0;
}

static void read_facts(const unsigned char *sb, struct btrfs_super *s)
{
	const unsigned char *u = sb + FSID;
	uint64_t incompat = get_le64(sb + INCOMPAT);

	s->skinny = incompat & INCOMPAT_SKINNY;
	s->mixed = incompat & INCOMPAT_MIXED_GROUPS;
	s->group_tree = get_le64(sb + COMPAT_RO) & RO_GROUP_TREE;
	memcpy(s->block_id, incompat & INCOMPAT_METADATA_UUID ? sb + METADATA_UUID : u,
	       sizeof s->block_id);
	memcpy(s->label, sb + LABEL, sizeof s->label - 1);
	uuid_print(s->uuid, u);
}

static int check_copy(const unsigned char *first, const unsigned char *sb, uint64_t at,
		      struct error *err)
{
	uint64_t generation = get_le64(first + GENERATION);

	if (get_le16(sb + SUM_TYPE) != get_le16(first + SUM_TYPE) || !is_sound(sb, at))
		return error_set_at(err, WHY_MIRROR, 0, at, "superblock");
	if (memcmp(sb + FSID, first + FSID, BTRFS_UUID_SIZE) != 0)
		return error_set_at(err, WHY_CORRUPT, 0, at, "superblock of another filesystem");
	if (get_le64(sb + GENERATION) > generation)
		return error_set_at(err, WHY_CORRUPT, 0, at, "superblock older than its copy");
	if (get_le64(sb + GENERATION) < generation)
		return error_set_at(err, WHY_UNCLEAN, 0, at, "btrfs");
	return 0;
}

/* The kernel keeps those copies of which at least a byte follows on the device. */
static int check_copies(struct io *io, const unsigned char *first, const struct btrfs_super *s,
			struct error *err)
{
	uint64_t size = get_le64(s->device_item + DEV_TOTAL);
	unsigned char sb[BTRFS_SUPER_SIZE];
	int rc = 0;

	for (unsigned i = 1; rc == 0 && i < BTRFS_SUPER_COPIES; i++) {
		if (copies[i] + BTRFS_SUPER_SIZE >= size)
			break;
		rc = read_copy(io, copies[i], sb, err);
		if (rc == 0)
			rc = check_copy(first, sb, copies[i], err);
	}
	return rc;
}

struct extent btrfs_super_copy(const struct btrfs_super *s, unsigned copy)
{
	uint64_t len = BTRFS_SUPER_SIZE > s->sector_size ? BTRFS_SUPER_SIZE : s->sector_size;

	return (struct extent){ copies[copy], len };
}

int btrfs_super_read(struct io *io, struct btrfs_super *super, struct error *err)
{
	unsigned char sb[BTRFS_SUPER_SIZE];
	struct btrfs_super s = { 0 };
	int rc;

	if (io->size < copies[0] + BTRFS_SUPER_SIZE)
		return error_set_at(err, WHY_OUTSIDE, 0, copies[0] + BTRFS_SUPER_SIZE, "btrfs");
	if ((rc = read_copy(io, copies[0], sb, err)) || (rc = check_sum(io, sb, err)) ||
	    (rc = check_features(sb, err)) || (rc = check_state(sb, err)))
		return rc;
	read_facts(sb, &s);
	if ((rc = read_units(sb, &s, err)) || (rc = read_roots(sb, &s, err)) ||
	    (rc = read_device(sb, io->size, &s, err)) || (rc = check_copies(io, sb, &s, err)))
		return rc;
	*super = s;
	return 0;
}
