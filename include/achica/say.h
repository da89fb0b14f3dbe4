/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_SAY_H
#define ACHICA_SAY_H

#include <stddef.h>

#include "achica/advice.h"
#include "achica/convert.h"
#include "achica/job.h"
#include "achica/target.h"

/*
 * Facts to sentences in the user's language. All of these write at most n bytes with the final
 * NUL into buf, cut at a character, and return buf. Names and labels inside are cleaned: control
 * characters and invalid bytes become \xNN.
 */

/* "the journal of this ext4 has not been replayed": why, a clause without capital and full stop. */
char *say_reason(const struct error *err, char *buf, size_t n);

/* Whether what is damaged is a partition table or a volume group, which no fsck mends. */
bool say_is_no_fs(const struct error *err);

/* What mends it, for t (may be NULL): a command quoted for the shell ("e2fsck -f /dev/sda1") or a
   sentence. "" for none. */
char *say_remedy(const struct error *err, const struct target *t, char *buf, size_t n);

/* A few words for the tree, at most 20 cells in English: "in use by a VM", "journal". */
char *say_short(const struct error *err, char *buf, size_t n);

/* "83.2G", at most 7 cells; powers of 1024, or of 1000 after say_si(true). */
char *say_size(uint64_t bytes, char *buf, size_t n);
void say_si(bool si);

/* "83.2 GiB" for sentences. */
char *say_size_long(uint64_t bytes, char *buf, size_t n);

/* "83.2G ±0.4", "83.2G exact", "~410G", "at most 0.2G", "?" ; pm is the "±" to use. */
char *say_estimate(const struct estimate *e, const char *pm, char *buf, size_t n);

/* "83.2G", "83.2G ±0.4": a size of a forecast. */
char *say_forecast(const struct forecast_size *size, const char *pm, char *buf, size_t n);

/* What zeroing t alone saves of the converted image, "saves 0B as qcow2, 112.0M with -o ..." where
   an option makes a difference; "" when there is no forecast. */
char *say_saves(const struct target *t, char *buf, size_t n);

/* "As qcow2: 120.3G now, 80.1G after; with -o ... 70.2G."; done: what is expected now. */
char *say_copies(const struct forecast_sum *sum, bool done, const char *pm, char *buf, size_t n);

/* The same of what was done, for a format that was chosen. */
char *say_copies_as(const struct forecast_sum *sum, enum forecast_format format, const char *pm,
		    char *buf, size_t n);

/* "271 MB/s": always powers of 1000, as disks are sold. */
char *say_rate(uint64_t bps, char *buf, size_t n);

/* "00:05:11", "2d 03:10", "--:--:--" for a negative one. */
char *say_clock(int64_t ms, char *buf, size_t n);

/* "about 11 min", "less than a minute". */
char *say_duration(int64_t ms, char *buf, size_t n);

/* The log line of an event, without its time: "sda1: locked, ext4 clean, ...". */
char *say_event(const struct job_event *event, const struct target *t, char *buf, size_t n);

/* "done", "STOPPED", "refused", ... */
const char *say_phase(enum job_phase phase);

/* What one of the proofs of a target, by that name, came to: "" when there is nothing to say. */
enum say_proof { SAY_PROOF_FREE, SAY_PROOF_USED, SAY_PROOF_FSCK, SAY_PROOFS };
char *say_proof(const struct job_proofs *proofs, enum say_proof which, const char *name, char *buf,
		size_t n);

/* "copying", "comparing", ...; how a copy ended: "small.qcow2: done, 1.2 GiB, ..." */
const char *say_convert_phase(enum convert_phase phase);
char *say_convert(const struct convert_view *view, const char *out, char *buf, size_t n);

/* What a method does, a few words ("punch holes"), and why it was taken, a sentence. */
const char *say_method(enum method m);
const char *say_method_why(enum method m);

/* Before a target is cleared as a whole, a swap area or a gap: the question, what it is, and what
   would be lost; lines and blank lines. */
char *say_consent(const struct target *t, char *buf, size_t n);

/* What an advised command is for, one sentence. */
const char *say_advice(enum advice_use use);

/* src with control characters and bytes that are no characters here as \xNN; at most n bytes. */
char *say_clean(const char *src, char *buf, size_t n);

/*
 * Writes sentence with each {name} replaced by the fact of that name, cleaned; facts ends with a
 * NULL name. Translators may move and repeat facts, and a wrong catalogue can do no harm, as it
 * could with printf.
 */
struct say_fact {
	const char *name;
	const char *value;
};
char *say_fill(char *buf, size_t n, const char *sentence, const struct say_fact *facts);

/* Width of a (cleaned) string in terminal cells. */
size_t say_cells(const char *text);

#endif
