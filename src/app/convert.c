/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Making the small copy: the life of its thread, and the order of its work. The advised commands
 * are run as they are printed, only that the copy is called OUT.part until all is well. They are
 * children without a shell; to stop is to end the child and to remove what it wrote. The source is
 * held by a shared lock all the time, and must look the same at the end.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/advice_path.h"
#include "app/branch.h"
#include "app/convert_impl.h"
#include "app/thread.h"
#include "app/tool.h"

#define DIFFERENT 1 /* exit status of qemu-img compare (its manual) */

struct convert {
	pthread_mutex_t mutex;     /* over view and stop */
	pthread_cond_t change;
	pthread_t thread;
	int fd;
	bool stop;
	uint64_t start_us;
	struct convert_view view;
	struct target *tree;       /* a copy of the disk or image, ours */
	struct target *target;
	char *out;                 /* absolute */
	char *overlay;             /* absolute, or NULL */
	enum forecast_format format;
};

static const char *const phase_names[] = {
	[CONVERT_WAITING] = "waiting",
	[CONVERT_COPYING] = "copying",
	[CONVERT_COMPARING] = "comparing",
	[CONVERT_CHECKING] = "checking",
	[CONVERT_DONE] = "done",
	[CONVERT_REFUSED] = "refused",
	[CONVERT_FAILED] = "failed",
	[CONVERT_STOPPED] = "stopped",
};

const char *convert_phase_name(enum convert_phase phase)
{
	return phase_names[phase];
}

static void set_phase(struct convert *c, enum convert_phase phase)
{
	pthread_mutex_lock(&c->mutex);
	c->view.phase = phase;
	c->view.permille = 0;
	pthread_mutex_unlock(&c->mutex);
	eventfd_write(c->fd, 1);
}

static bool is_canceled(void *arg)
{
	struct convert *c = arg;
	bool stop;

	pthread_mutex_lock(&c->mutex);
	stop = c->stop;
	pthread_mutex_unlock(&c->mutex);
	return stop;
}

/* "    (12.34/100%)" as qemu-img says it with -p, in permille; -1 for any other line. */
int convert_percent(const char *line)
{
	unsigned whole = 0;
	unsigned tenth = 0;

	line += strspn(line, " ");
	if (*line++ != '(' || *line < '0' || *line > '9')
		return -1;
	for (; *line >= '0' && *line <= '9' && whole <= 100; line++)
		whole = whole * 10 + (unsigned)(*line - '0');
	if (*line == '.' && line[1] >= '0' && line[1] <= '9')
		tenth = (unsigned)(line[1] - '0');
	line += strcspn(line, "/");
	if (strncmp(line, "/100%)", 6) != 0 || whole > 100)
		return -1;
	return whole == 100 ? 1000 : (int)(whole * 10 + tenth);
}

static void take_progress(void *arg, const char *line)
{
	struct convert *c = arg;
	int permille = convert_percent(line);

	if (permille < 0)
		return;
	pthread_mutex_lock(&c->mutex);
	c->view.permille = (unsigned)permille;
	pthread_mutex_unlock(&c->mutex);
	eventfd_write(c->fd, 1);
}

/* The command with -p where the printed one has none. */
static char **with_progress(char *const *argv)
{
	bool has = strcmp(argv[2], "-p") == 0;
	size_t n = 0;
	char **copy;

	while (argv[n])
		n++;
	copy = calloc(n + 2, sizeof(*copy));
	if (!copy)
		return NULL;
	copy[0] = argv[0];
	copy[1] = argv[1];
	copy[2] = (char *)"-p";
	memcpy(copy + 3, argv + (has ? 3 : 2), (n - (has ? 3 : 2)) * sizeof(*copy));
	return copy;
}

/* Its exit status, at most most. */
static int run_command(struct convert *c, char *const *argv, int most, struct error *err)
{
	char **full = with_progress(argv);
	struct tool tool = { .argv = full, .canceled = is_canceled, .said = take_progress,
			     .arg = c, .most = most };
	int rc;

	if (!full)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	rc = tool_must(&tool, err);
	free(full);
	return rc ? rc : tool.status;
}

/* The command in the list that is for use; the advice has one of each kind. */
static const struct command *find(const struct command *list, enum advice_use use)
{
	while (list && list->use != use)
		list = list->next;
	return list;
}

static int copy_and_compare(struct convert *c, const struct command *list, struct error *err)
{
	const struct command *copy = find(list, ADVICE_CONVERT);
	const struct command *compare = find(list, ADVICE_COMPARE);
	int rc;

	if (!copy || !compare)
		return error_set(err, WHY_SYSTEM, EINVAL, "qemu-img");
	set_phase(c, CONVERT_COPYING);
	rc = run_command(c, copy->argv, 0, err);
	if (rc)
		return rc;
	set_phase(c, CONVERT_COMPARING);
	rc = run_command(c, compare->argv, DIFFERENT, err);
	return rc == DIFFERENT ? error_set(err, WHY_DIFFERS, EIO, c->out) : rc;
}

static int check_copy(struct convert *c, const char *part, struct error *err)
{
	const char *const argv[] = { "qemu-img", "check", "-q", "-f", "qcow2", part, NULL };
	struct tool tool = { .argv = (char *const *)argv, .canceled = is_canceled, .arg = c };

	set_phase(c, CONVERT_CHECKING);
	return tool_must(&tool, err);
}

/* What was made, as it is on its medium. */
static int finish(struct convert *c, const struct part *part, struct error *err)
{
	struct stat st;
	int rc = part_finish(part, &st, err);

	if (rc)
		return rc;
	pthread_mutex_lock(&c->mutex);
	c->view.size = (uint64_t)st.st_size;
	c->view.space = (uint64_t)st.st_blocks * 512;
	c->view.compared = true;
	c->view.checked = true;
	pthread_mutex_unlock(&c->mutex);
	return 0;
}

static int make(struct convert *c, const struct part *part, struct error *err)
{
	struct advice_options options = {
		.out = part->path, .format = c->format, .overlay = c->overlay,
	};
	struct command *list = NULL;
	int rc = advice_for(c->target, &options, &list, err);

	if (rc == 0)
		rc = copy_and_compare(c, list, err);
	command_free(list);
	return rc ? rc : check_copy(c, part->path, err);
}

static int go(struct convert *c, struct error *err)
{
	struct part part = { .out = c->out };
	struct source source = { 0 };
	const struct convert_options options = { c->out, c->overlay, c->format };
	int rc = c->overlay ? copy_check(c->target, &options, err)
			    : convert_check(c->target, &options, err);

	if (rc == 0)
		rc = source_take(c->target, c->overlay != NULL, &source, err);
	if (rc == 0)
		rc = part_make(&part, source.mode, err);
	if (rc == 0)
		rc = make(c, &part, err);
	if (rc == 0)
		rc = source_check(&source, err);
	if (rc == 0)
		rc = finish(c, &part, err);
	part_close(&part, rc == 0);
	if (rc == 0 && c->overlay)
		unlink(c->overlay);
	source_release(&source);
	return rc;
}

static void *run(void *arg)
{
	struct convert *c = arg;
	struct error err;
	int rc;

	error_clear(&err);
	rc = go(c, &err);
	pthread_mutex_lock(&c->mutex);
	if (rc && err.why == WHY_NONE)
		error_set(&err, WHY_SYSTEM, -rc, c->out);
	c->view.phase = rc == 0 ? CONVERT_DONE
			: rc == -ECANCELED && c->stop ? CONVERT_STOPPED
			: why_is_refusal(err.why) ? CONVERT_REFUSED : CONVERT_FAILED;
	if (rc == 0)
		c->view.permille = 1000;
	if (c->view.phase == CONVERT_REFUSED || c->view.phase == CONVERT_FAILED)
		c->view.error = err;
	c->view.elapsed_ms = (thread_now_us() - c->start_us) / 1000;
	c->view.ended = true;
	pthread_mutex_unlock(&c->mutex);
	eventfd_write(c->fd, 1);
	return NULL;
}

static void free_all(struct convert *c)
{
	if (c->fd >= 0)
		close(c->fd);
	target_free(c->tree);
	free(c->out);
	free(c->overlay);
	free(c);
}

int convert_start(const struct target *t, const struct convert_options *options,
		  struct convert **convert)
{
	struct convert *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;

	if (!c)
		return rc;
	error_clear(&c->view.error);
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->target = branch_copy(t, &c->tree);
	c->out = path_absolute(options->out);
	c->overlay = options->overlay ? path_absolute(options->overlay) : NULL;
	c->format = options->format;
	c->start_us = thread_now_us();
	if (c->fd < 0 || !c->target || !c->out || (options->overlay && !c->overlay))
		goto out;
	rc = thread_sync(&c->mutex, &c->change);
	if (rc)
		goto out;
	rc = thread_start(&c->thread, run, c);
	if (rc == 0) {
		*convert = c;
		return 0;
	}
	pthread_cond_destroy(&c->change);
	pthread_mutex_destroy(&c->mutex);
out:
	free_all(c);
	return rc;
}

void convert_free(struct convert *c)
{
	if (!c)
		return;
	convert_stop(c);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->change);
	pthread_mutex_destroy(&c->mutex);
	free_all(c);
}

void convert_stop(struct convert *c)
{
	pthread_mutex_lock(&c->mutex);
	c->stop = true;
	pthread_mutex_unlock(&c->mutex);
}

int convert_fd(const struct convert *c)
{
	return c->fd;
}

void convert_ack(struct convert *c)
{
	eventfd_t n;

	eventfd_read(c->fd, &n);
}

void convert_view(struct convert *c, struct convert_view *view)
{
	pthread_mutex_lock(&c->mutex);
	*view = c->view;
	if (!view->ended)
		view->elapsed_ms = (thread_now_us() - c->start_us) / 1000;
	pthread_mutex_unlock(&c->mutex);
}

const char *convert_out(const struct convert *c)
{
	return c->out;
}

int convert_exit_status(struct convert *c)
{
	struct convert_view view;

	convert_view(c, &view);
	return view.phase == CONVERT_DONE ? 0 : view.phase == CONVERT_REFUSED ? 4 : 1;
}
