/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The progress of a batch job on stderr: one line that is written again and again on a terminal
 * (by \r and spaces alone, so that any terminal will do), else a line each 10 s or 5 %, or numbers
 * for dialog --gauge, or JSON. Events go to the log file too, with their time.
 */

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "achica/i18n.h"
#include "achica/json.h"
#include "cli/cli.h"

#define LINE_MS 10000
#define LINE_PERMILLE 50
#define UPDATE_MS 250
#define JSON_MS 1000

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_begin(struct progress_state *p, const struct options *options, FILE *log)
{
	*p = (struct progress_state){ .options = options, .log = log, .shown_ms = now_ms() };
	switch (options->progress) {
	case PROGRESS_AUTO:
		p->how = isatty(STDERR_FILENO) && !options->plain ? SHOW_UPDATING : SHOW_LINES;
		break;
	case PROGRESS_LINE:
		p->how = SHOW_LINES;
		break;
	case PROGRESS_GAUGE:
		p->how = SHOW_GAUGE;
		break;
	case PROGRESS_JSON:
		p->how = SHOW_JSON;
		break;
	case PROGRESS_NONE:
		p->how = SHOW_NOTHING;
		break;
	}
	if (options->quiet && options->progress == PROGRESS_AUTO)
		p->how = SHOW_NOTHING;
}

/* Whether an item is to be shown: those at work, or while none is the next, or the last one. */
static bool is_shown(struct job *job, const struct job_view *view, size_t i,
		     struct job_view_item *item)
{
	size_t current = view->current < view->items ? view->current : view->items - 1;

	job_view_item(job, i, item);
	return i == current || phase_is_work(item->phase);
}

/* What the items at work have done together. */
struct sum {
	size_t n;
	uint64_t zeroed;
	uint64_t bps;
	enum job_phase phase; /* of the first */
	char names[512];
};

static void add_up(struct job *job, const struct job_view *view, struct sum *sum)
{
	struct job_view_item item;
	size_t len = 0;

	*sum = (struct sum){ .n = 0 };
	for (size_t i = 0; i < view->items; i++) {
		const char *name = job_target(job, i)->name;

		if (!is_shown(job, view, i, &item))
			continue;
		if (sum->n++ == 0)
			sum->phase = item.phase;
		sum->zeroed += item.zeroed;
		sum->bps += item.read_bps > item.zero_bps ? item.read_bps : item.zero_bps;
		if (len < sizeof(sum->names))
			len += (size_t)snprintf(sum->names + len, sizeof(sum->names) - len, "%s%s",
						len ? ", " : "", name);
	}
}

static char *say_line(struct job *job, char *buf, size_t n)
{
	struct job_view view;
	struct sum sum;
	char percent[16], zeroed[16], rate[24], left[24], count[24];
	struct say_fact facts[] = { { "name", sum.names }, { "percent", percent },
				    { "phase", NULL }, { "zeroed", zeroed }, { "rate", rate },
				    { "left", left }, { "n", count }, { NULL, NULL } };

	job_view(job, &view);
	add_up(job, &view, &sum);
	facts[2].value = say_phase(sum.phase);
	snprintf(percent, sizeof(percent), "%u", view.permille / 10);
	snprintf(count, sizeof(count), "%zu", sum.n);
	say_size(sum.zeroed, zeroed, sizeof(zeroed));
	say_rate(sum.bps, rate, sizeof(rate));
	say_clock(view.left_ms, left, sizeof(left));
	if (sum.n > 1)
		/* xgettext:no-c-format */
		/* TRANSLATORS: "53 %, 00:05:11 left, 41.7G zeroed, 271 MB/s, 2 at once: sda1,
		   sdb1"; keep the names last, they may be cut. */
		return say_fill(buf, n, _("{percent} %, {left} left, {zeroed} zeroed, {rate}, "
					  "{n} at once: {name}"), facts);
	/* xgettext:no-c-format */
	/* TRANSLATORS: "53 %, 00:05:11 left, 41.7G zeroed, 271 MB/s, zeroing: sda1"; keep the
	   name last, it may be cut. */
	return say_fill(buf, n, _("{percent} %, {left} left, {zeroed} zeroed, {rate}, "
				  "{phase}: {name}"), facts);
}

/* Ends the updating line, so that a whole line can follow. */
static void wipe(struct progress_state *p)
{
	if (p->line_cells)
		fprintf(stderr, "\r%*s\r", (int)p->line_cells, "");
	p->line_cells = 0;
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

#define LINE 512

/* No line has more cells than bytes; the last column stays empty, or it would wrap. */
static size_t line_bytes(void)
{
	size_t width = terminal_width();

	return width < LINE ? width : LINE;
}

static void update(struct progress_state *p, const char *line)
{
	size_t cells = say_cells(line);

	fprintf(stderr, "\r%s%*s", line, cells < p->line_cells ? (int)(p->line_cells - cells) : 0,
		"");
	p->line_cells = cells;
	fflush(stderr);
}

void progress_status(struct progress_state *p, struct job *job)
{
	char line[1024];

	wipe(p);
	fprintf(stderr, "achica: %s\n", say_line(job, line, sizeof(line)));
}

static void log_event(FILE *log, const struct job_event *event, const char *line)
{
	char when[32];
	struct tm tm;

	localtime_r(&event->when.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(log, "%s %s\n", when, line);
	fflush(log);
}

/* How it ended is said by the summary; quarters are seen in the progress itself. */
static bool is_news(enum job_note note)
{
	switch (note) {
	case NOTE_QUARTER:
	case NOTE_DONE:
	case NOTE_REFUSED:
	case NOTE_FAILED:
		return false;
	default:
		return true;
	}
}

/* What is no progress, and is in no summary: how it ended is other than it was to. */
static bool is_warning(enum job_note note)
{
	return note == NOTE_FALLBACK || note == NOTE_IO_ERROR || note == NOTE_GAVE_BACK ||
	       note == NOTE_REMAINS || note == NOTE_LATER;
}

/* Numbers for dialog and JSON have standard error for themselves. */
static bool is_aloud(const struct progress_state *p, enum job_note note)
{
	if (p->options->quiet)
		return false;
	if (p->how == SHOW_UPDATING || p->how == SHOW_LINES)
		return is_news(note);
	return p->how == SHOW_NOTHING && is_warning(note);
}

static void show_events(struct progress_state *p, struct job *job, uint64_t total)
{
	struct job_event event;
	char line[2048];

	for (; p->events < total; p->events++) {
		if (!job_view_event(job, p->events, &event))
			continue;
		say_event(&event, job_target(job, event.item), line, sizeof(line));
		if (p->log)
			log_event(p->log, &event, line);
		if (is_aloud(p, event.note)) {
			wipe(p);
			fprintf(stderr, "%s\n", line);
		}
	}
}

static bool is_time(const struct progress_state *p, unsigned permille, int64_t now)
{
	int64_t since = now - p->shown_ms;

	switch (p->how) {
	case SHOW_UPDATING:
		return since >= UPDATE_MS;
	case SHOW_LINES:
		return since >= LINE_MS || permille >= p->permille + LINE_PERMILLE;
	case SHOW_GAUGE:
		return permille / 10 != p->permille / 10;
	case SHOW_JSON:
		return since >= JSON_MS;
	default:
		return false;
	}
}

/* An object for each item at work. */
static void show_json(struct job *job, const struct job_view *view)
{
	struct job_view_item item;

	for (size_t i = 0; i < view->items; i++) {
		if (is_shown(job, view, i, &item))
			json_progress(job, i, stderr);
	}
}

static void show_now(struct progress_state *p, struct job *job, const struct job_view *view)
{
	char line[LINE];

	switch (p->how) {
	case SHOW_UPDATING:
		update(p, say_line(job, line, line_bytes()));
		break;
	case SHOW_LINES:
		progress_status(p, job);
		break;
	case SHOW_GAUGE:
		fprintf(stderr, "%u\n", view->permille / 10);
		break;
	case SHOW_JSON:
		show_json(job, view);
		break;
	default:
		break;
	}
}

void progress_show(struct progress_state *p, struct job *job)
{
	struct job_view view;
	int64_t now = now_ms();

	job_view(job, &view);
	show_events(p, job, view.events);
	if (view.ended || !is_time(p, view.permille, now))
		return;
	show_now(p, job, &view);
	p->shown_ms = now;
	p->permille = view.permille;
}

void progress_end(struct progress_state *p, struct job *job)
{
	struct job_view view;

	job_view(job, &view);
	show_events(p, job, view.events);
	wipe(p);
	if (p->how == SHOW_GAUGE)
		fputs("100\n", stderr);
	for (size_t i = 0; p->how == SHOW_JSON && i < view.items; i++)
		json_progress(job, i, stderr);
}

static char *say_copying(const struct convert_view *view, const char *out, char *buf, size_t n)
{
	char percent[16], clock[24];
	struct say_fact facts[] = {
		{ "percent", percent }, { "clock", clock },
		{ "phase", say_convert_phase(view->phase) }, { "name", out }, { NULL, NULL },
	};

	snprintf(percent, sizeof(percent), "%u", view->permille / 10);
	say_clock((int64_t)view->elapsed_ms, clock, sizeof(clock));
	/* xgettext:no-c-format */
	/* TRANSLATORS: "53 %, 00:05:11, copying: /srv/small.qcow2"; keep the name last, it may be
	   cut. */
	return say_fill(buf, n, _("{percent} %, {clock}, {phase}: {name}"), facts);
}

void progress_convert(struct progress_state *p, struct convert *convert, bool now)
{
	struct convert_view view;
	int64_t clock = now_ms();
	char line[LINE];

	convert_view(convert, &view);
	/* Each of its parts begins at 0. */
	if (view.permille < p->permille)
		p->permille = 0;
	if (now || (p->how == SHOW_LINES && is_time(p, view.permille, clock))) {
		wipe(p);
		fprintf(stderr, "achica: %s\n",
			say_copying(&view, convert_out(convert), line, sizeof(line)));
	} else if (view.ended || !is_time(p, view.permille, clock)) {
		return;
	} else if (p->how == SHOW_UPDATING) {
		update(p, say_copying(&view, convert_out(convert), line, line_bytes()));
	} else if (p->how == SHOW_GAUGE) {
		fprintf(stderr, "%u\n", view.permille / 10);
	} else {
		json_convert_progress(convert, stderr);
	}
	p->shown_ms = clock;
	p->permille = view.permille;
}

void progress_convert_end(struct progress_state *p, struct convert *convert)
{
	wipe(p);
	if (p->how == SHOW_GAUGE)
		fputs("100\n", stderr);
	if (p->how == SHOW_JSON)
		json_convert_progress(convert, stderr);
}
