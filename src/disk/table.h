/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_TABLE_H
#define ACHICA_DISK_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/io.h"

/* More partitions than this are refused (a GPT has 128 slots as a rule). */
#define TABLE_PARTS_MAX 1024

struct table_part {
	unsigned number;
	struct extent range; /* bytes; not empty, inside the disk, overlapping no other */
};

struct table {
	char type[32];       /* "gpt", "dos" ...; "" when there is no table */
	uint32_t sector;     /* in which the table counts, bytes */
	unsigned extended;   /* number of the partition that holds the logical ones, 0 none */
	size_t n;
	struct table_part *parts; /* by their start; logical ones in place of their extended one */
};

/*
 * Reads the partition table of a whole disk, a few MiB of it at most. 0 also when there is none;
 * WHY_CORRUPT when there is one that contradicts itself or the size of the disk, WHY_UNKNOWN_FS for
 * one that is neither GPT nor MBR (table->type is set then, and no partitions); WHY_READ. io may
 * block; other threads are not held up by that.
 * table_free in every case.
 */
int table_read(struct io *io, struct table *table, struct error *err);
void table_free(struct table *table);

#endif
