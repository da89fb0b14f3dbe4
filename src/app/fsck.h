/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_FSCK_H
#define ACHICA_APP_FSCK_H

#include "app/tool.h"

enum fsck {
	FSCK_CLEAN,
	FSCK_ERRORS,
	FSCK_UNSURE,   /* it ended without a verdict */
	FSCK_MISSING,  /* it is not installed */
};

/* The program that checks filesystems of that type (as libblkid names it) without changing them;
   NULL where there is none. */
const char *fsck_name(const char *fstype);

/* What it asks all the time (see tool.h). */
struct fsck_ask {
	bool (*canceled)(void *arg);
	bool (*paused)(void *arg);
	void *arg;
};

/* Whether that program, told to change nothing, is known to open a file for reading alone, so that
   it can be given one where there is no read-only device. */
bool fsck_takes_files(const char *fstype);

/* Runs it on node, a device, or a file where it takes those. 0 with *verdict; or -ECANCELED,
   because canceled said so. */
int fsck_run(const char *fstype, const char *node, const struct fsck_ask *ask, enum fsck *verdict,
	     struct error *err);

#endif
