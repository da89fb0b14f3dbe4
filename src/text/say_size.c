/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Sizes, rates, times and estimates as people read them, with the decimal mark of the locale.
 * Everything is computed in integers: tenths of a unit, rounded half up.
 */

#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "achica/i18n.h"
#include "achica/say.h"

#define NUMBER 32 /* bytes for a number with its unit, in any locale */

/* Set once by the command line, before any thread: whether units are powers of 1000. */
static bool powers_of_1000;

void say_si(bool si)
{
	powers_of_1000 = si;
}

static uint64_t tenths_of(uint64_t bytes, uint64_t unit)
{
	return (uint64_t)(((unsigned __int128)bytes * 10 + unit / 2) / unit);
}

/* The unit (a power of base, at most the sixth) in which bytes has fewest digits before the mark.
   Chosen after rounding, so that 1023.96K is 1.0M and never 1024.0K. */
static unsigned power_of(uint64_t bytes, unsigned base, uint64_t *unit)
{
	unsigned power = 0;

	*unit = 1;
	while (power < 6 && tenths_of(bytes, *unit) >= (uint64_t)base * 10) {
		*unit *= base;
		power++;
	}
	return power;
}

/* "83.2", "83" without decimals. */
static char *number(uint64_t tenths, bool decimals, char *buf, size_t n)
{
	if (decimals)
		snprintf(buf, n, "%ju%s%ju", (uintmax_t)(tenths / 10), nl_langinfo(RADIXCHAR),
			 (uintmax_t)(tenths % 10));
	else
		snprintf(buf, n, "%ju", (uintmax_t)((tenths + 5) / 10));
	return buf;
}

static char letter_of(unsigned power)
{
	return power == 1 && powers_of_1000 ? 'k' : "BKMGTPE"[power];
}

static char *size_with(uint64_t bytes, bool decimals, char *buf, size_t n)
{
	char figure[NUMBER];
	uint64_t unit;
	unsigned power = power_of(bytes, powers_of_1000 ? 1000 : 1024, &unit);

	number(tenths_of(bytes, unit), decimals && power > 0, figure, sizeof(figure));
	snprintf(buf, n, "%s%c", figure, letter_of(power));
	return buf;
}

char *say_size(uint64_t bytes, char *buf, size_t n)
{
	return size_with(bytes, true, buf, n);
}

char *say_size_long(uint64_t bytes, char *buf, size_t n)
{
	char figure[NUMBER];
	uint64_t unit;
	unsigned power = power_of(bytes, powers_of_1000 ? 1000 : 1024, &unit);
	struct say_fact facts[] = { { "n", figure }, { NULL, NULL } };

	number(tenths_of(bytes, unit), power > 0, figure, sizeof(figure));
	if (power == 0)
		/* TRANSLATORS: {n} is a number: "512 bytes". */
		return say_fill(buf, n, P_("{n} byte", "{n} bytes", bytes), facts);
	snprintf(buf, n, "%s %c%sB", figure, letter_of(power), powers_of_1000 ? "" : "i");
	return buf;
}

char *say_rate(uint64_t bps, char *buf, size_t n)
{
	static const char *const units[] = {
		"B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s", "EB/s"
	};
	char figure[NUMBER];
	uint64_t unit;
	unsigned power = power_of(bps, 1000, &unit);
	uint64_t tenths = tenths_of(bps, unit);

	number(tenths, power > 0 && tenths < 100, figure, sizeof(figure));
	snprintf(buf, n, "%s %s", figure, units[power]);
	return buf;
}

char *say_clock(int64_t ms, char *buf, size_t n)
{
	int64_t s = ms / 1000;
	char days[NUMBER];
	char clock[NUMBER];
	struct say_fact facts[] = { { "days", days }, { "clock", clock }, { NULL, NULL } };

	if (ms < 0) {
		snprintf(buf, n, "--:--:--");
	} else if (s < 86400) {
		snprintf(buf, n, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60),
			 (int)(s % 60));
	} else {
		snprintf(days, sizeof(days), "%jd", (intmax_t)(s / 86400));
		snprintf(clock, sizeof(clock), "%02d:%02d", (int)(s / 3600 % 24),
			 (int)(s / 60 % 60));
		/* TRANSLATORS: a time of more than a day: "2d 03:10". */
		say_fill(buf, n, C_("time, max 2 cells", "{days}d {clock}"), facts);
	}
	return buf;
}

char *say_duration(int64_t ms, char *buf, size_t n)
{
	int64_t min = (ms + 30000) / 60000;
	char big[NUMBER];
	char small[NUMBER];
	struct say_fact facts[] = { { "big", big }, { "small", small }, { NULL, NULL } };
	const char *sentence;

	if (ms < 0) {
		snprintf(buf, n, "?");
		return buf;
	}
	if (min < 1) {
		snprintf(buf, n, "%s", _("less than a minute"));
		return buf;
	}
	if (min < 60) {
		/* TRANSLATORS: "about 11 min" */
		sentence = _("about {small} min");
	} else if (min < 24 * 60) {
		/* TRANSLATORS: "about 2 h 10 min" */
		sentence = _("about {big} h {small} min");
	} else {
		/* TRANSLATORS: "about 3 d 4 h" */
		sentence = _("about {big} d {small} h");
	}
	snprintf(big, sizeof(big), "%jd", (intmax_t)(min < 24 * 60 ? min / 60 : min / (24 * 60)));
	snprintf(small, sizeof(small), "%jd",
		 (intmax_t)(min < 24 * 60 ? min % 60 : min / 60 % 24));
	return say_fill(buf, n, sentence, facts);
}

/* "83.2G ±0.4": the half width in the unit of the figure, and never 0.0. */
static char *with_interval(const struct estimate *e, uint64_t half, const char *pm, char *buf,
			   size_t n)
{
	char size[NUMBER];
	char width[NUMBER];
	uint64_t unit;
	unsigned power = power_of(e->stale, powers_of_1000 ? 1000 : 1024, &unit);
	uint64_t tenths = tenths_of(half, unit);

	say_size(e->stale, size, sizeof(size));
	number(tenths ? tenths : 1, power > 0, width, sizeof(width));
	snprintf(buf, n, "%s %s%s", size, pm, width);
	return buf;
}

char *say_estimate(const struct estimate *e, const char *pm, char *buf, size_t n)
{
	uint64_t above = e->stale_high > e->stale ? e->stale_high - e->stale : 0;
	uint64_t below = e->stale > e->stale_low ? e->stale - e->stale_low : 0;
	uint64_t half = above > below ? above : below;
	char size[NUMBER];
	struct say_fact facts[] = { { "size", size }, { NULL, NULL } };

	if (!e->known) {
		snprintf(buf, n, "?");
		return buf;
	}
	if (e->exact) {
		say_size(e->stale, size, sizeof(size));
		/* TRANSLATORS: all was read: "83.2G exact". */
		return say_fill(buf, n, C_("estimate, max 7 cells", "{size} exact"), facts);
	}
	if (e->stale == 0) {
		say_size(e->stale_high, size, sizeof(size));
		/* TRANSLATORS: nothing was found in the sample: "at most 0.2G". */
		return say_fill(buf, n, C_("estimate, max 8 cells", "at most {size}"), facts);
	}
	if (half < e->stale / 2)
		return with_interval(e, half, pm, buf, n);
	size_with(e->stale, false, size, sizeof(size));
	snprintf(buf, n, "~%s", size);
	return buf;
}
