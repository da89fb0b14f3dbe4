/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What fits where. */

#include "ui/ui.h"

struct layout layout_of(int rows, int cols)
{
	return (struct layout){
		.tiny = rows < 10 || cols < 40,
		.narrow = rows < 16 || cols < 60,
		.full = rows >= 24 && cols >= 80,
		.wide = cols >= 100,
		.beside = cols >= 132 && rows >= 24,
	};
}
