/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The file that claims free space must be gone when the process is, even by SIGKILL. O_TMPFILE
 * never gives it a name. Where that is not known (NTFS, FAT, exFAT, HFS Plus), a child process
 * creates it, removes its name and hands the descriptor over: a signal to achica alone cannot come
 * between, and a name that a power cut leaves is that of an empty file, which the next run removes.
 *
 * FUSE gives it another name until it is closed (.fuse_hidden...), which goes with the process too,
 * but not in a power cut. That then is a file of FUSE, full of zeros, which anybody's may be: it is
 * left alone, as are the clusters that FAT has lost by a power cut, for its fsck to find.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/fill_file.h"

#define NAME ".achica-fill-"

/* Of headers before Linux 5.9; the number is the same on nearly all machines. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* The room of a control message with one descriptor. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

/* Sends a descriptor, or with fd < 0 the negative errno alone. Async-signal-safe. */
static void send_fd(int to, int fd)
{
	union control control = { .room = { 0 } };
	struct iovec iov = { .iov_base = &fd, .iov_len = sizeof(fd) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	sendmsg(to, &msg, MSG_NOSIGNAL);
}

static int receive_fd(int from)
{
	union control control = { .room = { 0 } };
	int sent = -EIO;
	struct iovec iov = { .iov_base = &sent, .iov_len = sizeof(sent) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *c;
	ssize_t n;
	int fd;

	do {
		n = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	c = n == sizeof(sent) ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return n == sizeof(sent) && sent < 0 ? sent : -EIO;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Other threads have disks open, which nobody is to hold when they let go: the folder may hang. A
   kernel before 5.9 has no such call. Async-signal-safe. */
static void close_others(int dir, int to)
{
	unsigned low = (unsigned)(dir < to ? dir : to);
	unsigned high = (unsigned)(dir < to ? to : dir);

	if (low > 3)
		syscall(SYS_close_range, 3u, low - 1, 0u);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0u);
	syscall(SYS_close_range, high + 1, ~0u, 0u);
}

/* The child's part; nothing but system calls, for other threads may hold locks. */
static void create_and_send(int dir, const char *name, int to)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && unlinkat(dir, name, 0) < 0)
		fd = -errno;
	else if (fd < 0)
		fd = -errno;
	send_fd(to, fd);
	_exit(0);
}

static int open_by_child(int dir)
{
	char name[sizeof(NAME) + 24];
	int pair[2];
	pid_t child;
	int fd;

	snprintf(name, sizeof(name), NAME "%d", (int)getpid());
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	child = fork();
	if (child == 0) {
		close_others(dir, pair[1]);
		setsid();
		create_and_send(dir, name, pair[1]);
	}
	fd = child < 0 ? -errno : 0;
	close(pair[1]);
	if (child > 0)
		fd = receive_fd(pair[0]);
	close(pair[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

/* Empty files with our name, of processes that are no more. */
static void remove_leftovers(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d))) {
		int pid;
		int end = 0;

		if (sscanf(entry->d_name, NAME "%d%n", &pid, &end) != 1 || entry->d_name[end])
			continue;
		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_size != 0)
			continue;
		if (pid == getpid() || (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH))
			unlinkat(dir, entry->d_name, 0);
	}
	if (d)
		closedir(d);
}

int fill_file_open(int dir)
{
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return -errno;
	remove_leftovers(dir);
	return open_by_child(dir);
}
