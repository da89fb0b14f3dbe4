/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The wizard line by line, for screen readers, serial lines and terminals that cannot move their
 * cursor: a numbered list, letters, Enter. Nothing is rewritten, and a run begins only after a
 * whole word was typed at the plan.
 */

#include <ctype.h>
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "cli/cli.h"

#define PROBE_MS 3000   /* the list is shown by then at the latest, with what is known */
#define SAMPLE_MS 2000  /* and waits so long for first estimates */
#define ANSWER 4096

/* The tree of a survey changes, so marks are kept by name. */
struct marks {
	char **names; /* NULL-terminated, malloc'ed */
	size_t n;
};

struct plain {
	struct options *options;
	struct survey *survey;
	struct marks marks;
};

static size_t find_mark(const struct marks *marks, const char *name)
{
	size_t i = 0;

	while (i < marks->n && strcmp(marks->names[i], name) != 0)
		i++;
	return i;
}

static int toggle_mark(struct marks *marks, const char *name)
{
	size_t i = find_mark(marks, name);
	char **names;

	if (i < marks->n) {
		free(marks->names[i]);
		marks->names[i] = marks->names[--marks->n];
		return 0;
	}
	names = realloc(marks->names, (marks->n + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	marks->names = names;
	names[marks->n] = strdup(name);
	if (!names[marks->n])
		return -ENOMEM;
	marks->n++;
	return 0;
}

static void free_marks(struct marks *marks)
{
	while (marks->n > 0)
		free(marks->names[--marks->n]);
	free(marks->names);
	marks->names = NULL;
}

static void print_row(const struct plain *p, const struct target *t, size_t number)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && !p->options->ascii;
	bool marked = find_mark(&p->marks, t->name) < p->marks.n;
	char n[24], size[16], amount[64], why[128], line[4096];
	struct say_fact facts[] = {
		{ "n", n }, { "mark", marked ? "[x]" : target_can(t) ? "[ ]" : "[-]" },
		{ "name", t->name }, { "fs", target_type(t)[0] ? target_type(t) : "?" },
		{ "size", size }, { "amount", amount }, { "why", why }, { NULL, NULL },
	};
	const char *sentence;

	snprintf(n, sizeof(n), "%2zu", number);
	say_size(t->size, size, sizeof(size));
	say_estimate(&t->estimate, utf8 ? "\302\261" : "+-", amount, sizeof(amount));
	say_short(&t->verdict, why, sizeof(why));
	if (t->state == TARGET_PROBING)
		sentence = _("{n}. {mark} {name}, {size}: being read");
	else if (t->state == TARGET_STUCK)
		sentence = _("{n}. {mark} {name}, {size}: does not answer");
	else if (target_can(t))
		/* TRANSLATORS: " 3. [x] /dev/sda1, ext4, 200.0G: 83.2G ±0.4 reclaimable" */
		sentence = _("{n}. {mark} {name}, {fs}, {size}: {amount} reclaimable");
	else
		/* TRANSLATORS: " 4. [-] /dev/sda4, swap, 18.0G: swap in use" */
		sentence = _("{n}. {mark} {name}, {fs}, {size}: {why}");
	puts(say_fill(line, sizeof(line), sentence, facts));
}

/* Row number of the list, NULL beyond its end. */
static struct target *row_of(struct target *tree, size_t number)
{
	size_t n = 0;

	for (struct target *t = tree; t; t = target_next(t)) {
		if (!t->children && ++n == number)
			return t;
	}
	return NULL;
}

static void print_list(const struct plain *p)
{
	size_t number = 0;
	char name[2048];

	putchar('\n');
	for (struct target *t = survey_tree(p->survey); t; t = target_next(t)) {
		if (!t->children) {
			print_row(p, t, ++number);
			continue;
		}
		fputs(say_clean(t->name, name, sizeof(name)), stdout);
		if (t->model)
			printf("  %s", say_clean(t->model, name, sizeof(name)));
		printf(":\n");
	}
	if (number == 0)
		puts(_("No disk was found. Add an image file with i and its name."));
}

static void print_help(void)
{
	static const char *const lines[] = {
		N_("1 3: mark or unmark rows 1 and 3"),
		N_("Enter: show the list again, with the estimates as they are now"),
		N_("w 2: why row 2 cannot be marked, and what helps"),
		N_("e 2: read all free space of row 2, for an exact figure"),
		N_("i FILE: add an image file"),
		N_("r: look for disks again"),
		N_("v: verify what was done, or do not: the zeros, the files, fsck"),
		N_("p: the plan for what is marked; nothing is written before you agree to it"),
		N_("q: quit"),
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		help_wrap(stdout, _(lines[i]), 2, 0, 80);
}

/* Calls act for each row whose number is in text. */
static void each_number(struct plain *p, const char *text,
			void (*act)(struct plain *p, struct target *t))
{
	char *end;

	for (; *text; text = end) {
		unsigned long number;
		struct target *t;

		text += strspn(text, " ,");
		if (*text == '\0')
			return;
		number = strtoul(text, &end, 10);
		t = end == text ? NULL : row_of(survey_tree(p->survey), number);
		if (!t) {
			puts(_("There is no such row. h shows what can be typed."));
			return;
		}
		act(p, t);
	}
}

static void act_why(struct plain *p, struct target *t)
{
	char text[2048];

	(void)p;
	if (target_can(t)) {
		puts(say_method_why(t->method));
		return;
	}
	puts(say_reason(&t->verdict, text, sizeof(text)));
	if (target_wants_consent(t))
		puts(_("Its number marks it, after its name was typed."));
	else if (say_remedy(&t->verdict, t, text, sizeof(text))[0])
		puts(text);
}

/* What is cleared as a whole wants its name typed. */
static void act_consent(struct plain *p, struct target *t)
{
	char text[4096], answer[ANSWER];
	const struct say_fact facts[] = { { "word", target_word(t) }, { NULL, NULL } };

	puts(say_consent(t, text, sizeof(text)));
	printf("%s ", say_fill(text, sizeof(text), _("Type {word} to go on:"), facts));
	fflush(stdout);
	if (!ask_line(answer, sizeof(answer)) || strcmp(answer, target_word(t)) != 0)
		puts(_("It is not marked."));
	else if (survey_allow(p->survey, t->name) == 0)
		toggle_mark(&p->marks, t->name);
}

static void act_mark(struct plain *p, struct target *t)
{
	if (target_can(t))
		toggle_mark(&p->marks, t->name);
	else if (target_wants_consent(t))
		act_consent(p, t);
	else
		act_why(p, t);
}

static void act_exact(struct plain *p, struct target *t)
{
	survey_exact(p->survey, t->name);
}

static void add_image(struct plain *p, const char *path)
{
	struct error err;

	error_clear(&err);
	if (survey_add(p->survey, path, &err) != 0)
		cli_complain_error(&err, NULL, NULL);
	cli_settle(p->survey, PROBE_MS);
}

static void print_verify(const struct plain *p)
{
	puts(p->options->job.verify
	     ? _("What is done will be verified: the zeros, the files, fsck.")
	     : _("What is done will not be verified."));
}

static void rescan(struct plain *p)
{
	struct error err;

	error_clear(&err);
	if (survey_rescan(p->survey, &err) != 0)
		cli_complain_error(&err, NULL, NULL);
	cli_settle(p->survey, PROBE_MS);
}

/* The rows marked, in the order of the list. -ENOMEM. */
static int marked_rows(struct plain *p, struct selection *selection)
{
	struct target *tree = survey_tree(p->survey);
	struct target **targets = calloc(p->marks.n + 1, sizeof(*targets));

	*selection = (struct selection){ .targets = targets };
	if (!targets)
		return -ENOMEM;
	for (struct target *t = tree; t && selection->n < p->marks.n; t = target_next(t)) {
		if (target_can(t) && find_mark(&p->marks, t->name) < p->marks.n)
			targets[selection->n++] = t;
	}
	return 0;
}

/* Shows the plan; runs it when the word is typed. Returns the exit status, or -1 to go on. */
static int plan(struct plain *p)
{
	struct selection selection;
	char answer[64];
	int status = -1;

	if (marked_rows(p, &selection) != 0 || selection.n == 0) {
		puts(_("Nothing is marked."));
		free(selection.targets);
		return -1;
	}
	plan_print(&selection, p->options, stdout);
	plan_copies(&selection, survey_tree(p->survey), stdout);
	print_verify(p);
	/* TRANSLATORS: "start" is the word to type; give the first one of your list of answers. */
	printf("\n%s ", _("Type the word start to begin; Enter alone goes back:"));
	fflush(stdout);
	/* TRANSLATORS: all words that begin the work, with | between. */
	if (ask_line(answer, sizeof(answer)) &&
	    ask_matches(answer, "start", C_("answer", "start"))) {
		survey_pause(p->survey, true);
		status = run_selection(survey_tree(p->survey), &selection, p->options);
	} else {
		puts(_("Nothing was written."));
	}
	free(selection.targets);
	return status;
}

/* Does what a line says. Returns the exit status, or -1 to go on. */
static int obey(struct plain *p, char *line)
{
	size_t len = strlen(line);

	while (len > 0 && isspace((unsigned char)line[len - 1]))
		line[--len] = '\0';
	line += strspn(line, " ");
	switch (line[0]) {
	case 'q':
		return STATUS_DONE;
	case 'p':
		return plan(p);
	case 'h':
	case '?':
		print_help();
		return -1;
	case 'w':
		each_number(p, line + 1, act_why);
		return -1;
	case 'e':
		each_number(p, line + 1, act_exact);
		return -1;
	case 'v':
		p->options->job.verify = !p->options->job.verify;
		print_verify(p);
		return -1;
	case 'i':
		add_image(p, line + 1 + strspn(line + 1, " "));
		break;
	case 'r':
		rescan(p);
		break;
	default:
		each_number(p, line, act_mark);
	}
	print_list(p);
	return -1;
}

static int converse(struct plain *p)
{
	char line[ANSWER];
	int status = -1;

	puts(_("achica makes the free space of filesystems zero. Nothing is written before you "
	       "agree to a plan."));
	if (cli_settle(p->survey, PROBE_MS) != -EINTR)
		cli_settle(p->survey, SAMPLE_MS);
	print_list(p);
	while (status < 0 && !signals_ending()) {
		/* TRANSLATORS: the letters stay as they are. */
		printf("\n%s ", _("Numbers to mark, p plan, h help, q quit:"));
		fflush(stdout);
		if (!ask_line(line, sizeof(line)))
			break;
		survey_update(p->survey);
		status = obey(p, line);
	}
	if (signals_ending())
		return signals_exit_status(signals_ending());
	return status < 0 ? STATUS_DONE : status;
}

int plain_run(const struct options *options)
{
	struct options mine = *options;
	struct plain p = { .options = &mine };
	struct error err;
	int status;

	mine.plain = true;
	mine.job.verify = true; /* as on the screens */
	/* Consent by an option is for batch: here the name is asked for. */
	mine.survey.swap = mine.survey.gaps = false;
	signals_catch();
	error_clear(&err);
	if (survey_open(&mine.survey, &p.survey, &err) != 0) {
		cli_complain_error(&err, NULL, NULL);
		return why_is_refusal(err.why) ? STATUS_REFUSED : STATUS_ERROR;
	}
	status = converse(&p);
	survey_close(p.survey);
	free_marks(&p.marks);
	return status;
}
