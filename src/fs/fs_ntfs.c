/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * NTFS, by libntfs-3g over device operations of our own which only read. Refused: the dirty flag,
 * a hibernated or fast-started Windows, a $LogFile that waits to be replayed, $MFT and $MFTMirr
 * that differ, a $Bitmap that is too short, has holes, or calls the
 * boot sector, $MFT, $MFTMirr, $LogFile or itself free.
 *
 * NTFS keeps no counter of free clusters, so fs->free is unknown. Clusters of $BadClus are in use
 * by $Bitmap. The cluster that holds the last sector of the window is never free: the copy of the
 * boot sector may be there.
 *
 * Memory: a piece of $Bitmap (1 MiB) and the run lists of the files named above.
 *
 * Source: ntfs-3g 2022.10.3, include/ntfs-3g/layout.h and logfile.h.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ntfs-3g/types.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/volume.h>
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/logfile.h>
#include <ntfs-3g/logging.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/bitmap.h"
#include "fs/drivers.h"

/* Fields of the boot sector. */
enum {
	BYTES_PER_SECTOR = 0x0b,
	SECTORS_PER_CLUSTER = 0x0d,
	NUMBER_OF_SECTORS = 0x28,
	MFT_LCN = 0x30,
	MFTMIRR_LCN = 0x38,
	SERIAL = 0x48,
};

#define BOOT_SIZE 512u
#define BOOT_FILE 8192u /* bytes of $Boot, always at the start */
#define MOST_CLUSTER (2 * MIB)

#define PIECE (1 * MIB) /* of $Bitmap, bytes */

#define RECORD_USED 0x18 /* of an MFT record: its bytes in use */
#define MIRRORED 4       /* records that $MFTMirr has always */

/* $VOLUME_INFORMATION, and those of its flags with which Windows, or chkdsk, has something to
   finish: dirty, resize the log, delete the journal of changes, chkdsk under way. */
enum {
	MAJOR = 8,
	MINOR = 9,
	FLAGS = 10,
	VOLUME_INFO_SIZE = 12,
	UNFINISHED = 0x0001 | 0x0002 | 0x0010 | 0x4000,
};
#define MAXIMUM_LABEL 128 /* characters */

/* The io as libntfs-3g sees it: a device that can only be read. */
struct reader {
	struct io *io;
	s64 at;     /* of the next read */
	int errnum; /* the first failure, which the library does not tell */
};

struct ntfs {
	struct fs fs;
	struct reader reader;
	ntfs_volume *volume;
	ntfs_inode *bitmap_inode;
	ntfs_attr *bitmap;
	struct run_list metadata; /* clusters which $Bitmap has to call used */
	uint64_t clusters;
	unsigned char *piece;
};

static int device_open(struct ntfs_device *dev, int flags)
{
	(void)flags;
	NDevSetOpen(dev);
	NDevSetReadOnly(dev);
	return 0;
}

static int device_close(struct ntfs_device *dev)
{
	NDevClearOpen(dev);
	return 0;
}

static s64 device_seek(struct ntfs_device *dev, s64 offset, int whence)
{
	struct reader *r = dev->d_private;

	if (whence == SEEK_CUR)
		offset += r->at;
	else if (whence == SEEK_END)
		offset += (s64)r->io->size;
	if (offset < 0) {
		errno = EINVAL;
		return -1;
	}
	r->at = offset;
	return offset;
}

/* Reading past the end is short, and no failure of the io: it is the filesystem that is wrong. */
static s64 device_pread(struct ntfs_device *dev, void *buf, s64 count, s64 offset)
{
	struct reader *r = dev->d_private;
	uint64_t at = (uint64_t)offset;
	uint64_t len = (uint64_t)count;
	int rc;

	if (offset < 0 || count < 0) {
		errno = EINVAL;
		return -1;
	}
	if (at >= r->io->size)
		return 0;
	if (len > r->io->size - at)
		len = r->io->size - at;
	rc = io_read(r->io, at, buf, len);
	if (rc == 0)
		return (s64)len;
	if (r->errnum == 0)
		r->errnum = -rc;
	errno = -rc;
	return -1;
}

static s64 device_read(struct ntfs_device *dev, void *buf, s64 count)
{
	struct reader *r = dev->d_private;
	s64 n = device_pread(dev, buf, count, r->at);

	if (n > 0)
		r->at += n;
	return n;
}

static s64 device_write(struct ntfs_device *dev, const void *buf, s64 count)
{
	(void)dev, (void)buf, (void)count;
	errno = EROFS;
	return -1;
}

static s64 device_pwrite(struct ntfs_device *dev, const void *buf, s64 count, s64 offset)
{
	(void)offset;
	return device_write(dev, buf, count);
}

static int device_sync(struct ntfs_device *dev)
{
	(void)dev;
	return 0;
}

static int device_stat(struct ntfs_device *dev, struct stat *st)
{
	const struct reader *r = dev->d_private;

	memset(st, 0, sizeof *st);
	st->st_mode = S_IFREG;
	st->st_size = (off_t)r->io->size;
	return 0;
}

static int device_ioctl(struct ntfs_device *dev, unsigned long request, void *arg)
{
	(void)dev, (void)request, (void)arg;
	errno = EOPNOTSUPP;
	return -1;
}

static const struct ntfs_device_operations device_ops = {
	.open = device_open,
	.close = device_close,
	.seek = device_seek,
	.read = device_read,
	.write = device_write,
	.pread = device_pread,
	.pwrite = device_pwrite,
	.sync = device_sync,
	.stat = device_stat,
	.ioctl = device_ioctl,
};

/* What a failure of the library means: a failed read first, else what is not right. */
static int ntfs_error(const struct ntfs *n, int errnum, const char *what, struct error *err)
{
	if (n->reader.errnum)
		return io_report(n->fs.io, WHY_READ, n->reader.errnum, err);
	if (errnum == ENOMEM)
		return error_set(err, WHY_MEMORY, ENOMEM, n->fs.io->name);
	return error_set(err, WHY_CORRUPT, 0, what);
}

/* Clusters of 512 B to 64 KiB are a count of sectors, larger ones a negative power of two. */
static uint64_t cluster_size_of(const unsigned char *boot, uint32_t sector)
{
	unsigned code = boot[SECTORS_PER_CLUSTER];

	if (code <= 128)
		return (uint64_t)code * sector;
	return code > 256 - 32 ? (uint64_t)sector << (256 - code) : 0;
}

static int check_boot(const unsigned char *boot, struct ntfs *n, struct error *err)
{
	uint32_t sector = get_le16(boot + BYTES_PER_SECTOR);
	uint64_t sectors = get_le64(boot + NUMBER_OF_SECTORS);
	uint64_t cluster = cluster_size_of(boot, sector);

	if (memcmp(boot + 3, "NTFS    ", 8) != 0)
		return error_set_at(err, WHY_CORRUPT, 0, 0, "boot sector");
	if (sector < 256 || sector > 4096 || !is_power_of_two(sector))
		return error_set_at(err, WHY_CORRUPT, 0, BYTES_PER_SECTOR, "sector size");
	if (cluster < sector || cluster > MOST_CLUSTER || !is_power_of_two(cluster))
		return error_set_at(err, WHY_CORRUPT, 0, SECTORS_PER_CLUSTER, "cluster size");
	if (sectors > n->fs.io->size / sector)
		return error_set_at(err, WHY_OUTSIDE, 0, size_mul(sectors, sector), "ntfs");
	n->clusters = sectors * sector / cluster;
	if (get_le64(boot + MFT_LCN) >= n->clusters || get_le64(boot + MFTMIRR_LCN) >= n->clusters)
		return error_set_at(err, WHY_CORRUPT, 0, MFT_LCN, "boot sector");
	n->fs.unit = (uint32_t)cluster;
	n->fs.size = n->clusters * cluster;
	snprintf(n->fs.uuid, sizeof n->fs.uuid, "%016llX",
		 (unsigned long long)get_le64(boot + SERIAL));
	return 0;
}

static int ntfs_read_boot(struct ntfs *n, struct error *err)
{
	unsigned char boot[BOOT_SIZE];
	struct io *io = n->fs.io;
	int rc;

	if (io->size < BOOT_SIZE)
		return error_set_at(err, WHY_OUTSIDE, 0, BOOT_SIZE, "ntfs");
	rc = io_read(io, 0, boot, sizeof boot);
	return rc ? io_report(io, WHY_READ, -rc, err) : check_boot(boot, n, err);
}

/* The boot sector, $MFT and $MFTMirr alone: ntfs_device_mount reads more than is needed here, and
   does not free all of it when that fails. */
static int ntfs_start(struct ntfs *n, struct error *err)
{
	struct ntfs_device *device;

	ntfs_log_set_handler(ntfs_log_handler_null);
	device = ntfs_device_alloc("achica", 0, (struct ntfs_device_operations *)&device_ops,
				   &n->reader);
	if (!device)
		return error_set(err, WHY_MEMORY, ENOMEM, n->fs.io->name);
	n->volume = ntfs_volume_startup(device, NTFS_MNT_RDONLY | NTFS_MNT_FORENSIC);
	if (!n->volume) {
		int errnum = errno;

		ntfs_device_free(device);
		return ntfs_error(n, errnum, "$MFT", err);
	}
	if ((uint64_t)n->volume->nr_clusters != n->clusters ||
	    n->volume->cluster_size != n->fs.unit)
		return error_set_at(err, WHY_CORRUPT, 0, 0, "boot sector");
	return 0;
}

/* Whether a record of $MFT is sound, and its copy the same as far as it is used. */
static bool is_mirrored(const unsigned char *record, const unsigned char *copy, uint32_t size)
{
	uint32_t used = get_le32(record + RECORD_USED);

	return memcmp(record, "FILE", 4) == 0 && used <= size && memcmp(record, copy, used) == 0;
}

static int ntfs_check_mirror(struct ntfs *n, struct error *err)
{
	ntfs_volume *v = n->volume;
	uint32_t size = v->mft_record_size;
	unsigned char *buf = malloc(2 * (size_t)size);
	int rc = buf ? 0 : error_set(err, WHY_MEMORY, ENOMEM, n->fs.io->name);

	for (s64 i = 0; rc == 0 && i < MIRRORED; i++) {
		if (ntfs_attr_mst_pread(v->mft_na, i * size, 1, size, buf) != 1 ||
		    ntfs_attr_mst_pread(v->mftmirr_na, i * size, 1, size, buf + size) != 1)
			rc = ntfs_error(n, errno, "$MFTMirr", err);
		else if (!is_mirrored(buf, buf + size, size))
			rc = error_set(err, WHY_CORRUPT, 0, "$MFTMirr");
	}
	free(buf);
	return rc;
}

/* Reads an attribute of $Volume of at most len bytes; returns how many, or negative. */
static s64 ntfs_read_attribute(ntfs_inode *inode, ATTR_TYPES type, void *buf, s64 len)
{
	ntfs_attr *na = ntfs_attr_open(inode, type, AT_UNNAMED, 0);
	s64 got;

	if (!na)
		return -1;
	got = na->data_size <= len ? ntfs_attr_pread(na, 0, na->data_size, buf) : -1;
	ntfs_attr_close(na);
	return got;
}

static void ntfs_set_label(struct ntfs *n, const ntfschar *name, int len)
{
	char *text = NULL;

	if (ntfs_ucstombs(name, len, &text, 0) >= 0 && text)
		snprintf(n->fs.label, sizeof n->fs.label, "%s", text);
	free(text);
}

/* Label, version and flags. A volume may have no name. */
static int ntfs_read_volume(struct ntfs *n, struct error *err)
{
	ntfs_inode *inode = ntfs_inode_open(n->volume, FILE_Volume);
	unsigned char info[VOLUME_INFO_SIZE];
	ntfschar name[MAXIMUM_LABEL];
	s64 got = -1;
	s64 len = 0;

	if (inode) {
		got = ntfs_read_attribute(inode, AT_VOLUME_INFORMATION, info, sizeof info);
		len = ntfs_read_attribute(inode, AT_VOLUME_NAME, name, sizeof name);
		ntfs_inode_close(inode);
	}
	if (got != sizeof info || n->reader.errnum)
		return ntfs_error(n, errno, "$Volume", err);
	if (info[MAJOR] < 1 || info[MAJOR] > 3 || (info[MAJOR] == 3 && info[MINOR] > 1))
		return error_set(err, WHY_FEATURE, 0, "NTFS version");
	if (get_le16(info + FLAGS) & UNFINISHED)
		return error_set(err, WHY_DIRTY, 0, "ntfs");
	if (len > 0)
		ntfs_set_label(n, name, (int)(len / 2));
	return 0;
}

static int ntfs_check_hibernated(struct ntfs *n, struct error *err)
{
	int rc;

	errno = 0;
	rc = ntfs_volume_check_hiberfile(n->volume, 0);
	if (n->reader.errnum || (rc < 0 && errno != EPERM))
		return ntfs_error(n, errno, "hiberfil.sys", err);
	return rc < 0 ? error_set(err, WHY_HIBERNATED, 0, "ntfs") : 0;
}

/* Adds the clusters of a file that has to have all of them. */
static int ntfs_add_runs(struct ntfs *n, ntfs_attr *na, const char *name, struct error *err)
{
	if (!NAttrNonResident(na))
		return 0;
	if (ntfs_attr_map_whole_runlist(na) < 0)
		return ntfs_error(n, errno, name, err);
	for (const runlist_element *r = na->rl; r && r->length > 0; r++) {
		uint64_t count = (uint64_t)r->length;

		if (r->lcn < 0 || count > n->clusters || (uint64_t)r->lcn > n->clusters - count)
			return error_set(err, WHY_CORRUPT, 0, name);
		if (run_list_add(&n->metadata, (struct run){ (uint64_t)r->lcn, count }))
			return error_set(err, WHY_MEMORY, ENOMEM, n->fs.io->name);
	}
	return 0;
}

/* Version 2.0 of the log is Windows 8 and later, not shut down in full: its metadata may be
   cached in the hibernated kernel (ntfs-3g 2017.3.23, release notes). */
static int ntfs_check_log(struct ntfs *n, ntfs_attr *log, struct error *err)
{
	RESTART_PAGE_HEADER *page = NULL;
	bool clean = ntfs_check_logfile(log, &page) && ntfs_is_logfile_clean(log, page);
	bool cached = page && le16_to_cpu(page->major_ver) == 2 &&
		      le16_to_cpu(page->minor_ver) == 0;

	free(page);
	if (n->reader.errnum)
		return ntfs_error(n, 0, "$LogFile", err);
	if (cached)
		return error_set(err, WHY_HIBERNATED, 0, "ntfs");
	return clean ? 0 : error_set(err, WHY_JOURNAL, 0, "ntfs");
}

static int ntfs_read_log(struct ntfs *n, struct error *err)
{
	ntfs_inode *inode = ntfs_inode_open(n->volume, FILE_LogFile);
	ntfs_attr *log = inode ? ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0) : NULL;
	int rc;

	if (!log)
		rc = ntfs_error(n, errno, "$LogFile", err);
	else if ((rc = ntfs_check_log(n, log, err)) == 0)
		rc = ntfs_add_runs(n, log, "$LogFile", err);
	if (log)
		ntfs_attr_close(log);
	if (inode)
		ntfs_inode_close(inode);
	return rc;
}

/* What was never written of $Bitmap would read as zero, which is free. */
static int ntfs_open_bitmap(struct ntfs *n, struct error *err)
{
	s64 bytes = (s64)((n->clusters + 7) / 8);
	const ntfs_attr *na;

	n->bitmap_inode = ntfs_inode_open(n->volume, FILE_Bitmap);
	if (n->bitmap_inode)
		n->bitmap = ntfs_attr_open(n->bitmap_inode, AT_DATA, AT_UNNAMED, 0);
	if (!n->bitmap)
		return ntfs_error(n, errno, "$Bitmap", err);
	na = n->bitmap;
	if (na->data_size < bytes || na->initialized_size < bytes)
		return error_set(err, WHY_CORRUPT, 0, "$Bitmap");
	if (na->data_flags & (ATTR_COMPRESSION_MASK | ATTR_IS_ENCRYPTED | ATTR_IS_SPARSE))
		return error_set(err, WHY_CORRUPT, 0, "$Bitmap");
	return 0;
}

static int ntfs_read_metadata(struct ntfs *n, struct error *err)
{
	uint64_t boot = (BOOT_FILE + n->fs.unit - 1) / n->fs.unit;
	ntfs_volume *v = n->volume;
	int rc;

	if (run_list_add(&n->metadata, (struct run){ 0, boot }))
		return error_set(err, WHY_MEMORY, ENOMEM, n->fs.io->name);
	if ((rc = ntfs_add_runs(n, v->mft_na, "$MFT", err)) ||
	    (rc = ntfs_add_runs(n, v->mftmirr_na, "$MFTMirr", err)) ||
	    (rc = ntfs_add_runs(n, n->bitmap, "$Bitmap", err)) || (rc = ntfs_read_log(n, err)))
		return rc;
	return run_list_sort(&n->metadata) ? 0 : error_set(err, WHY_CORRUPT, 0, "$MFT");
}

static void ntfs_close(struct fs *fs)
{
	struct ntfs *n = (struct ntfs *)fs;

	if (n->bitmap)
		ntfs_attr_close(n->bitmap);
	if (n->bitmap_inode)
		ntfs_inode_close(n->bitmap_inode);
	if (n->volume)
		ntfs_umount(n->volume, FALSE);
	run_list_free(&n->metadata);
	free(n->piece);
	free(n);
}

static int ntfs_open(struct io *io, struct fs **fs, struct error *err)
{
	struct ntfs *n = calloc(1, sizeof *n);
	int rc;

	if (!n || !(n->piece = malloc(PIECE))) {
		free(n);
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	}
	n->fs.driver = &fs_ntfs;
	n->fs.io = io;
	n->fs.type = "ntfs";
	n->fs.free = FS_FREE_UNKNOWN;
	n->reader.io = io;
	if ((rc = ntfs_read_boot(n, err)) || (rc = ntfs_start(n, err)) ||
	    (rc = ntfs_check_mirror(n, err)) || (rc = ntfs_read_volume(n, err)) ||
	    (rc = ntfs_check_hibernated(n, err)) || (rc = ntfs_open_bitmap(n, err)) ||
	    (rc = ntfs_read_metadata(n, err)))
		goto out;
	*fs = &n->fs;
	return 0;
out:
	ntfs_close(&n->fs);
	return rc;
}

/* Whether the piece, bits from first on, calls all metadata used. */
static bool ntfs_piece_is_plausible(const struct ntfs *n, uint64_t first, uint64_t bits)
{
	const struct run_list *list = &n->metadata;

	for (size_t i = run_list_find(list, first);
	     i < list->n && list->runs[i].first < first + bits; i++) {
		struct run r = list->runs[i];
		uint64_t from = r.first > first ? r.first - first : 0;
		uint64_t end = r.first + r.count - first;

		if (end > bits)
			end = bits;
		if (bitmap_next(n->piece, from, end, false) != end)
			return false;
	}
	return true;
}

static int ntfs_read_piece(struct ntfs *n, uint64_t first, uint64_t bits, struct error *err)
{
	uint64_t sector = n->volume->sector_size;
	uint64_t last = (n->fs.io->size - sector) / n->fs.unit;
	s64 bytes = (s64)((bits + 7) / 8);
	s64 got = ntfs_attr_pread(n->bitmap, (s64)(first / 8), bytes, n->piece);

	if (got != bytes)
		return ntfs_error(n, got < 0 ? errno : 0, "$Bitmap", err);
	if (!ntfs_piece_is_plausible(n, first, bits))
		return error_set(err, WHY_CORRUPT, 0, "$Bitmap");
	if (last >= first && last - first < bits)
		bitmap_set(n->piece, last - first, last - first + 1);
	return 0;
}

static int ntfs_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct ntfs *n = (struct ntfs *)fs;
	int rc = 0;

	for (uint64_t first = 0; rc == 0 && first < n->clusters; first += PIECE * 8) {
		uint64_t bits = n->clusters - first < PIECE * 8 ? n->clusters - first : PIECE * 8;

		rc = ntfs_read_piece(n, first, bits, err);
		if (rc == 0)
			rc = bitmap_walk_clear(n->piece, bits, first * fs->unit, fs->unit, fn, arg);
	}
	return rc;
}

static const char *const ntfs_types[] = { "ntfs", NULL };

const struct fs_driver fs_ntfs = {
	.name = "ntfs",
	.types = ntfs_types,
	.open = ntfs_open,
	.walk = ntfs_walk,
	.close = ntfs_close,
};
