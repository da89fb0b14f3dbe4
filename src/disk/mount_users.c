/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Whether somebody works in a mounted filesystem: processes with open files, a working or root
 * directory or a mapping there, loop devices and swap files on it, overlays with a layer there, and
 * folders that the NFS server of the kernel, which has no process, gives to others. What cannot be
 * seen (processes of others when we are not root; files of btrfs, whose numbers differ from
 * subvolume to subvolume) counts as a user.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "disk/disk.h"
#include "disk/mounts.h"
#include "disk/procs.h"

/* The device of /dev/fuse (linux/Documentation/admin-guide/devices.txt: misc, 229). */
#define FUSE_MAJOR 10
#define FUSE_MINOR 229

struct users {
	dev_t dev;          /* of the mounted filesystem */
	bool daemon;        /* set when the process looked at serves it */
	bool found;
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

static bool is_in(const struct users *users, const struct statx *st)
{
	return makedev(st->stx_dev_major, st->stx_dev_minor) == users->dev;
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

	if (serves(users, fd))
		users->daemon = true;
	else if (is_in(users, fd->st))
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
		if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO,
			  &st) == 0 && is_in(users, &st))
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
	if (procs_fds(pid, look_at_fd, users) == -EACCES)
		return 1;
	look_at_links(users, pid);
	look_at_maps(users, pid);
	return users->found && !users->daemon;
}

static int look_at_loop(void *arg, const struct loop *loop)
{
	return loop->below.file && loop->below.dev == *(dev_t *)arg;
}

static bool has_swap_file(dev_t dev)
{
	struct mount *mounts = NULL;
	bool found = false;

	if (mounts_read(&mounts, NULL) < 0)
		return true;
	for (const struct mount *m = mounts; m; m = m->next)
		found = found || (m->swap && m->place.file && m->place.dev == dev);
	mounts_free(mounts);
	return found;
}

/* Whether the file named path[0..len) is there; a server that holds it is not waited for. */
static bool is_name_in(dev_t dev, const char *path, size_t len)
{
	char name[4096];
	struct statx st;

	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, path, len);
	name[len] = '\0';
	return statx(AT_FDCWD, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO, &st) == 0 &&
	       makedev(st.stx_dev_major, st.stx_dev_minor) == dev;
}

/* Options "lowerdir=/a:/b,upperdir=/c" (Linux, filesystems/overlayfs.rst): whether a layer is
   there. Names with ':' or ',' are not found. */
static bool has_layer(void *arg, const char *options)
{
	const dev_t *dev = arg;

	while (*options) {
		size_t n = strcspn(options, ":,=");

		if (options[0] == '/' && is_name_in(*dev, options, n))
			return true;
		options += n;
		options += *options != '\0';
	}
	return false;
}

/* Lines "/folder<tab>client(options)" (exportfs(8)), odd bytes as \ooo. None without a server. */
static bool is_exported(dev_t dev)
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
		found = is_name_in(dev, line, n);
	}
	free(line);
	if (etab)
		fclose(etab);
	return found;
}

bool mount_has_users(const char *mountpoint)
{
	struct users users = { .found = false };
	struct place there = { .file = true };
	struct statfs fs;
	struct stat st;

	if (stat(mountpoint, &st) < 0 || statfs(mountpoint, &fs) < 0 ||
	    fs.f_type == BTRFS_SUPER_MAGIC)
		return true;
	users.dev = st.st_dev;
	there.dev = st.st_dev;
	return procs_each(look_at_process, &users) != 0 ||
	       loop_each(&there, look_at_loop, &st.st_dev) || has_swap_file(st.st_dev) ||
	       mounts_any_overlay(has_layer, &st.st_dev) || is_exported(st.st_dev);
}
