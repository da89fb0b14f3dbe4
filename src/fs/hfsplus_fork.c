/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The forks of HFS Plus: up to eight extents in the file's own record, the others in records of the
 * extents overflow tree. Extents end with the first that is empty.
 *
 * Memory: 16 bytes for each extent that is added.
 *
 * Source: Apple, Technical Note TN1150, "Fork Data Structure" and "Extents Overflow File".
 */

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/hfsplus_fork.h"

/* Fields. */
enum {
	SIZE = 0,
	BLOCKS = 12,
	EXTENTS = 16,
};

static int corrupt(uint64_t at, const char *what, struct error *err)
{
	return error_set_at(err, WHY_CORRUPT, 0, at, what);
}

int hfsplus_fork_add(struct hfsplus_fork *fork, const unsigned char *p, uint32_t blocks,
		     uint64_t at, struct error *err)
{
	for (unsigned i = 0; i < HFSPLUS_RECORD_EXTENTS; i++) {
		struct run run = { get_be32(p + 8 * i), get_be32(p + 8 * i + 4) };

		if (run.count == 0)
			break;
		if (run.first >= blocks || run.count > blocks - run.first ||
		    run.count > fork->blocks - fork->known)
			return corrupt(at + 8 * i, "extent of a file", err);
		if (run_list_add(&fork->extents, run))
			return error_set(err, WHY_MEMORY, ENOMEM, NULL);
		fork->known += (uint32_t)run.count;
	}
	return 0;
}

int hfsplus_fork_parse(struct hfsplus_fork *fork, const unsigned char *p, uint32_t block_size,
		       uint32_t blocks, uint64_t at, struct error *err)
{
	fork->size = get_be64(p + SIZE);
	fork->blocks = get_be32(p + BLOCKS);
	fork->block_size = block_size;
	if (fork->blocks > blocks || fork->size > (uint64_t)fork->blocks * block_size)
		return corrupt(at, "size of a file", err);
	return hfsplus_fork_add(fork, p + EXTENTS, blocks, at + EXTENTS, err);
}

void hfsplus_fork_free(struct hfsplus_fork *fork)
{
	run_list_free(&fork->extents);
}

/* Goes to the extent which has that block of the file; false when none is known. */
static bool find_block(struct hfsplus_fork *fork, uint64_t block)
{
	if (block < fork->before) {
		fork->at = 0;
		fork->before = 0;
	}
	while (fork->at < fork->extents.n &&
	       block - fork->before >= fork->extents.runs[fork->at].count)
		fork->before += fork->extents.runs[fork->at++].count;
	return fork->at < fork->extents.n;
}

uint64_t hfsplus_fork_place(struct hfsplus_fork *fork, uint64_t start)
{
	uint64_t block = start / fork->block_size;

	if (!find_block(fork, block))
		return 0;
	return (fork->extents.runs[fork->at].first + block - fork->before) * fork->block_size +
	       start % fork->block_size;
}

int hfsplus_fork_read(struct hfsplus_fork *fork, struct io *io, uint64_t start, void *buf,
		      size_t len, struct error *err)
{
	unsigned char *to = buf;

	while (len > 0) {
		uint64_t place = hfsplus_fork_place(fork, start);
		uint64_t left;
		size_t n;
		int rc;

		if (place == 0)
			return corrupt(start, "end of a file", err);
		left = (fork->before + fork->extents.runs[fork->at].count) * fork->block_size -
		       start;
		n = left < len ? (size_t)left : len;
		rc = io_read(io, place, to, n);
		if (rc)
			return io_report(io, WHY_READ, -rc, err);
		start += n;
		to += n;
		len -= n;
	}
	return 0;
}
