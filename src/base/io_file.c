/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * An io over a block device or a regular file. What it can do is learnt from the first answer of
 * the kernel and kept for this handle alone: another device may know more.
 *
 * Punching a device means BLKZEROOUT without fallback, that is fallocate(PUNCH_HOLE) on it (Linux
 * 4.9, block/fops.c): it succeeds only where the device itself makes the range read as zero. A
 * plain discard promises nothing about what is read afterwards, so it is not used.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/io.h"
#include "base/stride.h"

/* Writes as large as this are sent on their way at once, bytes. */
#define WRITE_OUT (256 * 1024)

struct io_file {
	struct io io;
	int fd;
	bool device;
	bool can_punch;
	bool can_zero;
	bool can_seek_data;
	/* The last answer of SEEK_DATA, so that small steps ask once. Writing does not change it;
	   what is punched or zeroed, and all before, is cut off. */
	struct extent data;
	struct backlog backlog;
	int lost; /* the negative errno of what was written before, for the flush to tell; 0 none */
};

static struct io_file *of(struct io *io)
{
	return (struct io_file *)io;
}

static int file_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	unsigned char *p = buf;

	while (len > 0) {
		ssize_t n = pread(of(io)->fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* the file became shorter under us */
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int file_write(struct io *io, uint64_t at, const void *buf, size_t len)
{
	const unsigned char *p = buf;
	struct extent all = { at, len };
	int lost;

	while (len > 0) {
		ssize_t n = pwrite(of(io)->fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	/* A hint: on its way while we go on, the flush finds less to wait for. */
	if (all.len >= WRITE_OUT)
		sync_file_range(of(io)->fd, (off_t)all.start, (off_t)all.len,
				SYNC_FILE_RANGE_WRITE);
	lost = backlog_add(&of(io)->backlog, of(io)->fd, all);
	if (lost)
		of(io)->lost = lost;
	return 0;
}

/* The answers that mean "not here", as against a device that failed. */
static bool is_unsupported(int errnum)
{
	return errnum == EOPNOTSUPP || errnum == ENOSYS || errnum == ENOTTY || errnum == ENODEV;
}

/* What is known of the data ends where a hole may have been made. */
static void forget_data(struct io_file *f, struct extent e)
{
	if (extent_end(e) <= f->data.start)
		return;
	f->data = extent_clip(f->data, (struct extent){ extent_end(e),
							 f->io.size - extent_end(e) });
}

static int try_fallocate(struct io *io, bool *can, int mode, struct extent e)
{
	int r;

	if (!*can)
		return -EOPNOTSUPP;
	forget_data(of(io), e);
	do {
		r = fallocate(of(io)->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)e.start, (off_t)e.len);
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		return 0;
	if (!is_unsupported(errno))
		return -errno;
	*can = false;
	return -EOPNOTSUPP;
}

static int file_zero(struct io *io, struct extent e)
{
	return try_fallocate(io, &of(io)->can_zero, FALLOC_FL_ZERO_RANGE, e);
}

static int file_punch(struct io *io, struct extent e)
{
	return try_fallocate(io, &of(io)->can_punch, FALLOC_FL_PUNCH_HOLE, e);
}

static int file_next_data(struct io *io, uint64_t from, struct extent *data)
{
	struct io_file *f = of(io);
	struct extent known = extent_clip(f->data, (struct extent){ from, io->size - from });
	off_t start, end;

	if (known.len > 0 && f->data.start <= from) {
		*data = known;
		return 0;
	}
	if (!f->can_seek_data) {
		*data = (struct extent){ from, io->size - from };
		return 0;
	}
	start = lseek(f->fd, (off_t)from, SEEK_DATA);
	if (start < 0 && errno == ENXIO)
		return 1;
	if (start < 0 && (errno == EINVAL || is_unsupported(errno))) {
		f->can_seek_data = false;
		return file_next_data(io, from, data);
	}
	end = start < 0 ? -1 : lseek(f->fd, start, SEEK_HOLE);
	if (start < 0 || end < 0)
		return -errno;
	if ((uint64_t)start >= io->size)
		return 1;
	if ((uint64_t)end > io->size)
		end = (off_t)io->size;
	f->data = (struct extent){ (uint64_t)start, (uint64_t)(end - start) };
	*data = f->data;
	return 0;
}

static int file_flush(struct io *io)
{
	int lost = of(io)->lost;

	of(io)->lost = 0;
	return fsync(of(io)->fd) < 0 ? -errno : lost;
}

/* The kernel begins to read, and does not wait for it. */
static void file_expect(struct io *io, struct extent e)
{
	posix_fadvise(of(io)->fd, (off_t)e.start, (off_t)e.len, POSIX_FADV_WILLNEED);
}

/* Of pages which are dirty, the kernel only begins to write them (mm/fadvise.c). */
static void file_forget(struct io *io, struct extent e)
{
	posix_fadvise(of(io)->fd, (off_t)e.start, (off_t)e.len, POSIX_FADV_DONTNEED);
}

static void file_close(struct io *io)
{
	close(of(io)->fd);
	free((char *)io->name);
	free(io);
}

static const struct io_ops file_ops = {
	.read = file_read,
	.write = file_write,
	.zero = file_zero,
	.punch = file_punch,
	.next_data = file_next_data,
	.flush = file_flush,
	.expect = file_expect,
	.forget = file_forget,
	.close = file_close,
};

/*
 * Filesystems whose SEEK_DATA finds every hole. Others may call all of a sparse file data (NFS 3),
 * or some of it (ZFS, while it is dirty).
 */
static bool finds_holes(int fd)
{
	static const uint32_t magics[] = {
		0xef53,     /* ext2, ext3, ext4 */
		0x58465342, /* XFS */
		0x9123683e, /* btrfs */
		0xf2f52010, /* F2FS */
		0x01021994, /* tmpfs */
	};
	struct statfs sfs;

	if (fstatfs(fd, &sfs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if ((uint32_t)sfs.f_type == magics[i])
			return true;
	}
	return false;
}

/* Size and sector of what fd is open on; -ENOTBLK for what is neither device nor file. */
static int measure(struct io_file *f)
{
	struct stat st;
	int sector = 512;

	if (fstat(f->fd, &st) < 0)
		return -errno;
	f->device = S_ISBLK(st.st_mode);
	f->io.sector = 512;
	if (S_ISREG(st.st_mode)) {
		f->io.size = (uint64_t)st.st_size;
		f->io.tells_holes = finds_holes(f->fd);
		return 0;
	}
	if (!f->device)
		return -ENOTBLK;
	if (ioctl(f->fd, BLKGETSIZE64, &f->io.size) < 0 || ioctl(f->fd, BLKSSZGET, &sector) < 0)
		return -errno;
	if (sector > 0 && is_power_of_two((uint64_t)sector))
		f->io.sector = (uint32_t)sector;
	return 0;
}

int io_file_adopt(int fd, const char *name, bool write, struct io **io, struct error *err)
{
	struct io_file *f = calloc(1, sizeof(*f));
	int r = -ENOMEM;

	if (f)
		f->io.name = strdup(name);
	if (!f || !f->io.name)
		goto out;
	f->io.ops = &file_ops;
	f->io.read_only = !write;
	f->fd = fd;
	r = measure(f);
	if (r < 0)
		goto out;
	f->can_punch = true;
	f->can_zero = true;
	f->can_seek_data = !f->device;
	*io = &f->io;
	return 0;
out:
	if (f)
		free((char *)f->io.name);
	free(f);
	close(fd);
	return error_set(err, r == -ENOMEM ? WHY_MEMORY : WHY_OPEN, -r, name);
}

int io_file_open(const char *path, bool write, struct io **io, struct error *err)
{
	int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, WHY_OPEN, errno, path);
	return io_file_adopt(fd, path, write, io, err);
}

int io_file_allocated(struct io *io, uint64_t *bytes)
{
	struct stat st;

	if (io->ops != &file_ops || of(io)->device)
		return -ENOTSUP;
	if (fstat(of(io)->fd, &st) < 0)
		return -errno;
	*bytes = (uint64_t)st.st_blocks * 512;
	return 0;
}
