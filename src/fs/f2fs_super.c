/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The superblock of F2FS and its copy in the next block. Refused: no magic, a wrong checksum where
 * there is one, features that are not understood or move blocks elsewhere (zoned, several devices),
 * areas that do not follow each other, errors which the kernel noted there, a copy that tells of
 * another layout (a resize that was interrupted).
 *
 * Source: Linux 6.18, include/linux/f2fs_fs.h and fs/f2fs/super.c (checks of the areas).
 */

#include <stdio.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/f2fs_sum.h"
#include "fs/f2fs_super.h"
#include "fs/feature.h"
#include "fs/utf16.h"

#define SUPER_AT 1024u

/* Fields, by their byte in the superblock. */
enum {
	MAGIC = 0,
	LOG_SECTOR = 8,
	LOG_SECTORS_PER_BLOCK = 12,
	LOG_BLOCK = 16,
	LOG_BLOCKS_PER_SEGMENT = 20,
	SEGMENTS_PER_SECTION = 24,
	CHECKSUM_AT = 32,
	BLOCK_COUNT = 36,
	SEGMENT_COUNT = 48,
	CP_SEGMENTS = 52,
	SIT_SEGMENTS = 56,
	NAT_SEGMENTS = 60,
	SSA_SEGMENTS = 64,
	MAIN_SEGMENTS = 68,
	SEGMENT0 = 72,
	CP_START = 76,
	SIT_START = 80,
	NAT_START = 84,
	SSA_START = 88,
	MAIN_START = 92,
	UUID = 108,
	LABEL = 124,
	CP_PAYLOAD = 1664,
	FEATURES = 2180,
	DEVICES = 2201,
	ERRORS = 2794,
	ERRORS_END = 2810,
	CHECKSUM = 3068,
};

#define LABEL_UNITS 512u

#define FEATURE_SB_CHECKSUM 0x0800u
#define FEATURE_READ_ONLY 0x4000u
#define FEATURES_KNOWN 0x7ffdu /* all up to read-only but zoned */

/* By the names that mkfs.f2fs and fsck.f2fs give them. */
static const struct feature refused[] = {
	{ 0x0002, "blkzoned" },
	{ 0x8000, "device_alias" },
	{ 0x10000, "packed_ssa" },
	{ 0, NULL },
};

/* 16 TiB: block numbers have 32 bits. */
#define MOST_SEGMENTS (UINT32_C(1) << 23)
#define MOST_PAYLOAD (F2FS_SEGMENT - 2 - 6) /* a pack has two checkpoints and six summaries */

static int corrupt(struct error *err, unsigned field, const char *what)
{
	return error_set_at(err, WHY_CORRUPT, 0, SUPER_AT + field, what);
}

static int check_sum(const unsigned char *sb, struct error *err)
{
	if (get_le32(sb + MAGIC) != F2FS_MAGIC)
		return corrupt(err, MAGIC, "superblock");
	if (!(get_le32(sb + FEATURES) & FEATURE_SB_CHECKSUM))
		return 0;
	if (get_le32(sb + CHECKSUM_AT) != CHECKSUM || !f2fs_sum_of_super(sb))
		return corrupt(err, CHECKSUM, "superblock checksum");
	return 0;
}

static int check_features(const unsigned char *sb, struct error *err)
{
	uint32_t features = get_le32(sb + FEATURES) & ~FEATURES_KNOWN;
	uint32_t log_block = get_le32(sb + LOG_BLOCK);
	char text[48];

	if (features)
		return feature_refuse(features, refused, "feature", err);
	if (log_block > 12 && log_block <= 16) {
		snprintf(text, sizeof text, "block size %u", 1u << log_block);
		return error_set(err, WHY_FEATURE, 0, text);
	}
	if (sb[DEVICES] != '\0')
		return error_set(err, WHY_MULTI_DEV, 0, "f2fs");
	if (!bytes_are_zero(sb + ERRORS, ERRORS_END - ERRORS))
		return error_set(err, WHY_ERRORS, 0, "f2fs");
	return 0;
}

static int check_units(const unsigned char *sb, struct error *err)
{
	uint32_t log_sector = get_le32(sb + LOG_SECTOR);

	if (get_le32(sb + LOG_BLOCK) != 12)
		return corrupt(err, LOG_BLOCK, "block size");
	if (get_le32(sb + LOG_BLOCKS_PER_SEGMENT) != 9)
		return corrupt(err, LOG_BLOCKS_PER_SEGMENT, "segment size");
	if (log_sector < 9 || log_sector > 12 ||
	    get_le32(sb + LOG_SECTORS_PER_BLOCK) != 12 - log_sector)
		return corrupt(err, LOG_SECTOR, "sector size");
	if (get_le32(sb + SEGMENTS_PER_SECTION) == 0)
		return corrupt(err, SEGMENTS_PER_SECTION, "section size");
	return 0;
}

/* The areas lie one behind the other. What is made for reading only needs no summaries. */
static int check_areas(const unsigned char *sb, struct error *err)
{
	static const struct {
		unsigned start;
		unsigned segments;
	} areas[] = {
		{ CP_START, CP_SEGMENTS },   { SIT_START, SIT_SEGMENTS },
		{ NAT_START, NAT_SEGMENTS }, { SSA_START, SSA_SEGMENTS },
		{ MAIN_START, MAIN_SEGMENTS },
	};
	uint64_t at = get_le32(sb + SEGMENT0);
	uint64_t end = at + (uint64_t)get_le32(sb + SEGMENT_COUNT) * F2FS_SEGMENT;

	if (at < 2)
		return corrupt(err, SEGMENT0, "area over the superblock");
	for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
		uint32_t segments = get_le32(sb + areas[i].segments);

		if (get_le32(sb + areas[i].start) != at)
			return corrupt(err, areas[i].start, "place of an area");
		if (segments > MOST_SEGMENTS ||
		    (segments == 0 && areas[i].segments != SSA_SEGMENTS))
			return corrupt(err, areas[i].segments, "size of an area");
		at += (uint64_t)segments * F2FS_SEGMENT;
	}
	if (at > end)
		return corrupt(err, SEGMENT_COUNT, "size");
	return 0;
}

static int read_areas(const unsigned char *sb, uint64_t window, struct f2fs_super *s,
		      struct error *err)
{
	uint32_t sit = get_le32(sb + SIT_SEGMENTS);
	uint32_t nat = get_le32(sb + NAT_SEGMENTS);
	uint64_t blocks;

	s->cp_start = get_le32(sb + CP_START);
	s->cp_payload = get_le32(sb + CP_PAYLOAD);
	s->sit_start = get_le32(sb + SIT_START);
	s->sit_blocks = sit / 2 * F2FS_SEGMENT;
	s->nat_blocks = nat / 2 * F2FS_SEGMENT;
	s->main_start = get_le32(sb + MAIN_START);
	s->main_segments = get_le32(sb + MAIN_SEGMENTS);
	blocks = s->main_start + (uint64_t)s->main_segments * F2FS_SEGMENT;
	s->size = blocks * F2FS_BLOCK;
	if (get_le32(sb + CP_SEGMENTS) != 2 || s->cp_payload >= MOST_PAYLOAD)
		return corrupt(err, CP_SEGMENTS, "checkpoint area");
	if (sit % 2 != 0 || nat % 2 != 0 ||
	    s->main_segments > (uint64_t)s->sit_blocks * F2FS_SIT_PER_BLOCK)
		return corrupt(err, SIT_SEGMENTS, "segment table");
	if (get_le64(sb + BLOCK_COUNT) > blocks)
		blocks = get_le64(sb + BLOCK_COUNT);
	if (blocks > window / F2FS_BLOCK)
		return error_set_at(err, WHY_OUTSIDE, 0, size_mul(blocks, F2FS_BLOCK), "f2fs");
	return 0;
}

static void read_facts(const unsigned char *sb, struct f2fs_super *s)
{
	s->read_only = get_le32(sb + FEATURES) & FEATURE_READ_ONLY;
	utf16_text(s->label, sizeof s->label, sb + LABEL, LABEL_UNITS, false);
	uuid_print(s->uuid, sb + UUID);
}

static int read_block(struct io *io, unsigned block, unsigned char *sb, struct error *err)
{
	int rc = io_read(io, (uint64_t)block * F2FS_BLOCK + SUPER_AT, sb, F2FS_SUPER_SIZE);

	return rc ? io_report(io, WHY_READ, -rc, err) : 0;
}

/* Versions, extensions and notes may differ for a moment; what says where things lie may not. */
static int check_copy(struct io *io, const unsigned char *first, struct error *err)
{
	unsigned char sb[F2FS_SUPER_SIZE];
	int rc = read_block(io, 1, sb, err);

	if (rc)
		return rc;
	if (check_sum(sb, NULL) != 0 || memcmp(sb, first, LABEL) != 0 ||
	    memcmp(sb + CP_PAYLOAD, first + CP_PAYLOAD, 4) != 0 ||
	    memcmp(sb + FEATURES, first + FEATURES, 4) != 0)
		return error_set_at(err, WHY_CORRUPT, 0, F2FS_BLOCK + SUPER_AT,
				    "copy of the superblock");
	return check_features(sb, err);
}

int f2fs_super_read(struct io *io, struct f2fs_super *super, struct error *err)
{
	unsigned char sb[F2FS_SUPER_SIZE];
	struct f2fs_super s = { 0 };
	int rc;

	if (io->size < 2 * F2FS_BLOCK)
		return error_set_at(err, WHY_OUTSIDE, 0, 2 * F2FS_BLOCK, "f2fs");
	if ((rc = read_block(io, 0, sb, err)) || (rc = check_sum(sb, err)) ||
	    (rc = check_features(sb, err)) || (rc = check_units(sb, err)) ||
	    (rc = check_areas(sb, err)) || (rc = read_areas(sb, io->size, &s, err)) ||
	    (rc = check_copy(io, sb, err)))
		return rc;
	read_facts(sb, &s);
	*super = s;
	return 0;
}
