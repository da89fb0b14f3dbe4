/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The superblock of XFS, version 4 and 5. Refused, in this order: none at all, a wrong checksum,
 * features which are not understood, states that are not clean, a realtime device, an external
 * log, geometry that contradicts itself.
 *
 * Source: XFS Algorithms & Data Structures, "Superblocks"; Linux, fs/xfs/libxfs/xfs_format.h.
 */

#include <stdio.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/feature.h"
#include "fs/xfs_sum.h"
#include "fs/xfs_super.h"

/* Fields, by their byte in the superblock. */
enum {
	MAGIC = 0,
	BLOCK_SIZE = 4,
	BLOCKS = 8,
	RT_BLOCKS = 16,
	RT_EXTENTS = 24,
	UUID = 32,
	LOG_START = 48,
	AG_BLOCKS = 84,
	AG_COUNT = 88,
	LOG_BLOCKS = 96,
	VERSIONNUM = 100,
	SECTOR_SIZE = 102,
	LABEL = 108,
	BLOCK_LOG = 120,
	SECTOR_LOG = 121,
	AG_BLOCK_LOG = 124,
	IN_PROGRESS = 126,
	FREE_BLOCKS = 144,
	SHARED = 179,
	FEATURES2 = 200,
	BAD_FEATURES2 = 204,
	RO_COMPAT = 212,
	INCOMPAT = 216,
	LOG_INCOMPAT = 220,
	CRC = 224,
	META_UUID = 248,
};

#define XFS_MAGIC 0x58465342u /* "XFSB" */

/* sb_versionnum of V4: the number, and the bits which V4 may have. */
#define VERSION_NUMBER 0x000fu
#define VERSION_LOGV2 0x0400u
#define VERSION_DIRV2 0x2000u
#define VERSION_MOREBITS 0x8000u

/* sb_features2 of V4. */
#define FEATURES2_LAZY 0x0002u
#define FEATURES2_KNOWN (FEATURES2_LAZY | 0x0008u /* attr2 */ | 0x0080u /* projid32bit */ | \
			 0x0200u /* ftype */)

#define RO_FINOBT 0x1u
#define RO_RMAPBT 0x2u
#define RO_REFLINK 0x4u
#define RO_INOBTCNT 0x8u
#define RO_KNOWN (RO_FINOBT | RO_RMAPBT | RO_REFLINK | RO_INOBTCNT)

/* All but META_UUID and NEEDSREPAIR are about inodes and folders, and leave free space alone. */
#define INCOMPAT_META_UUID 0x4u
#define INCOMPAT_NEEDSREPAIR 0x10u
#define INCOMPAT_KNOWN (0x1u /* ftype */ | 0x2u /* sparse inodes */ | INCOMPAT_META_UUID | \
			0x8u /* bigtime */ | INCOMPAT_NEEDSREPAIR | 0x20u /* nrext64 */ | \
			0x40u /* exchange */ | 0x80u /* parent */)

/* Of no weight once the log is clean: extended attributes logged as such. */
#define LOG_INCOMPAT_KNOWN 0x1u

#define LEAST_V5_BLOCK 1024u
#define MOST_BLOCK 65536u
#define LEAST_AG_BLOCKS 64u
#define LEAST_AG (16 * MIB) /* XFS_AG_MIN_BYTES, where there are several */
#define MOST_AG TIB
#define MOST_LOG (2 * GIB)

static const struct feature v4_versions[] = {
	{ 0x0200, "shared" },
	{ 0, NULL },
};

static const struct feature v4_features2[] = {
	{ 0x0010, "parent" },
	{ 0x0100, "crc" },
	{ 0, NULL },
};

static const struct feature v5_incompat[] = {
	{ 0x100, "metadir" },
	{ 0x200, "zoned" },
	{ 0x400, "zone gaps" },
	{ 0, NULL },
};

static const struct feature no_names[] = { { 0, NULL } };

static int corrupt(struct error *err, unsigned field, const char *what)
{
	return error_set_at(err, WHY_CORRUPT, 0, field, what);
}

/* What has to be true before the checksum can be computed. */
static int read_head(const unsigned char *sb, size_t len, struct xfs_super *s, struct error *err)
{
	unsigned version = get_be16(sb + VERSIONNUM) & VERSION_NUMBER;
	char text[16];

	if (get_be32(sb + MAGIC) != XFS_MAGIC)
		return corrupt(err, MAGIC, "superblock");
	if (version != 4 && version != 5) {
		snprintf(text, sizeof text, "version %u", version);
		return error_set(err, WHY_FEATURE, 0, text);
	}
	s->v5 = version == 5;
	s->sector_size = get_be16(sb + SECTOR_SIZE);
	if (s->sector_size < XFS_LEAST_SECTOR || s->sector_size > XFS_MOST_SECTOR ||
	    !is_power_of_two(s->sector_size) || sb[SECTOR_LOG] > 15 ||
	    s->sector_size != 1u << sb[SECTOR_LOG])
		return corrupt(err, SECTOR_SIZE, "sector size");
	if (s->sector_size > len)
		return error_set_at(err, WHY_OUTSIDE, 0, s->sector_size, "xfs");
	if (s->v5 && !xfs_sum_is_right(sb, s->sector_size, CRC))
		return corrupt(err, CRC, "superblock checksum");
	return 0;
}

static int check_v4_features(const unsigned char *sb, struct xfs_super *s, struct error *err)
{
	uint32_t version = get_be16(sb + VERSIONNUM);
	uint32_t more = 0;

	/* Kernels of old wrote features2 to the wrong place, so both count. */
	if (version & VERSION_MOREBITS)
		more = get_be32(sb + FEATURES2) | get_be32(sb + BAD_FEATURES2);
	if (version & v4_versions[0].bit)
		return feature_refuse(v4_versions[0].bit, v4_versions, "version", err);
	if (!(version & VERSION_DIRV2))
		return error_set(err, WHY_FEATURE, 0, "directories of version 1");
	if (more & ~FEATURES2_KNOWN)
		return feature_refuse(more & ~FEATURES2_KNOWN, v4_features2, "features2", err);
	s->lazy = more & FEATURES2_LAZY;
	s->log_v2 = version & VERSION_LOGV2;
	return 0;
}

static int check_v5_features(const unsigned char *sb, struct xfs_super *s, struct error *err)
{
	uint32_t ro_compat = get_be32(sb + RO_COMPAT);
	uint32_t incompat = get_be32(sb + INCOMPAT);
	uint32_t log_incompat = get_be32(sb + LOG_INCOMPAT);

	if (incompat & ~INCOMPAT_KNOWN)
		return feature_refuse(incompat & ~INCOMPAT_KNOWN, v5_incompat, "incompat", err);
	if (ro_compat & ~RO_KNOWN)
		return feature_refuse(ro_compat & ~RO_KNOWN, no_names, "ro_compat", err);
	if (log_incompat & ~LOG_INCOMPAT_KNOWN)
		return feature_refuse(log_incompat & ~LOG_INCOMPAT_KNOWN, no_names, "log_incompat",
				      err);
	if (incompat & INCOMPAT_NEEDSREPAIR)
		return error_set(err, WHY_ERRORS, 0, "xfs");
	s->lazy = true;
	s->log_v2 = true;
	s->finobt = ro_compat & RO_FINOBT;
	s->rmapbt = ro_compat & RO_RMAPBT;
	s->reflink = ro_compat & RO_REFLINK;
	return 0;
}

static int check_state(const unsigned char *sb, struct error *err)
{
	if (sb[IN_PROGRESS])
		return corrupt(err, IN_PROGRESS, "an mkfs.xfs that did not end");
	if (sb[SHARED])
		return error_set(err, WHY_FEATURE, 0, "shared");
	if (get_be64(sb + LOG_START) == 0)
		return error_set(err, WHY_JOURNAL_DEV, 0, "xfs");
	if (get_be64(sb + RT_BLOCKS) || get_be64(sb + RT_EXTENTS))
		return error_set(err, WHY_FEATURE, 0, "realtime");
	return 0;
}

static int read_groups(const unsigned char *sb, struct xfs_super *s, struct error *err)
{
	unsigned ag_log = sb[AG_BLOCK_LOG];
	uint64_t ag_size;

	s->block_size = get_be32(sb + BLOCK_SIZE);
	s->ag_blocks = get_be32(sb + AG_BLOCKS);
	s->ag_count = get_be32(sb + AG_COUNT);
	if (s->block_size < (s->v5 ? LEAST_V5_BLOCK : XFS_LEAST_SECTOR) ||
	    s->block_size < s->sector_size || s->block_size > MOST_BLOCK ||
	    sb[BLOCK_LOG] > 16 || s->block_size != 1u << sb[BLOCK_LOG])
		return corrupt(err, BLOCK_SIZE, "block size");
	ag_size = (uint64_t)s->ag_blocks * s->block_size;
	if (s->ag_blocks < LEAST_AG_BLOCKS || ag_size > MOST_AG ||
	    (s->ag_count > 1 && ag_size < LEAST_AG))
		return corrupt(err, AG_BLOCKS, "size of an allocation group");
	/* To the next power of two: the bits which a block's number has for that in its group. */
	if (ag_log > 31 || s->ag_blocks > UINT64_C(1) << ag_log ||
	    s->ag_blocks <= UINT64_C(1) << ag_log >> 1)
		return corrupt(err, AG_BLOCK_LOG, "size of an allocation group");
	return 0;
}

static int read_totals(const unsigned char *sb, uint64_t window, struct xfs_super *s,
		       struct error *err)
{
	uint64_t whole = (uint64_t)s->ag_count * s->ag_blocks;

	s->blocks = get_be64(sb + BLOCKS);
	s->free_blocks = get_be64(sb + FREE_BLOCKS);
	if (s->ag_count == 0 || s->blocks > whole ||
	    s->blocks < whole - s->ag_blocks + LEAST_AG_BLOCKS)
		return corrupt(err, BLOCKS, "block count");
	if (s->blocks > window / s->block_size)
		return error_set_at(err, WHY_OUTSIDE, 0, size_mul(s->blocks, s->block_size), "xfs");
	if (s->free_blocks >= s->blocks)
		return corrupt(err, FREE_BLOCKS, "free block count");
	return 0;
}

static int read_log(const unsigned char *sb, struct xfs_super *s, struct error *err)
{
	uint64_t start = get_be64(sb + LOG_START);
	uint64_t ag = start >> sb[AG_BLOCK_LOG];
	uint64_t first = start & ((UINT64_C(1) << sb[AG_BLOCK_LOG]) - 1);
	uint64_t blocks = get_be32(sb + LOG_BLOCKS);

	if (ag >= s->ag_count)
		return corrupt(err, LOG_START, "place of the log");
	s->log_ag = (uint32_t)ag;
	if (first * s->block_size < 4 * s->sector_size ||
	    first + blocks > xfs_super_ag_blocks(s, s->log_ag))
		return corrupt(err, LOG_START, "place of the log");
	if (blocks == 0 || blocks * s->block_size > MOST_LOG)
		return corrupt(err, LOG_BLOCKS, "size of the log");
	s->log_first = (uint32_t)first;
	s->log_blocks = (uint32_t)blocks;
	return 0;
}

static void read_names(const unsigned char *sb, struct xfs_super *s)
{
	bool own = s->v5 && (get_be32(sb + INCOMPAT) & INCOMPAT_META_UUID);

	memcpy(s->log_uuid, sb + UUID, sizeof s->log_uuid);
	memcpy(s->meta_uuid, sb + (own ? META_UUID : UUID), sizeof s->meta_uuid);
	memcpy(s->label, sb + LABEL, sizeof s->label - 1);
	uuid_print(s->uuid, sb + UUID);
}

int xfs_super_parse(const unsigned char *sb, size_t len, uint64_t window, struct xfs_super *super,
		    struct error *err)
{
	struct xfs_super s = { 0 };
	int rc;

	if ((rc = read_head(sb, len, &s, err)) ||
	    (rc = s.v5 ? check_v5_features(sb, &s, err) : check_v4_features(sb, &s, err)) ||
	    (rc = check_state(sb, err)) || (rc = read_groups(sb, &s, err)) ||
	    (rc = read_totals(sb, window, &s, err)) || (rc = read_log(sb, &s, err)))
		return rc;
	read_names(sb, &s);
	*super = s;
	return 0;
}

bool xfs_super_is_copy(const struct xfs_super *super, const unsigned char *first,
		       const unsigned char *copy)
{
	/* Counters, the names of inodes and what mkfs has still in progress differ in copies. */
	static const struct {
		unsigned at, len;
	} same[] = {
		{ MAGIC, LOG_START + 8 }, /* with sizes and UUID */
		{ AG_BLOCKS, 8 },
		{ LOG_BLOCKS, 4 },
		{ SECTOR_SIZE, 2 },
		{ BLOCK_LOG, 2 },
		{ AG_BLOCK_LOG, 1 },
	};
	unsigned version = get_be16(copy + VERSIONNUM) & VERSION_NUMBER;

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		if (memcmp(first + same[i].at, copy + same[i].at, same[i].len) != 0)
			return false;
	}
	return version == (super->v5 ? 5 : 4) &&
	       (!super->v5 || xfs_sum_is_right(copy, super->sector_size, CRC));
}

uint32_t xfs_super_ag_blocks(const struct xfs_super *super, uint32_t ag)
{
	uint64_t first = (uint64_t)ag * super->ag_blocks;

	return super->blocks - first < super->ag_blocks ? (uint32_t)(super->blocks - first)
							: super->ag_blocks;
}
