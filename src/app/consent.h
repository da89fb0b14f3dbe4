/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_CONSENT_H
#define ACHICA_APP_CONSENT_H

#include "achica/target.h"

/* Refuses what is cleared as a whole, t and all below it, until somebody agrees to it. */
void consent_want(struct target *t);

#endif
