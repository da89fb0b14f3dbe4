/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Disks as sysfs tells of them, on a made-up sysfs. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "achica/units.h"
#include "disk/disks.h"
#include "disk/sysfs.h"
#include "tests/lib/test.h"

static char root[] = "/tmp/achica-sysfs-XXXXXX";
static char made[64][128];
static size_t n_made;

/* A file with a name of one or two levels below the disk's folder. */
static void put(const char *disk, const char *attr, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, disk);
	mkdir(path, 0700);
	if (strchr(attr, '/')) {
		snprintf(path, sizeof(path), "%s/%s/%.*s", root, disk, (int)strcspn(attr, "/"),
			 attr);
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	}
	assert_true(n_made < 64);
	snprintf(made[n_made], sizeof(made[0]), "%s/%s/%s", root, disk, attr);
	file = fopen(made[n_made++], "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const char *dir_of(const char *disk)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, disk);
	return path;
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

/* Removes what was made, the files first, then their folders while they can be. */
static int remove_root(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_made; i++) {
		char *slash;

		unlink(made[i]);
		while ((slash = strrchr(made[i], '/')) && strlen(made[i]) > strlen(root)) {
			*slash = '\0';
			rmdir(made[i]);
		}
	}
	return 0;
}

static bool is_listed(const char *name)
{
	return disks_is_listed(dir_of(name), name);
}

static void only_disks_with_something_in_them_are_listed(void **state)
{
	static const char *const sized[] = {
		"sda", "ram0", "zram0", "fd0", "sr0", "loop0", "loop1", "nvme0n1", "nvme0c0n1",
		"srp", "fdisk",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sized) / sizeof(sized[0]); i++)
		put(sized[i], "size", "2048\n");
	put("sdb", "size", "0\n");
	put("loop1", "loop/offset", "0\n");
	put("nvme0c0n1", "hidden", "1\n");
	assert_true(is_listed("sda"));
	assert_true(is_listed("nvme0n1"));
	assert_true(is_listed("srp"));
	assert_true(is_listed("fdisk"));
	assert_true(is_listed("loop1"));
	assert_false(is_listed("loop0"));
	assert_false(is_listed("sdb"));
	assert_false(is_listed("ram0"));
	assert_false(is_listed("zram0"));
	assert_false(is_listed("fd0"));
	assert_false(is_listed("sr0"));
	assert_false(is_listed("nvme0c0n1"));
}

static void a_disk_is_described_without_padding(void **state)
{
	struct target *t = target_new(TARGET_DISK);

	(void)state;
	put("sdc", "size", "4194304\n");
	put("sdc", "ro", "1\n");
	put("sdc", "removable", "1\n");
	put("sdc", "queue/rotational", "1\n");
	put("sdc", "queue/logical_block_size", "4096\n");
	put("sdc", "queue/discard_max_bytes", "4294966784\n");
	put("sdc", "device/vendor", "WD      \n");
	put("sdc", "device/model", "Elements 10B8   \n");
	put("sdc", "serial", "  S3Z8 \n");
	assert_true(disks_describe(dir_of("sdc"), t));
	assert_int_equal(t->size, 2 * GIB);
	assert_int_equal(t->sector, 4096);
	assert_true(t->read_only && t->removable && t->rotational && t->discard);
	assert_string_equal(t->model, "WD Elements 10B8");
	assert_string_equal(t->serial, "S3Z8");
	target_free(t);
}

static void the_bus_is_no_maker(void **state)
{
	struct target *t = target_new(TARGET_DISK);

	(void)state;
	put("sdd", "size", "1\n");
	put("sdd", "device/vendor", "ATA     \n");
	put("sdd", "device/model", "Samsung SSD 860 \n");
	assert_true(disks_describe(dir_of("sdd"), t));
	assert_string_equal(t->model, "Samsung SSD 860");
	assert_null(t->serial);
	assert_null(t->backing);
	target_free(t);
}

static void a_loop_device_names_its_file_byte_for_byte(void **state)
{
	struct target *t = target_new(TARGET_DISK);

	(void)state;
	put("loop7", "size", "8\n");
	put("loop7", "loop/backing_file", "/srv/a b \n c \n");
	put("loop7", "loop/offset", "1048576\n");
	assert_true(disks_describe(dir_of("loop7"), t));
	assert_string_equal(t->backing, "/srv/a b \n c ");
	assert_int_equal(t->backing_offset, MIB);
	target_free(t);
}

static void an_impossible_size_is_no_size(void **state)
{
	struct target *t = target_new(TARGET_DISK);

	(void)state;
	put("sde", "size", "36028797018963968\n");
	assert_true(disks_describe(dir_of("sde"), t));
	assert_int_equal(t->size, 0);
	target_free(t);
}

struct found {
	unsigned n;
	struct sysfs_part last;
};

static int note_part(void *arg, const struct sysfs_part *part)
{
	struct found *found = arg;

	found->n++;
	found->last = *part;
	return 0;
}

static void partitions_are_the_folders_with_a_number(void **state)
{
	struct found found = { 0 };

	(void)state;
	put("sdf", "size", "8192\n");
	put("sdf", "queue/rotational", "0\n");
	put("sdf", "sdf2/partition", "2\n");
	put("sdf", "sdf2/dev", "8:82\n");
	put("sdf", "sdf2/start", "2048\n");
	put("sdf", "sdf2/size", "4096\n");
	assert_int_equal(sysfs_parts(dir_of("sdf"), note_part, &found), 0);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.last.number, 2);
	assert_int_equal(found.last.dev, makedev(8, 82));
	assert_int_equal(found.last.range.start, MIB);
	assert_int_equal(found.last.range.len, 2 * MIB);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_disks_with_something_in_them_are_listed),
		cmocka_unit_test(a_disk_is_described_without_padding),
		cmocka_unit_test(the_bus_is_no_maker),
		cmocka_unit_test(a_loop_device_names_its_file_byte_for_byte),
		cmocka_unit_test(an_impossible_size_is_no_size),
		cmocka_unit_test(partitions_are_the_folders_with_a_number),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
