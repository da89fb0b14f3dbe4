/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Errors, extents, sizes, zero test and the tree: base/ without any io. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/error.h"
#include "achica/extent.h"
#include "achica/target.h"
#include "achica/units.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "tests/lib/test.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void every_why_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WHY_COUNT; i++) {
		assert_non_null(why_name((enum why)i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(why_name((enum why)i), why_name((enum why)j));
	}
}

static void the_first_error_stays(void **state)
{
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(error_set_at(&err, WHY_READ, EIO, 4096, "/dev/x"), -EIO);
	assert_int_equal(error_set(&err, WHY_OPEN, ENOENT, "other"), -ENOENT);
	assert_int_equal(err.why, WHY_READ);
	assert_int_equal(err.at, 4096);
	assert_string_equal(err.what, "/dev/x");
}

static void a_refusal_is_no_failure(void **state)
{
	(void)state;
	assert_false(why_is_refusal(WHY_NONE));
	assert_false(why_is_refusal(WHY_TIMEOUT));
	assert_true(why_is_refusal(WHY_MOUNTED));
	assert_true(why_is_refusal(WHY_FORMAT));
	assert_int_equal(error_set(NULL, WHY_JOURNAL, 0, "ext4"), -EBUSY);
	assert_int_equal(error_set(NULL, WHY_READ, 0, NULL), -EIO);
}

static void a_long_name_is_cut(void **state)
{
	char name[600];
	struct error err;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	error_clear(&err);
	error_set(&err, WHY_OPEN, ENOENT, name);
	assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
}

static void extents_clip_and_shrink(void **state)
{
	static const struct {
		struct extent e, bounds, clipped;
	} clips[] = {
		{ { 0, 10 }, { 5, 10 }, { 5, 5 } },
		{ { 5, 10 }, { 0, 10 }, { 5, 5 } },
		{ { 0, 5 }, { 5, 5 }, { 5, 0 } },
		{ { 2, 3 }, { 0, 100 }, { 2, 3 } },
		{ { UINT64_MAX - 4, 4 }, { 0, UINT64_MAX }, { UINT64_MAX - 4, 4 } },
	};
	struct extent e;

	(void)state;
	for (size_t i = 0; i < LENGTH(clips); i++) {
		e = extent_clip(clips[i].e, clips[i].bounds);
		assert_int_equal(e.start, clips[i].clipped.start);
		assert_int_equal(e.len, clips[i].clipped.len);
	}
	e = extent_shrink((struct extent){ 100, 9000 }, 4096);
	assert_int_equal(e.start, 4096);
	assert_int_equal(e.len, 4096);
	assert_int_equal(extent_shrink((struct extent){ 1, 4000 }, 4096).len, 0);
	assert_true(extent_overlaps((struct extent){ 0, 2 }, (struct extent){ 1, 2 }));
	assert_false(extent_overlaps((struct extent){ 0, 1 }, (struct extent){ 1, 2 }));
}

static void sizes_are_read_as_typed(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0, 0 },
		{ "512", 0, 512 },
		{ "64M", 0, 64 * MIB },
		{ "64m", 0, 64 * MIB },
		{ "1.5G", 0, 3 * GIB / 2 },
		{ "1,5GiB", 0, 3 * GIB / 2 },
		{ "2kB", 0, 2000 },
		{ "2KB", 0, 2000 },
		{ "10B", 0, 10 },
		{ "0.1K", 0, 102 },
		{ "16383P", 0, UINT64_C(16383) << 50 },
		{ "16384P", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "M", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 M", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ "1.M", -EINVAL, 0 },
		{ "1X", -EINVAL, 0 },
		{ "1MiBs", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t bytes = 0;

		assert_int_equal(size_parse(cases[i].text, &bytes), cases[i].result);
		if (cases[i].result == 0)
			assert_int_equal(bytes, cases[i].bytes);
	}
	assert_int_equal(size_add(UINT64_MAX, 1), UINT64_MAX);
	assert_int_equal(size_mul(UINT64_MAX / 2, 3), UINT64_MAX);
}

static void one_byte_anywhere_is_not_zero(void **state)
{
	unsigned char buf[200] = { 0 };

	(void)state;
	assert_true(bytes_are_zero(buf, 0));
	for (size_t len = 1; len <= sizeof(buf); len++) {
		assert_true(bytes_are_zero(buf, len));
		for (size_t at = 0; at < len; at++) {
			buf[at] = 1;
			assert_false(bytes_are_zero(buf, len));
			buf[at] = 0;
		}
	}
}

static struct target *named(const char *name)
{
	struct target *t = target_new(TARGET_PART);

	assert_non_null(t);
	t->name = strdup(name);
	return t;
}

static void the_tree_is_walked_depth_first(void **state)
{
	static const char *const order[] = { "a", "a1", "a1x", "a2", "b" };
	struct target *tree = NULL;
	struct target *a = named("a");
	struct target *a1 = named("a1");
	struct target *t;
	size_t i = 0;

	(void)state;
	target_append(&tree, NULL, a);
	target_append(&tree, NULL, named("b"));
	target_append(NULL, a, a1);
	target_append(NULL, a, named("a2"));
	target_append(NULL, a1, named("a1x"));
	for (t = tree; t; t = target_next(t))
		assert_string_equal(t->name, order[i++]);
	assert_int_equal(i, LENGTH(order));
	t = target_find(tree, "a1x");
	assert_non_null(t);
	assert_int_equal(target_depth(t), 2);
	assert_ptr_equal(target_top(t), a);
	assert_null(target_find(tree, "c"));
	target_free(tree);
}

static void a_copy_shares_nothing(void **state)
{
	struct target *t = named("x");
	struct target *copy;

	(void)state;
	t->mountpoints = calloc(2, sizeof(char *));
	t->mountpoints[0] = strdup("/mnt");
	t->label = strdup("label");
	copy = target_copy(t);
	target_free(t);
	assert_string_equal(copy->name, "x");
	assert_string_equal(copy->label, "label");
	assert_string_equal(copy->mountpoints[0], "/mnt");
	assert_true(target_is_mounted(copy));
	target_free(copy);
}

/* The last two from RFC 3720, B.4. */
static void crc32c_is_castagnolis(void **state)
{
	unsigned char bytes[32] = { 0 };

	(void)state;
	assert_int_equal(~crc32c(~0u, "", 0), 0);
	assert_int_equal((uint32_t)~crc32c(~0u, "123456789", 9), 0xe3069283);
	assert_int_equal((uint32_t)~crc32c(crc32c(~0u, "1234", 4), "56789", 5), 0xe3069283);
	assert_int_equal((uint32_t)~crc32c(~0u, bytes, sizeof bytes), 0x8a9136aa);
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	assert_int_equal((uint32_t)~crc32c(~0u, bytes, sizeof bytes), 0x46dd794e);
}

static void methods_have_names(void **state)
{
	(void)state;
	for (enum method m = METHOD_AUTO; m < METHOD_COUNT; m++)
		assert_int_equal(method_find(method_name(m)), m);
	assert_int_equal(method_find("magic"), METHOD_COUNT);
}

static void the_word_for_consent_can_be_typed(void **state)
{
	static const struct {
		const char *name;
		enum target_kind kind;
		size_t n_pvs;
		const char *word;
	} cases[] = {
		{ "/dev/sda4", TARGET_PART, 0, "sda4" },
		{ "/srv/a.img#gap2", TARGET_GAP, 0, "a.img#gap2" },
		{ "/srv/a.img#vg0/swap", TARGET_LV, 1, "vg0/swap" },
		{ "/srv/a b.img", TARGET_IMAGE, 0, "swap" },
		{ "/srv/\303\261.img#gap1", TARGET_GAP, 0, "gaps" },
		{ "/srv/", TARGET_IMAGE, 0, "swap" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target t = { .kind = cases[i].kind, .name = (char *)cases[i].name,
				    .fstype = (char *)"swap", .n_pvs = cases[i].n_pvs };

		assert_string_equal(target_word(&t), cases[i].word);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_why_has_a_name_of_its_own),
		cmocka_unit_test(the_first_error_stays),
		cmocka_unit_test(a_refusal_is_no_failure),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(extents_clip_and_shrink),
		cmocka_unit_test(sizes_are_read_as_typed),
		cmocka_unit_test(one_byte_anywhere_is_not_zero),
		cmocka_unit_test(the_tree_is_walked_depth_first),
		cmocka_unit_test(a_copy_shares_nothing),
		cmocka_unit_test(crc32c_is_castagnolis),
		cmocka_unit_test(methods_have_names),
		cmocka_unit_test(the_word_for_consent_can_be_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
