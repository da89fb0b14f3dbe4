/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The free maps of all filesystems of a disk in the order of the disk, with what is used between
 * them, laid over the map of holes that its host keeps. A run of data is asked for once, however
 * many extents lie in it; in a hole of many TiB nothing is asked. A part which is found to lie
 * before what was told already (its filesystem was changed meanwhile) counts as used there.
 */

#include "engine/cover.h"
#include "engine/report.h"

#define TICK_EVERY 4096 /* extents of a map that may all lie in holes */

struct walk {
	const struct cover *cover;
	const struct cover_part *part;
	cover_fn *fn;
	void *arg;
	const struct watch *watch;
	struct error *err;
	unsigned extents;
	uint64_t at;        /* all before it was told */
	struct extent data; /* the run of data at or behind at; before it there is a hole */
};

static int find_data(struct walk *w, uint64_t at)
{
	struct io *disk = w->cover->disk;
	int rc = io_next_data(disk, at, &w->data);

	if (rc == 1)
		w->data = (struct extent){ disk->size, UINT64_MAX - disk->size };
	return rc < 0 ? error_set_at(w->err, WHY_READ, -rc, at, disk->name) : 0;
}

/* Tells what is there from at to end. */
static int tell(struct walk *w, uint64_t end, unsigned owner)
{
	uint64_t size = w->cover->disk->size;
	int rc = 0;

	end = end < size ? end : size;
	while (rc == 0 && w->at < end) {
		struct extent here = { w->at, end - w->at };

		if (extent_end(w->data) <= w->at)
			rc = find_data(w, w->at);
		if (rc)
			return rc;
		here = extent_clip(w->data, here);
		if (here.len == 0)
			break;
		rc = w->fn(w->arg, here, owner);
		w->at = extent_end(here);
	}
	w->at = end > w->at ? end : w->at;
	return rc;
}

/* Where a part of the range lies on the disk, or what of it lies on this stripe, which is in one
   piece too; it may be empty. */
static struct extent on_disk(const struct cover_part *part, struct extent e)
{
	uint64_t at = e.start - part->range.start;
	uint64_t end = at + e.len;

	if (e.len == 0)
		return e;
	if (part->stripes) {
		at = extent_on_stripe(at, part->stripes, part->chunk, part->stripe);
		end = extent_on_stripe(end, part->stripes, part->chunk, part->stripe);
	}
	return (struct extent){ part->start + at, end - at };
}

static int walk_free(void *arg, struct extent e)
{
	struct walk *w = arg;
	const struct cover_part *part = w->part;
	struct extent here = on_disk(part, extent_clip(e, part->range));
	int rc = ++w->extents % TICK_EVERY == 0 ? report_tick(w->watch, e.start) : 0;

	if (rc || here.len == 0)
		return rc;
	if (here.start < w->at)
		return 0;
	rc = tell(w, here.start, COVER_USED);
	return rc ? rc : tell(w, extent_end(here), part->owner);
}

int cover_walk(const struct cover *cover, const struct watch *watch, cover_fn *fn, void *arg,
	       struct error *err)
{
	struct walk w = { .cover = cover, .fn = fn, .arg = arg, .watch = watch, .err = err };
	int rc = 0;

	for (size_t i = 0; i < cover->n && rc == 0; i++) {
		w.part = &cover->parts[i];
		rc = gate_walk(w.part->fs, walk_free, &w, err);
	}
	return rc ? rc : tell(&w, cover->disk->size, COVER_USED);
}
