/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The rows of whole block devices, from sysfs and the links of /dev/disk: no device is opened. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk/disks.h"
#include "disk/sysfs.h"

#define BY_ID "/dev/disk/by-id"

bool disks_is_listed(const char *dir, const char *name)
{
	/* fd0 is a floppy and sr0 an optical drive; both are listed when named. */
	static const char *const skipped[] = { "ram", "zram", "fd", "sr" };
	char text[8];

	for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
		size_t len = strlen(skipped[i]);

		if (strncmp(name, skipped[i], len) == 0 && name[len] >= '0' && name[len] <= '9')
			return false;
	}
	if (strncmp(name, "loop", 4) == 0 && !sysfs_text(dir, "loop/offset", text, sizeof(text)))
		return false;
	return sysfs_number(dir, "size", 0) > 0 && sysfs_number(dir, "hidden", 0) == 0;
}

/* "Samsung SSD 860", "WD Elements": the maker before the model, unless it is the bus ("ATA") or a
   bare PCI number; an MMC card has a name instead. False without memory. */
static bool set_model(const char *dir, struct target *t)
{
	char vendor[64];
	char model[128];

	if (!sysfs_text(dir, "device/model", model, sizeof(model)) &&
	    !sysfs_text(dir, "device/name", model, sizeof(model)))
		return true;
	if (!sysfs_text(dir, "device/vendor", vendor, sizeof(vendor)) ||
	    strcmp(vendor, "ATA") == 0 || strncmp(vendor, "0x", 2) == 0)
		return (t->model = strdup(model));
	if (asprintf(&t->model, "%s %s", vendor, model) >= 0)
		return true;
	t->model = NULL;
	return false;
}

/* Page 0x80 of a SCSI device's vital data (SPC-4, 7.8.17): four bytes, then the serial number. */
static bool read_page80(const char *dir, char *buf, size_t n)
{
	char page[256] = "";
	char *serial;

	if (!sysfs_line(dir, "device/vpd_pg80", page, sizeof(page)))
		return false;
	serial = page + 4 + strspn(page + 4, " ");
	snprintf(buf, n, "%s", serial);
	for (size_t len = strlen(buf); len > 0 && buf[len - 1] == ' '; len--)
		buf[len - 1] = '\0';
	return buf[0] != '\0';
}

static bool set_serial(const char *dir, struct target *t)
{
	char serial[256];

	if (!sysfs_text(dir, "serial", serial, sizeof(serial)) &&
	    !sysfs_text(dir, "device/serial", serial, sizeof(serial)) &&
	    !read_page80(dir, serial, sizeof(serial)))
		return true;
	return (t->serial = strdup(serial));
}

/* Names which say nothing to people come after those that do. */
static bool is_cryptic(const char *name)
{
	return strncmp(name, "wwn-", 4) == 0 || strncmp(name, "nvme-eui.", 9) == 0 ||
	       strncmp(name, "nvme-nvme.", 10) == 0 || strncmp(name, "dm-uuid-", 8) == 0 ||
	       strncmp(name, "lvm-pv-", 7) == 0;
}

static bool is_better(const char *name, const char *than)
{
	if (than[0] == '\0' || is_cryptic(name) != is_cryptic(than))
		return than[0] == '\0' || is_cryptic(than);
	return strcmp(name, than) < 0;
}

/* The link of /dev/disk/by-id that leads to the device of that kernel name. */
static bool set_by_id(const char *kernel_name, struct target *t)
{
	char best[sizeof(((struct dirent *)0)->d_name)] = "";
	DIR *dir = opendir(BY_ID);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char link[SYSFS_PATH_MAX];
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		const char *base;

		if (len < 0)
			continue;
		link[len] = '\0';
		base = strrchr(link, '/');
		if (strcmp(base ? base + 1 : link, kernel_name) == 0 &&
		    is_better(entry->d_name, best))
			snprintf(best, sizeof(best), "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (best[0] && asprintf(&t->by_id, "%s/%s", BY_ID, best) < 0) {
		t->by_id = NULL;
		return false;
	}
	return true;
}

bool disks_describe(const char *dir, struct target *t)
{
	char backing[4096];
	uint64_t sectors = sysfs_number(dir, "size", 0);

	t->size = sectors <= INT64_MAX / 512 ? sectors * 512 : 0;
	t->sector = (uint32_t)sysfs_number(dir, "queue/logical_block_size", 512);
	t->read_only = sysfs_number(dir, "ro", 0) != 0;
	t->removable = sysfs_number(dir, "removable", 0) != 0;
	t->rotational = sysfs_number(dir, "queue/rotational", 0) != 0;
	t->discard = sysfs_number(dir, "queue/discard_max_bytes", 0) != 0;
	if (sysfs_line(dir, "loop/backing_file", backing, sizeof(backing))) {
		t->backing = strdup(backing);
		t->backing_offset = sysfs_number(dir, "loop/offset", 0);
		if (!t->backing)
			return false;
	}
	return set_model(dir, t) && set_serial(dir, t);
}

struct target *disks_new(dev_t dev)
{
	struct target *t = target_new(TARGET_DISK);
	char dir[SYSFS_PATH_MAX];
	char name[SYSFS_NAME_MAX];

	if (!t || !sysfs_name(dev, name, sizeof(name)))
		return t;
	t->dev = dev;
	t->path = sysfs_node(dev);
	t->name = t->path ? strdup(t->path) : NULL;
	if (t->name && disks_describe(sysfs_dir(dev, dir, sizeof(dir)), t) && set_by_id(name, t))
		return t;
	target_free(t);
	return NULL;
}
