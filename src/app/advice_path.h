/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_ADVICE_PATH_H
#define ACHICA_APP_ADVICE_PATH_H

#include "achica/target.h"

/* The file or device that holds all of the disk or image top: a string of top's. */
const char *advice_source(const struct target *top);

/* path from the root on, malloc'ed; NULL without memory or a current folder. */
char *path_absolute(const char *path);

#endif
