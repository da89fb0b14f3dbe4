/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_LVM_H
#define ACHICA_DISK_LVM_H

#include "base/io.h"
#include "disk/lvm_label.h"
#include "disk/lvm_text.h"

/* A physical volume that was found on the disk. */
struct lvm_pv {
	struct extent window;    /* bytes of the disk */
	struct lvm_label label;
	struct error verdict;    /* why nothing of it can be used; WHY_NONE: it can */
	struct error damage;     /* of its metadata areas; it counts when no group has it */
	struct lvm_group *group; /* that has it, NULL none */
};

/* A volume group, by the newest of its texts. */
struct lvm_group {
	const char *name;
	const char *id;          /* with its hyphens */
	uint64_t seqno;
	uint32_t sum;            /* of the text */
	char *text;
	struct lvm_node *nodes;  /* of the text */
	const struct lvm_node *section; /* of the group */
	struct error verdict;    /* why none of its volumes can be used */
	bool read_only;
	struct extent *pvs;      /* windows of those of its physical volumes that are here */
	size_t n_pvs;
};

/* A volume that users see, or the extents of a group that no volume has. */
struct lvm_volume {
	const struct lvm_group *group;
	char *name;              /* "vg0/home"; the rest of a group is "vg0/-gap" */
	const char *id;
	bool gap;
	bool read_only;
	uint64_t size;           /* bytes */
	size_t first;            /* index of the physical volume where it starts, or its group */
	struct stretch *segments;/* bytes of the disk; none with a verdict */
	size_t n_segments;
	struct error verdict;    /* why it cannot be read here; WHY_NONE: it can */
};

/* What the physical volumes of one disk hold. */
struct lvm {
	struct lvm_pv *pvs;      /* as they were given */
	size_t n_pvs;
	struct lvm_group *groups;
	size_t n_groups;
	struct lvm_volume *volumes; /* by group, in the order of the text */
	size_t n_volumes;
};

/* The name of the rest of a group: no volume's name may begin with a hyphen (lvm(8)). */
#define LVM_GAP "-gap"

/*
 * Reads the physical volumes in windows of disk, ascending. What is damaged or not understood is a
 * verdict in its place. -ENOMEM alone fails as a whole. lvm_free in every case.
 */
int lvm_read(struct io *disk, const struct extent *windows, size_t n, struct lvm *lvm);
void lvm_free(struct lvm *lvm);

#endif
