/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What mends it: a command which runs as it stands, where there is one, else a sentence. A
 * filesystem inside an image is repaired in its place: e2fsck takes an offset, for the others a
 * loop device is made for the time of the repair.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "achica/i18n.h"
#include "achica/say.h"

/* {what}, {path}, {device}, {name} and {mount} are quoted for the shell. NULL: nothing helps, or
   look says it. */
static const char *const remedies[WHY_COUNT] = {
	[WHY_READ] = N_("the disk may be failing: save it first, for example with ddrescue"),
	[WHY_WRITE] = N_("the disk may be failing: save it first, for example with ddrescue"),
	[WHY_FLUSH] = N_("see what the kernel says: dmesg"),
	[WHY_NOT_FOUND] = N_("see what there is: achica --list"),
	[WHY_NOT_TARGET] = N_("see what there is: achica --list"),
	[WHY_VERIFY] = N_("run achica again; if it stays so, do not trust the disk"),
	[WHY_NO_ROOM] = N_("free some room there, or name another destination"),
	[WHY_TOOL] = N_("install {what}"),
	[WHY_DIFFERS] = N_("see what the kernel says: dmesg"),
	[WHY_CHANGED] = N_("see who uses it: fuser -v {path}"),
	[WHY_USED] =
		N_("another program wrote to it, or the disk cannot be trusted: go back to a copy"),
	[WHY_FSCK_AFTER] =
		N_("another program wrote to it, or the disk cannot be trusted: go back to a copy"),
	[WHY_TIMEOUT] = N_("see what the kernel says: dmesg"),

	[WHY_MOUNTED] = "umount {what}",
	[WHY_MOUNTED_RO] = "umount {what}",
	[WHY_SWAP_ACTIVE] = "swapoff {what}",
	[WHY_HOLDER] =
		N_("close {what} first, with cryptsetup, vgchange -an, mdadm --stop or dmsetup"),
	[WHY_BUSY] = "fuser -v {path}",
	[WHY_LOCKED_QEMU] = N_("shut the virtual machine down"),
	[WHY_IMAGE_OPEN] = "fuser -v {path}",
	[WHY_LOOP] = "losetup -d {what}",
	[WHY_SYSTEM_DISK] = N_("start from a rescue system"),

	[WHY_HIBERNATED] = N_("start Windows and shut it down fully: shutdown /s /f /t 0"),
	[WHY_JOURNAL_DEV] = N_("mount it: achica fills the free space of mounted filesystems"),
	[WHY_MULTI_DEV] = N_("mount it: achica fills the free space of mounted filesystems"),
	[WHY_UNKNOWN_FS] = N_("mount it: achica fills the free space of mounted filesystems"),
	[WHY_FEATURE] = N_("mount it: achica fills the free space of mounted filesystems"),
	[WHY_NO_DRIVER] = N_("mount it: achica fills the free space of mounted filesystems"),
	[WHY_LV_TYPE] = N_("activate it with lvchange -ay and take its device"),
	[WHY_LV_SNAPSHOT] = N_("merge or remove the snapshot: lvconvert --merge, lvremove"),
	[WHY_VG_MISSING] = N_("activate its volume group and take the devices of its volumes"),
	[WHY_PV_DUPLICATE] = N_("give the copy a UUID of its own: vgimportclone"),
	[WHY_AMBIGUOUS] = N_("see the signatures with wipefs {path} and remove the wrong one"),

	/* For a fsck what is missing is damage: of half a volume ntfsfix empties the log. */
	[WHY_OUTSIDE] = N_("do not repair it like this: it is a copy that was cut short, or a "
			   "partition that was made smaller, and wants its whole length back"),

	[WHY_EMPTY] = N_("name a file that has something in it"),
	[WHY_ALL_ZERO] = N_("nothing has to be done: its copy is small as it is"),
	[WHY_WRITE_ONCE] = N_("nothing has to be done: copy it as it is"),
	[WHY_CONTAINER] = N_("open it with its own tools, and give achica the device that appears"),
	[WHY_TABLE] = "sfdisk --verify {path}",
	[WHY_DISK_BUSY] = N_("let go of {what} first, with umount or swapoff"),
	[WHY_OPT_IN] = "achica --zero {what} {name}",
	[WHY_REMAINS] = "achica --zero --gaps {name}",

	[WHY_NO_PUNCH] = "--method=write",
	[WHY_NO_TRIM] = N_("unmount it, or take --method=fill"),
	[WHY_NO_FILL] = "umount {mount}",
	[WHY_NOT_MOUNTED] = N_("mount it, or take --method=auto"),
	[WHY_IS_MOUNTED] = "umount {what}",

	[WHY_EXISTS] = N_("name another destination"),
	[WHY_INSIDE] = N_("name another destination"),
};

/* For what achica does not read, by the type that libblkid tells. {device} is the target as a block
   device or file of its own. */
static const struct {
	const char *type;
	const char *remedy;
} by_type[] = {
	{ "crypto_LUKS",
	  N_("zeros in it would be encrypted as well; trim it instead: cryptsetup open "
	     "--allow-discards {device} NAME, mount it, and run fstrim") },
	{ "BitLocker",
	  N_("zeros in it would be encrypted as well; trim it instead, in Windows with "
	     "Optimize-Volume -ReTrim, or: cryptsetup open --type bitlk --allow-discards {device} "
	     "NAME, mount it, and run fstrim") },
	{ "linux_raid_member", N_("mdadm --assemble --scan, then give achica the array") },
	{ "zfs_member", N_("import its pool and have ZFS free it by itself: zpool trim POOL") },
	{ "bcache", N_("have its cache written back, then give achica its /dev/bcache device") },
	{ "LVM2_member", "vgchange -ay" },
	{ "ReFS", N_("in Windows: Optimize-Volume -ReTrim, or sdelete -z") },
	{ "apfs", N_("in macOS: diskutil secureErase freespace 0 VOLUME") },
	{ "ufs", N_("in the BSD it belongs to: fill it with a file of zeros, and delete that") },
};

static const char *remedy_by_type(const char *type)
{
	for (size_t i = 0; i < sizeof(by_type) / sizeof(by_type[0]); i++) {
		if (strcmp(by_type[i].type, type) == 0)
			return by_type[i].remedy;
	}
	return NULL;
}

struct repair {
	const char *fstype;  /* as libblkid names it */
	const char *command; /* before the name of the device */
	const char *then;    /* behind it */
	bool offset;         /* the command takes PATH?offset=BYTE */
	bool replays;        /* the command also deals with a journal; else mounting does */
};

static const struct repair repairs[] = {
	{ "ext2", "e2fsck -f", "", true, true },
	{ "ext3", "e2fsck -f", "", true, true },
	{ "ext4", "e2fsck -f", "", true, true },
	{ "ntfs", "ntfsfix -d", "", false, true },
	{ "vfat", "fsck.fat -a", "", false, false },
	{ "exfat", "fsck.exfat -p", "", false, false },
	{ "xfs", "xfs_repair", "", false, false },
	{ "btrfs", "btrfs check", "", false, false },
	{ "f2fs", "fsck.f2fs -f", "", false, false },
	{ "hfsplus", "fsck.hfsplus -f", "", false, true },
};

/* The first superblock from a sound copy (btrfs-rescue(8)), which asks before it writes. */
static const struct repair super_recover = {
	"btrfs", "btrfs rescue super-recover", "", false, false
};

/* Each damaged block from its sound copy (btrfs-scrub(8)). */
static const struct repair scrub = {
	"btrfs", "mount", " /mnt && btrfs scrub start -B /mnt; umount /mnt", false, false
};

/* What is a disk itself is given to achica as one. */
static const struct repair inner_disk = { "", "achica", "", false, false };

static const struct repair *repair_of(const struct error *err, const char *fstype)
{
	bool copy = err->why == WHY_MIRROR || err->why == WHY_CORRUPT;

	if (err->why == WHY_INNER_DISK)
		return &inner_disk;
	if (fstype && strcmp(fstype, "btrfs") == 0 && copy) {
		if (strncmp(err->what, "superblock", strlen("superblock")) == 0)
			return &super_recover;
		if (err->why == WHY_MIRROR)
			return &scrub;
	}
	for (size_t i = 0; fstype && i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		if (strcmp(repairs[i].fstype, fstype) == 0)
			return &repairs[i];
	}
	return NULL;
}

/* Whether t is a part of what its path names. */
static bool is_inside(const struct target *t)
{
	if (t->base != 0 || t->n_pvs)
		return true;
	return t->parent && t->kind == TARGET_PART && t->parent->path &&
	       strcmp(t->parent->path, t->path) == 0;
}

/* t as an argument for a program that wants a device, malloc'ed: a part of an image becomes one.
   NULL for a volume in several segments. */
static char *device_of(const struct target *t)
{
	char *path = t->n_segments ? NULL : shell_quote(t->path);
	char *device = NULL;

	if (!path || !is_inside(t))
		return path;
	if (asprintf(&device, "\"$(losetup --find --show --offset %ju --sizelimit %ju %s)\"",
		     (uintmax_t)t->base, (uintmax_t)t->size, path) < 0)
		device = NULL;
	free(path);
	return device;
}

/* A volume of several segments is repaired through its device. */
static char *volume_command(const struct target *t, const struct repair *repair)
{
	const char *volume = target_volume(t);
	int group = (int)strcspn(volume, "/");
	char *path = shell_quote(t->path);
	char *command = NULL;
	int len = -1;

	if (path && t->kind == TARGET_LV && target_top(t)->kind != TARGET_IMAGE)
		len = asprintf(&command, "vgchange -ay %.*s && %s /dev/%s%s; vgchange -an %.*s",
			       group, volume, repair->command, volume, repair->then, group, volume);
	else if (path)
		len = asprintf(&command,
			       "d=$(losetup --find --show --partscan %s) && vgchange -ay %.*s"
			       " && %s /dev/%s%s; vgchange -an %.*s; losetup -d \"$d\"", path,
			       group, volume, repair->command, volume, repair->then, group, volume);
	free(path);
	return len < 0 ? NULL : command;
}

/* The repair of t in its place, malloc'ed: "e2fsck -f /dev/sda1". NULL when there is none. */
static char *repair_command(const struct target *t, const struct repair *repair)
{
	bool inside = is_inside(t) || repair == &inner_disk;
	char *path = NULL;
	char *place = NULL;
	char *command = NULL;
	int len = -1;

	if (t->n_segments)
		return volume_command(t, repair);
	if (inside && repair->offset) {
		if (asprintf(&place, "%s?offset=%ju", t->path, (uintmax_t)t->base) < 0)
			place = NULL;
		path = place ? shell_quote(place) : NULL;
	} else {
		path = shell_quote(t->path);
	}
	if (path && inside && !repair->offset)
		len = asprintf(&command,
			       "d=$(losetup --find --show --offset %ju --sizelimit %ju %s)"
			       " && %s \"$d\"%s; losetup -d \"$d\"", (uintmax_t)t->base,
			       (uintmax_t)t->size, path, repair->command, repair->then);
	else if (path)
		len = asprintf(&command, "%s %s%s", repair->command, path, repair->then);
	free(place);
	free(path);
	return len < 0 ? NULL : command;
}

/* A table or a volume group is no filesystem, and has no fsck. */
static bool is_for_repair(const struct error *err)
{
	if (say_is_no_fs(err))
		return false;
	switch (err->why) {
	case WHY_JOURNAL:
	case WHY_UNCLEAN:
	case WHY_ERRORS:
	case WHY_FSCK:
	case WHY_ORPHANS:
	case WHY_DIRTY:
	case WHY_CORRUPT:
	case WHY_MIRROR:
	case WHY_INNER_DISK:
	case WHY_MAP_ORDER:
	case WHY_MAP_RANGE:
	case WHY_MAP_TOTAL:
		return true;
	default:
		return false;
	}
}

static char *say_repair(const struct error *err, const struct target *t, char *buf, size_t n)
{
	const struct repair *repair = t && t->path ? repair_of(err, t->fstype) : NULL;
	char *command = repair ? repair_command(t, repair) : NULL;
	struct say_fact facts[] = { { "command", command }, { NULL, NULL } };

	if (repair && err->why == WHY_JOURNAL && !repair->replays)
		say_fill(buf, n, _("mount it once and unmount it: its journal is then replayed"),
			 facts);
	else if (repair && (err->why == WHY_UNCLEAN || err->why == WHY_ORPHANS) && !repair->replays)
		say_fill(buf, n, _("mount it, let it finish what is under way, and unmount it"),
			 facts);
	else if (!command)
		say_fill(buf, n, _("check the filesystem with its own fsck program"), facts);
	else if (strcmp(repair->fstype, "ntfs") == 0)
		/* TRANSLATORS: {command} is "ntfsfix -d /dev/sda2". */
		say_fill(buf, n, _("run chkdsk /f in Windows, or: {command}"), facts);
	else if (strcmp(repair->fstype, "hfsplus") == 0)
		/* TRANSLATORS: {command} is "fsck.hfsplus -f /dev/sda2". */
		say_fill(buf, n, _("run First Aid in macOS, or: {command}"), facts);
	else
		say_fill(buf, n, "{command}", facts);
	free(command);
	return buf;
}

/* Of a volume group whose state is in the way. */
static const char *state_remedy(const char *state)
{
	if (strcmp(state, "exported") == 0)
		return "vgimport -a";
	if (strcmp(state, "pvmove") == 0)
		return N_("let the move end, or undo it: pvmove, pvmove --abort");
	if (strcmp(state, "missing") == 0)
		return N_("let LVM take back what it misses: vgextend --restoremissing");
	if (strcmp(state, "duplicate name") == 0)
		return N_("give one of the groups another name, by its UUID: vgrename");
	return N_("activate its volume group and take the devices of its volumes");
}

/* The remedy when it depends on more than the code, else the table's; NULL for none. */
static const char *sentence_of(const struct error *err, const struct target *t)
{
	switch (err->why) {
	case WHY_SYSTEM:
	case WHY_OPEN:
		if (geteuid() != 0 && (err->errnum == EACCES || err->errnum == EPERM))
			return N_("run achica as root");
		return NULL;
	case WHY_WRITE:
		return err->errnum == ENOSPC || err->errnum == EDQUOT
			       ? N_("free some room on the disk that it lies on, and run achica "
				    "again")
			       : remedies[err->why];
	case WHY_VG_STATE:
		return state_remedy(err->what);
	case WHY_READ_ONLY:
		if (t && target_volume(t) && strcmp(target_volume(t), err->what) == 0)
			return "lvchange --permission rw {what}";
		if (t && (t->kind == TARGET_IMAGE || t->format))
			return "chmod u+w {path}";
		return "blockdev --setrw {path}";
	case WHY_HIBERNATED:
		if (strcmp(err->what, "swap") == 0)
			return N_("start the system that hibernated and shut it down");
		return remedies[err->why];
	case WHY_CORRUPT:
		return strcmp(err->what, "partition table") == 0
			       ? "sfdisk --verify {disk}"
			       : N_("see what LVM says of it: vgck; it keeps older states in "
				    "/etc/lvm/archive: vgcfgrestore");
	case WHY_LOOP:
		return t && target_is_mounted(t) ? "umount {mount}" : remedies[err->why];
	case WHY_UNKNOWN_FS: /* nothing cannot be mounted */
		if (!err->what[0])
			return N_("if there should be one, look for it with testdisk; else it is "
				  "copied as it is");
		return remedy_by_type(err->what) ? remedy_by_type(err->what) : remedies[err->why];
	case WHY_CONTAINER:
		/* "LVM2 vg0": its volumes have rows of their own. */
		if (strncmp(err->what, "LVM2 ", 5) == 0)
			return remedies[WHY_NOT_FOUND];
		return remedy_by_type(err->what) ? remedy_by_type(err->what) : remedies[err->why];
	case WHY_TOOL:
		if (strcmp(err->what, "qemu-img") == 0)
			return N_("install it: the package is qemu-utils (Debian, Ubuntu), "
				  "qemu-img (Fedora, Arch, Alpine) or qemu-tools (openSUSE)");
		return remedies[err->why];
	case WHY_FORMAT:
		return "qemu-img convert -O raw {path} NAME.raw";
	default:
		return (unsigned)err->why < WHY_COUNT ? remedies[err->why] : NULL;
	}
}

char *say_remedy(const struct error *err, const struct target *t, char *buf, size_t n)
{
	const char *sentence = sentence_of(err, t);
	const char *mount = t && target_is_mounted(t) ? t->mountpoints[0] : NULL;
	char *what = shell_quote(err->what);
	char *path = t && t->path ? shell_quote(t->path) : NULL;
	char *name = t && t->name ? shell_quote(t->name) : NULL;
	char *disk = t && target_top(t)->path ? shell_quote(target_top(t)->path) : NULL;
	char *on = mount ? shell_quote(mount) : NULL;
	char *device = t && t->path ? device_of(t) : NULL;
	struct say_fact facts[] = { { "what", what }, { "path", path }, { "name", name },
				{ "disk", disk }, { "device", device }, { "mount", on },
				{ NULL, NULL } };

	buf[0] = '\0';
	if (is_for_repair(err))
		say_repair(err, t, buf, n);
	else if (sentence && (path || !strstr(sentence, "{path}")) &&
		 (name || !strstr(sentence, "{name}")) &&
		 (disk || !strstr(sentence, "{disk}")) &&
		 (device || !strstr(sentence, "{device}")) &&
		 (on || !strstr(sentence, "{mount}")) &&
		 (err->what[0] || !strstr(sentence, "{what}")))
		say_fill(buf, n, _(sentence), facts);
	free(what);
	free(path);
	free(name);
	free(disk);
	free(device);
	free(on);
	return buf;
}
