/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * From what was read to the size of the converted image. Read in full, everything is counted and
 * nothing estimated, but what compressing comes to where not all was compressed. Sampled, bytes of
 * data are a regression on used and free bytes; a compressed image is a ratio of the plain one.
 */

#include <math.h>

#include "engine/forecast_impl.h"

static double kind_bytes(int kind)
{
	return kind == PLAIN ? 64.0 * KIB : kind == GRAIN ? 4.0 * KIB : 128.0 * KIB;
}

/* Bytes in data of a kind; the interval is for whole clusters. */
static struct forecast_size data_of(const struct forecaster *f, int kind, int time)
{
	const struct extents *whole = &f->whole;
	const double all[2] = { (double)whole->bytes[0], (double)whole->bytes[1] };
	double most = (double)(time == NOW ? whole->units : whole->units_used) * (double)UNIT;
	double step = kind_bytes(kind);
	double units = f->all ? 0 : (double)whole->units;
	struct fit_total t = fit_total(&f->tally.fit, MEASURE(kind, time), units, all,
				       (double)UNIT, most);

	return (struct forecast_size){ (uint64_t)(rint(t.total / step) * step),
				       (uint64_t)(floor(t.low / step) * step),
				       (uint64_t)(ceil(t.high / step) * step) };
}

static uint64_t times(uint64_t bytes, double ratio)
{
	return (uint64_t)((double)bytes * ratio);
}

/* Whether all there is was compressed: then the pack is the truth. */
static bool is_packed(const struct forecaster *f)
{
	return f->all && f->tally.units_squeezed >= f->tally.fit.n;
}

static struct pack packed(const struct forecaster *f, int codec, int time)
{
	struct pack pack = f->tally.packs[codec][time];

	pack_end(&pack);
	return pack;
}

static struct forecast_size squeezed(const struct forecaster *f, int codec, int time)
{
	struct forecast_size plain = data_of(f, PLAIN, time);
	uint64_t space = packed(f, codec, time).space;
	struct fit_total ratio;

	if (is_packed(f))
		return (struct forecast_size){ space, space, space };
	ratio = ratio_total(&f->tally.squeezed[codec][time], (double)f->whole.units);
	return (struct forecast_size){ times(plain.bytes, ratio.total),
				       times(plain.low, fmax(ratio.low, 0)),
				       times(plain.high, ratio.high) };
}

/* What is counted of what is written to a format's clusters, and of what each owner saves: a
   compressed cluster gets smaller with every grain. */
static const struct {
	int written, saved;
	int codec;
} kinds[FORECAST_COUNT] = {
	[FORECAST_PLAIN] = { PLAIN, PLAIN, CODECS },
	[FORECAST_EXTENDED] = { GRAIN, GRAIN, CODECS },
	[FORECAST_SMALL] = { GRAIN, GRAIN, CODECS },
	[FORECAST_ZLIB] = { PLAIN, GRAIN, ZLIB },
	[FORECAST_ZSTD] = { PLAIN, GRAIN, ZSTD },
};

/* The length of the data in the file, of which written bytes take space. */
static uint64_t length_of(const struct forecaster *f, int format, int time, uint64_t written)
{
	int codec = kinds[format].codec;
	uint64_t length = written;

	if (format == FORECAST_EXTENDED)
		length = data_of(f, WIDE, time).bytes;
	else if (codec != CODECS && is_packed(f))
		length = packed(f, codec, time).length;
	return length > written ? length : written;
}

static uint64_t space(const struct forecaster *f, int format, int time, uint64_t written,
		      uint64_t tables)
{
	struct qcow2_load load = {
		.disk = f->cover.disk->size,
		.data = length_of(f, format, time, written),
		.written = written,
		.tables = tables,
	};

	return qcow2_space((enum forecast_format)format, &load);
}

static struct forecast_size size_of(const struct forecaster *f, int format, int time)
{
	int codec = kinds[format].codec;
	struct forecast_size s = codec == CODECS ? data_of(f, kinds[format].written, time)
						 : squeezed(f, codec, time);
	struct forecast_size tables = tables_of(f, format, time);

	return (struct forecast_size){ space(f, format, time, s.bytes, tables.bytes),
				       space(f, format, time, s.low, tables.low),
				       space(f, format, time, s.high, tables.high) };
}

/* The part of an owner in all that is saved. */
static double saved_by(const struct forecaster *f, unsigned owner, int kind)
{
	const struct share *share = &f->tally.shares[owner];

	if (f->all)
		return share->saved[kind];
	if (share->free <= 0)
		return 0;
	return share->saved[kind] / share->free * (double)f->whole.owner_free[owner];
}

static void divide(const struct forecaster *f, const struct forecast *forecast, int format,
		   uint64_t (*saves)[FORECAST_COUNT])
{
	int kind = kinds[format].saved;
	uint64_t now = forecast->now[format].bytes;
	uint64_t after = forecast->after[format].bytes;
	double all = 0;
	double part = 0;
	uint64_t given = 0;

	for (unsigned i = 0; i < f->owners; i++)
		all += saved_by(f, i, kind);
	for (unsigned i = 0; i < f->owners; i++) {
		part += saved_by(f, i, kind);
		saves[i][format] = all > 0 && now > after ? times(now - after, part / all) - given
							  : 0;
		given += saves[i][format];
	}
}

void forecaster_result(const struct forecaster *f, struct forecast *forecast,
		       uint64_t (*saves)[FORECAST_COUNT])
{
	*forecast = (struct forecast){ .known = f->all || f->tally.fit.n > 0 };
	forecast->exact = f->all;
	forecast->sampled = f->tally.read;
	for (int i = 0; i < FORECAST_COUNT && forecast->known; i++) {
		forecast->now[i] = size_of(f, i, NOW);
		forecast->after[i] = size_of(f, i, AFTER);
		divide(f, forecast, i, saves);
	}
}
