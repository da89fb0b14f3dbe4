/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What went wrong, as facts. The table of names is the list of codes that JSON and logs know; a
 * missing row is found by the compiler's size check below and by tests/unit/test_error.c.
 */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "achica/error.h"

static const char *const names[] = {
	[WHY_NONE] = "none",
	[WHY_SYSTEM] = "system",
	[WHY_MEMORY] = "memory",
	[WHY_OPEN] = "open",
	[WHY_READ] = "read",
	[WHY_WRITE] = "write",
	[WHY_FLUSH] = "flush",
	[WHY_NOT_FOUND] = "not-found",
	[WHY_NOT_TARGET] = "not-target",
	[WHY_VERIFY] = "verify",
	[WHY_CANCELED] = "canceled",
	[WHY_NO_ROOM] = "no-room",
	[WHY_TOOL] = "tool",
	[WHY_TOOL_FAILED] = "tool-failed",
	[WHY_DIFFERS] = "differs",
	[WHY_CHANGED] = "changed",
	[WHY_USED] = "used-changed",
	[WHY_FSCK_AFTER] = "fsck-after",
	[WHY_TIMEOUT] = "timeout",
	[WHY_MOUNTED] = "mounted",
	[WHY_MOUNTED_RO] = "mounted-read-only",
	[WHY_SWAP_ACTIVE] = "swap-active",
	[WHY_HOLDER] = "holder",
	[WHY_BUSY] = "busy",
	[WHY_LOCKED_QEMU] = "locked-qemu",
	[WHY_IMAGE_OPEN] = "image-open",
	[WHY_LOOP] = "loop",
	[WHY_READ_ONLY] = "read-only",
	[WHY_SYSTEM_DISK] = "system-disk",
	[WHY_JOURNAL] = "journal",
	[WHY_UNCLEAN] = "unclean",
	[WHY_ERRORS] = "errors",
	[WHY_FSCK] = "fsck",
	[WHY_ORPHANS] = "orphans",
	[WHY_DIRTY] = "dirty",
	[WHY_HIBERNATED] = "hibernated",
	[WHY_JOURNAL_DEV] = "journal-device",
	[WHY_MULTI_DEV] = "multi-device",
	[WHY_UNKNOWN_FS] = "unknown-fs",
	[WHY_FEATURE] = "feature",
	[WHY_AMBIGUOUS] = "ambiguous",
	[WHY_CONTAINER] = "container",
	[WHY_INNER_DISK] = "inner-disk",
	[WHY_NO_DRIVER] = "no-driver",
	[WHY_EMPTY] = "empty",
	[WHY_ALL_ZERO] = "all-zero",
	[WHY_WRITE_ONCE] = "write-once",
	[WHY_TABLE] = "doubtful-table",
	[WHY_DISK_BUSY] = "disk-busy",
	[WHY_LV_TYPE] = "lv-type",
	[WHY_LV_SNAPSHOT] = "lv-snapshot",
	[WHY_VG_STATE] = "vg-state",
	[WHY_VG_MISSING] = "vg-missing",
	[WHY_PV_DUPLICATE] = "pv-duplicate",
	[WHY_OPT_IN] = "opt-in",
	[WHY_REMAINS] = "remains",
	[WHY_CORRUPT] = "corrupt",
	[WHY_MIRROR] = "mirror",
	[WHY_OUTSIDE] = "outside",
	[WHY_MAP_ORDER] = "map-order",
	[WHY_MAP_RANGE] = "map-range",
	[WHY_MAP_TOTAL] = "map-total",
	[WHY_NO_PUNCH] = "no-punch",
	[WHY_NO_TRIM] = "no-trim",
	[WHY_NO_FILL] = "no-fill",
	[WHY_NOT_MOUNTED] = "not-mounted",
	[WHY_IS_MOUNTED] = "is-mounted",
	[WHY_FORMAT] = "format",
	[WHY_EXISTS] = "exists",
	[WHY_INSIDE] = "inside",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == WHY_COUNT, "each why code has a name");

void error_clear(struct error *err)
{
	if (err)
		*err = (struct error){ .at = ERROR_NOWHERE };
}

int error_set_at(struct error *err, enum why why, int errnum, uint64_t at, const char *what)
{
	if (err && err->why == WHY_NONE) {
		error_clear(err);
		err->why = why;
		err->errnum = errnum;
		err->at = at;
		if (what)
			snprintf(err->what, sizeof(err->what), "%s", what);
	}
	if (errnum)
		return -errnum;
	return why_is_refusal(why) ? -EBUSY : -EIO;
}

int error_set(struct error *err, enum why why, int errnum, const char *what)
{
	return error_set_at(err, why, errnum, ERROR_NOWHERE, what);
}

void error_set_who(struct error *err, pid_t pid, const char *who)
{
	if (!err)
		return;
	err->pid = pid;
	snprintf(err->who, sizeof(err->who), "%s", who ? who : "");
}

bool why_is_refusal(enum why why)
{
	return why >= WHY_REFUSED;
}

const char *why_name(enum why why)
{
	return (unsigned)why < WHY_COUNT ? names[why] : names[WHY_NONE];
}
