/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Down to the disks, on a made-up sysfs. */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk/media.h"
#include "tests/lib/test.h"

static char root[] = "/tmp/achica-media-XXXXXX";

static void put(const char *dir, const char *attr, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", root, dir, attr);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* A device below dir, which is a name of the made-up sysfs too. */
static void put_slave(const char *dir, const char *slave)
{
	const char *name = strrchr(slave, '/') ? strrchr(slave, '/') + 1 : slave;
	char path[256], to[128];

	snprintf(path, sizeof(path), "%s/%s/slaves", root, dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/slaves/%s", root, dir, name);
	snprintf(to, sizeof(to), "../../%s", slave);
	assert_int_equal(symlink(to, path), 0);
}

/* Two disks with partitions, an md over parts of both, dm-0 on that, dm-1 on a part of the first,
   and ten layers of dm. */
static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	put("sda", "dev", "8:0\n");
	put("sda/sda1", "dev", "8:1\n");
	put("sda/sda1", "partition", "1\n");
	put("sdb", "dev", "8:16\n");
	put("sdb/sdb2", "dev", "8:18\n");
	put("sdb/sdb2", "partition", "2\n");
	put("md0", "dev", "9:0\n");
	put_slave("md0", "sda/sda1");
	put_slave("md0", "sdb/sdb2");
	put("dm-0", "dev", "253:0\n");
	put_slave("dm-0", "md0");
	put("dm-1", "dev", "253:1\n");
	put_slave("dm-1", "sda/sda1");
	put("deep0", "dev", "253:10\n");
	for (int i = 1; i <= 10; i++) {
		char dir[16], below[16];

		snprintf(dir, sizeof(dir), "deep%d", i);
		snprintf(below, sizeof(below), "deep%d", i - 1);
		put(dir, "dev", "253:11\n");
		put_slave(dir, below);
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static int remove_root(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct media below(const char *name)
{
	struct media media = { .n = 0 };
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/%s", root, name);
	media_add(&media, dir);
	return media;
}

static void a_disk_and_its_partitions_are_that_disk(void **state)
{
	(void)state;
	assert_int_equal(below("sda").n, 1);
	assert_int_equal(below("sda").disks[0], makedev(8, 0));
	assert_int_equal(below("sda/sda1").n, 1);
	assert_int_equal(below("sda/sda1").disks[0], makedev(8, 0));
	assert_int_equal(below("sdb/sdb2").disks[0], makedev(8, 16));
}

static void volumes_are_on_all_disks_below_them(void **state)
{
	struct media media = below("dm-0");
	bool first = media.disks[0] == makedev(8, 0);

	(void)state;
	assert_int_equal(media.n, 2);
	assert_int_equal(media.disks[first ? 0 : 1], makedev(8, 0));
	assert_int_equal(media.disks[first ? 1 : 0], makedev(8, 16));
	assert_int_equal(below("dm-1").n, 1);
	assert_int_equal(below("dm-1").disks[0], makedev(8, 0));
}

static void what_cannot_be_followed_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(below("deep5").disks[0], makedev(253, 10));
	assert_int_equal(below("deep10").n, 1);
	assert_int_equal(below("deep10").disks[0], MEDIUM_UNKNOWN);
	assert_int_equal(below("gone").n, 1);
	assert_int_equal(below("gone").disks[0], MEDIUM_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_and_its_partitions_are_that_disk),
		cmocka_unit_test(volumes_are_on_all_disks_below_them),
		cmocka_unit_test(what_cannot_be_followed_is_unknown),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
