/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Image formats by their magic numbers. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "disk/image.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

static void expect(struct io *io, const char *wanted, uint64_t wanted_size)
{
	const char *format = NULL;
	uint64_t size = 0;

	assert_int_equal(image_format(io, &format, &size), 0);
	assert_string_equal(format, wanted);
	assert_int_equal(size, wanted_size);
	io_close(io);
}

static struct io *with(uint64_t size, uint64_t at, const void *bytes, size_t len)
{
	struct io *io = io_mem_new(size);

	io_mem_poke(io, at, bytes, len);
	return io;
}

static void each_format_is_known_by_its_magic(void **state)
{
	(void)state;
	expect(with(MIB, 0, "QFI\xfb\0\0\0\1", 8), "qcow", 0);
	expect(with(MIB, 0, "QFI\xfb\0\0\0\3", 8), "qcow2", 0);
	expect(with(MIB, 0, "vhdxfile", 8), "vhdx", MIB);
	expect(with(MIB, 0, "COWD", 4), "vmdk", MIB);
	expect(with(MIB, 0, "# Disk DescriptorFile\n", 22), "vmdk", MIB);
	expect(with(MIB, 64, "\x7f\x10\xda\xbe", 4), "vdi", 0);
	expect(with(MIB, 0, "WithoutFreeSpace", 16), "parallels", MIB);
}

static void the_size_inside_is_read_from_the_header(void **state)
{
	struct io *io = with(MIB, 0, "QFI\xfb\0\0\0\3", 8);

	(void)state;
	io_mem_poke(io, 24, "\0\0\0\x05\0\0\0\0", 8);
	expect(io, "qcow2", 20 * GIB);
	io = with(MIB, 0, "KDMV", 4);
	io_mem_poke(io, 12, "\0\0\0\1\0\0\0\0", 8);
	expect(io, "vmdk", 8 * GIB);
}

static void a_footer_makes_it_another_format(void **state)
{
	(void)state;
	expect(with(MIB + 512, MIB, "conectix", 8), "vpc", 0);
	expect(with(MIB + 512, MIB, "koly", 4), "dmg", MIB + 512);
}

static void all_else_is_raw(void **state)
{
	(void)state;
	expect(io_mem_new(MIB), "raw", MIB);
	expect(with(3, 0, "QFI", 3), "raw", 3);
	expect(with(1, 0, "x", 1), "raw", 1);
	expect(with(MIB, 512, "QFI\xfb\0\0\0\3", 8), "raw", MIB);
}

static void a_failed_read_says_nothing_of_the_format(void **state)
{
	struct io *io = io_mem_new(MIB);
	const char *format = NULL;
	uint64_t size = 7;

	(void)state;
	for (uint64_t nth = 1; nth <= 2; nth++) {
		struct io *fault = io_fault_new(io, IO_FAULT_READ, nth, EIO);

		assert_int_equal(image_format(fault, &format, &size), -EIO);
		assert_null(format);
		assert_int_equal(size, 7);
		io_close(fault);
	}
	io_close(io);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_is_known_by_its_magic),
		cmocka_unit_test(the_size_inside_is_read_from_the_header),
		cmocka_unit_test(a_footer_makes_it_another_format),
		cmocka_unit_test(all_else_is_raw),
		cmocka_unit_test(a_failed_read_says_nothing_of_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
