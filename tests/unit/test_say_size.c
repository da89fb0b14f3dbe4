/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Figures, times and cleaned names, in the C.UTF-8 locale which the tests run in. */

#include "tests/lib/test.h"

#include <locale.h>
#include <string.h>

#include "achica/say.h"
#include "achica/units.h"

static char buf[256];

struct size_case {
	uint64_t bytes;
	const char *binary;
	const char *decimal;
	const char *binary_long;
};

static const struct size_case sizes[] = {
	{ 0, "0B", "0B", "0 bytes" },
	{ 1, "1B", "1B", "1 byte" },
	{ 999, "999B", "999B", "999 bytes" },
	{ 1000, "1000B", "1.0k", "1000 bytes" },
	{ 1023, "1023B", "1.0k", "1023 bytes" },
	{ 1024, "1.0K", "1.0k", "1.0 KiB" },
	{ 10240000, "9.8M", "10.2M", "9.8 MiB" },
	{ 1048525, "1.0M", "1.0M", "1.0 MiB" }, /* 1023.95 KiB: rounded up into the next unit */
	{ 999950, "976.5K", "1.0M", "976.5 KiB" },
	{ 40 * GIB, "40.0G", "42.9G", "40.0 GiB" },
	{ 1047527424, "999.0M", "1.0G", "999.0 MiB" },
	{ 16 * TIB, "16.0T", "17.6T", "16.0 TiB" },
	{ UINT64_MAX, "16.0E", "18.4E", "16.0 EiB" },
};

static void sizes_keep_one_decimal_and_the_fewest_digits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_string_equal(say_size(sizes[i].bytes, buf, sizeof(buf)), sizes[i].binary);
		assert_true(say_cells(buf) <= 7);
		assert_string_equal(say_size_long(sizes[i].bytes, buf, sizeof(buf)),
				    sizes[i].binary_long);
		say_si(true);
		assert_string_equal(say_size(sizes[i].bytes, buf, sizeof(buf)), sizes[i].decimal);
		say_si(false);
	}
}

static void no_size_takes_more_than_seven_cells(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < UINT64_MAX / 3; n = n * 3 + 1)
		assert_true(say_cells(say_size(n, buf, sizeof(buf))) <= 7);
}

static void rates_have_a_decimal_only_below_ten(void **state)
{
	(void)state;
	assert_string_equal(say_rate(0, buf, sizeof(buf)), "0 B/s");
	assert_string_equal(say_rate(4300000, buf, sizeof(buf)), "4.3 MB/s");
	assert_string_equal(say_rate(271400000, buf, sizeof(buf)), "271 MB/s");
	assert_string_equal(say_rate(999600000, buf, sizeof(buf)), "1000 MB/s");
}

static void clocks_show_days_and_what_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(say_clock(-1, buf, sizeof(buf)), "--:--:--");
	assert_string_equal(say_clock(0, buf, sizeof(buf)), "00:00:00");
	assert_string_equal(say_clock(311999, buf, sizeof(buf)), "00:05:11");
	assert_string_equal(say_clock(86399999, buf, sizeof(buf)), "23:59:59");
	assert_string_equal(say_clock((2 * 86400 + 3 * 3600 + 600) * INT64_C(1000), buf,
				      sizeof(buf)), "2d 03:10");
}

static void durations_are_rounded_to_minutes(void **state)
{
	(void)state;
	assert_string_equal(say_duration(-1, buf, sizeof(buf)), "?");
	assert_string_equal(say_duration(29999, buf, sizeof(buf)), "less than a minute");
	assert_string_equal(say_duration(11 * 60000 + 1000, buf, sizeof(buf)), "about 11 min");
	assert_string_equal(say_duration(130 * 60000, buf, sizeof(buf)), "about 2 h 10 min");
	assert_string_equal(say_duration(76 * INT64_C(3600000), buf, sizeof(buf)), "about 3 d 4 h");
}

static struct estimate sampled(uint64_t low, uint64_t stale, uint64_t high)
{
	return (struct estimate){ .known = true, .free = 200 * GIB, .stale = stale,
				  .stale_low = low, .stale_high = high };
}

static void estimates_say_how_sure_they_are(void **state)
{
	struct estimate e = sampled(828 * GIB / 10, 832 * GIB / 10, 836 * GIB / 10);

	(void)state;
	assert_string_equal(say_estimate(&e, "+-", buf, sizeof(buf)), "83.2G +-0.4");
	e = sampled(10 * GIB - 1, 10 * GIB, 10 * GIB + 1);
	assert_string_equal(say_estimate(&e, "+-", buf, sizeof(buf)), "10.0G +-0.1");
	e = sampled(100 * GIB, 410 * GIB, 720 * GIB);
	assert_string_equal(say_estimate(&e, "+-", buf, sizeof(buf)), "~410G");
	e = sampled(0, 0, GIB / 5);
	assert_string_equal(say_estimate(&e, "+-", buf, sizeof(buf)), "at most 204.8M");
	e.exact = true;
	e.stale = 832 * GIB / 10;
	assert_string_equal(say_estimate(&e, "+-", buf, sizeof(buf)), "83.2G exact");
	e.known = false;
	assert_string_equal(say_estimate(&e, "+-", buf, sizeof(buf)), "?");
}

static void names_cannot_move_the_cursor_or_turn_the_text(void **state)
{
	(void)state;
	assert_string_equal(say_clean("a\033[2Jb\n", buf, sizeof(buf)), "a\\x1b[2Jb\\x0a");
	assert_string_equal(say_clean("ma\xc3\xb1""ana \xff", buf, sizeof(buf)),
			    "ma\xc3\xb1""ana \\xff");
	assert_string_equal(say_clean("x\xe2\x80\xaeligpj", buf, sizeof(buf)),
			    "x\\xe2\\x80\\xaeligpj");
	assert_string_equal(say_clean("\xc2\x9b", buf, sizeof(buf)), "\\xc2\\x9b");
}

static void a_cut_never_splits_a_character(void **state)
{
	(void)state;
	assert_string_equal(say_clean("a\xc3\xb1", buf, 3), "a");
	assert_string_equal(say_clean("a\xff", buf, 5), "a");
	assert_string_equal(say_clean("a\xff", buf, 6), "a\\xff");
}

static void width_counts_cells(void **state)
{
	(void)state;
	assert_int_equal(say_cells("ma\xc3\xb1""ana"), 6);
	assert_int_equal(say_cells("\xe6\xbc\xa2"), 2);
	assert_int_equal(say_cells("e\xcc\x81"), 1);
}

static void facts_take_their_place_in_a_sentence(void **state)
{
	const struct say_fact facts[] = { { "a", "1\t2" }, { "b", "{a}" }, { NULL, NULL } };

	(void)state;
	assert_string_equal(say_fill(buf, sizeof(buf), "{b} then {a}{a}.", facts),
			    "{a} then 1\\x092" "1\\x092.");
	assert_string_equal(say_fill(buf, sizeof(buf), "{c} {a", facts), "{c} {a");
	assert_string_equal(say_fill(buf, 6, "abc {a}", facts), "abc 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_keep_one_decimal_and_the_fewest_digits),
		cmocka_unit_test(no_size_takes_more_than_seven_cells),
		cmocka_unit_test(rates_have_a_decimal_only_below_ten),
		cmocka_unit_test(clocks_show_days_and_what_is_unknown),
		cmocka_unit_test(durations_are_rounded_to_minutes),
		cmocka_unit_test(estimates_say_how_sure_they_are),
		cmocka_unit_test(names_cannot_move_the_cursor_or_turn_the_text),
		cmocka_unit_test(a_cut_never_splits_a_character),
		cmocka_unit_test(width_counts_cells),
		cmocka_unit_test(facts_take_their_place_in_a_sentence),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
