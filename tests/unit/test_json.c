/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The JSON contract: keys in order, integers, null for what is unknown, any bytes in names. */

#include "tests/lib/test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/json.h"
#include "achica/units.h"

/* What json_tree prints; free it. */
static char *print(const struct target *tree, unsigned with)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(json_tree(tree, with, NULL, NULL, out), 0);
	fclose(out);
	return text;
}

static struct target bare(const char *name)
{
	struct target t = { .kind = TARGET_IMAGE, .state = TARGET_READY, .name = (char *)name,
			    .path = (char *)name, .size = 16 * TIB };

	error_clear(&t.verdict);
	return t;
}

static void assert_has(const struct target *t, unsigned with, const char *part)
{
	char *text = print(t, with);

	if (!strstr(text, part))
		print_error("%s is not in %s\n", part, text);
	assert_non_null(strstr(text, part));
	free(text);
}

static void an_empty_tree_is_an_empty_list(void **state)
{
	char *text = print(NULL, 0);

	(void)state;
	assert_string_equal(text, "{\n  \"version\": 1,\n  \"targets\": []\n}\n");
	free(text);
}

static void keys_come_in_the_order_of_the_contract(void **state)
{
	static const char *const keys[] = {
		"name", "path", "kind", "format", "fstype", "label", "uuid", "start", "size",
		"mountpoints", "used", "free", "method", "refusal", "hole", "zero", "stale",
		"stale_low", "stale_high", "exact", "forecast", "children",
	};
	struct target t = bare("a.img");
	char *text = print(&t, JSON_ESTIMATE);
	const char *at = text;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char key[32];

		snprintf(key, sizeof(key), "\"%s\": ", keys[i]);
		at = strstr(at, key);
		assert_non_null(at);
	}
	free(text);
}

static void what_is_unknown_is_null(void **state)
{
	struct target t = bare("a.img");

	(void)state;
	assert_has(&t, 0, "\"label\": null");
	assert_has(&t, 0, "\"used\": null,\n      \"free\": null");
	assert_has(&t, JSON_ESTIMATE, "\"stale\": null");
	t.used = 5;
	assert_has(&t, 0, "\"used\": 5,\n      \"free\": 0");
}

static void sizes_are_integers_in_any_locale(void **state)
{
	struct target t = bare("a.img");

	(void)state;
	assert_has(&t, 0, "\"size\": 17592186044416,");
}

static void a_forecast_is_a_list_of_formats(void **state)
{
	struct target t = bare("a.img");

	(void)state;
	assert_has(&t, JSON_ESTIMATE, "\"forecast\": null");
	t.forecast.known = true;
	t.forecast.now[FORECAST_EXTENDED] = (struct forecast_size){ 5, 4, 6 };
	t.forecast.after[FORECAST_EXTENDED] = (struct forecast_size){ 2, 1, 3 };
	t.forecast.now[FORECAST_SMALL].bytes = FORECAST_NEVER;
	assert_has(&t, JSON_ESTIMATE,
		   "\"format\": \"qcow2\",\n"
		   "          \"options\": \"-o extended_l2=on,cluster_size=128k\",\n"
		   "          \"now\": 5,\n          \"now_low\": 4,\n          \"now_high\": 6,\n"
		   "          \"after\": 2,\n          \"after_low\": 1,\n"
		   "          \"after_high\": 3\n");
	assert_has(&t, JSON_ESTIMATE,
		   "\"options\": \"-o cluster_size=4k\",\n          \"now\": null,\n");
}

struct name_case {
	const char *bytes;
	const char *json;
};

static void names_keep_every_byte(void **state)
{
	static const struct name_case cases[] = {
		{ "ma\xc3\xb1""ana", "ma\xc3\xb1""ana" },
		{ "a\"b\\c\n", "a\\\"b\\\\c\\n" },
		{ "\xff\xc3(", "\\\\xff\\\\xc3(" },
		{ "\\x41", "\\\\x5cx41" },          /* so that \xNN means one thing */
		{ "\xc0\xaf", "\\\\xc0\\\\xaf" },   /* overlong */
		{ "\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80" }, /* above U+10FFFF */
		{ "\xe2\x82", "\\\\xe2\\\\x82" },   /* cut */
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target t = bare("x");
		char part[128];

		t.label = (char *)cases[i].bytes;
		snprintf(part, sizeof(part), "\"label\": \"%s\",", cases[i].json);
		assert_has(&t, 0, part);
	}
}

static void a_refusal_has_a_code_a_reason_and_a_remedy(void **state)
{
	struct target t = bare("/a.img");

	(void)state;
	t.fstype = (char *)"ext4";
	error_set(&t.verdict, WHY_JOURNAL, 0, "ext4");
	assert_has(&t, 0, "\"code\": \"journal\"");
	assert_has(&t, 0, "\"remedy\": \"e2fsck -f /a.img\"");
	assert_has(&t, 0, "\"method\": null");
}

static void estimates_are_whole(void **state)
{
	struct target t = bare("/a.img");

	(void)state;
	t.estimate = (struct estimate){ .known = true, .exact = true, .free = 10, .hole = 1,
					.zero = 2, .stale = 7, .stale_low = 7, .stale_high = 7 };
	assert_has(&t, JSON_ESTIMATE, "\"free\": 10,");
	assert_has(&t, JSON_ESTIMATE, "\"hole\": 1,\n      \"zero\": 2,\n      \"stale\": 7,");
	assert_has(&t, JSON_ESTIMATE, "\"exact\": true");
}

static void a_map_is_streamed_as_one_object(void **state)
{
	struct target t = bare("a\"b");
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(json_map_begin(&t, out), 0);
	assert_int_equal(json_map_extent((struct extent){ 0, 4096 }, true, out), 0);
	assert_int_equal(json_map_extent((struct extent){ 8192, 1 }, false, out), 0);
	assert_int_equal(json_map_end(out), 0);
	fclose(out);
	assert_string_equal(text, "{\"version\": 1, \"name\": \"a\\\"b\", \"extents\": ["
				  "\n  {\"start\": 0, \"len\": 4096},"
				  "\n  {\"start\": 8192, \"len\": 1}\n]}\n");
	free(text);
}

static void a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct target t = bare("a");

	(void)state;
	assert_non_null(full);
	assert_true(json_tree(&t, 0, NULL, NULL, full) < 0);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_tree_is_an_empty_list),
		cmocka_unit_test(keys_come_in_the_order_of_the_contract),
		cmocka_unit_test(what_is_unknown_is_null),
		cmocka_unit_test(sizes_are_integers_in_any_locale),
		cmocka_unit_test(a_forecast_is_a_list_of_formats),
		cmocka_unit_test(names_keep_every_byte),
		cmocka_unit_test(a_refusal_has_a_code_a_reason_and_a_remedy),
		cmocka_unit_test(estimates_are_whole),
		cmocka_unit_test(a_map_is_streamed_as_one_object),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
