/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "engine/overlay.h"
#include "tests/lib/test.h"

/* A reader of such images of its own, by docs/interop/qcow2.txt of QEMU: what reads as zero, and
   how often each cluster of the file is referred to. */
struct image {
	unsigned char *bytes;
	size_t len;
	uint64_t cluster, size, stretches;
	const unsigned char *l1;
};

static char folder[] = "/tmp/achica-overlay-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/o.qcow2", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static struct overlay *begin(uint64_t size, uint32_t grain)
{
	struct overlay *o = NULL;
	struct error err;

	error_clear(&err);
	assert_int_equal(overlay_new(path, "/srv/a disk.img", size, grain, &o, &err), 0);
	return o;
}

static void zero(struct overlay *o, uint64_t start, uint64_t len)
{
	struct error err;

	error_clear(&err);
	assert_int_equal(overlay_zero(o, (struct extent){ start, len }, &err), 0);
}

static struct image load(void)
{
	struct image i = { .bytes = NULL };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	i.len = (size_t)st.st_size;
	i.bytes = malloc(i.len);
	assert_int_equal(read(fd, i.bytes, i.len), i.len);
	close(fd);
	i.cluster = UINT64_C(1) << get_be32(i.bytes + 20);
	i.size = get_be64(i.bytes + 24);
	i.stretches = get_be32(i.bytes + 36);
	i.l1 = i.bytes + get_be64(i.bytes + 40);
	return i;
}

static struct image finish(struct overlay *o)
{
	struct error err;

	error_clear(&err);
	assert_int_equal(overlay_finish(o, &err), 0);
	return load();
}

#define PLACE UINT64_C(0x00fffffffffffe00)

static bool reads_zero(const struct image *i, uint64_t at)
{
	uint64_t reach = i->cluster / 16 * i->cluster;
	uint64_t table = get_be64(i->l1 + at / reach * 8) & PLACE;
	const unsigned char *entry;

	if (!table)
		return false;
	entry = i->bytes + table + at % reach / i->cluster * 16;
	assert_int_equal(get_be64(entry), 0); /* never a cluster of its own */
	assert_int_equal(get_be32(entry + 12), 0);
	return get_be32(entry + 8) >> (at % i->cluster / (i->cluster / 32)) & 1;
}

static unsigned refcount(const struct image *i, uint64_t cluster)
{
	const unsigned char *table = i->bytes + get_be64(i->bytes + 48);
	uint64_t each = i->cluster / 2;
	uint64_t block = get_be64(table + cluster / each * 8);

	return block ? get_be16(i->bytes + block + cluster % each * 2) : 0;
}

/* Each cluster is counted as often as it is referred to; those with one user are marked so. */
static void check_refcounts(const struct image *i)
{
	uint64_t n = i->len / i->cluster;
	unsigned *seen = calloc(n, sizeof(*seen));
	uint64_t table = get_be64(i->bytes + 48) / i->cluster;
	uint64_t each = i->cluster / 8;

	assert_int_equal(i->len % i->cluster, 0);
	seen[0] = 1;
	for (uint64_t c = 0; c * i->cluster < i->stretches * 8; c++)
		seen[1 + c]++;
	for (uint64_t s = 0; s < i->stretches; s++)
		seen[(get_be64(i->l1 + s * 8) & PLACE) / i->cluster] +=
			(get_be64(i->l1 + s * 8) & PLACE) != 0;
	for (uint64_t t = 0; t < get_be32(i->bytes + 56); t++) {
		seen[table + t]++;
		for (uint64_t b = 0; b < each; b++) {
			uint64_t block = get_be64(i->bytes + (table + t) * i->cluster + b * 8);

			if (block)
				seen[block / i->cluster]++;
		}
	}
	for (uint64_t c = 0; c < n; c++)
		assert_int_equal(refcount(i, c), seen[c]);
	for (uint64_t s = 0; s < i->stretches; s++) {
		uint64_t entry = get_be64(i->l1 + s * 8);

		if (entry)
			assert_int_equal(entry >> 63, seen[(entry & PLACE) / i->cluster] == 1);
	}
	free(seen);
}

static void what_is_free_reads_as_zero_and_nothing_else(void **state)
{
	static const struct extent ranges[] = {
		{ 5 * MIB, 3 * MIB }, { 0, 4096 }, { 12 * KIB, 4096 }, { 3 * GIB, 1 },
		{ 20 * MIB + 1, 8190 }, { 30 * MIB + 1, 8192 + 4095 }, { 2 * GIB - 4096, 8192 },
	};
	struct overlay *o = begin(4 * GIB, 4096);
	struct image i;

	(void)state;
	for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++)
		zero(o, ranges[r].start, ranges[r].len);
	i = finish(o);
	assert_int_equal(i.size, 4 * GIB);
	assert_int_equal(get_be64(i.bytes + 72), 0x10);
	assert_memory_equal(i.bytes + get_be64(i.bytes + 8), "/srv/a disk.img", 15);
	for (uint64_t at = 0; at < 4 * GIB; at += 4096) {
		bool want = false;

		for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
			struct extent whole = extent_shrink(ranges[r], 4096);

			want |= whole.len && at >= whole.start && at < extent_end(whole);
		}
		if (reads_zero(&i, at) != want)
			fail_msg("byte %ju", (uintmax_t)at);
	}
	check_refcounts(&i);
	free(i.bytes);
	overlay_free(o, false);
}

static void an_empty_disk_of_any_size_takes_one_table(void **state)
{
	struct overlay *o = begin(15 * TIB, 4096);
	struct image i;

	(void)state;
	zero(o, 0, 15 * TIB);
	i = finish(o);
	check_refcounts(&i);
	assert_int_equal(i.len / i.cluster, 5); /* header, L1, it, refcounts: a table and a block */
	assert_int_equal(refcount(&i, 2), 15 * 1024);
	assert_true(reads_zero(&i, 15 * TIB - 4096));
	free(i.bytes);
	overlay_free(o, false);
}

static void a_table_has_no_more_users_than_can_be_counted(void **state)
{
	struct overlay *o = begin(TIB + 32 * MIB, 512);
	struct image i;

	(void)state;
	zero(o, 0, TIB + 32 * MIB);
	i = finish(o);
	check_refcounts(&i);
	assert_int_equal(i.stretches, 65538);
	assert_int_equal(get_be64(i.l1 + 65534 * 8) == get_be64(i.l1 + 65535 * 8), false);
	free(i.bytes);
	overlay_free(o, false);
}

static void the_order_does_not_matter(void **state)
{
	struct overlay *o = begin(8 * GIB, 1024);
	struct image i;

	(void)state;
	/* Every other MiB, backwards and forwards; then all of it. */
	for (uint64_t n = 8 * 1024; n > 0; n -= 2)
		zero(o, (n - 2) * MIB, MIB);
	i = finish(o);
	check_refcounts(&i);
	assert_true(reads_zero(&i, 0) && !reads_zero(&i, MIB));
	free(i.bytes);
	for (uint64_t n = 1; n < 8 * 1024; n += 2)
		zero(o, n * MIB, MIB);
	i = finish(o);
	check_refcounts(&i);
	for (uint64_t at = 0; at < 8 * GIB; at += MIB)
		assert_true(reads_zero(&i, at));
	free(i.bytes);
	overlay_free(o, false);
}

static void the_end_of_an_odd_disk_counts(void **state)
{
	struct overlay *o = begin(GIB + 700, 4096);
	struct image i;

	(void)state;
	zero(o, GIB, 700);
	i = finish(o);
	assert_int_equal(i.size, GIB + 1024);
	assert_true(reads_zero(&i, GIB));
	assert_false(reads_zero(&i, GIB - 4096));
	check_refcounts(&i);
	free(i.bytes);
	overlay_free(o, false);
}

static void it_is_no_image_until_it_is_finished(void **state)
{
	struct overlay *o = begin(GIB, 4096);
	struct image i;
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	zero(o, 0, MIB);
	i = finish(o);
	assert_int_equal(get_be32(i.bytes), 0x514649fb);
	free(i.bytes);
	zero(o, MIB, MIB);
	i = load();
	assert_int_equal(get_be32(i.bytes), 0);
	free(i.bytes);
	overlay_free(o, false);
	assert_int_equal(access(path, F_OK), -1);
}

static void what_exists_is_left_alone(void **state)
{
	struct overlay *o = begin(GIB, 4096);
	struct overlay *second = NULL;
	struct error err;

	(void)state;
	error_clear(&err);
	assert_true(overlay_new(path, "/a", GIB, 4096, &second, &err) < 0);
	assert_int_equal(err.why, WHY_EXISTS);
	assert_null(second);
	assert_int_equal(access(path, F_OK), 0);
	overlay_free(o, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_free_reads_as_zero_and_nothing_else),
		cmocka_unit_test(an_empty_disk_of_any_size_takes_one_table),
		cmocka_unit_test(a_table_has_no_more_users_than_can_be_counted),
		cmocka_unit_test(the_order_does_not_matter),
		cmocka_unit_test(the_end_of_an_odd_disk_counts),
		cmocka_unit_test(it_is_no_image_until_it_is_finished),
		cmocka_unit_test(what_exists_is_left_alone),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
