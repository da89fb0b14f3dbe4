/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/* A driver without a disk: its free map is what a test says. */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fs_fake.h"

struct fs_fake {
	struct fs fs;
	size_t n;
	size_t fail_after;
	int fail_errnum; /* 0 never */
	unsigned walks;
	struct extent free[];
};

static int fake_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct fs_fake *f = (struct fs_fake *)fs;

	f->walks++;
	for (size_t i = 0; i < f->n; i++) {
		int rc;

		if (f->fail_errnum && i == f->fail_after)
			return error_set_at(err, WHY_READ, f->fail_errnum, f->free[i].start,
					    "fake");
		rc = fn(arg, f->free[i]);
		if (rc)
			return rc;
	}
	return 0;
}

static void fake_close(struct fs *fs)
{
	free(fs);
}

static const char *const fake_types[] = { "fake", NULL };

static const struct fs_driver fs_fake = {
	.name = "fake",
	.types = fake_types,
	.walk = fake_walk,
	.close = fake_close,
};

struct fs *fs_fake_new(struct io *io, const struct extent *free_map, size_t n)
{
	struct fs_fake *f = calloc(1, sizeof *f + n * sizeof f->free[0]);

	if (!f)
		abort();
	f->fs.driver = &fs_fake;
	f->fs.io = io;
	f->fs.type = "fake";
	f->fs.size = io ? io->size : UINT64_MAX;
	f->fs.unit = 4096;
	f->n = n;
	for (size_t i = 0; i < n; i++) {
		f->free[i] = free_map[i];
		f->fs.free += free_map[i].len;
	}
	return &f->fs;
}

void fs_fake_fail(struct fs *fs, size_t after, int errnum)
{
	((struct fs_fake *)fs)->fail_after = after;
	((struct fs_fake *)fs)->fail_errnum = errnum;
}

unsigned fs_fake_walks(const struct fs *fs)
{
	return ((const struct fs_fake *)fs)->walks;
}
