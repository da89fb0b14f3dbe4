/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What of a disk is read for its forecast: units of it, drawn at random without replacement from
 * those that are not all hole, a batch in disk order in one walk of the maps; or all of them.
 * Compressing is slower than reading, so no more than SQUEEZED_MOST units are compressed when all
 * are read, those that a shuffle puts first; of a sample, one in SQUEEZED_EACH and SQUEEZED_FEW.
 */

#include <errno.h>
#include <stdlib.h>

#include "engine/forecast_impl.h"
#include "engine/narrow.h"
#include "engine/report.h"

#define SQUEEZED_MOST 1024
#define SQUEEZED_EACH 8
#define SQUEEZED_FEW 256
#define NOWHERE UINT64_MAX
#define TICK_EVERY 4096

/* A walk over the units of a cover: ready is called for each when all of it was told. skip is told
   of n units from first on that are all alike, and takes as many of them at once as it can. */
struct pass {
	struct forecaster *f;
	const struct watch *watch;
	struct error *err;
	int (*ready)(struct pass *pass);
	uint64_t (*skip)(struct pass *pass, uint64_t first, uint64_t n, unsigned owner);
	uint64_t index;       /* of the unit, among those that are not all hole */
	uint64_t *wanted;     /* ascending; NULL: all */
	size_t n, next;
	struct tally tally;
	/* The stretch of each format that is being measured, and the units in it. */
	uint64_t stretch[FORECAST_COUNT];
	uint64_t units[FORECAST_COUNT][SORTS];
};

static int end_unit(struct pass *p)
{
	int rc;

	if (p->f->unit.index == NOWHERE)
		return 0;
	rc = p->ready(p);
	p->index++;
	p->f->unit.index = NOWHERE;
	return rc;
}

/* Puts the beginning of *e, up to the end of its unit, into that. */
static int add_part(struct pass *p, struct extent *e, unsigned owner)
{
	struct unit *u = &p->f->unit;
	uint64_t index = e->start / UNIT;
	struct extent part = narrow_cut(e, UNIT);
	int rc = u->index == index ? 0 : end_unit(p);

	if (u->index == NOWHERE)
		unit_begin(u, index);
	unit_add(u, part, owner);
	return rc;
}

static int pass_extent(void *arg, struct extent e, unsigned owner)
{
	struct pass *p = arg;
	int rc = 0;

	while (rc == 0 && e.len > 0) {
		uint64_t n = 0;

		if (e.start % UNIT == 0 && e.len >= UNIT) {
			rc = end_unit(p);
			n = rc ? 0 : p->skip(p, e.start / UNIT, e.len / UNIT, owner);
		}
		p->index += n;
		e = (struct extent){ e.start + n * UNIT, e.len - n * UNIT };
		if (rc == 0 && e.len > 0)
			rc = add_part(p, &e, owner);
	}
	return rc;
}

static int pass_run(struct pass *p)
{
	int rc;

	unit_begin(&p->f->unit, NOWHERE);
	rc = cover_walk(&p->f->cover, p->watch, pass_extent, p, p->err);
	return rc ? rc : end_unit(p);
}

static void end_stretch(struct pass *p, int format)
{
	uint64_t *units = p->units[format];
	int sort = units[USED] > 0 ? USED : SPARE;
	uint64_t n = units[sort] < ALIKE ? units[sort] : ALIKE;
	struct stretches *alike;

	if (n == 0)
		return;
	alike = &p->f->whole.stretches[format][sort * ALIKE + n - 1];
	alike->n++;
	alike->units[USED] += units[USED];
	alike->units[SPARE] += units[SPARE];
	units[USED] = units[SPARE] = 0;
}

/* n units from first on are of that sort. */
static void measure_stretches(struct pass *p, uint64_t first, uint64_t n, int sort)
{
	for (int i = 0; i < FORECAST_COUNT; i++) {
		uint64_t reach = qcow2_shape((enum forecast_format)i).reach / UNIT;
		struct extent rest = { first, n };

		while (rest.len > 0) {
			struct extent part = narrow_cut(&rest, reach);

			if (p->stretch[i] != part.start / reach)
				end_stretch(p, i);
			p->stretch[i] = part.start / reach;
			p->units[i][sort] += part.len;
		}
	}
}

static int measure_unit(struct pass *p)
{
	const struct unit *u = &p->f->unit;
	struct extents *whole = &p->f->whole;

	whole->units++;
	whole->units_used += u->used > 0;
	whole->bytes[USED] += u->used;
	whole->bytes[SPARE] += u->free;
	for (size_t i = 0; i < u->n; i++)
		whole->owner_free[u->runs[i].owner] += u->runs[i].e.len;
	measure_stretches(p, u->index, 1, u->used > 0 ? USED : SPARE);
	return whole->units % TICK_EVERY == 0 ? report_tick(p->watch, u->index * UNIT) : 0;
}

static uint64_t measure_many(struct pass *p, uint64_t first, uint64_t n, unsigned owner)
{
	struct extents *whole = &p->f->whole;
	int sort = owner == COVER_USED ? USED : SPARE;

	whole->units += n;
	whole->units_used += sort == USED ? n : 0;
	whole->bytes[sort] += n * UNIT;
	if (sort == SPARE)
		whole->owner_free[owner] += n * UNIT;
	measure_stretches(p, first, n, sort);
	return n;
}

static bool is_squeezed(const struct pass *p)
{
	uint64_t units = p->f->whole.units;

	if (p->wanted)
		return p->tally.units_squeezed < SQUEEZED_FEW &&
		       p->tally.units_squeezed * SQUEEZED_EACH <= p->tally.fit.n;
	return units <= SQUEEZED_MOST || shuffle_at(&p->f->shuffle, p->index) < SQUEEZED_MOST;
}

static int read_unit(struct pass *p)
{
	struct forecaster *f = p->f;
	int rc;

	if (p->wanted && (p->next == p->n || p->wanted[p->next] != p->index))
		return 0;
	rc = unit_read(&f->unit, f->cover.disk, p->watch, p->err);
	if (rc)
		return rc;
	tally_add(&p->tally, &f->unit, &f->squeezers, is_squeezed(p));
	return p->wanted && ++p->next == p->n ? 1 : 0;
}

/* Up to the next that is wanted. */
static uint64_t pass_by(struct pass *p, uint64_t first, uint64_t n, unsigned owner)
{
	uint64_t left = p->wanted && p->next < p->n ? p->wanted[p->next] - p->index : n;

	(void)first;
	(void)owner;
	if (!p->wanted)
		return 0;
	return left < n ? left : n;
}

static int begin(struct forecaster *f, unsigned owners)
{
	f->owners = owners;
	f->squeezers.zlib = squeeze_zlib_new();
	f->squeezers.zstd = squeeze_zstd_new();
	f->whole.owner_free = calloc(owners + 1, sizeof(f->whole.owner_free[0]));
	if (!f->squeezers.zlib || !f->squeezers.zstd || !f->whole.owner_free)
		return -ENOMEM;
	return tally_init(&f->tally, NULL, owners);
}

int forecaster_new(const struct cover *cover, unsigned owners, uint64_t seed,
		   const struct watch *watch, struct forecaster **forecaster, struct error *err)
{
	struct forecaster *f = calloc(1, sizeof(*f));
	struct pass pass = { .f = f, .watch = watch, .err = err, .ready = measure_unit,
			     .skip = measure_many };
	int rc;

	if (!f)
		return error_set(err, WHY_MEMORY, ENOMEM, cover->disk->name);
	f->cover = *cover;
	rc = begin(f, owners);
	if (rc)
		error_set(err, WHY_MEMORY, -rc, cover->disk->name);
	else
		rc = pass_run(&pass);
	if (rc) {
		forecaster_free(f);
		return rc;
	}
	for (int i = 0; i < FORECAST_COUNT; i++)
		end_stretch(&pass, i);
	shuffle_init(&f->shuffle, f->whole.units, seed);
	*forecaster = f;
	return 0;
}

void forecaster_free(struct forecaster *f)
{
	if (!f)
		return;
	squeeze_zlib_free(f->squeezers.zlib);
	squeeze_zstd_free(f->squeezers.zstd);
	free(f->whole.owner_free);
	tally_free(&f->tally);
	free(f);
}

uint64_t forecaster_present(const struct forecaster *f)
{
	return f->whole.bytes[0] + f->whole.bytes[1];
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t *draw(const struct forecaster *f, size_t n)
{
	uint64_t *wanted = calloc(n, sizeof(*wanted));

	for (size_t i = 0; wanted && i < n; i++)
		wanted[i] = shuffle_at(&f->shuffle, f->drawn + i);
	if (wanted)
		qsort(wanted, n, sizeof(wanted[0]), compare);
	return wanted;
}

int forecaster_more(struct forecaster *f, size_t units, const struct watch *watch,
		    struct error *err)
{
	struct pass p = { .f = f, .watch = watch, .err = err, .ready = read_unit, .skip = pass_by,
			  .n = units };
	bool all = units >= f->whole.units - f->drawn;
	int rc;

	if (f->all)
		return 1;
	if (tally_init(&p.tally, all ? NULL : &f->tally, f->owners) < 0)
		return error_set(err, WHY_MEMORY, ENOMEM, f->cover.disk->name);
	p.wanted = all ? NULL : draw(f, units);
	if (!all && !p.wanted)
		rc = error_set(err, WHY_MEMORY, ENOMEM, f->cover.disk->name);
	else
		rc = pass_run(&p);
	/* A mounted filesystem may have less to read than it had. */
	if (rc == 1 && !all)
		rc = 0;
	free(p.wanted);
	if (rc) {
		tally_free(&p.tally);
		return rc;
	}
	tally_free(&f->tally);
	f->tally = p.tally;
	f->drawn += all ? 0 : units;
	f->all = all;
	return all;
}
