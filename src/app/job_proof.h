/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_JOB_PROOF_H
#define ACHICA_APP_JOB_PROOF_H

#include "app/hold.h"

/* What --verify proves of the worker's item, which is held: view.proofs says how far it came. */
struct proof_run {
	struct job_worker *worker;
	const struct target *t;
	struct hold *hold;
	struct sum before;  /* of what is in use */
	struct sum after;
};

/* Before anything is written. Refuses what its own fsck finds errors in. */
int proof_before(struct proof_run *p, struct error *err);

/* After all is on the medium. watch is the job's, for what cannot be read. */
int proof_after(struct proof_run *p, const struct watch *watch, struct error *err);

#endif
