/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The small copy of --convert, followed to its end. A signal stops it: nothing of it is left. */

#include <poll.h>

#include "achica/i18n.h"
#include "cli/cli.h"

#define TICK_MS 200

int copy_run(const struct target *t, const char *overlay, const struct options *options,
		struct progress_state *progress, struct convert **convert)
{
	const struct convert_options copy = { .out = options->convert, .overlay = overlay };
	struct convert *c = NULL;
	struct convert_view view;
	int sig = 0;
	int r = convert_start(t, &copy, &c);

	if (r < 0)
		return r;
	do {
		struct pollfd fd = { .fd = convert_fd(c), .events = POLLIN };

		if (poll(&fd, 1, TICK_MS) > 0)
			convert_ack(c);
		if (signals_ending() && !sig) {
			sig = signals_ending();
			convert_stop(c);
		}
		progress_convert(progress, c, signals_status_wanted());
		convert_view(c, &view);
	} while (!view.ended);
	progress_convert_end(progress, c);
	if (view.error.why != WHY_NONE)
		cli_complain_error(&view.error, convert_out(c), t);
	*convert = c;
	return sig;
}

void copy_print(struct convert *convert, FILE *out)
{
	struct convert_view view;
	char line[4096];

	convert_view(convert, &view);
	fprintf(out, "%s\n", say_convert(&view, convert_out(convert), line, sizeof(line)));
}
