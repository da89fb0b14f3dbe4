/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_XFS_LOG_H
#define ACHICA_FS_XFS_LOG_H

#include "base/io.h"
#include "fs/xfs_super.h"

/* Refuses (WHY_JOURNAL) unless the log of the filesystem in io ends with the record of a clean
   unmount, so that nothing waits to be replayed. */
int xfs_log_check(struct io *io, const struct xfs_super *super, struct error *err);

#endif
