/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What becomes of the three standard streams, at the beginning and at the end. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "achica/i18n.h"
#include "cli/cli.h"

void output_guard(void)
{
	/* Opened the wrong way round, so that using them still fails as it does when closed. */
	static const int mode[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode[fd]) != fd)
			_exit(STATUS_ERROR);
	}
}

int output_close(int status)
{
	bool failed = ferror(stdout) != 0;
	struct say_fact facts[] = { { "error", NULL }, { NULL, NULL } };

	errno = 0;
	if (fclose(stdout) != 0)
		failed = true;
	if (!failed)
		return status;
	facts[0].value = errno ? strerror(errno) : "stdout";
	/* TRANSLATORS: {error} is what the system says: "No space left on device". */
	cli_complain(_("the output cannot be written: {error}"), facts);
	return status == STATUS_DONE || status == STATUS_NOTHING ? STATUS_ERROR : status;
}
