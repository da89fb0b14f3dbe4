/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_IO_FAULT_H
#define ACHICA_TESTS_LIB_IO_FAULT_H

#include "base/io.h"

/* Which calls may fail; the bits can be joined. */
enum io_fault_op {
	IO_FAULT_READ = 1,
	IO_FAULT_WRITE = 2,
	IO_FAULT_ZERO = 4,
	IO_FAULT_PUNCH = 8,
	IO_FAULT_NEXT_DATA = 16,
	IO_FAULT_FLUSH = 32,
	IO_FAULT_ALL = 63,
};

/*
 * A layer over parent (not owned, must outlive it) whose nth call (from 1; 0 is never) among ops
 * fails with -errnum, without reaching parent. For a sweep: n = 1, 2, 3 ... until io_fault_hit
 * says that there was no such call.
 */
struct io *io_fault_new(struct io *parent, unsigned ops, uint64_t nth, int errnum);

/* From now on every call of ops that touches bad fails too; one range at a time. */
void io_fault_range(struct io *io, struct extent bad);

/* Whether a call was made to fail, and how many calls among ops there were. */
bool io_fault_hit(const struct io *io);
uint64_t io_fault_calls(const struct io *io);

#endif
