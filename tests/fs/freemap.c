/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * freemap TYPE IMAGE [OFFSET [SIZE]]: the free map of the filesystem of that type in a window of an
 * image, by the real driver and through the gate: "START LENGTH" in bytes of the window, a line
 * each. freemap mounted DIR DEVICE is that of fs_open_mounted. With ACHICA_FREEMAP=facts the facts
 * and the sum instead. Exit status 0; 4 refused by the gate, 1 failed: "WHY what at" on stderr.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/fs.h"

static int print_extent(void *arg, struct extent e)
{
	if (!arg)
		printf("%" PRIu64 " %" PRIu64 "\n", e.start, e.len);
	return 0;
}

static int fail(const struct error *err)
{
	fprintf(stderr, "%s %s", why_name(err->why), err->what);
	if (err->at != ERROR_NOWHERE)
		fprintf(stderr, " %" PRIu64, err->at);
	fprintf(stderr, "%s%s\n", err->who[0] ? " " : "", err->who);
	return why_is_refusal(err->why) ? 4 : 1;
}

static void print_facts(const struct fs *fs, const struct gate_sum *sum)
{
	printf("type %s\nsize %" PRIu64 "\nunit %" PRIu32 "\nlabel %s\nuuid %s\n", fs->type,
	       fs->size, fs->unit, fs->label, fs->uuid);
	if (fs->free != FS_FREE_UNKNOWN)
		printf("free %" PRIu64 "\n", fs->free);
	printf("sum %" PRIu64 "\nextents %" PRIu64 "\n", sum->bytes, sum->extents);
}

/* Twice, because a walk can be repeated; only the second one prints. */
static int show(struct fs *fs, struct error *err)
{
	const char *what = getenv("ACHICA_FREEMAP");
	bool facts = what && strcmp(what, "facts") == 0;
	struct gate_sum sum;
	int rc = gate_dry_walk(fs, NULL, NULL, &sum, err);

	if (rc == 0)
		rc = gate_walk(fs, print_extent, facts ? &facts : NULL, err);
	if (rc == 0 && facts)
		print_facts(fs, &sum);
	return rc;
}

static int open_fs(const char *type, const char *dir, struct io *io, struct fs **fs,
		   struct error *err)
{
	return dir ? fs_open_mounted(dir, io, fs, err) : fs_open(io, type, fs, err);
}

int main(int argc, char **argv)
{
	bool mounted = argc == 4 && strcmp(argv[1], "mounted") == 0;
	struct extent part = { 0 };
	struct io *file = NULL;
	struct io *window = NULL;
	struct fs *fs = NULL;
	struct error err;
	int rc;

	error_clear(&err);
	if (argc < 3)
		return 2;
	rc = io_file_open(argv[mounted ? 3 : 2], false, &file, &err);
	if (rc == 0) {
		part.start = argc > 3 && !mounted ? strtoull(argv[3], NULL, 0) : 0;
		part.len = argc > 4 ? strtoull(argv[4], NULL, 0) : file->size - part.start;
		rc = io_window_new(file, &part, 1, &window);
	}
	if (rc == 0)
		rc = open_fs(argv[1], mounted ? argv[2] : NULL, window, &fs, &err);
	if (rc == 0)
		rc = show(fs, &err);
	fs_close(fs);
	io_close(window);
	io_close(file);
	return rc ? fail(&err) : 0;
}
