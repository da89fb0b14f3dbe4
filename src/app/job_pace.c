/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * How fast a job goes and how long it will take. Reading and zeroing are measured apart, each over
 * the time that was waited for it, so that a disk whose rest is more stale than its beginning is
 * told rightly: left = bytes to read / read rate + bytes to zero / zero rate. What is stale in the
 * rest comes from the estimate, or where there is none from what was found so far. The groups of a
 * job run at the same time: the longest is the time left of all. The bar of the whole is weighted
 * by what each target is likely to take, not by their number.
 */

#include "achica/units.h"
#include "app/job_impl.h"

/* Less than this says nothing about how fast a device is. */
#define SURE_US UINT64_C(3000000)
#define SURE_BYTES (64 * MIB)
#define METER_MIN_US 50000
#define STALLED_US UINT64_C(2000000)
/* A target costs at least as much as moving this, and metadata work a fraction of data's. */
#define LEAST_COST MIB
#define METADATA_PART 64

void meter_add(struct meter *m, uint64_t bytes, uint64_t us)
{
	double fade = METER_S * 1e6 / (METER_S * 1e6 + (double)us);

	m->bytes = m->bytes * fade + (double)bytes;
	m->us = m->us * fade + (double)us;
}

uint64_t meter_bps(const struct meter *m)
{
	return m->us < METER_MIN_US ? 0 : (uint64_t)(m->bytes * 1e6 / m->us);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

int64_t load_ms(struct load load, struct speed speed)
{
	double ms = 0;

	if ((load.read && !speed.read_bps) || (load.zero && !speed.zero_bps))
		return -1;
	if (load.read)
		ms += (double)load.read * 1000 / (double)speed.read_bps;
	if (load.zero)
		ms += (double)load.zero * 1000 / (double)speed.zero_bps;
	return (int64_t)ms;
}

static enum method method_of(const struct job_item *item)
{
	if (item->view.method != METHOD_AUTO)
		return item->view.method;
	return item->asked != METHOD_AUTO ? item->asked : item->target->method;
}

static bool is_metadata(const struct job_item *item)
{
	enum method m = method_of(item);

	return m == METHOD_PUNCH || m == METHOD_TRIM || m == METHOD_OVERLAY;
}

/* Whether all of it is read once more, and what is in use twice. */
static bool is_verified(const struct job *job, const struct job_item *item)
{
	return job->options.verify && !job->options.dry_run && !item->target->mountpoints &&
	       method_of(item) != METHOD_OVERLAY;
}

static uint64_t free_of(const struct job_item *item)
{
	if (item->view.free)
		return item->view.free;
	return item->view.estimate.free ? item->view.estimate.free : item->target->free;
}

/* Of left bytes of free space that are no hole, how many may be stale. */
static uint64_t stale_in(const struct job_item *item, uint64_t left)
{
	const struct estimate *e = &item->view.estimate;
	uint64_t seen = item->view.zeroed + minus(item->view.was_zero, item->holes);
	uint64_t stale = left;

	if (e->known)
		stale = minus(e->stale, item->view.zeroed);
	else if (seen)
		stale = (uint64_t)((double)left * (double)item->view.zeroed / (double)seen);
	return stale < left ? stale : left;
}

/* Of left bytes that are no hole, how many will be read: where all is stale, most are not. */
static uint64_t read_in(const struct job_item *item, uint64_t left)
{
	uint64_t passed = minus(item->view.done, item->holes);

	if (item->view.read >= passed)
		return left;
	return (uint64_t)((double)left * (double)item->view.read / (double)passed);
}

/* What is still to be done of an item that has not ended. */
static struct load item_load(const struct job *job, const struct job_item *item)
{
	const struct estimate *e = &item->view.estimate;
	uint64_t left = minus(free_of(item), item->view.done);
	uint64_t present = minus(left, e->known ? minus(e->hole, item->holes) : 0);
	struct load load = { 0, 0 };

	if (is_metadata(item)) {
		load.zero = present;
	} else {
		load.read = read_in(item, present);
		load.zero = stale_in(item, present);
	}
	if (is_verified(job, item))
		load.read += minus(free_of(item), item->verified) +
			     minus(item->to_sum, item->summed);
	return load;
}

static struct speed item_speed(const struct job_item *item)
{
	struct speed speed = { meter_bps(&item->read), meter_bps(&item->zero) };

	if (!speed.read_bps)
		speed.read_bps = speed.zero_bps;
	if (!speed.zero_bps)
		speed.zero_bps = speed.read_bps;
	return speed;
}

static bool has_ended(const struct job_item *item)
{
	return item->view.phase >= JOB_DONE;
}

static uint64_t elapsed_us(const struct job *job, const struct job_item *item)
{
	if (item->view.phase == JOB_WAITING)
		return 0;
	return minus(has_ended(item) ? item->end_us : job_clock(job), item->start_us);
}

static int64_t item_left(const struct job *job, const struct job_item *item)
{
	if (has_ended(item))
		return 0;
	if (elapsed_us(job, item) < SURE_US || item->view.read + item->view.zeroed < SURE_BYTES)
		return -1;
	return load_ms(item_load(job, item), item_speed(item));
}

/* From what was moved in its own time, or for a short run in all of its time. */
static uint64_t shown_bps(const struct meter *m, uint64_t bytes, uint64_t us)
{
	uint64_t bps = meter_bps(m);

	if (bps || us < 1000)
		return bps;
	return (uint64_t)((double)bytes * 1e6 / (double)us);
}

static bool is_moving(enum job_phase phase)
{
	return phase == JOB_WORKING || phase == JOB_VERIFYING || phase == JOB_SUMMING;
}

void pace_fill(const struct job *job, const struct job_item *item, struct job_view_item *view)
{
	uint64_t us = elapsed_us(job, item);
	uint64_t idle = is_moving(view->phase) ? minus(job_clock(job), item->moved_us) : 0;

	view->elapsed_ms = us / 1000;
	view->left_ms = item_left(job, item);
	view->read_bps = shown_bps(&item->read, view->read, us);
	view->zero_bps = shown_bps(&item->zero, view->zeroed, us);
	view->stalled_ms = idle < STALLED_US ? 0 : idle / 1000;
}

/* The time of a waiting item, at the speed of the one at work when the work is of its kind. */
static int64_t waiting_ms(const struct job *job, const struct job_item *item,
			  const struct job_item *at_work)
{
	if (is_metadata(item))
		return 0;
	if (is_metadata(at_work))
		return -1;
	return load_ms(item_load(job, item), item_speed(at_work));
}

static const struct job_item *at_work(const struct job *job, size_t group)
{
	for (size_t i = 0; i < job->n; i++) {
		if (job->items[i].group == group && phase_is_work(job->items[i].view.phase))
			return &job->items[i];
	}
	return NULL;
}

/* The time left of the targets of a group, which follow one another. */
static int64_t group_left(const struct job *job, size_t group)
{
	const struct job_item *now = at_work(job, group);
	int64_t sum = 0;

	for (size_t i = 0; i < job->n; i++) {
		const struct job_item *item = &job->items[i];
		int64_t ms = -1;

		if (item->group != group || has_ended(item))
			continue;
		if (now)
			ms = item == now ? item_left(job, item) : waiting_ms(job, item, now);
		if (ms < 0)
			return -1;
		sum += ms;
	}
	return sum;
}

int64_t pace_left_all(const struct job *job)
{
	int64_t longest = 0;

	for (size_t i = 0; i < job->n_workers; i++) {
		int64_t ms = group_left(job, i);

		if (ms < 0)
			return -1;
		longest = ms > longest ? ms : longest;
	}
	return longest;
}

/* What an item is likely to take from its beginning, in bytes moved. */
static double cost_of(const struct job *job, const struct job_item *item)
{
	const struct estimate *e = &item->view.estimate;
	uint64_t free_bytes = free_of(item);
	uint64_t present = minus(free_bytes, e->known ? e->hole : 0);
	double cost = (double)present + (double)(e->known ? e->stale : present);

	if (is_metadata(item))
		cost = (double)present / METADATA_PART;
	if (is_verified(job, item))
		cost += (double)free_bytes + (double)item->to_sum;
	return cost + LEAST_COST;
}

/* How much of an item is done, 0 to 1. */
static double part_of(const struct job *job, const struct job_item *item)
{
	double all = (double)item->view.free;
	double done = (double)item->view.done;

	if (has_ended(item) && item->view.phase != JOB_STOPPED)
		return 1;
	if (all <= 0)
		return 0;
	if (is_verified(job, item)) {
		all += all + (double)item->to_sum;
		done += (double)(item->verified + item->summed);
	}
	return done < all ? done / all : 1;
}

/* What was stopped stays where it was. */
static bool is_stopped(const struct job *job)
{
	bool stopped = false;

	for (size_t i = 0; i < job->n; i++)
		stopped = stopped || job->items[i].view.phase == JOB_STOPPED;
	return stopped;
}

unsigned pace_permille(const struct job *job)
{
	double all = 0;
	double done = 0;

	if (job->ended && !is_stopped(job))
		return 1000;
	for (size_t i = 0; i < job->n; i++) {
		double cost = cost_of(job, &job->items[i]);

		all += cost;
		done += cost * part_of(job, &job->items[i]);
	}
	return all > 0 ? (unsigned)(done * 999 / all) : 0;
}
