/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The table of drivers, and what is said of a type that none of them serves: a container of other
 * things, a filesystem left out of this build, or one that nobody here knows.
 */

#include <errno.h>
#include <string.h>

#include "fs/drivers.h"
#include "fs/fs.h"

static const struct fs_driver *const drivers[] = {
	&fs_btrfs,
	&fs_exfat,
	&fs_ext,
	&fs_f2fs,
	&fs_fat,
	&fs_gap,
	&fs_hfsplus,
#ifdef WITH_NTFS
	&fs_ntfs,
#endif
	&fs_swap,
	&fs_xfs,
};

/* Containers by libblkid's names (util-linux 2.38, libblkid/src/superblocks); all that end in
   "_member" belong to them too. */
static const char *const containers[] = {
	"BitLocker",
	"bcache",
	"ceph_bluestore",
	"crypto_LUKS",
	"DM_integrity",
	"DM_snapshot_cow",
	"DM_verity_hash",
	"drbd",
	"drbdmanage_control_volume",
	"drbdproxy_datalog",
	"jbd",
	"mpool",
	"stratis",
	"ubi",
	"vdo",
	"VMFS_volume_member",
	NULL,
};

/* Filesystems that are made as a whole, and never changed. */
static const char *const write_once[] = {
	"cramfs", "erofs", "iso9660", "romfs", "squashfs", "squashfs3", NULL,
};

/* What a build with all drivers serves. */
static const char *const optional[] = { "ntfs", NULL };

static bool is_in(const char *type, const char *const *list)
{
	while (*list && strcmp(type, *list) != 0)
		list++;
	return *list != NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text);
	size_t m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

const struct fs_driver *fs_driver_find(const char *type)
{
	for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
		if (type && is_in(type, drivers[i]->types))
			return drivers[i];
	}
	return NULL;
}

static enum why why_not_served(const char *type)
{
	if (is_in(type, containers) || ends_with(type, "_member"))
		return WHY_CONTAINER;
	if (is_in(type, write_once))
		return WHY_WRITE_ONCE;
	if (is_in(type, optional))
		return WHY_NO_DRIVER;
	return WHY_UNKNOWN_FS;
}

int fs_open(struct io *io, const char *type, struct fs **fs, struct error *err)
{
	const struct fs_driver *driver = fs_driver_find(type);

	if (!driver)
		return error_set(err, why_not_served(type ? type : ""), 0, type);
	return driver->open(io, fs, err);
}

void fs_close(struct fs *fs)
{
	if (fs)
		fs->driver->close(fs);
}
