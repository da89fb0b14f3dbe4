/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TEST_H
#define ACHICA_TEST_H

/*
 * What every unit test includes first: cmocka, and what cmocka needs before it.
 * A test program runs one group: cmocka_run_group_tests(tests, NULL, NULL).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
