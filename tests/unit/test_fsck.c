/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What the exit statuses of the filesystems' own checks mean, with programs that only end. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/fsck.h"
#include "tests/lib/test.h"

static char folder[] = "/tmp/achica-fsck-XXXXXX";

static void file_of(const char *name, char *path, size_t n)
{
	snprintf(path, n, "%s/%s", folder, name);
}

/* A program of that name, which says its arguments and ends so. */
static void make_program(const char *name, int status)
{
	char path[128];
	FILE *f;

	file_of(name, path, sizeof(path));
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\necho \"$*\" >%s/args\necho trouble >&2\nexit %d\n", folder, status);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static enum fsck run(const char *fstype, const char *node)
{
	const struct fsck_ask ask = { never, never, NULL };
	enum fsck verdict = FSCK_MISSING;
	struct error err;

	error_clear(&err);
	assert_int_equal(fsck_run(fstype, node, &ask, &verdict, &err), 0);
	return verdict;
}

static void only_the_statuses_for_errors_are_errors(void **state)
{
	static const struct {
		const char *fstype;
		const char *program;
		int status;
		enum fsck verdict;
	} cases[] = {
		{ "ext4", "e2fsck", 0, FSCK_CLEAN }, { "ext2", "e2fsck", 4, FSCK_ERRORS },
		{ "ext3", "e2fsck", 8, FSCK_UNSURE }, { "ext4", "e2fsck", 12, FSCK_ERRORS },
		{ "ext4", "e2fsck", 137, FSCK_UNSURE }, { "xfs", "xfs_repair", 1, FSCK_ERRORS },
		{ "xfs", "xfs_repair", 2, FSCK_UNSURE }, { "btrfs", "btrfs", 1, FSCK_ERRORS },
		{ "ntfs", "ntfsfix", 1, FSCK_ERRORS }, { "vfat", "fsck.fat", 1, FSCK_ERRORS },
		{ "vfat", "fsck.fat", 2, FSCK_UNSURE }, { "exfat", "fsck.exfat", 4, FSCK_ERRORS },
		{ "exfat", "fsck.exfat", 8, FSCK_UNSURE }, { "f2fs", "fsck.f2fs", 4, FSCK_ERRORS },
		{ "hfsplus", "fsck.hfsplus", 8, FSCK_ERRORS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_program(cases[i].program, cases[i].status);
		assert_int_equal(run(cases[i].fstype, "/dev/none"), cases[i].verdict);
	}
}

static void it_is_asked_to_change_nothing(void **state)
{
	static const struct {
		const char *fstype;
		const char *program;
		const char *args;
	} cases[] = {
		{ "ext4", "e2fsck", "-fn /dev/none\n" },
		{ "xfs", "xfs_repair", "-n -f /dev/none\n" },
		{ "btrfs", "btrfs", "check --readonly /dev/none\n" },
		{ "ntfs", "ntfsfix", "-n /dev/none\n" },
		{ "vfat", "fsck.fat", "-n /dev/none\n" },
		{ "exfat", "fsck.exfat", "-n /dev/none\n" },
		{ "f2fs", "fsck.f2fs", "--dry-run /dev/none\n" },
		{ "hfsplus", "fsck.hfsplus", "-fn /dev/none\n" },
	};
	char path[128], args[128];

	(void)state;
	file_of("args", path, sizeof(path));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *f;

		make_program(cases[i].program, 0);
		assert_int_equal(run(cases[i].fstype, "/dev/none"), FSCK_CLEAN);
		f = fopen(path, "r");
		assert_non_null(f);
		assert_non_null(fgets(args, sizeof(args), f));
		fclose(f);
		assert_string_equal(args, cases[i].args);
	}
}

/* fsck.f2fs opens what it checks for writing, --dry-run or not. */
static void who_opens_to_write_gets_no_file(void **state)
{
	(void)state;
	assert_true(fsck_takes_files("ext4"));
	assert_true(fsck_takes_files("btrfs"));
	assert_false(fsck_takes_files("f2fs"));
	assert_false(fsck_takes_files("hfsplus"));
	assert_false(fsck_takes_files("swap"));
}

static void what_has_no_check_has_none(void **state)
{
	(void)state;
	assert_string_equal(fsck_name("ext4"), "e2fsck");
	assert_null(fsck_name("swap"));
	assert_null(fsck_name("gap"));
	assert_null(fsck_name(NULL));
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) ? setenv("PATH", folder, 1) : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "e2fsck", "xfs_repair", "btrfs", "ntfsfix", "fsck.fat",
					     "fsck.exfat", "fsck.f2fs", "fsck.hfsplus", "args" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		file_of(names[i], path, sizeof(path));
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_statuses_for_errors_are_errors),
		cmocka_unit_test(it_is_asked_to_change_nothing),
		cmocka_unit_test(who_opens_to_write_gets_no_file),
		cmocka_unit_test(what_has_no_check_has_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
