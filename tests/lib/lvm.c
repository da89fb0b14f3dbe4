/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Layout: LVM2 2.03, lib/label/label.h and lib/format_text/layout.h. The checksum is its own. */

#include <string.h>

#include "tests/lib/io_mem.h"
#include "tests/lib/lvm.h"

static void put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static void put64(unsigned char *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t crc_of(const void *buf, size_t n)
{
	const unsigned char *p = buf;
	uint32_t crc = 0xf597a6cf;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	return crc;
}

void lvm_put_label(struct io *io, uint64_t start, const char *id)
{
	unsigned char sector[512] = "LABELONE";

	put64(sector + 8, 1);
	put32(sector + 20, 32);
	memcpy(sector + 24, "LVM2 001", 8);
	memcpy(sector + 32, id, 32);
	put64(sector + 64, io->size - start);
	put64(sector + 72, LVM_DATA_START);
	put64(sector + 104, LVM_AREA_START);
	put64(sector + 112, LVM_AREA_LEN);
	put32(sector + 16, crc_of(sector + 20, sizeof(sector) - 20));
	io_mem_poke(io, start + 512, sector, sizeof(sector));
}

void lvm_put_text(struct io *io, uint64_t start, uint64_t at, const char *text)
{
	unsigned char head[512] = { 0 };
	size_t len = strlen(text) + 1;
	size_t first = len < LVM_AREA_LEN - at ? len : (size_t)(LVM_AREA_LEN - at);
	uint64_t area = start + LVM_AREA_START;

	memcpy(head + 4, " LVM2 x[5A%r0N*>", 16);
	put32(head + 20, 1);
	put64(head + 24, LVM_AREA_START);
	put64(head + 32, LVM_AREA_LEN);
	put64(head + 40, at);
	put64(head + 48, len);
	put32(head + 56, crc_of(text, len));
	put32(head, crc_of(head + 4, sizeof(head) - 4));
	io_mem_poke(io, area, head, sizeof(head));
	io_mem_poke(io, area + at, text, first);
	if (first < len)
		io_mem_poke(io, area + 512, text + first, len - first);
}
