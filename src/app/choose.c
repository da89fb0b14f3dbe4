/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The method that auto takes. Metadata before data: what gives space back to the host (punch, trim)
 * reads and writes nothing, so it comes first wherever the host may be able to; what writes (write,
 * fill) comes where it cannot. What is read-only gets an overlay. Refused here: to write to that,
 * and filling where zeros would not reach the disk, or would make it grow.
 */

#include <string.h>

#include "app/choose.h"
#include "disk/disk.h"
#include "engine/engine.h"

static bool is_device(const char *path)
{
	return path && strncmp(path, "/dev/", strlen("/dev/")) == 0;
}

static bool is_loop(const char *path)
{
	return path && strncmp(path, "/dev/loop", strlen("/dev/loop")) == 0;
}

/* Whether its host keeps it in a file, where a hole takes no space. */
static bool is_in_file(const struct target *t)
{
	const struct target *top = target_top(t);

	return top->kind == TARGET_IMAGE || top->backing != NULL;
}

static bool host_takes_back(const struct target *t)
{
	return is_in_file(t) || t->discard || target_top(t)->discard;
}

/* ntfs-3g passes FITRIM on to a block device, but not to an image file it opened by itself. */
static bool discard_reaches(const struct target *t)
{
	if (t->mount_source && !is_device(t->mount_source))
		return false;
	return is_loop(t->mount_source) || host_takes_back(t);
}

static int check_mount(const struct target *t, struct error *err)
{
	if (mount_has_option(t->mount_options, "ro"))
		return error_set(err, WHY_MOUNTED_RO, 0, t->mountpoints[0]);
	return 0;
}

static int image_bytes(void *arg, uint64_t *bytes)
{
	return disk_allocated(arg, bytes);
}

static int check_fill(const struct target *t, struct error *err)
{
	const struct mounted m = {
		.mountpoint = t->mountpoints[0],
		.fstype = t->fstype ? t->fstype : "",
		.options = t->mount_options,
		.allocated = image_bytes,
		.arg = (void *)t,
		.image_size = target_top(t)->size,
	};

	return engine_fill_check(&m, err);
}

static int choose_mounted(const struct target *t, enum method *m, struct error *err)
{
	int rc = check_mount(t, err);

	if (rc)
		return rc;
	if (discard_reaches(t)) {
		*m = METHOD_TRIM;
		return 0;
	}
	rc = check_fill(t, err);
	if (rc == 0)
		*m = METHOD_FILL;
	return rc;
}

/* Whether nothing can be written to it, by anybody: its device, its image, or its mount. */
static bool is_read_only(const struct target *t)
{
	return t->read_only || (target_is_mounted(t) && mount_has_option(t->mount_options, "ro"));
}

int choose_method(const struct target *t, enum method *m, struct error *err)
{
	if (is_read_only(t)) {
		*m = METHOD_OVERLAY;
		return 0;
	}
	if (target_is_mounted(t))
		return choose_mounted(t, m, err);
	*m = host_takes_back(t) ? METHOD_PUNCH : METHOD_WRITE;
	return 0;
}

int choose_check(const struct target *t, enum method m, struct error *err)
{
	bool wants_mount = m == METHOD_TRIM || m == METHOD_FILL;
	int rc;

	if (m == METHOD_AUTO || (m == METHOD_OVERLAY && is_read_only(t)))
		return 0;
	if (wants_mount && !target_is_mounted(t))
		return error_set(err, WHY_NOT_MOUNTED, 0, t->name);
	if (!wants_mount && target_is_mounted(t))
		return error_set(err, WHY_IS_MOUNTED, 0, t->mountpoints[0]);
	if (!wants_mount && m != METHOD_OVERLAY && t->read_only)
		return error_set(err, WHY_READ_ONLY, 0, t->path);
	if (!wants_mount)
		return 0;
	rc = check_mount(t, err);
	return rc || m == METHOD_TRIM ? rc : check_fill(t, err);
}

enum method choose_next(enum method m, enum why why)
{
	if (m == METHOD_PUNCH && why == WHY_NO_PUNCH)
		return METHOD_WRITE;
	if (m == METHOD_TRIM && why == WHY_NO_TRIM)
		return METHOD_FILL;
	return METHOD_AUTO;
}

static void choose_one(struct target *t)
{
	if (target_can(t) && choose_method(t, &t->method, &t->verdict) < 0)
		t->method = METHOD_AUTO;
}

void choose_all(struct target *t)
{
	choose_one(t);
	for (struct target *child = t->children; child; child = child->next)
		choose_all(child);
}
