/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_IO_TRACE_H
#define ACHICA_TESTS_LIB_IO_TRACE_H

#include "base/io.h"

enum io_trace_op {
	IO_TRACE_READ,
	IO_TRACE_WRITE,
	IO_TRACE_ZERO,
	IO_TRACE_PUNCH,
	IO_TRACE_NEXT_DATA, /* extent: what was found */
	IO_TRACE_FLUSH,
	IO_TRACE_COUNT,
};

struct io_trace_call {
	enum io_trace_op op;
	struct extent extent;
	int result;
};

/* A layer over parent (not owned, must outlive it) that notes each call. */
struct io *io_trace_new(struct io *parent);

/* The calls so far, in their order; valid until the next call or close. */
const struct io_trace_call *io_trace_calls(const struct io *io, size_t *n);

/* How many calls of op, and how many bytes they moved. */
size_t io_trace_count(const struct io *io, enum io_trace_op op);
uint64_t io_trace_bytes(const struct io *io, enum io_trace_op op);

/* How many calls changed something: write, zero, punch. */
size_t io_trace_changes(const struct io *io);

#endif
