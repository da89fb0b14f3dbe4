/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_UI_H
#define ACHICA_UI_UI_H

#include <stdint.h>
#include <wchar.h>

#include "achica/checks.h"
#include "achica/convert.h"
#include "achica/front.h"
#include "achica/say.h"
#include "ui/draw.h"
#include "ui/keys.h"
#include "ui/names.h"

/*
 * What the files of ui/ share: the whole state of the wizard, and the faces of its parts. A screen
 * paints all of itself from the state and changes nothing; a key changes the state and paints
 * nothing. Neither waits, and neither touches a disk. No terminal is in here: ui.c has it.
 */

enum step { STEP_SELECT, STEP_PLAN, STEP_ZERO, STEP_RESULT, STEP_COUNT };

struct ui;

struct screen {
	unsigned where;                       /* its keys, enum where */
	const char *help;                     /* N_(): what is said below the keys */
	void (*enter)(struct ui *ui);
	void (*draw)(const struct ui *ui, struct grid *g);
	void (*key)(struct ui *ui, enum action action);
	void (*leave)(struct ui *ui);
};

extern const struct screen screen_select, screen_plan, screen_zero, screen_result;

/* How the place is used at a size of the terminal. The one function which decides it. */
struct layout {
	bool tiny;     /* below 40x10: a status alone */
	bool narrow;   /* below 60 columns or 16 rows */
	bool full;     /* 80x24 at least: mini bars, detail pane of 4 rows */
	bool wide;     /* 100 columns: more facts in a row */
	bool beside;   /* 132 columns: list and map side by side */
};
struct layout layout_of(int rows, int cols);

/* A row of the tree as it is shown. */
struct row {
	struct target *t;   /* holds until the tree changes */
	unsigned depth;
	unsigned rails;     /* bit d: an ancestor at depth d has a row after it */
	bool last;          /* of its siblings */
	bool folded;
};

enum order { ORDER_NAME, ORDER_SIZE, ORDER_STALE, ORDER_COUNT };

struct select {
	struct row *rows;
	size_t n;
	size_t focus;       /* index in rows */
	char *focus_name;   /* finds it again in a changed tree */
	enum order order;
	struct names marks;
	struct names folds;
	char search[256];
	char *asked;        /* the target whose name is being typed, NULL none */
	bool touched;       /* a row was marked or unmarked by the user: no preselection any more */
};

enum { FIELD_VERIFY, FIELD_RATE, FIELD_BACK, FIELD_START, FIELD_COUNT };

struct plan_item {
	struct target *t;             /* a copy */
	enum method method;           /* as asked for */
	size_t group;                 /* of those that are done one after another */
	struct check_result check;
};

struct plan {
	struct plan_item *items;
	size_t n;
	size_t focus;        /* an item, or n + FIELD_... */
	bool eager;          /* Start was pressed while a check ran */
	bool verify;
	uint64_t max_rate;
};

enum map_mode { MAP_WHOLE, MAP_NEAR, MAP_NONE, MAP_MODES };

/* The job as it was looked at last. */
struct zero {
	struct job_view view;
	struct job_view_item *items;
	unsigned char map[JOB_MAP_CELLS];
	enum map_mode mode;
	size_t at;           /* the item that is shown: one at work while any is */
	size_t asked;        /* the item that a dialog is about */
};

struct result {
	char **lines;            /* all commands, as shell lines */
	enum advice_use *uses;
	size_t *items;           /* of the job: whose disk or image the command is about */
	size_t n;
	size_t focus;            /* command */
	size_t item;             /* target */
	bool on_item;            /* the focus is on the target */
	char *trouble;           /* why something has no command, or NULL */
	bool foretold;           /* what the copies take, now and before */
	struct forecast_sum copies;
	enum forecast_format format; /* of the copies in the commands */
	size_t report_at;        /* where these commands are in what is printed at the end */
	size_t report_len;
};

/* The small copy that is made from the result, as it was looked at last. */
struct copy {
	struct convert *convert; /* NULL none */
	struct convert_view view;
};

/* The log of the session, with the time of each line. */
#define LOG_LINES 500
struct log {
	char *lines[LOG_LINES];  /* a ring */
	uint64_t n;              /* lines so far */
	uint64_t events;         /* of the job: taken in so far */
	FILE *file;              /* --log, or NULL */
	bool lost;               /* something could not be written there */
};

#define DIALOG_BUTTONS 4
#define DIALOG_TEXT 4096

/* What is asked over the screen, while the work goes on behind it. */
struct dialog {
	bool open;
	const char *title;                         /* translated */
	void (*text)(const struct ui *ui, char *buf, size_t n); /* looked at in every drawing */
	char fixed[DIALOG_TEXT];                   /* the text when there is no function */
	const char *buttons[DIALOG_BUTTONS];       /* translated; none: an editor, or [ Close ] */
	int n;
	int focus;
	int safe;                                  /* what Esc means */
	int top;                                   /* first row of a long text */
	void (*done)(struct ui *ui, int button);   /* called when one was pressed; NULL none */
	bool editing;                              /* a line is typed */
	wchar_t line[1024];
	size_t len;
	size_t at;
	void (*typed)(struct ui *ui, const char *text);
	char wanted[64];                           /* nothing else is accepted; "" anything */
	char heading[128];                         /* for a title that is made */
};

enum pager_kind { PAGER_NONE, PAGER_HELP, PAGER_LOG };

struct ui {
	const struct options *options;
	struct survey *survey;
	struct checks *checks;
	struct job *job;
	enum step step;
	struct select select;
	struct plan plan;
	struct zero zero;
	struct result result;
	struct copy copy;
	struct log log;
	struct dialog dialog;
	enum pager_kind pager;
	int pager_top;
	int rows;               /* of the terminal, as drawn last */
	int cols;
	time_t now;             /* wall clock, for the time of an end */
	int64_t clock_ms;       /* CLOCK_BOOTTIME */
	int64_t interrupt_ms;   /* of the last Ctrl-C, -1 none */
	bool blank;
	bool redraw;            /* Ctrl-L */
	bool next_theme;
	bool beep;
	bool stopping;          /* leave as soon as the job has ended */
	bool quit;
	int status;             /* exit status */
	char *report;           /* what is printed after the screens are left */
};

/* ui.c: the wizard without its terminal. */
int ui_open(struct ui *ui, const struct options *options, struct error *err);
void ui_close(struct ui *ui);
void ui_update(struct ui *ui);                 /* takes in what the workers have */
void ui_key(struct ui *ui, int key);
void ui_draw(struct ui *ui, struct grid *g);
void ui_go(struct ui *ui, enum step step);
void ui_end(struct ui *ui, int status);        /* a signal: stop what runs, then leave */

/* The title line, and the status of a terminal that is too small. */
void frame_title(const struct ui *ui, struct grid *g, const char *right);
void frame_tiny(const struct ui *ui, struct grid *g);

/* dialog.c */
void dialog_draw(const struct ui *ui, struct grid *g);
void dialog_key(struct ui *ui, enum action action, int key);
void dialog_close(struct ui *ui);
struct dialog *dialog_open(struct ui *ui, const char *title);
void dialog_say(struct ui *ui, const char *title, const char *text);     /* with [ Close ] */
void dialog_error(struct ui *ui, const char *title, const struct error *err,
		  const struct target *t);
void dialog_ask(struct ui *ui, const char *title, const char *text, const char *initial,
		void (*typed)(struct ui *ui, const char *text));

/* asks.c, consent.c: the dialogs over a run and at leaving, and before what is cleared whole. */
void ask_stop(struct ui *ui);
void ask_skip(struct ui *ui);
void ask_quit(struct ui *ui);
void ask_io_error(struct ui *ui);
void ask_consent(struct ui *ui, const struct target *t); /* its name typed, then it is marked */

/* help.c, log.c: full screen texts. */
void pager_open(struct ui *ui, enum pager_kind kind);
void pager_draw(const struct ui *ui, struct grid *g);
void pager_key(struct ui *ui, enum action action);
int help_draw(const struct ui *ui, struct grid *g, int row);  /* returns its rows */
int log_draw(const struct ui *ui, struct grid *g, int row);
void log_add(struct ui *ui, const struct job_event *event, const struct target *t);
void log_free(struct log *log);
const char *log_line(const struct log *log, uint64_t i);      /* NULL when it is gone */

/* rows.c: the tree as rows. */
void rows_update(struct ui *ui);
void rows_free(struct select *s);
void rows_focus(struct select *s, size_t i);
struct target *rows_focused(const struct select *s);
size_t rows_marked(const struct ui *ui, struct target ***targets); /* in order; free the array */
bool rows_is_marked(const struct select *s, const struct target *t);
void rows_mark(struct ui *ui, struct target *t, bool mark);        /* and all below it */
int rows_below(const struct select *s, const struct target *t, int *marked); /* that can be */

/* figures.c: sums over targets, names and figures. */
const char *short_name(const struct target *t);   /* without the name of its disk or image */
void estimate_add(struct estimate *sum, const struct estimate *e);
char *say_figure(const struct estimate *e, const char *pm, char *buf, size_t n);
uint64_t expected_stale(const struct job_view_item *item);
uint64_t next_rate(uint64_t rate, bool faster);

/*
 * times.c: how long it may take, in milliseconds, as the plan stands (verify, rate limit); -1 when
 * that is not known. METHOD_AUTO is the target's own.
 */
struct work {
	const struct target *t;
	enum method method;
	size_t group; /* target_groups: those of one follow one another */
};
int64_t guess_ms(const struct ui *ui, const struct target *t, enum method m);
int64_t guess_all_ms(const struct ui *ui, const struct work *works, size_t n); /* of all */

/* copies.c: what the copies of all disks take of which something is_in the run; false when it is
   not known. copies_done: it was done. copies_add adds a line about it where there is room. */
bool copies_sum(const struct ui *ui, bool (*is_in)(const struct ui *ui, const struct target *t),
		struct forecast_sum *sum);
void copies_done(struct ui *ui, bool (*is_in)(const struct ui *ui, const struct target *t));
void copies_add(const struct grid *g, const char *line, char *buf, size_t n);

/* map.c: the block map. */
void map_draw(const struct ui *ui, struct grid *g, int row, int col, int rows, int cols);
enum glyph map_glyph(unsigned bits);
void map_range(size_t cell, size_t cells, size_t from, size_t to, size_t *first, size_t *end);
size_t map_window(const unsigned char *map, enum map_mode mode, size_t cells, size_t *from);
void map_legend(struct grid *g, int row, const char *right);

/* screen_plan.c */
void plan_update(struct ui *ui);               /* takes in what the checks have */
void plan_free(struct plan *plan);

/* report.c: what stays when the screens are gone. */
void report_add(struct ui *ui);
void result_load(struct ui *ui);
void result_next_format(struct ui *ui);
void result_free(struct result *result);
int script_write(const struct result *result, const char *path, struct error *err);
const struct target *result_top(const struct ui *ui, size_t item); /* its disk or image */
void report_line(struct ui *ui, const char *line);

/* copy.c */
void copy_key(struct ui *ui);                  /* asks for a name, or shows how far it is */
void copy_update(struct ui *ui);
bool copy_runs(const struct ui *ui);
char *copy_say(const struct ui *ui, char *buf, size_t n); /* how far it is, or how it ended */
void copy_free(struct ui *ui);                 /* stops it */

#endif
