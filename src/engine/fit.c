/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The regression estimator without intercept, and the ratio estimator (Cochran, Sampling
 * Techniques, 3rd edition, 7.1 and 6.3), with the correction for a finite population. What the line
 * does not explain is spread evenly, so the total is right on average whatever the disk is like.
 * Added to the interval is what a sample cannot know: of a kind of unit that it did not meet there
 * may be 3 in n (the rule of three).
 */

#include <math.h>

#include "engine/fit.h"

/* Standard deviations: 97 %, so that what is called 95 % holds on uneven disks too. */
#define Z 2.17

void fit_add(struct fit *fit, const double x[2], const double y[FIT_MEASURES])
{
	fit->n++;
	fit->x[0] += x[0];
	fit->x[1] += x[1];
	fit->xx[0] += x[0] * x[0];
	fit->xx[1] += x[0] * x[1];
	fit->xx[2] += x[1] * x[1];
	for (int i = 0; i < FIT_MEASURES; i++) {
		fit->of[i].y += y[i];
		fit->of[i].yy += y[i] * y[i];
		fit->of[i].yx[0] += y[i] * x[0];
		fit->of[i].yx[1] += y[i] * x[1];
	}
}

/* The line y = b[0] x[0] + b[1] x[1] of least squares. */
static void find_line(const struct fit *fit, int i, double b[2])
{
	const double *xx = fit->xx;
	const double *yx = fit->of[i].yx;
	double det = xx[0] * xx[2] - xx[1] * xx[1];

	if (det > 1e-9 * xx[0] * xx[2]) {
		b[0] = (yx[0] * xx[2] - yx[1] * xx[1]) / det;
		b[1] = (yx[1] * xx[0] - yx[0] * xx[1]) / det;
		return;
	}
	b[0] = xx[0] > 0 ? yx[0] / xx[0] : 0;
	b[1] = xx[0] > 0 || xx[2] <= 0 ? 0 : yx[1] / xx[2];
}

/* Student's quantile, from 10 units on to the second digit. */
static double quantile(double n)
{
	return Z + 2.5 / (n > 1 ? n - 1 : 1);
}

/* total and what is around it; what was not met may add unit, all in all no more than most. */
static struct fit_total spread(double total, double half, double unmet, double unit, double most)
{
	struct fit_total t = { total, total - half, total + half };

	t.low = fmin(t.low, total - unmet * total);
	t.high = fmax(t.high, fmin(total + unmet * unit, most));
	return t;
}

/* The rule of three, for those that were not drawn. */
static double unmet(double n, double part)
{
	return 3 / n * (1 + part) / 2;
}

struct fit_total fit_total(const struct fit *fit, int i, double units, const double all[2],
			   double unit, double most)
{
	double n = fit->n;
	double y = fit->of[i].y;
	double b[2], mean, var, total;
	struct fit_total t = { y, y, y };

	if (n >= units)
		return t;
	find_line(fit, i, b);
	mean = (y - b[0] * fit->x[0] - b[1] * fit->x[1]) / n;
	var = fit->of[i].yy - 2 * b[0] * fit->of[i].yx[0] - 2 * b[1] * fit->of[i].yx[1] +
	      b[0] * b[0] * fit->xx[0] + 2 * b[0] * b[1] * fit->xx[1] + b[1] * b[1] * fit->xx[2];
	var = fmax(var / n - mean * mean, 0) * n / fmax(n - 3, 1);
	total = fmin(fmax(b[0] * all[0] + b[1] * all[1] + units * mean, y), most);
	t = spread(total, quantile(n) * units * sqrt(var / n * (1 - n / units)),
		   unmet(n, 1 - n / units), units * unit, most);
	t.low = fmax(t.low, y);
	t.high = fmin(t.high, most);
	return t;
}

void ratio_add(struct ratio *r, double x, double y)
{
	if (x <= 0)
		return;
	r->n++;
	r->x += x;
	r->y += y;
	r->xx += x * x;
	r->xy += x * y;
	r->yy += y * y;
}

struct fit_total ratio_total(const struct ratio *r, double units)
{
	double part = units > r->n ? 1 - r->n / units : 0;
	double ratio = r->n > 0 ? r->y / r->x : 1;
	double sum = r->yy - 2 * ratio * r->xy + ratio * ratio * r->xx;
	struct fit_total t = { ratio, 0, 1 };

	if (r->n < 2)
		return t;
	return spread(ratio, quantile(r->n) * sqrt(fmax(sum, 0) * r->n / (r->n - 1) * part) / r->x,
		      unmet(r->n, part), 1 - ratio, 1);
}
