/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

#include <unistd.h>

#include "tests/lib/test.h"

static void offsets_are_64_bit(void **state)
{
	(void)state;
	assert_int_equal(sizeof(off_t), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_64_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
