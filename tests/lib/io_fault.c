/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/* A layer that fails on request: the nth call of some kinds, or all that touch a bad range. */
#include <errno.h>
#include <stdlib.h>

#include "tests/lib/io_fault.h"

struct io_fault {
	struct io io;
	struct io *parent;
	unsigned ops;
	uint64_t nth;
	int errnum;
	struct extent bad;
	uint64_t calls;
	bool hit;
};

/* 0 to go on, or the negative errno of a fault. */
static int fault(struct io *io, enum io_fault_op op, struct extent e)
{
	struct io_fault *f = (struct io_fault *)io;

	if (!(f->ops & op))
		return 0;
	f->calls++;
	if (f->calls != f->nth && !extent_overlaps(e, f->bad))
		return 0;
	f->hit = true;
	return -f->errnum;
}

static int fault_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	int rc = fault(io, IO_FAULT_READ, (struct extent){ at, len });

	return rc ? rc : io_read(((struct io_fault *)io)->parent, at, buf, len);
}

static int fault_write(struct io *io, uint64_t at, const void *buf, size_t len)
{
	int rc = fault(io, IO_FAULT_WRITE, (struct extent){ at, len });

	return rc ? rc : io_write(((struct io_fault *)io)->parent, at, buf, len);
}

static int fault_zero(struct io *io, struct extent e)
{
	int rc = fault(io, IO_FAULT_ZERO, e);

	return rc ? rc : io_zero(((struct io_fault *)io)->parent, e);
}

static int fault_punch(struct io *io, struct extent e)
{
	int rc = fault(io, IO_FAULT_PUNCH, e);

	return rc ? rc : io_punch(((struct io_fault *)io)->parent, e);
}

static int fault_next_data(struct io *io, uint64_t from, struct extent *data)
{
	int rc = fault(io, IO_FAULT_NEXT_DATA, (struct extent){ from, 1 });

	return rc ? rc : io_next_data(((struct io_fault *)io)->parent, from, data);
}

static int fault_flush(struct io *io)
{
	int rc = fault(io, IO_FAULT_FLUSH, (struct extent){ 0, 0 });

	return rc ? rc : io_flush(((struct io_fault *)io)->parent);
}

static void fault_close(struct io *io)
{
	free(io);
}

static const struct io_ops fault_ops = {
	.read = fault_read,
	.write = fault_write,
	.zero = fault_zero,
	.punch = fault_punch,
	.next_data = fault_next_data,
	.flush = fault_flush,
	.close = fault_close,
};

struct io *io_fault_new(struct io *parent, unsigned ops, uint64_t nth, int errnum)
{
	struct io_fault *f = calloc(1, sizeof *f);

	if (!f)
		abort();
	f->io = *parent;
	f->io.ops = &fault_ops;
	f->io.failure = (struct io_failure){ 0 };
	f->parent = parent;
	f->ops = ops;
	f->nth = nth;
	f->errnum = errnum;
	return &f->io;
}

void io_fault_range(struct io *io, struct extent bad)
{
	((struct io_fault *)io)->bad = bad;
}

bool io_fault_hit(const struct io *io)
{
	return ((const struct io_fault *)io)->hit;
}

uint64_t io_fault_calls(const struct io *io)
{
	return ((const struct io_fault *)io)->calls;
}
