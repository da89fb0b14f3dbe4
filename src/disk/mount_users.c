/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Whether somebody works in a mounted filesystem: processes with open files, a working or root
 * directory or a mapping there, loop devices and swap files on it, overlays with a layer there, and
 * folders that the NFS server of the kernel, which has no process, gives to others. What cannot be
 * seen (processes of others when we are not root) or told apart counts as a user.
 *
 * A file is there when its device number is the filesystem's. The files of btrfs have a number for
 * each subvolume instead: there it is the mount through which the process has the file.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk/disk.h"
#include "disk/mount_ids.h"
#include "disk/mounts.h"
#include "disk/procs.h"

/* The device of /dev/fuse (linux/Documentation/admin-guide/devices.txt: misc, 229). */
#define FUSE_MAJOR 10
#define FUSE_MINOR 229

/* Of headers before Linux 5.3; the number is the same on nearly all machines. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* Filesystems of the kernel's own, whose files are on no mount that a table has. */
enum {
	OWN_MEMORY,
	OWN_NAMESPACES,
	OWN_PROCESSES,
	OWN_COUNT,
};

struct users {
	dev_t dev;          /* of the mounted filesystem, by the table of mounts */
	bool daemon;        /* set when the process looked at serves it */
	bool found;

	/* The rest is for a filesystem whose files have other numbers. */
	bool by_mount;
	struct mount_ids *here;   /* the mounts that we see */
	struct mount_ids *theirs; /* and the process looked at; NULL: not read yet */
	dev_t own[OWN_COUNT];     /* 0: there is none */
};

int mount_usage(const char *mountpoint, uint64_t *size, uint64_t *free_bytes)
{
	struct statvfs st;

	if (statvfs(mountpoint, &st) < 0)
		return -errno;
	*size = (uint64_t)st.f_blocks * st.f_frsize;
	*free_bytes = (uint64_t)st.f_bfree * st.f_frsize;
	return 0;
}

static dev_t device_of(const struct statx *st)
{
	return makedev(st->stx_dev_major, st->stx_dev_minor);
}

/* Whether a number is another filesystem's: of a disk, of the kernel itself, or in the table of
   mounts, which has none of the numbers of subvolumes. */
static bool is_elsewhere(const struct users *users, dev_t dev)
{
	if (major(dev) != 0)
		return true;
	for (size_t i = 0; i < OWN_COUNT; i++) {
		if (users->own[i] == dev)
			return true;
	}
	return dev != users->dev && mount_ids_has(users->here, dev);
}

/* Whether path is there by the mount it is on; -ENODEV when that is none of ids. */
static int is_on(const struct users *users, const struct mount_ids *ids, const char *path)
{
	dev_t dev;
	int rc = ids ? mount_ids_dev(ids, path, &dev) : -ENODEV;

	if (rc == -ENODEV)
		return rc;
	return rc == 0 ? dev == users->dev : rc != -ENOENT && rc != -EOPNOTSUPP;
}

/* Whether the file of a process (pid 0: of nobody, path is one of ours) is there. */
static bool is_in(struct users *users, pid_t pid, const char *path, const struct statx *st)
{
	int there = -ENODEV;

	if (!users->by_mount)
		return device_of(st) == users->dev;
	if (is_elsewhere(users, device_of(st)) ||
	    (!S_ISREG(st->stx_mode) && !S_ISDIR(st->stx_mode)))
		return false;
	if (pid && !users->theirs)
		users->theirs = mount_ids_read(pid);
	if (pid)
		there = is_on(users, users->theirs, path);
	if (there == -ENODEV)
		there = is_on(users, users->here, path);
	return there != 0;
}

/* A descriptor of /dev/fuse tells in fdinfo which filesystem its process serves, as the kernel's
   own number: 12 bits of major and 20 of minor (linux/fs/fuse/dev.c, linux/kdev_t.h). */
static bool serves(const struct users *users, const struct procs_fd *fd)
{
	unsigned long own = (unsigned long)major(users->dev) << 20 | minor(users->dev);
	char path[280];
	char info[1024];
	const char *line;

	if (!S_ISCHR(fd->st->stx_mode) || fd->st->stx_rdev_major != FUSE_MAJOR ||
	    fd->st->stx_rdev_minor != FUSE_MINOR)
		return false;
	snprintf(path, sizeof(path), "fdinfo/%s", fd->number);
	if (!procs_text(fd->pid, path, info, sizeof(info)))
		return false;
	line = strstr(info, "fuse_connection:");
	return line && strtoul(line + strlen("fuse_connection:"), NULL, 10) == own;
}

static int look_at_fd(void *arg, const struct procs_fd *fd)
{
	struct users *users = arg;
	char path[320];

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)fd->pid, fd->number);
	if (serves(users, fd))
		users->daemon = true;
	else if (is_in(users, fd->pid, path, fd->st))
		users->found = true;
	return 0;
}

/* The working directory, the root and the program. */
static void look_at_links(struct users *users, pid_t pid)
{
	static const char *const links[] = { "cwd", "root", "exe" };

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		char path[64];
		struct statx st;

		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, links[i]);
		if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE,
			  &st) == 0 && is_in(users, pid, path, &st))
			users->found = true;
	}
}

/* Lines "start-end perms offset major:minor inode path" of maps (proc(5)). */
static void look_at_maps(struct users *users, pid_t pid)
{
	char path[64];
	char *line = NULL;
	size_t size = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps && getline(&line, &size, maps) > 0) {
		unsigned maj, min;

		if (sscanf(line, "%*s %*s %*s %x:%x", &maj, &min) == 2 && (maj || min) &&
		    makedev(maj, min) == users->dev)
			users->found = true;
	}
	free(line);
	if (maps)
		fclose(maps);
}

static int look_at_process(void *arg, pid_t pid)
{
	struct users *users = arg;

	users->daemon = false;
	users->found = false;
	mount_ids_free(users->theirs);
	users->theirs = NULL;
	if (procs_fds(pid, look_at_fd, users) == -EACCES)
		return 1;
	look_at_links(users, pid);
	look_at_maps(users, pid);
	return users->found && !users->daemon;
}

/* Whether a file that the kernel has open is there, for a loop device or as swap. */
static bool has_file(const struct users *users, dev_t dev, const char *path)
{
	dev_t there;

	if (!users->by_mount)
		return dev == users->dev;
	return !is_elsewhere(users, dev) &&
	       (!path || mount_ids_dev(users->here, path, &there) < 0 || there == users->dev);
}

static int look_at_loop(void *arg, const struct loop *loop)
{
	const struct users *users = arg;
	char *path = users->by_mount && loop->below.file ? loop_path(loop) : NULL;
	bool found = loop->below.file && has_file(users, loop->below.dev, path);

	free(path);
	return found;
}

static bool has_swap_file(const struct users *users)
{
	struct mount *mounts = NULL;
	bool found = false;

	if (mounts_read(&mounts, NULL) < 0)
		return true;
	for (const struct mount *m = mounts; m; m = m->next)
		found = found || (m->swap && m->place.file &&
				  has_file(users, m->place.dev, m->source));
	mounts_free(mounts);
	return found;
}

/* Whether the file named path[0..len) is there; a server that holds it is not waited for. */
static bool is_name_in(struct users *users, const char *path, size_t len)
{
	char name[4096];
	struct statx st;

	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, path, len);
	name[len] = '\0';
	return statx(AT_FDCWD, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) == 0 &&
	       is_in(users, 0, name, &st);
}

/* Options "lowerdir=/a:/b,upperdir=/c" (Linux, filesystems/overlayfs.rst): whether a layer is
   there. Names with ':' or ',' are not found. */
static bool has_layer(void *arg, const char *options)
{
	while (*options) {
		size_t n = strcspn(options, ":,=");

		if (options[0] == '/' && is_name_in(arg, options, n))
			return true;
		options += n;
		options += *options != '\0';
	}
	return false;
}

/* Lines "/folder<tab>client(options)" (exportfs(8)), odd bytes as \ooo. None without a server. */
static bool is_exported(struct users *users)
{
	FILE *etab = fopen("/var/lib/nfs/etab", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (etab && !found && getline(&line, &size, etab) > 0) {
		size_t n = 0;

		for (char *c = line; *c && !strchr(" \t\n", *c); c++) {
			if (*c == '\\' && strspn(c + 1, "01234567") >= 3) {
				*c = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0'));
				memmove(c + 1, c + 4, strlen(c + 4) + 1);
			}
			n++;
		}
		found = is_name_in(users, line, n);
	}
	free(line);
	if (etab)
		fclose(etab);
	return found;
}

static dev_t device_and_close(int fd)
{
	struct stat st;
	dev_t dev = fd >= 0 && fstat(fd, &st) == 0 ? st.st_dev : 0;

	if (fd >= 0)
		close(fd);
	return dev;
}

/* What it takes to tell files by their mounts. */
static bool find_mounts(struct users *users, const char *mountpoint)
{
	users->by_mount = true;
	users->own[OWN_MEMORY] = device_and_close(memfd_create("achica", MFD_CLOEXEC));
	users->own[OWN_NAMESPACES] =
		device_and_close(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
	users->own[OWN_PROCESSES] = device_and_close((int)syscall(SYS_pidfd_open, getpid(), 0));
	users->here = mount_ids_read(0);
	return users->here && mount_ids_dev(users->here, mountpoint, &users->dev) == 0;
}

bool mount_has_users(const char *mountpoint)
{
	struct users users = { .found = false };
	struct place there = { .file = true };
	struct statfs fs;
	struct stat st;
	bool found;

	if (stat(mountpoint, &st) < 0 || statfs(mountpoint, &fs) < 0)
		return true;
	users.dev = st.st_dev;
	there.dev = st.st_dev;
	found = (fs.f_type == BTRFS_SUPER_MAGIC && !find_mounts(&users, mountpoint)) ||
		procs_each(look_at_process, &users) != 0 ||
		loop_each(&there, look_at_loop, &users) || has_swap_file(&users) ||
		mounts_any_overlay(has_layer, &users) || is_exported(&users);
	mount_ids_free(users.theirs);
	mount_ids_free(users.here);
	return found;
}
