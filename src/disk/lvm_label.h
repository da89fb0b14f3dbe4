/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_LVM_LABEL_H
#define ACHICA_DISK_LVM_LABEL_H

#include "base/io.h"

#define LVM_ID_LEN 32
#define LVM_AREAS_MAX 8

/* What the label of a physical volume says; all bytes are from its start. */
struct lvm_label {
	char id[LVM_ID_LEN + 1]; /* letters and digits, without the hyphens */
	uint64_t size;           /* of what it was made on */
	uint64_t data_start;     /* where its extents begin */
	size_t n_areas;
	struct extent areas[LVM_AREAS_MAX]; /* of metadata, possibly none */
};

/*
 * Reads and checks the label of the physical volume in window of disk: WHY_CORRUPT, WHY_FEATURE or
 * WHY_READ when it is none that can be trusted.
 */
int lvm_label_read(struct io *disk, struct extent window, struct lvm_label *label,
		   struct error *err);

/*
 * The current text of a metadata area, malloc'ed, *len bytes; NULL when it has none (a volume in no
 * group, or an area that is not used). WHY_CORRUPT when a checksum is wrong, WHY_READ, WHY_MEMORY.
 */
int lvm_area_read(struct io *disk, struct extent window, struct extent area, char **text,
		  size_t *len, struct error *err);

#endif
