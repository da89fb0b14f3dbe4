// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (C) the achica authors
//
// What every unit test includes first: cmocka, and what cmocka needs before it.
// A test program runs one group: cmocka_run_group_tests(tests, NULL, NULL).

#ifndef ACHICA_TEST_H
#define ACHICA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
