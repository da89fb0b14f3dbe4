/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

#include "tests/lib/io_mem.h"
#include "tests/lib/mktable.h"

void put_le32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

void put_le64(unsigned char *p, uint64_t v)
{
	put_le32(p, (uint32_t)v);
	put_le32(p + 4, (uint32_t)(v >> 32));
}

/* Entry i of an MBR, or of a link of the chain, in sector lba. */
void put_mbr(struct io *io, uint64_t lba, int i, unsigned char type, uint32_t start, uint32_t len)
{
	unsigned char entry[16] = { 0, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff };

	put_le32(entry + 8, start);
	put_le32(entry + 12, len);
	io_mem_poke(io, lba * 512 + 446 + 16 * (uint64_t)i, entry, sizeof(entry));
	io_mem_poke(io, lba * 512 + 510, "\x55\xaa", 2);
}

/* By the definition, bit by bit. */
static uint32_t crc32_of(const unsigned char *p, size_t n)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	return ~crc;
}

/* The header of a GPT at sector own with its array at sector array (UEFI 2.10, table 5.5). */
void put_gpt_header(struct io *io, uint64_t own, uint64_t other, uint64_t array, uint32_t sector)
{
	static unsigned char entries[MKTABLE_ENTRIES * MKTABLE_ENTRY];
	unsigned char head[92] = "EFI PART\0\0\1";
	uint64_t sectors = io->size / sector;

	io_mem_peek(io, array * sector, entries, sizeof(entries));
	put_le32(head + 12, sizeof(head));
	put_le64(head + 24, own);
	put_le64(head + 32, other);
	put_le64(head + 40, 2 + sizeof(entries) / sector);
	put_le64(head + 48, sectors - 2 - sizeof(entries) / sector);
	head[56] = 1;
	put_le64(head + 72, array);
	put_le32(head + 80, MKTABLE_ENTRIES);
	put_le32(head + 84, MKTABLE_ENTRY);
	put_le32(head + 88, crc32_of(entries, sizeof(entries)));
	put_le32(head + 16, crc32_of(head, sizeof(head)));
	io_mem_poke(io, own * sector, head, sizeof(head));
}

void put_gpt_entry(struct io *io, uint64_t array, unsigned i, uint64_t first, uint64_t last)
{
	/* The type for Linux filesystems, as bytes. */
	unsigned char entry[MKTABLE_ENTRY] = "\xaf\x3d\xc6\x0f\x83\x84\x72\x47"
					     "\x8e\x79\x3d\x69\xd8\x47\x7d\xe4";

	entry[16] = (unsigned char)(i + 1);
	put_le64(entry + 32, first);
	put_le64(entry + 40, last);
	io_mem_poke(io, array + i * MKTABLE_ENTRY, entry, sizeof(entry));
}

/* A GPT with the partitions [first, last] given, two of them, both headers right. */
struct io *new_gpt(uint32_t sector, const uint64_t parts[4])
{
	struct io *io = io_mem_new(MKTABLE_SIZE);
	uint64_t sectors = MKTABLE_SIZE / sector;
	uint64_t back = sectors - 1 - MKTABLE_ENTRIES * MKTABLE_ENTRY / sector;

	io->sector = sector;
	put_mbr(io, 0, 0, 0xee, 1, (uint32_t)sectors - 1);
	for (unsigned i = 0; i < 2; i++) {
		if (parts[2 * i] == 0 && parts[2 * i + 1] == 0)
			continue;
		put_gpt_entry(io, 2 * (uint64_t)sector, i, parts[2 * i], parts[2 * i + 1]);
		put_gpt_entry(io, back * sector, i, parts[2 * i], parts[2 * i + 1]);
	}
	put_gpt_header(io, 1, sectors - 1, 2, sector);
	put_gpt_header(io, sectors - 1, 1, back, sector);
	return io;
}
