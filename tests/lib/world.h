/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_WORLD_H
#define ACHICA_TESTS_LIB_WORLD_H

#include <stdatomic.h>

#include "achica/target.h"
#include "app/fsck.h"
#include "base/io.h"

/*
 * Everything below app/, as a test wants it: disks, each of WORLD_SIZE bytes whose free space is
 * one extent, and an engine that only reports. A test sets what is to happen and reads what did;
 * the program links this in the place of disk/, fs_open and engine/.
 */
#define WORLD_SIZE (UINT64_C(256) << 20)
#define WORLD_FREE_AT (UINT64_C(64) << 20)
#define WORLD_FREE (UINT64_C(128) << 20)
#define WORLD_CHUNK (UINT64_C(1) << 20)

struct world {
	int lock_errnum;       /* lock_take fails: WHY_BUSY */
	const char *busy;      /* only of the target of that name */
	unsigned in_after;     /* lock_check: from the n-th on somebody came in; 0 nobody */
	unsigned open_reads;   /* fs_open reads so often, each takes slow_us */
	_Atomic unsigned reads;/* out: of them, those which went through */
	int open_errnum;       /* fs_open fails: WHY_JOURNAL */
	int punch_errnum;      /* WHY_NO_PUNCH, before anything */
	int trim_errnum;       /* WHY_NO_TRIM */
	int flush_errnum;
	int verify_errnum;     /* WHY_VERIFY */
	int sum_errnum;        /* what is in use cannot be read */
	uint64_t sum;          /* of what is in use */
	bool takes_files;      /* fsck does */
	uint64_t sum_grows;    /* by so much with each reading */
	bool shows;            /* a read-only device can be made */
	enum fsck fsck[2];     /* before and after */
	size_t fscks;          /* so far */
	unsigned bad_chunk;    /* from 1: reading it fails; 0 none */
	unsigned slow_us;      /* each chunk takes that long */
	bool stale;            /* the free space holds data */
	_Atomic uint64_t allocated; /* of the host, before; what is zeroed goes off */
	bool users;            /* somebody has something open on the mount */
	uint64_t reserve;      /* out: of the fill */
	uint64_t gives_back;
	_Atomic uint64_t room; /* free bytes of the mount; a fill that sees less than its reserve
	                          gives back until it has it */
	bool was_dry;          /* out: of the last act */
	unsigned meet;         /* so many acts must be under way at once before one begins ... */
	unsigned meet_ms;      /* ... for which each waits so long */
	unsigned most;         /* out: acts under way at once */
	char trace[512];       /* out: "lock open write flush ..." */
};

/* One for the program; the functions below app/ have no other way to it. */
extern struct world world;

/* All well, stale, nothing happened. */
void world_reset(void);

/* A disk of that name with the fake filesystem, ready and without a verdict. "a2" and "b2" lie on
   the same disk, "a3" on another, and of "a" it is not known. */
struct target *world_target(const char *name);

#endif
