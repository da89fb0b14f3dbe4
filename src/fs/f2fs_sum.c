/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Checksums of F2FS: CRC-32 that starts with the magic number (Linux, f2fs_crc32). */

#include "base/bytes.h"
#include "base/crc32.h"
#include "fs/f2fs_sum.h"
#include "fs/f2fs_super.h"

static uint32_t sum(const void *buf, size_t len)
{
	return crc32_ieee(F2FS_MAGIC, buf, len);
}

bool f2fs_sum_of_super(const unsigned char *sb)
{
	return get_le32(sb + F2FS_SUPER_SIZE - 4) == sum(sb, F2FS_SUPER_SIZE - 4);
}

bool f2fs_sum_of_checkpoint(const unsigned char *block, unsigned at)
{
	uint32_t crc = sum(block, at);

	if (at + 4 < F2FS_BLOCK)
		crc = crc32_ieee(crc, block + at + 4, F2FS_BLOCK - 4 - at);
	return get_le32(block + at) == crc;
}
