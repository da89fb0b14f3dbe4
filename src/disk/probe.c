/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Signatures by libblkid, over a descriptor: the only file that knows that library. Partition
 * tables are not asked for here (table.c). Where libblkid finds signatures that contradict each
 * other, all are named, and nobody guesses.
 */

#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "achica/units.h"
#include "disk/probe.h"

/* blkid_do_safeprobe: "ambivalent result". */
#define AMBIVALENT (-2)

/* Of an io in pieces: where superblocks begin, and where RAID and others have theirs. */
#define COPIED_START (2 * MIB)
#define COPIED_END (256 * KIB)

/* More signatures than this in one window need no naming. */
#define NAMES_MAX 8

/* A value of the probe, cut at n - 1 bytes. */
static void value(blkid_probe probe, const char *name, char *buf, size_t n)
{
	const char *data;

	buf[0] = '\0';
	if (blkid_probe_lookup_value(probe, name, &data, NULL) == 0)
		snprintf(buf, n, "%s", data);
}

static void take(blkid_probe probe, struct signature *s)
{
	char usage[32];

	value(probe, "TYPE", s->type, sizeof(s->type));
	value(probe, "LABEL", s->label, sizeof(s->label));
	value(probe, "UUID", s->uuid, sizeof(s->uuid));
	value(probe, "USAGE", usage, sizeof(usage));
	if (strcmp(usage, "raid") == 0 || strcmp(usage, "crypto") == 0)
		s->usage = SIGNATURE_CONTAINER;
}

/* "ext4, ntfs": all types that are found one after another. */
static void all_types(blkid_probe probe, char *buf, size_t n)
{
	size_t len = 0;

	buf[0] = '\0';
	blkid_reset_probe(probe);
	for (int i = 0; i < NAMES_MAX && len < n && blkid_do_probe(probe) == 0; i++) {
		char type[64];

		value(probe, "TYPE", type, sizeof(type));
		if (type[0])
			len += (size_t)snprintf(buf + len, n - len, "%s%s", len ? ", " : "", type);
	}
}

static int probe_open(blkid_probe probe, int fd, struct extent window, uint32_t sector)
{
	errno = 0;
	if (blkid_probe_set_device(probe, fd, (blkid_loff_t)window.start,
				   (blkid_loff_t)window.len) != 0)
		return errno ? -errno : -EIO;
	if (sector != 512)
		blkid_probe_set_sectorsize(probe, sector);
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
						 BLKID_SUBLKS_UUID | BLKID_SUBLKS_USAGE);
	return 0;
}

int probe_window(int fd, struct extent window, uint32_t sector, const char *path,
		 struct signature *signature, struct error *err)
{
	blkid_probe probe = blkid_new_probe();
	char names[256];
	int r;

	*signature = (struct signature){ .usage = SIGNATURE_FS };
	if (window.len == 0) {
		/* libblkid would take it for "up to the end". */
		blkid_free_probe(probe);
		return 0;
	}
	if (!probe)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	r = probe_open(probe, fd, window, sector);
	if (r == 0) {
		errno = 0;
		r = blkid_do_safeprobe(probe);
		if (r == AMBIVALENT) {
			all_types(probe, names, sizeof(names));
			r = error_set(err, WHY_AMBIGUOUS, 0, names);
		} else if (r < 0) {
			r = error_set_at(err, WHY_READ, errno ? errno : EIO, window.start, path);
		} else if (r == 0) {
			take(probe, signature);
		}
	} else {
		r = error_set(err, WHY_READ, -r, path);
	}
	blkid_free_probe(probe);
	return r < 0 ? r : 0;
}

static int copy_range(struct io *io, struct extent e, int fd, struct error *err)
{
	uint64_t inside = e.start % (uint64_t)sysconf(_SC_PAGESIZE);
	size_t len = (size_t)(inside + e.len);
	unsigned char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				  (off_t)(e.start - inside));
	int r;

	if (map == MAP_FAILED)
		return error_set(err, WHY_SYSTEM, errno, "mmap");
	r = io_read(io, e.start, map + inside, (size_t)e.len);
	munmap(map, len);
	return r < 0 ? io_report(io, WHY_READ, -r, err) : 0;
}

int probe_io(struct io *io, struct signature *signature, struct error *err)
{
	uint64_t start = io->size < COPIED_START ? io->size : COPIED_START;
	uint64_t end = io->size - start < COPIED_END ? io->size - start : COPIED_END;
	struct extent all = { 0, io->size };
	int fd = memfd_create("achica", MFD_CLOEXEC);
	int r;

	*signature = (struct signature){ .usage = SIGNATURE_FS };
	if (fd < 0 || ftruncate(fd, (off_t)io->size) < 0) {
		r = error_set(err, WHY_SYSTEM, errno, "memfd");
	} else {
		r = copy_range(io, (struct extent){ 0, start }, fd, err);
		if (r == 0 && end)
			r = copy_range(io, (struct extent){ io->size - end, end }, fd, err);
		if (r == 0)
			r = probe_window(fd, all, io->sector, io->name, signature, err);
	}
	if (fd >= 0)
		close(fd);
	return r;
}
