/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/*
 * A sparse io in memory: a table of groups of pages, both made when first written to. Punching
 * frees whole pages and clears the ends; a page of zeros that was written is no hole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/io_mem.h"

#define GROUP 1024u /* pages */

struct io_mem {
	struct io io;
	unsigned char ***groups;
	uint64_t n_groups;
	uint64_t pages; /* allocated */
	unsigned flushes;
	bool can_zero;
	bool can_punch;
};

static void *need(void *memory)
{
	if (!memory) {
		fputs("io_mem: out of memory\n", stderr);
		abort();
	}
	return memory;
}

static unsigned char *page_find(const struct io_mem *m, uint64_t page)
{
	unsigned char **group = m->groups[page / GROUP];

	return group ? group[page % GROUP] : NULL;
}

static unsigned char *page_make(struct io_mem *m, uint64_t page)
{
	unsigned char ***group = &m->groups[page / GROUP];

	if (!*group)
		*group = need(calloc(GROUP, sizeof **group));
	if (!(*group)[page % GROUP]) {
		(*group)[page % GROUP] = need(calloc(1, IO_MEM_PAGE));
		m->pages++;
	}
	return (*group)[page % GROUP];
}

static void page_free(struct io_mem *m, uint64_t page)
{
	if (!page_find(m, page))
		return;
	free(m->groups[page / GROUP][page % GROUP]);
	m->groups[page / GROUP][page % GROUP] = NULL;
	m->pages--;
}

/* The bytes of [at, at + len) that lie in at's page. */
static size_t in_page(uint64_t at, uint64_t len)
{
	uint64_t room = IO_MEM_PAGE - at % IO_MEM_PAGE;

	return len < room ? (size_t)len : (size_t)room;
}

static void check(const struct io *io, uint64_t at, uint64_t len)
{
	if (at > io->size || len > io->size - at) {
		fputs("io_mem: a test leaves the io\n", stderr);
		abort();
	}
}

void io_mem_peek(struct io *io, uint64_t at, void *buf, size_t len)
{
	unsigned char *to = buf;

	check(io, at, len);
	while (len) {
		size_t n = in_page(at, len);
		const unsigned char *page = page_find((struct io_mem *)io, at / IO_MEM_PAGE);

		if (page)
			memcpy(to, page + at % IO_MEM_PAGE, n);
		else
			memset(to, 0, n);
		to += n;
		at += n;
		len -= n;
	}
}

void io_mem_poke(struct io *io, uint64_t at, const void *buf, size_t len)
{
	const unsigned char *from = buf;

	check(io, at, len);
	while (len) {
		size_t n = in_page(at, len);
		unsigned char *page = page_make((struct io_mem *)io, at / IO_MEM_PAGE);

		memcpy(page + at % IO_MEM_PAGE, from, n);
		from += n;
		at += n;
		len -= n;
	}
}

void io_mem_fill(struct io *io, struct extent e, unsigned char byte)
{
	check(io, e.start, e.len);
	while (e.len) {
		size_t n = in_page(e.start, e.len);

		memset(page_make((struct io_mem *)io, e.start / IO_MEM_PAGE) +
		       e.start % IO_MEM_PAGE, byte, n);
		e.start += n;
		e.len -= n;
	}
}

/* Clears e without making pages; with drop, whole pages become holes. */
static void clear(struct io_mem *m, struct extent e, bool drop)
{
	while (e.len) {
		size_t n = in_page(e.start, e.len);
		unsigned char *page = page_find(m, e.start / IO_MEM_PAGE);

		if (page && drop && n == IO_MEM_PAGE)
			page_free(m, e.start / IO_MEM_PAGE);
		else if (page)
			memset(page + e.start % IO_MEM_PAGE, 0, n);
		e.start += n;
		e.len -= n;
	}
}

static int mem_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	io_mem_peek(io, at, buf, len);
	return 0;
}

static int mem_write(struct io *io, uint64_t at, const void *buf, size_t len)
{
	io_mem_poke(io, at, buf, len);
	return 0;
}

static int mem_zero(struct io *io, struct extent e)
{
	struct io_mem *m = (struct io_mem *)io;

	if (!m->can_zero)
		return -EOPNOTSUPP;
	clear(m, e, false);
	return 0;
}

static int mem_punch(struct io *io, struct extent e)
{
	struct io_mem *m = (struct io_mem *)io;

	if (!m->can_punch)
		return -EOPNOTSUPP;
	clear(m, e, true);
	return 0;
}

/* The first page at or after page that is there (or is not), at most the number of pages. */
static uint64_t page_next(const struct io_mem *m, uint64_t page, bool there)
{
	uint64_t end = (m->io.size + IO_MEM_PAGE - 1) / IO_MEM_PAGE;

	while (page < end && (page_find(m, page) != NULL) != there) {
		if (there && !m->groups[page / GROUP])
			page = (page / GROUP + 1) * GROUP;
		else
			page++;
	}
	return page < end ? page : end;
}

static int mem_next_data(struct io *io, uint64_t from, struct extent *data)
{
	const struct io_mem *m = (struct io_mem *)io;
	uint64_t first = page_next(m, from / IO_MEM_PAGE, true);
	uint64_t start = first * IO_MEM_PAGE;
	uint64_t end = page_next(m, first, false) * IO_MEM_PAGE;

	if (start < from)
		start = from;
	if (start >= io->size)
		return 1;
	if (end > io->size)
		end = io->size;
	*data = (struct extent){ start, end - start };
	return 0;
}

static int mem_flush(struct io *io)
{
	((struct io_mem *)io)->flushes++;
	return 0;
}

static void mem_close(struct io *io)
{
	struct io_mem *m = (struct io_mem *)io;

	for (uint64_t g = 0; g < m->n_groups; g++) {
		for (uint64_t p = 0; m->groups[g] && p < GROUP; p++)
			free(m->groups[g][p]);
		free(m->groups[g]);
	}
	free(m->groups);
	free(m);
}

static const struct io_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.zero = mem_zero,
	.punch = mem_punch,
	.next_data = mem_next_data,
	.flush = mem_flush,
	.close = mem_close,
};

struct io *io_mem_new(uint64_t size)
{
	struct io_mem *m = need(calloc(1, sizeof *m));

	m->n_groups = size / (GROUP * IO_MEM_PAGE) + 1;
	m->groups = need(calloc(m->n_groups, sizeof *m->groups));
	m->can_zero = true;
	m->can_punch = true;
	m->io = (struct io){ .ops = &mem_ops, .name = "memory", .size = size, .sector = 512,
			       .tells_holes = true };
	return &m->io;
}

struct io *io_mem_load(const char *path)
{
	static const unsigned char zero[IO_MEM_PAGE];
	unsigned char page[IO_MEM_PAGE];
	FILE *file = fopen(path, "rb");
	struct io *io = NULL;
	uint64_t at = 0;
	size_t n;

	if (!file)
		return NULL;
	if (fseeko(file, 0, SEEK_END) == 0) {
		io = io_mem_new((uint64_t)ftello(file));
		rewind(file);
	}
	while (io && (n = fread(page, 1, sizeof page, file)) > 0) {
		if (memcmp(page, zero, n) != 0)
			io_mem_poke(io, at, page, n);
		at += n;
	}
	if (io && at != io->size) {
		io->ops->close(io);
		io = NULL;
	}
	fclose(file);
	return io;
}

void io_mem_can(struct io *io, bool zero, bool punch)
{
	struct io_mem *m = (struct io_mem *)io;

	m->can_zero = zero;
	m->can_punch = punch;
}

uint64_t io_mem_allocated(const struct io *io)
{
	return ((const struct io_mem *)io)->pages * IO_MEM_PAGE;
}

unsigned io_mem_flushes(const struct io *io)
{
	return ((const struct io_mem *)io)->flushes;
}
