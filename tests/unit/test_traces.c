/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Traces of filesystems in a gap, where libblkid (which sees an empty file here) finds none. */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "achica/units.h"
#include "disk/traces.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

#define SIZE (40 * GIB)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Begins within a MiB, as a partition behind an odd one would. */
static const struct extent gap = { 100 * MIB + 512, 39 * GIB };

/* Closes disk. */
static void expect(struct io *disk, const char *type)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct signature found;
	struct error err;

	error_clear(&err);
	assert_int_equal(ftruncate(fd, (off_t)SIZE), 0);
	assert_int_equal(traces_find(disk, fd, gap, 512, &found, &err), 0);
	assert_string_equal(found.type, type);
	close(fd);
	io_close(disk);
}

static struct io *with(uint64_t at, const char *bytes, size_t len)
{
	struct io *disk = io_mem_new(SIZE);

	io_mem_poke(disk, at, bytes, len);
	return disk;
}

static const struct {
	uint64_t at;
	const char *bytes;
	size_t len;
	const char *type;
} magics[] = {
	{ 0, "XFSB", 4, "xfs" },
	{ 3, "NTFS    ", 8, "ntfs" },
	{ 3, "EXFAT   ", 8, "exfat" },
	{ 3, "-FVE-FS-", 8, "BitLocker" },
	{ 82, "FAT32   ", 8, "vfat" },
	{ 32, "NXSB", 4, "apfs" },
	{ 0, "LUKS\xba\xbe", 6, "crypto_LUKS" },
	{ 512, "LABELONE", 8, "LVM2_member" },
	{ 512, "EFI PART", 8, "gpt" },
	{ 1024, "\x10\x20\xf5\xf2", 4, "f2fs" },
	{ 1024, "H+\0\4", 4, "hfsplus" },
	{ 4096, "\xfc\x4e\x2b\xa9", 4, "linux_raid_member" },
	{ 4086, "SWAPSPACE2", 10, "swap" },
	{ 16404, "\0\0\0\7version", 12, "zfs_member" },
	{ 32768, "JFS1", 4, "jfs" },
	{ 65536 + 64, "_BHRfS_M", 8, "btrfs" },
};

static void what_began_at_the_start_or_on_a_mib_is_found(void **state)
{
	static const uint64_t places[] = {
		100 * MIB + 512, 101 * MIB, 227 * MIB, 384 * MIB, 16 * GIB,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(magics); i++) {
		for (size_t j = 0; j < COUNT(places); j++)
			expect(with(places[j] + magics[i].at, magics[i].bytes, magics[i].len),
			       magics[i].type);
	}
}

static void ext_is_found_by_its_superblock_or_a_copy_of_it(void **state)
{
	unsigned char super[100] = { 1, 0, 0, 0, 1 };
	struct io *disk;

	(void)state;
	memcpy(super + 0x38, "\x53\xef", 2);
	expect(with(101 * MIB + 1024, (char *)super, sizeof(super)), "ext4");
	expect(with(384 * MIB, (char *)super, sizeof(super)), "ext4");
	super[0x18] = 9; /* a block size that there is not: two bytes by chance */
	disk = with(101 * MIB + 1024, (char *)super, sizeof(super));
	expect(disk, "");
}

static void what_lies_beside_the_gap_is_not_in_it(void **state)
{
	(void)state;
	expect(with(100 * MIB, "XFSB", 4), "");
	expect(with(extent_end(gap), "XFSB", 4), "");
	expect(with(101 * MIB + 4096, "XFSB", 4), ""); /* nothing begins there */
}

static void holes_are_not_read(void **state)
{
	struct io *disk = io_mem_new(SIZE);
	struct io *fault = io_fault_new(disk, IO_FAULT_READ, 0, EIO);
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct signature found;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)SIZE), 0);
	assert_int_equal(traces_find(fault, fd, gap, 512, &found, NULL), 0);
	assert_int_equal(io_fault_calls(fault), 0);
	io_close(fault);
	close(fd);
	io_close(disk);
}

static void what_cannot_be_read_is_told(void **state)
{
	struct io *disk = with(101 * MIB, "nothing", 7);
	struct io *fault = io_fault_new(disk, IO_FAULT_READ, 1, EIO);
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct signature found;
	struct error err;
	bool zero;

	(void)state;
	error_clear(&err);
	assert_int_equal(ftruncate(fd, (off_t)SIZE), 0);
	assert_int_equal(traces_find(fault, fd, gap, 512, &found, &err), -EIO);
	assert_int_equal(err.why, WHY_READ);
	io_close(fault);
	fault = io_fault_new(disk, IO_FAULT_READ, 1, EIO);
	assert_int_equal(traces_all_zero(fault, gap, &zero), -EIO);
	io_close(fault);
	close(fd);
	io_close(disk);
}

static void zeros_are_told_from_data_within_a_bound(void **state)
{
	struct io *disk = io_mem_new(SIZE);
	bool zero;

	(void)state;
	assert_int_equal(traces_all_zero(disk, gap, &zero), 0);
	assert_true(zero);
	io_mem_fill(disk, (struct extent){ 200 * MIB, 3 * MIB }, 0);
	assert_int_equal(traces_all_zero(disk, gap, &zero), 0);
	assert_true(zero);
	io_mem_poke(disk, 50 * MIB, "before it", 9);
	assert_int_equal(traces_all_zero(disk, gap, &zero), 0);
	assert_true(zero);
	io_mem_poke(disk, 30 * GIB, "x", 1);
	assert_int_equal(traces_all_zero(disk, gap, &zero), 0);
	assert_false(zero);
	io_close(disk);
	disk = io_mem_new(SIZE);
	io_mem_fill(disk, (struct extent){ 200 * MIB, 66 * MIB }, 0); /* too much to look at */
	assert_int_equal(traces_all_zero(disk, gap, &zero), 0);
	assert_false(zero);
	io_close(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_began_at_the_start_or_on_a_mib_is_found),
		cmocka_unit_test(ext_is_found_by_its_superblock_or_a_copy_of_it),
		cmocka_unit_test(what_lies_beside_the_gap_is_not_in_it),
		cmocka_unit_test(holes_are_not_read),
		cmocka_unit_test(what_cannot_be_read_is_told),
		cmocka_unit_test(zeros_are_told_from_data_within_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
