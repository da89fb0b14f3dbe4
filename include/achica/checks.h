/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_CHECKS_H
#define ACHICA_CHECKS_H

#include "achica/job.h"

/*
 * job_check for several targets, in a thread of its own, so that a plan can be shown meanwhile. One
 * at a time and never two of one target, because each takes the target's locks. Nothing is written.
 */
struct checks;

enum check_state { CHECK_WAITING, CHECK_RUNNING, CHECK_OK, CHECK_REFUSED };

struct check_result {
	enum check_state state;
	enum method taken;      /* with CHECK_OK: what the method asked for comes to */
	uint64_t free;          /* with CHECK_OK: bytes */
	struct error error;     /* with CHECK_REFUSED */
};

/* Starts the thread. -errno. */
int checks_open(struct checks **checks);

/* Forgets what was asked before and asks anew about n targets, which are copied. A check that runs
   is finished first, and its result dropped. -ENOMEM: nothing is asked then. */
int checks_ask(struct checks *checks, struct target *const *targets, const enum method *methods,
	       size_t n);

/* Asks again about target i, for another method. */
void checks_ask_again(struct checks *checks, size_t i, enum method m);

int checks_fd(const struct checks *checks);   /* readable when a result changed */
void checks_ack(struct checks *checks);       /* makes it unreadable again */
void checks_result(struct checks *checks, size_t i, struct check_result *result);

/* Frees it. A check that hangs is left behind with what it needs. */
void checks_close(struct checks *checks);

#endif
