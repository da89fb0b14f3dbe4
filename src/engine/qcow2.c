/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The layout of a fresh qcow2 (QEMU's docs/interop/qcow2.txt; what is written when was seen in
 * files of qemu-img 7.2): one cluster with the header, the refcount table, refcount blocks of 16
 * bits for each cluster of the file (themselves too), the L1 table, an L2 table for each stretch of
 * the disk that has data, and the data.
 *
 * Of the L1 table's cluster only its entries are written; the rest is a hole, as are subclusters
 * without data. An outgrown refcount table is made anew with half as many entries more, and its old
 * place is used again.
 */

#include "achica/units.h"
#include "engine/qcow2.h"

#define ENTRY 8u          /* bytes of an entry in the L1 and refcount tables */
#define ENTRY_EXTENDED 16u
#define REFCOUNT 2u       /* bytes: refcount_order 4, the default */
#define L1_MOST (32 * MIB) /* QCOW_MAX_L1_SIZE in QEMU's block/qcow2.h */
#define PAGE 4096u        /* the block of the filesystem that the file is written to */

static const struct {
	const char *options;
	struct qcow2_shape shape;
} formats[FORECAST_COUNT] = {
	[FORECAST_PLAIN] = { "", { 64 * KIB, 64 * KIB, 512 * MIB } },
	[FORECAST_EXTENDED] = { "-o extended_l2=on,cluster_size=128k",
				{ 128 * KIB, 4 * KIB, 128 * KIB / ENTRY_EXTENDED * 128 * KIB } },
	[FORECAST_SMALL] = { "-o cluster_size=4k", { 4 * KIB, 4 * KIB, 2 * MIB } },
	[FORECAST_ZLIB] = { "-c", { 64 * KIB, 64 * KIB, 512 * MIB } },
	[FORECAST_ZSTD] = { "-c -o compression_type=zstd", { 64 * KIB, 64 * KIB, 512 * MIB } },
};

const char *forecast_options(enum forecast_format format)
{
	return formats[format].options;
}

struct qcow2_shape qcow2_shape(enum forecast_format format)
{
	return formats[format].shape;
}

static uint64_t parts(uint64_t n, uint64_t of)
{
	return n / of + (n % of != 0);
}

/* Clusters of the refcount table and its blocks, in a file of n clusters besides. */
static uint64_t refcount_clusters(uint64_t n, uint64_t cluster)
{
	uint64_t per_block = cluster / REFCOUNT;
	uint64_t table = 1;
	uint64_t blocks = 0;
	uint64_t needed;

	while ((needed = parts(n + table + blocks, per_block)) > blocks) {
		blocks = needed;
		if (blocks > table * (cluster / ENTRY))
			table = parts((blocks + blocks / 2) * ENTRY, cluster);
	}
	return table + blocks;
}

static uint64_t l1_bytes(const struct qcow2_shape *shape, const struct qcow2_load *load)
{
	return parts(load->disk, shape->reach) * ENTRY;
}

uint64_t qcow2_length(enum forecast_format format, const struct qcow2_load *load)
{
	const struct qcow2_shape *shape = &formats[format].shape;
	uint64_t fixed = 1 + parts(l1_bytes(shape, load), shape->cluster) + load->tables;
	uint64_t all = fixed + parts(load->data, shape->cluster);

	if (l1_bytes(shape, load) > L1_MOST)
		return FORECAST_NEVER;
	fixed += refcount_clusters(all, shape->cluster);
	return size_add(size_mul(fixed, shape->cluster), load->data);
}

uint64_t qcow2_space(enum forecast_format format, const struct qcow2_load *load)
{
	const struct qcow2_shape *shape = &formats[format].shape;
	uint64_t l1 = l1_bytes(shape, load);
	uint64_t holes = parts(l1, shape->cluster) * shape->cluster - parts(l1, PAGE) * PAGE;
	uint64_t length = qcow2_length(format, load);

	if (length == FORECAST_NEVER)
		return FORECAST_NEVER;
	length = parts(length, PAGE) * PAGE;
	return length - holes - (load->data - load->written);
}
