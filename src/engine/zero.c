/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The one place that writes over free space. Long runs go to io_zero, which may not need to move
 * the bytes, short ones are cheaper written.
 */

#include <errno.h>

#include "achica/units.h"
#include "engine/narrow.h"
#include "engine/report.h"
#include "engine/zero.h"

#define SHORT_RUN (64 * KIB)
#define FLUSH_EVERY (128 * MIB)
#define STEP_FIRST (256 * KIB)
#define STEP_MOST (4 * MIB)

static const unsigned char zeros[SHORT_RUN];

int zero_write(struct io *io, struct extent e)
{
	int rc = 0;

	while (rc == 0 && e.len > 0) {
		size_t n = e.len < sizeof(zeros) ? (size_t)e.len : sizeof(zeros);

		rc = io_write(io, e.start, zeros, n);
		e = (struct extent){ e.start + n, e.len - n };
	}
	return rc;
}

static int attempt_zero(void *arg, struct extent e)
{
	struct zero *z = arg;
	bool aligned = e.start % z->io->sector == 0 && e.len % z->io->sector == 0;
	int rc;

	stride_begin(&z->stride);
	if (e.len < SHORT_RUN || !aligned)
		rc = zero_write(z->io, e);
	else
		rc = io_zero(z->io, e);
	stride_end(&z->stride, e.len);
	return rc;
}

static int good_zero(void *arg, struct extent e)
{
	struct zero *z = arg;

	z->unflushed += e.len;
	spots_note(&z->spots, z->io, e);
	return report_did(z->watch, DID_ZEROED, e);
}

static int zero_flush(struct zero *z)
{
	int rc = io_flush(z->io);

	if (rc < 0)
		return error_set(z->err, WHY_FLUSH, -rc, z->io->name);
	z->unflushed = 0;
	return 0;
}

int zero_extent(struct zero *z, struct extent e)
{
	const struct narrow narrow = {
		.watch = z->watch,
		.err = z->err,
		.name = z->io->name,
		.why = WHY_WRITE,
		.attempt = attempt_zero,
		.good = good_zero,
		.arg = z,
	};
	int rc = 0;

	if (z->dry)
		return report_did(z->watch, DID_ZEROED, e);
	if (z->stride.now == 0)
		z->stride = (struct stride){ SHORT_RUN, STEP_MOST, STEP_FIRST, 0 };
	while (rc == 0 && e.len > 0)
		rc = narrow_run(&narrow, narrow_cut(&e, z->stride.now));
	if (rc == 0 && z->unflushed >= FLUSH_EVERY)
		rc = zero_flush(z);
	return rc;
}

int zero_finish(struct zero *z, int rc)
{
	int flushed = 0;

	if (!z->dry && (rc == 0 || rc == -ECANCELED))
		flushed = zero_flush(z);
	if (flushed)
		return flushed;
	return rc ? rc : spots_check(&z->spots, z->io, z->err);
}
