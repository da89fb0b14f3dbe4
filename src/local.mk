# SPDX-License-Identifier: GPL-3.0-or-later
# libachica.a is everything but main.c; achica and the unit tests link it.
sbin_PROGRAMS = achica
noinst_LIBRARIES = libachica.a

foreign_libs = \
	$(NCURSESW_LIBS) $(BLKID_LIBS) $(PARTED_LIBS) $(MOUNT_LIBS) $(EXT2FS_LIBS) $(COM_ERR_LIBS) \
	$(NTFS_LIBS) $(GCRYPT_LIBS) $(XXHASH_LIBS) $(SMARTCOLS_LIBS) $(JANSSON_LIBS) \
	$(ZLIB_LIBS) $(ZSTD_LIBS) $(LTLIBINTL) $(LIBINTL)
foreign_cflags = \
	$(NCURSESW_CFLAGS) $(BLKID_CFLAGS) $(PARTED_CFLAGS) $(MOUNT_CFLAGS) $(EXT2FS_CFLAGS) \
	$(COM_ERR_CFLAGS) $(NTFS_CFLAGS) $(GCRYPT_CFLAGS) $(XXHASH_CFLAGS) $(SMARTCOLS_CFLAGS) $(JANSSON_CFLAGS) \
	$(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
AM_CFLAGS += $(foreign_cflags)

achica_SOURCES = src/main.c
achica_LDADD = libachica.a $(foreign_libs)

libachica_a_SOURCES = \
	include/achica/advice.h \
	include/achica/checks.h \
	include/achica/error.h \
	include/achica/estimate.h \
	include/achica/extent.h \
	include/achica/forecast.h \
	include/achica/front.h \
	include/achica/i18n.h \
	include/achica/job.h \
	include/achica/json.h \
	include/achica/say.h \
	include/achica/survey.h \
	include/achica/target.h \
	include/achica/units.h \
	src/app/advice.c \
	src/app/branch.c \
	src/app/branch.h \
	src/app/checks.c \
	src/app/choose.c \
	src/app/choose.h \
	src/app/consent.c \
	src/app/consent.h \
	src/app/hold.c \
	src/app/hold.h \
	src/app/job.c \
	src/app/job_impl.h \
	src/app/job_map.c \
	src/app/job_pace.c \
	src/app/job_run.c \
	src/app/job_view.c \
	src/app/job_watch.c \
	src/app/shell.c \
	src/app/survey.c \
	src/app/survey_impl.h \
	src/app/survey_look.c \
	src/app/survey_probe.c \
	src/app/survey_rows.c \
	src/app/survey_update.c \
	src/app/thread.c \
	src/app/thread.h \
	src/base/bytes.c \
	src/base/bytes.h \
	src/base/crc32c.c \
	src/base/crc32c.h \
	src/base/error.c \
	src/base/extent.c \
	src/base/io.c \
	src/base/io.h \
	src/base/io_file.c \
	src/base/io_window.c \
	src/base/target.c \
	src/base/units.c \
	src/cli/args.c \
	src/cli/ask.c \
	src/cli/batch.c \
	src/cli/cli.h \
	src/cli/complain.c \
	src/cli/help.c \
	src/cli/output.c \
	src/cli/plain.c \
	src/cli/plan.c \
	src/cli/progress.c \
	src/cli/run.c \
	src/cli/select.c \
	src/cli/signals.c \
	src/cli/table.c \
	src/disk/discover.c \
	src/disk/disk.h \
	src/disk/disks.c \
	src/disk/disks.h \
	src/disk/examine.c \
	src/disk/holders.c \
	src/disk/holders.h \
	src/disk/image.c \
	src/disk/image.h \
	src/disk/lock.c \
	src/disk/mount_users.c \
	src/disk/mounts.c \
	src/disk/mounts.h \
	src/disk/names.c \
	src/disk/names.h \
	src/disk/parts.c \
	src/disk/parts.h \
	src/disk/place.c \
	src/disk/place.h \
	src/disk/probe.c \
	src/disk/probe.h \
	src/disk/procs.c \
	src/disk/procs.h \
	src/disk/sysfs.c \
	src/disk/sysfs.h \
	src/disk/system.c \
	src/disk/system.h \
	src/disk/table.c \
	src/disk/table.h \
	src/disk/use.c \
	src/disk/use.h \
	src/engine/blind.c \
	src/engine/blind.h \
	src/engine/engine.h \
	src/engine/fill.c \
	src/engine/fill_file.c \
	src/engine/fill_file.h \
	src/engine/fill_impl.h \
	src/engine/fill_layout.c \
	src/engine/fill_space.c \
	src/engine/mounted.c \
	src/engine/mounted.h \
	src/engine/narrow.c \
	src/engine/narrow.h \
	src/engine/pack.c \
	src/engine/pack.h \
	src/engine/present.c \
	src/engine/present.h \
	src/engine/punch.c \
	src/engine/qcow2.c \
	src/engine/qcow2.h \
	src/engine/reader.c \
	src/engine/reader.h \
	src/engine/report.c \
	src/engine/report.h \
	src/engine/sampler.c \
	src/engine/scan.c \
	src/engine/shuffle.c \
	src/engine/shuffle.h \
	src/engine/squeeze.h \
	src/engine/squeeze_zlib.c \
	src/engine/squeeze_zstd.c \
	src/engine/trim.c \
	src/engine/write.c \
	src/engine/zero.c \
	src/engine/zero.h \
	src/fs/bitmap.c \
	src/fs/bitmap.h \
	src/fs/btrfs_check.c \
	src/fs/btrfs_check.h \
	src/fs/btrfs_chunk.c \
	src/fs/btrfs_chunk.h \
	src/fs/btrfs_sum.c \
	src/fs/btrfs_sum.h \
	src/fs/btrfs_super.c \
	src/fs/btrfs_super.h \
	src/fs/btrfs_tree.c \
	src/fs/btrfs_tree.h \
	src/fs/drivers.h \
	src/fs/ext_super.c \
	src/fs/ext_super.h \
	src/fs/feature.c \
	src/fs/feature.h \
	src/fs/fs.c \
	src/fs/fs.h \
	src/fs/fs_btrfs.c \
	src/fs/fs_ext.c \
	src/fs/fs_swap.c \
	src/fs/fs_xfs.c \
	src/fs/fsmap.c \
	src/fs/gate.c \
	src/fs/xfs_ag.c \
	src/fs/xfs_ag.h \
	src/fs/xfs_log.c \
	src/fs/xfs_log.h \
	src/fs/xfs_sum.c \
	src/fs/xfs_sum.h \
	src/fs/xfs_super.c \
	src/fs/xfs_super.h \
	src/fs/xfs_tree.c \
	src/text/json.c \
	src/text/say_clean.c \
	src/text/say_error.c \
	src/text/say_job.c \
	src/text/say_remedy.c \
	src/text/say_size.c \
	src/ui/asks.c \
	src/ui/consent.c \
	src/ui/dialog.c \
	src/ui/draw.c \
	src/ui/draw.h \
	src/ui/figures.c \
	src/ui/frame.c \
	src/ui/help.c \
	src/ui/keys.c \
	src/ui/keys.h \
	src/ui/layout.c \
	src/ui/log.c \
	src/ui/loop.c \
	src/ui/map.c \
	src/ui/names.c \
	src/ui/names.h \
	src/ui/pager.c \
	src/ui/report.c \
	src/ui/rows.c \
	src/ui/screen_plan.c \
	src/ui/screen_result.c \
	src/ui/screen_select.c \
	src/ui/screen_zero.c \
	src/ui/select.h \
	src/ui/select_detail.c \
	src/ui/select_rows.c \
	src/ui/signal_pipe.c \
	src/ui/signal_pipe.h \
	src/ui/term.c \
	src/ui/term.h \
	src/ui/ui.c \
	src/ui/ui.h \
	src/ui/zero.h \
	src/ui/zero_draw.c \
	src/ui/zero_figures.c \
	$(NULL)

if WITH_NTFS
libachica_a_SOURCES += \
	src/fs/fs_ntfs.c \
	$(NULL)
endif
