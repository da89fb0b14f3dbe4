/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The checkpoint of F2FS. There are two packs, written in turn: a checkpoint, its payload, notes of
 * orphans, the summaries of the logs, and the checkpoint again. A pack is whole when both have the
 * same version and right checksums; the newest one holds. One that is not whole tells of a
 * checkpoint that was interrupted: refused, although the kernel would take the other one. None at
 * all (a first block of zeros) is what resize.f2fs leaves.
 *
 * Refused too: flags that are not understood, errors or a wish for fsck noted there, deleted files
 * that wait to be freed, a filesystem with checkpoints switched off or amid a resize, and one whose
 * last checkpoint is not that of an unmount.
 *
 * That flag alone does not say that nothing was written later. After a mount the first fsyncs do
 * not write a checkpoint but nodes, each naming the place of the next, which start where the log
 * of warm nodes goes on and bear the version of the last checkpoint. The kernel follows them at any
 * mount, whatever the flag says (fs/f2fs/recovery.c), and their blocks are free in the segment
 * table. So a node of that version there is a journal that was not replayed. A version of 0 is
 * refused, because a block of zeros would then be such a node.
 *
 * Source: Linux 6.18, include/linux/f2fs_fs.h, fs/f2fs/checkpoint.c, recovery.c, node.h, segment.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/f2fs_cp.h"
#include "fs/f2fs_sum.h"
#include "fs/feature.h"

/* Fields of a checkpoint. */
enum {
	CP_VERSION = 0,
	VALID_BLOCKS = 16,
	NODE_SEGMENTS = 36,
	NODE_BLOCKS = 68,
	DATA_SEGMENTS = 84,
	DATA_BLOCKS = 116,
	FLAGS = 132,
	PACK_BLOCKS = 136,
	FIRST_SUMMARY = 140,
	VALID_NODES = 144,
	SIT_BITMAP_SIZE = 156,
	NAT_BITMAP_SIZE = 160,
	CHECKSUM_AT = 164,
	BITMAPS = 192,
};

/* Flags. */
#define CP_UMOUNT 0x0001u
#define CP_ORPHANS 0x0002u
#define CP_COMPACT_SUMMARY 0x0004u
#define CP_ERROR 0x0008u
#define CP_FSCK 0x0010u
#define CP_CRC_RECOVERY 0x0040u
#define CP_NO_CRC_RECOVERY 0x0200u
#define CP_LARGE_NAT_BITMAP 0x0400u
#define CP_QUOTA_NEED_FSCK 0x0800u
#define CP_DISABLED 0x1000u
#define CP_DISABLED_QUICK 0x2000u
#define CP_RESIZE 0x4000u
#define CP_KNOWN 0x7fffu

/* Fields of a node's footer, by their byte in the block. */
#define NODE_VERSION 4084u

#define SUMMARIES (512u * 7u)    /* bytes of entries in a summary block; its journal follows */
#define JOURNAL_SIZE 507u        /* bytes: their number (16 bit), then the entries */
#define JOURNAL_ENTRY (4u + F2FS_SIT_ENTRY)
#define NODE_LOGS 3u
#define WARM_NODES 1u

struct pack {
	uint32_t start; /* block */
	bool whole;
	bool none; /* all zero */
	uint64_t version;
	unsigned char block[F2FS_BLOCK]; /* its first */
};

static int read_blocks(struct io *io, uint64_t block, unsigned char *buf, uint32_t blocks,
		       struct error *err)
{
	int rc = io_read(io, block * F2FS_BLOCK, buf, (size_t)blocks * F2FS_BLOCK);

	return rc ? io_report(io, WHY_READ, -rc, err) : 0;
}

static int corrupt(const struct pack *pack, unsigned field, const char *what, struct error *err)
{
	return error_set_at(err, WHY_CORRUPT, 0, (uint64_t)pack->start * F2FS_BLOCK + field, what);
}

static bool is_checkpoint(const unsigned char *block)
{
	uint32_t at = get_le32(block + CHECKSUM_AT);

	return at >= BITMAPS && at <= F2FS_BLOCK - 4 && at % 4 == 0 &&
	       f2fs_sum_of_checkpoint(block, at);
}

static int read_pack(struct io *io, uint32_t start, struct pack *pack, struct error *err)
{
	unsigned char last[F2FS_BLOCK];
	uint32_t blocks;
	int rc = read_blocks(io, start, pack->block, 1, err);

	pack->start = start;
	pack->whole = false;
	pack->none = rc == 0 && bytes_are_zero(pack->block, F2FS_BLOCK);
	pack->version = get_le64(pack->block + CP_VERSION);
	blocks = get_le32(pack->block + PACK_BLOCKS);
	if (rc || !is_checkpoint(pack->block) || blocks <= 2 || blocks > F2FS_SEGMENT)
		return rc;
	rc = read_blocks(io, start + blocks - 1, last, 1, err);
	if (rc == 0)
		pack->whole = is_checkpoint(last) && get_le64(last + CP_VERSION) == pack->version;
	return rc;
}

/* *newest is one of packs. */
static int read_packs(struct io *io, const struct f2fs_super *s, struct pack packs[2],
		      const struct pack **newest, struct error *err)
{
	const struct pack *other;
	int rc;

	if ((rc = read_pack(io, s->cp_start, &packs[0], err)) ||
	    (rc = read_pack(io, s->cp_start + F2FS_SEGMENT, &packs[1], err)))
		return rc;
	/* As the kernel's ver_after: versions may wrap. */
	*newest = &packs[!packs[0].whole || (packs[1].whole &&
				(int64_t)(packs[1].version - packs[0].version) > 0)];
	other = *newest == packs ? packs + 1 : packs;
	if (!(*newest)->whole)
		return corrupt(*newest, 0, "checkpoint", err);
	if (!other->whole && !other->none)
		return error_set_at(err, WHY_UNCLEAN, 0, (uint64_t)other->start * F2FS_BLOCK,
				    "f2fs");
	return 0;
}

static int check_flags(const struct pack *pack, struct error *err)
{
	static const struct feature no_names[] = { { 0, NULL } };
	static const struct feature refused[] = {
		{ CP_DISABLED, "checkpoint=disable" },
		{ CP_DISABLED_QUICK, "checkpoint=disable" },
		{ 0, NULL },
	};
	uint32_t flags = get_le32(pack->block + FLAGS);

	if (flags & ~CP_KNOWN)
		return feature_refuse(flags & ~CP_KNOWN, no_names, "checkpoint flag", err);
	if (flags & (CP_DISABLED | CP_DISABLED_QUICK))
		return feature_refuse(flags & (CP_DISABLED | CP_DISABLED_QUICK), refused, "", err);
	if (flags & (CP_ERROR | CP_FSCK | CP_QUOTA_NEED_FSCK))
		return error_set(err, WHY_ERRORS, 0, "f2fs");
	if (!(flags & CP_UMOUNT) || (flags & CP_RESIZE))
		return error_set(err, WHY_UNCLEAN, 0, "f2fs");
	if (flags & CP_ORPHANS)
		return error_set(err, WHY_ORPHANS, 0, "f2fs");
	return 0;
}

/* The versions of blocks of the segment table, after those of the node table or before them. */
static int find_bitmap(const struct f2fs_super *s, const struct pack *pack, struct f2fs_cp *cp,
		       struct error *err)
{
	uint32_t flags = get_le32(pack->block + FLAGS);
	uint32_t sit = get_le32(pack->block + SIT_BITMAP_SIZE);
	uint32_t nat = get_le32(pack->block + NAT_BITMAP_SIZE);
	uint64_t size = (uint64_t)(s->cp_payload + 1) * F2FS_BLOCK;
	uint64_t at = BITMAPS;

	if (sit != s->sit_blocks / 8 || nat != s->nat_blocks / 8)
		return corrupt(pack, SIT_BITMAP_SIZE, "size of a bitmap", err);
	if (flags & CP_LARGE_NAT_BITMAP)
		at += 4 + (uint64_t)nat;
	else if (s->cp_payload > 0)
		at = F2FS_BLOCK;
	else
		size -= 4;
	if (at > size || sit > size - at)
		return corrupt(pack, SIT_BITMAP_SIZE, "size of a bitmap", err);
	cp->sit_bitmap = cp->pack + at;
	return 0;
}

static int check_log(const struct f2fs_super *s, const struct pack *pack, unsigned log,
		     struct f2fs_log *found, struct error *err)
{
	bool node = log < NODE_LOGS;
	unsigned i = node ? log : log - NODE_LOGS;

	found->segment = get_le32(pack->block + (node ? NODE_SEGMENTS : DATA_SEGMENTS) + 4 * i);
	found->block = get_le16(pack->block + (node ? NODE_BLOCKS : DATA_BLOCKS) + 2 * i);
	if (found->segment >= s->main_segments || found->block >= F2FS_SEGMENT)
		return corrupt(pack, NODE_SEGMENTS, "place of a log", err);
	return 0;
}

static int read_logs(const struct f2fs_super *s, const struct pack *pack, struct f2fs_cp *cp,
		     struct error *err)
{
	unsigned step = s->read_only ? NODE_LOGS : 1;
	int rc = 0;

	cp->logs = 0;
	for (unsigned log = 0; rc == 0 && log < F2FS_LOGS; log += step)
		rc = check_log(s, pack, log, &cp->log[cp->logs++], err);
	return rc;
}

/* The segment table's journal is in the summary of cold data, or second in the compact one. */
static int read_journal(struct io *io, const struct pack *pack, struct f2fs_cp *cp,
			struct error *err)
{
	bool compact = get_le32(pack->block + FLAGS) & CP_COMPACT_SUMMARY;
	uint32_t blocks = get_le32(pack->block + PACK_BLOCKS);
	uint32_t first = get_le32(pack->block + FIRST_SUMMARY);
	/* Of the last blocks of a pack with all summaries: data hot, warm, cold, three of nodes,
	   the checkpoint. */
	uint32_t block = compact ? first : blocks - 5;
	unsigned char buf[F2FS_BLOCK];
	unsigned char *journal = buf + (compact ? JOURNAL_SIZE : SUMMARIES);
	int rc;

	if (first == 0 || first >= blocks || (!compact && blocks < first + 7))
		return corrupt(pack, FIRST_SUMMARY, "place of the summaries", err);
	rc = read_blocks(io, pack->start + (uint64_t)block, buf, 1, err);
	if (rc)
		return rc;
	cp->journaled = get_le16(journal);
	if (cp->journaled > F2FS_JOURNAL)
		return corrupt(pack, block * F2FS_BLOCK, "journal of the segment table", err);
	memcpy(cp->journal, journal + 2, sizeof cp->journal);
	return 0;
}

static int check_journal(const struct f2fs_super *s, const struct pack *pack,
			 const struct f2fs_cp *cp, struct error *err)
{
	for (unsigned i = 0; i < cp->journaled; i++) {
		uint32_t segment = get_le32(cp->journal[i]);

		if (segment >= s->main_segments || f2fs_cp_journaled(cp, segment) !=
		    cp->journal[i] + 4)
			return corrupt(pack, FIRST_SUMMARY, "journal of the segment table", err);
	}
	return 0;
}

/* Whether the kernel would take the node at that place for one written after the checkpoint. */
static bool is_later_node(const struct pack *pack, const unsigned char *node)
{
	uint32_t flags = get_le32(pack->block + FLAGS);
	uint64_t version = get_le64(node + NODE_VERSION);
	uint64_t sum = get_le32(pack->block + get_le32(pack->block + CHECKSUM_AT));

	if (flags & CP_NO_CRC_RECOVERY)
		return (uint32_t)version == (uint32_t)pack->version;
	if (flags & CP_CRC_RECOVERY)
		return version == (pack->version | sum << 32);
	return version == pack->version;
}

static int check_nothing_later(struct io *io, const struct f2fs_super *s, const struct pack *pack,
			       const struct f2fs_cp *cp, struct error *err)
{
	const struct f2fs_log *log = &cp->log[WARM_NODES];
	unsigned char node[F2FS_BLOCK];
	uint64_t at;
	int rc;

	if ((uint32_t)pack->version == 0)
		return corrupt(pack, CP_VERSION, "version of the checkpoint", err);
	if (s->read_only)
		return 0;
	at = s->main_start + (uint64_t)log->segment * F2FS_SEGMENT + log->block;
	rc = read_blocks(io, at, node, 1, err);
	if (rc == 0 && is_later_node(pack, node))
		rc = error_set_at(err, WHY_JOURNAL, 0, at * F2FS_BLOCK, "f2fs");
	return rc;
}

static int read_cp(struct io *io, const struct f2fs_super *s, const struct pack *pack,
		   struct f2fs_cp *cp, struct error *err)
{
	int rc;

	if (s->cp_payload + 2 >= get_le32(pack->block + PACK_BLOCKS))
		return corrupt(pack, PACK_BLOCKS, "size of the checkpoint", err);
	cp->valid_blocks = get_le64(pack->block + VALID_BLOCKS);
	cp->valid_nodes = get_le32(pack->block + VALID_NODES);
	cp->pack = malloc((size_t)(s->cp_payload + 1) * F2FS_BLOCK);
	if (!cp->pack)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	if ((rc = read_blocks(io, pack->start, cp->pack, s->cp_payload + 1, err)) ||
	    (rc = find_bitmap(s, pack, cp, err)) || (rc = read_logs(s, pack, cp, err)) ||
	    (rc = read_journal(io, pack, cp, err)) || (rc = check_journal(s, pack, cp, err)) ||
	    (rc = check_nothing_later(io, s, pack, cp, err)))
		f2fs_cp_free(cp);
	return rc;
}

int f2fs_cp_read(struct io *io, const struct f2fs_super *super, struct f2fs_cp *cp,
		 struct error *err)
{
	struct f2fs_cp found = { 0 };
	const struct pack *newest;
	struct pack packs[2];
	int rc = read_packs(io, super, packs, &newest, err);

	if (rc)
		return rc;
	if ((rc = check_flags(newest, err)) || (rc = read_cp(io, super, newest, &found, err)))
		return rc;
	*cp = found;
	return 0;
}

void f2fs_cp_free(struct f2fs_cp *cp)
{
	free(cp->pack);
	cp->pack = NULL;
}

bool f2fs_cp_second_copy(const struct f2fs_cp *cp, uint32_t block)
{
	return cp->sit_bitmap[block / 8] >> (7 - block % 8) & 1;
}

const unsigned char *f2fs_cp_journaled(const struct f2fs_cp *cp, uint32_t segment)
{
	for (unsigned i = 0; i < cp->journaled; i++) {
		if (get_le32(cp->journal[i]) == segment)
			return cp->journal[i] + 4;
	}
	return NULL;
}
