/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The size of a converted image, against layouts counted by hand and against files of qemu-img 7.2.
 * Clusters are named in this order: header, refcount table, refcount blocks, L1, L2, data.
 */

#include "achica/units.h"
#include "engine/pack.h"
#include "engine/qcow2.h"
#include "engine/squeeze.h"
#include "tests/lib/test.h"

static struct qcow2_load load(uint64_t disk, uint64_t data, uint64_t tables)
{
	return (struct qcow2_load){ .disk = disk, .data = data, .written = data, .tables = tables };
}

static void an_empty_image_is_four_clusters_of_bookkeeping(void **state)
{
	struct qcow2_load l = load(64 * MIB, 0, 0);

	(void)state;
	assert_int_equal(qcow2_length(FORECAST_PLAIN, &l), (1 + 1 + 1 + 1) * 64 * KIB);
	assert_int_equal(qcow2_length(FORECAST_EXTENDED, &l), (1 + 1 + 1 + 1) * 128 * KIB);
	/* du of qemu-img's: one L1 entry takes a page. */
	assert_int_equal(qcow2_space(FORECAST_PLAIN, &l), 200704);
	assert_int_equal(qcow2_space(FORECAST_EXTENDED, &l), 397312);
	/* 32 L1 entries in the one cluster of 4 KiB. */
	assert_int_equal(qcow2_space(FORECAST_SMALL, &l), 4 * 4 * KIB);
}

static void one_cluster_needs_an_l2_table(void **state)
{
	struct qcow2_load l = load(64 * MIB, 64 * KIB, 1);

	(void)state;
	assert_int_equal(qcow2_length(FORECAST_PLAIN, &l), (1 + 1 + 1 + 1 + 1 + 1) * 64 * KIB);
	assert_int_equal(qcow2_space(FORECAST_PLAIN, &l), 331776);
	l.data = l.written = 4 * KIB;
	assert_int_equal(qcow2_length(FORECAST_SMALL, &l), 6 * 4 * KIB);
}

static void subclusters_without_data_take_no_space(void **state)
{
	/* 4 KiB in each of 1024 stretches of 1 MiB. */
	struct qcow2_load l = load(GIB, 1024 * 128 * KIB, 1);

	(void)state;
	l.written = 1024 * 4 * KIB;
	assert_int_equal(qcow2_length(FORECAST_EXTENDED, &l), (5 + 1024) * 128 * KIB);
	assert_int_equal(qcow2_space(FORECAST_EXTENDED, &l), 4722688);
}

static void refcount_blocks_count_themselves(void **state)
{
	/* 2048 clusters to a block: 2042 of data and six besides fill the first. */
	struct qcow2_load l = load(8 * MIB, 2042 * 4 * KIB, 2);

	(void)state;
	assert_int_equal(qcow2_length(FORECAST_SMALL, &l), (1 + 1 + 1 + 1 + 2 + 2042) * 4 * KIB);
	l = load(8 * MIB, 2043 * 4 * KIB, 2);
	assert_int_equal(qcow2_length(FORECAST_SMALL, &l), (1 + 1 + 2 + 1 + 2 + 2043) * 4 * KIB);
	/* As qemu-img: 300 MiB and three pages, 38 blocks, 151 L2 tables. */
	l = load(300 * MIB + 3 * 4 * KIB, 300 * MIB + 3 * 4 * KIB, 151);
	assert_int_equal(qcow2_space(FORECAST_SMALL, &l), 315371520);
}

static void an_outgrown_refcount_table_is_made_larger(void **state)
{
	/* 512 entries of 8 MiB each: beyond 4 GiB there must be more. */
	struct qcow2_load l = load(5 * GIB, 5 * GIB, 2560);
	uint64_t data = 5 * GIB / (4 * KIB);
	uint64_t blocks = 642; /* of 2048 each, for data + 2560 + 1 + 3 + 2 + themselves */

	(void)state;
	assert_int_equal(qcow2_length(FORECAST_SMALL, &l),
			 (1 + 2 + blocks + 5 + 2560 + data) * 4 * KIB);
}

static void a_disk_too_large_for_its_l1_table_is_never_converted(void **state)
{
	struct qcow2_load l = load(8 * TIB, 0, 0);

	(void)state;
	assert_true(qcow2_space(FORECAST_SMALL, &l) < 40 * MIB);
	l.disk += 512;
	assert_int_equal(qcow2_length(FORECAST_SMALL, &l), FORECAST_NEVER);
	assert_int_equal(qcow2_space(FORECAST_SMALL, &l), FORECAST_NEVER);
	assert_true(qcow2_space(FORECAST_PLAIN, &l) < MIB);
}

static void compressed_bytes_are_packed(void **state)
{
	struct qcow2_load l = load(64 * MIB, 4102, 1);

	(void)state;
	assert_int_equal(qcow2_length(FORECAST_ZLIB, &l), 5 * 64 * KIB + 4102);
	assert_int_equal(qcow2_space(FORECAST_ZLIB, &l), 274432);
}

static void packing_goes_on_over_clusters(void **state)
{
	struct pack p = { 0 };

	(void)state;
	pack_add(&p, 40000);
	pack_add(&p, 40000);
	assert_int_equal(p.length, 80000);
	assert_int_equal(p.space, 80000);
	assert_int_equal(p.room, 2 * SQUEEZE_CLUSTER - 80000);
}

static void packing_loses_the_rest_of_a_cluster_behind_which_something_lies(void **state)
{
	struct pack p = { 0 };

	(void)state;
	pack_add(&p, 40000);
	pack_add(&p, SQUEEZE_CLUSTER);
	pack_add(&p, 20000); /* still fits */
	assert_int_equal(p.length, 40000 + SQUEEZE_CLUSTER + 20000);
	pack_add(&p, 20000);
	assert_int_equal(p.length, SQUEEZE_CLUSTER + SQUEEZE_CLUSTER + 20000);
	/* 60000 bytes lie in 15 pages; the 16th is a hole. */
	assert_int_equal(p.space, 15 * 4 * KIB + SQUEEZE_CLUSTER + 20000);
	pack_add(&p, SQUEEZE_CLUSTER);
	pack_end(&p);
	assert_int_equal(p.length, 4 * SQUEEZE_CLUSTER);
	assert_int_equal(p.space, 15 * 4 * KIB + SQUEEZE_CLUSTER + 5 * 4 * KIB + SQUEEZE_CLUSTER);
}

static void noise_is_not_compressed(void **state)
{
	static unsigned char cluster[SQUEEZE_CLUSTER];
	struct squeeze_zlib *zlib = squeeze_zlib_new();
	struct squeeze_zstd *zstd = squeeze_zstd_new();
	uint32_t x = 1;

	(void)state;
	assert_non_null(zlib);
	assert_non_null(zstd);
	assert_in_range(squeeze_zlib_size(zlib, cluster), 1, 200);
	assert_in_range(squeeze_zstd_size(zstd, cluster), 1, 200);
	for (size_t i = 0; i < sizeof(cluster); i++) {
		x = x * 1664525u + 1013904223u;
		cluster[i] = (unsigned char)(x >> 24);
	}
	assert_int_equal(squeeze_zlib_size(zlib, cluster), SQUEEZE_CLUSTER);
	assert_int_equal(squeeze_zstd_size(zstd, cluster), SQUEEZE_CLUSTER);
	squeeze_zlib_free(zlib);
	squeeze_zstd_free(zstd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_image_is_four_clusters_of_bookkeeping),
		cmocka_unit_test(one_cluster_needs_an_l2_table),
		cmocka_unit_test(subclusters_without_data_take_no_space),
		cmocka_unit_test(refcount_blocks_count_themselves),
		cmocka_unit_test(an_outgrown_refcount_table_is_made_larger),
		cmocka_unit_test(a_disk_too_large_for_its_l1_table_is_never_converted),
		cmocka_unit_test(compressed_bytes_are_packed),
		cmocka_unit_test(packing_goes_on_over_clusters),
		cmocka_unit_test(packing_loses_the_rest_of_a_cluster_behind_which_something_lies),
		cmocka_unit_test(noise_is_not_compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
