/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The machine-readable output, with jansson. Keys are in the order of doc/design.md, never
 * translated and never left out because a value is not known: that is null.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "achica/json.h"
#include "achica/say.h"

static const char *const phase_names[] = {
	[JOB_WAITING] = "waiting",
	[JOB_LOCKING] = "locking",
	[JOB_CHECKING] = "checking",
	[JOB_SUMMING] = "summing",
	[JOB_FSCK] = "fsck",
	[JOB_WORKING] = "working",
	[JOB_FLUSHING] = "flushing",
	[JOB_VERIFYING] = "verifying",
	[JOB_DONE] = "done",
	[JOB_REFUSED] = "refused",
	[JOB_FAILED] = "failed",
	[JOB_SKIPPED] = "skipped",
	[JOB_STOPPED] = "stopped",
};

/* An object being built; ok tells at its end whether memory sufficed. */
struct object {
	json_t *json;
	bool ok;
};

static struct object object_new(void)
{
	json_t *json = json_object();

	return (struct object){ .json = json, .ok = json != NULL };
}

/* Takes over value. */
static void put(struct object *o, const char *key, json_t *value)
{
	if (json_object_set_new(o->json, key, value) != 0)
		o->ok = false;
}

/* The object, or NULL when something was lost. */
static json_t *object_take(struct object *o)
{
	if (o->ok)
		return o->json;
	json_decref(o->json);
	return NULL;
}

/* Length of the UTF-8 character at s (RFC 3629, section 4), 0 for a byte that begins none. */
static size_t utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return len;
}

/* Bytes as a string; null for NULL. */
static json_t *name(const char *bytes)
{
	const unsigned char *s = (const unsigned char *)bytes;
	json_t *json;
	char *text;
	size_t at = 0;

	if (!bytes)
		return json_null();
	text = malloc(strlen(bytes) * 4 + 1);
	if (!text)
		return NULL;
	while (*s) {
		size_t len = s[0] == '\\' && s[1] == 'x' ? 0 : utf8_length(s);

		if (len == 0)
			at += (size_t)snprintf(text + at, 5, "\\x%02x", *s);
		else
			memcpy(text + at, s, len);
		at += len;
		s += len ? len : 1;
	}
	json = json_stringn(text, at);
	free(text);
	return json;
}

static json_t *bytes_or_null(uint64_t bytes)
{
	return bytes > INT64_MAX ? json_null() : json_integer((json_int_t)bytes);
}

/* A list of names, NULL-terminated or NULL. */
static json_t *name_list(char *const *list)
{
	json_t *array = json_array();

	for (; list && *list; list++) {
		if (json_array_append_new(array, name(*list)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *why_not(const struct error *err, const struct target *t)
{
	struct object o = object_new();
	char text[2048];

	put(&o, "code", json_string(why_name(err->why)));
	put(&o, "reason", name(say_reason(err, text, sizeof(text))));
	say_remedy(err, t, text, sizeof(text));
	put(&o, "remedy", text[0] ? name(text) : json_null());
	return object_take(&o);
}

static void put_what_it_is(struct object *o, const struct target *t)
{
	bool counted = t->used != 0 || t->free != 0;
	uint64_t free_bytes = t->estimate.known ? t->estimate.free : t->free;

	put(o, "name", name(t->name));
	put(o, "path", name(t->path));
	put(o, "kind", json_string(target_kind_name(t->kind)));
	put(o, "format", name(t->format));
	put(o, "fstype", name(t->fstype));
	put(o, "label", name(t->label));
	put(o, "uuid", name(t->uuid));
	put(o, "start", bytes_or_null(t->start));
	put(o, "size", bytes_or_null(t->size));
	put(o, "mountpoints", name_list(t->mountpoints));
	put(o, "used", t->used ? bytes_or_null(t->used) : json_null());
	put(o, "free", counted || t->estimate.known ? bytes_or_null(free_bytes) : json_null());
	put(o, "method", target_can(t) ? json_string(method_name(t->method)) : json_null());
}

static json_t *forecast_for(const struct forecast *f, int format)
{
	const struct forecast_size *now = &f->now[format];
	const struct forecast_size *after = &f->after[format];
	struct object o = object_new();

	put(&o, "format", json_string("qcow2"));
	put(&o, "options", json_string(forecast_options((enum forecast_format)format)));
	put(&o, "now", bytes_or_null(now->bytes));
	put(&o, "now_low", bytes_or_null(now->low));
	put(&o, "now_high", bytes_or_null(now->high));
	put(&o, "after", bytes_or_null(after->bytes));
	put(&o, "after_low", bytes_or_null(after->low));
	put(&o, "after_high", bytes_or_null(after->high));
	return object_take(&o);
}

static json_t *forecasts(const struct forecast *f)
{
	json_t *array = f->known ? json_array() : json_null();

	for (int i = 0; f->known && i < FORECAST_COUNT; i++) {
		if (json_array_append_new(array, forecast_for(f, i)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static void put_estimate(struct object *o, const struct target *t)
{
	const struct estimate *e = &t->estimate;

	put(o, "hole", e->known ? bytes_or_null(e->hole) : json_null());
	put(o, "zero", e->known ? bytes_or_null(e->zero) : json_null());
	put(o, "stale", e->known ? bytes_or_null(e->stale) : json_null());
	put(o, "stale_low", e->known ? bytes_or_null(e->stale_low) : json_null());
	put(o, "stale_high", e->known ? bytes_or_null(e->stale_high) : json_null());
	put(o, "exact", e->known ? json_boolean(e->exact) : json_null());
	if (!t->parent)
		put(o, "forecast", forecasts(&t->forecast));
}

/* The place of t in the job, or the number of its targets when it is not there. */
static size_t find_item(struct job *job, const struct target *t, size_t items)
{
	size_t i = 0;

	while (i < items && strcmp(job_target(job, i)->name, t->name) != 0)
		i++;
	return i;
}

static json_t *proof(enum proof how)
{
	static const char *const names[] = {
		[PROOF_GOOD] = "ok",
		[PROOF_BAD] = "failed",
		[PROOF_MOUNTED] = "mounted",
		[PROOF_UNREADABLE] = "unreadable",
		[PROOF_NO_TOOL] = "no-program",
		[PROOF_NO_DEVICE] = "no-device",
		[PROOF_UNSURE] = "no-verdict",
	};

	return names[how] ? json_string(names[how]) : json_null();
}

static json_t *proofs(const struct job_proofs *p)
{
	struct object o = object_new();

	put(&o, "free", proof(p->free));
	put(&o, "used", proof(p->used));
	put(&o, "fsck", proof(p->fsck));
	put(&o, "unread_at", p->used == PROOF_UNREADABLE ? bytes_or_null(p->unread_at)
							 : json_null());
	put(&o, "program", p->tool ? json_string(p->tool) : json_null());
	return object_take(&o);
}

static void put_result(struct object *o, const struct job_view_item *item, const struct target *t,
		       const char *overlay)
{
	bool failed = item->error.why != WHY_NONE && !why_is_refusal(item->error.why);

	put(o, "result", json_string(phase_names[item->phase]));
	put(o, "taken", json_string(method_name(item->method)));
	put(o, "reclaimed", bytes_or_null(item->zeroed));
	put(o, "skipped", bytes_or_null(item->was_zero));
	put(o, "kept", bytes_or_null(item->kept));
	put(o, "errors", bytes_or_null(item->errors));
	put(o, "error", failed ? why_not(&item->error, t) : json_null());
	put(o, "seconds", json_real((double)item->elapsed_ms / 1000));
	put(o, "host_before", bytes_or_null(item->host_before));
	put(o, "host_after", bytes_or_null(item->host_after));
	put(o, "verified", json_boolean(item->proofs.free == PROOF_GOOD));
	put(o, "proofs", proofs(&item->proofs));
	put(o, "overlay", name(overlay));
}

static json_t *commands_for(const struct target *t, const char *overlay)
{
	json_t *array = json_array();
	struct command *list = NULL;
	struct error err;

	error_clear(&err);
	advice_for(t, &(struct advice_options){ .overlay = overlay }, &list, &err);
	for (struct command *c = list; c && array; c = c->next) {
		if (json_array_append_new(array, name_list(c->argv)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	command_free(list);
	return array;
}

static json_t *copy_made(struct convert *convert, const struct target *t)
{
	struct object o = object_new();
	struct convert_view view;
	bool done;

	convert_view(convert, &view);
	done = view.phase == CONVERT_DONE;
	put(&o, "out", name(convert_out(convert)));
	put(&o, "result", json_string(convert_phase_name(view.phase)));
	put(&o, "size", done ? bytes_or_null(view.size) : json_null());
	put(&o, "space", done ? bytes_or_null(view.space) : json_null());
	put(&o, "compared", json_boolean(view.compared));
	put(&o, "checked", json_boolean(view.checked));
	put(&o, "seconds", json_real((double)view.elapsed_ms / 1000));
	put(&o, "error", view.error.why == WHY_NONE ? json_null() : why_not(&view.error, t));
	return object_take(&o);
}

/* What there is to tell besides the targets themselves. */
struct told {
	unsigned with;
	struct job *job;
	struct convert *convert;
};

static json_t *list_of(const struct target *t, const struct told *told);

static json_t *one_target(const struct target *t, const struct told *told)
{
	struct job *job = told->job;
	const char *overlay = job ? job_overlay(job, t) : NULL;
	struct object o = object_new();
	const struct error *refusal = &t->verdict;
	struct job_view view = { 0 };
	struct job_view_item item = { 0 };
	bool done = false;

	if (job) {
		job_view(job, &view);
		size_t i = find_item(job, t, view.items);

		done = i < view.items;
		if (done)
			job_view_item(job, i, &item);
	}
	if (done && item.phase == JOB_REFUSED)
		refusal = &item.error;
	put_what_it_is(&o, t);
	put(&o, "refusal", refusal->why == WHY_NONE ? json_null() : why_not(refusal, t));
	if (told->with & JSON_ESTIMATE)
		put_estimate(&o, t);
	if (done)
		put_result(&o, &item, t, overlay);
	if ((told->with & JSON_COMMANDS) && !t->parent)
		put(&o, "commands", commands_for(t, overlay));
	if (told->convert && !t->parent)
		put(&o, "copy", copy_made(told->convert, t));
	put(&o, "children", list_of(t->children, told));
	return object_take(&o);
}

static json_t *list_of(const struct target *t, const struct told *told)
{
	json_t *array = json_array();

	for (; t; t = t->next) {
		if (json_array_append_new(array, one_target(t, told)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Writes and frees json. */
static int dump(json_t *json, size_t flags, FILE *out)
{
	int r = json ? json_dumpf(json, out, flags | JSON_REAL_PRECISION(12)) : -1;

	if (!json)
		return -ENOMEM;
	json_decref(json);
	if (r != 0 || fputc('\n', out) == EOF || fflush(out) != 0)
		return -EIO;
	return 0;
}

int json_tree(const struct target *tree, unsigned with, struct job *job,
	      struct convert *convert, FILE *out)
{
	const struct told told = { with, job, convert };
	struct object o = object_new();

	put(&o, "version", json_integer(1));
	put(&o, "targets", list_of(tree, &told));
	return dump(object_take(&o), JSON_INDENT(2), out);
}

int json_progress(struct job *job, size_t i, FILE *out)
{
	struct object o = object_new();
	struct job_view view;
	struct job_view_item item;

	job_view(job, &view);
	job_view_item(job, i, &item);
	put(&o, "target", name(job_target(job, i)->name));
	put(&o, "phase", json_string(phase_names[item.phase]));
	put(&o, "free", bytes_or_null(item.free));
	put(&o, "done", bytes_or_null(item.done));
	put(&o, "read", bytes_or_null(item.read));
	put(&o, "reclaimed", bytes_or_null(item.zeroed));
	put(&o, "skipped", bytes_or_null(item.was_zero));
	put(&o, "errors", bytes_or_null(item.errors));
	put(&o, "seconds", json_real((double)item.elapsed_ms / 1000));
	put(&o, "seconds_left", item.left_ms < 0 ? json_null()
						 : json_real((double)item.left_ms / 1000));
	put(&o, "percent_of_all", json_real((double)view.permille / 10));
	return dump(object_take(&o), JSON_COMPACT, out);
}

int json_convert_progress(struct convert *convert, FILE *out)
{
	struct object o = object_new();
	struct convert_view view;

	convert_view(convert, &view);
	put(&o, "copy", name(convert_out(convert)));
	put(&o, "phase", json_string(convert_phase_name(view.phase)));
	put(&o, "percent", json_real((double)view.permille / 10));
	put(&o, "seconds", json_real((double)view.elapsed_ms / 1000));
	return dump(object_take(&o), JSON_COMPACT, out);
}

int json_map_begin(const struct target *t, FILE *out)
{
	json_t *json = name(t->name);
	char *text = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
	int r = text ? 0 : -ENOMEM;

	if (text && fprintf(out, "{\"version\": 1, \"name\": %s, \"extents\": [", text) < 0)
		r = -EIO;
	json_decref(json);
	free(text);
	return r;
}

int json_map_extent(struct extent e, bool first, FILE *out)
{
	int r = fprintf(out, "%s\n  {\"start\": %ju, \"len\": %ju}", first ? "" : ",",
			(uintmax_t)e.start, (uintmax_t)e.len);

	return r < 0 ? -EIO : 0;
}

int json_map_end(FILE *out)
{
	return fprintf(out, "\n]}\n") < 0 || fflush(out) != 0 ? -EIO : 0;
}
