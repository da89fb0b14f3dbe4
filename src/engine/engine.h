/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_ENGINE_H
#define ACHICA_ENGINE_ENGINE_H

#include "achica/estimate.h"
#include "fs/fs.h"

/* What became of a range of free space. */
enum did {
	DID_HOLE,    /* a hole of the host: left alone */
	DID_ZERO,    /* was read, is zero: left alone */
	DID_ZEROED,  /* was stale, is zero now (a dry run: would be) */
	DID_FAILED,  /* could not be read or written, left alone */
	DID_KEPT,    /* left alone on purpose (reserve) */
	DID_READ,    /* was read: a counter of bytes, comes besides the others */
};

/*
 * Who looks on. did is called for each range as it is dealt with, ascending except for fill, in
 * bytes of the window (fill and trim without a known layout: start is 0, len counts), at least
 * every 200 ms while bytes move; it may block (pause, rate limit) and its non-zero result ends the
 * engine at once, returned unchanged: -ECANCELED is the user. failed decides about an I/O error:
 * 0 goes on after the range, non-zero ends. Both may be NULL.
 */
struct watch {
	int (*did)(void *arg, enum did what, struct extent e);
	int (*failed)(void *arg, const struct error *err, struct extent e);
	void *arg;
};

/*
 * Zeroes the stale part of fs's free space: the map is walked through the gate (which has passed a
 * dry walk before, under the locks that the caller still holds). Flushes at the end; a failed
 * flush is a failure. With dry nothing is written. 0; -errno with *err; or what watch returned.
 *
 * punch gives free space back to the host: -EOPNOTSUPP (WHY_NO_PUNCH), before anything was
 * changed, where it cannot. write reads what is no hole, writes zeros where it is stale, and makes
 * no hole solid.
 */
int engine_punch(struct fs *fs, bool dry, const struct watch *watch, struct error *err);
int engine_write(struct fs *fs, bool dry, const struct watch *watch, struct error *err);

/*
 * Mounted filesystems. device is the io underneath (read-only is enough), or NULL when unknown.
 *
 * trim: FITRIM in steps, repeated until allocated (callback: bytes the image takes on the host;
 * may be NULL) stops shrinking. WHY_NO_TRIM where discard does not reach the disk. What is free and
 * was not told as zeroed is told as hole at the end. Where the filesystem only notes what it is to
 * discard, all that is free is told as zeroed, and *later is set.
 *
 * fill: claims the free space with unlinked files in mountpoint, keeps reserve bytes free, writes
 * only what is stale where the layout is known (hardly reading where all is stale and the image has
 * no hole), gives all back at the end, at an error and at a kill, and at once, in part, when free
 * space falls below the reserve because of others (*gave_back counts). WHY_NO_FILL where filling
 * cannot work, and where the layout is not known and the image is sparse: zeros in its holes would
 * make it grow. push (may be NULL) is called now and then: what was written to the device is to
 * begin its way to the medium, where the device is an image with a cache of its own.
 *
 * Dry runs of both change nothing and read nothing: what would be zeroed is engine_scan's to say.
 */
struct mounted {
	const char *mountpoint;
	const char *fstype;   /* as in mountinfo */
	const char *options;  /* mount options, may be NULL */
	struct io *device;
	uint64_t reserve;     /* bytes, fill only */
	int (*allocated)(void *arg, uint64_t *bytes);
	void (*push)(void *arg);
	void *arg;
	uint64_t image_size;  /* bytes of what allocated tells about; 0 unknown */
	uint64_t gave_back;   /* out: bytes */
	bool later;           /* out of trim: discarded by and by, at its unmount at the latest */
};
int engine_trim(struct mounted *m, bool dry, const struct watch *watch, struct error *err);
int engine_fill(struct mounted *m, bool dry, const struct watch *watch, struct error *err);

/* Whether fill can work there, as far as the filesystem's type, its options and the holes of the
   image tell; device is not needed. 0, or WHY_NO_FILL. */
int engine_fill_check(const struct mounted *m, struct error *err);

/* The reserve when the user names none: 1 % of size (bytes) and at least 64 MiB; 0 when nobody
   else has anything open there. */
uint64_t engine_default_reserve(uint64_t size, bool others);

/* Reads all free space once more, from the medium: the first byte that is not zero is WHY_VERIFY
   with its place. Tells holes, reads and failures. */
int engine_verify(struct fs *fs, const struct watch *watch, struct error *err);

/* The sum of what is in use in a window, in parts, so that a change has a place. */
#define SUM_PARTS 1024
struct sum {
	uint64_t part;              /* bytes of each, the last may be shorter */
	uint64_t parts[SUM_PARTS];
};

/* Reads all that is not free space, to the end of the window, and gives its sum: the same as long
   as no byte of it changes. fresh: from the medium. Tells holes, reads and failures; one that ended
   it is forgotten as the first failure of the io. */
int engine_sum(struct fs *fs, bool fresh, const struct watch *watch, struct sum *sum,
	       struct error *err);

/* Whether two of one window differ, and where the first part begins that does. */
bool sum_differs(const struct sum *a, const struct sum *b, uint64_t *at);

/* Reads all of the free space: the exact estimate. Tells holes, reads and failures, no more. What
   cannot be read makes it inexact. */
int engine_scan(struct fs *fs, const struct watch *watch, struct estimate *estimate,
		struct error *err);

/*
 * The sampled estimate (ux.md 3.6): random chunks of free space that is no hole, without
 * replacement, read in disk order a batch at a time; ratio estimator with chunk totals and finite
 * population correction. A sampler needs bounded memory, whatever the disk. fs must outlive it.
 *
 * sampler_new walks the map once and sums the holes. sampler_more reads another batch of at most
 * chunks and returns 0; 1 when all has been read and the estimate is exact (or there is what cannot
 * be read); else -errno or what watch returned, and the batch counts for nothing. sampler_result is
 * valid after any of them. They tell reads and failures.
 */
struct sampler;
int sampler_new(struct fs *fs, uint64_t seed, const struct watch *watch, struct sampler **sampler,
		struct error *err);
int sampler_more(struct sampler *sampler, size_t chunks, const struct watch *watch,
		 struct error *err);
void sampler_result(const struct sampler *sampler, struct estimate *estimate);
void sampler_free(struct sampler *sampler);

#endif
