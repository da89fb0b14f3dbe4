/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Which format an image file has. Only raw is the disk itself; the others are named, so that they
 * are refused by their name and never taken for an empty raw disk. A raw disk whose first bytes
 * look like another format is refused with it: that is the safe side.
 *
 * Sources: qemu/docs/interop/{qcow2,parallels,qed_spec}; VirtualBox VDICore.h (image header 1.1);
 * Virtual Hard Disk Image Format Specification 1.0 (footer); MS-VHDX 2.1; Virtual Disk Format 5.0
 * (VMware); libewf's EWF documentation.
 */

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "disk/image.h"

#define HEAD 512

/* How the virtual size is kept in the header, at size_at. */
enum size_kind { SIZE_NONE, SIZE_BE64, SIZE_LE64, SIZE_LE64_SECTORS };

struct format {
	const char *name;
	const char *magic;
	size_t len;
	size_t at;
	size_t size_at;
	enum size_kind kind;
};

static const struct format formats[] = {
	{ "qcow", "QFI\xfb\0\0\0\1", 8, 0, 24, SIZE_BE64 },
	{ "qcow2", "QFI\xfb", 4, 0, 24, SIZE_BE64 },
	{ "qed", "QED\0", 4, 0, 48, SIZE_LE64 },
	{ "vdi", "\x7f\x10\xda\xbe", 4, 64, 368, SIZE_LE64 },
	{ "vhdx", "vhdxfile", 8, 0, 0, SIZE_NONE },
	{ "vmdk", "KDMV", 4, 0, 12, SIZE_LE64_SECTORS },
	{ "vmdk", "COWD", 4, 0, 0, SIZE_NONE },
	{ "vmdk", "# Disk DescriptorFile", 21, 0, 0, SIZE_NONE },
	{ "vpc", "conectix", 8, 0, 48, SIZE_BE64 },
	{ "parallels", "WithoutFreeSpace", 16, 0, 0, SIZE_NONE },
	{ "parallels", "WithouFreSpacExt", 16, 0, 0, SIZE_NONE },
	{ "ewf", "EVF\x09\x0d\x0a\xff", 7, 0, 0, SIZE_NONE },
};

/* In the last 512 bytes: a fixed VHD and a DMG are data with a footer behind them. */
static const struct format footers[] = {
	{ "vpc", "conectix", 8, 0, 48, SIZE_BE64 },
	{ "dmg", "koly", 4, 0, 0, SIZE_NONE },
};

static const struct format *find(const struct format *all, size_t n, const unsigned char *buf)
{
	for (size_t i = 0; i < n; i++) {
		if (memcmp(buf + all[i].at, all[i].magic, all[i].len) == 0)
			return &all[i];
	}
	return NULL;
}

static uint64_t size_in(const struct format *f, const unsigned char *buf, uint64_t fallback)
{
	const unsigned char *p = buf + f->size_at;

	switch (f->kind) {
	case SIZE_BE64:
		return get_be64(p);
	case SIZE_LE64:
		return get_le64(p);
	case SIZE_LE64_SECTORS:
		return get_le64(p) <= UINT64_MAX / 512 ? get_le64(p) * 512 : fallback;
	case SIZE_NONE:
		break;
	}
	return fallback;
}

int image_format(struct io *io, const char **format, uint64_t *size)
{
	unsigned char buf[HEAD] = { 0 };
	const struct format *f;
	int r = io_read(io, 0, buf, io->size < HEAD ? (size_t)io->size : HEAD);

	if (r < 0)
		return r;
	f = find(formats, sizeof(formats) / sizeof(formats[0]), buf);
	if (!f && io->size >= 2 * HEAD) {
		r = io_read(io, io->size - HEAD, buf, HEAD);
		if (r < 0)
			return r;
		f = find(footers, sizeof(footers) / sizeof(footers[0]), buf);
	}
	*format = f ? f->name : "raw";
	*size = f ? size_in(f, buf, io->size) : io->size;
	return 0;
}
