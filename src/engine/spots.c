/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Which grains are read back: the first SPOTS_MOST, then every other of them is let go and only
 * every other range noted, and so on. What is kept lies evenly in what was done, however long it
 * was.
 */

#include <errno.h>

#include "base/bytes.h"
#include "engine/narrow.h"
#include "engine/spots.h"

static void thin_out(struct spots *s)
{
	s->n = SPOTS_MOST / 2;
	for (size_t i = 0; i < s->n; i++)
		s->at[i] = s->at[2 * i];
	s->every *= 2;
}

void spots_note(struct spots *s, const struct io *io, struct extent e)
{
	uint64_t len = e.len < GRAIN ? e.len : GRAIN;

	if (io->tells_holes || len == 0)
		return;
	if (s->every == 0)
		s->every = 1;
	if (s->n == SPOTS_MOST)
		thin_out(s);
	if (s->seen++ % s->every == 0)
		s->at[s->n++] = (struct extent){ e.start + (e.len - len) / 2, len };
}

int spots_check(const struct spots *s, struct io *io, struct error *err)
{
	unsigned char bytes[GRAIN];

	for (size_t i = 0; i < s->n; i++) {
		struct extent e = s->at[i];
		int rc = io_read(io, e.start, bytes, (size_t)e.len);

		if (rc < 0)
			return io_report(io, WHY_READ, -rc, err);
		if (!bytes_are_zero(bytes, (size_t)e.len))
			return error_set_at(err, WHY_VERIFY, EIO, e.start, io->name);
	}
	return 0;
}
