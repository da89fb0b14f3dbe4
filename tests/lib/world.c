/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/* The layers below app/ without disks. One job at a time looks at them, with all its workers. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "disk/disk.h"
#include "engine/engine.h"
#include "engine/forecast.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/world.h"

struct world world;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of trace, in_after and the acts */
static pthread_cond_t begun = PTHREAD_COND_INITIALIZER;
static unsigned acts; /* under way */

struct lock {
	struct io *io;
};

static void trace(const char *word)
{
	size_t n;

	pthread_mutex_lock(&mutex);
	n = strlen(world.trace);
	snprintf(world.trace + n, sizeof(world.trace) - n, "%s%s", n ? " " : "", word);
	pthread_mutex_unlock(&mutex);
}

/* An act begins; it may have to wait for others. */
static void act_begin(const char *word, bool dry)
{
	struct timespec until;

	trace(word);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (world.meet_ms + (time_t)(until.tv_nsec / 1000000)) / 1000;
	until.tv_nsec = (long)((world.meet_ms + (unsigned)(until.tv_nsec / 1000000)) % 1000) *
			1000000;
	pthread_mutex_lock(&mutex);
	world.was_dry = dry;
	if (++acts > world.most)
		world.most = acts;
	pthread_cond_broadcast(&begun);
	while (world.most < world.meet &&
	       pthread_cond_timedwait(&begun, &mutex, &until) == 0)
		;
	pthread_mutex_unlock(&mutex);
}

static int act_end(int rc)
{
	pthread_mutex_lock(&mutex);
	acts--;
	pthread_mutex_unlock(&mutex);
	return rc;
}

void world_reset(void)
{
	world = (struct world){ .stale = true, .allocated = WORLD_SIZE, .room = WORLD_FREE };
}

struct target *world_target(const char *name)
{
	struct target *t = target_new(TARGET_IMAGE);

	if (!t)
		abort();
	t->state = TARGET_READY;
	t->name = strdup(name);
	t->path = strdup(name);
	t->fstype = strdup("fake");
	t->size = WORLD_SIZE;
	t->sector = 512;
	t->free = WORLD_FREE;
	t->disks = malloc(sizeof(*t->disks));
	t->disks[0] = strtoul(name + strcspn(name, "0123456789"), NULL, 10);
	t->n_disks = 1;
	return t;
}

static void take_time(void)
{
	const struct timespec t = { 0, (long)world.slow_us * 1000 };

	if (world.slow_us)
		nanosleep(&t, NULL);
}

static int mem_flush(struct io *io)
{
	(void)io;
	trace("flush");
	return -world.flush_errnum;
}

static void mem_close(struct io *io)
{
	free(io);
}

static int mem_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	(void)io;
	(void)at;
	memset(buf, 0, len);
	take_time();
	world.reads++;
	return 0;
}

static const struct io_ops flush_ops = {
	.read = mem_read, .flush = mem_flush, .close = mem_close
};

int lock_take(const struct target *t, enum lock_kind kind, struct lock **lock, struct error *err)
{
	struct lock *l;

	trace(kind == LOCK_EXCLUSIVE ? "lock" : kind == LOCK_LOOK ? "look" : "mounted");
	if (world.lock_errnum && (!world.busy || strcmp(world.busy, t->name) == 0))
		return error_set(err, WHY_BUSY, world.lock_errnum, t->path);
	l = calloc(1, sizeof(*l));
	l->io = calloc(1, sizeof(*l->io));
	*l->io = (struct io){ .ops = &flush_ops, .name = "world", .size = WORLD_SIZE,
			      .sector = 512 };
	*lock = l;
	return 0;
}

int lock_check(struct lock *lock, struct error *err)
{
	bool is_in;

	(void)lock;
	pthread_mutex_lock(&mutex);
	is_in = world.in_after == 1;
	world.in_after -= world.in_after > 1;
	pthread_mutex_unlock(&mutex);
	if (!is_in)
		return 0;
	return error_set(err, WHY_LOOP, 0, "/dev/loop9");
}

void lock_release(struct lock *lock)
{
	if (!lock)
		return;
	trace("release");
	io_close(lock->io);
	free(lock);
}

struct io *lock_window(struct lock *lock)
{
	return lock->io;
}

int lock_show(struct lock *lock, const struct target *t, struct view *view)
{
	(void)lock;
	(void)t;
	*view = (struct view){ .fd = -1 };
	return world.shows ? 0 : -EPERM;
}

void lock_hide(struct lock *lock, struct view *view)
{
	(void)lock;
	(void)view;
}

bool fsck_takes_files(const char *fstype)
{
	(void)fstype;
	return world.takes_files;
}

const char *fsck_name(const char *fstype)
{
	(void)fstype;
	return "fsck.world";
}

int fsck_run(const char *fstype, const char *node, const struct fsck_ask *ask, enum fsck *verdict,
	     struct error *err)
{
	(void)fstype;
	(void)node;
	(void)err;
	trace("fsck");
	if (ask->canceled(ask->arg))
		return -ECANCELED;
	*verdict = world.fsck[world.fscks++ % 2];
	return 0;
}

void lock_push(struct lock *lock)
{
	(void)lock;
}

int lock_present(struct lock *lock, struct extent e, uint64_t *bytes)
{
	(void)lock;
	(void)e;
	(void)bytes;
	return -ENOTSUP;
}

int disk_allocated(const struct target *t, uint64_t *bytes)
{
	(void)t;
	*bytes = world.allocated;
	return 0;
}

bool mount_has_users(const char *mountpoint)
{
	(void)mountpoint;
	return world.users;
}

int mount_usage(const char *mountpoint, uint64_t *size, uint64_t *free_bytes)
{
	(void)mountpoint;
	*size = WORLD_SIZE;
	*free_bytes = world.room;
	return 0;
}

int fs_open(struct io *io, const char *type, struct fs **fs, struct error *err)
{
	const struct extent e = { WORLD_FREE_AT, WORLD_FREE };

	trace("open");
	for (unsigned i = 0; i < world.open_reads; i++) {
		char byte;

		if (io_read(io, i, &byte, 1) != 0)
			return error_set(err, WHY_READ, EIO, "world");
	}
	if (world.open_errnum)
		return error_set(err, WHY_JOURNAL, world.open_errnum, type);
	*fs = fs_fake_new(io, &e, 1);
	return 0;
}

void fs_close(struct fs *fs)
{
	if (fs)
		fs->driver->close(fs);
}

int fs_open_mounted(const char *mountpoint, struct io *io, struct fs **fs, struct error *err)
{
	(void)io;
	(void)fs;
	return error_set(err, WHY_SYSTEM, EOPNOTSUPP, mountpoint);
}

static int tell(const struct watch *watch, enum did what, struct extent e)
{
	return watch && watch->did ? watch->did(watch->arg, what, e) : 0;
}

static int chunk_fails(const struct watch *watch, struct extent e, struct error *err)
{
	struct error why;
	int rc;

	error_clear(&why);
	error_set_at(&why, WHY_READ, EIO, e.start, "world");
	rc = watch->failed ? watch->failed(watch->arg, &why, e) : -EIO;
	if (rc && err)
		*err = why;
	return rc ? rc : tell(watch, DID_FAILED, e);
}

static int chunk(const struct watch *watch, struct extent e, bool reads, bool dry)
{
	enum did what = world.stale ? DID_ZEROED : DID_ZERO;
	int rc;

	take_time();
	rc = reads ? tell(watch, DID_READ, e) : 0;
	if (rc)
		return rc;
	if (what == DID_ZEROED && !dry)
		world.allocated -= e.len;
	return tell(watch, what, e);
}

static int chunks(const struct watch *watch, bool reads, bool dry, struct error *err)
{
	struct extent e = { WORLD_FREE_AT, WORLD_CHUNK };
	int rc = 0;

	for (unsigned i = 1; rc == 0 && i <= WORLD_FREE / WORLD_CHUNK; i++) {
		if (i == world.bad_chunk)
			rc = chunk_fails(watch, e, err);
		else
			rc = chunk(watch, e, reads, dry);
		e.start += WORLD_CHUNK;
	}
	return rc;
}

int engine_punch(struct fs *fs, bool dry, const struct watch *watch, struct error *err)
{
	(void)fs;
	act_begin("punch", dry);
	if (world.punch_errnum)
		return act_end(error_set(err, WHY_NO_PUNCH, world.punch_errnum, "world"));
	return act_end(chunks(watch, false, dry, err));
}

int engine_write(struct fs *fs, bool dry, const struct watch *watch, struct error *err)
{
	(void)fs;
	act_begin("write", dry);
	return act_end(chunks(watch, true, dry, err));
}

int engine_trim(struct mounted *m, bool dry, const struct watch *watch, struct error *err)
{
	trace("trim");
	world.was_dry = dry;
	if (world.trim_errnum)
		return error_set(err, WHY_NO_TRIM, world.trim_errnum, m->mountpoint);
	return tell(watch, DID_ZEROED, (struct extent){ 0, WORLD_FREE });
}

int engine_fill_check(const struct mounted *m, struct error *err)
{
	(void)m;
	(void)err;
	return 0;
}

int engine_fill(struct mounted *m, bool dry, const struct watch *watch, struct error *err)
{
	(void)err;
	trace("fill");
	world.was_dry = dry;
	world.reserve = m->reserve;
	m->gave_back = world.gives_back;
	for (uint64_t at = 0; at < WORLD_FREE - m->reserve; at += WORLD_CHUNK) {
		int rc;

		take_time();
		if (world.room < m->reserve) {
			m->gave_back += m->reserve - world.room;
			world.room = m->reserve;
		}
		rc = tell(watch, DID_ZEROED, (struct extent){ WORLD_FREE_AT + at, WORLD_CHUNK });
		if (rc)
			return rc;
	}
	return 0;
}

uint64_t engine_default_reserve(uint64_t size, bool others)
{
	return others ? size / 100 : 0;
}

bool sum_differs(const struct sum *a, const struct sum *b, uint64_t *at)
{
	*at = 2 * a->part;
	return a->parts[2] != b->parts[2];
}

int engine_sum(struct fs *fs, bool fresh, const struct watch *watch, struct sum *sum,
	       struct error *err)
{
	(void)fs;
	(void)fresh;
	trace("sum");
	if (world.sum_errnum) {
		error_set(err, WHY_READ, world.sum_errnum, "world");
		return watch->failed(watch->arg, err, (struct extent){ 4096, 512 });
	}
	*sum = (struct sum){ .part = WORLD_CHUNK, .parts = { [2] = world.sum } };
	world.sum += world.sum_grows;
	return watch->did(watch->arg, DID_READ, (struct extent){ 0, WORLD_FREE_AT });
}

int engine_verify(struct fs *fs, const struct watch *watch, struct error *err)
{
	(void)fs;
	trace("verify");
	if (world.verify_errnum)
		return error_set_at(err, WHY_VERIFY, 0, WORLD_FREE_AT, "world");
	return tell(watch, DID_READ, (struct extent){ WORLD_FREE_AT, WORLD_FREE });
}

int engine_scan(struct fs *fs, const struct watch *watch, struct estimate *estimate,
		struct error *err)
{
	int rc = chunks(watch, true, true, err);

	(void)fs;
	*estimate = (struct estimate){
		.known = true, .exact = true, .free = WORLD_FREE, .present = WORLD_FREE,
		.sampled = WORLD_FREE, .stale = world.stale ? WORLD_FREE : 0,
	};
	estimate->zero = WORLD_FREE - estimate->stale;
	estimate->stale_low = estimate->stale_high = estimate->stale;
	return rc;
}

struct sampler {
	uint64_t read;
};

int sampler_new(struct fs *fs, uint64_t seed, const struct watch *watch, struct sampler **sampler,
		struct error *err)
{
	(void)fs;
	(void)seed;
	(void)watch;
	(void)err;
	*sampler = calloc(1, sizeof(**sampler));
	return *sampler ? 0 : -ENOMEM;
}

int sampler_more(struct sampler *sampler, size_t n, const struct watch *watch, struct error *err)
{
	uint64_t len = n * WORLD_CHUNK;

	(void)err;
	take_time();
	if (len > WORLD_FREE - sampler->read)
		len = WORLD_FREE - sampler->read;
	sampler->read += len;
	if (tell(watch, DID_READ, (struct extent){ WORLD_FREE_AT, len }))
		return -ECANCELED;
	return sampler->read == WORLD_FREE;
}

void sampler_result(const struct sampler *sampler, struct estimate *e)
{
	uint64_t unknown = (WORLD_FREE - sampler->read) / 8;
	uint64_t stale = world.stale ? WORLD_FREE : 0;

	*e = (struct estimate){
		.known = sampler->read > 0, .exact = unknown == 0, .free = WORLD_FREE,
		.present = WORLD_FREE, .sampled = sampler->read, .stale = stale,
		.zero = WORLD_FREE - stale,
		.stale_low = stale > unknown ? stale - unknown : 0,
		.stale_high = stale + unknown < WORLD_FREE ? stale + unknown : WORLD_FREE,
	};
}

void sampler_free(struct sampler *sampler)
{
	free(sampler);
}

struct forecaster {
	uint64_t read;
};

int forecaster_new(const struct cover *cover, unsigned owners, uint64_t seed,
		   const struct watch *watch, struct forecaster **f, struct error *err)
{
	(void)cover;
	(void)owners;
	(void)seed;
	(void)watch;
	(void)err;
	*f = calloc(1, sizeof(**f));
	return *f ? 0 : -ENOMEM;
}

uint64_t forecaster_present(const struct forecaster *f)
{
	(void)f;
	return WORLD_SIZE;
}

int forecaster_more(struct forecaster *f, size_t units, const struct watch *watch,
		    struct error *err)
{
	uint64_t left = (WORLD_SIZE - f->read) / WORLD_CHUNK;

	(void)err;
	take_time();
	f->read += (units < left ? units : left) * WORLD_CHUNK;
	if (tell(watch, DID_READ, (struct extent){ 0, WORLD_CHUNK }))
		return -ECANCELED;
	return f->read == WORLD_SIZE;
}

/* All that is used is data, and the free space when it is stale. */
void forecaster_result(const struct forecaster *f, struct forecast *forecast,
		       uint64_t (*saves)[FORECAST_COUNT])
{
	uint64_t unknown = (WORLD_SIZE - f->read) / 8;
	uint64_t used = WORLD_SIZE - WORLD_FREE;
	uint64_t now = used + (world.stale ? WORLD_FREE : 0);

	*forecast = (struct forecast){ .known = true, .exact = unknown == 0, .sampled = f->read };
	for (int i = 0; i < FORECAST_COUNT; i++) {
		forecast->now[i] = (struct forecast_size){ now, now - unknown, now + unknown };
		forecast->after[i] = (struct forecast_size){ used, used - unknown, used + unknown };
		saves[0][i] = now - used;
	}
}

void forecaster_free(struct forecaster *f)
{
	free(f);
}
