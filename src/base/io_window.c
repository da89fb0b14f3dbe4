/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Some extents of another io, in their order, seen as one: a partition has one, a logical volume
 * may have many. Places are found by bisection over the running sum of the parts.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/io.h"

struct part {
	uint64_t at;      /* first byte in the window */
	struct extent in; /* the bytes of the parent */
};

struct io_window {
	struct io io;
	struct io *parent;
	size_t n;
	struct part parts[];
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

static int each_piece(struct io *io, struct extent e, piece_fn *fn, void *arg)
{
	struct io_window *w = of(io);
	uint64_t done = 0;
	int r = 0;

	if (e.len == 0)
		return 0;
	for (size_t i = part_at(w, e.start); r == 0 && done < e.len; i++) {
		const struct part *p = &w->parts[i];
		uint64_t skip = e.start + done - p->at;
		uint64_t len = p->in.len - skip;

		if (len > e.len - done)
			len = e.len - done;
		r = fn(w->parent, (struct extent){ p->in.start + skip, len }, done, arg);
		done += len;
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
	return each_piece(io, e, zero_piece, NULL);
}

static int punch_piece(struct io *parent, struct extent piece, uint64_t done, void *arg)
{
	(void)done;
	(void)arg;
	return io_punch(parent, piece);
}

static int window_punch(struct io *io, struct extent e)
{
	return each_piece(io, e, punch_piece, NULL);
}

static int window_next_data(struct io *io, uint64_t from, struct extent *data)
{
	struct io_window *w = of(io);

	for (size_t i = part_at(w, from); i < w->n; i++) {
		const struct part *p = &w->parts[i];
		uint64_t skip = from > p->at ? from - p->at : 0;
		struct extent found;
		int r = io_next_data(w->parent, p->in.start + skip, &found);

		if (r < 0)
			return r;
		if (r == 0)
			found = extent_clip(found, p->in);
		if (r == 0 && found.len > 0) {
			*data = (struct extent){ p->at + (found.start - p->in.start), found.len };
			return 0;
		}
	}
	return 1;
}

static int window_flush(struct io *io)
{
	return io_flush(of(io)->parent);
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
	each_piece(io, e, forget_piece, NULL);
}

static void window_close(struct io *io)
{
	free(io);
}

static const struct io_ops window_ops = {
	.read = window_read,
	.write = window_write,
	.zero = window_zero,
	.punch = window_punch,
	.next_data = window_next_data,
	.flush = window_flush,
	.forget = window_forget,
	.close = window_close,
};

int io_window_new(struct io *parent, const struct extent *parts, size_t n, struct io **io)
{
	struct io_window *w = calloc(1, sizeof(*w) + n * sizeof(w->parts[0]));

	if (!w)
		return -ENOMEM;
	w->io = (struct io){
		.ops = &window_ops,
		.name = parent->name,
		.sector = parent->sector,
		.read_only = parent->read_only,
		.tells_holes = parent->tells_holes,
	};
	w->parent = parent;
	w->n = n;
	for (size_t i = 0; i < n; i++) {
		struct extent e = parts[i];

		if (e.len == 0 || e.start > parent->size || e.len > parent->size - e.start ||
		    e.len > UINT64_MAX - w->io.size) {
			free(w);
			return -EINVAL;
		}
		w->parts[i] = (struct part){ w->io.size, e };
		w->io.size += e.len;
	}
	*io = &w->io;
	return 0;
}
