/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The words of a run: none is missing, none is too wide. */

#include <string.h>

#include "achica/say.h"
#include "tests/lib/test.h"

static void every_phase_has_a_word_of_ten_cells(void **state)
{
	(void)state;
	for (enum job_phase p = JOB_WAITING; p <= JOB_STOPPED; p++) {
		const char *word = say_phase(p);

		assert_non_null(word);
		assert_in_range(say_cells(word), 1, 10);
	}
}

static void every_note_has_a_sentence(void **state)
{
	struct target t = { .name = (char *)"disk.img" };
	char buf[1024];

	(void)state;
	for (enum job_note n = NOTE_LOCKED; n <= NOTE_UNVERIFIED; n++) {
		struct job_event event = { .note = n };

		error_set(&event.error, WHY_READ, 0, "disk.img");
		say_event(&event, &t, buf, sizeof(buf));
		assert_non_null(strstr(buf, "disk.img"));
	}
}

static void a_proof_says_how_it_ended(void **state)
{
	static const struct {
		struct job_proofs proofs;
		enum say_proof which;
		const char *said;
	} rows[] = {
		{ { .free = PROOF_GOOD }, SAY_PROOF_FREE,
		  "a: verified, all its free space reads as zero" },
		{ { .free = PROOF_MOUNTED }, SAY_PROOF_FREE,
		  "a: not verified, because it is mounted: what is free changes" },
		{ { .used = PROOF_GOOD }, SAY_PROOF_USED,
		  "a: verified, what is in use is what it was before" },
		{ { .used = PROOF_UNREADABLE, .unread_at = 4096 }, SAY_PROOF_USED,
		  "a: not compared, what is in use cannot be read at byte 4096" },
		{ { .fsck = PROOF_GOOD, .tool = "e2fsck" }, SAY_PROOF_FSCK,
		  "a: verified, e2fsck finds no error" },
		{ { .fsck = PROOF_NO_TOOL, .tool = "e2fsck" }, SAY_PROOF_FSCK,
		  "a: not checked, e2fsck is not installed" },
		{ { .fsck = PROOF_NO_DEVICE, .tool = "e2fsck" }, SAY_PROOF_FSCK,
		  "a: not checked, e2fsck could not be given a read-only device" },
		{ { .fsck = PROOF_UNSURE, .tool = "e2fsck" }, SAY_PROOF_FSCK,
		  "a: not checked, e2fsck came to no verdict" },
		{ { .free = PROOF_BAD }, SAY_PROOF_FREE, "" },
		{ { .fsck = PROOF_NONE }, SAY_PROOF_FSCK, "" },
	};
	char buf[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(say_proof(&rows[i].proofs, rows[i].which, "a", buf,
					      sizeof(buf)), rows[i].said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_phase_has_a_word_of_ten_cells),
		cmocka_unit_test(every_note_has_a_sentence),
		cmocka_unit_test(a_proof_says_how_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
