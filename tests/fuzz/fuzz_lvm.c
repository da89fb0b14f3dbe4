/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * libFuzzer harness of LVM2's metadata: whatever the text, the label and the header say, no volume
 * leaves the extents of its physical volumes, and no two of a group share a byte.
 *
 * An input is a text, which both physical volumes have; or, when it begins with a zero byte, 512
 * bytes of a label and 512 of a header of a metadata area, whose checksums are mended, and a text.
 */
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "disk/lvm.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/lvm.h"

#define PV (12 * MIB)
#define SECTOR 512
#define CRC_START 0xf597a6cfu
#define TEXT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_sum(unsigned char *p, const unsigned char *from, size_t n)
{
	uint32_t sum = crc32_ieee(CRC_START, from, n);

	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(sum >> 8 * i);
}

/* Label and header by the input, for the first physical volume. */
static void put_raw(struct io *io, const uint8_t *data, const uint8_t *text, size_t len)
{
	unsigned char sector[SECTOR];
	uint64_t at;

	memcpy(sector, data, SECTOR);
	put_sum(sector + 16, sector + 20, SECTOR - 20);
	io_mem_poke(io, 512, sector, SECTOR);
	memcpy(sector, data + SECTOR, SECTOR);
	at = get_le64(sector + 40);
	if (at <= LVM_AREA_LEN - len)
		io_mem_poke(io, LVM_AREA_START + at, text, len);
	put_sum(sector + 56, text, len);
	put_sum(sector, sector + 4, SECTOR - 4);
	io_mem_poke(io, LVM_AREA_START, sector, SECTOR);
}

static bool is_inside(const struct lvm *lvm, struct extent e)
{
	for (size_t i = 0; i < lvm->n_pvs; i++) {
		uint64_t start = lvm->pvs[i].window.start + lvm->pvs[i].label.data_start;

		if (e.start >= start && e.len > 0 &&
		    extent_end(e) <= extent_end(lvm->pvs[i].window))
			return true;
	}
	return false;
}

static void check(const struct lvm *lvm, struct io *io, unsigned char *seen)
{
	for (size_t i = 0; i < lvm->n_volumes; i++) {
		const struct lvm_volume *v = &lvm->volumes[i];
		struct io *w = NULL;

		if (v->verdict.why != WHY_NONE)
			continue;
		if (io_window_segments(io, v->segments, v->n_segments, &w) < 0 ||
		    w->size != v->size)
			abort();
		io_close(w);
		for (size_t j = 0; j < v->n_segments; j++) {
			struct extent e = v->segments[j].in;

			if (!is_inside(lvm, e))
				abort();
			for (uint64_t at = e.start / SECTOR; at < extent_end(e) / SECTOR; at++) {
				if (seen[at]++)
					abort();
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct extent windows[] = { { 0, PV }, { PV, PV } };
	bool raw = size > 1 + 2 * SECTOR && data[0] == 0;
	size_t head = raw ? 1 + 2 * SECTOR : 0;
	char *text = calloc(1, TEXT_MAX + 1);
	unsigned char *seen = calloc(1, 2 * PV / SECTOR);
	struct io *io = io_mem_new(2 * PV);
	struct lvm lvm;

	memcpy(text, data + head, size - head < TEXT_MAX ? size - head : TEXT_MAX);
	lvm_put_label(io, 0, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	lvm_put_label(io, PV, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	lvm_put_text(io, 0, LVM_AREA_LEN - 100, text);
	lvm_put_text(io, PV, 512, text);
	if (raw)
		put_raw(io, data + 1, (unsigned char *)text, strlen(text) + 1);
	if (lvm_read(io, windows, 2, &lvm) == 0)
		check(&lvm, io, seen);
	lvm_free(&lvm);
	io_close(io);
	free(seen);
	free(text);
	return 0;
}
