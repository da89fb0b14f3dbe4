/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Bytes in memory. */

#include <stdio.h>
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

void uuid_print(char text[37], const unsigned char u[16])
{
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		 u[13], u[14], u[15]);
}
