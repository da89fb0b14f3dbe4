/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_FORECAST_IMPL_H
#define ACHICA_ENGINE_FORECAST_IMPL_H

#include "engine/fit.h"
#include "engine/forecast.h"
#include "engine/pack.h"
#include "engine/qcow2.h"
#include "engine/shuffle.h"
#include "engine/squeeze.h"
#include "engine/unit.h"

/* The inside of a forecaster, for forecast.c (what is read), forecast_tally.c (what units come
   to), forecast_tables.c and forecast_result.c (what that means for the whole). */

/* What is counted in bytes, at both times: clusters of 64 KiB, grains, clusters of 128 KiB. */
enum { PLAIN, GRAIN, WIDE, KINDS };
enum { ZLIB, ZSTD, CODECS };
#define MEASURE(kind, time) ((kind) * TIMES + (time))

/* One owner's free space. */
struct share {
	double free;           /* bytes of it in units that were read, no holes */
	double saved[KINDS];   /* of it: what is data now, and not after */
};

/* Units without anything but free space, and others. */
enum { USED, SPARE, SORTS };

/* What the units that were read come to. */
struct tally {
	struct fit fit;
	struct share *shares;                   /* for each owner */
	struct ratio squeezed[CODECS][TIMES];   /* of plain bytes */
	struct pack packs[CODECS][TIMES];
	double units_squeezed;
	double units[SORTS];
	double data[SORTS][TIMES];              /* of them with data */
	uint64_t tables[TIMES][FORECAST_COUNT]; /* L2 tables; only when all is read in order */
	uint64_t table[TIMES][FORECAST_COUNT];  /* the last one that was counted, + 1 */
	uint64_t read;
};

/* Stretches of the disk, each mapped by one L2 table, that are alike: by how many units with used
   space are in it, the last for so many and more; then the same by units without. */
#define ALIKE 16
struct stretches {
	uint64_t n;
	uint64_t units[SORTS]; /* in all of them */
};

/* What the cover tells of the whole disk. */
struct extents {
	uint64_t units;
	uint64_t units_used;   /* of them: with anything that is not free */
	uint64_t bytes[2];     /* used, free; no holes */
	uint64_t *owner_free;
	struct stretches stretches[FORECAST_COUNT][SORTS * ALIKE];
};

/* L2 tables: as counted, or as the sample says. */
struct forecast_size tables_of(const struct forecaster *f, int format, int time);

struct squeezers {
	struct squeeze_zlib *zlib;
	struct squeeze_zstd *zstd;
};

struct forecaster {
	struct cover cover;
	unsigned owners;
	struct extents whole;
	struct shuffle shuffle;
	uint64_t drawn;        /* units */
	bool all;              /* all were read, in order */
	struct tally tally;
	struct squeezers squeezers;
	struct unit unit;
};

/* Empty, or a copy of from, with room for owners; -ENOMEM. */
int tally_init(struct tally *tally, const struct tally *from, unsigned owners);
void tally_free(struct tally *tally);

/* Adds a unit that was read; squeeze: what it comes to compressed, too. */
void tally_add(struct tally *tally, const struct unit *u, const struct squeezers *squeezers,
	       bool squeeze);

#endif
