/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The log of the session: its last lines for the screen, all of them for --log. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "achica/i18n.h"
#include "ui/ui.h"

void log_add(struct ui *ui, const struct job_event *event, const struct target *t)
{
	struct log *log = &ui->log;
	char text[4096], when[32], line[sizeof(text) + sizeof(when)];
	struct tm tm = { 0 };

	say_event(event, t, text, sizeof(text));
	localtime_r(&event->when.tv_sec, &tm);
	if (log->file) {
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
		log->lost = fprintf(log->file, "%s %s\n", when, text) < 0 || log->lost;
		log->lost = fflush(log->file) != 0 || log->lost;
	}
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	snprintf(line, sizeof(line), "%s %s", when, text);
	free(log->lines[log->n % LOG_LINES]);
	log->lines[log->n++ % LOG_LINES] = strdup(line);
}

const char *log_line(const struct log *log, uint64_t i)
{
	bool kept = i < log->n && i + LOG_LINES >= log->n;

	return kept ? log->lines[i % LOG_LINES] : NULL;
}

void log_free(struct log *log)
{
	for (size_t i = 0; i < LOG_LINES; i++)
		free(log->lines[i]);
	if (log->file)
		fclose(log->file);
	*log = (struct log){ 0 };
}

int log_draw(const struct ui *ui, struct grid *g, int row)
{
	const struct log *log = &ui->log;
	int first = row;

	if (log->n == 0)
		row += draw_wrap(g, row, 1, g->cols - 3, FACE_NORMAL, _("The log is empty."));
	for (uint64_t i = log->n > LOG_LINES ? log->n - LOG_LINES : 0; i < log->n; i++) {
		const char *line = log_line(log, i);

		if (line)
			row += draw_wrap(g, row, 1, g->cols - 3, FACE_NORMAL, line);
	}
	return row - first;
}
