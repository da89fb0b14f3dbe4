/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_HFSPLUS_JOURNAL_H
#define ACHICA_FS_HFSPLUS_JOURNAL_H

#include "achica/extent.h"
#include "fs/hfsplus_volume.h"

/*
 * Refuses a journaled volume unless its journal is inside of it and empty. *place is where the
 * journal lies, empty for a volume without one; only on success.
 */
int hfsplus_journal_check(const struct hfsplus_volume *v, struct io *io, struct extent *place,
			  struct error *err);

#endif
