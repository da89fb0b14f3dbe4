/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The order of names, and PATH#N. */

#include <stdlib.h>

#include "disk/names.h"
#include "tests/lib/test.h"

static void names_are_ordered_as_people_count(void **state)
{
	static const char *const ordered[] = {
		"/dev/dm-2", "/dev/dm-10", "/dev/nvme0n1", "/dev/nvme0n1p9", "/dev/nvme0n1p10",
		"/dev/nvme0n2", "/dev/nvme10n1", "/dev/sda", "/dev/sda1", "/dev/sda10", "/dev/sdb",
		"/dev/sdz", "/dev/sdaa", "/dev/sdab", "/dev/vda",
	};
	size_t n = sizeof(ordered) / sizeof(ordered[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int r = names_compare(ordered[i], ordered[j]);

			assert_int_equal((r > 0) - (r < 0), (i > j) - (i < j));
		}
	}
}

static void leading_zeros_do_not_count(void **state)
{
	(void)state;
	assert_true(names_compare("md007", "md8") < 0);
	assert_true(names_compare("md010", "md9") > 0);
}

static void digits_alone_are_a_number(void **state)
{
	(void)state;
	assert_true(names_is_number("1"));
	assert_true(names_is_number("007"));
	assert_false(names_is_number(""));
	assert_false(names_is_number("./1"));
	assert_false(names_is_number("1a"));
	assert_false(names_is_number("-1"));
}

static void the_last_hash_begins_the_partition(void **state)
{
	struct inner inner;
	char *path;

	(void)state;
	assert_true(names_split("a#b#12", &path, &inner));
	assert_string_equal(path, "a#b");
	assert_int_equal(inner.kind, TARGET_PART);
	assert_int_equal(inner.number, 12);
	free(path);
	assert_true(names_split("a#1#gap3", &path, &inner));
	assert_string_equal(path, "a#1");
	assert_int_equal(inner.kind, TARGET_GAP);
	assert_int_equal(inner.number, 3);
	free(path);
	assert_true(names_join(&path, "a#1", inner) > 0);
	assert_string_equal(path, "a#1#gap3");
	free(path);
}

static void a_slash_after_the_hash_names_a_volume(void **state)
{
	struct inner inner;
	char *path;

	(void)state;
	assert_true(names_split("x#y/a#vg-0/home_1.+", &path, &inner));
	assert_string_equal(path, "x#y/a");
	assert_int_equal(inner.kind, TARGET_LV);
	assert_int_equal(inner.number, 0);
	assert_string_equal(inner.volume, "vg-0/home_1.+");
	assert_true(names_is_inner(inner));
	free(path);
	assert_true(names_join(&path, "a", inner) > 0);
	assert_string_equal(path, "a#vg-0/home_1.+");
	free(path);
}

static void what_is_no_partition_is_not_split(void **state)
{
	static const char *const whole[] = {
		"disk.img", "disk.img#", "disk.img#0", "disk.img#1x", "disk.img#-1", "#1",
		"disk.img#vg/", "disk.img#/home", "#vg/home", "disk.img#a/b/c", "disk.img#a b/c",
		"disk.img#a/b c", "vg/home", "disk.img#10000000", "disk.img#gap", "disk.img#gap0", "disk.img#GAP1", "",
	};
	char *path;
	struct inner inner;

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		assert_false(names_split(whole[i], &path, &inner));
		assert_null(path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_ordered_as_people_count),
		cmocka_unit_test(leading_zeros_do_not_count),
		cmocka_unit_test(digits_alone_are_a_number),
		cmocka_unit_test(the_last_hash_begins_the_partition),
		cmocka_unit_test(a_slash_after_the_hash_names_a_volume),
		cmocka_unit_test(what_is_no_partition_is_not_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
