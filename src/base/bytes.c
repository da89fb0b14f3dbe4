/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Bytes in memory. */

#include <string.h>

#include "base/bytes.h"

bool bytes_are_zero(const void *buf, size_t len)
{
	const unsigned char *p = buf;
	size_t head = len < 16 ? len : 16;

	/* Sixteen bytes by hand; then the buffer is zero if it equals itself shifted by those.
	   The C library's memcmp runs at memory bandwidth on every machine we know. */
	for (size_t i = 0; i < head; i++) {
		if (p[i])
			return false;
	}
	return len == head || memcmp(p, p + head, len - head) == 0;
}
