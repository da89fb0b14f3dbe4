/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Loop devices of our own (linux/Documentation/admin-guide/devices.txt, loop(4)). LOOP_CONFIGURE
 * makes one read-only from its first moment; with AUTOCLEAR it is gone at its last close.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disk/place.h"
#include "disk/view.h"

#define TRIES 16                 /* others may take the device that was free */
#define GONE_TRIES 100
#define GONE_WAIT_NS 10000000L

static int open_free(char *node, size_t n)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number, fd;

	if (control < 0)
		return -errno;
	number = ioctl(control, LOOP_CTL_GET_FREE);
	fd = number < 0 ? -errno : 0;
	close(control);
	if (fd < 0)
		return fd;
	snprintf(node, n, "/dev/loop%d", number);
	fd = open(node, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int configure(int loop, int fd, struct extent window)
{
	struct loop_config config = {
		.fd = (__u32)fd,
		.info = {
			.lo_offset = window.start,
			.lo_sizelimit = window.len,
			.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR,
		},
	};

	return ioctl(loop, LOOP_CONFIGURE, &config) < 0 ? -errno : 0;
}

int view_open(struct view *view, int fd, struct extent window)
{
	struct stat st;
	int r = -EBUSY;

	view->fd = -1;
	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		int loop = open_free(view->node, sizeof(view->node));

		if (loop < 0)
			return loop;
		r = configure(loop, fd, window);
		if (r == 0)
			view->fd = loop;
		else
			close(loop);
	}
	if (r < 0)
		return r;
	if (fstat(view->fd, &st) < 0) {
		r = -errno;
		close(view->fd);
		view->fd = -1;
		return r;
	}
	view->dev = st.st_rdev;
	return 0;
}

void view_close(struct view *view)
{
	const struct timespec wait = { 0, GONE_WAIT_NS };
	struct loop loop;

	if (view->fd < 0)
		return;
	close(view->fd);
	view->fd = -1;
	/* udev may look into it, and keeps it for as long. */
	for (int i = 0; i < GONE_TRIES && loop_read(view->dev, &loop) == 0; i++)
		nanosleep(&wait, NULL);
}
