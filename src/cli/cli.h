/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_CLI_CLI_H
#define ACHICA_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "achica/front.h"
#include "achica/say.h"

/* What the files of cli/ share. */

/* Exit status, doc/design.md. */
enum { STATUS_DONE, STATUS_ERROR, STATUS_USAGE, STATUS_NOTHING, STATUS_REFUSED };

/* A row of the table of options: getopt, --help and the manual's list come from it. */
struct cli_option {
	int id;            /* its letter, or a number above 255 */
	const char *name;
	const char *arg;   /* name of its argument, NULL for none */
	const char *help;  /* N_() */
};

/* Ends with a row without a name; a row without an id is a heading, its text in help. */
extern const struct cli_option cli_options[];

/* Prints --help on stdout, at most 80 cells wide. */
void help_print(void);

/* Prints text on out in lines of at most width cells, each indented; the first line goes on where
   at cells are already printed. */
void help_wrap(FILE *out, const char *text, size_t indent, size_t at, size_t width);

/* "achica: " and a sentence with facts (NULL: none) on stderr. */
void cli_complain(const char *sentence, const struct say_fact *facts);

/* The same of an error, with what mends it on a second line. what is the target's name, or NULL;
   t may be NULL. */
void cli_complain_error(const struct error *err, const char *what, const struct target *t);

/* Signals that end a run are noted from here on; returns the number of the one that came, or 0.
   signals_status_wanted: whether SIGUSR1 came since it was last asked. */
void signals_catch(void);
int signals_ending(void);
bool signals_status_wanted(void);

/* Exit status of a run ended by signal number sig. */
int signals_exit_status(int sig);

/* Whether stdin can be asked: stdin and stderr are a terminal. */
bool ask_can(void);

/* Reads a line from stdin without its newline into buf; false at its end or at a signal. */
bool ask_line(char *buf, size_t n);

/* Whether answer is one of the words in list, "yes|y", as it is or translated; case is ignored. */
bool ask_matches(const char *answer, const char *english, const char *translated);

/* Says the plan's question and waits: whether the user said yes. */
bool ask_to_start(size_t targets);

/* The rows of a tree that a run is over, and those named but refused. */
struct selection {
	struct target **targets; /* malloc'ed array; rows belong to the tree */
	size_t n;
	size_t refused;          /* rows which cannot be done */
	size_t refused_named;    /* those which the user named, and disks with nothing else */
	size_t failed;           /* of them: those which could not be read */
};

/* Fills in *selection: all that can be done in tree. names are the TARGETs as the user wrote them.
   -ENOMEM. Free selection->targets. */
int selection_make(struct target *tree, char *const *names, struct selection *selection);

/* Says on stderr why each row of tree that cannot be done cannot, and what mends it. */
void selection_complain(const struct target *tree);

/* Says on stderr of which of them less was read than asked for: of how many. */
size_t selection_unread(const struct selection *selection, bool exact);

/* The exit status of a run over selection whose job ended with job_status (STATUS_NOTHING when
   there was none): 1 on any failure, else 4 when what was named was refused, or all was; else the
   job's. */
int selection_status(const struct selection *selection, int job_status);

/* Waits until the survey has probed (and estimated) all, at most timeout_ms (-1: no limit).
   0, -ETIMEDOUT, or -EINTR when a signal asks to end. */
int cli_settle(struct survey *survey, int timeout_ms);

/* Before anything is opened: a closed stdin, stdout or stderr must not become a disk's descriptor,
   or messages would be written onto the disk. */
void output_guard(void);

/* At the end: status, or 1 when something could not be written to stdout. */
int output_close(int status);

/* The tree of --list as a table on stdout. Returns -errno. */
int list_print(const struct target *tree, const struct options *options);

/* The table of --estimate on stdout. Returns -errno. */
int estimate_print(const struct target *tree, const struct options *options);

/* What a run would do, as a table, with its warnings. */
void plan_print(const struct selection *selection, const struct options *options, FILE *out);

/* Whether a run over it would write to any of its targets. */
bool plan_writes(const struct selection *selection, const struct options *options);

/* What the copies of their disks in tree will take, where that is known already. */
void plan_copies(const struct selection *selection, const struct target *tree, FILE *out);

/* Runs a job over the selection with progress on stderr, makes the copy that is asked for, and has
   the summary, the commands or the JSON on stdout. tree is for JSON. Returns the exit status. */
int run_selection(struct target *tree, const struct selection *selection,
		  const struct options *options);

/* How the progress of a job is shown on stderr, and what was shown last. */
struct progress_state {
	const struct options *options;
	enum { SHOW_NOTHING, SHOW_UPDATING, SHOW_LINES, SHOW_GAUGE, SHOW_JSON } how;
	FILE *log;             /* NULL: none; not owned */
	size_t line_cells;     /* width of the updating line that stands on the screen */
	int64_t shown_ms;      /* when something was last shown, CLOCK_BOOTTIME */
	unsigned permille;     /* what was last shown */
	uint64_t events;       /* events dealt with */
};
void progress_begin(struct progress_state *p, const struct options *options, FILE *log);
void progress_show(struct progress_state *p, struct job *job);   /* what is new, when it is time */
void progress_status(struct progress_state *p, struct job *job); /* one line, now */
void progress_end(struct progress_state *p, struct job *job);

/* The same for a copy that is made. progress_convert: what is new, when it is time, or now. */
void progress_convert(struct progress_state *p, struct convert *convert, bool now);
void progress_convert_end(struct progress_state *p, struct convert *convert);

/* Makes the small copy of t (or of the overlay, unless it is NULL) as options->convert and follows
   it to its end. Returns the signal that ended it, 0 for none, or -errno; with 0 or a signal
   *convert is to be freed. */
int copy_run(const struct target *t, const char *overlay, const struct options *options,
		struct progress_state *progress, struct convert **convert);

/* How it ended, in a sentence on out. */
void copy_print(struct convert *convert, FILE *out);

/* The advised commands of each disk or image in the list, one a line after indent. Returns 0, 1
   when one of them has none (and why is said on stderr), -errno. */
int commands_print(struct target *const *targets, size_t n, struct job *job, const char *indent,
		   FILE *out);

#endif
