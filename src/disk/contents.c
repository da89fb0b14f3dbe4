/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What is in the partitions, as a witness for their table. What is larger than its partition, by
 * its own word, lies in part in what the table calls a gap. And an MBR does not say how large its
 * sectors are: an image of a disk with those of 4096 bytes, or a disk out of a case that translated
 * them, shows partitions where none are, and gaps over the true ones. So in one partition at least
 * something must be known; a GPT has its own header to show for that.
 */

#include <errno.h>
#include <string.h>

#include "disk/contents.h"
#include "disk/lvm_label.h"
#include "disk/probe.h"
#include "fs/fs.h"

#define UNREADABLE "contents of a partition"
#define LARGER "contents larger than a partition"
#define UNKNOWN "no partition with known contents"

/* Why a physical volume cannot be wholly in its partition, by its label. */
static enum why open_pv(struct io *part)
{
	struct lvm_label label;
	struct error err;

	error_clear(&err);
	if (lvm_label_read(part, (struct extent){ 0, part->size }, &label, &err) == 0 &&
	    label.size > part->size)
		return WHY_OUTSIDE;
	return err.why;
}

/* The same of a filesystem, by its driver; without one nothing is said. */
static enum why open_fs(struct io *part, const char *type)
{
	struct fs *fs = NULL;
	struct error err;

	error_clear(&err);
	fs_open(part, type, &fs, &err);
	fs_close(fs);
	return err.why;
}

/* WHY_NONE and *known false: nothing is known in it. */
static enum why look(struct io *part, bool *known)
{
	struct signature s;
	struct error err;

	error_clear(&err);
	if (probe_io(part, &s, &err) < 0)
		return err.why;
	if (!s.type[0])
		return WHY_NONE;
	*known = true;
	return strcmp(s.type, "LVM2_member") == 0 ? open_pv(part) : open_fs(part, s.type);
}

static int check_part(struct io *part, bool *known, const char **doubt, struct error *err)
{
	switch (look(part, known)) {
	case WHY_MEMORY:
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	case WHY_READ:
	case WHY_SYSTEM:
	case WHY_AMBIGUOUS:
		*doubt = UNREADABLE;
		return 0;
	case WHY_OUTSIDE:
		*doubt = LARGER;
		return 0;
	default:
		return 0;
	}
}

int contents_check(struct io *disk, const struct table *table, const char **doubt,
		   struct error *err)
{
	bool known = strcmp(table->type, "gpt") == 0;
	const char *why = NULL;

	for (size_t i = 0; i < table->n && !why; i++) {
		struct io *part = NULL;
		int rc = io_window_new(disk, &table->parts[i].range, 1, &part);

		if (rc == 0)
			rc = check_part(part, &known, &why, err);
		else
			rc = error_set(err, WHY_MEMORY, ENOMEM, NULL);
		io_close(part);
		if (rc < 0)
			return rc;
	}
	if (!why && !known)
		why = UNKNOWN;
	if (why)
		*doubt = why;
	return 0;
}

static const char *hibernated_in(struct io *part)
{
	struct fs *fs = NULL;
	struct signature s;
	struct error err;

	error_clear(&err);
	if (probe_io(part, &s, &err) == 0 && s.type[0])
		fs_open(part, s.type, &fs, &err);
	fs_close(fs);
	if (err.why != WHY_HIBERNATED)
		return NULL;
	return strcmp(err.what, "ntfs") == 0 ? "ntfs" : "swap";
}

const char *contents_hibernated(struct io *disk, const struct table *table)
{
	const char *what = NULL;

	for (size_t i = 0; i < table->n && !what; i++) {
		struct io *part = NULL;

		if (io_window_new(disk, &table->parts[i].range, 1, &part) == 0)
			what = hibernated_in(part);
		io_close(part);
	}
	return what;
}
