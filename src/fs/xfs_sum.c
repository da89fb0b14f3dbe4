/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The checksum of XFS metadata: CRC-32C of it, the four bytes of the sum itself taken for zero;
 * little endian, as nothing else in XFS is.
 *
 * Source: XFS Algorithms & Data Structures, "Checksums"; Linux, fs/xfs/libxfs/xfs_cksum.h.
 */

#include "base/bytes.h"
#include "base/crc32c.h"
#include "fs/xfs_sum.h"

bool xfs_sum_is_right(const unsigned char *buf, size_t len, size_t at)
{
	static const unsigned char none[4];
	uint32_t crc = crc32c(~0u, buf, at);

	crc = crc32c(crc, none, sizeof none);
	crc = crc32c(crc, buf + at + sizeof none, len - at - sizeof none);
	return get_le32(buf + at) == ~crc;
}
