/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Volume groups that are right, in a state of their own, and that contradict themselves. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "disk/lvm.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/lvm.h"
#include "tests/lib/test.h"

/* Two physical volumes with ten extents of 1 MiB each. */
#define PV (12 * MIB)
#define START(pv) ((pv) * PV + LVM_DATA_START)
#define ID0 "aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa"
#define ID1 "bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb"
#define PLAIN0 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PLAIN1 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define MEMBER(name, id, more) \
	name " { id = \"" id "\" status = [\"ALLOCATABLE\"] flags = [] pe_start = 2048 " \
	"pe_count = 10 " more "} "
#define SEGMENT(n, start, count, type) \
	"segment" n " { start_extent = " start " extent_count = " count " type = \"" type "\" "
#define LINEAR(n, start, count, where) \
	SEGMENT(n, start, count, "striped") "stripe_count = 1 stripes = [" where "] } "
#define VOLUME(name, n, segments) \
	name " { id = \"v-" name "\" status = [\"READ\", \"WRITE\", \"VISIBLE\"] flags = [] " \
	"segment_count = " n " " segments "} "

#define HOME \
	VOLUME("home", "2", LINEAR("1", "0", "2", "\"pv0\", 0") LINEAR("2", "2", "3", "\"pv1\", 4"))
#define WIDE \
	VOLUME("wide", "1", SEGMENT("1", "0", "4", "striped") \
	       "stripe_count = 2 stripe_size = 128 stripes = [\"pv0\", 2, \"pv1\", 0] } ")

struct disk {
	struct io *io;
	struct extent windows[2];
	struct lvm lvm;
	char text[8192];
};

static void write_text(struct disk *d, unsigned seqno, const char *vg, const char *pvs,
		       const char *lvs)
{
	snprintf(d->text, sizeof(d->text),
		 "vg0 { id = \"vg-id\" seqno = %u format = \"lvm2\" %s extent_size = 2048 "
		 "physical_volumes { %s} logical_volumes { %s} }\nversion = 1\n",
		 seqno, vg, pvs, lvs);
}

#define STATUS "status = [\"RESIZEABLE\", \"READ\", \"WRITE\"] flags = []"
#define BOTH MEMBER("pv0", ID0, "") MEMBER("pv1", ID1, "")

static int set_up(void **state)
{
	struct disk *d = calloc(1, sizeof(*d));

	d->io = io_mem_new(2 * PV);
	for (uint64_t i = 0; i < 2; i++)
		d->windows[i] = (struct extent){ i * PV, PV };
	lvm_put_label(d->io, 0, PLAIN0);
	lvm_put_label(d->io, PV, PLAIN1);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct disk *d = *state;

	lvm_free(&d->lvm);
	io_close(d->io);
	free(d);
	return 0;
}

static void put_both(struct disk *d)
{
	lvm_put_text(d->io, 0, 512, d->text);
	lvm_put_text(d->io, PV, 512, d->text);
}

static void read_disk(struct disk *d)
{
	lvm_free(&d->lvm);
	assert_int_equal(lvm_read(d->io, d->windows, 2, &d->lvm), 0);
}

/* The volumes of a group with this state and contents. */
static void read_group(struct disk *d, const char *vg, const char *pvs, const char *lvs)
{
	write_text(d, 1, vg, pvs, lvs);
	put_both(d);
	read_disk(d);
}

static const struct lvm_volume *find(const struct disk *d, const char *name)
{
	for (size_t i = 0; i < d->lvm.n_volumes; i++) {
		if (strcmp(d->lvm.volumes[i].name, name) == 0)
			return &d->lvm.volumes[i];
	}
	return NULL;
}

static void assert_refused(const struct disk *d, const char *name, enum why why, const char *what)
{
	const struct lvm_volume *v = find(d, name);

	assert_non_null(v);
	assert_string_equal(why_name(v->verdict.why), why_name(why));
	if (what)
		assert_string_equal(v->verdict.what, what);
	assert_int_equal(v->n_segments, 0);
}

static void assert_stretch(const struct stretch *s, uint64_t start, uint64_t len, uint32_t stripes)
{
	assert_int_equal(s->in.start, start);
	assert_int_equal(s->in.len, len);
	assert_int_equal(s->stripes, stripes);
}

static void a_volume_lies_where_its_segments_say(void **state)
{
	struct disk *d = *state;
	const struct lvm_volume *v;

	read_group(d, STATUS, BOTH, HOME WIDE);
	v = find(d, "vg0/home");
	assert_non_null(v);
	assert_int_equal(v->verdict.why, WHY_NONE);
	assert_int_equal(v->size, 5 * MIB);
	assert_int_equal(v->n_segments, 2);
	assert_stretch(&v->segments[0], START(0), 2 * MIB, 1);
	assert_stretch(&v->segments[1], START(1) + 4 * MIB, 3 * MIB, 1);
	v = find(d, "vg0/wide");
	assert_int_equal(v->size, 4 * MIB);
	assert_int_equal(v->n_segments, 2);
	assert_stretch(&v->segments[0], START(0) + 2 * MIB, 2 * MIB, 2);
	assert_stretch(&v->segments[1], START(1), 2 * MIB, 2);
	assert_int_equal(v->segments[0].chunk, 64 * KIB);
}

static void what_no_volume_has_is_the_rest(void **state)
{
	struct disk *d = *state;
	const struct lvm_volume *v;

	read_group(d, STATUS, BOTH, HOME WIDE);
	v = find(d, "vg0/" LVM_GAP);
	assert_non_null(v);
	assert_true(v->gap);
	assert_int_equal(v->size, 11 * MIB);
	assert_int_equal(v->n_segments, 3);
	assert_stretch(&v->segments[0], START(0) + 4 * MIB, 6 * MIB, 1);
	assert_stretch(&v->segments[1], START(1) + 2 * MIB, 2 * MIB, 1);
	assert_stretch(&v->segments[2], START(1) + 7 * MIB, 3 * MIB, 1);
}

static void segments_that_touch_are_one(void **state)
{
	struct disk *d = *state;

	read_group(d, STATUS, BOTH, VOLUME("a", "2", LINEAR("1", "0", "2", "\"pv0\", 3")
						       LINEAR("2", "2", "1", "\"pv0\", 5")));
	assert_int_equal(find(d, "vg0/a")->n_segments, 1);
	assert_stretch(find(d, "vg0/a")->segments, START(0) + 3 * MIB, 3 * MIB, 1);
}

static void the_newest_text_counts(void **state)
{
	struct disk *d = *state;

	write_text(d, 2, STATUS, BOTH, WIDE);
	lvm_put_text(d->io, 0, 512, d->text);
	write_text(d, 3, STATUS, BOTH, HOME);
	lvm_put_text(d->io, PV, 512, d->text);
	read_disk(d);
	assert_non_null(find(d, "vg0/home"));
	assert_null(find(d, "vg0/wide"));
}

static void a_damaged_copy_does_not_count(void **state)
{
	struct disk *d = *state;

	write_text(d, 3, STATUS, BOTH, HOME);
	put_both(d);
	io_mem_fill(d->io, (struct extent){ LVM_AREA_START + 600, 1 }, 'x');
	read_disk(d);
	assert_int_equal(find(d, "vg0/home")->verdict.why, WHY_NONE);
	assert_int_equal(d->lvm.pvs[0].verdict.why, WHY_NONE);
	/* The last one as well: then nothing is known. */
	io_mem_fill(d->io, (struct extent){ PV + LVM_AREA_START + 600, 1 }, 'x');
	read_disk(d);
	assert_int_equal(d->lvm.n_volumes, 0);
	assert_int_equal(d->lvm.pvs[0].verdict.why, WHY_CORRUPT);
}

static void two_texts_of_one_number_are_refused(void **state)
{
	struct disk *d = *state;

	write_text(d, 3, STATUS, BOTH, HOME WIDE);
	lvm_put_text(d->io, 0, 512, d->text);
	write_text(d, 3, STATUS, BOTH, HOME);
	lvm_put_text(d->io, PV, 512, d->text);
	read_disk(d);
	assert_refused(d, "vg0/home", WHY_CORRUPT, NULL);
	assert_null(find(d, "vg0/" LVM_GAP));
}

static void a_text_goes_on_at_the_start_of_its_ring(void **state)
{
	struct disk *d = *state;

	write_text(d, 1, STATUS, BOTH, HOME);
	for (uint64_t back = 1; back < 1024; back += 73) {
		lvm_put_text(d->io, 0, LVM_AREA_LEN - back, d->text);
		lvm_put_text(d->io, PV, LVM_AREA_LEN - back, d->text);
		read_disk(d);
		assert_int_equal(find(d, "vg0/home")->verdict.why, WHY_NONE);
	}
}

static void states_of_a_group_are_refused_by_name(void **state)
{
	static const struct {
		const char *status;
		enum why why;
		const char *what;
	} all[] = {
		{ "status = [\"READ\", \"WRITE\", \"EXPORTED\"]", WHY_VG_STATE, "exported" },
		{ "status = [\"READ\", \"WRITE\", \"CLUSTERED\"]", WHY_VG_STATE, "clustered" },
		{ "status = [\"READ\", \"WRITE\", \"PVMOVE\"]", WHY_VG_STATE, "pvmove" },
		{ "status = [\"READ\", \"WRITE\"] flags = [\"PARTIAL\"]", WHY_VG_STATE,
		  "partial" },
		{ "status = [\"READ\", \"WRITE\"] lock_type = \"sanlock\"", WHY_VG_STATE,
		  "shared" },
		{ "status = [\"READ\", \"WRITE\", \"NEWS\"]", WHY_FEATURE, "NEWS" },
		{ "status = [\"READ\", \"WRITE\"] flags = [\"NEWS\"]", WHY_FEATURE, "NEWS" },
		{ "status = [\"WRITE\"]", WHY_CORRUPT, "LVM metadata (status)" },
	};
	struct disk *d = *state;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		read_group(d, all[i].status, BOTH, HOME);
		assert_refused(d, "vg0/home", all[i].why, all[i].what);
		assert_null(find(d, "vg0/" LVM_GAP));
	}
}

static void physical_volumes_that_are_not_right_are_refused(void **state)
{
	static const struct {
		const char *pvs;
		enum why why;
		const char *what;
	} all[] = {
		{ MEMBER("pv0", ID0, "") MEMBER("pv1", "cccccc-cccc", ""), WHY_VG_MISSING,
		  "cccccc-cccc" },
		{ MEMBER("pv0", ID0, "") "pv1 { id = \"" ID1 "\" status = [] flags = [\"MISSING\"] "
		  "pe_start = 2048 pe_count = 10 } ", WHY_VG_STATE, "missing" },
		{ MEMBER("pv0", ID0, "") "pv1 { id = \"" ID1 "\" status = [\"EXPORTED\"] "
		  "pe_start = 2048 pe_count = 10 } ", WHY_VG_STATE, "exported" },
		{ MEMBER("pv0", ID0, "") MEMBER("pv1", ID0, ""), WHY_CORRUPT, NULL },
		{ MEMBER("pv0", ID0, "") "pv1 { id = \"" ID1 "\" pe_start = 2048 pe_count = 12 } ",
		  WHY_CORRUPT, NULL },
		{ MEMBER("pv0", ID0, "") "pv1 { id = \"" ID1 "\" pe_start = 2047 pe_count = 10 } ",
		  WHY_CORRUPT, NULL },
		{ MEMBER("pv0", ID0, "") "pv1 { id = \"" ID1 "\" pe_start = 2056 pe_count = 9 } ",
		  WHY_CORRUPT, NULL },
		{ MEMBER("pv0", ID0, "") "pv1 { id = \"" ID1 "\" pe_start = 2048 } ", WHY_CORRUPT,
		  NULL },
		{ MEMBER("pv0", ID0, "") "pv1 { pe_start = 2048 pe_count = 10 } ", WHY_CORRUPT,
		  NULL },
	};
	struct disk *d = *state;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		read_group(d, STATUS, all[i].pvs, HOME);
		assert_refused(d, "vg0/home", all[i].why, all[i].what);
		assert_null(find(d, "vg0/" LVM_GAP));
	}
}

static void volumes_that_are_not_plain_are_refused_by_type(void **state)
{
	static const char *const types[] = {
		"mirror", "raid1", "raid5_ls", "thin", "thin-pool", "cache", "vdo", "snapshot",
		"error", "striped+NEWS", "unheard-of",
	};
	struct disk *d = *state;
	char lvs[1024];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(lvs, sizeof(lvs), VOLUME("a", "1", SEGMENT("1", "0", "4", "%s") "} ") HOME,
			 types[i]);
		read_group(d, STATUS, BOTH, lvs);
		assert_refused(d, "vg0/a", WHY_LV_TYPE, types[i]);
		assert_int_equal(find(d, "vg0/home")->verdict.why, WHY_NONE);
	}
	/* What an unknown type has is not known: nothing is free for certain. */
	assert_null(find(d, "vg0/" LVM_GAP));
}

static void volumes_of_a_read_only_group_are_read_only(void **state)
{
	struct disk *d = *state;

	read_group(d, "status = [\"RESIZEABLE\", \"READ\"]", BOTH, HOME);
	assert_true(find(d, "vg0/home")->read_only);
	assert_true(find(d, "vg0/" LVM_GAP)->read_only);
}

static void flags_behind_a_type_must_be_known_for_the_rest_to_be_free(void **state)
{
	static const struct {
		const char *type;
		bool known;
	} all[] = {
		{ "integrity", true },
		{ "cache+CACHE_USES_CACHEVOL", true },
		{ "cache+METADATA_FORMAT+CACHE_USES_CACHEVOL", true },
		{ "thin-pool+CROP_METADATA", true },
		{ "thin-pool+CROP", false },
		{ "cache+METADATA_FORMAT+NEWS", false },
		{ "cache+", false },
		{ "news+METADATA_FORMAT", false },
	};
	struct disk *d = *state;
	char lvs[1024];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(lvs, sizeof(lvs), VOLUME("a", "1", SEGMENT("1", "0", "4", "%s") "} ") HOME,
			 all[i].type);
		read_group(d, STATUS, BOTH, lvs);
		assert_refused(d, "vg0/a", WHY_LV_TYPE, all[i].type);
		assert_int_equal(find(d, "vg0/" LVM_GAP) != NULL, all[i].known);
	}
}

static void a_part_of_another_volume_is_no_volume(void **state)
{
	struct disk *d = *state;

	read_group(d, STATUS, BOTH,
		   HOME WIDE "hidden { id = \"h\" status = [\"READ\", \"WRITE\"] segment_count = 1 "
		   LINEAR("1", "0", "1", "\"pv0\", 9") "} "
		   VOLUME("pool", "1", SEGMENT("1", "0", "2", "raid1")
			  "raids = [\"hidden\", \"home\"] } ")
		   "snapshot0 { id = \"s\" status = [\"READ\", \"WRITE\"] segment_count = 1 "
		   SEGMENT("1", "0", "4", "snapshot") "origin = \"wide\" cow_store = \"cow\" } } "
		   VOLUME("cow", "1", LINEAR("1", "0", "1", "\"pv0\", 8")));
	assert_refused(d, "vg0/home", WHY_LV_TYPE, "raid1");
	assert_refused(d, "vg0/pool", WHY_LV_TYPE, "raid1");
	assert_refused(d, "vg0/wide", WHY_LV_SNAPSHOT, NULL);
	assert_refused(d, "vg0/cow", WHY_LV_SNAPSHOT, NULL);
	assert_null(find(d, "vg0/hidden"));
	assert_null(find(d, "vg0/snapshot0"));
	/* What all of them have is not the rest's. */
	assert_int_equal(find(d, "vg0/" LVM_GAP)->size, 9 * MIB);
}

static void a_move_under_way_refuses_the_group(void **state)
{
	struct disk *d = *state;

	read_group(d, STATUS, BOTH,
		   HOME "pvmove0 { id = \"p\" "
		   "status = [\"READ\", \"WRITE\", \"PVMOVE\", \"LOCKED\"] segment_count = 1 " SEGMENT("1", "0", "1", "mirror")
		   "mirror_count = 2 mirrors = [\"pv0\", 8, \"pv1\", 8] } } ");
	assert_refused(d, "vg0/home", WHY_VG_STATE, "pvmove");
	assert_null(find(d, "vg0/" LVM_GAP));
}

static void a_volume_that_contradicts_itself_is_refused(void **state)
{
	static const char *const segments[] = {
		LINEAR("1", "1", "2", "\"pv0\", 0"),
		LINEAR("1", "0", "11", "\"pv0\", 0"),
		LINEAR("1", "0", "2", "\"pv0\", 9"),
		LINEAR("1", "0", "2", "\"pv0\", 18446744073709551615"),
		LINEAR("1", "0", "1", "\"pv0\", 0") "} hidden { id = \"h\" segment_count = 1 "
			SEGMENT("1", "0", "4", "mirror") "mirrors = [\"pv1\", 8] } ",
		LINEAR("1", "0", "4294967295", "\"pv0\", 0"),
		LINEAR("1", "0", "0", "\"pv0\", 0"),
		LINEAR("1", "0", "2", "\"pv7\", 0"),
		LINEAR("1", "0", "2", "\"pv0\""),
		LINEAR("1", "0", "2", "\"pv0\", \"pv1\""),
		LINEAR("1", "0", "2", "\"pv0\", 0, \"pv1\", 0"),
		SEGMENT("1", "0", "2", "striped") "stripe_count = 0 stripes = [\"pv0\", 0] } ",
		SEGMENT("1", "0", "3", "striped")
			"stripe_count = 2 stripe_size = 128 stripes = [\"pv0\", 0, \"pv1\", 0] } ",
		SEGMENT("1", "0", "2", "striped")
			"stripe_count = 2 stripe_size = 0 stripes = [\"pv0\", 0, \"pv1\", 0] } ",
		SEGMENT("1", "0", "2", "striped")
			"stripe_count = 2 stripe_size = 96 stripes = [\"pv0\", 0, \"pv1\", 0] } ",
		SEGMENT("1", "0", "2", "striped")
			"stripe_count = 2 stripes = [\"pv0\", 0, \"pv1\", 0] } ",
		"segment1 { start_extent = 0 extent_count = 2 stripe_count = 1 stripes = [] } ",
		"",
	};
	struct disk *d = *state;
	char lvs[1024];

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		snprintf(lvs, sizeof(lvs), VOLUME("a", "1", "%s"), segments[i]);
		read_group(d, STATUS, BOTH, lvs);
		assert_refused(d, "vg0/a", WHY_CORRUPT, NULL);
	}
}

static void volumes_that_share_an_extent_are_refused(void **state)
{
	struct disk *d = *state;

	read_group(d, STATUS, BOTH, HOME VOLUME("a", "1", LINEAR("1", "0", "1", "\"pv1\", 6")));
	assert_refused(d, "vg0/home", WHY_CORRUPT, NULL);
	assert_refused(d, "vg0/a", WHY_CORRUPT, NULL);
	assert_null(find(d, "vg0/" LVM_GAP));
}

static void flags_of_a_volume_that_are_not_known_are_refused(void **state)
{
	struct disk *d = *state;

	read_group(d, STATUS, BOTH,
		   "a { id = \"a\" status = [\"READ\", \"WRITE\", \"VISIBLE\", \"NEWS\"] "
		   "segment_count = 1 " LINEAR("1", "0", "1", "\"pv0\", 0") "} "
		   "b { id = \"b\" status = [\"READ\", \"VISIBLE\"] "
		   "segment_count = 1 " LINEAR("1", "0", "1", "\"pv0\", 1") "} ");
	assert_refused(d, "vg0/a", WHY_FEATURE, "NEWS");
	assert_true(find(d, "vg0/b")->read_only);
}

static void a_name_like_that_of_the_rest_is_refused(void **state)
{
	struct disk *d = *state;

	read_group(d, STATUS, BOTH, VOLUME("-gap", "1", LINEAR("1", "0", "1", "\"pv0\", 0")));
	assert_refused(d, "vg0/-gap", WHY_CORRUPT, NULL);
}

static void twins_are_refused(void **state)
{
	struct disk *d = *state;

	lvm_put_label(d->io, PV, PLAIN0);
	read_group(d, STATUS, MEMBER("pv0", ID0, ""),
		   VOLUME("a", "1", LINEAR("1", "0", "1", "\"pv0\", 0")));
	assert_refused(d, "vg0/a", WHY_PV_DUPLICATE, PLAIN0);
	assert_int_equal(d->lvm.pvs[0].verdict.why, WHY_PV_DUPLICATE);
	assert_int_equal(d->lvm.pvs[1].verdict.why, WHY_PV_DUPLICATE);
}

static void two_groups_of_one_name_are_refused(void **state)
{
	struct disk *d = *state;
	char *id;

	write_text(d, 1, STATUS, MEMBER("pv0", ID0, ""),
		   VOLUME("a", "1", LINEAR("1", "0", "1", "\"pv0\", 0")));
	lvm_put_text(d->io, 0, 512, d->text);
	write_text(d, 1, STATUS, MEMBER("pv1", ID1, ""),
		   VOLUME("b", "1", LINEAR("1", "0", "1", "\"pv1\", 0")));
	id = strstr(d->text, "vg-id");
	memcpy(id, "other", 5);
	lvm_put_text(d->io, PV, 512, d->text);
	read_disk(d);
	assert_refused(d, "vg0/a", WHY_VG_STATE, "duplicate name");
	assert_refused(d, "vg0/b", WHY_VG_STATE, "duplicate name");
}

static void a_damaged_label_is_refused(void **state)
{
	static const uint64_t bytes[] = { 512, 512 + 16, 512 + 20, 512 + 24, 512 + 40, 1000 };
	struct disk *d = *state;

	write_text(d, 1, STATUS, BOTH, HOME);
	put_both(d);
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		unsigned char byte, other;

		io_mem_peek(d->io, bytes[i], &byte, 1);
		other = byte ^ 0x55;
		io_mem_poke(d->io, bytes[i], &other, 1);
		read_disk(d);
		assert_int_equal(d->lvm.pvs[0].verdict.why, WHY_CORRUPT);
		/* Its group is there by the other copy, and misses it. */
		assert_refused(d, "vg0/home", WHY_VG_MISSING, ID0);
		io_mem_poke(d->io, bytes[i], &byte, 1);
	}
}

static void a_group_without_metadata_holds_nothing(void **state)
{
	struct disk *d = *state;

	read_disk(d);
	assert_int_equal(d->lvm.n_volumes, 0);
	assert_int_equal(d->lvm.n_groups, 0);
}

static void every_failed_read_is_told(void **state)
{
	struct disk *d = *state;
	bool told = true;

	write_text(d, 1, STATUS, MEMBER("pv0", ID0, ""),
		   VOLUME("a", "1", LINEAR("1", "0", "1", "\"pv0\", 0")));
	lvm_put_text(d->io, 0, LVM_AREA_LEN - 100, d->text);
	for (uint64_t n = 1; told; n++) {
		struct io *faulty = io_fault_new(d->io, IO_FAULT_READ, n, EIO);

		lvm_free(&d->lvm);
		assert_int_equal(lvm_read(faulty, d->windows, 1, &d->lvm), 0);
		told = faulty->failure.errnum != 0;
		assert_true(d->lvm.pvs[0].verdict.why == (told ? WHY_READ : WHY_NONE));
		assert_int_equal(d->lvm.n_volumes, told ? 0 : 2);
		io_close(faulty);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_volume_lies_where_its_segments_say),
		TEST(what_no_volume_has_is_the_rest),
		TEST(segments_that_touch_are_one),
		TEST(the_newest_text_counts),
		TEST(a_damaged_copy_does_not_count),
		TEST(two_texts_of_one_number_are_refused),
		TEST(a_text_goes_on_at_the_start_of_its_ring),
		TEST(states_of_a_group_are_refused_by_name),
		TEST(physical_volumes_that_are_not_right_are_refused),
		TEST(volumes_that_are_not_plain_are_refused_by_type),
		TEST(volumes_of_a_read_only_group_are_read_only),
		TEST(flags_behind_a_type_must_be_known_for_the_rest_to_be_free),
		TEST(a_part_of_another_volume_is_no_volume),
		TEST(a_move_under_way_refuses_the_group),
		TEST(a_volume_that_contradicts_itself_is_refused),
		TEST(volumes_that_share_an_extent_are_refused),
		TEST(flags_of_a_volume_that_are_not_known_are_refused),
		TEST(a_name_like_that_of_the_rest_is_refused),
		TEST(twins_are_refused),
		TEST(two_groups_of_one_name_are_refused),
		TEST(a_damaged_label_is_refused),
		TEST(a_group_without_metadata_holds_nothing),
		TEST(every_failed_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
