/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ERROR_H
#define ACHICA_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Why something was not done. Functions return 0 or a negative errno; the deepest one that knows
 * fills the struct error, once. It holds facts, no sentences: text/say.c turns it into a reason
 * and a remedy in the user's language.
 *
 * Codes from WHY_REFUSED on are refusals of the gate: achica could go on, and will not, because
 * files might be harmed. Their names are part of the JSON contract (why_name), so they are never
 * renamed. "what" and the other fields are named for each code where they mean something.
 */
enum why {
	WHY_NONE = 0,   /* nothing is wrong */

	/* Something failed. errnum says what the system answered. */
	WHY_SYSTEM,     /* a system call failed; what: on what (path) */
	WHY_MEMORY,     /* no memory */
	WHY_OPEN,       /* cannot be opened; what: path */
	WHY_READ,       /* reading failed; at: byte; what: path */
	WHY_WRITE,      /* writing zeros failed; at: byte; what: path */
	WHY_FLUSH,      /* flushing failed: what was written may not be on the disk; what: path */
	WHY_NOT_FOUND,  /* no such target; what: as it was named */
	WHY_NOT_TARGET, /* neither a disk, an image, a partition nor a mount point; what: name */
	WHY_VERIFY,     /* a byte that must read zero does not; at: byte */
	WHY_CANCELED,   /* the user stopped it */
	WHY_NO_ROOM,    /* the destination lacks room; at: bytes missing; what: path */
	WHY_TOOL,       /* a program needed is not installed; what: its name */
	WHY_TOOL_FAILED,/* it failed; what: what it said */
	WHY_DIFFERS,    /* a copy does not read as its source does; what: its path */
	WHY_CHANGED,    /* the source was written to while it was copied; what: path */
	WHY_USED,       /* what is in use is not what it was before; at: byte; what: path */
	WHY_FSCK_AFTER, /* fsck finds errors which were not there before; what: its name */
	WHY_TIMEOUT,    /* the device does not answer; what: path */

	/* The gate refuses. */
	WHY_REFUSED,    /* first of the refusals; not used by itself */

	/* somebody else uses it (gate 1) */
	WHY_MOUNTED = WHY_REFUSED, /* what: mount point */
	WHY_MOUNTED_RO, /* mounted read-only: neither fill nor trim can work; what: mount point */
	WHY_SWAP_ACTIVE,/* what: device */
	WHY_HOLDER,     /* dm, md, bcache ... is built upon it; what: name of the holder */
	WHY_BUSY,       /* opened exclusively by someone; what: path; who, pid when known */
	WHY_LOCKED_QEMU,/* QEMU or libvirt holds its image lock; who, pid when known */
	WHY_IMAGE_OPEN, /* a process has the image open for writing; who, pid */
	WHY_LOOP,       /* a loop device over the same bytes is in use; what: loop device */
	WHY_READ_ONLY,  /* the device, image or medium is read-only; what: path */
	WHY_SYSTEM_DISK,/* holds the running system; what: mount point */

	/* the filesystem is not clean (gate 2) */
	WHY_JOURNAL,    /* a journal is waiting to be replayed; what: fs type */
	WHY_UNCLEAN,    /* not cleanly unmounted; what: fs type */
	WHY_ERRORS,     /* the filesystem is marked as having errors; what: fs type */
	WHY_FSCK,       /* its own fsck finds errors; what: the program */
	WHY_ORPHANS,    /* deleted files wait to be finished; what: fs type */
	WHY_DIRTY,      /* the volume's dirty flag is set (NTFS, FAT, exFAT); what: fs type */
	WHY_HIBERNATED, /* hibernated or fast-started Windows, or a swap hibernation image */
	WHY_JOURNAL_DEV,/* journal or log on another device; what: fs type */
	WHY_MULTI_DEV,  /* one of several devices; what: fs type */

	/* the filesystem is not understood (gate 3) */
	WHY_UNKNOWN_FS, /* no driver for it; what: type as libblkid names it, "" for none */
	WHY_FEATURE,    /* an incompatible feature; what: its name or bit */
	WHY_AMBIGUOUS,  /* several signatures on one window; what: their names */
	WHY_CONTAINER,  /* a container of others (LUKS, LVM member ...); what: its type */
	WHY_INNER_DISK, /* a partition or volume that is a disk itself; what: "gpt", "dos", or
	                   "LVM2_member" */
	WHY_NO_DRIVER,  /* built without the driver; what: fs type */
	WHY_EMPTY,      /* a file of no bytes; what: path */
	WHY_ALL_ZERO,   /* nothing in it but zeros */
	WHY_WRITE_ONCE, /* a filesystem without free space (squashfs ...); what: fs type */

	/* where a gap is, between partitions */
	WHY_TABLE,      /* the partition table is doubtful; what: in what */
	WHY_DISK_BUSY,  /* something else of the same disk is in use; what: device */

	/* a logical volume is not where it can be read */
	WHY_LV_TYPE,    /* neither linear nor striped; what: type of its segments ("raid1") */
	WHY_LV_SNAPSHOT,/* it is a snapshot, or has one */
	WHY_VG_STATE,   /* what: "exported", "pvmove", "clustered", "shared", "partial",
	                   "missing", "duplicate name" */
	WHY_VG_MISSING, /* a physical volume of its group is missing; what: its UUID */
	WHY_PV_DUPLICATE, /* two physical volumes have the same UUID; what: UUID */

	/* it is cleared as a whole, which wants the user's consent */
	WHY_OPT_IN,     /* what: the option that gives it, "--swap" or "--gaps" */
	WHY_REMAINS,    /* the same, and traces of a filesystem are in it; what: its type */

	/* the map is not plausible (gate 4) */
	WHY_CORRUPT,    /* a structure contradicts itself; at: byte; what: which */
	WHY_MIRROR,     /* one copy of metadata is damaged, another is sound; at: byte of the
	                   first; what: which */
	WHY_OUTSIDE,    /* the filesystem is larger than its window; at: its size in bytes */
	WHY_MAP_ORDER,  /* the driver's extents do not ascend; at: byte */
	WHY_MAP_RANGE,  /* an extent leaves the window or a whole unit; at: byte */
	WHY_MAP_TOTAL,  /* the sum of free extents differs from the filesystem's own counter */

	/* the method cannot work here */
	WHY_NO_PUNCH,   /* holes cannot be punched here */
	WHY_NO_TRIM,    /* discard does not reach the disk; what: mount point */
	WHY_NO_FILL,    /* a fill file cannot work; what: why (e.g. "btrfs compress") */
	WHY_NOT_MOUNTED,/* the method needs a mounted filesystem */
	WHY_IS_MOUNTED, /* the method needs an unmounted filesystem; what: mount point */
	WHY_FORMAT,     /* an image format that is not handled; what: its name */

	/* the copy cannot have that name */
	WHY_EXISTS,     /* there is such a file; what: path */
	WHY_INSIDE,     /* it would lie in what is copied; what: path */

	WHY_COUNT
};

#define ERROR_NOWHERE UINT64_MAX

struct error {
	enum why why;
	int errnum;      /* positive errno, 0 when the system was not involved */
	uint64_t at;     /* byte (or as the code says), ERROR_NOWHERE when it has no place */
	char what[256];  /* bytes as found, never to be shown raw; cut at 255 */
	char who[64];    /* name of the process that is in the way, "" unknown */
	pid_t pid;       /* its pid, 0 unknown */
};

/* Sets *err to "nothing is wrong". err may be NULL in all of these. */
void error_clear(struct error *err);

/*
 * Fills *err unless it already tells of an error (the deepest knows best), and returns the
 * negative errno to hand up: -errnum, or -EBUSY for a refusal without errnum, or -EIO.
 * what may be NULL; it is a string, not a format.
 */
int error_set(struct error *err, enum why why, int errnum, const char *what);

/* The same, with a byte position. */
int error_set_at(struct error *err, enum why why, int errnum, uint64_t at, const char *what);

/* Adds who is in the way. */
void error_set_who(struct error *err, pid_t pid, const char *who);

/* Whether the gate refused (exit status 4), as against something that failed (1). */
bool why_is_refusal(enum why why);

/* The code's stable English name for JSON and logs: "journal", "mounted", ... Never NULL. */
const char *why_name(enum why why);

#endif
