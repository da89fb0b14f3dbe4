/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Calls the watch, where there is one. */

#include <stddef.h>

#include "engine/report.h"

int report_did(const struct watch *watch, enum did what, struct extent e)
{
	if (e.len == 0 || !watch || !watch->did)
		return 0;
	return watch->did(watch->arg, what, e);
}

int report_tick(const struct watch *watch, uint64_t at)
{
	if (!watch || !watch->did)
		return 0;
	return watch->did(watch->arg, DID_READ, (struct extent){ at, 0 });
}

int report_failed(const struct watch *watch, enum why why, int errnum, struct extent e,
		  const char *name)
{
	struct error err;
	int rc = 0;

	error_clear(&err);
	error_set_at(&err, why, errnum, e.start, name);
	if (watch && watch->failed)
		rc = watch->failed(watch->arg, &err, e);
	return rc ? rc : report_did(watch, DID_FAILED, e);
}
