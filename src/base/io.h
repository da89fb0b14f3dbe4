/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_BASE_IO_H
#define ACHICA_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "achica/error.h"
#include "achica/extent.h"

/*
 * Bytes: a block device, an image file, or a layer over another io (window, fault injection,
 * trace, memory). All have the same face, so nobody knows what he stands on.
 *
 * Not for two threads at a time, except that two ios over one file are independent.
 */
struct io;

struct io_ops {
	/* All or nothing: 0, or negative errno. The range is inside [0, size), checked by io_*. */
	int (*read)(struct io *io, uint64_t at, void *buf, size_t len);
	int (*write)(struct io *io, uint64_t at, const void *buf, size_t len);
	/* Makes the range read as zero by the cheapest way that keeps it allocated or not as the
	   host likes. NULL or -EOPNOTSUPP: io_zero writes zeros. */
	int (*zero)(struct io *io, struct extent e);
	/* Gives the range back to the host; afterwards it reads as zero. NULL or -EOPNOTSUPP: it
	   cannot. */
	int (*punch)(struct io *io, struct extent e);
	/* The first run at or after from that may hold something else than a hole. 0 and *data; 1
	   when there is none. NULL: all is data. */
	int (*next_data)(struct io *io, uint64_t from, struct extent *data);
	/* What was written is on the medium. */
	int (*flush)(struct io *io);
	/* A hint, NULL is fine: e will be read soon, and can come in meanwhile. */
	void (*expect)(struct io *io, struct extent e);
	/* Another: nobody will want e again soon. */
	void (*forget)(struct io *io, struct extent e);
	void (*close)(struct io *io);
};

/* The first failure of an io: foreign libraries lose it, so it is kept here. */
struct io_failure {
	int errnum;    /* positive; 0 none yet */
	uint64_t at;   /* byte in this io */
	bool writing;
};

struct io {
	const struct io_ops *ops;
	const char *name;   /* for messages; lives as long as the io */
	uint64_t size;      /* bytes */
	uint32_t sector;    /* the smallest write that needs no read; a power of two */
	bool read_only;
	bool tells_holes;   /* next_data leaves out all that takes no space on the host */
	struct io_failure failure;
	/* NULL, or asked before each read: what is not 0 is returned, and nothing is read. Here
	   waits and ends whoever uses a library that reads much and tells nothing meanwhile. */
	int (*ask)(void *arg);
	void *ask_arg;
};

/* Out of range is -EINVAL and a failure; on a read-only io the writing ones are -EROFS. */
int io_read(struct io *io, uint64_t at, void *buf, size_t len);
int io_write(struct io *io, uint64_t at, const void *buf, size_t len);
int io_zero(struct io *io, struct extent e);
int io_punch(struct io *io, struct extent e);
int io_next_data(struct io *io, uint64_t from, struct extent *data);
int io_flush(struct io *io);
void io_expect(struct io *io, struct extent e);
void io_forget(struct io *io, struct extent e); /* starts writing e out; its cache may go */
void io_close(struct io *io); /* NULL is fine */

/* Fills err with the first failure of io (WHY_READ or WHY_WRITE, byte, name) or, when it has
   none, with why and errnum. Returns the negative errno. */
int io_report(const struct io *io, enum why why, int errnum, struct error *err);

/* Calls fn with the parts of e that may hold data, in order; holes are left out. */
int io_walk_data(struct io *io, struct extent e, extent_fn *fn, void *arg);

/*
 * A block device or regular file. io_file_open opens path (O_RDONLY, or O_RDWR with write);
 * io_file_adopt takes over fd, which is open on it. name is copied. Closing closes fd.
 */
int io_file_open(const char *path, bool write, struct io **io, struct error *err);
int io_file_adopt(int fd, const char *name, bool write, struct io **io, struct error *err);

/* Bytes the file takes on its host (st_blocks), 0 and *bytes; -ENOTSUP for a device. */
int io_file_allocated(struct io *io, uint64_t *bytes);

/*
 * Some extents of parent, in their order, seen as one io. parent must outlive it and is not
 * closed with it. The extents are copied. -EINVAL if one leaves parent.
 */
int io_window_new(struct io *parent, const struct extent *parts, size_t n, struct io **io);

/* The same of segments, as a logical volume has them. -EINVAL also for stripes that do not fit. */
int io_window_segments(struct io *parent, const struct stretch *segments, size_t n,
		       struct io **io);

/* The window of a target, on its path. */
struct target;
int io_window_target(struct io *path, const struct target *t, struct io **io);

/* Calls fn with the bytes of the parent behind e, in the window's order; of an io which is no
   window with e itself. A non-zero result ends it and is returned. */
int io_window_place(struct io *io, struct extent e, extent_fn *fn, void *arg);

#endif
