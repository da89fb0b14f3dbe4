/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * How long a run may take, before anything was measured: a guess from what disks of that kind do at
 * least, for what a method and the proofs of verify read and write. Disks are worked on at the same
 * time, so the whole takes as long as the one that needs longest, or as the limit, which is for all
 * together, allows.
 */

#include <stdlib.h>

#include "achica/units.h"
#include "ui/ui.h"

/* What a disk does at least: bytes per second. */
#define DISK_BPS (UINT64_C(100) * 1000 * 1000)
#define SOLID_BPS (UINT64_C(400) * 1000 * 1000)

/* What there is to do besides the data: locks, the map, metadata. */
#define LEAST_MS 1000

static bool is_metadata(enum method m)
{
	return m == METHOD_PUNCH || m == METHOD_TRIM || m == METHOD_OVERLAY;
}

/* What is in use is read before and after, what was written is read back. */
static uint64_t proof_bytes(const struct target *t, enum method m)
{
	uint64_t used = size_add(t->used, t->used);

	if (target_is_mounted(t) || m == METHOD_OVERLAY)
		return 0;
	return is_metadata(m) ? used : size_add(used, t->estimate.present);
}

/* All that is read and written. False when it is not known. */
static bool find_bytes(const struct ui *ui, const struct target *t, enum method m, uint64_t *bytes)
{
	const struct estimate *e = &t->estimate;

	if (m == METHOD_AUTO)
		m = t->method;
	if (!is_metadata(m) && !e->known)
		return false;
	*bytes = is_metadata(m) ? 0 : size_add(m == METHOD_FILL ? e->free : e->present, e->stale);
	if (ui->plan.verify)
		*bytes = size_add(*bytes, proof_bytes(t, m));
	return true;
}

static int64_t to_ms(uint64_t bytes, uint64_t bps)
{
	return (int64_t)(bytes / (bps / 1000)) + LEAST_MS;
}

static uint64_t disk_bps(const struct target *t)
{
	return t->rotational ? DISK_BPS : SOLID_BPS;
}

int64_t guess_ms(const struct ui *ui, const struct target *t, enum method m)
{
	uint64_t bps = disk_bps(t), bytes;

	if (!find_bytes(ui, t, m, &bytes))
		return -1;
	if (ui->plan.max_rate && ui->plan.max_rate < bps)
		bps = ui->plan.max_rate;
	return to_ms(bytes, bps);
}

static size_t count_groups(const struct work *works, size_t n)
{
	size_t groups = 0;

	for (size_t i = 0; i < n; i++)
		groups = works[i].group < groups ? groups : works[i].group + 1;
	return groups;
}

int64_t guess_all_ms(const struct ui *ui, const struct work *works, size_t n)
{
	int64_t *each = calloc(count_groups(works, n) + 1, sizeof(*each));
	int64_t longest = 0;
	uint64_t all = 0, bytes;

	for (size_t i = 0; each && i < n; i++) {
		const struct work *w = &works[i];

		if (!find_bytes(ui, w->t, w->method, &bytes)) {
			free(each);
			return -1;
		}
		all = size_add(all, bytes);
		each[w->group] += to_ms(bytes, disk_bps(w->t));
		longest = each[w->group] > longest ? each[w->group] : longest;
	}
	if (!each)
		return -1;
	free(each);
	if (ui->plan.max_rate && to_ms(all, ui->plan.max_rate) > longest)
		return to_ms(all, ui->plan.max_rate);
	return longest;
}
