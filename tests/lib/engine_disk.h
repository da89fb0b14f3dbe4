/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_ENGINE_DISK_H
#define ACHICA_TESTS_LIB_ENGINE_DISK_H

#include "engine/engine.h"

/*
 * A disk of DISK_SIZE in memory for tests of the engine: its free extents are one large one, a few
 * that are small and near each other, one that is a hole, and one with a hole in its middle; they
 * hold old data and zeros. Between io_fault and io_trace on top, every call is seen and any can
 * fail. All that is not free is DISK_USED.
 */
#define DISK_SIZE (UINT64_C(16) << 20)
#define DISK_USED 0xaa
#define DISK_STALE 0x55

struct disk {
	struct io *mem;
	struct io *fault;
	struct io *trace;    /* on top: what the filesystem stands on */
	struct fs *fs;
	uint64_t free;       /* bytes, of them: */
	uint64_t hole;
	uint64_t stale;
	uint64_t allocated;  /* on the host, at the beginning */
};

/* nth and later calls as io_fault_new; ends the test when memory runs out. */
void disk_make(struct disk *d, unsigned ops, uint64_t nth, int errnum);
void disk_free(struct disk *d);

/* Whether the bytes that are not free are as they were; whether all free bytes are zero. */
bool disk_used_is_untouched(const struct disk *d);
bool disk_free_is_zero(const struct disk *d);

/* Whether all that was written, zeroed or punched lies in free extents. */
bool disk_changed_only_free(const struct disk *d);

/* A watch that counts and can end. */
struct log {
	struct watch watch;
	uint64_t sums[DID_READ + 1];
	uint64_t failed;      /* bytes that failed was asked about, and how often */
	unsigned questions;
	uint64_t at;          /* end of what was told last */
	bool descended;
	unsigned calls;
	unsigned cancel_at;   /* the call that is answered -ECANCELED; 0 none */
	int answer;           /* of failed */
};
void log_make(struct log *log);

/* Bytes told as dealt with: all but reads. */
uint64_t log_dealt(const struct log *log);

#endif
