/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What the method write does, without anything else around it and with several requests in flight:
 * reads the "OFFSET LENGTH" lines of stdin from the file named, in pieces, past the page cache, and
 * writes zeros over each piece that is not zero. "threads N": N threads, each with a piece at a
 * time; "uring N": one thread with N pieces in an io_uring (linux/io_uring.h).
 */

#include <fcntl.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bytes.h"

#define PIECE (1 << 20)
#define MOST 64

struct piece {
	int64_t at;
	uint32_t len;
};

static struct piece *pieces;
static size_t n_pieces;
static atomic_size_t next_piece;
static void *zeros;
static int file;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *new_buffer(void)
{
	void *buf = aligned_alloc(4096, PIECE);

	if (!buf)
		die("memory");
	memset(buf, 0, PIECE);
	return buf;
}

static void read_map(void)
{
	int64_t at, left;
	size_t room = 0;

	while (scanf("%" SCNd64 " %" SCNd64, &at, &left) == 2) {
		for (; left > 0; at += PIECE, left -= PIECE) {
			uint32_t len = left < PIECE ? (uint32_t)left : PIECE;

			if (n_pieces == room)
				pieces = realloc(pieces, (room += 4096) * sizeof(*pieces));
			if (!pieces)
				die("memory");
			pieces[n_pieces++] = (struct piece){ at, len };
		}
	}
}

static void *work(void *unused)
{
	void *buf = new_buffer();
	size_t i;

	while ((i = atomic_fetch_add(&next_piece, 1)) < n_pieces) {
		const struct piece *p = &pieces[i];

		if (pread(file, buf, p->len, p->at) != (ssize_t)p->len)
			die("read");
		if (bytes_are_zero(buf, p->len))
			continue;
		if (pwrite(file, zeros, p->len, p->at) != (ssize_t)p->len)
			die("write");
	}
	free(buf);
	return unused;
}

static void by_threads(unsigned n)
{
	pthread_t threads[MOST];

	for (unsigned i = 0; i < n; i++) {
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			die("thread");
	}
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

struct ring {
	int fd;
	struct io_uring_params params;
	unsigned char *shared; /* both queues' heads and tails */
	struct io_uring_sqe *sqes;
	unsigned queued;
};

struct slot {
	void *buf;
	const struct piece *piece;
	int writing;
};

static void ring_open(struct ring *r, unsigned n)
{
	size_t size;

	r->fd = (int)syscall(SYS_io_uring_setup, n, &r->params);
	if (r->fd < 0 || !(r->params.features & IORING_FEAT_SINGLE_MMAP))
		die("io_uring_setup");
	size = r->params.cq_off.cqes + r->params.cq_entries * sizeof(struct io_uring_cqe);
	if (size < r->params.sq_off.array + r->params.sq_entries * sizeof(unsigned))
		size = r->params.sq_off.array + r->params.sq_entries * sizeof(unsigned);
	r->shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->params.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE,
		       MAP_SHARED, r->fd, IORING_OFF_SQES);
	if (r->shared == MAP_FAILED || r->sqes == MAP_FAILED)
		die("mmap");
}

static _Atomic unsigned *word(struct ring *r, unsigned offset)
{
	return (_Atomic unsigned *)(void *)(r->shared + offset);
}

static void ring_queue(struct ring *r, struct slot *slot, unsigned index)
{
	_Atomic unsigned *tail = word(r, r->params.sq_off.tail);
	unsigned at = atomic_load(tail) & atomic_load(word(r, r->params.sq_off.ring_mask));

	r->sqes[at] = (struct io_uring_sqe){
		.opcode = slot->writing ? IORING_OP_WRITE : IORING_OP_READ,
		.fd = file,
		.off = (uint64_t)slot->piece->at,
		.addr = (uint64_t)(uintptr_t)(slot->writing ? zeros : slot->buf),
		.len = slot->piece->len,
		.user_data = index,
	};
	atomic_store(word(r, r->params.sq_off.array + at * (unsigned)sizeof(unsigned)), at);
	atomic_fetch_add(tail, 1);
	r->queued++;
}

/* What the slot does after what it did; 0 when it has nothing left to do. */
static int slot_go_on(struct slot *slot)
{
	size_t i;

	if (slot->piece && !slot->writing && !bytes_are_zero(slot->buf, slot->piece->len)) {
		slot->writing = 1;
		return 1;
	}
	slot->writing = 0;
	i = atomic_fetch_add(&next_piece, 1);
	slot->piece = i < n_pieces ? &pieces[i] : NULL;
	return slot->piece != NULL;
}

/* Takes what has ended, and lets each slot go on. Returns how many slots have nothing left. */
static unsigned ring_reap(struct ring *r, struct slot *slots)
{
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(void *)(r->shared +
								     r->params.cq_off.cqes);
	_Atomic unsigned *head = word(r, r->params.cq_off.head);
	unsigned mask = atomic_load(word(r, r->params.cq_off.ring_mask));
	unsigned idle = 0;

	while (atomic_load(head) != atomic_load(word(r, r->params.cq_off.tail))) {
		const struct io_uring_cqe *cqe = &cqes[atomic_load(head) & mask];
		unsigned i = (unsigned)cqe->user_data;

		if (cqe->res != (int)slots[i].piece->len)
			die("io_uring");
		atomic_fetch_add(head, 1);
		if (slot_go_on(&slots[i]))
			ring_queue(r, &slots[i], i);
		else
			idle++;
	}
	return idle;
}

static void by_uring(unsigned n)
{
	struct ring ring = { 0 };
	struct slot slots[MOST] = { 0 };
	unsigned busy = 0;

	ring_open(&ring, n);
	for (unsigned i = 0; i < n; i++) {
		slots[i].buf = new_buffer();
		if (!slot_go_on(&slots[i]))
			continue;
		ring_queue(&ring, &slots[i], i);
		busy++;
	}
	while (busy > 0) {
		if (syscall(SYS_io_uring_enter, ring.fd, ring.queued, 1, IORING_ENTER_GETEVENTS,
			    NULL, 0) < 0)
			die("io_uring_enter");
		ring.queued = 0;
		busy -= ring_reap(&ring, slots);
	}
}

int main(int argc, char **argv)
{
	unsigned n = argc == 4 ? (unsigned)atoi(argv[2]) : 0;

	if (n < 1 || n > MOST || !strchr("tu", argv[1][0])) {
		fputs("usage: flight threads|uring N FILE <MAP\n", stderr);
		return 1;
	}
	file = open(argv[3], O_RDWR | O_DIRECT);
	if (file < 0)
		die(argv[3]);
	zeros = new_buffer();
	read_map();
	if (argv[1][0] == 't')
		by_threads(n);
	else
		by_uring(n);
	return fsync(file) < 0 || close(file) < 0;
}
