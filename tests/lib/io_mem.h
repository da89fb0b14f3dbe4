/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_IO_MEM_H
#define ACHICA_TESTS_LIB_IO_MEM_H

#include "base/io.h"

/*
 * An io in memory for tests: pages of IO_MEM_PAGE bytes, a page that was never written is a hole
 * and takes no memory, so 16 TiB with little in it is fine. It can read, write, zero, punch and
 * tell its holes, as a sparse image file does. Ends the test when memory runs out.
 */
#define IO_MEM_PAGE 4096u

/* All hole, sector 512, not read-only (set io->read_only to make it so). io_close frees. */
struct io *io_mem_new(uint64_t size);

/* One that holds the bytes of a file, zero pages as holes; NULL when it cannot be read. */
struct io *io_mem_load(const char *path);

/* What the host below cannot do; both are true after io_mem_new. */
void io_mem_can(struct io *io, bool zero, bool punch);

/* Behind the back of io_*: no checks of read_only, no counting. The range must be inside. */
void io_mem_poke(struct io *io, uint64_t at, const void *buf, size_t len);
void io_mem_peek(struct io *io, uint64_t at, void *buf, size_t len);
void io_mem_fill(struct io *io, struct extent e, unsigned char byte);

/* Bytes in pages that are no holes. */
uint64_t io_mem_allocated(const struct io *io);

/* How often io_flush came through. */
unsigned io_mem_flushes(const struct io *io);

#endif
