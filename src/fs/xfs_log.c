/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Whether the log of an XFS is clean. It is a ring of basic blocks of 512 bytes, each stamped with
 * the cycle in which it was written, so the newest block is where the cycle goes down by one. The
 * kernel finds it (xlog_find_head) by the first block, the last one and a search between, then
 * looks for holes that writes under way may have left, as far as such writes reach. Here a hole is
 * no clean log. The record that ends there has to be the one of an unmount, nothing else in it;
 * its checksum has to be right where it has one (those of mkfs and xfs_repair have none).
 *
 * xfs_repair -L, xfs_admin -U and others lay the log out anew, in a later cycle: the record of an
 * unmount at its start, zeros up to 256 KiB, all else of the cycle before (xfsprogs,
 * libxfs_log_clear). No log looks like that any more once it was mounted: the kernel writes over
 * the zeros then, before anything else (xlog_clear_stale_blocks).
 *
 * Memory: 64 KiB.
 *
 * Source: XFS Algorithms & Data Structures, "Journaling Log"; Linux,
 * fs/xfs/libxfs/xfs_log_format.h and, for the order of things, fs/xfs/xfs_log_recover.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "fs/xfs_log.h"

#define BB 512u
#define RECORD_MAGIC 0xfeedbabeu

/* Fields of a record's header. */
enum {
	CYCLE = 4,
	RECORD_VERSION = 8,
	RECORD_LEN = 12,
	LSN = 16,
	RECORD_CRC = 32,
	OPERATIONS = 40,
	FS_UUID = 304,
	RECORD_SIZE = 320,
};

/* What the checksum takes of a header (the padding at its end is not there on i386), and of each
   of the further ones that large records have. */
#define HEADER_SUMMED 328u
#define HEADER_SUMMED_I386 324u
#define FURTHER_SUMMED 260u

#define CYCLE_DATA 32768u /* bytes of data whose cycles one header keeps */
#define MOST_RECORD 262144u
#define MOST_BLOCKS (MOST_RECORD / BB + MOST_RECORD / CYCLE_DATA) /* of a record */
#define LAID_OUT (MOST_RECORD / BB) /* up to where xfsprogs leaves zeros: BDSTRAT_SIZE */
#define UNDER_WAY (8 * MOST_RECORD / BB) /* XLOG_TOTAL_REC_SHIFT: eight records at a time */

/* The one operation of an unmount record: client and flags. */
enum {
	OP_CLIENT = 8,
	OP_FLAGS = 9,
};
#define CLIENT_LOG 0xaau
#define UNMOUNT 0x20u

#define PIECE 65536u

struct log {
	struct io *io;
	const struct xfs_super *super;
	uint64_t start;  /* byte */
	uint32_t blocks; /* basic ones */
	uint32_t first;  /* cycle of the first block, and of all up to the head */
	uint32_t last;   /* cycle of the last block, and of all from the head on */
	uint32_t head;   /* where the next record would be written; blocks when that is block 0 */
	uint32_t older;  /* where the last cycle starts: at the head, or behind the zeros there */
	unsigned char *piece;
	struct error *err;
};

struct record {
	uint32_t at;     /* block */
	uint32_t cycle;
	uint32_t headers;
	uint32_t len;    /* bytes of data */
};

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static int log_dirty(const struct log *l)
{
	return error_set(l->err, WHY_JOURNAL, 0, "xfs");
}

static int log_read(const struct log *l, uint32_t at, uint32_t blocks, unsigned char *buf)
{
	int rc = io_read(l->io, l->start + (uint64_t)at * BB, buf, (size_t)blocks * BB);

	return rc ? io_report(l->io, WHY_READ, -rc, l->err) : 0;
}

static uint32_t cycle_of(const unsigned char *block)
{
	uint32_t word = get_be32(block);

	return word == RECORD_MAGIC ? get_be32(block + CYCLE) : word;
}

static int log_read_cycle(const struct log *l, uint32_t at, uint32_t *cycle)
{
	int rc = log_read(l, at, 1, l->piece);

	if (rc == 0)
		*cycle = cycle_of(l->piece);
	return rc;
}

/* Between the first block and the last, where the cycle goes down. */
static int log_find_head(struct log *l)
{
	uint32_t low = 0;
	uint32_t high = l->blocks - 1;
	int rc;

	if ((rc = log_read_cycle(l, low, &l->first)) || (rc = log_read_cycle(l, high, &l->last)))
		return rc;
	l->head = l->blocks;
	l->older = l->blocks;
	if (l->first == 0)
		return log_dirty(l);
	if (l->first == l->last)
		return 0;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t cycle;

		if ((rc = log_read_cycle(l, middle, &cycle)))
			return rc;
		if (cycle == l->first)
			low = middle;
		else
			high = middle;
	}
	l->head = high;
	l->older = high;
	return l->last == l->first - 1 ? 0 : log_dirty(l);
}

/* The zeros behind the head of a log that was laid out anew. */
static int log_skip_zeros(struct log *l)
{
	uint32_t n = LAID_OUT - l->head;
	uint32_t cycle;
	int rc;

	if (l->first == 1 || l->head >= LAID_OUT || l->blocks <= LAID_OUT)
		return 0;
	if ((rc = log_read_cycle(l, l->head, &cycle)) || cycle != 0)
		return rc;
	for (uint32_t i = 0; i < n; i++) {
		if ((rc = log_read(l, l->head + i, 1, l->piece)))
			return rc;
		if (!bytes_are_zero(l->piece, BB))
			return log_dirty(l);
	}
	l->older = LAID_OUT;
	return 0;
}

/* Whether the blocks of [from, end) are all of that cycle. */
static int log_check_cycles(const struct log *l, uint32_t from, uint32_t end, uint32_t cycle)
{
	while (from < end) {
		uint32_t n = least(end - from, PIECE / BB);
		int rc = log_read(l, from, n, l->piece);

		if (rc)
			return rc;
		for (uint32_t i = 0; i < n; i++) {
			if (cycle_of(l->piece + (size_t)i * BB) != cycle)
				return log_dirty(l);
		}
		from += n;
	}
	return 0;
}

/* No holes as far to both sides of the head as writes under way reach, over the ring's end too. */
static int log_check_around(const struct log *l)
{
	uint32_t n = l->blocks;
	uint32_t far = least(n, UNDER_WAY);
	uint32_t before = least(l->head, far);
	uint32_t after = least(n - l->older, far);
	uint32_t from = l->head - before;
	uint32_t end = l->older + after;
	int rc;

	if ((rc = log_check_cycles(l, from, l->head, l->first)) ||
	    (rc = log_check_cycles(l, l->older, end, l->last)) ||
	    (rc = log_check_cycles(l, n - least(far - before, n - end), n, l->last)))
		return rc;
	return log_check_cycles(l, 0, least(far - after, from), l->first);
}

/* Leaves the header of the last record before the head in l->piece. */
static int log_find_record(const struct log *l, struct record *r)
{
	for (uint32_t i = 1; i <= MOST_BLOCKS && i <= l->blocks; i++) {
		uint32_t at = (l->head + l->blocks - i) % l->blocks;
		int rc = log_read(l, at, 1, l->piece);

		if (rc)
			return rc;
		if (get_be32(l->piece) == RECORD_MAGIC) {
			r->at = at;
			r->cycle = at < l->head ? l->first : l->last;
			return 0;
		}
	}
	return log_dirty(l);
}

/* A whole record of one operation which ends at the head. */
static bool log_read_header(const struct log *l, const unsigned char *header, struct record *r)
{
	uint32_t version = get_be32(header + RECORD_VERSION);
	uint32_t size = get_be32(header + RECORD_SIZE);
	uint32_t blocks;

	r->headers = 1;
	r->len = get_be32(header + RECORD_LEN);
	if (version != (l->super->log_v2 ? 2 : 1) || r->len == 0 || r->len > MOST_RECORD)
		return false;
	if (version == 2 && size > CYCLE_DATA)
		r->headers = size > MOST_RECORD ? 0 : (size + CYCLE_DATA - 1) / CYCLE_DATA;
	blocks = r->headers + (r->len + BB - 1) / BB;
	return r->headers != 0 && blocks < l->blocks &&
	       (r->at + blocks) % l->blocks == l->head % l->blocks &&
	       get_be32(header + CYCLE) == r->cycle &&
	       get_be64(header + LSN) == ((uint64_t)r->cycle << 32 | r->at) &&
	       get_be32(header + OPERATIONS) == 1 &&
	       memcmp(header + FS_UUID, l->super->log_uuid, sizeof l->super->log_uuid) == 0;
}

static int log_sum_blocks(const struct log *l, uint32_t at, uint32_t len, uint32_t *crc)
{
	for (uint32_t done = 0; done < len; done += BB) {
		uint32_t n = least(len - done, BB);
		int rc = log_read(l, (at + done / BB) % l->blocks, 1, l->piece);

		if (rc)
			return rc;
		*crc = crc32c(*crc, l->piece, n);
	}
	return 0;
}

/* Goes on with a sum over the further headers which the data needs (there may be more), and the
   data. All of it may go over the ring's end. */
static int log_sum_body(const struct log *l, const struct record *r, uint32_t *crc)
{
	uint32_t needed = (r->len + CYCLE_DATA - 1) / CYCLE_DATA;
	int rc = 0;

	for (uint32_t i = 1; rc == 0 && l->super->log_v2 && i < needed && i < r->headers; i++)
		rc = log_sum_blocks(l, r->at + i, FURTHER_SUMMED, crc);
	return rc ? rc : log_sum_blocks(l, r->at + r->headers, r->len, crc);
}

static int log_check_sum(const struct log *l, const unsigned char *header, const struct record *r)
{
	static const uint32_t summed[] = { HEADER_SUMMED, HEADER_SUMMED_I386 };
	uint32_t want = get_le32(header + RECORD_CRC);
	unsigned char copy[HEADER_SUMMED];

	if (!l->super->v5 || want == 0)
		return 0;
	memcpy(copy, header, sizeof copy);
	memset(copy + RECORD_CRC, 0, sizeof want);
	for (size_t i = 0; i < sizeof summed / sizeof summed[0]; i++) {
		uint32_t crc = crc32c(~0u, copy, summed[i]);
		int rc = log_sum_body(l, r, &crc);

		if (rc)
			return rc;
		if (~crc == want)
			return 0;
	}
	return log_dirty(l);
}

static int log_check_unmount(const struct log *l)
{
	unsigned char header[BB];
	struct record r = { 0 };
	int rc = log_find_record(l, &r);

	if (rc)
		return rc;
	memcpy(header, l->piece, sizeof header);
	if (!log_read_header(l, header, &r) || (l->older != l->head && r.at != 0))
		return log_dirty(l);
	if ((rc = log_check_sum(l, header, &r)) ||
	    (rc = log_read(l, (r.at + r.headers) % l->blocks, 1, l->piece)))
		return rc;
	if (l->piece[OP_CLIENT] != CLIENT_LOG || !(l->piece[OP_FLAGS] & UNMOUNT))
		return log_dirty(l);
	return 0;
}

int xfs_log_check(struct io *io, const struct xfs_super *super, struct error *err)
{
	uint64_t block = (uint64_t)super->log_ag * super->ag_blocks + super->log_first;
	struct log l = {
		.io = io,
		.super = super,
		.start = block * super->block_size,
		.blocks = (uint32_t)((uint64_t)super->log_blocks * super->block_size / BB),
		.piece = malloc(PIECE),
		.err = err,
	};
	int rc;

	if (!l.piece)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	rc = log_find_head(&l);
	if (rc == 0)
		rc = log_skip_zeros(&l);
	if (rc == 0)
		rc = log_check_around(&l);
	if (rc == 0)
		rc = log_check_unmount(&l);
	free(l.piece);
	return rc;
}
