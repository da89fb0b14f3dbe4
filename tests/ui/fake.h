/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TEST_FAKE_H
#define ACHICA_TEST_FAKE_H

#include "achica/convert.h"
#include "achica/job.h"
#include "achica/survey.h"

/*
 * Surveys and jobs by script, linked instead of the real ones: the screens are tested without
 * disks, threads of work or chance. Everything below is set before it is looked at; the program
 * for the tests with a terminal takes it from the environment (fake_from_environment).
 */
enum fake_tree {
	FAKE_FEW,    /* disks, images, every state that a row can have */
	FAKE_ONE,    /* one image with one filesystem */
	FAKE_MANY,   /* 60 disks */
	FAKE_NONE,
	FAKE_NASTY,  /* names and labels with escapes, wide characters, invalid bytes */
	FAKE_WHOLE,  /* a disk with swap and gaps, which want consent */
};

enum fake_job {
	FAKE_HOLD,   /* the second target stands at 53 % until it is told something */
	FAKE_RUN,    /* goes on with every look at it, and ends */
	FAKE_ASK,    /* an I/O error waits for an answer, then as FAKE_RUN */
	FAKE_BOTH,   /* all targets are at work, and stand */
};

struct fake {
	enum fake_tree tree;
	enum fake_job job;
	bool refuse;          /* job_check refuses the first target */
	_Atomic bool hang;    /* job_check does not answer as long as it is set */
	bool noise;           /* job_check writes to stderr */
	bool probing;         /* the survey has not read anything yet */

	/* What was asked of them. */
	char preferred[256];
	char exact[256];
	bool survey_paused;
	unsigned rescans;
	bool job_paused;
	unsigned stops, skips, answers;
	size_t skipped;
	unsigned copies_stopped;
	enum forecast_format format;
	enum job_answer answer;
	uint64_t max_rate;
	struct job_options options;
	enum method methods[8];
};

extern struct fake fake;

void fake_reset(void);
void fake_from_environment(void);

/* The tree of fake.tree, as survey_open gives it. */
struct target *fake_make_tree(void);

#endif
