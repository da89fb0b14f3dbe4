# SPDX-License-Identifier: GPL-3.0-or-later
# Unit tests: tests/unit/test_<module>.c, cmocka, each assertion function counted.
unit_tests = \
	tests/unit/test_advice \
	tests/unit/test_args \
	tests/unit/test_base \
	tests/unit/test_bitmap \
	tests/unit/test_btrfs_check \
	tests/unit/test_btrfs_tree \
	tests/unit/test_build \
	tests/unit/test_choose \
	tests/unit/test_copies \
	tests/unit/test_disks \
	tests/unit/test_draw \
	tests/unit/test_forecast \
	tests/unit/test_fs_btrfs \
	tests/unit/test_fs_ext \
	tests/unit/test_fs_fat \
	tests/unit/test_fs_f2fs \
	tests/unit/test_fs_hfsplus \
	tests/unit/test_fs_swap \
	tests/unit/test_fs_xfs \
	tests/unit/test_fsck \
	tests/unit/test_gaps \
	tests/unit/test_gate \
	tests/unit/test_hold \
	tests/unit/test_image \
	tests/unit/test_io \
	tests/unit/test_job \
	tests/unit/test_job_fill \
	tests/unit/test_job_groups \
	tests/unit/test_job_intrude \
	tests/unit/test_job_pace \
	tests/unit/test_job_proof \
	tests/unit/test_json \
	tests/unit/test_keys \
	tests/unit/test_lvm \
	tests/unit/test_lvm_text \
	tests/unit/test_map \
	tests/unit/test_media \
	tests/unit/test_names \
	tests/unit/test_qcow2 \
	tests/unit/test_overlay \
	tests/unit/test_run \
	tests/unit/test_say_error \
	tests/unit/test_say_job \
	tests/unit/test_say_size \
	tests/unit/test_select \
	tests/unit/test_stride \
	tests/unit/test_sum \
	tests/unit/test_survey \
	tests/unit/test_table \
	tests/unit/test_traces \
	tests/unit/test_sampler \
	tests/unit/test_tool \
	tests/unit/test_volumes \
	tests/unit/test_window \
	tests/unit/test_write \
	tests/unit/test_xfs_log \
	tests/unit/test_xfs_tree \
	$(NULL)

# These have a world of their own in the place of the layers below app/.
tests_unit_test_hold_SOURCES = tests/unit/test_hold.c tests/lib/world.c tests/lib/world.h
tests_unit_test_job_SOURCES = tests/unit/test_job.c tests/lib/world.c tests/lib/world.h
tests_unit_test_job_fill_SOURCES = \
	tests/unit/test_job_fill.c tests/lib/world.c tests/lib/world.h
tests_unit_test_job_groups_SOURCES = \
	tests/unit/test_job_groups.c tests/lib/world.c tests/lib/world.h
tests_unit_test_job_intrude_SOURCES = \
	tests/unit/test_job_intrude.c tests/lib/world.c tests/lib/world.h
tests_unit_test_job_proof_SOURCES = \
	tests/unit/test_job_proof.c tests/lib/world.c tests/lib/world.h
tests_unit_test_job_pace_SOURCES = \
	tests/unit/test_job_pace.c tests/lib/world.c tests/lib/world.h
tests_unit_test_survey_SOURCES = tests/unit/test_survey.c tests/lib/world.c tests/lib/world.h

# Screens, driven through a terminal in memory (libvterm): tests/ui/test_<screen>.c, cmocka.
screen_tests = \
	tests/ui/test_result \
	tests/ui/test_screens \
	tests/ui/test_steps \
	tests/ui/test_terminal \
	tests/ui/test_wizard \
	$(NULL)

# Helpers of the two above.
tests_lib_libtest_a_SOURCES = \
	tests/lib/btrfs.c \
	tests/lib/btrfs.h \
	tests/lib/engine_disk.c \
	tests/lib/engine_disk.h \
	tests/lib/fs_fake.c \
	tests/lib/fs_fake.h \
	tests/lib/io_fault.c \
	tests/lib/io_fault.h \
	tests/lib/io_mem.c \
	tests/lib/io_mem.h \
	tests/lib/io_trace.c \
	tests/lib/io_trace.h \
	tests/lib/lvm.c \
	tests/lib/lvm.h \
	tests/lib/mkfs.c \
	tests/lib/mkfs.h \
	tests/lib/mktable.c \
	tests/lib/mktable.h \
	tests/lib/test.h \
	tests/lib/xfs.c \
	tests/lib/xfs.h \
	$(NULL)

# What scripts run besides achica.
test_tools = \
	tests/e2e/disktool \
	tests/e2e/enginetool \
	tests/fs/freemap \
	tests/fuzz/replay_fs \
	tests/fuzz/replay_lvm \
	tests/lib/mapcheck \
	$(NULL)
tests_fuzz_replay_lvm_SOURCES = tests/fuzz/fuzz_lvm.c tests/fuzz/replay.c
tests_fuzz_replay_fs_SOURCES = \
	tests/fuzz/btrfs_sum_any.c \
	tests/fuzz/exfat_sum_any.c \
	tests/fuzz/f2fs_sum_any.c \
	tests/fuzz/fuzz_fs.c \
	tests/fuzz/replay.c \
	tests/fuzz/xfs_sum_any.c

# Ratios against the peers: no test, "make bench" prints them.
bench_programs = tests/bench/flight tests/bench/punch tests/bench/zerotest
EXTRA_PROGRAMS = $(bench_programs)
tests_bench_flight_LDADD = libachica.a -lpthread
tests_bench_punch_LDADD =
tests_bench_zerotest_LDADD = libachica.a
bench: achica $(bench_programs) $(bench_tools)
	ACHICA=$(abs_top_builddir)/achica \
		VTDRIVE=$(abs_top_builddir)/tests/lib/vtdrive DOC=$(abs_top_srcdir)/doc \
		top_srcdir=$(abs_top_srcdir) top_builddir=$(abs_top_builddir) \
		PATH=$$PATH:/usr/sbin:/sbin PYTHONDONTWRITEBYTECODE=1 \
		$(PYTHON3) $(top_srcdir)/tests/bench/bench.py

# Drives a program on a terminal in memory: tests/lib/vtdrive.c says how.
vtdrive = tests/lib/vtdrive
tests_lib_vtdrive_SOURCES = tests/lib/vtdrive.c tests/lib/vt.c tests/lib/vt.h

# Surveys and jobs by script, linked before the real ones.
fake_sources = \
	tests/ui/fake.h \
	tests/ui/fake_convert.c \
	tests/ui/fake_job.c \
	tests/ui/fake_survey.c \
	tests/ui/fake_tree.c \
	$(NULL)
drive_sources = tests/ui/drive.c tests/ui/drive.h
wizard = tests/ui/wizard
tests_ui_wizard_SOURCES = tests/ui/wizard.c $(fake_sources)
process_sources = tests/ui/process.c tests/ui/process.h tests/lib/vt.c tests/lib/vt.h
tests_ui_test_terminal_SOURCES = tests/ui/test_terminal.c $(process_sources)
tests_ui_test_wizard_SOURCES = tests/ui/test_wizard.c $(process_sources)
tests_ui_test_result_SOURCES = tests/ui/test_result.c $(drive_sources) $(fake_sources)
tests_ui_test_screens_SOURCES = tests/ui/test_screens.c $(drive_sources) $(fake_sources)
tests_ui_test_steps_SOURCES = tests/ui/test_steps.c $(drive_sources) $(fake_sources)

# The program as a user runs it: shell scripts, 77 = skipped, the reason is the last line.
e2e_tests = \
	tests/e2e/again.sh \
	tests/e2e/big.sh \
	tests/e2e/booted_mounted.sh \
	tests/e2e/cli.sh \
	tests/e2e/convert.sh \
	tests/e2e/discover.sh \
	tests/e2e/advice.sh \
	tests/e2e/forecast.sh \
	tests/e2e/fs_btrfs.sh \
	tests/e2e/fs_btrfs_mounted.sh \
	tests/e2e/fs_btrfs_refused.sh \
	tests/e2e/fs_ext.sh \
	tests/e2e/fs_ext_refused.sh \
	tests/e2e/fs_fat.sh \
	tests/e2e/fs_f2fs.sh \
	tests/e2e/fs_f2fs_refused.sh \
	tests/e2e/engine_mounted.sh \
	tests/e2e/ext_disk.sh \
	tests/e2e/fs_fuzz.sh \
	tests/e2e/fs_hfsplus.sh \
	tests/e2e/fs_kernel.sh \
	tests/e2e/fs_mounted.sh \
	tests/e2e/fs_swap.sh \
	tests/e2e/fs_xfs.sh \
	tests/e2e/fs_xfs_mounted.sh \
	tests/e2e/fs_xfs_refused.sh \
	tests/e2e/gaps.sh \
	tests/e2e/guest.sh \
	tests/e2e/intrude.sh \
	tests/e2e/lock.sh \
	tests/e2e/lvm.sh \
	tests/e2e/lvm_booted.sh \
	tests/e2e/lvm_refused.sh \
	tests/e2e/mounted.sh \
	tests/e2e/overlay.sh \
	tests/e2e/parallel.sh \
	tests/e2e/plain.sh \
	tests/e2e/recognised.sh \
	tests/e2e/verify.sh \
	tests/e2e/version.sh \
	tests/e2e/xfs_disk.sh \
	$(NULL)

if WITH_NTFS
unit_tests += tests/unit/test_fs_ntfs
e2e_tests += \
	tests/e2e/article.sh \
	tests/e2e/fs_huge.sh \
	tests/e2e/fs_ntfs.sh \
	tests/e2e/fs_ntfs_refused.sh \
	tests/e2e/guest_dos.sh \
	tests/e2e/kill.sh \
	tests/e2e/refuse.sh \
	tests/e2e/wizard.sh \
	$(NULL)
endif

# Those of e2e_tests which "make check-quick" leaves out.
slow_e2e_tests = \
	tests/e2e/big.sh \
	tests/e2e/booted_mounted.sh \
	tests/e2e/engine_mounted.sh \
	tests/e2e/ext_disk.sh \
	tests/e2e/forecast.sh \
	tests/e2e/fs_btrfs.sh \
	tests/e2e/fs_ext.sh \
	tests/e2e/fs_fat.sh \
	tests/e2e/fs_f2fs.sh \
	tests/e2e/fs_huge.sh \
	tests/e2e/fs_kernel.sh \
	tests/e2e/fs_ntfs.sh \
	tests/e2e/fs_xfs.sh \
	tests/e2e/guest.sh \
	tests/e2e/guest_dos.sh \
	tests/e2e/kill.sh \
	tests/e2e/lvm.sh \
	tests/e2e/lvm_booted.sh \
	tests/e2e/lvm_refused.sh \
	$(NULL)

# The source itself.
source_tests = \
	tests/check-layers-breaks.sh \
	tests/check-layers.sh \
	tests/check-man.sh \
	tests/check-po-breaks.sh \
	tests/check-po.sh \
	tests/check-style.sh \
	$(NULL)

check_LIBRARIES = tests/lib/libtest.a
LDADD = tests/lib/libtest.a libachica.a $(foreign_libs) $(CMOCKA_LIBS) $(VTERM_LIBS)
AM_CFLAGS += $(CMOCKA_CFLAGS) $(VTERM_CFLAGS)

compiled_tests =
bench_tools =
if HAVE_CMOCKA
compiled_tests += $(unit_tests)
if HAVE_VTERM
compiled_tests += $(screen_tests)
test_tools += $(vtdrive) $(wizard)
bench_tools += $(vtdrive)
else
source_tests += tests/no-vterm.sh
endif
else
source_tests += tests/no-cmocka.sh
endif

check_PROGRAMS = $(compiled_tests) $(test_tools)
TESTS = $(source_tests) $(compiled_tests) $(e2e_tests)
TEST_EXTENSIONS = .sh
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/run-cmocka.sh
# A test that hangs is a test that failed; this is many times what the slowest one takes.
SH_LOG_COMPILER = timeout -k 10 900
LOG_DRIVER = $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = . $(top_srcdir)/tests/env.sh;

EXTRA_DIST += $(source_tests) $(e2e_tests) \
	tests/bench/bench.py \
	tests/bench/lab.py \
	tests/bench/plot.py \
	tests/bench/rows_growth.py \
	tests/bench/rows_image.py \
	tests/bench/rows_maps.py \
	tests/bench/rows_mounted.py \
	tests/bench/rows_screen.py \
	tests/bench/rows_sparsify.py \
	tests/fs/btrfs.py \
	tests/fs/f2fs.py \
	tests/fs/fat.py \
	tests/fs/hfsplus.py \
	tests/fs/lib.sh \
	tests/fs/ntfs.py \
	tests/fs/pieces.py \
	tests/fs/xfs.py \
	tests/fuzz/lsan.supp \
	tests/fuzz/lvm.dict \
	tests/fuzz/lvm_seeds.py \
	tests/fuzz/seeds.py \
	tests/lib/boot.sh \
	tests/lib/disk.sh \
	tests/lib/img.sh \
	tests/lib/lvm.sh \
	tests/lib/package.sh \
	tests/asan.supp \
	tests/env.sh \
	tests/no-cmocka.sh \
	tests/no-vterm.sh \
	tests/ui/golden \
	tests/man.py \
	tests/po.py \
	tests/run-cmocka.sh \
	tests/summary

# Catalogues for runs from the build tree, where ACHICA_LOCALEDIR is tests/locale. "xx" has every
# text at double length and with wide characters.
es_catalogue = tests/locale/es/LC_MESSAGES/achica.mo
xx_catalogue = tests/locale/xx/LC_MESSAGES/achica.mo
check_DATA = $(es_catalogue)
if HAVE_PYTHON3
check_DATA += $(xx_catalogue)
endif

$(es_catalogue): $(top_srcdir)/po/es.po
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(MSGFMT) -o $@ $(top_srcdir)/po/es.po
$(xx_catalogue): $(achica_SOURCES) $(libachica_a_SOURCES) $(top_srcdir)/po/POTFILES.in tests/po.py
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PYTHON3) $(top_srcdir)/tests/po.py pseudo \
		$(top_srcdir) $(@D)/xx.po && $(MSGFMT) --check-format -o $@ $(@D)/xx.po

.PHONY: locale check-units check-quick distcheck-quick
locale: $(check_DATA)

# Those which neither look at all disks of the machine nor mind how fast it is: side by side, as many
# as make -j says; then the others, one after another. What is in SKIPPED_TESTS is left out.
.PHONY: check-all
apart = $(source_tests) $(compiled_tests) $(filter tests/e2e/fs_%,$(e2e_tests))
check-all: all
	status=0; \
	$(MAKE) check TESTS="$(filter-out $(SKIPPED_TESTS),$(apart))" || status=1; \
	$(MAKE) -j1 check TESTS="$(filter-out $(SKIPPED_TESTS) $(apart),$(TESTS))" || status=1; \
	exit $$status

# For a second compiler.
check-units: all
	$(MAKE) check TESTS="$(source_tests) $(compiled_tests)"

# For sanitizers.
check-quick:
	$(MAKE) check-all SKIPPED_TESTS="$(slow_e2e_tests)"

# The tarball builds, installs and is clean; what the tests prove does not depend on it.
distcheck-quick: all
	$(MAKE) distcheck TESTS="$(source_tests) $(compiled_tests) tests/e2e/version.sh"

# The drivers against hostile disks, by clang's libFuzzer, each for that long: make -j2 fuzz
# FUZZ_SECONDS=600. What it learns stays in tests/fuzz/corpus of the build tree. An input takes
# milliseconds, but on a busy machine the fuzzer may have to wait for its turn for half a minute.
FUZZ_CC = clang
FUZZ_SECONDS = 60
FUZZ_CFLAGS = -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
# The types of tests/fuzz/fuzz_fs.c.
fuzz_types = \
	btrfs \
	exfat \
	ext4 \
	f2fs \
	hfsplus \
	ntfs \
	swap \
	vfat \
	xfs \
	$(NULL)
# Whose checksums are all right there.
fuzz_sums = btrfs exfat f2fs xfs
.PHONY: fuzz fuzz-build bench
fuzz: fuzz-build
	$(MAKE) $(addprefix fuzz-,$(fuzz_types) lvm)

fuzz-build: $(BUILT_SOURCES)
	$(MKDIR_P) tests/fuzz
	$(FUZZ_CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(foreign_cflags) $(FUZZ_CFLAGS) \
		-o tests/fuzz/fuzz_fs $(top_srcdir)/tests/fuzz/fuzz_fs.c \
		$(fuzz_sums:%=$(top_srcdir)/tests/fuzz/%_sum_any.c) \
		$(top_srcdir)/tests/lib/io_mem.c $(addprefix $(top_srcdir)/, \
		$(filter-out $(fuzz_sums:%=src/fs/%_sum.c), \
		$(filter src/base/%.c src/fs/%.c,$(libachica_a_SOURCES)))) \
		$(EXT2FS_LIBS) $(COM_ERR_LIBS) $(NTFS_LIBS) $(XXHASH_LIBS)
	PATH=$$PATH:/usr/sbin:/sbin $(PYTHON3) $(top_srcdir)/tests/fuzz/seeds.py tests/fuzz/seeds
	$(FUZZ_CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(FUZZ_CFLAGS) \
		-o tests/fuzz/fuzz_lvm $(addprefix $(top_srcdir)/tests/, \
		fuzz/fuzz_lvm.c lib/io_mem.c lib/lvm.c) $(addprefix $(top_srcdir)/, \
		$(filter src/base/%.c src/disk/lvm%.c,$(libachica_a_SOURCES))) $(XXHASH_LIBS)
	$(PYTHON3) $(top_srcdir)/tests/fuzz/lvm_seeds.py tests/fuzz/seeds-lvm

# LVM2's metadata, in the same way.
fuzz-lvm:
	$(MKDIR_P) tests/fuzz/corpus/lvm
	cd tests/fuzz && ./fuzz_lvm -max_total_time=$(FUZZ_SECONDS) -timeout=120 \
		-rss_limit_mb=2500 -max_len=20000 -verbosity=0 -artifact_prefix=lvm- \
		-dict=$(abs_top_srcdir)/tests/fuzz/lvm.dict corpus/lvm seeds-lvm

$(addprefix fuzz-,$(fuzz_types)):
	$(MKDIR_P) tests/fuzz/corpus/$(@:fuzz-%=%)
	cd tests/fuzz && FUZZ_TYPE=$(@:fuzz-%=%) \
		LSAN_OPTIONS=suppressions=$(abs_top_srcdir)/tests/fuzz/lsan.supp:print_suppressions=0 \
		./fuzz_fs -max_total_time=$(FUZZ_SECONDS) -timeout=120 -rss_limit_mb=2500 \
		-max_len=400000 -verbosity=0 -artifact_prefix=$(@:fuzz-%=%)- \
		corpus/$(@:fuzz-%=%) seeds
.PHONY: $(addprefix fuzz-,$(fuzz_types) lvm)

clean-local:
	rm -rf tests/fuzz/corpus tests/fuzz/seeds tests/fuzz/fuzz_fs
	rm -rf tests/fuzz/seeds-lvm tests/fuzz/fuzz_lvm
	rm -rf tests/boot* tests/hfsprogs* tests/locale
