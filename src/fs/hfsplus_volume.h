/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_HFSPLUS_VOLUME_H
#define ACHICA_FS_HFSPLUS_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "achica/error.h"
#include "base/io.h"
#include "fs/hfsplus_fork.h"

#define HFSPLUS_HEADER_AT 1024u /* byte; the alternate one is that far from the end */
#define HFSPLUS_HEADER_SIZE 512u

/* The files that hold the filesystem itself, in the order of the volume header. */
enum hfsplus_special {
	HFSPLUS_ALLOCATION,
	HFSPLUS_EXTENTS,
	HFSPLUS_CATALOG,
	HFSPLUS_ATTRIBUTES,
	HFSPLUS_STARTUP,
	HFSPLUS_SPECIALS,
};

/* What achica needs of the volume header, checked as far as it can be by itself. */
struct hfsplus_volume {
	uint32_t block_size;    /* bytes */
	uint32_t blocks;
	uint32_t free_blocks;
	uint64_t size;          /* bytes of all blocks, inside the window */
	uint64_t alternate;     /* byte of the alternate volume header */
	bool journaled;
	uint32_t journal_info;  /* block, when journaled */
	struct hfsplus_fork forks[HFSPLUS_SPECIALS]; /* with the extents of the header */
};

/* Reads both volume headers and refuses what is not clean, not understood or impossible. *volume
   only on success; hfsplus_volume_free frees what is in it. */
int hfsplus_volume_read(struct io *io, struct hfsplus_volume *volume, struct error *err);
void hfsplus_volume_free(struct hfsplus_volume *volume);

#endif
