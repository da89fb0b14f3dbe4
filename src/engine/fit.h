/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_FIT_H
#define ACHICA_ENGINE_FIT_H

/*
 * Totals of what was measured on some of many units, from what is known of all of them: x[0] used
 * and x[1] free bytes. Sums only: a fit takes no memory for its units.
 */
#define FIT_MEASURES 6

struct fit {
	double n;
	double x[2], xx[3]; /* 00, 01, 11 */
	struct {
		double y, yy, yx[2];
	} of[FIT_MEASURES];
};

struct fit_total {
	double total, low, high; /* 95 % */
};

void fit_add(struct fit *fit, const double x[2], const double y[FIT_MEASURES]);

/* Of measure i, in units units whose x add up to all. It is at most unit in each, most in all. */
struct fit_total fit_total(const struct fit *fit, int i, double units, const double all[2],
			   double unit, double most);

/* Sums for the ratio of y to x. */
struct ratio {
	double n, x, y, xx, xy, yy;
};

void ratio_add(struct ratio *r, double x, double y);

/* The ratio in units units, of which some were added. */
struct fit_total ratio_total(const struct ratio *r, double units);

#endif
