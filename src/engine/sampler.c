/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The sampled estimate. What there is to read, all free space without the holes, is numbered
 * through as if it were one piece and cut into chunks. A shuffle draws chunks; each batch is sorted
 * and read in disk order in one walk of the map.
 *
 * Stale bytes in what was not read are estimated by the ratio of stale to read bytes; its variance
 * comes from whole chunks, since neighbours are alike, with the correction for a finite population
 * (Cochran, Sampling Techniques, 3rd edition, 6.3 and 9A). The interval is Wilson's for as many
 * independent chunks as would have that variance, which stays right near none and near all. Added
 * is what a sample cannot know: of a kind of chunk that it did not meet there may be 3 in n (the
 * rule of three). So the interval is wide, never empty, when all that was read was zero.
 *
 * Memory: one batch of 8 bytes for each chunk, at most BATCH_MAX, and the reader.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "achica/units.h"
#include "engine/present.h"
#include "engine/reader.h"
#include "engine/report.h"
#include "engine/shuffle.h"

#define CHUNK_MAX (256 * KIB)
#define CHUNK_MIN (4 * KIB)
#define CHUNKS_WANTED 4096    /* at least, where there is enough */
#define BATCH_MAX 65536
#define TICK_EVERY 4096       /* ranges of a walk that reads nothing */

/* Standard deviations: 97 %, so that what is called 95 % holds on uneven disks too. */
#define Z 2.17

/* Sums over the chunks drawn so far: x bytes were read of one, y of them are stale. */
struct sums {
	double n, xx, xy, yy;
	uint64_t x, y;
};

struct sampler {
	struct fs *fs;
	uint64_t free;
	uint64_t hole;
	uint64_t present;
	uint64_t chunk;    /* bytes of a chunk; the last one may be shorter */
	uint64_t drawn;    /* chunks */
	struct shuffle shuffle;
	struct sums sums;
};

/* The first walk. */
struct measure {
	struct sampler *s;
	const struct watch *watch;
	unsigned ranges;
};

static int measure_range(void *arg, struct extent e, bool hole)
{
	struct measure *m = arg;

	m->s->free += e.len;
	if (hole)
		m->s->hole += e.len;
	return ++m->ranges % TICK_EVERY == 0 ? report_tick(m->watch, e.start) : 0;
}

static uint64_t chunk_for(uint64_t present)
{
	uint64_t chunk = CHUNK_MAX;

	while (chunk > CHUNK_MIN && present / chunk < CHUNKS_WANTED)
		chunk /= 2;
	return chunk;
}

int sampler_new(struct fs *fs, uint64_t seed, const struct watch *watch, struct sampler **sampler,
		struct error *err)
{
	struct sampler *s = calloc(1, sizeof(*s));
	struct measure measure = { s, watch, 0 };
	int rc;

	if (!s)
		return error_set(err, WHY_MEMORY, ENOMEM, fs->io->name);
	s->fs = fs;
	rc = present_walk(fs, measure_range, &measure, err);
	if (rc) {
		free(s);
		return rc;
	}
	s->present = s->free - s->hole;
	s->chunk = chunk_for(s->present);
	shuffle_init(&s->shuffle, (s->present + s->chunk - 1) / s->chunk, seed);
	*sampler = s;
	return 0;
}

void sampler_free(struct sampler *s)
{
	free(s);
}

/* One batch: its chunks in disk order, and how far the walk has come. */
struct batch {
	struct sampler *s;
	struct reader *reader;
	const struct watch *watch;
	uint64_t *chunks;
	size_t n;
	size_t next;       /* the chunk that is met next by the walk */
	uint64_t at;       /* bytes of present space that the walk has passed */
	unsigned ranges;

	uint64_t x, y;     /* of the chunk that is being read: bytes read, stale bytes */
	struct sums sums;
};

/* The bytes of chunk i in the numbering of present space. */
static struct extent chunk_place(const struct sampler *s, uint64_t i)
{
	uint64_t start = i * s->chunk;
	uint64_t rest = s->present - start;

	return (struct extent){ start, rest < s->chunk ? rest : s->chunk };
}

static void sums_add(struct sums *sums, uint64_t x, uint64_t y)
{
	sums->n += x > 0;
	sums->x += x;
	sums->y += y;
	sums->xx += (double)x * (double)x;
	sums->xy += (double)x * (double)y;
	sums->yy += (double)y * (double)y;
}

static int batch_look(void *arg, struct extent piece, const unsigned char *bytes)
{
	struct batch *b = arg;
	uint64_t at = piece.start;
	struct extent run;

	while (stale_next(piece, bytes, at, &run)) {
		b->y += run.len;
		at = extent_end(run);
	}
	b->x += piece.len;
	return 0;
}

static int batch_end_chunk(struct batch *b)
{
	int rc = reader_finish(b->reader);

	sums_add(&b->sums, b->x, b->y);
	b->x = 0;
	b->y = 0;
	b->next++;
	return rc;
}

/* Reads what of the chunks lies in e. */
static int batch_range(void *arg, struct extent e, bool hole)
{
	struct batch *b = arg;
	struct extent here = { b->at, e.len };
	int rc = ++b->ranges % TICK_EVERY == 0 ? report_tick(b->watch, e.start) : 0;

	if (hole)
		return rc;
	while (rc == 0 && b->next < b->n) {
		struct extent chunk = chunk_place(b->s, b->chunks[b->next]);
		struct extent part = extent_clip(chunk, here);

		if (part.len == 0)
			break;
		rc = reader_add(b->reader,
				(struct extent){ e.start + (part.start - b->at), part.len });
		if (extent_end(part) < extent_end(chunk))
			break;
		if (rc == 0)
			rc = batch_end_chunk(b);
	}
	b->at += e.len;
	return rc == 0 && b->next == b->n ? 1 : rc;
}

static int compare_chunks(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void batch_draw(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		b->chunks[i] = shuffle_at(&b->s->shuffle, b->s->drawn + i);
	qsort(b->chunks, b->n, sizeof(b->chunks[0]), compare_chunks);
}

static int batch_read(struct batch *b, struct error *err)
{
	int rc = present_walk(b->s->fs, batch_range, b, err);

	if (b->next == b->n)
		return rc == 1 ? 0 : rc;
	/* A mounted filesystem has less free space than it had. */
	if (rc == 0)
		rc = batch_end_chunk(b);
	return rc;
}

/* A batch that was ended counts for nothing: its beginning is no random part of it. */
static void batch_take(struct batch *b)
{
	struct sums *sums = &b->s->sums;

	b->s->drawn += b->n;
	sums->n += b->sums.n;
	sums->x += b->sums.x;
	sums->y += b->sums.y;
	sums->xx += b->sums.xx;
	sums->xy += b->sums.xy;
	sums->yy += b->sums.yy;
}

static size_t batch_size(const struct sampler *s, size_t chunks)
{
	uint64_t left = s->shuffle.n - s->drawn;

	if (chunks > BATCH_MAX)
		chunks = BATCH_MAX;
	return left < chunks ? (size_t)left : chunks;
}

int sampler_more(struct sampler *s, size_t chunks, const struct watch *watch, struct error *err)
{
	struct batch b = { .s = s, .watch = watch, .n = batch_size(s, chunks) };
	int rc;

	if (b.n == 0)
		return s->drawn == s->shuffle.n;
	b.chunks = calloc(b.n, sizeof(b.chunks[0]));
	if (!b.chunks)
		return error_set(err, WHY_MEMORY, ENOMEM, s->fs->io->name);
	rc = reader_new(s->fs->io, watch, batch_look, &b, err, &b.reader);
	if (rc == 0) {
		batch_draw(&b);
		rc = batch_read(&b, err);
		reader_free(b.reader);
	}
	if (rc == 0)
		batch_take(&b);
	free(b.chunks);
	return rc ? rc : s->drawn == s->shuffle.n;
}

/* A share from 0 to 1 and its 95 % interval. */
struct share {
	double low, middle, high;
};

/* As many independent draws of all or nothing as would tell the share as well as these chunks. */
static double effective_draws(const struct sums *sums, double p, double unread)
{
	double sum = sums->yy - 2 * p * sums->xy + p * p * sums->xx;
	double mean = (double)sums->x / sums->n;
	double variance;

	if (sums->n < 2)
		return sums->n;
	variance = unread * sum / (sums->n - 1) / (sums->n * mean * mean);
	return variance > 0 ? p * (1 - p) / variance : HUGE_VAL;
}

static struct share wilson(double p, double draws, double z)
{
	double zz = z * z / draws;
	double middle = (p + zz / 2) / (1 + zz);
	double half = sqrt(p * (1 - p) * zz + zz * zz / 4) / (1 + zz);

	return (struct share){ middle - half, p, middle + half };
}

/* unread: the share of the present bytes that was not read. */
static struct share share_of(const struct sums *sums, double unread)
{
	double p = (double)sums->y / (double)sums->x;
	double unmet = 3 / sums->n * (1 + unread) / 2;
	struct share s = { p, p, p };

	if (p > 0 && p < 1) {
		/* Student's quantile, from 10 chunks on to the second digit. */
		double z = Z + 2.5 / (sums->n > 1 ? sums->n - 1 : 1);

		s = wilson(p, effective_draws(sums, p, unread), z);
	}
	s.low = fmin(s.low, p - unmet * p);
	s.high = fmax(s.high, p + unmet * (1 - p));
	return s;
}

/* share of present as bytes, of which y are certain and those of unread are not. */
static uint64_t share_bytes(double share, uint64_t present, uint64_t y, uint64_t unread)
{
	double bytes = share * (double)present;

	if (bytes <= (double)y)
		return y;
	return bytes >= (double)(y + unread) ? y + unread : (uint64_t)bytes;
}

void sampler_result(const struct sampler *s, struct estimate *e)
{
	const struct sums *sums = &s->sums;
	uint64_t unread = s->present > sums->x ? s->present - sums->x : 0;
	struct share share = { 0, 0, 1 };

	*e = (struct estimate){ .free = s->free, .hole = s->hole, .present = s->present };
	e->sampled = sums->x;
	e->known = unread == 0 || sums->x > 0;
	e->exact = unread == 0;
	if (!e->known)
		return;
	/* What is left when all was drawn cannot be read, and will not be zeroed. */
	if (s->drawn < s->shuffle.n)
		share = share_of(sums, (double)unread / (double)s->present);
	e->stale = share_bytes(share.middle, s->present, sums->y, unread);
	e->stale_low = share_bytes(share.low, s->present, sums->y, unread);
	e->stale_high = share_bytes(share.high, s->present, sums->y, unread);
	e->zero = s->present - e->stale;
}
