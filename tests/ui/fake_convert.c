/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* convert.h without disks and programs: goes on a step with every look, as jobs do. */

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "achica/units.h"
#include "tests/ui/fake.h"

struct convert {
	struct convert_view view;
	char *out;
	int fd;
};

int convert_check(const struct target *t, const struct convert_options *options,
		  struct error *err)
{
	(void)t;
	(void)options;
	(void)err;
	return 0;
}

int convert_start(const struct target *t, const struct convert_options *options,
		  struct convert **convert)
{
	struct convert *c = calloc(1, sizeof(*c));

	(void)t;
	c->out = strdup(options->out);
	fake.format = options->format;
	c->fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	c->view.phase = CONVERT_COPYING;
	error_clear(&c->view.error);
	*convert = c;
	return 0;
}

int convert_fd(const struct convert *c)
{
	return c->fd;
}

static void end(struct convert *c, enum convert_phase phase)
{
	c->view.phase = phase;
	c->view.ended = true;
	c->view.size = c->view.space = 3 * GIB;
	c->view.compared = c->view.checked = phase == CONVERT_DONE;
	if (phase == CONVERT_FAILED)
		error_set(&c->view.error, WHY_DIFFERS, 0, c->out);
}

void convert_ack(struct convert *c)
{
	eventfd_t n;

	eventfd_read(c->fd, &n);
	if (fake.job == FAKE_HOLD || c->view.ended) {
		c->view.permille = 530;
		return;
	}
	c->view.permille += 210;
	if (c->view.permille > 1000)
		end(c, strcmp(c->out, "bad.qcow2") == 0 ? CONVERT_FAILED : CONVERT_DONE);
	eventfd_write(c->fd, 1);
}

void convert_view(struct convert *c, struct convert_view *view)
{
	*view = c->view;
	view->elapsed_ms = 71000;
}

const char *convert_out(const struct convert *c)
{
	return c->out;
}

void convert_stop(struct convert *c)
{
	fake.copies_stopped++;
	end(c, CONVERT_STOPPED);
	eventfd_write(c->fd, 1);
}

void convert_free(struct convert *c)
{
	if (!c)
		return;
	if (!c->view.ended)
		fake.copies_stopped++;
	close(c->fd);
	free(c->out);
	free(c);
}

int convert_exit_status(struct convert *c)
{
	return c->view.phase == CONVERT_DONE ? 0 : 1;
}

const char *convert_phase_name(enum convert_phase phase)
{
	(void)phase;
	return "";
}
