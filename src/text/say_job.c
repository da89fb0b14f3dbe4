/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* A job's events, phases and methods, and what an advised command is for, as sentences. */

#include <stdio.h>
#include <string.h>

#include "achica/i18n.h"
#include "achica/say.h"

static const char *const phases[] = {
	[JOB_WAITING] = NC_("phase, max 10 cells", "waiting"),
	[JOB_LOCKING] = NC_("phase, max 10 cells", "locking"),
	[JOB_CHECKING] = NC_("phase, max 10 cells", "checking"),
	/* TRANSLATORS: what is in use is read, to see that it stays as it is. */
	[JOB_SUMMING] = NC_("phase, max 10 cells", "files"),
	/* TRANSLATORS: the program that checks filesystems, like every Unix calls it. */
	[JOB_FSCK] = NC_("phase, max 10 cells", "fsck"),
	[JOB_WORKING] = NC_("phase, max 10 cells", "zeroing"),
	[JOB_FLUSHING] = NC_("phase, max 10 cells", "flushing"),
	[JOB_VERIFYING] = NC_("phase, max 10 cells", "verifying"),
	[JOB_DONE] = NC_("phase, max 10 cells", "done"),
	[JOB_REFUSED] = NC_("phase, max 10 cells", "REFUSED"),
	[JOB_FAILED] = NC_("phase, max 10 cells", "FAILED"),
	[JOB_SKIPPED] = NC_("phase, max 10 cells", "skipped"),
	[JOB_STOPPED] = NC_("phase, max 10 cells", "STOPPED"),
};

const char *say_phase(enum job_phase phase)
{
	return i18n_label(phases[phase]);
}

static const char *const convert_phases[] = {
	[CONVERT_WAITING] = NC_("phase, max 10 cells", "waiting"),
	[CONVERT_COPYING] = NC_("phase, max 10 cells", "copying"),
	[CONVERT_COMPARING] = NC_("phase, max 10 cells", "comparing"),
	[CONVERT_CHECKING] = NC_("phase, max 10 cells", "checking"),
	[CONVERT_DONE] = NC_("phase, max 10 cells", "done"),
	[CONVERT_REFUSED] = NC_("phase, max 10 cells", "REFUSED"),
	[CONVERT_FAILED] = NC_("phase, max 10 cells", "FAILED"),
	[CONVERT_STOPPED] = NC_("phase, max 10 cells", "STOPPED"),
};

const char *say_convert_phase(enum convert_phase phase)
{
	return i18n_label(convert_phases[phase]);
}

char *say_convert(const struct convert_view *view, const char *out, char *buf, size_t n)
{
	char size[32], clock[24], reason[2048];
	const struct say_fact facts[] = {
		{ "name", out }, { "phase", say_convert_phase(view->phase) }, { "size", size },
		{ "clock", clock }, { "reason", reason }, { NULL, NULL },
	};

	say_size_long(view->space, size, sizeof(size));
	say_clock((int64_t)view->elapsed_ms, clock, sizeof(clock));
	say_reason(&view->error, reason, sizeof(reason));
	if (view->phase == CONVERT_DONE)
		/* TRANSLATORS: "/srv/small.qcow2: done, 1.2 GiB, the same as its source ..." */
		return say_fill(buf, n, _("{name}: {phase}, {size}, the same as its source "
					  "(compared) and sound (checked), {clock}"), facts);
	if (view->error.why != WHY_NONE)
		/* TRANSLATORS: "/srv/small.qcow2: FAILED: there is not enough room" */
		return say_fill(buf, n, _("{name}: {phase}: {reason}"), facts);
	/* TRANSLATORS: "/srv/small.qcow2: STOPPED, nothing of it is left" */
	return say_fill(buf, n, _("{name}: {phase}, nothing of it is left"), facts);
}

static const char *const methods[METHOD_COUNT] = {
	[METHOD_AUTO] = NC_("method, max 14 cells", "automatic"),
	[METHOD_PUNCH] = NC_("method, max 14 cells", "punch holes"),
	[METHOD_WRITE] = NC_("method, max 14 cells", "write zeros"),
	[METHOD_TRIM] = NC_("method, max 14 cells", "trim"),
	[METHOD_FILL] = NC_("method, max 14 cells", "fill"),
	[METHOD_OVERLAY] = NC_("method, max 14 cells", "overlay"),
};

static const char *const method_reasons[METHOD_COUNT] = {
	[METHOD_AUTO] = N_("The cheapest method that is safe is taken when the work starts."),
	[METHOD_PUNCH] = N_("The host can take the free space back: nothing has to be read."),
	[METHOD_WRITE] = N_("Free space is read, and zeros are written over what is not zero."),
	[METHOD_TRIM] = N_("It is mounted, and discard reaches the disk: nothing has to be read."),
	[METHOD_FILL] = N_("It is mounted: files of zeros take its free space for a while, which "
			   "works without discard, too."),
	[METHOD_OVERLAY] = N_("Nothing is written to it: a small file beside the copy tells what "
			      "is free, and the copy leaves that out."),
};

const char *say_method(enum method m)
{
	return i18n_label(methods[(unsigned)m < METHOD_COUNT ? m : METHOD_AUTO]);
}

const char *say_method_why(enum method m)
{
	return _(method_reasons[(unsigned)m < METHOD_COUNT ? m : METHOD_AUTO]);
}

static const char *const uses[] = {
	[ADVICE_UNMOUNT] = N_("Unmounts it: a copy of a mounted filesystem is not consistent."),
	[ADVICE_WAIT] = N_("Waits until the program that served it has written all and closed it."),
	[ADVICE_REMOVE] = N_("Removes the overlay, which is of no use once the copy is made."),
	[ADVICE_SWAPOFF] = N_("Switches its swap off."),
	[ADVICE_DETACH] = N_("Detaches the loop device from its image."),
	[ADVICE_CONVERT] = N_("Copies it into a small qcow2 image; zeros take no room in it."),
	[ADVICE_COMPARE] = N_("Compares the copy with the source, byte by byte."),
	[ADVICE_CHECK] = N_("Checks the structure of the copy."),
};

const char *say_advice(enum advice_use use)
{
	return _(uses[use]);
}

/* {name} is the target; {a} and {b} the event's numbers, {size} and {other} the same as sizes,
   {reason} why. */
static const char *const events[] = {
	/* xgettext:no-c-format */
	[NOTE_QUARTER] = N_("{name}: {a} % done"),
	[NOTE_FLUSHED] = N_("{name}: everything written is on the disk"),
	[NOTE_VERIFIED] = N_("{name}: verified, all its free space reads as zero"),
	[NOTE_NOT_COMPARED] =
		N_("{name}: not compared, what is in use cannot be read at byte {a}"),
	[NOTE_UNCHANGED] = N_("{name}: verified, what is in use is what it was before"),
	[NOTE_DONE] = N_("{name}: done, {size} zeroed, {other} were zero already"),
	[NOTE_OVERLAY] = N_("{name}: done, left as it is; the copy leaves out {size}"),
	[NOTE_REFUSED] = N_("{name}: refused: {reason}"),
	[NOTE_FAILED] = N_("{name}: failed: {reason}"),
	[NOTE_IO_ERROR] = N_("{name}: left out: {reason}"),
	[NOTE_SKIPPED] = N_("{name}: skipped"),
	[NOTE_STOPPED] = N_("{name}: stopped, what is done stays done"),
	[NOTE_PAUSED] = N_("{name}: paused"),
	[NOTE_RESUMED] = N_("{name}: going on"),
	[NOTE_GAVE_BACK] = N_("{name}: gave back {size} which others needed"),
	[NOTE_REMAINS] = N_("{name}: {size} could not be reached by this method"),
	[NOTE_LATER] = N_("{name}: F2FS discards bit by bit, all of it once it is unmounted"),
	[NOTE_UNVERIFIED] = N_("{name}: not verified, because it is mounted: what is free changes"),
};

static const char *sentence_of(const struct job_event *event)
{
	switch (event->note) {
	case NOTE_LOCKED:
		if (event->b == 0 && event->a > 0)
			/* TRANSLATORS: "/mnt: mounted, 121.3 GiB free" */
			return _("{name}: mounted, {size} free");
		/* TRANSLATORS: "sda1: locked and clean, 121.3 GiB free in 9812 extents" */
		return P_("{name}: locked and clean, {size} free in {b} extent",
			  "{name}: locked and clean, {size} free in {b} extents", event->b);
	case NOTE_METHOD:
		/* TRANSLATORS: "sda1: method: write zeros" */
		return _("{name}: method: {method}");
	case NOTE_FALLBACK:
		/* TRANSLATORS: "sda1: punch holes does not work here, going on with: trim" */
		return _("{name}: {method} does not work here, going on with: {instead}");
	default:
		return _(events[event->note]);
	}
}

char *say_event(const struct job_event *event, const struct target *t, char *buf, size_t n)
{
	char a[24], b[24], size[48], other[48], reason[2048];
	struct say_fact facts[] = {
		{ "name", t && t->name ? t->name : "?" },
		{ "a", a }, { "b", b }, { "size", size }, { "other", other }, { "reason", reason },
		{ "method", say_method((enum method)event->a) },
		{ "instead", say_method((enum method)event->b) },
		{ NULL, NULL },
	};

	snprintf(a, sizeof(a), "%ju", (uintmax_t)event->a);
	snprintf(b, sizeof(b), "%ju", (uintmax_t)event->b);
	say_size_long(event->a, size, sizeof(size));
	say_size_long(event->b, other, sizeof(other));
	say_reason(&event->error, reason, sizeof(reason));
	return say_fill(buf, n, sentence_of(event), facts);
}

/* {name} is the target, {tool} its fsck, {a} the first byte in use that cannot be read. One row for
   each proof; what it did not come to, and what failed, which is the item's error, is not said. */
static const char *const proofs_said[][PROOF_UNSURE + 1] = {
	{
		[PROOF_GOOD] = N_("{name}: verified, all its free space reads as zero"),
		[PROOF_MOUNTED] =
			N_("{name}: not verified, because it is mounted: what is free changes"),
		[PROOF_UNREADABLE] =
			N_("{name}: not verified, some of its free space cannot be read"),
	},
	{
		[PROOF_GOOD] = N_("{name}: verified, what is in use is what it was before"),
		[PROOF_UNREADABLE] =
			N_("{name}: not compared, what is in use cannot be read at byte {a}"),
	},
	{
		[PROOF_GOOD] = N_("{name}: verified, {tool} finds no error"),
		[PROOF_NO_TOOL] = N_("{name}: not checked, {tool} is not installed"),
		[PROOF_NO_DEVICE] =
			N_("{name}: not checked, {tool} could not be given a read-only device"),
		[PROOF_UNSURE] = N_("{name}: not checked, {tool} came to no verdict"),
	},
};

char *say_proof(const struct job_proofs *proofs, enum say_proof which, const char *name, char *buf,
		size_t n)
{
	const enum proof how[] = { proofs->free, proofs->used, proofs->fsck };
	char at[24];
	const struct say_fact facts[] = {
		{ "name", name }, { "tool", proofs->tool }, { "a", at }, { NULL, NULL },
	};
	const char *sentence = proofs_said[which][how[which]];

	snprintf(at, sizeof(at), "%ju", (uintmax_t)proofs->unread_at);
	buf[0] = '\0';
	return sentence ? say_fill(buf, n, _(sentence), facts) : buf;
}
