/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The gate lets nothing through that a sound driver would not say, and fs.c refuses by class. */

#include <errno.h>
#include <string.h>

#include "fs/fs.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/test.h"

#define U 4096u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct seen {
	struct extent extents[16];
	size_t n;
	int stop_with; /* what the receiver answers, when not 0 */
};

static int see(void *arg, struct extent e)
{
	struct seen *s = arg;

	assert_true(s->n < COUNT(s->extents));
	s->extents[s->n++] = e;
	return s->stop_with;
}

static struct fs *fake(const struct extent *map, size_t n)
{
	struct fs *fs = fs_fake_new(NULL, map, n);

	fs->size = 100 * U;
	return fs;
}

static void touching_extents_are_joined(void **state)
{
	const struct extent map[] = { { 0, U }, { U, 2 * U }, { 5 * U, U }, { 6 * U, U } };
	struct fs *fs = fake(map, COUNT(map));
	struct seen seen = { 0 };
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(gate_walk(fs, see, &seen, &err), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.extents[0].start, 0);
	assert_int_equal(seen.extents[0].len, 3 * U);
	assert_int_equal(seen.extents[1].start, 5 * U);
	assert_int_equal(seen.extents[1].len, 2 * U);
	fs_close(fs);
}

/* The second extent is wrong: it is refused, and neither it nor what it may touch is seen. */
static void a_wrong_extent_is_never_seen(void **state)
{
	static const struct {
		struct extent wrong;
		enum why why;
	} cases[] = {
		{ { 4 * U, U }, WHY_MAP_ORDER },         /* before the first one */
		{ { 10 * U, U }, WHY_MAP_ORDER },        /* the same again */
		{ { 11 * U, 2 * U }, WHY_MAP_ORDER },    /* overlapping it */
		{ { 20 * U, 0 }, WHY_MAP_RANGE },        /* empty */
		{ { 99 * U, 2 * U }, WHY_MAP_RANGE },    /* over the end */
		{ { 101 * U, U }, WHY_MAP_RANGE },       /* outside */
		{ { 20 * U, UINT64_MAX - U + 1 }, WHY_MAP_RANGE }, /* wrapping */
		{ { 20 * U + 512, U }, WHY_MAP_RANGE },  /* not on a unit */
		{ { 20 * U, U + 512 }, WHY_MAP_RANGE },  /* not whole units */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct extent map[] = { { 10 * U, 2 * U }, cases[i].wrong, { 50 * U, U } };
		struct fs *fs = fake(map, COUNT(map));
		struct seen seen = { 0 };
		struct error err;

		error_clear(&err);
		assert_true(gate_walk(fs, see, &seen, &err) < 0);
		assert_int_equal(err.why, cases[i].why);
		assert_int_equal(err.at, cases[i].wrong.start);
		assert_int_equal(seen.n, 0);
		fs_close(fs);
	}
}

static void the_last_unit_may_be_free(void **state)
{
	const struct extent map[] = { { 0, 100 * U } };
	struct fs *fs = fake(map, COUNT(map));
	struct seen seen = { 0 };
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(gate_walk(fs, see, &seen, &err), 0);
	assert_int_equal(seen.n, 1);
	fs_close(fs);
}

static void the_receivers_answer_comes_back(void **state)
{
	const struct extent map[] = { { 0, U }, { 2 * U, U }, { 4 * U, U } };
	const int answers[] = { -ECANCELED, 7 };

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct fs *fs = fake(map, COUNT(map));
		struct seen seen = { .stop_with = answers[i] };
		struct error err;

		error_clear(&err);
		assert_int_equal(gate_walk(fs, see, &seen, &err), answers[i]);
		assert_int_equal(seen.n, 1);
		assert_int_equal(err.why, WHY_NONE);
		fs_close(fs);
	}
}

static void a_failing_walk_fails(void **state)
{
	const struct extent map[] = { { 0, U }, { 2 * U, U }, { 4 * U, U } };
	struct fs *fs = fake(map, COUNT(map));
	struct seen seen = { 0 };
	struct gate_sum sum = { 1, 2 };
	struct error err;

	(void)state;
	error_clear(&err);
	fs_fake_fail(fs, 2, EIO);
	assert_int_equal(gate_dry_walk(fs, see, &seen, &sum, &err), -EIO);
	assert_int_equal(err.why, WHY_READ);
	assert_int_equal(err.at, 4 * U);
	assert_int_equal(sum.bytes, 1);
	fs_close(fs);
}

static void the_sum_has_to_be_the_counter(void **state)
{
	const struct extent map[] = { { 0, U }, { U, U }, { 4 * U, U } };
	struct fs *fs = fake(map, COUNT(map));
	struct gate_sum sum;
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(gate_dry_walk(fs, NULL, NULL, &sum, &err), 0);
	assert_int_equal(sum.bytes, 3 * U);
	assert_int_equal(sum.extents, 2);
	fs->free += U;
	assert_int_equal(gate_dry_walk(fs, NULL, NULL, &sum, &err), -EBUSY);
	assert_int_equal(err.why, WHY_MAP_TOTAL);
	assert_int_equal(err.at, 3 * U);
	error_clear(&err);
	fs->free = FS_FREE_UNKNOWN;
	assert_int_equal(gate_dry_walk(fs, NULL, NULL, &sum, &err), 0);
	fs_close(fs);
}

static void an_empty_map_is_a_map(void **state)
{
	struct fs *fs = fake(NULL, 0);
	struct gate_sum sum;
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(gate_dry_walk(fs, NULL, NULL, &sum, &err), 0);
	assert_int_equal(sum.bytes, 0);
	assert_int_equal(sum.extents, 0);
	fs_close(fs);
}

static void what_is_not_served_is_refused_by_class(void **state)
{
	static const struct {
		const char *type;
		enum why why;
	} cases[] = {
		{ "crypto_LUKS", WHY_CONTAINER },
		{ "LVM2_member", WHY_CONTAINER },
		{ "linux_raid_member", WHY_CONTAINER },
		{ "zfs_member", WHY_CONTAINER },
		{ "jbd", WHY_CONTAINER },
		{ "BitLocker", WHY_CONTAINER },
		{ "squashfs", WHY_WRITE_ONCE },
		{ "iso9660", WHY_WRITE_ONCE },
		{ "reiserfs", WHY_UNKNOWN_FS },
		{ "", WHY_UNKNOWN_FS },
#ifndef WITH_NTFS
		{ "ntfs", WHY_NO_DRIVER },
#endif
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fs *fs = NULL;
		struct error err;

		error_clear(&err);
		assert_null(fs_driver_find(cases[i].type));
		assert_int_equal(fs_open(NULL, cases[i].type, &fs, &err), -EBUSY);
		assert_int_equal(err.why, cases[i].why);
		assert_string_equal(err.what, cases[i].type);
		assert_null(fs);
	}
}

static void every_ext_has_the_same_driver(void **state)
{
	(void)state;
	assert_non_null(fs_driver_find("ext2"));
	assert_ptr_equal(fs_driver_find("ext2"), fs_driver_find("ext3"));
	assert_ptr_equal(fs_driver_find("ext2"), fs_driver_find("ext4"));
	assert_null(fs_driver_find("ext"));
	assert_null(fs_driver_find(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touching_extents_are_joined),
		cmocka_unit_test(a_wrong_extent_is_never_seen),
		cmocka_unit_test(the_last_unit_may_be_free),
		cmocka_unit_test(the_receivers_answer_comes_back),
		cmocka_unit_test(a_failing_walk_fails),
		cmocka_unit_test(the_sum_has_to_be_the_counter),
		cmocka_unit_test(an_empty_map_is_a_map),
		cmocka_unit_test(what_is_not_served_is_refused_by_class),
		cmocka_unit_test(every_ext_has_the_same_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
