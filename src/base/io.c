/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The face of every io: bounds, read-only, and the first failure are kept here, once for all
 * layers; zeroing falls back to writing where a layer has nothing better.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/io.h"

/* Zeros written at once when an io cannot zero by itself. */
#define ZERO_CHUNK (1 * MIB)

static int remember(struct io *io, int result, uint64_t at, bool writing)
{
	if (result < 0 && result != -EOPNOTSUPP && io->failure.errnum == 0)
		io->failure = (struct io_failure){ -result, at, writing };
	return result;
}

static int check_range(struct io *io, uint64_t at, uint64_t len, bool writing)
{
	if (at > io->size || len > io->size - at)
		return remember(io, -EINVAL, at, writing);
	if (writing && io->read_only)
		return remember(io, -EROFS, at, writing);
	return 0;
}

int io_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	int r = check_range(io, at, len, false);

	if (r == 0 && io->ask)
		r = io->ask(io->ask_arg);
	if (r || len == 0)
		return r;
	return remember(io, io->ops->read(io, at, buf, len), at, false);
}

int io_write(struct io *io, uint64_t at, const void *buf, size_t len)
{
	int r = check_range(io, at, len, true);

	if (r < 0 || len == 0)
		return r;
	return remember(io, io->ops->write(io, at, buf, len), at, true);
}

static int write_zeros(struct io *io, struct extent e)
{
	size_t chunk = e.len < ZERO_CHUNK ? (size_t)e.len : (size_t)ZERO_CHUNK;
	void *zeros = NULL;
	int r = posix_memalign(&zeros, 4096, chunk);

	if (r)
		return -r;
	memset(zeros, 0, chunk);
	while (r == 0 && e.len > 0) {
		size_t n = e.len < chunk ? (size_t)e.len : chunk;

		r = io_write(io, e.start, zeros, n);
		e = (struct extent){ e.start + n, e.len - n };
	}
	free(zeros);
	return r;
}

int io_zero(struct io *io, struct extent e)
{
	int r = check_range(io, e.start, e.len, true);

	if (r < 0 || e.len == 0)
		return r;
	r = io->ops->zero ? remember(io, io->ops->zero(io, e), e.start, true) : -EOPNOTSUPP;
	return r == -EOPNOTSUPP ? write_zeros(io, e) : r;
}

int io_punch(struct io *io, struct extent e)
{
	int r = check_range(io, e.start, e.len, true);

	if (r < 0 || e.len == 0)
		return r;
	if (!io->ops->punch)
		return -EOPNOTSUPP;
	return remember(io, io->ops->punch(io, e), e.start, true);
}

int io_next_data(struct io *io, uint64_t from, struct extent *data)
{
	if (from >= io->size)
		return 1;
	if (io->ops->next_data)
		return remember(io, io->ops->next_data(io, from, data), from, false);
	*data = (struct extent){ from, io->size - from };
	return 0;
}

int io_flush(struct io *io)
{
	return io->ops->flush ? remember(io, io->ops->flush(io), ERROR_NOWHERE, true) : 0;
}

void io_expect(struct io *io, struct extent e)
{
	if (io->ops->expect && e.start <= io->size && e.len <= io->size - e.start)
		io->ops->expect(io, e);
}

void io_forget(struct io *io, struct extent e)
{
	if (io->ops->forget && e.start <= io->size && e.len <= io->size - e.start)
		io->ops->forget(io, e);
}

void io_close(struct io *io)
{
	if (io)
		io->ops->close(io);
}

int io_report(const struct io *io, enum why why, int errnum, struct error *err)
{
	const struct io_failure *f = &io->failure;

	if (f->errnum)
		return error_set_at(err, f->writing ? WHY_WRITE : WHY_READ, f->errnum, f->at,
				    io->name);
	return error_set(err, why, errnum, io->name);
}

int io_walk_data(struct io *io, struct extent e, extent_fn *fn, void *arg)
{
	while (e.len > 0) {
		struct extent data;
		int r = io_next_data(io, e.start, &data);

		if (r != 0)
			return r == 1 ? 0 : r;
		data = extent_clip(data, e);
		if (data.len == 0)
			return 0;
		r = fn(arg, data);
		if (r)
			return r;
		e = (struct extent){ extent_end(data), extent_end(e) - extent_end(data) };
	}
	return 0;
}
