/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The superblock of ext2, ext3 and ext4, judged before libext2fs sees it: the library trusts parts
 * of a hostile one. Refused, in this order: no superblock at all, features which are not
 * understood, states that are not clean, geometry that contradicts itself.
 *
 * Source: Linux, Documentation/filesystems/ext4/super.rst, and e2fsprogs 1.47 lib/ext2fs/ext2_fs.h.
 */

#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/ext_super.h"
#include "fs/feature.h"

/* Fields, by their byte in the superblock. */
enum {
	INODES = 0x00,
	BLOCKS_LO = 0x04,
	FREE_BLOCKS_LO = 0x0c,
	FIRST_DATA_BLOCK = 0x14,
	LOG_BLOCK_SIZE = 0x18,
	LOG_CLUSTER_SIZE = 0x1c,
	BLOCKS_PER_GROUP = 0x20,
	CLUSTERS_PER_GROUP = 0x24,
	INODES_PER_GROUP = 0x28,
	MAGIC = 0x38,
	STATE = 0x3a,
	REVISION = 0x4c,
	INODE_SIZE = 0x58,
	COMPAT = 0x5c,
	INCOMPAT = 0x60,
	RO_COMPAT = 0x64,
	UUID = 0x68,
	LABEL = 0x78,
	RESERVED_GDT_BLOCKS = 0xce,
	JOURNAL_INODE = 0xe0,
	LAST_ORPHAN = 0xe8,
	DESC_SIZE = 0xfe,
	FIRST_META_BG = 0x104,
	BLOCKS_HI = 0x150,
	FREE_BLOCKS_HI = 0x158,
	MMP_BLOCK = 0x168,
};

#define EXT_MAGIC 0xef53u

#define STATE_VALID 0x0001u
#define STATE_ERROR 0x0002u
#define STATE_ORPHANS 0x0004u
#define STATE_FC_REPLAY 0x0020u

#define COMPAT_HAS_JOURNAL 0x0004u

#define INCOMPAT_FILETYPE 0x0002u
#define INCOMPAT_RECOVER 0x0004u
#define INCOMPAT_META_BG 0x0010u
#define INCOMPAT_EXTENTS 0x0040u
#define INCOMPAT_64BIT 0x0080u
#define INCOMPAT_MMP 0x0100u
#define INCOMPAT_FLEX_BG 0x0200u
#define INCOMPAT_EA_INODE 0x0400u
#define INCOMPAT_CSUM_SEED 0x2000u
#define INCOMPAT_LARGEDIR 0x4000u
#define INCOMPAT_INLINE_DATA 0x8000u
#define INCOMPAT_ENCRYPT 0x10000u
#define INCOMPAT_CASEFOLD 0x20000u
#define INCOMPAT_KNOWN                                                                          \
	(INCOMPAT_FILETYPE | INCOMPAT_RECOVER | INCOMPAT_META_BG | INCOMPAT_EXTENTS |           \
	 INCOMPAT_64BIT | INCOMPAT_MMP | INCOMPAT_FLEX_BG | INCOMPAT_EA_INODE |                 \
	 INCOMPAT_CSUM_SEED | INCOMPAT_LARGEDIR | INCOMPAT_INLINE_DATA | INCOMPAT_ENCRYPT |     \
	 INCOMPAT_CASEFOLD)

#define RO_SPARSE_SUPER 0x0001u
#define RO_LARGE_FILE 0x0002u
#define RO_HUGE_FILE 0x0008u
#define RO_GDT_CSUM 0x0010u
#define RO_DIR_NLINK 0x0020u
#define RO_EXTRA_ISIZE 0x0040u
#define RO_QUOTA 0x0100u
#define RO_BIGALLOC 0x0200u
#define RO_METADATA_CSUM 0x0400u
#define RO_PROJECT 0x2000u
#define RO_VERITY 0x8000u
#define RO_ORPHAN_PRESENT 0x10000u
#define RO_KNOWN                                                                                \
	(RO_SPARSE_SUPER | RO_LARGE_FILE | RO_HUGE_FILE | RO_GDT_CSUM | RO_DIR_NLINK |          \
	 RO_EXTRA_ISIZE | RO_QUOTA | RO_BIGALLOC | RO_METADATA_CSUM | RO_PROJECT | RO_VERITY |  \
	 RO_ORPHAN_PRESENT)

/* What makes it more than ext3, as libblkid sees it. */
#define INCOMPAT_EXT3 (INCOMPAT_FILETYPE | INCOMPAT_RECOVER | INCOMPAT_META_BG)
#define RO_EXT3 (RO_SPARSE_SUPER | RO_LARGE_FILE)

/* Descriptors are held in memory: 8 Mi groups are 1 PiB of 4 KiB blocks. */
#define MOST_GROUPS (UINT64_C(8) << 20)
#define MOST_LOG_CLUSTER 19u /* 512 MiB, EXT2_MAX_CLUSTER_LOG_SIZE less 10 */

static const struct feature refused_incompat[] = {
	{ 0x0001, "compression" },
	{ 0x0008, "journal_dev" },
	{ 0x1000, "dirdata" },
	{ 0, NULL },
};

static const struct feature refused_ro_compat[] = {
	{ 0x0080, "snapshot" },
	{ 0x0800, "replica" },
	{ 0x1000, "read-only" },
	{ 0x4000, "shared_blocks" },
	{ 0, NULL },
};

static int corrupt(struct error *err, unsigned field, const char *what)
{
	return error_set_at(err, WHY_CORRUPT, 0, EXT_SUPER_AT + field, what);
}

static int check_features(const unsigned char *sb, struct error *err)
{
	uint32_t incompat = get_le32(sb + INCOMPAT) & ~INCOMPAT_KNOWN;
	uint32_t ro_compat = get_le32(sb + RO_COMPAT) & ~RO_KNOWN;

	if (get_le32(sb + REVISION) > 1)
		return error_set(err, WHY_FEATURE, 0, "revision");
	if (incompat)
		return feature_refuse(incompat, refused_incompat, "incompat", err);
	if (ro_compat)
		return feature_refuse(ro_compat, refused_ro_compat, "ro_compat", err);
	return 0;
}

static const char *type_of(const unsigned char *sb)
{
	if ((get_le32(sb + INCOMPAT) & ~INCOMPAT_EXT3) || (get_le32(sb + RO_COMPAT) & ~RO_EXT3))
		return "ext4";
	return get_le32(sb + COMPAT) & COMPAT_HAS_JOURNAL ? "ext3" : "ext2";
}

static int check_clean(const unsigned char *sb, struct error *err)
{
	const char *type = type_of(sb);
	unsigned state = get_le16(sb + STATE);
	bool journal = get_le32(sb + COMPAT) & COMPAT_HAS_JOURNAL;

	if (journal && get_le32(sb + JOURNAL_INODE) == 0)
		return error_set(err, WHY_JOURNAL_DEV, 0, type);
	if (state & STATE_ERROR)
		return error_set(err, WHY_ERRORS, 0, type);
	if ((get_le32(sb + INCOMPAT) & INCOMPAT_RECOVER) || (state & STATE_FC_REPLAY))
		return error_set(err, WHY_JOURNAL, 0, type);
	if (!(state & STATE_VALID))
		return error_set(err, WHY_UNCLEAN, 0, type);
	if (get_le32(sb + LAST_ORPHAN) != 0 || (state & STATE_ORPHANS) ||
	    (get_le32(sb + RO_COMPAT) & RO_ORPHAN_PRESENT))
		return error_set(err, WHY_ORPHANS, 0, type);
	return 0;
}

static int read_units(const unsigned char *sb, struct ext_super *s, struct error *err)
{
	uint32_t log_block = get_le32(sb + LOG_BLOCK_SIZE);
	uint32_t log_cluster = get_le32(sb + LOG_CLUSTER_SIZE);
	bool bigalloc = get_le32(sb + RO_COMPAT) & RO_BIGALLOC;

	if (log_block > 6)
		return corrupt(err, LOG_BLOCK_SIZE, "block size");
	if (log_cluster < log_block || log_cluster > MOST_LOG_CLUSTER ||
	    (!bigalloc && log_cluster != log_block))
		return corrupt(err, LOG_CLUSTER_SIZE, "cluster size");
	s->block_size = 1024u << log_block;
	s->cluster_blocks = 1u << (log_cluster - log_block);
	s->first_block = get_le32(sb + FIRST_DATA_BLOCK);
	if (s->first_block != (log_cluster == 0))
		return corrupt(err, FIRST_DATA_BLOCK, "first data block");
	return 0;
}

static int read_totals(const unsigned char *sb, uint64_t window, struct ext_super *s,
		       struct error *err)
{
	bool wide = get_le32(sb + INCOMPAT) & INCOMPAT_64BIT;
	uint64_t high = wide ? get_le32(sb + BLOCKS_HI) : 0;
	uint64_t high_free = wide ? get_le32(sb + FREE_BLOCKS_HI) : 0;

	s->blocks = high << 32 | get_le32(sb + BLOCKS_LO);
	s->free_blocks = high_free << 32 | get_le32(sb + FREE_BLOCKS_LO);
	if (s->blocks <= s->first_block || s->blocks % s->cluster_blocks != 0)
		return corrupt(err, BLOCKS_LO, "block count");
	if (s->blocks > window / s->block_size)
		return error_set_at(err, WHY_OUTSIDE, 0, size_mul(s->blocks, s->block_size),
				    type_of(sb));
	if (s->free_blocks >= s->blocks)
		return corrupt(err, FREE_BLOCKS_LO, "free block count");
	return 0;
}

static int read_groups(const unsigned char *sb, struct ext_super *s, struct error *err)
{
	uint64_t blocks = get_le32(sb + BLOCKS_PER_GROUP);
	uint64_t clusters = get_le32(sb + CLUSTERS_PER_GROUP);
	uint64_t inodes = get_le32(sb + INODES_PER_GROUP);

	if (clusters == 0 || clusters % 8 != 0 || clusters > 8 * (uint64_t)s->block_size)
		return corrupt(err, CLUSTERS_PER_GROUP, "clusters per group");
	if (blocks != clusters * s->cluster_blocks)
		return corrupt(err, BLOCKS_PER_GROUP, "blocks per group");
	s->clusters_per_group = (uint32_t)clusters;
	s->groups = (s->blocks - s->first_block + blocks - 1) / blocks;
	if (s->groups > MOST_GROUPS)
		return corrupt(err, BLOCKS_PER_GROUP, "number of groups");
	if (inodes == 0 || inodes > 8 * (uint64_t)s->block_size)
		return corrupt(err, INODES_PER_GROUP, "inodes per group");
	if (get_le32(sb + INODES) != inodes * s->groups)
		return corrupt(err, INODES, "inode count");
	return 0;
}

/* Descriptors, inodes and what else libext2fs computes with. */
static int check_tables(const unsigned char *sb, const struct ext_super *s, struct error *err)
{
	uint32_t incompat = get_le32(sb + INCOMPAT);
	uint64_t desc_size = incompat & INCOMPAT_64BIT ? get_le16(sb + DESC_SIZE) : 32;
	uint64_t desc_blocks = (s->groups * desc_size + s->block_size - 1) / s->block_size;
	uint32_t inode_size = get_le32(sb + REVISION) == 0 ? 128 : get_le16(sb + INODE_SIZE);

	if (desc_size != 32 && desc_size != 64)
		return corrupt(err, DESC_SIZE, "group descriptor size");
	if (inode_size < 128 || inode_size > s->block_size || !is_power_of_two(inode_size))
		return corrupt(err, INODE_SIZE, "inode size");
	if (get_le16(sb + RESERVED_GDT_BLOCKS) > s->block_size / 4)
		return corrupt(err, RESERVED_GDT_BLOCKS, "reserved descriptor blocks");
	if (incompat & INCOMPAT_META_BG) {
		if (get_le32(sb + FIRST_META_BG) > desc_blocks)
			return corrupt(err, FIRST_META_BG, "first meta block group");
		desc_blocks = get_le32(sb + FIRST_META_BG);
	}
	if (desc_blocks >= (uint64_t)s->clusters_per_group * s->cluster_blocks)
		return corrupt(err, BLOCKS_PER_GROUP, "blocks per group");
	if (get_le32(sb + JOURNAL_INODE) > get_le32(sb + INODES))
		return corrupt(err, JOURNAL_INODE, "journal inode");
	return 0;
}

static int read_names(const unsigned char *sb, struct ext_super *s, struct error *err)
{
	s->type = type_of(sb);
	if (get_le32(sb + COMPAT) & COMPAT_HAS_JOURNAL)
		s->journal_inode = get_le32(sb + JOURNAL_INODE);
	memcpy(s->label, sb + LABEL, sizeof s->label - 1);
	uuid_print(s->uuid, sb + UUID);
	if (!(get_le32(sb + INCOMPAT) & INCOMPAT_MMP))
		return 0;
	s->mmp_block = get_le64(sb + MMP_BLOCK);
	if (s->mmp_block <= s->first_block || s->mmp_block >= s->blocks)
		return corrupt(err, MMP_BLOCK, "MMP block");
	return 0;
}

int ext_super_parse(const unsigned char sb[EXT_SUPER_SIZE], uint64_t window,
		    struct ext_super *super, struct error *err)
{
	struct ext_super s = { 0 };
	int rc;

	if (get_le16(sb + MAGIC) != EXT_MAGIC)
		return corrupt(err, MAGIC, "superblock");
	if ((rc = check_features(sb, err)) || (rc = check_clean(sb, err)) ||
	    (rc = read_units(sb, &s, err)) || (rc = read_totals(sb, window, &s, err)) ||
	    (rc = read_groups(sb, &s, err)) || (rc = check_tables(sb, &s, err)) ||
	    (rc = read_names(sb, &s, err)))
		return rc;
	*super = s;
	return 0;
}
