/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Reasons and remedies: every code says something, nothing hostile gets through. */

#include "tests/lib/test.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "achica/say.h"

static char buf[2048];

static struct error err_of(enum why why, const char *what)
{
	struct error err;

	error_clear(&err);
	error_set(&err, why, 0, what);
	return err;
}

static void every_code_has_a_reason_with_and_without_facts(void **state)
{
	(void)state;
	for (enum why why = WHY_NONE; why < WHY_COUNT; why++) {
		struct error bare = { .why = why, .at = ERROR_NOWHERE };
		struct error full = { .why = why, .at = 4096, .what = "zzz" };

		assert_true(strlen(say_reason(&bare, buf, sizeof(buf))) > 5);
		assert_null(strpbrk(buf, "{}"));
		assert_true(strlen(say_reason(&full, buf, sizeof(buf))) > 5);
		assert_null(strpbrk(buf, "{}"));
	}
}

static void every_code_has_a_short_state(void **state)
{
	(void)state;
	for (enum why why = WHY_NONE; why < WHY_COUNT; why++) {
		struct error err = { .why = why, .at = ERROR_NOWHERE };
		size_t cells = say_cells(say_short(&err, buf, sizeof(buf)));

		assert_in_range(cells, 2, 20);
	}
}

/* What cannot be mended by anything said in a line. */
static bool has_no_remedy(enum why why)
{
	switch (why) {
	case WHY_NONE:
	case WHY_SYSTEM:
	case WHY_MEMORY:
	case WHY_TOOL_FAILED:
	case WHY_OPEN:
	case WHY_CANCELED:
		return true;
	default:
		return false;
	}
}

static void every_refusal_has_a_remedy_or_deliberately_none(void **state)
{
	char *mounts[] = { (char *)"/mnt", NULL };
	struct target t = { .kind = TARGET_PART, .name = (char *)"sda1",
			    .path = (char *)"/dev/sda1", .fstype = (char *)"ext4",
			    .mountpoints = mounts };

	(void)state;
	for (enum why why = WHY_NONE; why < WHY_COUNT; why++) {
		struct error err = err_of(why, "zzz");

		say_remedy(&err, &t, buf, sizeof(buf));
		if ((buf[0] == '\0') != has_no_remedy(why))
			print_error("%s: \"%s\"\n", why_name(why), buf);
		assert_int_equal(buf[0] == '\0', has_no_remedy(why));
		assert_null(strpbrk(buf, "{}"));
		say_remedy(&err, NULL, buf, sizeof(buf));
		assert_null(strpbrk(buf, "{}"));
	}
}

static void a_remedy_is_a_command_for_this_target(void **state)
{
	struct target t = { .kind = TARGET_PART, .path = (char *)"/dev/sda 1",
			    .fstype = (char *)"ext4" };
	struct error err = err_of(WHY_JOURNAL, "ext4");

	(void)state;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)), "e2fsck -f '/dev/sda 1'");
	t.base = 1048576;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "e2fsck -f '/dev/sda 1?offset=1048576'");
	err = err_of(WHY_MOUNTED, "/mnt/a'b");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)), "umount '/mnt/a'\\''b'");
}

/* Of half a volume ntfsfix writes flags and empties the log. */
static void half_a_filesystem_is_not_repaired(void **state)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "ntfs", "vfat", "swap" };
	struct target t = { .kind = TARGET_IMAGE, .path = (char *)"/a.img" };
	struct error err = err_of(WHY_OUTSIDE, "ntfs");

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		t.fstype = (char *)types[i];
		say_remedy(&err, &t, buf, sizeof(buf));
		assert_non_null(strstr(buf, "do not repair it"));
		assert_null(strstr(buf, "/a.img"));
	}
}

static void a_damaged_table_is_not_called_a_filesystem(void **state)
{
	struct target disk = { .kind = TARGET_DISK, .path = (char *)"/dev/sda" };
	struct target part = { .kind = TARGET_PART, .path = (char *)"/dev/sda1", .parent = &disk };
	struct error err = err_of(WHY_CORRUPT, "partition table");

	(void)state;
	assert_null(strstr(say_reason(&err, buf, sizeof(buf)), "filesystem"));
	assert_string_equal(say_remedy(&err, &part, buf, sizeof(buf)), "sfdisk --verify /dev/sda");
	err = err_of(WHY_CORRUPT, "LVM metadata (segments)");
	assert_null(strstr(say_reason(&err, buf, sizeof(buf)), "filesystem"));
	assert_non_null(strstr(say_remedy(&err, &part, buf, sizeof(buf)), "vgck"));
	err = err_of(WHY_CORRUPT, "superblock");
	assert_non_null(strstr(say_reason(&err, buf, sizeof(buf)), "the filesystem"));
}

static void a_full_host_is_not_called_a_failing_disk(void **state)
{
	struct target t = { .kind = TARGET_IMAGE, .path = (char *)"/a.img" };
	struct error err = err_of(WHY_WRITE, "/a.img");

	(void)state;
	err.errnum = EIO;
	assert_non_null(strstr(say_remedy(&err, &t, buf, sizeof(buf)), "failing"));
	err.errnum = ENOSPC;
	assert_non_null(strstr(say_remedy(&err, &t, buf, sizeof(buf)), "free some room"));
	err.errnum = EDQUOT;
	assert_non_null(strstr(say_remedy(&err, &t, buf, sizeof(buf)), "free some room"));
}

static void what_is_encrypted_is_trimmed_through_a_device_of_its_own(void **state)
{
	struct target t = { .kind = TARGET_PART, .path = (char *)"/a b.img" };
	struct error err = err_of(WHY_CONTAINER, "crypto_LUKS");

	(void)state;
	say_remedy(&err, &t, buf, sizeof(buf));
	assert_non_null(strstr(buf, "cryptsetup open --allow-discards '/a b.img' NAME"));
	t.base = 512;
	t.size = 1024;
	say_remedy(&err, &t, buf, sizeof(buf));
	assert_non_null(strstr(buf, "open --allow-discards \"$(losetup --find --show --offset 512 "
				    "--sizelimit 1024 '/a b.img')\" NAME"));
}

static void a_volume_is_mended_in_its_place(void **state)
{
	struct extent pv = { 1048576, 67108864 };
	struct stretch segments[2] = {
		{ { 2097152, 1048576 }, 1, 0 }, { { 9437184, 1048576 }, 1, 0 },
	};
	struct target t = { .kind = TARGET_LV, .name = (char *)"/a b#vg0/home",
			    .path = (char *)"/a b", .fstype = (char *)"ext4", .base = 2097152,
			    .size = 1048576, .pvs = &pv, .n_pvs = 1 };
	struct error err = err_of(WHY_JOURNAL, "ext4");

	(void)state;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "e2fsck -f '/a b?offset=2097152'");
	t.segments = segments;
	t.n_segments = 2;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "vgchange -ay vg0 && e2fsck -f /dev/vg0/home; vgchange -an vg0");
	err = err_of(WHY_READ_ONLY, "vg0/home");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "lvchange --permission rw vg0/home");
	err = err_of(WHY_VG_STATE, "exported");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)), "vgimport -a");
	err = err_of(WHY_VG_STATE, "pvmove");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "let the move end, or undo it: pvmove, pvmove --abort");
	err = err_of(WHY_VG_STATE, "missing");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "let LVM take back what it misses: vgextend --restoremissing");
}

static void what_is_a_disk_itself_is_given_to_achica_as_one(void **state)
{
	char buf[512];
	struct extent pv = { 1048576, 67108864 };
	struct stretch segments[2] = {
		{ { 2097152, 1048576 }, 1, 0 }, { { 9437184, 1048576 }, 1, 0 },
	};
	struct target part = { .kind = TARGET_PART, .name = (char *)"/dev/sda1",
			       .path = (char *)"/dev/sda1", .size = 4096 };
	struct target lv = { .kind = TARGET_LV, .name = (char *)"/a.img#vg0/vm",
			     .path = (char *)"/a.img", .base = 2097152, .size = 2097152,
			     .pvs = &pv, .n_pvs = 1, .segments = segments, .n_segments = 2 };
	struct error err = err_of(WHY_INNER_DISK, "gpt");

	(void)state;
	assert_string_equal(say_reason(&err, buf, sizeof(buf)),
			    "it is a disk itself, of a virtual machine perhaps: GPT");
	assert_string_equal(say_remedy(&err, &part, buf, sizeof(buf)),
			    "d=$(losetup --find --show --offset 0 --sizelimit 4096 /dev/sda1) && "
			    "achica \"$d\"; losetup -d \"$d\"");
	assert_string_equal(say_remedy(&err, &lv, buf, sizeof(buf)),
			    "vgchange -ay vg0 && achica /dev/vg0/vm; vgchange -an vg0");
}

static void a_loop_device_is_unmounted_before_it_is_detached(void **state)
{
	char *mounts[] = { (char *)"/mnt", NULL };
	struct target t = { .kind = TARGET_IMAGE, .path = (char *)"/a.img" };
	struct error err = err_of(WHY_LOOP, "/dev/loop0");

	(void)state;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)), "losetup -d /dev/loop0");
	t.mountpoints = mounts;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)), "umount /mnt");
}

static void consent_is_given_by_an_option_and_a_name(void **state)
{
	struct target t = { .kind = TARGET_PART, .name = (char *)"/a b.img#2" };
	struct error err = err_of(WHY_OPT_IN, "--swap");

	(void)state;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "achica --zero --swap '/a b.img#2'");
	err = err_of(WHY_REMAINS, "ext4");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "achica --zero --gaps '/a b.img#2'");
}

static void other_filesystems_inside_an_image_get_a_loop_device(void **state)
{
	struct target t = { .kind = TARGET_PART, .path = (char *)"/a.img", .base = 512,
			    .size = 1024, .fstype = (char *)"ntfs" };
	struct error err = err_of(WHY_DIRTY, "ntfs");

	(void)state;
	say_remedy(&err, &t, buf, sizeof(buf));
	assert_non_null(strstr(buf, "losetup --find --show --offset 512 --sizelimit 1024 /a.img"));
	assert_non_null(strstr(buf, "ntfsfix -d \"$d\"; losetup -d \"$d\""));
}

static void what_a_repair_cannot_replay_is_mounted_once(void **state)
{
	struct target t = { .kind = TARGET_PART, .path = (char *)"/dev/sda1",
			    .fstype = (char *)"f2fs" };
	struct error err = err_of(WHY_JOURNAL, "f2fs");

	(void)state;
	assert_non_null(strstr(say_remedy(&err, &t, buf, sizeof(buf)), "mount it once"));
	err = err_of(WHY_UNCLEAN, "f2fs");
	assert_non_null(strstr(say_remedy(&err, &t, buf, sizeof(buf)), "mount it, let it"));
	/* fsck.f2fs leaves them to the kernel. */
	err = err_of(WHY_ORPHANS, "f2fs");
	assert_non_null(strstr(say_remedy(&err, &t, buf, sizeof(buf)), "mount it, let it"));
	err = err_of(WHY_ERRORS, "f2fs");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)), "fsck.f2fs -f /dev/sda1");
	t.fstype = (char *)"hfsplus";
	err = err_of(WHY_JOURNAL, "hfsplus");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "run First Aid in macOS, or: fsck.hfsplus -f /dev/sda1");
}

static void a_damaged_copy_is_mended_from_the_sound_one(void **state)
{
	struct target t = { .kind = TARGET_PART, .path = (char *)"/dev/sda1",
			    .fstype = (char *)"btrfs" };
	struct error err = err_of(WHY_MIRROR, "checksum of a tree block");

	(void)state;
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "mount /dev/sda1 /mnt && btrfs scrub start -B /mnt; umount /mnt");
	err = err_of(WHY_CORRUPT, "checksum of a tree block");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)), "btrfs check /dev/sda1");
	err = err_of(WHY_MIRROR, "superblock checksum");
	assert_string_equal(say_remedy(&err, &t, buf, sizeof(buf)),
			    "btrfs rescue super-recover /dev/sda1");
	t = (struct target){ .kind = TARGET_PART, .path = (char *)"/a.img", .base = 512,
			     .size = 1024, .fstype = (char *)"btrfs" };
	err = err_of(WHY_MIRROR, "checksum of a tree block");
	say_remedy(&err, &t, buf, sizeof(buf));
	assert_non_null(strstr(buf, " && mount \"$d\" /mnt && btrfs scrub start -B /mnt; "
				    "umount /mnt; losetup -d \"$d\""));
}

static void the_system_is_quoted_and_so_is_who_is_in_the_way(void **state)
{
	struct error err;

	(void)state;
	error_clear(&err);
	error_set(&err, WHY_OPEN, EACCES, "/x.img");
	assert_string_equal(say_reason(&err, buf, sizeof(buf)),
			    "/x.img cannot be opened: Permission denied");
	assert_string_equal(say_remedy(&err, NULL, buf, sizeof(buf)),
			    geteuid() == 0 ? "" : "run achica as root");
	err = err_of(WHY_LOCKED_QEMU, "/x.img");
	error_set_who(&err, 4711, "qemu");
	assert_string_equal(say_reason(&err, buf, sizeof(buf)),
			    "a virtual machine is using it (qemu, process 4711)");
	error_set_who(&err, 4711, NULL);
	assert_string_equal(say_reason(&err, buf, sizeof(buf)),
			    "a virtual machine is using it (process 4711)");
}

static void hostile_names_are_shown_harmless(void **state)
{
	struct error err = err_of(WHY_NOT_FOUND, "\033[2J\n{at}");

	(void)state;
	assert_string_equal(say_reason(&err, buf, sizeof(buf)),
			    "there is no target \\x1b[2J\\x0a{at}");
	error_set_who(&err, 1, "\xff");
	assert_non_null(strstr(say_reason(&err, buf, sizeof(buf)), "(\\xff, process 1)"));
}

static void a_byte_is_told_where_it_is_known(void **state)
{
	struct error err;

	(void)state;
	error_clear(&err);
	error_set_at(&err, WHY_READ, EIO, 81604378624, "/dev/sda");
	assert_string_equal(say_reason(&err, buf, sizeof(buf)),
			    "reading /dev/sda failed at byte 81604378624: Input/output error");
	err.at = ERROR_NOWHERE;
	assert_string_equal(say_reason(&err, buf, sizeof(buf)),
			    "reading failed: Input/output error");
}

static void a_small_buffer_is_cut_not_overrun(void **state)
{
	struct error err = err_of(WHY_BUSY, "/a/very/long/name");
	char small[12] = "###########";

	(void)state;
	say_reason(&err, small, 8);
	assert_int_equal(strlen(small), 7);
	assert_string_equal(small + 8, "###");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_reason_with_and_without_facts),
		cmocka_unit_test(every_code_has_a_short_state),
		cmocka_unit_test(every_refusal_has_a_remedy_or_deliberately_none),
		cmocka_unit_test(a_remedy_is_a_command_for_this_target),
		cmocka_unit_test(half_a_filesystem_is_not_repaired),
		cmocka_unit_test(a_damaged_table_is_not_called_a_filesystem),
		cmocka_unit_test(a_full_host_is_not_called_a_failing_disk),
		cmocka_unit_test(what_is_encrypted_is_trimmed_through_a_device_of_its_own),
		cmocka_unit_test(a_volume_is_mended_in_its_place),
		cmocka_unit_test(what_is_a_disk_itself_is_given_to_achica_as_one),
		cmocka_unit_test(a_loop_device_is_unmounted_before_it_is_detached),
		cmocka_unit_test(consent_is_given_by_an_option_and_a_name),
		cmocka_unit_test(other_filesystems_inside_an_image_get_a_loop_device),
		cmocka_unit_test(what_a_repair_cannot_replay_is_mounted_once),
		cmocka_unit_test(a_damaged_copy_is_mended_from_the_sound_one),
		cmocka_unit_test(the_system_is_quoted_and_so_is_who_is_in_the_way),
		cmocka_unit_test(hostile_names_are_shown_harmless),
		cmocka_unit_test(a_byte_is_told_where_it_is_known),
		cmocka_unit_test(a_small_buffer_is_cut_not_overrun),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
