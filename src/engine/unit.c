/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * One unit: read at once, holes with it, since they read as zero. What would be left of it is a
 * copy with the free extents blanked, byte by byte, so that a grain which is used in part is still
 * told by its used bytes.
 */

#include <string.h>

#include "base/bytes.h"
#include "engine/narrow.h"
#include "engine/report.h"
#include "engine/unit.h"

void unit_begin(struct unit *u, uint64_t index)
{
	u->index = index;
	u->used = u->free = 0;
	u->n = 0;
}

static struct extent place(const struct unit *u)
{
	return (struct extent){ u->index * UNIT, UNIT };
}

void unit_add(struct unit *u, struct extent e, unsigned owner)
{
	struct extent here = extent_clip(e, place(u));

	/* So many runs are smaller than any filesystem's block. */
	if (here.len == 0 || owner == COVER_USED || u->n == UNIT_RUNS) {
		u->used += here.len;
		return;
	}
	u->free += here.len;
	u->runs[u->n++] = (struct unit_run){ here, owner };
}

struct attempt {
	struct unit *u;
	struct io *disk;
};

static int attempt_read(void *arg, struct extent part)
{
	const struct attempt *a = arg;

	return io_read(a->disk, part.start, a->u->bytes[NOW] + (part.start - a->u->index * UNIT),
		       (size_t)part.len);
}

static void blank_free(struct unit *u)
{
	memcpy(u->bytes[AFTER], u->bytes[NOW], UNIT);
	for (size_t i = 0; i < u->n; i++) {
		struct extent e = u->runs[i].e;

		memset(u->bytes[AFTER] + (e.start - u->index * UNIT), 0, (size_t)e.len);
	}
}

static uint32_t find_grains(const unsigned char *bytes)
{
	uint32_t grains = 0;

	for (unsigned i = 0; i < UNIT_GRAINS; i++) {
		if (!bytes_are_zero(bytes + i * UNIT_GRAIN, UNIT_GRAIN))
			grains |= UINT32_C(1) << i;
	}
	return grains;
}

int unit_read(struct unit *u, struct io *disk, const struct watch *watch, struct error *err)
{
	struct attempt attempt = { u, disk };
	const struct narrow narrow = {
		.watch = watch,
		.err = err,
		.name = disk->name,
		.why = WHY_READ,
		.attempt = attempt_read,
		.arg = &attempt,
	};
	struct extent e = extent_clip(place(u), (struct extent){ 0, disk->size });
	int rc;

	/* Where nothing can be read this stays: data. */
	memset(u->bytes[NOW], 0xff, (size_t)e.len);
	memset(u->bytes[NOW] + e.len, 0, UNIT - (size_t)e.len);
	rc = narrow_run(&narrow, e);
	if (rc == 0)
		rc = report_did(watch, DID_READ, e);
	if (rc)
		return rc;
	u->grains[NOW] = u->grains[AFTER] = find_grains(u->bytes[NOW]);
	if (u->n == 0 || u->grains[NOW] == 0)
		return 0;
	blank_free(u);
	u->grains[AFTER] = find_grains(u->bytes[AFTER]);
	return 0;
}

unsigned unit_owner(const struct unit *u, unsigned grain)
{
	struct extent e = { u->index * UNIT + grain * UNIT_GRAIN, UNIT_GRAIN };

	for (size_t i = 0; i < u->n; i++) {
		if (extent_overlaps(u->runs[i].e, e))
			return u->runs[i].owner;
	}
	return COVER_USED;
}

bool unit_is_mixed(const struct unit *u, size_t at, size_t len)
{
	struct extent e = { u->index * UNIT + at, len };

	for (size_t i = 0; i < u->n; i++) {
		if (extent_overlaps(u->runs[i].e, e))
			return true;
	}
	return false;
}
