/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_VIEW_H
#define ACHICA_DISK_VIEW_H

#include <sys/types.h>

#include "achica/extent.h"

/*
 * A read-only loop device over some bytes of what fd is open on: what another program is given to
 * look at, so that it cannot write whatever it tries. It goes with the process. window in bytes,
 * whole sectors of 512. 0, or -errno: it wants the superuser, and Linux 5.8.
 */
struct view {
	int fd;         /* keeps it */
	dev_t dev;
	char node[32];  /* /dev/loopN */
};
int view_open(struct view *view, int fd, struct extent window);

/* Also waits until the kernel has let go of it, for a moment. */
void view_close(struct view *view);

#endif
