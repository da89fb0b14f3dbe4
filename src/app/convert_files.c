/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The source and the destination of a conversion. Refused: a destination that exists, by whatever
 * name, one in a filesystem that is being copied, and one without room for what is in use, as far
 * as that is known. A copy is no more open to others than its source is.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/advice_path.h"
#include "app/convert_impl.h"
#include "app/tool.h"

/* The folder that path, absolute, is in; malloc'ed. */
static char *folder_of(const char *path)
{
	size_t n = (size_t)(strrchr(path, '/') - path);

	return strndup(path, n ? n : 1);
}

static int check_absent(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return error_set(err, WHY_EXISTS, 0, path);
	return errno == ENOENT ? 0 : error_set(err, WHY_OPEN, errno, path);
}

/* The name that the copy has meanwhile, malloc'ed. */
static char *part_name(const char *out)
{
	char *path;

	return asprintf(&path, "%s.part", out) < 0 ? NULL : path;
}

static int check_name(const char *out, struct error *err)
{
	char *part = part_name(out);
	int rc = part ? 0 : error_set(err, WHY_MEMORY, ENOMEM, NULL);

	if (rc == 0 && out[strlen(out) - 1] == '/')
		rc = error_set(err, WHY_OPEN, EISDIR, out);
	if (rc == 0)
		rc = check_absent(out, err);
	if (rc == 0)
		rc = check_absent(part, err);
	free(part);
	return rc;
}

/* Whether the folder is in one of the filesystems which are copied. */
static int check_inside(const struct target *top, const struct stat *folder, const char *out,
			struct error *err)
{
	struct stat st;

	for (const struct target *t = top; t; t = target_next(t)) {
		if (t != top && !t->parent)
			break;
		for (char **m = t->mountpoints; m && *m; m++) {
			if (stat(*m, &st) == 0 && st.st_dev == folder->st_dev)
				return error_set(err, WHY_INSIDE, 0, out);
		}
	}
	return 0;
}

/*
 * What the copy will take: the forecast; without one, what is in use, and no more than the source
 * takes on its host. What lies in no partition is left out of this count: it may be empty.
 */
static uint64_t expected(const struct target *top, enum forecast_format format)
{
	uint64_t used = 0;
	uint64_t taken;

	if (top->forecast.known)
		return top->forecast.now[format].bytes;
	for (const struct target *t = top; t; t = target_next(t)) {
		if (t != top && !t->parent)
			break;
		if (t->children || t->kind == TARGET_GAP)
			continue;
		used += t->used || t->free ? t->used : t->size;
	}
	return disk_allocated(top, &taken) == 0 && taken < used ? taken : used;
}

static int check_room(const struct target *top, const char *folder, const char *out,
		      enum forecast_format format, struct error *err)
{
	uint64_t want = expected(top, format);
	struct statvfs vfs;
	uint64_t room;

	if (statvfs(folder, &vfs) < 0)
		return error_set(err, WHY_OPEN, errno, folder);
	room = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	return room >= want ? 0 : error_set_at(err, WHY_NO_ROOM, ENOSPC, want - room, out);
}

static int check_folder(const struct target *top, const char *out, enum forecast_format format,
			struct error *err)
{
	char *folder = folder_of(out);
	struct stat st;
	int rc = 0;

	if (!folder)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	if (stat(folder, &st) < 0)
		rc = error_set(err, WHY_OPEN, errno, folder);
	if (rc == 0)
		rc = check_inside(top, &st, out, err);
	if (rc == 0 && access(folder, W_OK | X_OK) < 0)
		rc = error_set(err, WHY_OPEN, errno, folder);
	if (rc == 0)
		rc = check_room(top, folder, out, format, err);
	free(folder);
	return rc;
}

/* That there is a command for it, and the program. */
static int check_command(const struct target *t, const char *out, struct error *err)
{
	struct advice_options options = { .out = out };
	struct command *list = NULL;
	int rc = advice_for(t, &options, &list, err);

	command_free(list);
	if (rc == 0 && !tool_is_there("qemu-img"))
		rc = error_set(err, WHY_TOOL, ENOENT, "qemu-img");
	return rc;
}

int copy_check(const struct target *t, const struct convert_options *options, struct error *err)
{
	const char *out = options->out;
	char *whole = out[0] ? path_absolute(out) : NULL;
	int rc = whole ? check_name(whole, err)
		       : error_set(err, WHY_OPEN, out[0] ? ENOMEM : ENOENT, out);

	if (rc == 0)
		rc = check_command(t, whole, err);
	if (rc == 0)
		rc = check_folder(target_top(t), whole, options->format, err);
	free(whole);
	return rc;
}

int convert_check(const struct target *t, const struct convert_options *options,
		  struct error *err)
{
	struct source source = { 0 };
	int rc = copy_check(t, options, err);

	if (rc == 0)
		rc = source_take(t, false, &source, err);
	source_release(&source);
	return rc;
}

int part_make(struct part *part, mode_t mode, struct error *err)
{
	part->path = part_name(part->out);
	if (!part->path)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	/* A source that is read-only makes a copy that qemu-img can write, root or not. */
	part->fd = open(part->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode & 066) | 0600);
	if (part->fd >= 0)
		return 0;
	part->fd = 0;
	return error_set(err, errno == EEXIST ? WHY_EXISTS : WHY_OPEN,
			 errno == EEXIST ? 0 : errno, part->path);
}

/* Only a name that nothing has is taken, in one step: by a rename which replaces nothing, or by a
   link where the filesystem has no such rename (NFS). A few have neither, and leave a moment. */
static int take_name(const struct part *part)
{
	struct stat st;

	if (renameat2(AT_FDCWD, part->path, AT_FDCWD, part->out, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(part->path, part->out) == 0) {
		unlink(part->path);
		return 0;
	}
	if (errno == EEXIST)
		return -1;
	if (lstat(part->out, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(part->path, part->out);
}

/* The folder's entry is on the medium too; where folders cannot be synced, nothing is lost. */
static void sync_folder(const char *path)
{
	char *folder = folder_of(path);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

int part_finish(const struct part *part, struct stat *st, struct error *err)
{
	struct stat named;

	/* qemu-img wrote into the file that we made, and flushes it only if it is told to. */
	if (fsync(part->fd) < 0)
		return error_set(err, WHY_FLUSH, errno, part->path);
	if (fstat(part->fd, st) < 0 || stat(part->path, &named) < 0)
		return error_set(err, WHY_OPEN, errno, part->path);
	if (st->st_ino != named.st_ino || st->st_dev != named.st_dev)
		return error_set(err, WHY_SYSTEM, ESTALE, part->path);
	if (take_name(part) < 0)
		return error_set(err, errno == EEXIST ? WHY_EXISTS : WHY_OPEN, errno, part->out);
	sync_folder(part->out);
	return 0;
}

void part_close(struct part *part, bool keep)
{
	if (part->fd > 0) {
		close(part->fd);
		if (!keep)
			unlink(part->path);
	}
	free(part->path);
	*part = (struct part){ 0 };
}

int source_take(const struct target *t, bool held, struct source *source, struct error *err)
{
	const struct target *top = target_top(t);
	int rc;

	source->whole = target_copy(top);
	if (!source->whole)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	rc = held ? 0 : lock_take(source->whole, LOCK_SHARED, &source->lock, err);
	if (rc)
		return rc;
	if (stat(top->path, &source->before) < 0)
		return error_set(err, WHY_OPEN, errno, top->path);
	source->mode = source->before.st_mode;
	return 0;
}

int source_check(const struct source *source, struct error *err)
{
	const struct stat *before = &source->before;
	struct stat now;
	int rc = source->lock ? lock_check(source->lock, err) : 0;

	if (rc)
		return rc;
	if (stat(source->whole->path, &now) < 0)
		return error_set(err, WHY_OPEN, errno, source->whole->path);
	if (!S_ISREG(now.st_mode))
		return 0;
	if (now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == before->st_mtim.tv_nsec && now.st_size == before->st_size)
		return 0;
	return error_set(err, WHY_CHANGED, ESTALE, source->whole->path);
}

void source_release(struct source *source)
{
	lock_release(source->lock);
	target_free(source->whole);
	*source = (struct source){ 0 };
}
