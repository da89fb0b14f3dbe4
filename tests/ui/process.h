/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TEST_PROCESS_H
#define ACHICA_TEST_PROCESS_H

#include "tests/lib/vt.h"

/* The wizard over the fakes as a process on a terminal in memory (tests/ui/wizard.c). */

#define SOON 5000 /* time limit of a wait, ms */

extern struct vt *vt;

/* settings: "NAME=VALUE" besides those of every test; they and arguments are separated by blanks.
 */
void start_on(const char *term, int rows, int cols, const char *settings, const char *args);
void start(const char *settings);

/* All of these fail the test when it does not come true. */
void see(const char *text);
void see_cursor_at(const char *text);
void ends_with(int status);
void go_to_plan(void);
void go_to_work(void);

/* Ends it, whatever it does: after each test. */
int teardown(void **state);

#endif
