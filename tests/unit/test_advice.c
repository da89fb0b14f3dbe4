/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The commands that are advised, as lines for a shell; tests/e2e/advice.sh runs such lines. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "achica/advice.h"
#include "tests/lib/test.h"

static struct target *make(enum target_kind kind, const char *path)
{
	struct target *t = target_new(kind);

	t->state = TARGET_READY;
	t->name = strdup(path);
	t->path = strdup(path);
	if (kind == TARGET_IMAGE)
		t->format = strdup("raw");
	return t;
}

static void mount_at(struct target *t, const char *a, const char *b)
{
	t->mountpoints = calloc(3, sizeof(*t->mountpoints));
	t->mountpoints[0] = strdup(a);
	t->mountpoints[1] = b ? strdup(b) : NULL;
}

/* All commands for t, a line each; t is freed. */
static char *lines(struct target *t, const struct advice_options *options)
{
	const struct target *top = target_top(t);
	struct command *list = NULL;
	char *all = strdup("");
	struct error err;

	error_clear(&err);
	assert_int_equal(advice_for(t, options, &list, &err), 0);
	for (const struct command *c = list; c; c = c->next) {
		char *line = command_line(c);
		char *longer;

		assert_true(asprintf(&longer, "%s%s\n", all, line) > 0);
		free(all);
		free(line);
		all = longer;
	}
	command_free(list);
	target_free((struct target *)top);
	return all;
}

static void expect(struct target *t, const struct advice_options *options, const char *want)
{
	char *got = lines(t, options);

	assert_string_equal(got, want);
	free(got);
}

static void quotes_only_what_needs_it(void **state)
{
	static const char *const cases[][2] = {
		{ "/srv/a.img", "/srv/a.img" }, { "", "''" }, { "a b", "'a b'" },
		{ "a'b", "'a'\\''b'" }, { "'", "''\\'''" }, { "a\nb", "'a\nb'" },
		{ "\xff", "'\xff'" }, { "$HOME", "'$HOME'" }, { "~", "'~'" }, { "a;b", "'a;b'" },
		{ "-x", "-x" }, { "a,b:c", "a,b:c" }, { "*", "'*'" }, { "#1", "'#1'" },
		{ "!", "'!'" }, { "a\\b", "'a\\b'" }, { "\"", "'\"'" }, { "ñ", "'ñ'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *quoted = shell_quote(cases[i][0]);

		assert_string_equal(quoted, cases[i][1]);
		free(quoted);
	}
}

static void an_image_is_copied_beside_itself(void **state)
{
	(void)state;
	expect(make(TARGET_IMAGE, "/nosuch/web 1.img"), NULL,
	       "qemu-img convert -p -f raw -O qcow2 '/nosuch/web 1.img' '/nosuch/web 1.qcow2'\n"
	       "qemu-img compare -f raw -F qcow2 '/nosuch/web 1.img' '/nosuch/web 1.qcow2'\n");
}

static void the_extension_is_replaced_if_it_is_one(void **state)
{
	static const char *const cases[][2] = {
		{ "a.raw", "a.qcow2" }, { "a", "a.qcow2" }, { ".img", ".img.qcow2" },
		{ "a.2024", "a.2024.qcow2" }, { "a.tar.img", "a.tar.qcow2" },
		{ "a.backup-of", "a.backup-of.qcow2" }, { "a.", "a..qcow2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[64], end[64], *got;

		snprintf(path, sizeof(path), "/nosuch/%s", cases[i][0]);
		snprintf(end, sizeof(end), " /nosuch/%s\n", cases[i][1]);
		got = lines(make(TARGET_IMAGE, path), NULL);
		assert_non_null(strstr(got, end));
		free(got);
	}
}

static void no_copy_is_written_over_a_file(void **state)
{
	char dir[] = "/tmp/achica-advice-XXXXXX";
	char path[PATH_MAX], want[3 * PATH_MAX];
	const char *const taken[] = { "a.qcow2", "a-1.qcow2" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, taken[i]);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	snprintf(path, sizeof(path), "%s/a.qcow2", dir);
	snprintf(want, sizeof(want),
		 "qemu-img convert -p -f raw -O qcow2 %s %s/a-2.qcow2\n"
		 "qemu-img compare -f raw -F qcow2 %s %s/a-2.qcow2\n", path, dir, path, dir);
	/* A raw image that is named .qcow2 is its own first candidate. */
	expect(make(TARGET_IMAGE, path), NULL, want);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, taken[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void a_partition_leads_to_its_disk_unmounted(void **state)
{
	struct target *disk = make(TARGET_DISK, "/dev/sdx");
	struct target *part = make(TARGET_PART, "/dev/sdx1");
	struct target *home = make(TARGET_PART, "/dev/sdx2");
	struct target *swap = make(TARGET_PART, "/dev/sdx3");
	const struct advice_options o = { .out = "/b/c.qcow2", .format = FORECAST_ZLIB };

	(void)state;
	target_append(NULL, disk, part);
	target_append(NULL, disk, home);
	target_append(NULL, disk, swap);
	mount_at(part, "/mnt", NULL);
	mount_at(home, "/mnt/home", "/a b");
	swap->verdict.why = WHY_SWAP_ACTIVE;
	expect(part, &o,
	       "umount /mnt/home\numount /mnt\numount '/a b'\nswapoff /dev/sdx3\n"
	       "qemu-img convert -p -f raw -O qcow2 -c /dev/sdx /b/c.qcow2\n"
	       "qemu-img compare -f raw -F qcow2 /dev/sdx /b/c.qcow2\n");
}

static void options_of_a_format_are_arguments(void **state)
{
	struct target *image = make(TARGET_IMAGE, "/a/b.img");
	struct advice_options o = { .out = "/b/c.qcow2", .format = FORECAST_ZSTD };
	struct command *list = NULL;
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(advice_for(image, &o, &list, &err), 0);
	assert_string_equal(list->argv[7], "-c");
	assert_string_equal(list->argv[8], "-o");
	assert_string_equal(list->argv[9], "compression_type=zstd");
	assert_string_equal(list->argv[10], "/a/b.img");
	assert_string_equal(list->argv[11], "/b/c.qcow2");
	assert_null(list->argv[12]);
	command_free(list);
	target_free(image);
}

static void what_a_program_served_is_waited_for(void **state)
{
	struct target *image = make(TARGET_IMAGE, "/a/it's.img");
	const struct advice_options o = { .out = "/b/c.qcow2" };

	(void)state;
	mount_at(image, "/mnt", "/mnt2");
	image->served = strdup(image->path);
	expect(image, &o,
	       "umount /mnt2\numount /mnt\n"
	       "sh -c 'until ( for f in /proc/[0-9]*/fd/*; do if [ \"$f\" -ef \"$1\" ]; "
	       "then exit 1; fi; done ); do sleep 1; done' sh '/a/it'\\''s.img'\n"
	       "qemu-img convert -p -f raw -O qcow2 '/a/it'\\''s.img' /b/c.qcow2\n"
	       "qemu-img compare -f raw -F qcow2 '/a/it'\\''s.img' /b/c.qcow2\n");
}

static void only_its_own_disk_is_unmounted(void **state)
{
	struct target *tree = make(TARGET_DISK, "/dev/sdx");
	struct target *other = make(TARGET_DISK, "/dev/sdy");
	struct target *part = make(TARGET_PART, "/dev/sdx1");
	const struct advice_options o = { .out = "/b/c.qcow2" };

	(void)state;
	target_append(NULL, tree, part);
	target_append(&tree, NULL, other);
	mount_at(other, "/other", NULL);
	expect(part, &o,
	       "qemu-img convert -p -f raw -O qcow2 /dev/sdx /b/c.qcow2\n"
	       "qemu-img compare -f raw -F qcow2 /dev/sdx /b/c.qcow2\n");
}

static void a_device_is_copied_to_the_folder_one_is_in(void **state)
{
	char *here = getcwd(NULL, 0);
	char *quoted, want[3 * PATH_MAX], path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s/vg-home.1.qcow2", here);
	quoted = shell_quote(path);
	snprintf(want, sizeof(want),
		 "qemu-img convert -p -f raw -O qcow2 /dev/mapper/vg-home.1 %s\n"
		 "qemu-img compare -f raw -F qcow2 /dev/mapper/vg-home.1 %s\n", quoted, quoted);
	expect(make(TARGET_DISK, "/dev/mapper/vg-home.1"), NULL, want);
	free(quoted);
	free(here);
}

static void a_loop_device_leads_to_its_file_detached(void **state)
{
	struct target *loop = make(TARGET_DISK, "/dev/loop4095");
	const struct advice_options o = { .out = "/b/c.qcow2" };
	struct target *image = make(TARGET_IMAGE, "/nosuch/a.img");

	(void)state;
	loop->backing = strdup("/dev/null");
	mount_at(loop, "/mnt", NULL);
	expect(loop, &o,
	       "umount /mnt\nlosetup -d /dev/loop4095\n"
	       "qemu-img convert -p -f raw -O qcow2 /dev/null /b/c.qcow2\n"
	       "qemu-img compare -f raw -F qcow2 /dev/null /b/c.qcow2\n");
	mount_at(image, "/mnt", NULL);
	image->mount_source = strdup("/dev/loop4095p2");
	expect(image, &o,
	       "umount /mnt\nlosetup -d /dev/loop4095\n"
	       "qemu-img convert -p -f raw -O qcow2 /nosuch/a.img /b/c.qcow2\n"
	       "qemu-img compare -f raw -F qcow2 /nosuch/a.img /b/c.qcow2\n");
}

static void a_loop_device_over_a_lost_file_is_copied_itself(void **state)
{
	struct target *loop = make(TARGET_DISK, "/dev/loop4095");
	const struct advice_options o = { .out = "/b/c.qcow2" };

	(void)state;
	loop->backing = strdup("/nosuch/a.img");
	expect(loop, &o,
	       "qemu-img convert -p -f raw -O qcow2 /dev/loop4095 /b/c.qcow2\n"
	       "qemu-img compare -f raw -F qcow2 /dev/loop4095 /b/c.qcow2\n");
}

static void refuse(struct target *t, enum why why)
{
	struct command *list = NULL;
	struct error err;

	error_clear(&err);
	assert_true(advice_for(t, NULL, &list, &err) < 0);
	assert_int_equal(err.why, why);
	assert_null(list);
	target_free(t);
}

static void other_formats_and_the_running_system_are_refused(void **state)
{
	struct target *image = make(TARGET_IMAGE, "/nosuch/a.img");
	struct target *disk = make(TARGET_DISK, "/dev/sdx");

	(void)state;
	free(image->format);
	image->format = strdup("vmdk");
	refuse(image, WHY_FORMAT);
	disk->system = true;
	refuse(disk, WHY_SYSTEM_DISK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_only_what_needs_it),
		cmocka_unit_test(an_image_is_copied_beside_itself),
		cmocka_unit_test(the_extension_is_replaced_if_it_is_one),
		cmocka_unit_test(no_copy_is_written_over_a_file),
		cmocka_unit_test(a_partition_leads_to_its_disk_unmounted),
		cmocka_unit_test(options_of_a_format_are_arguments),
		cmocka_unit_test(what_a_program_served_is_waited_for),
		cmocka_unit_test(only_its_own_disk_is_unmounted),
		cmocka_unit_test(a_device_is_copied_to_the_folder_one_is_in),
		cmocka_unit_test(a_loop_device_leads_to_its_file_detached),
		cmocka_unit_test(a_loop_device_over_a_lost_file_is_copied_itself),
		cmocka_unit_test(other_formats_and_the_running_system_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
