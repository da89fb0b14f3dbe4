/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Some extents of another io, in their order, seen as one: a partition has one, a logical volume
 * may have many, and some of them side by side in stripes. Places are found by bisection over the
 * running sum of the parts; inside a part by arithmetic, so stripes cost no memory. What lies alone
 * is one stripe whose chunk is all of it.
 */

#include <errno.h>
#include <stdlib.h>

#include "achica/target.h"
#include "base/io.h"

/* Chunks of stripes that one answer of next_data joins, so that it takes no longer than reading. */
#define JOINED_MAX 1024

struct part {
	uint64_t at;      /* first byte in the window */
	uint64_t len;     /* bytes in the window */
	uint64_t chunk;   /* bytes of a stripe in turn */
	size_t stripes;
	const uint64_t *starts; /* of the stripes, in the parent */
};

struct io_window {
	struct io io;
	struct io *parent;
	size_t n;
	struct part *parts;
	uint64_t *starts;
	struct extent *found; /* room for the widest part, of window_next_data */
};

/* What to do with one piece of a range: its place in the parent, in the window, and its length. */
typedef int piece_fn(struct io *parent, struct extent piece, uint64_t done, void *arg);

static struct io_window *of(struct io *io)
{
	return (struct io_window *)io;
}

/* The index of the part which holds byte at, which is below the window's size. */
static size_t part_at(const struct io_window *w, uint64_t at)
{
	size_t low = 0;
	size_t high = w->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (w->parts[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* How many bytes of a stripe come before byte at of its part. */
static uint64_t before(const struct part *p, size_t stripe, uint64_t at)
{
	return extent_on_stripe(at, p->stripes, p->chunk, stripe);
}

/* The opposite: where in the part byte at of a stripe lies. */
static uint64_t part_byte(const struct part *p, size_t stripe, uint64_t at)
{
	return (at / p->chunk * p->stripes + stripe) * p->chunk + at % p->chunk;
}

/* The piece of the parent with byte at of the part, up to the end of its chunk. */
static struct extent chunk_at(const struct part *p, uint64_t at, size_t *stripe)
{
	*stripe = (size_t)(at / p->chunk % p->stripes);
	return (struct extent){ p->starts[*stripe] + before(p, *stripe, at),
				p->chunk - at % p->chunk };
}

static int each_piece(struct io *io, struct extent e, piece_fn *fn, void *arg)
{
	struct io_window *w = of(io);
	uint64_t done = 0;
	size_t i = part_at(w, e.start);
	int r = 0;

	while (r == 0 && done < e.len) {
		const struct part *p = &w->parts[i];
		uint64_t skip = e.start + done - p->at;
		struct extent piece;
		size_t stripe;

		if (skip == p->len) {
			i++;
			continue;
		}
		piece = chunk_at(p, skip, &stripe);
		if (piece.len > e.len - done)
			piece.len = e.len - done;
		r = fn(w->parent, piece, done, arg);
		done += piece.len;
	}
	return r;
}

/* What e, a range of the part, has on each of its stripes: where the order does not matter, this is
   in as few pieces as can be. */
static int each_stripe(struct io *parent, const struct part *p, struct extent e, piece_fn *fn)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->stripes; i++) {
		uint64_t from = before(p, i, e.start);
		uint64_t to = before(p, i, extent_end(e));

		if (to > from)
			r = fn(parent, (struct extent){ p->starts[i] + from, to - from }, 0, NULL);
	}
	return r;
}

static int each_run(struct io *io, struct extent e, piece_fn *fn)
{
	struct io_window *w = of(io);
	int r = 0;

	if (e.len == 0)
		return 0;
	for (size_t i = part_at(w, e.start); r == 0 && i < w->n; i++) {
		const struct part *p = &w->parts[i];
		struct extent in = extent_clip(e, (struct extent){ p->at, p->len });

		if (in.len == 0)
			break;
		in.start -= p->at;
		r = each_stripe(w->parent, p, in, fn);
	}
	return r;
}

static int read_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	return io_read(parent, piece.start, (unsigned char *)arg + done, (size_t)piece.len);
}

static int window_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	return each_piece(io, (struct extent){ at, len }, read_piece, buf);
}

static int write_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	return io_write(parent, piece.start, *(const unsigned char **)arg + done,
			(size_t)piece.len);
}

static int window_write(struct io *io, uint64_t at, const void *buf, size_t len)
{
	return each_piece(io, (struct extent){ at, len }, write_piece, &buf);
}

static int zero_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	(void)done;
	(void)arg;
	return io_zero(parent, piece);
}

static int window_zero(struct io *io, struct extent e)
{
	return each_run(io, e, zero_piece);
}

static int punch_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	(void)done;
	(void)arg;
	return io_punch(parent, piece);
}

static int window_punch(struct io *io, struct extent e)
{
	return each_run(io, e, punch_piece);
}

/* The first data of each stripe at or after byte at of the part, into w->found; *first is the byte
   of the part where the earliest begins, its length when there is none. */
static int find_data(struct io_window *w, const struct part *p, uint64_t at, uint64_t *first)
{
	*first = p->len;
	for (size_t i = 0; i < p->stripes; i++) {
		struct extent stripe = { p->starts[i], p->len / p->stripes };
		uint64_t from = p->starts[i] + before(p, i, at);
		uint64_t byte;
		int r = from < extent_end(stripe) ? io_next_data(w->parent, from, &w->found[i]) : 1;

		if (r < 0)
			return r;
		w->found[i] = r ? (struct extent){ 0, 0 } : extent_clip(w->found[i], stripe);
		if (w->found[i].len == 0)
			continue;
		byte = part_byte(p, i, w->found[i].start - p->starts[i]);
		if (byte < *first)
			*first = byte;
	}
	return 0;
}

/* How far from byte first of the part all is data by what find_data found. */
static uint64_t data_end(const struct io_window *w, const struct part *p, uint64_t first)
{
	uint64_t end = first;

	for (unsigned i = 0; i < JOINED_MAX && end < p->len; i++) {
		size_t stripe;
		struct extent piece = chunk_at(p, end, &stripe);
		struct extent in = extent_clip(piece, w->found[stripe]);

		if (in.len == 0 || in.start != piece.start)
			break;
		end += in.len;
		if (in.len < piece.len)
			break;
	}
	return end;
}

static int window_next_data(struct io *io, uint64_t from, struct extent *data)
{
	struct io_window *w = of(io);

	for (size_t i = part_at(w, from); i < w->n; i++) {
		const struct part *p = &w->parts[i];
		uint64_t first;
		int r = find_data(w, p, from > p->at ? from - p->at : 0, &first);

		if (r < 0)
			return r;
		if (first < p->len) {
			*data = (struct extent){ p->at + first, data_end(w, p, first) - first };
			return 0;
		}
	}
	return 1;
}

static int window_flush(struct io *io)
{
	return io_flush(of(io)->parent);
}

static int expect_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	(void)done;
	(void)arg;
	io_expect(parent, piece);
	return 0;
}

static void window_expect(struct io *io, struct extent e)
{
	each_run(io, e, expect_piece);
}

static int forget_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	(void)done;
	(void)arg;
	io_forget(parent, piece);
	return 0;
}

static void window_forget(struct io *io, struct extent e)
{
	each_run(io, e, forget_piece);
}

static void window_close(struct io *io)
{
	struct io_window *w = of(io);

	free(w->parts);
	free(w->starts);
	free(w->found);
	free(w);
}

static const struct io_ops window_ops = {
	.read = window_read,
	.write = window_write,
	.zero = window_zero,
	.punch = window_punch,
	.next_data = window_next_data,
	.flush = window_flush,
	.expect = window_expect,
	.forget = window_forget,
	.close = window_close,
};

static struct io_window *new_window(struct io *parent, size_t n)
{
	struct io_window *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->io = (struct io){
		.ops = &window_ops,
		.name = parent->name,
		.sector = parent->sector,
		.read_only = parent->read_only,
		.tells_holes = parent->tells_holes,
	};
	w->parent = parent;
	w->parts = calloc(n + 1, sizeof(*w->parts));
	w->starts = calloc(n + 1, sizeof(*w->starts));
	if (w->parts && w->starts)
		return w;
	window_close(&w->io);
	return NULL;
}

/* Whether s[0] and what lies beside it can be a part of the window, which is at long already. */
static bool fits(const struct io *parent, const struct stretch *s, size_t left, uint64_t at)
{
	if (s->stripes == 0 || s->stripes > left || s->in.len == 0 ||
	    s->in.len > (UINT64_MAX - at) / s->stripes)
		return false;
	if (s->stripes > 1 && (s->chunk == 0 || s->in.len % s->chunk != 0))
		return false;
	for (uint32_t i = 0; i < s->stripes; i++) {
		if (s[i].stripes != s->stripes || s[i].chunk != s->chunk ||
		    s[i].in.len != s->in.len || s[i].in.start > parent->size ||
		    s[i].in.len > parent->size - s[i].in.start)
			return false;
	}
	return true;
}

/* Adds the part of s[0] and what lies beside it; *widest is the most stripes of any part. */
static void add_part(struct io_window *w, const struct stretch *s, uint64_t *starts,
		     size_t *widest)
{
	for (uint32_t i = 0; i < s->stripes; i++)
		starts[i] = s[i].in.start;
	w->parts[w->n++] = (struct part){
		.at = w->io.size,
		.len = s->in.len * s->stripes,
		.chunk = s->stripes > 1 ? s->chunk : s->in.len,
		.stripes = s->stripes,
		.starts = starts,
	};
	w->io.size += s->in.len * s->stripes;
	if (*widest < s->stripes)
		*widest = s->stripes;
}

int io_window_segments(struct io *parent, const struct stretch *segments, size_t n,
		       struct io **io)
{
	struct io_window *w = new_window(parent, n);
	size_t widest = 1;
	int r = 0;

	if (!w)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i += segments[i].stripes) {
		if (!fits(parent, &segments[i], n - i, w->io.size))
			r = -EINVAL;
		else
			add_part(w, &segments[i], w->starts + i, &widest);
	}
	w->found = r == 0 ? calloc(widest, sizeof(*w->found)) : NULL;
	if (r == 0 && !w->found)
		r = -ENOMEM;
	if (r == 0)
		*io = &w->io;
	else
		window_close(&w->io);
	return r;
}

int io_window_new(struct io *parent, const struct extent *parts, size_t n, struct io **io)
{
	struct stretch *segments = calloc(n + 1, sizeof(*segments));
	int r;

	if (!segments)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		segments[i] = (struct stretch){ parts[i], 1, 0 };
	r = io_window_segments(parent, segments, n, io);
	free(segments);
	return r;
}

int io_window_target(struct io *path, const struct target *t, struct io **io)
{
	const struct extent window = { t->base, t->size };

	if (t->n_segments)
		return io_window_segments(path, t->segments, t->n_segments, io);
	return io_window_new(path, &window, 1, io);
}

struct placing {
	extent_fn *fn;
	void *arg;
};

static int place_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	const struct placing *p = arg;

	(void)parent;
	(void)done;
	return p->fn(p->arg, piece);
}

int io_window_place(struct io *io, struct extent e, extent_fn *fn, void *arg)
{
	struct placing p = { fn, arg };

	return io->ops == &window_ops ? each_piece(io, e, place_piece, &p) : fn(arg, e);
}
