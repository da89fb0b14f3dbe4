/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FORECAST_H
#define ACHICA_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

/* What qemu-img convert -O qcow2 can be told, as it is forecast; forecast_options has the words. */
enum forecast_format {
	FORECAST_PLAIN,    /* clusters of 64 KiB, the default */
	FORECAST_EXTENDED, /* clusters of 128 KiB in subclusters of 4 KiB */
	FORECAST_SMALL,    /* clusters of 4 KiB */
	FORECAST_ZLIB,     /* compressed clusters of 64 KiB */
	FORECAST_ZSTD,
	FORECAST_COUNT,
};

/* Bytes, and their 95 % interval; all three are equal when exact. FORECAST_NEVER: so large a disk
   cannot be converted to that. */
#define FORECAST_NEVER UINT64_MAX

struct forecast_size {
	uint64_t bytes, low, high;
};

/*
 * What the qcow2 of a whole disk or image takes where it is written: now, and after all that can be
 * reclaimed in it reads as zero. That is the space its file takes (st_blocks): the subclusters of
 * FORECAST_EXTENDED which are left out are holes in a file that is longer.
 */
struct forecast {
	bool known;
	bool exact;        /* all of it was read; the compressed ones may have an interval still */
	uint64_t sampled;  /* bytes read for this */
	struct forecast_size now[FORECAST_COUNT];
	struct forecast_size after[FORECAST_COUNT];
};

/* What to add to qemu-img convert -O qcow2 for it: "-o cluster_size=4k"; "" for the default. */
const char *forecast_options(enum forecast_format format);

/* Whether an option by which it takes other instead of plain bytes is worth naming. */
bool forecast_pays(uint64_t plain, uint64_t other);

/* What the converted image at the top of t will take when those targets in it are zeroed for which
   is_marked says so; top->forecast must be known. */
struct target;
struct forecast_size forecast_marked(const struct target *top, enum forecast_format format,
				     bool (*is_marked)(void *arg, const struct target *t),
				     void *arg);

/* Those were zeroed: now is what forecast_marked said, and they save nothing any more. */
void forecast_done(struct target *top, bool (*is_marked)(void *arg, const struct target *t),
		   void *arg);

/* Of all disks and images of the tree in which any target is marked, together. */
struct forecast_sum {
	struct forecast_size now[FORECAST_COUNT], after[FORECAST_COUNT];
};

/* False when none is marked, or the forecast of one of them is not known. */
bool forecast_sum(const struct target *tree, bool (*is_marked)(void *arg, const struct target *t),
		  void *arg, struct forecast_sum *sum);

#endif
