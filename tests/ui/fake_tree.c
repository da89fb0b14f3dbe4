/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Trees of targets for tests of the screens. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "tests/ui/fake.h"

#define KANJI "\346\274\242\345\255\227" /* four cells */

struct fake fake;

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static struct target *add(struct target **list, struct target *parent, enum target_kind kind,
			  const char *name, uint64_t size)
{
	struct target *t = target_new(kind);

	t->state = fake.probing ? TARGET_PROBING : TARGET_READY;
	t->name = copy(name);
	t->path = copy(name);
	t->size = size;
	target_append(list, parent, t);
	return t;
}

static struct target *add_fs(struct target **list, struct target *parent, const char *name,
			     const char *fstype, uint64_t size)
{
	struct target *t = add(list, parent, parent ? TARGET_PART : TARGET_IMAGE, name, size);

	t->fstype = copy(fstype);
	t->method = METHOD_WRITE;
	return t;
}

/* In tenths of a GiB. */
static void estimate(struct target *t, unsigned used, unsigned stale, unsigned half, unsigned zero)
{
	uint64_t unit = GIB / 10;

	t->used = used * unit;
	t->free = (stale + zero) * unit;
	t->estimate = (struct estimate){
		.known = true, .exact = half == 0, .free = t->free, .zero = zero * unit,
		.stale = stale * unit, .stale_low = (stale - half) * unit,
		.stale_high = (stale + half) * unit, .present = t->free,
		.sampled = half ? 21 * unit : t->free,
	};
}

static void mount_on(struct target *t, const char *where)
{
	t->mountpoints = calloc(2, sizeof(char *));
	t->mountpoints[0] = copy(where);
	t->method = METHOD_TRIM;
}

/* Now and half the width of the interval, in tenths of a GiB; what can be reclaimed below is saved,
   and as much again by extended_l2. */
static void forecast(struct target *top, unsigned now, unsigned half)
{
	uint64_t unit = GIB / 10;
	uint64_t after = now * unit;

	for (struct target *t = top->children; t; t = t->next) {
		for (int i = 0; i < FORECAST_COUNT && target_can(t); i++)
			t->saves[i] = t->estimate.stale;
		after -= t->saves[FORECAST_PLAIN];
	}
	top->forecast = (struct forecast){ .known = true, .exact = half == 0 };
	for (int i = 0; i < FORECAST_COUNT; i++) {
		uint64_t less = i == FORECAST_EXTENDED ? after / 4 : 0;

		top->forecast.now[i] = (struct forecast_size){
			now * unit - less, (now - half) * unit - less, (now + half) * unit - less };
		top->forecast.after[i] = (struct forecast_size){
			after - less, after - less - half * unit, after - less + half * unit };
	}
}

static void lies_on(struct target *top, uint64_t disk)
{
	top->disks = calloc(1, sizeof(*top->disks));
	top->disks[0] = disk;
	top->n_disks = 1;
}

static void make_disks(struct target **list)
{
	struct target *sda = add(list, NULL, TARGET_DISK, "/dev/sda", 4658 * (GIB / 10));
	struct target *t;

	sda->model = copy("Samsung SSD 860 EVO 500GB");
	sda->serial = copy("S3Z8NB0K123456X");
	sda->by_id = copy("/dev/disk/by-id/ata-Samsung_SSD_860_EVO_500GB_S3Z8NB0K123456X");
	sda->table = copy("gpt");
	t = add_fs(list, sda, "/dev/sda1", "ext4", 200 * GIB);
	t->label = copy("root");
	t->uuid = copy("6f1c1b0e-4f5e-4c2b-9d7a-0b1f2e3d4c5b");
	estimate(t, 787, 832, 4, 381);
	t = add_fs(list, sda, "/dev/sda2", "ntfs", 977 * (GIB / 10));
	estimate(t, 635, 129, 9, 213);
	t = add_fs(list, sda, "/dev/sda3", "ext4", 150 * GIB);
	mount_on(t, "/home");
	estimate(t, 700, 402, 300, 398);
	t = add_fs(list, sda, "/dev/sda4", "swap", 18 * GIB);
	error_set(&t->verdict, WHY_SWAP_ACTIVE, 0, "/dev/sda4");
	forecast(sda, 3512, 6);
	lies_on(sda, 1);
	t = add(list, NULL, TARGET_DISK, "/dev/sdb", 9315 * (GIB / 10));
	t->model = copy("WD Elements USB");
	t = add_fs(list, t, "/dev/sdb1", "exfat", 9315 * (GIB / 10));
	t->label = copy("BACKUP");
	t = add(list, NULL, TARGET_DISK, "/dev/sdc", 0);
	t->state = TARGET_STUCK;
	error_set(&t->verdict, WHY_TIMEOUT, 0, "/dev/sdc");
}

static void make_images(struct target **list)
{
	struct target *web = add(list, NULL, TARGET_IMAGE, "/srv/vm/web01.qcow2", 40 * GIB);
	struct target *db = add(list, NULL, TARGET_IMAGE, "/srv/vm/db02.raw", 20 * GIB);
	struct target *t, *system;

	web->format = copy("qcow2");
	t = add_fs(list, web, "/srv/vm/web01.qcow2#1", "xfs", 40 * GIB);
	error_set(&t->verdict, WHY_JOURNAL, 0, "xfs");
	db->format = copy("raw");
	db->table = copy("dos");
	t = add_fs(list, db, "/srv/vm/db02.raw#1", "ext4", 19 * GIB);
	t->method = METHOD_PUNCH;
	estimate(t, 56, 116, 0, 18);
	t = add_fs(list, db, "/srv/vm/db02.raw#vg0/home", "ext4", GIB);
	t->method = METHOD_PUNCH;
	estimate(t, 3, 6, 0, 1);
	forecast(db, 182, 0);
	lies_on(db, 2);
	for (t = db->children; t; t = t->next)
		t->saves[FORECAST_EXTENDED] *= 2;
	system = add(list, NULL, TARGET_DISK, "/dev/vda", 32 * GIB);
	system->system = true;
	t = add_fs(list, system, "/dev/vda1", "ext4", 32 * GIB);
	t->system = true;
	mount_on(t, "/");
	estimate(t, 100, 120, 10, 100);
}

static void make_many(struct target **list)
{
	for (int i = 0; i < 60; i++) {
		char name[64];
		struct target *t;

		snprintf(name, sizeof(name), "/srv/vm/disk%02d.img", i);
		t = add_fs(list, NULL, name, "ext4", (uint64_t)(i + 1) * GIB);
		estimate(t, 5, (unsigned)(i % 7), 0, 4);
	}
}

static void make_nasty(struct target **list)
{
	static const char *const names[] = {
		"/srv/a\033[2J\033[31mb\nc.img",
		"/srv/" KANJI KANJI KANJI KANJI KANJI KANJI KANJI KANJI KANJI KANJI ".img",
		"/srv/\377\376bad.img",
		"/srv/e\314\201e\314\201.img",
		"/srv/\342\200\256gnp.img",
		"/a/very/long/path/to/an/image/which/goes/on/and/on/until/it/ends/in/this.img",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct target *t = add_fs(list, NULL, names[i], "ext4", GIB);

		t->label = copy(i % 2 ? "\346\274\242\033]0;x\007" : "\302\233la\tbel");
		estimate(t, 5, 2, 0, 3);
	}
}

static struct target *add_gap(struct target **list, struct target *disk, const char *name,
			      const char *traces, uint64_t size)
{
	struct target *t = add(list, disk, TARGET_GAP, name, size);

	t->fstype = copy(traces);
	t->method = METHOD_WRITE;
	error_set(&t->verdict, traces ? WHY_REMAINS : WHY_OPT_IN, 0, traces ? traces : "--gaps");
	return t;
}

static void make_whole(struct target **list)
{
	struct target *sda = add(list, NULL, TARGET_DISK, "/dev/sda", 500 * GIB);
	struct target *t;

	sda->model = copy("Samsung SSD 860 EVO 500GB");
	sda->serial = copy("S3Z8NB0K123456X");
	sda->table = copy("gpt");
	t = add_fs(list, sda, "/dev/sda1", "ext4", 200 * GIB);
	estimate(t, 787, 832, 4, 381);
	t = add_gap(list, sda, "/dev/sda#gap1", NULL, 10 * GIB);
	estimate(t, 0, 0, 0, 100);
	t = add_gap(list, sda, "/dev/sda#gap2", "ext4", 40 * GIB);
	estimate(t, 0, 371, 2, 29);
	t = add_fs(list, sda, "/dev/sda4", "swap", 18 * GIB);
	t->uuid = copy("0d3b1c0e-4f5e-4c2b-9d7a-0b1f2e3d4c5b");
	error_set(&t->verdict, WHY_OPT_IN, 0, "--swap");
	estimate(t, 0, 172, 0, 8);
}

struct target *fake_make_tree(void)
{
	struct target *list = NULL;
	struct target *t;

	switch (fake.tree) {
	case FAKE_FEW:
		make_disks(&list);
		make_images(&list);
		break;
	case FAKE_ONE:
		t = add_fs(&list, NULL, "disk.img", "ntfs", 10 * MIB);
		t->method = METHOD_PUNCH;
		estimate(t, 0, 0, 0, 0);
		t->used = 2 * MIB;
		t->free = t->estimate.free = t->estimate.present = 8 * MIB;
		t->estimate.stale = t->estimate.stale_low = t->estimate.stale_high = 7 * MIB;
		t->estimate.zero = MIB;
		break;
	case FAKE_MANY:
		make_many(&list);
		break;
	case FAKE_NASTY:
		make_nasty(&list);
		break;
	case FAKE_WHOLE:
		make_whole(&list);
		break;
	case FAKE_NONE:
		break;
	}
	return list;
}

void fake_reset(void)
{
	fake.hang = false;
	fake = (struct fake){ .tree = FAKE_FEW };
}

static int number_of(const char *name)
{
	const char *value = getenv(name);

	return value ? atoi(value) : 0;
}

void fake_from_environment(void)
{
	fake.tree = (enum fake_tree)number_of("FAKE_TREE");
	fake.job = (enum fake_job)number_of("FAKE_JOB");
	fake.refuse = number_of("FAKE_REFUSE");
	fake.hang = number_of("FAKE_HANG");
	fake.noise = number_of("FAKE_NOISE");
	fake.probing = number_of("FAKE_PROBING");
}
