/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Partition tables by libparted: the only file that knows that library.
 *
 * libparted never sees the disk. It gets a file in memory (memfd_create, sparse, of the disk's
 * size) that holds the parts of the disk in which tables are: its edges, the chain of logical
 * partitions, and a GPT's arrays where its headers say they are. So nothing that it mends reaches a
 * disk, it reads no filesystems, and a disk that hangs does so in our own read, not under the lock
 * that libparted needs for its global state. It is never asked to write, and its questions are
 * answered without a user (see answer).
 *
 * A table that libparted rejects is refused as a whole: a partition outside the disk or over
 * another one means that the table and the disk do not belong together. On damaged tables libparted
 * 3.5 ends the process (assertions on the numbers of GPT and Sun labels and on logical partitions,
 * a NULL pointer for Mac labels and tiny disks): those of a GPT are checked first, and so is the
 * chain of logical partitions (chain.c); only GPT and MBR are read at all. Others are named and
 * refused.
 *
 * Sources: UEFI 2.10, 5.2 (protective MBR) and 5.3 (GPT); for the chain of extended partitions
 * Linux, block/partitions/msdos.c.
 */

#include <errno.h>
#include <parted/parted.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "disk/chain.h"
#include "disk/table.h"

#define EDGE (128 * KIB)        /* every label of libparted begins in the first 64 KiB */
#define LOGICAL_MAX 256         /* links of the chain */
#define GPT_ARRAY_MAX (1 * MIB) /* 8192 entries of 128 bytes */
#define GPT_HEAD 92
#define GPT_ENTRY 128
#define GPT_DISK_MIN (64 * KIB) /* two arrays of 16 KiB, two headers and the MBR, and room */
#define MBR_SIZE 512

/* libparted keeps devices and its exception state in globals. */
static pthread_mutex_t parted_mutex = PTHREAD_MUTEX_INITIALIZER;

/* Copies a range of the disk, cut at its end, into the file: read into a mapping of it. */
static int copy(struct io *io, int fd, uint64_t at, uint64_t len)
{
	uint64_t inside = at % (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned char *map;
	int r;

	if (at >= io->size || len == 0)
		return 0;
	if (len > io->size - at)
		len = io->size - at;
	map = mmap(NULL, (size_t)(inside + len), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   (off_t)(at - inside));
	if (map == MAP_FAILED)
		return -errno;
	r = io_read(io, at, map + inside, (size_t)len);
	munmap(map, (size_t)(inside + len));
	return r;
}

static int read_copied(int fd, uint64_t at, unsigned char *buf, size_t len)
{
	ssize_t n = pread(fd, buf, len, (off_t)at);

	if (n < 0)
		return -errno;
	memset(buf + n, 0, len - (size_t)n);
	return 0;
}

static bool is_mbr(const unsigned char *sector)
{
	return get_le16(sector + 510) == 0xaa55;
}

static bool is_extended(unsigned char type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* The first entry of an extended type, NULL without one. */
static const unsigned char *extended_entry(const unsigned char *sector)
{
	for (int i = 0; i < 4; i++) {
		const unsigned char *entry = sector + 446 + 16 * i;

		if (is_extended(entry[4]))
			return entry;
	}
	return NULL;
}

/* The chain of logical partitions: each link is a sector like an MBR; links count from the start
   of the extended partition. */
static int copy_logical(struct io *io, int fd, uint32_t sector)
{
	unsigned char mbr[MBR_SIZE];
	const unsigned char *entry;
	uint64_t base = 0;
	uint64_t at = 0;
	int r = 0;

	for (int i = 0; r == 0 && i < LOGICAL_MAX; i++) {
		r = read_copied(fd, at, mbr, sizeof(mbr));
		entry = r == 0 && is_mbr(mbr) ? extended_entry(mbr) : NULL;
		if (!entry)
			break;
		at = base + (uint64_t)get_le32(entry + 8) * sector;
		if (i == 0)
			base = at;
		r = copy(io, fd, at, sector);
	}
	return r;
}

/* Whether the numbers in a GPT header can be true; libparted takes them as they are. */
static bool is_sane_gpt(const unsigned char *head, uint32_t sector)
{
	uint32_t head_size = get_le32(head + 12);
	uint32_t entries = get_le32(head + 80);
	uint32_t entry_size = get_le32(head + 84);

	return head_size >= GPT_HEAD && head_size <= sector && entries > 0 &&
	       entry_size >= GPT_ENTRY && entry_size <= sector && is_power_of_two(entry_size) &&
	       (uint64_t)entries * entry_size <= GPT_ARRAY_MAX;
}

/* The array of a GPT, copied before: every partition begins before it ends, inside the disk. */
static int check_gpt_array(int fd, uint64_t at, uint32_t entries, uint32_t entry_size,
			   uint64_t sectors)
{
	for (uint32_t i = 0; i < entries; i++) {
		unsigned char entry[GPT_ENTRY];
		uint64_t first, last;
		int r = read_copied(fd, at + (uint64_t)i * entry_size, entry, sizeof(entry));

		if (r < 0)
			return r;
		first = get_le64(entry + 32);
		last = get_le64(entry + 40);
		/* An entry without a type is not used. */
		if (!bytes_are_zero(entry, 16) && (first == 0 || first > last || last >= sectors))
			return -EUCLEAN;
	}
	return 0;
}

/* What the GPT header at a byte of the file speaks of; *other is where it says the other one is.
   -EUCLEAN when it cannot be true. */
static int copy_gpt_array(struct io *io, int fd, uint32_t sector, uint64_t at, uint64_t *other)
{
	unsigned char head[GPT_HEAD];
	uint64_t sectors = io->size / sector;
	uint32_t entries, entry_size;
	uint64_t lba;
	int r = read_copied(fd, at, head, sizeof(head));

	*other = 0;
	if (r < 0 || memcmp(head, "EFI PART", 8) != 0)
		return r;
	lba = get_le64(head + 72);
	if (!is_sane_gpt(head, sector) || lba >= sectors || io->size < GPT_DISK_MIN)
		return -EUCLEAN;
	if (get_le64(head + 32) < sectors)
		*other = get_le64(head + 32) * sector;
	entries = get_le32(head + 80);
	entry_size = get_le32(head + 84);
	r = copy(io, fd, lba * sector, (uint64_t)entries * entry_size);
	return r < 0 ? r : check_gpt_array(fd, lba * sector, entries, entry_size, sectors);
}

static int copy_gpt(struct io *io, int fd, uint32_t sector)
{
	uint64_t other, back;
	int r = copy_gpt_array(io, fd, sector, sector, &other);

	if (r < 0 || other == 0)
		return r;
	r = copy(io, fd, other, sector);
	return r < 0 ? r : copy_gpt_array(io, fd, sector, other, &back);
}

/* A disk of 4096-byte sectors may be read as an image, or through a loop device of 512. */
static uint32_t sector_of(struct io *io, int fd)
{
	unsigned char sign[8];

	if (io->sector == 512 && read_copied(fd, 512, sign, 8) == 0 &&
	    memcmp(sign, "EFI PART", 8) != 0 && read_copied(fd, 4096, sign, 8) == 0 &&
	    memcmp(sign, "EFI PART", 8) == 0)
		return 4096;
	return io->sector;
}

/* The last sector too may hold a GPT header, whatever the first one says. */
static int copy_last_gpt(struct io *io, int fd, uint32_t sector)
{
	uint64_t other;

	return copy_gpt_array(io, fd, sector, (io->size / sector - 1) * sector, &other);
}

/* Fills the file with all of the disk that libparted needs. -EUCLEAN: what it must not see. */
static int copy_disk(struct io *io, int fd, uint32_t *sector)
{
	int r = ftruncate(fd, (off_t)io->size) < 0 ? -errno : 0;

	if (r == 0)
		r = copy(io, fd, 0, EDGE);
	if (r == 0 && io->size > EDGE)
		r = copy(io, fd, io->size - EDGE > EDGE ? io->size - EDGE : EDGE, EDGE);
	if (r < 0)
		return r;
	*sector = sector_of(io, fd);
	r = copy_logical(io, fd, *sector);
	if (r == 0)
		r = copy_gpt(io, fd, *sector);
	return r < 0 ? r : copy_last_gpt(io, fd, *sector);
}

/*
 * libparted's questions: go on where it can (one of two GPTs that is gone, see agrees; room at the
 * end that the table does not use), never mend, never say yes to "is this a table?".
 */
static PedExceptionOption answer(PedException *e)
{
	static const PedExceptionOption wanted[] = {
		PED_EXCEPTION_OK, PED_EXCEPTION_IGNORE, PED_EXCEPTION_NO, PED_EXCEPTION_CANCEL,
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (e->options & wanted[i])
			return wanted[i];
	}
	return PED_EXCEPTION_UNHANDLED;
}

static int compare_parts(const void *a, const void *b)
{
	const struct table_part *x = a;
	const struct table_part *y = b;

	return (x->range.start > y->range.start) - (x->range.start < y->range.start);
}

/* One partition, checked against the disk; -ERANGE when it lies. */
static int take_part(const PedPartition *part, uint64_t size, struct table *table)
{
	uint64_t max = size / table->sector;
	uint64_t start = (uint64_t)part->geom.start;
	uint64_t len = (uint64_t)part->geom.length;
	struct table_part *grown;

	if (part->num < 1 || part->geom.start < 0 || part->geom.length <= 0 || start > max ||
	    len > max - start || table->n >= TABLE_PARTS_MAX)
		return -ERANGE;
	grown = realloc(table->parts, (table->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	table->parts = grown;
	table->parts[table->n++] = (struct table_part){
		.number = (unsigned)part->num,
		.range = { start * table->sector, len * table->sector },
	};
	return 0;
}

static int take_parts(PedDisk *disk, uint64_t size, struct table *table)
{
	int r = 0;

	for (PedPartition *part = NULL; r == 0 && (part = ped_disk_next_partition(disk, part));) {
		if (part->type == PED_PARTITION_NORMAL || part->type == PED_PARTITION_LOGICAL)
			r = take_part(part, size, table);
		else if (part->type == PED_PARTITION_EXTENDED && part->num > 0)
			table->extended = (unsigned)part->num;
	}
	if (r == 0 && table->n > 0)
		qsort(table->parts, table->n, sizeof(table->parts[0]), compare_parts);
	for (size_t i = 1; r == 0 && i < table->n; i++) {
		if (extent_overlaps(table->parts[i - 1].range, table->parts[i].range))
			r = -ERANGE;
	}
	return r;
}

static int read_disk(PedDevice *dev, int fd, uint64_t size, struct table *table)
{
	PedDiskType *type;
	PedDisk *disk;
	bool mbr;
	int r;

	dev->sector_size = table->sector;
	dev->phys_sector_size = table->sector;
	dev->length = (PedSector)(size / table->sector);
	type = ped_disk_probe(dev);
	/* "loop" is libparted's word for a filesystem without a table. */
	if (!type || strcmp(type->name, "loop") == 0)
		return 0;
	mbr = strcmp(type->name, "msdos") == 0;
	snprintf(table->type, sizeof(table->type), "%s", mbr ? "dos" : type->name);
	if (!mbr && strcmp(type->name, "gpt") != 0)
		return -EOPNOTSUPP;
	if (mbr && !chain_is_sane(fd, table->sector))
		return -EUCLEAN;
	disk = ped_disk_new(dev);
	if (!disk)
		return -EUCLEAN;
	r = take_parts(disk, size, table);
	ped_disk_destroy(disk);
	return r;
}

/* The part that needs libparted, under its mutex: no disk is touched. */
static int parse(int fd, uint64_t size, struct table *table)
{
	char path[64];
	PedDevice *dev;
	int r = -EIO;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pthread_mutex_lock(&parted_mutex);
	ped_exception_set_handler(answer);
	dev = ped_device_get(path);
	if (dev) {
		r = read_disk(dev, fd, size, table);
		ped_device_destroy(dev);
	}
	pthread_mutex_unlock(&parted_mutex);
	return r;
}

/* A protective MBR (type 0xEE from the first sector on) says that there is a GPT: without one the
   table is broken. Boot code may hold the same type by chance, but hardly the start too. */
static bool is_protective(int fd)
{
	unsigned char mbr[MBR_SIZE];

	if (read_copied(fd, 0, mbr, sizeof(mbr)) < 0 || !is_mbr(mbr))
		return false;
	for (int i = 0; i < 4; i++) {
		const unsigned char *entry = mbr + 446 + 16 * i;

		if (entry[4] == 0xee && get_le32(entry + 8) == 1)
			return true;
	}
	return false;
}

static bool has_part(const struct table *table, unsigned number, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct table_part *p = &table->parts[i];

		if (p->number == number)
			return p->range.start == first * table->sector &&
			       p->range.len == (last - first + 1) * table->sector;
	}
	return false;
}

/*
 * libparted takes the second GPT where the first is damaged. It may be left over from an earlier
 * life of the disk, so it counts only when the first one, damaged or not, tells the same.
 */
static bool agrees(int fd, const struct table *table)
{
	unsigned char head[GPT_HEAD];
	unsigned char entry[GPT_ENTRY];
	uint32_t used = 0;

	if (read_copied(fd, table->sector, head, sizeof(head)) < 0 ||
	    memcmp(head, "EFI PART", 8) != 0)
		return false;
	for (uint32_t i = 0; i < get_le32(head + 80); i++) {
		uint64_t at = get_le64(head + 72) * table->sector +
			      (uint64_t)i * get_le32(head + 84);

		if (read_copied(fd, at, entry, sizeof(entry)) < 0)
			return false;
		if (bytes_are_zero(entry, 16))
			continue;
		used++;
		if (!has_part(table, i + 1, get_le64(entry + 32), get_le64(entry + 40)))
			return false;
	}
	return used == table->n;
}

/* The partition table of what was copied into fd; see table_read. */
static int read_copy(struct io *io, int fd, struct table *table)
{
	int r = copy_disk(io, fd, &table->sector);

	if (r == 0)
		r = parse(fd, io->size, table);
	else if (r != -EUCLEAN)
		return r;
	if (!table->type[0] && (r == -EUCLEAN || is_protective(fd))) {
		snprintf(table->type, sizeof(table->type), "gpt");
		return -EUCLEAN;
	}
	if (r == 0 && strcmp(table->type, "gpt") == 0 && !agrees(fd, table))
		return -EUCLEAN;
	return r;
}

static int explain(struct io *io, int r, const struct table *table, struct error *err)
{
	if (r == -ENOMEM)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	if (r == -EOPNOTSUPP)
		return error_set(err, WHY_UNKNOWN_FS, 0, table->type);
	if (r == -EUCLEAN || r == -ERANGE)
		return error_set_at(err, WHY_CORRUPT, 0, 0, "partition table");
	/* It is not the disk's fault when its copy cannot be as large: ulimit -f. */
	return io->failure.errnum ? io_report(io, WHY_READ, -r, err)
				  : error_set(err, WHY_SYSTEM, -r, "memfd");
}

int table_read(struct io *io, struct table *table, struct error *err)
{
	int fd, r;

	*table = (struct table){ .sector = io->sector };
	if (io->size < io->sector || io->size > INT64_MAX)
		return 0;
	fd = memfd_create("achica-table", MFD_CLOEXEC);
	if (fd < 0)
		return error_set(err, WHY_SYSTEM, errno, "memfd_create");
	r = read_copy(io, fd, table);
	close(fd);
	if (r == 0)
		return 0;
	free(table->parts);
	table->parts = NULL;
	table->n = 0;
	return explain(io, r, table, err);
}

void table_free(struct table *table)
{
	free(table->parts);
	*table = (struct table){ .sector = 512 };
}
