/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What the names on the command line choose, and the exit status that follows. */

#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* disk.img with an ext4, a swap and an unknown partition; bare.img, an ext4 by itself. */
static struct target *tree_new(void)
{
	static const enum why why[] = { WHY_NONE, WHY_SWAP_ACTIVE, WHY_UNKNOWN_FS };
	static const char *const names[] = { "/d/disk.img#1", "/d/disk.img#2", "/d/disk.img#3" };
	struct target *tree = NULL;
	struct target *disk = target_new(TARGET_IMAGE);
	struct target *bare = target_new(TARGET_IMAGE);

	disk->name = strdup("/d/disk.img");
	bare->name = strdup("/d/bare.img");
	disk->state = bare->state = TARGET_READY;
	target_append(&tree, NULL, disk);
	target_append(&tree, NULL, bare);
	for (size_t i = 0; i < 3; i++) {
		struct target *part = target_new(TARGET_PART);

		part->name = strdup(names[i]);
		part->state = TARGET_READY;
		part->verdict.why = why[i];
		target_append(NULL, disk, part);
	}
	return tree;
}

static struct selection make(struct target *tree, const char *a, const char *b)
{
	char *const names[] = { (char *)a, (char *)b, NULL };
	struct selection s;

	assert_int_equal(selection_make(tree, names, &s), 0);
	return s;
}

static void a_named_disk_gives_all_that_can_be_done_below_it(void **state)
{
	struct target *tree = tree_new();
	struct selection s = make(tree, "/d/disk.img", "/d/bare.img");

	(void)state;
	assert_int_equal(s.n, 2);
	assert_string_equal(s.targets[0]->name, "/d/disk.img#1");
	assert_string_equal(s.targets[1]->name, "/d/bare.img");
	assert_int_equal(s.refused, 2);
	assert_int_equal(s.refused_named, 0);
	assert_int_equal(selection_status(&s, STATUS_DONE), STATUS_DONE);
	free(s.targets);
	target_free(tree);
}

static void a_named_partition_that_cannot_be_done_is_a_refusal(void **state)
{
	struct target *tree = tree_new();
	struct selection s = make(tree, "/d/disk.img#2", "/d/bare.img");

	(void)state;
	assert_int_equal(s.refused_named, 2);
	assert_int_equal(selection_status(&s, STATUS_DONE), STATUS_REFUSED);
	free(s.targets);
	target_free(tree);
}

static void a_partition_named_besides_its_disk_counts_as_named(void **state)
{
	struct target *tree = tree_new();
	struct selection s = make(tree, "/d/disk.img", "/d/disk.img#2");

	(void)state;
	assert_int_equal(s.refused_named, 1);
	free(s.targets);
	target_free(tree);
}

static void nothing_left_of_a_named_disk_is_a_refusal(void **state)
{
	struct target *tree = tree_new();
	struct selection s;

	(void)state;
	tree->children->verdict.why = WHY_JOURNAL;
	tree->next->verdict.why = WHY_DIRTY;
	s = make(tree, "/d/disk.img", NULL);
	assert_int_equal(s.n, 0);
	assert_int_equal(selection_status(&s, STATUS_NOTHING), STATUS_REFUSED);
	free(s.targets);
	target_free(tree);
}

static void that_others_were_done_does_not_hide_it(void **state)
{
	struct target *tree = tree_new();
	struct selection s;

	(void)state;
	tree->children->verdict.why = WHY_JOURNAL;
	s = make(tree, "/d/disk.img", "/d/bare.img");
	assert_int_equal(s.n, 1);
	assert_int_equal(selection_status(&s, STATUS_DONE), STATUS_REFUSED);
	free(s.targets);
	target_free(tree);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct target *tree = tree_new();
	struct selection s;

	(void)state;
	tree->children->verdict.why = WHY_READ;
	s = make(tree, "/d/disk.img", NULL);
	assert_int_equal(s.failed, 1);
	assert_int_equal(selection_status(&s, STATUS_DONE), STATUS_ERROR);
	free(s.targets);
	target_free(tree);
}

static void less_read_than_asked_for_is_told(void **state)
{
	struct target *tree = tree_new();
	struct selection s = make(tree, "/d/disk.img", "/d/bare.img");

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(selection_unread(&s, false), 2);
	s.targets[0]->estimate = (struct estimate){ .known = true };
	s.targets[1]->estimate = (struct estimate){ .known = true, .exact = true };
	assert_int_equal(selection_unread(&s, false), 0);
	assert_int_equal(selection_unread(&s, true), 1);
	free(s.targets);
	target_free(tree);
}

static void a_device_that_hangs_is_an_error(void **state)
{
	struct target *tree = tree_new();
	struct selection s;

	(void)state;
	tree->next->state = TARGET_STUCK;
	s = make(tree, "/d/bare.img", NULL);
	assert_int_equal(s.failed, 1);
	free(s.targets);
	target_free(tree);
}

static void an_error_outweighs_a_refusal_and_that_outweighs_nothing_to_do(void **state)
{
	static const struct {
		struct selection s;
		int job;
		int status;
	} rows[] = {
		{ { .n = 1 }, STATUS_DONE, STATUS_DONE },
		{ { .n = 1 }, STATUS_NOTHING, STATUS_NOTHING },
		{ { .n = 1 }, STATUS_REFUSED, STATUS_REFUSED },
		{ { .n = 1 }, STATUS_ERROR, STATUS_ERROR },
		{ { .n = 1, .refused = 1, .refused_named = 1 }, STATUS_NOTHING, STATUS_REFUSED },
		{ { .n = 1, .refused = 1, .refused_named = 1 }, STATUS_ERROR, STATUS_ERROR },
		{ { .n = 1, .refused = 1, .failed = 1 }, STATUS_REFUSED, STATUS_ERROR },
		{ { .n = 1, .refused = 3 }, STATUS_DONE, STATUS_DONE },
		{ { .n = 0 }, STATUS_NOTHING, STATUS_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(selection_status(&rows[i].s, rows[i].job), rows[i].status);
}

static void answers_are_whole_words(void **state)
{
	(void)state;
	assert_true(ask_matches("yes", "yes|y", "sí|si|s"));
	assert_true(ask_matches("Y", "yes|y", "sí|si|s"));
	assert_true(ask_matches("si", "yes|y", "sí|si|s"));
	assert_false(ask_matches("stop", "yes|y", "sí|si|s"));
	assert_false(ask_matches("", "yes|y", "sí|si|s"));
	assert_false(ask_matches("yes|y", "yes|y", "sí|si|s"));
	assert_false(ask_matches("no", "yes|y", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_named_disk_gives_all_that_can_be_done_below_it),
		cmocka_unit_test(a_named_partition_that_cannot_be_done_is_a_refusal),
		cmocka_unit_test(a_partition_named_besides_its_disk_counts_as_named),
		cmocka_unit_test(nothing_left_of_a_named_disk_is_a_refusal),
		cmocka_unit_test(that_others_were_done_does_not_hide_it),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(less_read_than_asked_for_is_told),
		cmocka_unit_test(a_device_that_hangs_is_an_error),
		cmocka_unit_test(an_error_outweighs_a_refusal_and_that_outweighs_nothing_to_do),
		cmocka_unit_test(answers_are_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
