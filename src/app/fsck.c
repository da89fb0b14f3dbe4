/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The filesystems' own programs to check them, told to change nothing. Exit statuses: fsck(8),
 * e2fsck(8), xfs_repair(8), btrfs-check(8), ntfsfix(8), fsck.fat(8), fsck.exfat(8), and of
 * hfsprogs fsck_hfs.c. fsck.f2fs ends with 0 whatever it finds; it prints a line that begins with
 * "[FSCK]" and has "[Fail]" for each kind of fault.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "achica/units.h"
#include "app/fsck.h"

struct program {
	const char *fstype;
	const char *argv[3]; /* before the device */
	int errors;          /* bits of the exit status which mean that it found some */
	bool device;         /* opens to write whatever it is told, or nobody knows */
	const char *for_file;/* one more argument for what is no device, or NULL */
};

static const struct program programs[] = {
	{ "ext2", { "e2fsck", "-fn" }, 4, false, NULL },
	{ "ext3", { "e2fsck", "-fn" }, 4, false, NULL },
	{ "ext4", { "e2fsck", "-fn" }, 4, false, NULL },
	{ "xfs", { "xfs_repair", "-n" }, 1, false, "-f" },
	{ "btrfs", { "btrfs", "check", "--readonly" }, 1, false, NULL },
	{ "ntfs", { "ntfsfix", "-n" }, 1, false, NULL },
	{ "vfat", { "fsck.fat", "-n" }, 1, false, NULL },
	{ "exfat", { "fsck.exfat", "-n" }, 1 | 4, false, NULL },
	{ "f2fs", { "fsck.f2fs", "--dry-run" }, 4, true, NULL },
	{ "hfsplus", { "fsck.hfsplus", "-fn" }, 8, true, NULL },
};

static const struct program *program_of(const char *fstype)
{
	for (size_t i = 0; fstype && i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(programs[i].fstype, fstype) == 0)
			return &programs[i];
	}
	return NULL;
}

const char *fsck_name(const char *fstype)
{
	const struct program *p = program_of(fstype);

	return p ? p->argv[0] : NULL;
}

bool fsck_takes_files(const char *fstype)
{
	const struct program *p = program_of(fstype);

	return p && !p->device;
}

struct reading {
	const struct fsck_ask *ask;
	bool failed;   /* it said so */
};

static bool is_canceled(void *arg)
{
	const struct reading *r = arg;

	return r->ask->canceled(r->ask->arg);
}

static bool is_paused(void *arg)
{
	const struct reading *r = arg;

	return r->ask->paused(r->ask->arg);
}

static void hear(void *arg, const char *line)
{
	struct reading *r = arg;

	if (strncmp(line, "[FSCK]", 6) == 0 && strstr(line, "[Fail]"))
		r->failed = true;
}

static bool is_device(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

int fsck_run(const char *fstype, const char *node, const struct fsck_ask *ask, enum fsck *verdict,
	     struct error *err)
{
	const struct program *p = program_of(fstype);
	struct reading reading = { ask, false };
	char *argv[6] = { NULL };
	struct tool tool = { .argv = argv, .canceled = is_canceled, .paused = is_paused,
			     .said = hear, .arg = &reading };
	size_t n = 0;
	int rc;

	if (!p)
		return error_set(err, WHY_UNKNOWN_FS, 0, fstype);
	while (n < 3 && p->argv[n]) {
		argv[n] = (char *)p->argv[n];
		n++;
	}
	if (p->for_file && !is_device(node))
		argv[n++] = (char *)p->for_file;
	argv[n] = (char *)node;
	*verdict = FSCK_MISSING;
	if (!tool_is_there(argv[0]))
		return 0;
	rc = tool_run(&tool, err);
	if (rc)
		return rc;
	if (tool.status == 0 && !reading.failed)
		*verdict = FSCK_CLEAN;
	else if (reading.failed || (tool.status < 128 && (tool.status & p->errors)))
		*verdict = FSCK_ERRORS;
	else
		*verdict = FSCK_UNSURE;
	return 0;
}
