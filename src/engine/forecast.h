/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_FORECAST_H
#define ACHICA_ENGINE_FORECAST_H

#include "achica/forecast.h"
#include "engine/cover.h"

/*
 * The forecast of a whole disk. forecaster_new walks its cover once. forecaster_more reads random
 * units, at most so many, or all in order where that is not more (or all was asked for with
 * FORECASTER_ALL); it returns 0, 1 when all was read and it is exact, else -errno or what watch
 * returned, and the batch counts for nothing. forecaster_result is valid after any of them.
 * Memory: a batch of 8 bytes a unit, and less than 1 MiB. cover and its parts must outlive it.
 */
#define FORECASTER_ALL SIZE_MAX

struct forecaster;
int forecaster_new(const struct cover *cover, unsigned owners, uint64_t seed,
		   const struct watch *watch, struct forecaster **forecaster, struct error *err);
int forecaster_more(struct forecaster *f, size_t units, const struct watch *watch,
		    struct error *err);

/* saves[owner]: what zeroing that owner's free space alone makes the converted image smaller. */
void forecaster_result(const struct forecaster *f, struct forecast *forecast,
		       uint64_t (*saves)[FORECAST_COUNT]);

/* Bytes of the disk that are no hole. */
uint64_t forecaster_present(const struct forecaster *f);
void forecaster_free(struct forecaster *f); /* NULL is fine */

#endif
