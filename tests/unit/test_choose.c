/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What auto takes, as a table of targets. */

#include <stdlib.h>
#include <string.h>

#include "app/choose.h"
#include "tests/lib/test.h"

struct row {
	enum target_kind kind;
	const char *backing;  /* of the disk */
	bool discard;
	const char *fstype;
	const char *source;   /* NULL: not mounted */
	const char *options;
	enum method method;   /* AUTO: refused */
	enum why why;
};

static const struct row rows[] = {
	{ TARGET_IMAGE, NULL, false, "ext4", NULL, NULL, METHOD_PUNCH, 0 },
	{ TARGET_DISK, "/a.img", false, "ntfs", NULL, NULL, METHOD_PUNCH, 0 },
	{ TARGET_DISK, NULL, true, "ext4", NULL, NULL, METHOD_PUNCH, 0 },
	{ TARGET_DISK, NULL, false, "ext4", NULL, NULL, METHOD_WRITE, 0 },
	{ TARGET_IMAGE, NULL, false, "ext4", "/dev/loop3", "rw", METHOD_TRIM, 0 },
	{ TARGET_DISK, "/a.img", false, "ext4", "/dev/loop3", "rw", METHOD_TRIM, 0 },
	{ TARGET_DISK, NULL, true, "ext4", "/dev/sda", "rw", METHOD_TRIM, 0 },
	{ TARGET_DISK, NULL, false, "ext4", "/dev/sda", "rw,noatime", METHOD_FILL, 0 },
	{ TARGET_IMAGE, NULL, false, "ntfs", "/srv/a.img", "rw", METHOD_FILL, 0 },
	{ TARGET_IMAGE, NULL, false, "ntfs", "/dev/loop3", "rw", METHOD_TRIM, 0 },
	{ TARGET_DISK, NULL, false, "ext4", "/dev/sda", "noatime,ro", METHOD_OVERLAY, 0 },
	{ TARGET_IMAGE, NULL, true, "btrfs", "/dev/loop3", "ro,compress", METHOD_OVERLAY, 0 },
	{ TARGET_DISK, NULL, false, "ext4", "/dev/sda", "rw,errors=remount-ro", METHOD_FILL, 0 },
	{ TARGET_DISK, NULL, false, "btrfs", "/dev/sda", "rw,compress=zstd:3", METHOD_AUTO,
	  WHY_NO_FILL },
	{ TARGET_DISK, NULL, false, "btrfs", "/dev/sda", "rw,compress-force=lzo", METHOD_AUTO,
	  WHY_NO_FILL },
	{ TARGET_DISK, NULL, false, "btrfs", "/dev/sda", "rw", METHOD_FILL, 0 },
	{ TARGET_DISK, NULL, false, "f2fs", "/dev/sda",
	  "rw,compress_algorithm=lz4,compress_extension=db,compress_extension=*", METHOD_AUTO,
	  WHY_NO_FILL },
	{ TARGET_DISK, NULL, false, "f2fs", "/dev/sda", "rw,compress_extension=*db", METHOD_FILL,
	  0 },
	{ TARGET_DISK, NULL, true, "btrfs", "/dev/sda", "rw,compress=zstd", METHOD_TRIM, 0 },
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static struct target *make(const struct row *row)
{
	struct target *t = target_new(row->kind);

	t->state = TARGET_READY;
	t->name = strdup("t");
	t->backing = copy(row->backing);
	t->discard = row->discard;
	t->fstype = copy(row->fstype);
	t->mount_source = copy(row->source);
	t->mount_options = copy(row->options);
	if (row->source) {
		t->mountpoints = calloc(2, sizeof(*t->mountpoints));
		t->mountpoints[0] = strdup("/mnt");
	}
	return t;
}

static void the_cheapest_that_is_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct target *t = make(&rows[i]);

		choose_all(t);
		assert_int_equal(t->method, rows[i].method);
		assert_int_equal(t->verdict.why, rows[i].why);
		target_free(t);
	}
}

static void a_partition_is_kept_where_its_disk_is(void **state)
{
	struct target *disk = make(&rows[1]);
	struct target *part = make(&rows[3]);

	(void)state;
	part->kind = TARGET_PART;
	target_append(NULL, disk, part);
	choose_all(disk);
	assert_int_equal(part->method, METHOD_PUNCH);
	assert_int_equal(disk->method, METHOD_AUTO);
	target_free(disk);
}

static void a_method_must_fit_the_target(void **state)
{
	struct target *image = make(&rows[0]);
	struct target *mounted = make(&rows[4]);
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(choose_check(image, METHOD_AUTO, &err), 0);
	assert_int_equal(choose_check(image, METHOD_WRITE, &err), 0);
	assert_int_equal(choose_check(mounted, METHOD_FILL, &err), 0);
	assert_true(choose_check(image, METHOD_TRIM, &err) < 0);
	assert_int_equal(err.why, WHY_NOT_MOUNTED);
	error_clear(&err);
	assert_true(choose_check(mounted, METHOD_WRITE, &err) < 0);
	assert_int_equal(err.why, WHY_IS_MOUNTED);
	assert_string_equal(err.what, "/mnt");
	target_free(image);
	target_free(mounted);
}

static void what_is_read_only_gets_an_overlay_alone(void **state)
{
	static const enum method others[] = { METHOD_PUNCH, METHOD_WRITE };
	struct target *image = make(&rows[0]);
	struct target *mounted = make(&rows[10]);
	enum method m;
	struct error err;

	(void)state;
	assert_string_equal(mounted->mount_options, "noatime,ro");
	image->read_only = true;
	error_clear(&err);
	assert_int_equal(choose_method(image, &m, &err), 0);
	assert_int_equal(m, METHOD_OVERLAY);
	assert_int_equal(choose_check(image, METHOD_OVERLAY, &err), 0);
	assert_int_equal(choose_check(mounted, METHOD_OVERLAY, &err), 0);
	for (size_t i = 0; i < 2; i++) {
		error_clear(&err);
		assert_true(choose_check(image, others[i], &err) < 0);
		assert_int_equal(err.why, WHY_READ_ONLY);
	}
	error_clear(&err);
	assert_true(choose_check(mounted, METHOD_FILL, &err) < 0);
	assert_int_equal(err.why, WHY_MOUNTED_RO);
	target_free(image);
	target_free(mounted);
}

static void an_overlay_wants_nobody_to_write(void **state)
{
	struct target *image = make(&rows[0]);
	struct target *mounted = make(&rows[4]);
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(choose_check(image, METHOD_OVERLAY, &err), 0);
	assert_true(choose_check(mounted, METHOD_OVERLAY, &err) < 0);
	assert_int_equal(err.why, WHY_IS_MOUNTED);
	target_free(image);
	target_free(mounted);
}

static void only_what_cannot_work_is_followed_by_another(void **state)
{
	(void)state;
	assert_int_equal(choose_next(METHOD_PUNCH, WHY_NO_PUNCH), METHOD_WRITE);
	assert_int_equal(choose_next(METHOD_TRIM, WHY_NO_TRIM), METHOD_FILL);
	assert_int_equal(choose_next(METHOD_PUNCH, WHY_WRITE), METHOD_AUTO);
	assert_int_equal(choose_next(METHOD_WRITE, WHY_NO_PUNCH), METHOD_AUTO);
	assert_int_equal(choose_next(METHOD_FILL, WHY_NO_FILL), METHOD_AUTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cheapest_that_is_safe),
		cmocka_unit_test(a_partition_is_kept_where_its_disk_is),
		cmocka_unit_test(a_method_must_fit_the_target),
		cmocka_unit_test(what_is_read_only_gets_an_overlay_alone),
		cmocka_unit_test(an_overlay_wants_nobody_to_write),
		cmocka_unit_test(only_what_cannot_work_is_followed_by_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
