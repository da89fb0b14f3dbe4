/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What units come to: clusters of each size, L2 tables, compressed bytes, and who saves them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/forecast_impl.h"

static const struct { uint64_t bytes; unsigned grains; } kinds[KINDS] = {
	[PLAIN] = { 64 * KIB, 16 },
	[GRAIN] = { 4 * KIB, 1 },
	[WIDE] = { 128 * KIB, 32 },
};

int tally_init(struct tally *tally, const struct tally *from, unsigned owners)
{
	struct share *shares = calloc(owners + 1, sizeof(*shares));

	if (!shares)
		return -ENOMEM;
	if (from) {
		*tally = *from;
		memcpy(shares, from->shares, owners * sizeof(*shares));
	} else {
		*tally = (struct tally){ .read = 0 };
	}
	tally->shares = shares;
	return 0;
}

void tally_free(struct tally *tally)
{
	free(tally->shares);
	tally->shares = NULL;
}

/* The grains from at on that make up a cluster of the kind. */
static uint32_t mask_of(int kind, unsigned at)
{
	unsigned n = kinds[kind].grains;

	return (n == UNIT_GRAINS ? UINT32_MAX : (UINT32_C(1) << n) - 1) << at;
}

static uint64_t data_bytes(const struct unit *u, int kind, int time)
{
	uint64_t bytes = 0;

	for (unsigned at = 0; at < UNIT_GRAINS; at += kinds[kind].grains) {
		if (u->grains[time] & mask_of(kind, at))
			bytes += kinds[kind].bytes;
	}
	return bytes;
}

/* A cluster that more than one owner has a part in is said to be the first one's. */
static void add_saved(struct tally *tally, const struct unit *u, int kind)
{
	for (unsigned at = 0; at < UNIT_GRAINS; at += kinds[kind].grains) {
		uint32_t mask = mask_of(kind, at);
		uint32_t gone = u->grains[NOW] & mask;
		unsigned grain = at;

		if (!gone || (u->grains[AFTER] & mask))
			continue;
		while (!(gone >> grain & 1))
			grain++;
		tally->shares[unit_owner(u, grain)].saved[kind] += (double)kinds[kind].bytes;
	}
}

/* Units come in order when tables are asked for. */
static void add_tables(struct tally *tally, const struct unit *u, int time)
{
	for (int i = 0; i < FORECAST_COUNT; i++) {
		uint64_t table = u->index * UNIT / qcow2_shape(i).reach + 1;

		if (u->grains[time] == 0 || tally->table[time][i] == table)
			continue;
		tally->table[time][i] = table;
		tally->tables[time][i]++;
	}
}

static void squeeze_one(const struct squeezers *with, const unsigned char *cluster,
			size_t sizes[CODECS])
{
	sizes[ZLIB] = squeeze_zlib_size(with->zlib, cluster);
	sizes[ZSTD] = squeeze_zstd_size(with->zstd, cluster);
}

static void add_squeezed(struct tally *tally, const struct unit *u, const struct squeezers *with)
{
	struct pack before[CODECS][TIMES];

	for (int codec = 0; codec < CODECS; codec++) {
		for (int time = 0; time < TIMES; time++)
			before[codec][time] = tally->packs[codec][time];
	}
	for (size_t at = 0; at < UNIT; at += SQUEEZE_CLUSTER) {
		uint32_t mask = mask_of(PLAIN, (unsigned)(at / UNIT_GRAIN));
		size_t sizes[CODECS] = { SQUEEZE_CLUSTER, SQUEEZE_CLUSTER };

		for (int time = 0; time < TIMES; time++) {
			if (!(u->grains[time] & mask))
				continue;
			if (time == NOW || unit_is_mixed(u, at, SQUEEZE_CLUSTER))
				squeeze_one(with, u->bytes[time] + at, sizes);
			for (int codec = 0; codec < CODECS; codec++)
				pack_add(&tally->packs[codec][time], sizes[codec]);
		}
	}
	for (int codec = 0; codec < CODECS; codec++) {
		for (int time = 0; time < TIMES; time++)
			ratio_add(&tally->squeezed[codec][time],
				  (double)data_bytes(u, PLAIN, time),
				  (double)(tally->packs[codec][time].space -
					   before[codec][time].space));
	}
	tally->units_squeezed++;
}

void tally_add(struct tally *tally, const struct unit *u, const struct squeezers *squeezers,
	       bool squeeze)
{
	const double x[2] = { (double)u->used, (double)u->free };
	double y[FIT_MEASURES];

	for (int time = 0; time < TIMES; time++) {
		for (int kind = 0; kind < KINDS; kind++)
			y[MEASURE(kind, time)] = (double)data_bytes(u, kind, time);
		add_tables(tally, u, time);
	}
	fit_add(&tally->fit, x, y);
	tally->units[u->used > 0 ? USED : SPARE]++;
	for (int time = 0; time < TIMES; time++)
		tally->data[u->used > 0 ? USED : SPARE][time] += u->grains[time] != 0;
	for (size_t i = 0; i < u->n; i++)
		tally->shares[u->runs[i].owner].free += (double)u->runs[i].e.len;
	for (int kind = 0; kind < KINDS; kind++)
		add_saved(tally, u, kind);
	if (squeeze)
		add_squeezed(tally, u, squeezers);
	tally->read += u->used + u->free;
}
