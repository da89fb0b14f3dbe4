/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The rows of logical volumes: where they hang, what is opened, and that they still are. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "disk/volumes.h"
#include "disk/wanted.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/lvm.h"
#include "tests/lib/test.h"

/* A disk with two partitions of 12 MiB from 1 MiB on, each a physical volume with ten extents. */
#define PV (12 * MIB)
#define START(part) (MIB + (part) * PV)

static const char pvs[] =
	"pv0 { id = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" pe_start = 2048 pe_count = 10 } "
	"pv1 { id = \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\" pe_start = 2048 pe_count = 10 } ";

struct world {
	struct io *disk;
	struct target *top;
	struct table table;
	struct table_part parts[2];
};

static void put_group(struct world *w, unsigned seqno, const char *segments, unsigned n)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "vg0 { id = \"vg\" seqno = %u status = [\"READ\", \"WRITE\"] extent_size = 2048 "
		 "physical_volumes { %s} logical_volumes { home { id = \"h\" "
		 "status = [\"READ\", \"WRITE\", \"VISIBLE\"] segment_count = %u %s } } }",
		 seqno, pvs, n, segments);
	lvm_put_text(w->disk, START(0), 512, text);
	lvm_put_text(w->disk, START(1), 512, text);
}

#define FIRST \
	"segment1 { start_extent = 0 extent_count = 2 type = \"striped\" stripe_count = 1 " \
	"stripes = [\"pv1\", 3] } "
#define SECOND(where) \
	"segment2 { start_extent = 2 extent_count = 1 type = \"striped\" stripe_count = 1 " \
	"stripes = [\"pv0\", " where "] } "

static struct target *add_part(struct world *w, unsigned number)
{
	struct target *t = target_new(TARGET_PART);

	t->state = TARGET_READY;
	t->number = number;
	t->path = strdup("/disk.img");
	t->name = number == 1 ? strdup("/disk.img#1") : strdup("/disk.img#2");
	t->fstype = strdup("LVM2_member");
	t->start = t->base = START(number - 1);
	t->size = PV;
	error_set(&t->verdict, WHY_CONTAINER, 0, t->fstype);
	target_append(NULL, w->top, t);
	return t;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->disk = io_mem_new(2 * PV + 2 * MIB);
	lvm_put_label(w->disk, START(0), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	lvm_put_label(w->disk, START(1), "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	put_group(w, 1, FIRST SECOND("5"), 2);
	w->top = target_new(TARGET_IMAGE);
	w->top->path = strdup("/disk.img");
	w->top->name = strdup("/disk.img");
	w->top->size = w->disk->size;
	w->table.n = 2;
	w->table.parts = w->parts;
	for (unsigned i = 0; i < 2; i++)
		w->parts[i] = (struct table_part){ i + 1, { START(i), PV } };
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	target_free(w->top);
	io_close(w->disk);
	free(w);
	return 0;
}

static struct target *home_of(struct world *w)
{
	struct target *t;

	add_part(w, 1);
	add_part(w, 2);
	assert_int_equal(volumes_add(w->top, &w->table, w->disk), 0);
	t = target_find(w->top, "/disk.img#vg0/home");
	assert_non_null(t);
	return t;
}

static void a_volume_hangs_where_it_begins(void **state)
{
	struct world *w = *state;
	struct target *t = home_of(w);

	assert_int_equal(t->kind, TARGET_LV);
	assert_string_equal(t->parent->name, "/disk.img#2");
	assert_string_equal(target_volume(t), "vg0/home");
	assert_string_equal(t->path, "/disk.img");
	assert_int_equal(t->verdict.why, WHY_NONE);
	assert_int_equal(t->size, 3 * MIB);
	assert_int_equal(t->n_segments, 2);
	assert_int_equal(t->segments[0].in.start, START(1) + 4 * MIB);
	assert_int_equal(t->segments[1].in.start, START(0) + 6 * MIB);
	assert_int_equal(t->base, START(0) + 6 * MIB);
	assert_int_equal(t->n_pvs, 2);
}

static void a_physical_volume_with_rows_is_no_refusal(void **state)
{
	struct world *w = *state;

	home_of(w);
	assert_int_equal(w->top->children->next->verdict.why, WHY_NONE);
	/* The rest of the group hangs below the first. */
	assert_non_null(target_find(w->top, "/disk.img#vg0/-gap"));
	assert_string_equal(w->top->children->children->name, "/disk.img#vg0/-gap");
}

static void a_part_that_was_not_named_still_has_its_share(void **state)
{
	struct world *w = *state;
	struct target *t;

	add_part(w, 2);
	assert_int_equal(volumes_add(w->top, &w->table, w->disk), 0);
	t = target_find(w->top, "/disk.img#vg0/home");
	assert_non_null(t);
	assert_int_equal(t->verdict.why, WHY_NONE);
	assert_int_equal(t->n_segments, 2);
}

static void a_disputed_partition_is_not_read(void **state)
{
	struct world *w = *state;
	struct target *t = add_part(w, 1);

	error_clear(&t->verdict);
	error_set(&t->verdict, WHY_CORRUPT, 0, "partition table");
	assert_int_equal(volumes_add(w->top, &w->table, w->disk), 0);
	assert_null(t->children);
}

static void a_volume_that_stays_as_it_was_is_the_same(void **state)
{
	struct world *w = *state;
	struct target *t = home_of(w);
	struct error err;

	error_clear(&err);
	assert_int_equal(volumes_check(w->disk, t, &err), 0);
	/* A newer text that says the same of it. */
	put_group(w, 7, FIRST SECOND("5"), 2);
	assert_int_equal(volumes_check(w->disk, t, &err), 0);
}

static void a_volume_that_changed_is_not_the_same(void **state)
{
	struct world *w = *state;
	struct target *t = home_of(w);
	struct error err;

	error_clear(&err);
	put_group(w, 2, FIRST SECOND("6"), 2);
	assert_true(volumes_check(w->disk, t, &err) < 0);
	assert_int_equal(err.why, WHY_NOT_FOUND);
	put_group(w, 3, FIRST, 1);
	assert_true(volumes_check(w->disk, t, NULL) < 0);
	put_group(w, 4, FIRST SECOND("5"), 2);
	assert_int_equal(volumes_check(w->disk, t, NULL), 0);
	io_mem_fill(w->disk, (struct extent){ START(0) + 512, 8 }, 0);
	assert_true(volumes_check(w->disk, t, NULL) < 0);
}

static struct target *named(const char *name, enum target_kind kind, unsigned number)
{
	struct target *t = target_new(kind);

	t->name = strdup(name);
	t->path = strdup("/disk.img");
	t->number = number;
	return t;
}

static void only_what_was_named_stays(void **state)
{
	struct world *w = *state;
	struct target *wanted;

	w->top->children = named("/disk.img#vg0/home", TARGET_LV, 0);
	w->top->children->next = named("/disk.img#vg0/none", TARGET_LV, 0);
	wanted = wanted_take(w->top);
	assert_non_null(wanted);
	assert_null(w->top->children);
	home_of(w);
	wanted_apply(w->top, wanted);
	assert_null(target_find(w->top, "/disk.img#1"));
	assert_null(target_find(w->top, "/disk.img#vg0/-gap"));
	assert_true(target_find(w->top, "/disk.img#vg0/home")->named);
	assert_int_equal(target_find(w->top, "/disk.img#vg0/none")->verdict.why, WHY_NOT_FOUND);
}

static void where_all_was_named_the_others_stay_too(void **state)
{
	struct world *w = *state;
	struct target *wanted;

	w->top->named = true;
	w->top->children = named("/disk.img#1", TARGET_PART, 1);
	w->top->children->next = named("/disk.img#vg0/home", TARGET_LV, 0);
	wanted = wanted_take(w->top);
	assert_non_null(wanted);
	assert_null(w->top->children);
	home_of(w);
	w->top->children->number = 1;
	wanted_apply(w->top, wanted);
	assert_true(target_find(w->top, "/disk.img#1")->named);
	assert_true(target_find(w->top, "/disk.img#vg0/home")->named);
	assert_false(target_find(w->top, "/disk.img#vg0/-gap")->named);
	for (struct target *t = w->top; t; t = target_next(t))
		assert_int_not_equal(t->verdict.why, WHY_NOT_FOUND);
}

static void what_is_below_a_named_partition_stays(void **state)
{
	struct world *w = *state;
	struct target *wanted;

	w->top->children = named("/disk.img#2", TARGET_PART, 2);
	w->top->children->next = named("/disk.img#vg0/home", TARGET_LV, 0);
	wanted = wanted_take(w->top);
	home_of(w);
	w->top->children->next->number = 2;
	wanted_apply(w->top, wanted);
	assert_true(target_find(w->top, "/disk.img#2")->named);
	assert_true(target_find(w->top, "/disk.img#vg0/home")->named);
	assert_null(target_find(w->top, "/disk.img#1"));
	for (struct target *t = w->top; t; t = target_next(t))
		assert_int_not_equal(t->verdict.why, WHY_NOT_FOUND);
}

static void named_partitions_alone_are_left_to_the_table(void **state)
{
	struct world *w = *state;

	w->top->children = named("/disk.img#1", TARGET_PART, 1);
	assert_null(wanted_take(w->top));
	assert_non_null(w->top->children);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_volume_hangs_where_it_begins),
		TEST(a_physical_volume_with_rows_is_no_refusal),
		TEST(a_part_that_was_not_named_still_has_its_share),
		TEST(a_disputed_partition_is_not_read),
		TEST(a_volume_that_stays_as_it_was_is_the_same),
		TEST(a_volume_that_changed_is_not_the_same),
		TEST(only_what_was_named_stays),
		TEST(where_all_was_named_the_others_stay_too),
		TEST(what_is_below_a_named_partition_stays),
		TEST(named_partitions_alone_are_left_to_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
