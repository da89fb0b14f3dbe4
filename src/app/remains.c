/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What trim or fill left. The map is the one after the work, through a descriptor of its own that
 * has seen nothing before. Where the holes of the image under a loop device can be asked for, and
 * hardly any of the free space is anything else, nothing has to be read. Else some of it is.
 */

#include "app/hold.h"
#include "app/remains.h"
#include "engine/engine.h"

#define CHUNKS 128
#define WORTH_A_WORD 100 /* as a part of the free space */

struct remains {
	struct hold hold;
	struct lock *image;  /* the lock that knows the image under a loop device */
	uint64_t free;       /* bytes, of them: */
	uint64_t present;    /* no holes of it */
};

static int count_present(void *arg, struct extent e)
{
	struct remains *r = arg;
	int rc = r->hold.ask ? r->hold.ask(r->hold.ask_arg) : 0;

	r->free += e.len;
	return rc ? rc : lock_present(r->image, e, &r->present);
}

static bool is_all_hole(struct remains *r)
{
	struct error ignored = { 0 };

	return gate_walk(r->hold.fs, count_present, r, &ignored) == 0 &&
	       r->present < r->free / WORTH_A_WORD;
}

static int watch_ask(void *arg, enum did what, struct extent e)
{
	const struct hold *h = arg;

	(void)what;
	(void)e;
	return h->ask ? h->ask(h->ask_arg) : 0;
}

static void sample(struct hold *h, struct estimate *e)
{
	struct watch watch = { .did = watch_ask, .arg = h };
	struct sampler *sampler;
	struct error ignored = { 0 };

	if (sampler_new(h->fs, boottime_us(), &watch, &sampler, &ignored) < 0)
		return;
	if (sampler_more(sampler, CHUNKS, &watch, &ignored) >= 0)
		sampler_result(sampler, e);
	sampler_free(sampler);
}

uint64_t remains_of(const struct target *t, struct lock *lock, int (*ask)(void *arg), void *arg)
{
	struct remains r = { .hold = { .ask = ask, .ask_arg = arg }, .image = lock };
	struct estimate e = { 0 };

	if (hold_look(t, &r.hold, NULL) == 0 && r.hold.fs && !is_all_hole(&r))
		sample(&r.hold, &e);
	hold_release(&r.hold);
	return e.known && e.stale >= e.free / WORTH_A_WORD ? e.stale : 0;
}
