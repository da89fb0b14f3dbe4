/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Labels that are UTF-16 on the disk (RFC 2781), as UTF-8 (RFC 3629). */

#include "base/bytes.h"
#include "fs/utf16.h"

#define REPLACEMENT 0xfffdu

static bool is_first_half(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_second_half(uint32_t unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/* The bytes of c in out; how many. */
static size_t utf8_bytes(uint32_t c, char out[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(marks[n] | c);
	return n;
}

void utf16_text(char *buf, size_t n, const unsigned char *p, size_t units, bool big_endian)
{
	size_t used = 0;

	for (size_t i = 0; i < units; i++) {
		uint32_t c = big_endian ? get_be16(p + 2 * i) : get_le16(p + 2 * i);
		uint32_t next = 0;
		char bytes[4];
		size_t len;

		if (c == 0)
			break;
		if (i + 1 < units)
			next = big_endian ? get_be16(p + 2 * i + 2) : get_le16(p + 2 * i + 2);
		if (is_first_half(c) && is_second_half(next)) {
			c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
			i++;
		} else if (is_first_half(c) || is_second_half(c)) {
			c = REPLACEMENT;
		}
		len = utf8_bytes(c, bytes);
		if (len >= n - used)
			break;
		for (size_t b = 0; b < len; b++)
			buf[used++] = bytes[b];
	}
	buf[used] = '\0';
}
