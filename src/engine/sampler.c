/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The sampled estimate. Free space that is no hole is numbered through, and cut into chunks of the
 * same size; a keyed permutation of the chunk numbers, computed and not stored, is the random
 * order, so no chunk is drawn twice. Each batch takes the next numbers, sorts them, and walks the
 * map once, reading the chunks as the walk passes them, in the order of the disk.
 *
 * Neighbouring blocks are alike, so the chunk is what varies, not the block: the estimate is the
 * ratio of stale to read bytes, its variance comes from the chunks' totals, with the correction
 * for a finite population (W. G. Cochran, Sampling Techniques, 3rd ed., 6.4 and 9A.3). A sample
 * that is all stale or all zero has no variance of its own: there the rule of three bounds it, and
 * the interval is never narrower than what one chunk more could tell.
 *
 * Memory: the numbers of one batch and one chunk.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "engine/pieces.h"

#define CHUNK_MAX (256 * KIB)
/* So many chunks at least, where units allow it: below some hundred the interval means little. */
#define CHUNKS_WANTED 4096
#define GRAIN_MAX (4 * KIB)

#define BATCH_MAX 65536

/* Two-sided 95 % of the normal distribution. */
#define Z 1.96
/* ln(1/0.05): the rule of three. */
#define RULE_OF_THREE 3.0

#define ROUNDS 4

struct sampler {
	struct fs *fs;
	uint64_t key;
	uint64_t chunk;   /* bytes */
	uint64_t grain;
	uint64_t chunks;  /* how many there are */
	uint64_t drawn;   /* how many were read: the next to draw */
	unsigned half;    /* bits of half a permuted number */
	struct estimate sum;
	/* Of the chunks read: bytes read m, stale bytes y. */
	uint64_t n;
	double sum_m, sum_y, sum_mm, sum_yy, sum_my;
	unsigned char *buf;

	/* The batch at work. */
	uint64_t *wanted; /* chunk numbers, ascending */
	size_t wanted_n;
	size_t next;
	uint64_t passed;  /* bytes of present free space that the walk has passed */
	uint64_t chunk_read, chunk_stale;
	const struct watch *watch;
	struct error *err;
};

/* A mixing of bits, splitmix64's finaliser (S. Vigna, public domain). */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* A Feistel network permutes [0, 2^2half); what falls outside the chunks is permuted again. */
static uint64_t permute(const struct sampler *s, uint64_t number)
{
	uint64_t mask = (UINT64_C(1) << s->half) - 1;

	do {
		uint64_t left = number >> s->half;
		uint64_t right = number & mask;

		for (unsigned round = 0; round < ROUNDS; round++) {
			uint64_t next = left ^ (mix(right + s->key + round * UINT64_C(0x9e3779b97f4a7c15)) & mask);

			left = right;
			right = next;
		}
		number = left << s->half | right;
	} while (number >= s->chunks);
	return number;
}

static int count_piece(void *arg, struct extent e, bool hole)
{
	struct sampler *s = arg;

	s->sum.free += e.len;
	if (hole)
		s->sum.hole += e.len;
	else
		s->sum.present += e.len;
	return watch_did(s->watch, DID_HOLE, (struct extent){ e.start, hole ? e.len : 0 });
}

/* Chunks small enough that there are many, whole units each. */
static void set_chunks(struct sampler *s)
{
	uint64_t unit = s->fs->unit;

	s->chunk = s->sum.present / CHUNKS_WANTED / unit * unit;
	if (s->chunk < unit)
		s->chunk = unit;
	if (s->chunk > CHUNK_MAX)
		s->chunk = unit > CHUNK_MAX ? unit : CHUNK_MAX / unit * unit;
	s->chunks = s->sum.present / s->chunk + (s->sum.present % s->chunk != 0);
	for (s->half = 1; s->half < 32 && UINT64_C(1) << 2 * s->half < s->chunks;)
		s->half++;
}

int sampler_new(struct fs *fs, uint64_t seed, const struct watch *watch, struct sampler **sampler,
		struct error *err)
{
	struct sampler *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	s->fs = fs;
	s->key = mix(seed + 1);
	s->watch = watch;
	s->grain = fs->unit < GRAIN_MAX ? fs->unit : GRAIN_MAX;
	r = pieces_walk(fs, UINT64_MAX, count_piece, s, err);
	if (r)
		goto out;
	set_chunks(s);
	s->buf = malloc((size_t)s->chunk);
	r = s->buf ? 0 : error_set(err, WHY_MEMORY, ENOMEM, NULL);
	if (r)
		goto out;
	*sampler = s;
	return 0;
out:
	sampler_free(s);
	return r;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* A chunk has been read: its totals. */
static void note_chunk(struct sampler *s)
{
	double m = (double)s->chunk_read;
	double y = (double)s->chunk_stale;

	s->n++;
	s->sum_m += m;
	s->sum_y += y;
	s->sum_mm += m * m;
	s->sum_yy += y * y;
	s->sum_my += m * y;
	s->sum.sampled += s->chunk_read;
	s->chunk_read = s->chunk_stale = 0;
	s->next++;
}

static int read_part(struct sampler *s, struct extent e)
{
	int r = io_read(s->fs->io, e.start, s->buf, (size_t)e.len);

	if (r < 0) {
		struct error failure;

		error_clear(&failure);
		error_set_at(&failure, WHY_READ, -r, e.start, s->fs->io->name);
		return watch_failed(s->watch, &failure, e, s->err);
	}
	for (uint64_t at = 0; at < e.len; at += s->grain) {
		uint64_t n = e.len - at < s->grain ? e.len - at : s->grain;

		if (!bytes_are_zero(s->buf + at, (size_t)n))
			s->chunk_stale += n;
	}
	s->chunk_read += e.len;
	return watch_did(s->watch, DID_READ, e);
}

/* Ends the walk of a batch when its last chunk was read; no other layer uses it. */
#define BATCH_DONE 1

/* A piece covers [passed, passed + len) of the numbered space: the wanted chunks in it are read. */
static int sample_piece(void *arg, struct extent e, bool hole)
{
	struct sampler *s = arg;
	struct extent here = { s->passed, e.len };

	if (hole)
		return 0;
	s->passed += e.len;
	while (s->next < s->wanted_n) {
		struct extent chunk = { s->wanted[s->next] * s->chunk, s->chunk };
		struct extent part = extent_clip(chunk, here);
		int r;

		if (part.len == 0)
			return 0;
		part.start = e.start + (part.start - here.start);
		r = read_part(s, part);
		if (r)
			return r;
		if (extent_end(chunk) > s->passed && s->passed < s->sum.present)
			return 0; /* the rest of this chunk is in the next piece */
		note_chunk(s);
	}
	return BATCH_DONE;
}

static int draw(struct sampler *s, size_t n)
{
	s->wanted = calloc(n, sizeof(*s->wanted));
	if (!s->wanted)
		return error_set(s->err, WHY_MEMORY, ENOMEM, NULL);
	for (size_t i = 0; i < n; i++)
		s->wanted[i] = permute(s, s->drawn + i);
	qsort(s->wanted, n, sizeof(*s->wanted), ascending);
	s->wanted_n = n;
	s->next = 0;
	s->passed = 0;
	s->chunk_read = s->chunk_stale = 0;
	return 0;
}

int sampler_more(struct sampler *s, size_t chunks, const struct watch *watch, struct error *err)
{
	uint64_t left = s->chunks - s->drawn;
	size_t n = chunks < BATCH_MAX ? chunks : BATCH_MAX;
	int r;

	if (n > left)
		n = (size_t)left;
	if (n == 0)
		return left == 0;
	s->watch = watch;
	s->err = err;
	r = draw(s, n);
	if (r == 0)
		r = pieces_walk(s->fs, UINT64_MAX, sample_piece, s, err);
	free(s->wanted);
	s->wanted = NULL;
	if (r == BATCH_DONE)
		r = 0;
	if (r)
		return r;
	s->drawn += n;
	return s->drawn == s->chunks;
}

/* Half the width of the 95 % interval, as a part of present. */
static double half_width(const struct sampler *s, double ratio)
{
	double n = (double)s->n;
	double left = 1 - s->sum_m / (double)s->sum.present;
	double mean = s->sum_m / n;
	double squares = s->sum_yy - 2 * ratio * s->sum_my + ratio * ratio * s->sum_mm;
	double variance = n > 1 ? left * squares / (n - 1) / (n * mean * mean) : 0;
	double least = RULE_OF_THREE / n * left;
	double half = Z * sqrt(variance > 0 ? variance : 0);

	return half > least ? half : least;
}

static uint64_t clamp(double bytes, uint64_t low, uint64_t high)
{
	if (bytes <= (double)low)
		return low;
	return bytes >= (double)high ? high : (uint64_t)bytes;
}

void sampler_result(const struct sampler *s, struct estimate *estimate)
{
	struct estimate e = s->sum;
	double present = (double)e.present;
	double ratio, half;
	/* What was seen is certain: stale is at least that, and at most all but the zeros seen. */
	uint64_t seen_stale = (uint64_t)s->sum_y;
	uint64_t may_be_stale = e.present - (uint64_t)(s->sum_m - s->sum_y);

	e.known = s->n > 0 || e.present == 0;
	e.exact = (uint64_t)s->sum_m == e.present;
	if (e.exact || s->n == 0) {
		e.stale = e.stale_low = e.stale_high = seen_stale;
		e.zero = e.present - e.stale;
		*estimate = e;
		return;
	}
	ratio = s->sum_m > 0 ? s->sum_y / s->sum_m : 0;
	half = s->sum_m > 0 ? half_width(s, ratio) : 1;
	e.stale = clamp(ratio * present, seen_stale, may_be_stale);
	e.stale_low = clamp((ratio - half) * present, seen_stale, e.stale);
	e.stale_high = clamp((ratio + half) * present, e.stale, may_be_stale);
	e.zero = e.present - e.stale;
	*estimate = e;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	free(s->buf);
	free(s->wanted);
	free(s);
}
