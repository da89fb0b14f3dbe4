/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_MKTABLE_H
#define ACHICA_TESTS_LIB_MKTABLE_H

#include "achica/units.h"
#include "base/io.h"

/* Partition tables in memory (io_mem), entry by entry. */
#define MKTABLE_SIZE (64 * MIB)
#define MKTABLE_ENTRIES 128
#define MKTABLE_ENTRY 128

void put_le32(unsigned char *p, uint32_t v);
void put_le64(unsigned char *p, uint64_t v);

/* Entry i of an MBR, or of a link of the chain, in sector lba (of 512 bytes). */
void put_mbr(struct io *io, uint64_t lba, int i, unsigned char type, uint32_t start, uint32_t len);

/* The header of a GPT at sector own with its array at sector array (UEFI 2.10, table 5.5). */
void put_gpt_header(struct io *io, uint64_t own, uint64_t other, uint64_t array, uint32_t sector);

/* Entry i, counted from 0, of the array at a byte: sectors [first, last]. */
void put_gpt_entry(struct io *io, uint64_t array, unsigned i, uint64_t first, uint64_t last);

/* A GPT with the partitions [first, last] given, two of them (0, 0: none), both headers right. */
struct io *new_gpt(uint32_t sector, const uint64_t parts[4]);

#endif
