/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What a conversion will give, in words. */

#include <stdio.h>

#include "achica/i18n.h"
#include "achica/say.h"

char *say_forecast(const struct forecast_size *size, const char *pm, char *buf, size_t n)
{
	const struct estimate e = {
		.known = true, .stale = size->bytes, .stale_low = size->low,
		.stale_high = size->high,
	};

	if (size->low == size->high)
		return say_size(size->bytes, buf, n);
	return say_estimate(&e, pm, buf, n);
}

char *say_saves(const struct target *t, char *buf, size_t n)
{
	char plain[16], other[16];
	const struct say_fact facts[] = {
		{ "size", plain }, { "more", other },
		{ "options", forecast_options(FORECAST_EXTENDED) }, { NULL, NULL },
	};

	buf[0] = '\0';
	if (!target_top(t)->forecast.known || !target_can(t))
		return buf;
	say_size(t->saves[FORECAST_PLAIN], plain, sizeof(plain));
	say_size(t->saves[FORECAST_EXTENDED], other, sizeof(other));
	if (forecast_pays(t->saves[FORECAST_EXTENDED], t->saves[FORECAST_PLAIN]))
		/* TRANSLATORS: of a copy's size: "saves 0B as qcow2, 112.0M with -o ..." */
		return say_fill(buf, n, _("saves {size} as qcow2, {more} with {options}"), facts);
	/* TRANSLATORS: of a copy's size: "saves 80.1G as qcow2" */
	return say_fill(buf, n, _("saves {size} as qcow2"), facts);
}

static const char *sentence(bool done, bool pays)
{
	if (done && pays)
		/* TRANSLATORS: a copy: "Expected as qcow2: 7.9G (before: 9.1G); with -o ..." */
		return _("Expected as qcow2: {after} (before: {now}); with {options} {less}.");
	if (done)
		/* TRANSLATORS: a copy's size: "Expected as qcow2: 80.1G (before: 120.3G)." */
		return _("Expected as qcow2: {after} (before: {now}).");
	if (pays)
		/* TRANSLATORS: a copy's size: "As qcow2: 9.1G now, 7.9G after; with -o ..." */
		return _("As qcow2: {now} now, {after} after; with {options} {less}.");
	/* TRANSLATORS: a copy's size: "As qcow2: 120.3G now, 80.1G after." */
	return _("As qcow2: {now} now, {after} after.");
}

char *say_copies(const struct forecast_sum *sum, bool done, const char *pm, char *buf, size_t n)
{
	char now[64], after[64], less[64];
	const struct say_fact facts[] = {
		{ "now", now }, { "after", after }, { "less", less },
		{ "options", forecast_options(FORECAST_EXTENDED) }, { NULL, NULL },
	};
	const struct forecast_size *plain = &sum->after[FORECAST_PLAIN];
	const struct forecast_size *extended = &sum->after[FORECAST_EXTENDED];
	bool pays = forecast_pays(plain->bytes, extended->bytes);

	say_forecast(&sum->now[FORECAST_PLAIN], pm, now, sizeof(now));
	say_forecast(plain, pm, after, sizeof(after));
	say_forecast(extended, pm, less, sizeof(less));
	return say_fill(buf, n, sentence(done, pays), facts);
}

char *say_copies_as(const struct forecast_sum *sum, enum forecast_format format, const char *pm,
		    char *buf, size_t n)
{
	char now[64], after[64];
	const struct say_fact facts[] = {
		{ "now", now }, { "after", after }, { "options", forecast_options(format) },
		{ NULL, NULL },
	};

	if (format == FORECAST_PLAIN)
		return say_copies(sum, true, pm, buf, n);
	say_forecast(&sum->now[format], pm, now, sizeof(now));
	say_forecast(&sum->after[format], pm, after, sizeof(after));
	/* TRANSLATORS: a copy: "Expected with -c: 5.2G ±0.1 (before: 8.0G ±0.2)." */
	return say_fill(buf, n, _("Expected with {options}: {after} (before: {now})."), facts);
}
