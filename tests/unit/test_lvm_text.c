/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* LVM2's text form: what it says, and what it may not be. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk/lvm_text.h"
#include "tests/lib/test.h"

static char *copy;

static int parse(const char *text, struct lvm_node **nodes)
{
	int r;

	free(copy);
	copy = strdup(text);
	r = lvm_text_parse(copy, strlen(copy), nodes);
	return r;
}

static void values_are_found_by_name(void **state)
{
	struct lvm_node *root;
	const struct lvm_node *vg;
	uint64_t n = 0;

	(void)state;
	assert_int_equal(parse("# made by hand\nvg0 {\n\tid = \"a-b\"\t# comment } \"\n"
			       "\tseqno=7 status = [\"READ\", \"WRITE\"]\n\tflags = []\n}\n"
			       "version = 1\n", &root), 0);
	vg = lvm_find(root, "vg0", LVM_SECTION);
	assert_non_null(vg);
	assert_string_equal(lvm_string(vg, "id"), "a-b");
	assert_true(lvm_number(vg, "seqno", 7, &n));
	assert_int_equal(n, 7);
	assert_false(lvm_number(vg, "seqno", 6, &n));
	assert_true(lvm_lists(vg, "status", "WRITE"));
	assert_false(lvm_lists(vg, "status", "EXPORTED"));
	assert_false(lvm_lists(vg, "flags", "READ"));
	assert_null(lvm_string(vg, "seqno"));
	assert_null(lvm_find(root, "vg1", LVM_SECTION));
	free(root);
}

static void quotes_and_backslashes_are_escaped(void **state)
{
	struct lvm_node *root;

	(void)state;
	assert_int_equal(parse("a = \"x\\\"y\\\\z\"", &root), 0);
	assert_string_equal(lvm_string(root, "a"), "x\"y\\z");
	free(root);
}

static void numbers_that_are_not_ours_are_none(void **state)
{
	static const char *const others[] = {
		"a = -1", "a = 1.5", "a = 18446744073709551616", "a = 99999999999999999999999999",
	};
	struct lvm_node *root;
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(parse(others[i], &root), 0);
		assert_false(lvm_number(root, "a", UINT64_MAX, &n));
		free(root);
	}
	assert_int_equal(parse("a = 18446744073709551615", &root), 0);
	assert_true(lvm_number(root, "a", UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	free(root);
}

static void what_is_no_such_text_is_refused(void **state)
{
	static const char *const bad[] = {
		"a", "a =", "a = \"", "a = \"x", "a = \"x\\", "a = [", "a = [1", "a = [1,", "a = [1,]",
		"a = [1 2]", "a = [[1]]", "a {", "a { b = 1", "}", "a = 1 }", "= 1", "{ }", "a = x",
		"a = 1 a = 2", "a { } a = 1", "a { b = 1 b { } }", "a = 1 \x01", "a/b { }",
		"\"a\" = 1",
	};
	struct lvm_node *root;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &root), -EINVAL);
}

static void a_zero_byte_in_a_string_is_refused(void **state)
{
	char text[] = "a = \"x\0y\"";
	struct lvm_node *root;

	(void)state;
	assert_int_equal(lvm_text_parse(text, sizeof(text) - 1, &root), -EINVAL);
}

static void depth_is_bounded(void **state)
{
	char text[4096] = "";
	struct lvm_node *root;

	(void)state;
	for (int i = 0; i < LVM_TEXT_DEPTH; i++)
		memcpy(text + strlen(text), "a{", 3);
	for (int i = 0; i < LVM_TEXT_DEPTH; i++)
		memcpy(text + strlen(text), "}", 2);
	assert_int_equal(parse(text, &root), 0);
	free(root);
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 2 * i, "a{", 2);
	assert_int_equal(parse(text, &root), -EINVAL);
}

static void size_is_bounded(void **state)
{
	size_t n = (size_t)2 * LVM_TEXT_NODES;
	char *text = malloc(n);
	struct lvm_node *root;

	(void)state;
	memset(text, ',', n);
	assert_int_equal(lvm_text_parse(text, n, &root), -E2BIG);
	free(text);
}

static void the_empty_text_is_an_empty_section(void **state)
{
	struct lvm_node *root;

	(void)state;
	assert_int_equal(parse(" \n\t# nothing", &root), 0);
	assert_null(root->child);
	free(root);
}

static int free_copy(void **state)
{
	(void)state;
	free(copy);
	copy = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_name),
		cmocka_unit_test(quotes_and_backslashes_are_escaped),
		cmocka_unit_test(numbers_that_are_not_ours_are_none),
		cmocka_unit_test(what_is_no_such_text_is_refused),
		cmocka_unit_test(a_zero_byte_in_a_string_is_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(the_empty_text_is_an_empty_section),
	};

	return cmocka_run_group_tests(tests, NULL, free_copy);
}
