/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TEST_DRIVE_H
#define ACHICA_TEST_DRIVE_H

#include "tests/ui/fake.h"
#include "ui/ui.h"

/* The wizard in the process of the test, over the fakes, without a terminal. */
extern struct ui ui;

/* On the TARGET of that name; NULL: on all. */
void begin_on(char *name);
void begin(void);
/* With --method. */
void begin_by(enum method method);
/* With --swap and --gaps. */
void begin_with_consent(void);
void end(void);

/* D U L R are arrows, E is Esc, 1 is F1, 5 is F5. After each key the workers have had their turn.
 */
void type(const char *keys);

/* Until every target of the plan is checked. */
void wait_for_checks(void);

#endif
