/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The binary part of LVM2: the label of a physical volume in one of its first four sectors, and the
 * header of a metadata area, a ring in which each new text comes after the last. Layout from LVM2
 * 2.03, lib/label/label.h and lib/format_text/layout.h; its sector is 512 bytes whatever the disk
 * has. Only the committed text counts (the first place in the header): what was prepared beside it
 * never came into force. Everything with a checksum is checked before it is believed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "disk/lvm_label.h"

#define SECTOR 512
#define LABEL_SECTORS 4
#define CRC_START 0xf597a6cfu
#define WHAT "LVM metadata"

/* Larger than LVM makes any by itself, and no more memory than there is room for. */
#define TEXT_MAX (8 * MIB)

/* A place is 8 bytes of offset and 8 of size. */
#define PLACE 16

static int corrupt(struct error *err, uint64_t at)
{
	return error_set_at(err, WHY_CORRUPT, 0, at, WHAT);
}

static int read_at(struct io *disk, uint64_t at, void *buf, size_t len, struct error *err)
{
	int r = io_read(disk, at, buf, len);

	return r < 0 ? io_report(disk, WHY_READ, -r, err) : 0;
}

/* The label in its sector, by its own number and checksum. */
static bool is_label(const unsigned char *sector, unsigned number)
{
	return memcmp(sector, "LABELONE", 8) == 0 && get_le64(sector + 8) == number &&
	       crc32_ieee(CRC_START, sector + 20, SECTOR - 20) == get_le32(sector + 16) &&
	       memcmp(sector + 24, "LVM2 001", 8) == 0;
}

static bool is_id(const unsigned char *id)
{
	for (int i = 0; i < LVM_ID_LEN; i++) {
		if (!(id[i] >= '0' && id[i] <= '9') && !(id[i] >= 'A' && id[i] <= 'Z') &&
		    !(id[i] >= 'a' && id[i] <= 'z') && !(id[i] != '\0' && strchr("!#", id[i])))
			return false;
	}
	return true;
}

/*
 * The lists of places after the header, each with an empty one at its end: that of data, of which
 * there is one, and that of metadata areas.
 */
static bool take_places(const unsigned char *p, const unsigned char *end, struct extent window,
			struct lvm_label *label)
{
	unsigned data = 0;

	for (; end - p >= PLACE && get_le64(p) != 0; p += PLACE, data++)
		label->data_start = get_le64(p);
	for (p += PLACE; end - p >= PLACE && get_le64(p) != 0; p += PLACE) {
		struct extent e = { get_le64(p), get_le64(p + 8) };

		if (label->n_areas == LVM_AREAS_MAX || e.start > window.len ||
		    e.len > window.len - e.start || e.len <= SECTOR)
			return false;
		label->areas[label->n_areas++] = e;
	}
	return data == 1 && end - p >= PLACE;
}

static bool take_header(const unsigned char *sector, struct extent window, struct lvm_label *label)
{
	uint32_t at = get_le32(sector + 20);

	if (at < 32 || at > SECTOR - LVM_ID_LEN - 8 || !is_id(sector + at))
		return false;
	memcpy(label->id, sector + at, LVM_ID_LEN);
	label->size = get_le64(sector + at + LVM_ID_LEN);
	return take_places(sector + at + LVM_ID_LEN + 8, sector + SECTOR, window, label);
}

int lvm_label_read(struct io *disk, struct extent window, struct lvm_label *label,
		   struct error *err)
{
	unsigned char sectors[LABEL_SECTORS * SECTOR];
	int r;

	*label = (struct lvm_label){ .n_areas = 0 };
	if (window.len < sizeof(sectors))
		return corrupt(err, window.start);
	r = read_at(disk, window.start, sectors, sizeof(sectors), err);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < LABEL_SECTORS; i++) {
		if (!is_label(sectors + i * SECTOR, i))
			continue;
		if (take_header(sectors + i * SECTOR, window, label))
			return 0;
		break;
	}
	return corrupt(err, window.start);
}

/* The text, which may go on behind the header when it reached the end of the ring. */
static int read_ring(struct io *disk, struct extent ring, uint64_t at, size_t len, char *text,
		     struct error *err)
{
	size_t first = len;
	int r;

	if (first > ring.len - at)
		first = (size_t)(ring.len - at);
	r = read_at(disk, ring.start + at, text, first, err);
	if (r < 0 || first == len)
		return r;
	return read_at(disk, ring.start + SECTOR, text + first, len - first, err);
}

/* place: offset, size, checksum and flags of the text, which are in the header. */
static int read_text(struct io *disk, struct extent ring, const unsigned char *place, char **text,
		     size_t *len, struct error *err)
{
	uint64_t at = get_le64(place);
	uint64_t size = get_le64(place + 8);
	char *buf;
	int r;

	if (at < SECTOR || at >= ring.len || size == 0 || size > ring.len - SECTOR ||
	    size > TEXT_MAX)
		return corrupt(err, ring.start);
	buf = malloc((size_t)size);
	if (!buf)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	r = read_ring(disk, ring, at, (size_t)size, buf, err);
	if (r == 0 && crc32_ieee(CRC_START, buf, (size_t)size) != get_le32(place + 16))
		r = corrupt(err, ring.start + at);
	if (r < 0) {
		free(buf);
		return r;
	}
	*text = buf;
	/* Its end is a NUL. */
	*len = strnlen(buf, (size_t)size);
	return 0;
}

int lvm_area_read(struct io *disk, struct extent window, struct extent area, char **text,
		  size_t *len, struct error *err)
{
	static const char magic[] = " LVM2 x[5A%r0N*>";
	const unsigned char *place;
	unsigned char head[SECTOR];
	struct extent ring = { window.start + area.start, area.len };
	int r = read_at(disk, ring.start, head, sizeof(head), err);

	*text = NULL;
	*len = 0;
	if (r < 0)
		return r;
	if (crc32_ieee(CRC_START, head + 4, SECTOR - 4) != get_le32(head) ||
	    memcmp(head + 4, magic, 16) != 0 || get_le64(head + 24) != area.start ||
	    get_le64(head + 32) != area.len)
		return corrupt(err, ring.start);
	if (get_le32(head + 20) != 1)
		return error_set(err, WHY_FEATURE, 0, "LVM2 metadata area");
	place = head + 40;
	/* An offset of 0 ends the list of places; bit 0 says that LVM itself ignores this area. */
	if (get_le64(place) == 0 || (get_le32(place + 20) & 1))
		return 0;
	return read_text(disk, ring, place, text, len, err);
}
