/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Why something was not done, as a sentence and as a few words. One row for each code; what mends
 * it is in say_remedy.c.
 */

#include <stdio.h>
#include <string.h>

#include "achica/i18n.h"
#include "achica/say.h"

/*
 * {what} is what the code names (achica/error.h), {at} a byte, {size} the same number as a size.
 * bare is said when that fact is not known; NULL where text needs none.
 */
struct reason {
	const char *brief;
	const char *text;
	const char *bare;
};

static const struct reason reasons[] = {
	[WHY_NONE] = { NC_("state, max 20 cells", "ok"),
		N_("nothing is wrong"), NULL },
	[WHY_SYSTEM] = { NC_("state, max 20 cells", "system error"),
		N_("the system refused {what}"), N_("the system refused") },
	[WHY_MEMORY] = { NC_("state, max 20 cells", "out of memory"),
		N_("there is not enough memory"), NULL },
	[WHY_OPEN] = { NC_("state, max 20 cells", "cannot be opened"),
		N_("{what} cannot be opened"), N_("it cannot be opened") },
	[WHY_READ] = { NC_("state, max 20 cells", "read error"),
		N_("reading {what} failed at byte {at}"), N_("reading failed") },
	[WHY_WRITE] = { NC_("state, max 20 cells", "write error"),
		N_("writing zeros to {what} failed at byte {at}"), N_("writing zeros failed") },
	[WHY_FLUSH] = { NC_("state, max 20 cells", "flush failed"),
		N_("flushing {what} failed, what was written may not be on the disk"),
		N_("flushing failed, what was written may not be on the disk") },
	[WHY_NOT_FOUND] = { NC_("state, max 20 cells", "not found"),
		N_("there is no target {what}"), N_("there is no such target") },
	[WHY_NOT_TARGET] = { NC_("state, max 20 cells", "not a target"),
		N_("{what} is neither a disk, nor an image, a partition or a mount point"),
		N_("it is neither a disk, nor an image, a partition or a mount point") },
	[WHY_VERIFY] = { NC_("state, max 20 cells", "does not read zero"),
		N_("byte {at} does not read as zero"), N_("a byte does not read as zero") },
	[WHY_CANCELED] = { NC_("state, max 20 cells", "stopped"),
		N_("the user stopped it"), NULL },
	[WHY_NO_ROOM] = { NC_("state, max 20 cells", "no room"),
		N_("{size} of room are missing"), N_("there is not enough room") },
	[WHY_TOOL] = { NC_("state, max 20 cells", "program missing"),
		N_("the program {what} is not installed"),
		N_("a program that is needed is not installed") },
	[WHY_TOOL_FAILED] = { NC_("state, max 20 cells", "program failed"),
		/* TRANSLATORS: {what} is "qemu-img: error while writing: ..." */
		N_("another program failed: {what}"), N_("another program failed") },
	[WHY_DIFFERS] = { NC_("state, max 20 cells", "copy differs"),
		N_("the copy differs from its source, and was removed"), NULL },
	[WHY_CHANGED] = { NC_("state, max 20 cells", "source changed"),
		N_("{what} was written to while it was copied"),
		N_("it was written to while it was copied") },
	[WHY_USED] = { NC_("state, max 20 cells", "files changed"),
		N_("what is in use in {what} is not what it was before, first after byte {at}"),
		N_("what is in use is not what it was before") },
	[WHY_FSCK_AFTER] = { NC_("state, max 20 cells", "errors found after"),
		/* TRANSLATORS: {what} is a program such as e2fsck. */
		N_("{what} finds errors in it which were not there before"),
		N_("fsck finds errors in it which were not there before") },
	[WHY_TIMEOUT] = { NC_("state, max 20 cells", "does not answer"),
		N_("{what} does not answer"), N_("the device does not answer") },

	[WHY_MOUNTED] = { NC_("state, max 20 cells", "mounted"),
		N_("it is mounted on {what}"), N_("it is mounted") },
	[WHY_MOUNTED_RO] = { NC_("state, max 20 cells", "mounted read-only"),
		N_("it is mounted read-only on {what}"), N_("it is mounted read-only") },
	[WHY_SWAP_ACTIVE] = { NC_("state, max 20 cells", "swap in use"),
		N_("the swap on {what} is in use"), N_("this swap is in use") },
	[WHY_HOLDER] = { NC_("state, max 20 cells", "used by another"),
		N_("{what} is built upon it"), N_("another device is built upon it") },
	[WHY_BUSY] = { NC_("state, max 20 cells", "in use"),
		N_("another program is using {what}"), N_("another program is using it") },
	[WHY_LOCKED_QEMU] = { NC_("state, max 20 cells", "in use by a VM"),
		N_("a virtual machine is using it"), NULL },
	[WHY_IMAGE_OPEN] = { NC_("state, max 20 cells", "open for writing"),
		N_("a process has it open for writing"), NULL },
	[WHY_LOOP] = { NC_("state, max 20 cells", "loop device in use"),
		N_("the loop device {what}, which is in use, holds the same bytes"),
		N_("a loop device which is in use holds the same bytes") },
	[WHY_READ_ONLY] = { NC_("state, max 20 cells", "read-only"),
		N_("{what} is read-only"), N_("it is read-only") },
	[WHY_SYSTEM_DISK] = { NC_("state, max 20 cells", "running system"),
		N_("it holds the running system"), NULL },

	[WHY_JOURNAL] = { NC_("state, max 20 cells", "journal not replayed"),
		N_("the journal of this {what} has not been replayed"),
		N_("its journal has not been replayed") },
	[WHY_UNCLEAN] = { NC_("state, max 20 cells", "not unmounted"),
		N_("this {what} was not cleanly unmounted"), N_("it was not cleanly unmounted") },
	[WHY_ERRORS] = { NC_("state, max 20 cells", "marked with errors"),
		N_("this {what} is marked as having errors"), N_("it is marked as having errors") },
	[WHY_FSCK] = { NC_("state, max 20 cells", "errors found"),
		/* TRANSLATORS: {what} is a program such as e2fsck. */
		N_("{what} finds errors in it"), N_("fsck finds errors in it") },
	[WHY_ORPHANS] = { NC_("state, max 20 cells", "orphaned files"),
		N_("this {what} has deleted files which are not freed yet"),
		N_("it has deleted files which are not freed yet") },
	[WHY_DIRTY] = { NC_("state, max 20 cells", "marked dirty"),
		N_("this {what} is marked as dirty"), N_("it is marked as dirty") },
	[WHY_HIBERNATED] = { NC_("state, max 20 cells", "hibernated"),
		N_("a system is hibernated in it (or was shut down by fast startup)"), NULL },
	[WHY_JOURNAL_DEV] = { NC_("state, max 20 cells", "journal elsewhere"),
		N_("this {what} keeps its journal on another device"),
		N_("its journal is on another device") },
	[WHY_MULTI_DEV] = { NC_("state, max 20 cells", "one of several"),
		N_("this {what} is spread over several devices"),
		N_("it is spread over several devices") },

	[WHY_UNKNOWN_FS] = { NC_("state, max 20 cells", "unknown contents"),
		N_("achica cannot read the free space of {what}"),
		N_("no filesystem was found in it") },
	[WHY_FEATURE] = { NC_("state, max 20 cells", "unknown feature"),
		N_("it has a feature that achica does not know: {what}"),
		N_("it has a feature that achica does not know") },
	[WHY_AMBIGUOUS] = { NC_("state, max 20 cells", "ambiguous contents"),
		N_("several signatures contradict each other: {what}"),
		N_("several signatures contradict each other") },
	[WHY_CONTAINER] = { NC_("state, max 20 cells", "container"),
		N_("it is a container of others: {what}"), N_("it is a container of others") },
	[WHY_INNER_DISK] = { NC_("state, max 20 cells", "disk within"),
		/* TRANSLATORS: {what} is a kind of partition table, or LVM. */
		N_("it is a disk itself, of a virtual machine perhaps: {what}"),
		N_("it is a disk itself, of a virtual machine perhaps") },
	[WHY_NO_DRIVER] = { NC_("state, max 20 cells", "no driver"),
		N_("this achica was built without {what}"),
		N_("this achica was built without its driver") },

	[WHY_EMPTY] = { NC_("state, max 20 cells", "empty"),
		N_("{what} is empty"), N_("it is empty") },
	[WHY_ALL_ZERO] = { NC_("state, max 20 cells", "all zero"),
		N_("nothing is in it but zeros"), NULL },
	[WHY_WRITE_ONCE] = { NC_("state, max 20 cells", "nothing to reclaim"),
		N_("a {what} is written once and has no free space"),
		N_("it is written once and has no free space") },
	[WHY_TABLE] = { NC_("state, max 20 cells", "doubtful table"),
		N_("the partition table is not beyond doubt: {what}"),
		N_("the partition table is not beyond doubt") },
	[WHY_DISK_BUSY] = { NC_("state, max 20 cells", "disk in use"),
		N_("{what}, on the same disk, is in use"),
		N_("something else on the same disk is in use") },

	[WHY_LV_TYPE] = { NC_("state, max 20 cells", "not a plain volume"),
		N_("this logical volume is neither linear nor striped: {what}"),
		N_("this logical volume is neither linear nor striped") },
	[WHY_LV_SNAPSHOT] = { NC_("state, max 20 cells", "snapshot"),
		N_("this logical volume is a snapshot or has one"), NULL },
	[WHY_VG_STATE] = { NC_("state, max 20 cells", "volume group"),
		N_("the state of its volume group speaks against it: {what}"),
		N_("the state of its volume group speaks against it") },
	[WHY_VG_MISSING] = { NC_("state, max 20 cells", "group incomplete"),
		N_("the physical volume {what} of its volume group is not on this disk"),
		N_("a physical volume of its volume group is not on this disk") },
	[WHY_PV_DUPLICATE] = { NC_("state, max 20 cells", "duplicate UUID"),
		N_("two physical volumes have the same UUID: {what}"),
		N_("two physical volumes have the same UUID") },

	[WHY_OPT_IN] = { NC_("state, max 20 cells", "opt-in"),
		N_("it is cleared as a whole, and so only with {what}"),
		N_("it is cleared as a whole, and so only when that is asked for") },
	[WHY_REMAINS] = { NC_("state, max 20 cells", "deleted partition?"),
		N_("traces of {what} were found in it: it may be a deleted partition"),
		N_("traces of a filesystem were found in it: it may be a deleted partition") },

	[WHY_CORRUPT] = { NC_("state, max 20 cells", "damaged"),
		N_("the filesystem contradicts itself: {what}"),
		N_("the filesystem contradicts itself") },
	[WHY_MIRROR] = { NC_("state, max 20 cells", "damaged copy"),
		/* TRANSLATORS: {what} is a part of the filesystem, such as "superblock". */
		N_("one copy of its metadata is damaged and another one is sound: {what}, at byte "
		   "{at}"),
		N_("one copy of its metadata is damaged and another one is sound") },
	[WHY_OUTSIDE] = { NC_("state, max 20 cells", "larger than its room"),
		N_("the filesystem ({size}) is larger than the place it lies in"),
		N_("the filesystem is larger than the place it lies in") },
	[WHY_MAP_ORDER] = { NC_("state, max 20 cells", "damaged free map"),
		N_("the map of free blocks is out of order at byte {at}"),
		N_("the map of free blocks is out of order") },
	[WHY_MAP_RANGE] = { NC_("state, max 20 cells", "damaged free map"),
		N_("the map of free blocks leaves the filesystem at byte {at}"),
		N_("the map of free blocks leaves the filesystem") },
	[WHY_MAP_TOTAL] = { NC_("state, max 20 cells", "wrong free count"),
		N_("the map of free blocks differs from the filesystem's own count"), NULL },

	[WHY_NO_PUNCH] = { NC_("state, max 20 cells", "cannot punch holes"),
		N_("holes cannot be punched in it"), NULL },
	[WHY_NO_TRIM] = { NC_("state, max 20 cells", "cannot be trimmed"),
		N_("what is trimmed on {what} does not reach the disk"),
		N_("what is trimmed does not reach the disk") },
	[WHY_NO_FILL] = { NC_("state, max 20 cells", "cannot be filled"),
		N_("a file of zeros would not help: {what}"),
		N_("a file of zeros would not help") },
	[WHY_NOT_MOUNTED] = { NC_("state, max 20 cells", "not mounted"),
		N_("this method needs it mounted"), NULL },
	[WHY_IS_MOUNTED] = { NC_("state, max 20 cells", "mounted"),
		N_("this method needs it unmounted, and it is mounted on {what}"),
		N_("this method needs it unmounted") },
	[WHY_FORMAT] = { NC_("state, max 20 cells", "image format"),
		N_("achica does not handle {what} images"),
		N_("achica does not handle this image format") },

	[WHY_EXISTS] = { NC_("state, max 20 cells", "exists already"),
		N_("{what} exists already, and nothing is overwritten"),
		N_("it exists already, and nothing is overwritten") },
	[WHY_INSIDE] = { NC_("state, max 20 cells", "inside the source"),
		N_("{what} would lie in what is copied"), N_("it would lie in what is copied") },
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == WHY_COUNT, "each why code has a reason");

static const struct reason *reason_of(const struct error *err)
{
	return &reasons[(unsigned)err->why < WHY_COUNT ? err->why : WHY_SYSTEM];
}

/* Whether all that the sentence asks for is known. */
static bool knows(const struct error *err, const char *text)
{
	if (strstr(text, "{what}") && err->what[0] == '\0')
		return false;
	return err->at != ERROR_NOWHERE || !(strstr(text, "{at}") || strstr(text, "{size}"));
}

/* Whether what the system said adds nothing. */
static bool explains_itself(enum why why)
{
	return why == WHY_NONE || why == WHY_TOOL || why == WHY_TOOL_FAILED ||
	       why == WHY_DIFFERS || why == WHY_CHANGED;
}

/* Adds who is in the way, or what the system said. */
static char *add_cause(const struct error *err, const char *sentence, char *buf, size_t n)
{
	char pid[16];
	struct say_fact facts[] = { { "sentence", sentence }, { "who", err->who }, { "pid", pid },
				{ "error", strerror(err->errnum) }, { NULL, NULL } };

	snprintf(pid, sizeof(pid), "%d", (int)err->pid);
	if (err->who[0] && err->pid)
		/* TRANSLATORS: "a virtual machine is using it (qemu-system-x86, process 4711)" */
		return say_fill(buf, n, _("{sentence} ({who}, process {pid})"), facts);
	if (err->pid)
		/* TRANSLATORS: "another program is using it (process 4711)" */
		return say_fill(buf, n, _("{sentence} (process {pid})"), facts);
	if (err->errnum && !why_is_refusal(err->why) && !explains_itself(err->why))
		/* TRANSLATORS: "disk.img cannot be opened: Permission denied" */
		return say_fill(buf, n, _("{sentence}: {error}"), facts);
	return say_fill(buf, n, "{sentence}", facts);
}

/* Types as people know them; libblkid's names for the others are good enough. */
static const char *known_name(const char *what)
{
	static const char *const names[][2] = {
		{ "LVM2_member", "LVM" },
		{ "apfs", "APFS" },
		{ "crypto_LUKS", "LUKS" },
		{ "ddf_raid_member", "DDF RAID" },
		{ "dos", "MBR" },
		{ "gpt", "GPT" },
		{ "isw_raid_member", "Intel RAID" },
		{ "iso9660", "ISO 9660" },
		{ "jfs", "JFS" },
		{ "linux_raid_member", "Linux RAID" },
		{ "nilfs2", "NILFS" },
		{ "reiserfs", "ReiserFS" },
		{ "ufs", "UFS" },
		{ "zfs_member", "ZFS" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], what) == 0)
			return names[i][1];
	}
	return what;
}

bool say_is_no_fs(const struct error *err)
{
	return err->why == WHY_CORRUPT && (strcmp(err->what, "partition table") == 0 ||
					   strncmp(err->what, "LVM ", 4) == 0);
}

char *say_reason(const struct error *err, char *buf, size_t n)
{
	const struct reason *reason = reason_of(err);
	const char *text = reason->text;
	char at[24];
	char size[32];
	char sentence[2048];
	struct say_fact facts[] = { { "what", known_name(err->what) }, { "at", at },
				    { "size", size }, { NULL, NULL } };

	if (reason->bare && !knows(err, text))
		text = reason->bare;
	else if (say_is_no_fs(err))
		/* TRANSLATORS: {what} is "partition table" or "LVM metadata". */
		text = N_("what is found there contradicts itself: {what}");
	snprintf(at, sizeof(at), "%ju", (uintmax_t)err->at);
	say_size_long(err->at, size, sizeof(size));
	say_fill(sentence, sizeof(sentence), _(text), facts);
	return add_cause(err, sentence, buf, n);
}

char *say_short(const struct error *err, char *buf, size_t n)
{
	return say_fill(buf, n, i18n_label(reason_of(err)->brief), (struct say_fact[]){ { 0 } });
}
