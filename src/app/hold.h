/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_HOLD_H
#define ACHICA_APP_HOLD_H

#include "app/job_impl.h"
#include "disk/disk.h"

/* A target that is held: its locks and its open filesystem. All zero: nothing held. */
struct hold {
	struct lock *lock;
	struct fs *fs;     /* NULL: mounted, and the kernel has no map of it */
	bool source;       /* by hold_source */
	int (*ask)(void *arg); /* in: its window's (base/io.h), from before it is opened; or NULL */
	void *ask_arg;
};

/* -errno and *err when the survey's verdict speaks against t. */
int hold_verdict(const struct target *t, struct error *err);

/* Exclusive locks and the driver open; refuses what is not the target that was seen. With an error
   *h may hold a part: hold_release is always right. */
int hold_take(const struct target *t, struct hold *h, struct error *err);

/* The same to look only: nothing is taken. A mounted filesystem of which the kernel has no map is
   read by its driver, behind the kernel's back, if that finds it clean. */
int hold_look(const struct target *t, struct hold *h, struct error *err);

/* For the method overlay: its driver reads it, also where it is mounted read-only, and the same is
   refused; nothing is taken, for the lock of its whole disk holds it. */
int hold_source(const struct target *t, struct hold *h, struct error *err);

void hold_release(struct hold *h);

/* The dry walk of what is held. A mounted filesystem without a map is counted, without a map. */
struct gate_look {
	unsigned char *cells;    /* in: JOB_MAP_CELLS zeros to make the block map in, or NULL */
	int (*pause)(void *arg); /* in: asked now and then, non-zero ends the walk; or NULL */
	void *arg;
	struct gate_sum sum;     /* out */
	uint64_t window;         /* out: bytes that the block map shows, 0 none */
};
int gate_look(const struct target *t, struct hold *h, struct gate_look *look, struct error *err);

#endif
