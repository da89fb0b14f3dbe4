/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/* A small XFS in memory. */
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "fs/fs.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/mkfs.h"
#include "tests/lib/test.h"
#include "tests/lib/xfs.h"

struct io *xfs_new(bool v5)
{
	const char *const argv[] = { "mkfs.xfs", "--unsupported", "-q", "-f", "-b", "size=1024",
				     "-d", "agcount=2", "-m", v5 ? "crc=1" : "crc=0", "-L",
				     "twelve chars", "@", NULL };

	return mkfs_mem(XFS_SIZE, argv);
}

void xfs_put(struct io *io, uint64_t at, unsigned bytes, uint64_t value)
{
	unsigned char buf[8];

	for (unsigned i = 0; i < bytes; i++)
		buf[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
	io_mem_poke(io, at, buf, bytes);
}

uint64_t xfs_get(struct io *io, uint64_t at, unsigned bytes)
{
	unsigned char buf[8] = { 0 };

	io_mem_peek(io, at, buf + 8 - bytes, bytes);
	return get_be64(buf);
}

void xfs_sum(struct io *io, uint64_t at, size_t len, size_t crc)
{
	unsigned char buf[XFS_BLOCK];
	uint32_t sum;

	io_mem_peek(io, at, buf, len);
	memset(buf + crc, 0, 4);
	sum = ~crc32c(~0u, buf, len);
	for (unsigned i = 0; i < 4; i++)
		buf[crc + i] = (unsigned char)(sum >> 8 * i);
	io_mem_poke(io, at, buf, len);
}

uint64_t xfs_log(struct io *io)
{
	uint64_t start = xfs_get(io, 48, 8);
	uint64_t ag_log = xfs_get(io, 124, 1);

	return (start >> ag_log) * XFS_AG + (start & ((1u << ag_log) - 1)) * XFS_BLOCK;
}

int xfs_use(struct io *io, struct error *err)
{
	struct gate_sum sum;
	struct fs *fs = NULL;
	int rc;

	error_clear(err);
	rc = fs_open(io, "xfs", &fs, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	fs_close(fs);
	return rc;
}

void xfs_spoil(struct io *io, const struct xfs_spoil *s, uint64_t start, size_t len,
		   size_t crc)
{
	unsigned char was[XFS_BLOCK];
	struct error err;

	io_mem_peek(io, start, was, len);
	xfs_put(io, start + s->at, s->bytes, s->value);
	if (crc)
		xfs_sum(io, start, len, crc);
	assert_true(xfs_use(io, &err) < 0);
	if (err.why != s->why)
		print_message("byte %llu = 0x%llx: %s %s\n", (unsigned long long)s->at,
			      (unsigned long long)s->value, why_name(err.why), err.what);
	assert_int_equal(err.why, s->why);
	assert_int_equal(io->failure.errnum, 0);
	io_mem_poke(io, start, was, len);
	assert_int_equal(xfs_use(io, &err), 0);
}
