/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The files of a fill, and the balance between what they hold and what the filesystem must keep
 * free for others. What was zeroed is given back first: it has served its purpose.
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "achica/units.h"
#include "engine/fill_file.h"
#include "engine/fill_impl.h"
#include "engine/mounted.h"

#define FUSE_SUPER_MAGIC 0x65735546 /* linux/magic.h of 5.18 and newer */

#define FLUSH_EVERY (128 * MIB)
#define PUSH_EVERY (16 * MIB)
#define GIVE_AT_LEAST (16 * MIB)
/* Left above the reserve, for what the filesystem notes about the file itself. */
#define MARGIN (1 * MIB)

bool fill_is_end(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT || errnum == EMFILE || errnum == ENFILE;
}

int fill_next_file(struct fill *f)
{
	struct statfs sfs;
	int fd = f->n < FILL_FILES ? fill_file_open(f->dir) : -ENOSPC;

	if (fd < 0 && fill_is_end(-fd))
		return -ENOSPC;
	if (fd < 0)
		return error_set(f->err, WHY_SYSTEM, -fd, f->m->mountpoint);
	/* FUSE hands buffered writes on by the page, direct ones by 128 KiB: ten times as fast.
	   Claimed space can be written without a copy in the cache, which nobody would read. */
	if (fill_knows_layout(f->m) ||
	    (fstatfs(fd, &sfs) == 0 && sfs.f_type == FUSE_SUPER_MAGIC))
		fcntl(fd, F_SETFL, O_DIRECT);
	f->backlog = (struct backlog){ .bytes = 0 };
	f->files[f->n++] = fd;
	f->fd = fd;
	f->size = 0;
	f->done = 0;
	f->given = 0;
	return 0;
}

void fill_close(struct fill *f)
{
	while (f->n > 0)
		close(f->files[--f->n]);
}

int fill_flush(struct fill *f)
{
	if (f->unflushed > 0 && fdatasync(f->fd) < 0)
		return error_set(f->err, WHY_FLUSH, errno, f->m->mountpoint);
	f->unflushed = 0;
	return 0;
}

/*
 * What was written goes on its way while more is written: left alone, the kernel lets it wait for
 * the flush, in the cache of the file and again in that of the image under a loop device.
 */
static void push(struct fill *f)
{
	sync_file_range(f->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (f->m->push)
		f->m->push(f->m->arg);
}

int fill_wrote(struct fill *f, struct extent e)
{
	uint64_t before = f->unflushed;
	int rc = backlog_add(&f->backlog, f->fd, e);

	if (rc)
		return error_set(f->err, WHY_FLUSH, -rc, f->m->mountpoint);
	f->unflushed += e.len;
	if (f->unflushed >= FLUSH_EVERY)
		return fill_flush(f);
	if (f->unflushed / PUSH_EVERY != before / PUSH_EVERY)
		push(f);
	return 0;
}

uint64_t fill_give_front(struct fill *f, uint64_t want)
{
	uint64_t bytes = f->done - f->given;

	bytes = bytes < want ? bytes : want;
	bytes -= bytes % f->block;
	if (bytes == 0 || fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    (off_t)f->given, (off_t)bytes) < 0)
		return 0;
	f->given += bytes;
	return bytes;
}

/* From the end of the file, zero or not. */
static uint64_t give_end(struct fill *f, uint64_t want)
{
	uint64_t bytes = f->size - f->given;

	bytes = bytes < want ? bytes : want;
	if (bytes == 0 || ftruncate(f->fd, (off_t)(f->size - bytes)) < 0)
		return 0;
	f->size -= bytes;
	if (f->done > f->size)
		f->done = f->size;
	return bytes;
}

/* A file that is done with, as a whole. */
static uint64_t give_file(struct fill *f)
{
	uint64_t bytes;
	off_t size;

	if (f->n < 2)
		return 0;
	size = lseek(f->files[0], 0, SEEK_END);
	bytes = size > 0 ? (uint64_t)size : 0;
	close(f->files[0]);
	f->n--;
	for (size_t i = 0; i < f->n; i++)
		f->files[i] = f->files[i + 1];
	return bytes;
}

static int give_back(struct fill *f, uint64_t missing)
{
	uint64_t want = missing > GIVE_AT_LEAST ? missing : GIVE_AT_LEAST;
	uint64_t given;
	int rc = fill_flush(f);

	f->pressed = true;
	if (rc)
		return rc;
	given = give_file(f);
	if (given < want)
		given += fill_give_front(f, want - given);
	if (given < missing)
		given += give_end(f, want - given);
	f->m->gave_back += given;
	return 0;
}

/* What others may have, and we above the reserve; some was given back when that is less than the
   reserve. Without a reserve all is ours. */
static int look_at_free(struct fill *f, uint64_t *bytes)
{
	struct space space;
	int rc = mounted_space(f->m, f->dir, &space, f->err);

	if (rc)
		return rc;
	f->block = space.block;
	*bytes = f->m->reserve ? space.common : space.free;
	if (*bytes >= f->m->reserve)
		return 0;
	f->full = true;
	return give_back(f, f->m->reserve - *bytes);
}

int fill_guard(struct fill *f)
{
	uint64_t bytes;

	return look_at_free(f, &bytes);
}

int fill_room(struct fill *f, uint64_t want, uint64_t *room)
{
	uint64_t keep = f->m->reserve ? f->m->reserve + MARGIN : 0;
	uint64_t bytes;
	int rc = look_at_free(f, &bytes);

	if (rc)
		return rc;
	*room = bytes > keep ? bytes - keep : 0;
	if (*room > want)
		*room = want;
	*room -= *room % f->block;
	f->full = f->full || *room == 0;
	if (f->full)
		*room = 0;
	return 0;
}
