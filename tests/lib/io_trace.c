/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/* A layer that notes each call and its result, for tests of what was touched, and in what order. */
#include <stdlib.h>

#include "tests/lib/io_trace.h"

struct io_trace {
	struct io io;
	struct io *parent;
	struct io_trace_call *calls;
	size_t n;
	size_t room;
};

static int note(struct io *io, enum io_trace_op op, struct extent e, int result)
{
	struct io_trace *t = (struct io_trace *)io;

	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->calls = realloc(t->calls, t->room * sizeof *t->calls);
		if (!t->calls)
			abort();
	}
	t->calls[t->n++] = (struct io_trace_call){ op, e, result };
	return result;
}

static struct io *parent_of(struct io *io)
{
	return ((struct io_trace *)io)->parent;
}

static int trace_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	return note(io, IO_TRACE_READ, (struct extent){ at, len },
		    io_read(parent_of(io), at, buf, len));
}

static int trace_write(struct io *io, uint64_t at, const void *buf, size_t len)
{
	return note(io, IO_TRACE_WRITE, (struct extent){ at, len },
		    io_write(parent_of(io), at, buf, len));
}

static int trace_zero(struct io *io, struct extent e)
{
	return note(io, IO_TRACE_ZERO, e, io_zero(parent_of(io), e));
}

static int trace_punch(struct io *io, struct extent e)
{
	return note(io, IO_TRACE_PUNCH, e, io_punch(parent_of(io), e));
}

static int trace_next_data(struct io *io, uint64_t from, struct extent *data)
{
	int rc = io_next_data(parent_of(io), from, data);

	return note(io, IO_TRACE_NEXT_DATA, rc ? (struct extent){ from, 0 } : *data, rc);
}

static int trace_flush(struct io *io)
{
	return note(io, IO_TRACE_FLUSH, (struct extent){ 0, 0 }, io_flush(parent_of(io)));
}

static void trace_close(struct io *io)
{
	free(((struct io_trace *)io)->calls);
	free(io);
}

static const struct io_ops trace_ops = {
	.read = trace_read,
	.write = trace_write,
	.zero = trace_zero,
	.punch = trace_punch,
	.next_data = trace_next_data,
	.flush = trace_flush,
	.close = trace_close,
};

struct io *io_trace_new(struct io *parent)
{
	struct io_trace *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	t->io = *parent;
	t->io.ops = &trace_ops;
	t->io.failure = (struct io_failure){ 0 };
	t->parent = parent;
	return &t->io;
}

const struct io_trace_call *io_trace_calls(const struct io *io, size_t *n)
{
	const struct io_trace *t = (const struct io_trace *)io;

	*n = t->n;
	return t->calls;
}

size_t io_trace_count(const struct io *io, enum io_trace_op op)
{
	const struct io_trace *t = (const struct io_trace *)io;
	size_t count = 0;

	for (size_t i = 0; i < t->n; i++)
		count += t->calls[i].op == op;
	return count;
}

uint64_t io_trace_bytes(const struct io *io, enum io_trace_op op)
{
	const struct io_trace *t = (const struct io_trace *)io;
	uint64_t bytes = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->calls[i].op == op && t->calls[i].result == 0)
			bytes += t->calls[i].extent.len;
	}
	return bytes;
}

size_t io_trace_changes(const struct io *io)
{
	return io_trace_count(io, IO_TRACE_WRITE) + io_trace_count(io, IO_TRACE_ZERO) +
	       io_trace_count(io, IO_TRACE_PUNCH);
}
