/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The engine from a shell script, without locks:
 *
 *   enginetool punch|write|scan|verify|sample TYPE IMAGE [OFFSET]
 *   enginetool trim|fill TYPE MOUNTPOINT [DEVICE [RESERVE [OPTIONS]]]
 *
 * A "-" after the first word means a dry run: punch- write- trim- fill-. DEVICE may be "". Says
 * how many bytes became what, and the seconds it took: "hole zero zeroed failed kept read
 * gave-back". BACKING is the image behind DEVICE, to be measured. With TAKE and TAKE_BYTES a file
 * of that name and size is made as soon as so many bytes were zeroed.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"

#define KINDS (DID_READ + 1)

struct sums {
	uint64_t bytes[KINDS];
	const char *take;    /* a file to be made once, amid the work */
	uint64_t take_bytes;
};

/* What somebody else may do at any moment: needs space, and is to get it. */
static int take(struct sums *sums)
{
	int fd = open(sums->take, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int rc = fd < 0 || posix_fallocate(fd, 0, (off_t)sums->take_bytes);

	fprintf(stderr, "%s\n", rc ? "there was no space for others" : "others took space");
	close(fd);
	sums->take = NULL;
	return 0;
}

static int count(void *arg, enum did what, struct extent e)
{
	struct sums *sums = arg;

	sums->bytes[what] += e.len;
	return sums->take && sums->bytes[DID_ZEROED] >= sums->take_bytes ? take(sums) : 0;
}

static int failed(void *arg, const struct error *err, struct extent e)
{
	(void)arg;
	fprintf(stderr, "%s %s at %llu, %llu bytes\n", why_name(err->why), strerror(err->errnum),
		(unsigned long long)err->at, (unsigned long long)e.len);
	return 0;
}

static int refuse(const struct error *err)
{
	printf("%s %s %s at %lld\n", why_name(err->why), err->what, strerror(err->errnum),
	       (long long)err->at);
	return why_is_refusal(err->why) ? 4 : 1;
}

static void print_estimate(const struct estimate *e)
{
	printf("free %llu hole %llu zero %llu stale %llu low %llu high %llu %s\n",
	       (unsigned long long)e->free, (unsigned long long)e->hole,
	       (unsigned long long)e->zero, (unsigned long long)e->stale,
	       (unsigned long long)e->stale_low, (unsigned long long)e->stale_high,
	       e->exact ? "exact" : "sampled");
}

static int sample(struct fs *fs, const struct watch *watch, struct error *err)
{
	struct sampler *sampler;
	struct estimate e;
	int rc = sampler_new(fs, (uint64_t)time(NULL), watch, &sampler, err);

	if (rc)
		return rc;
	rc = sampler_more(sampler, 400, watch, err);
	sampler_result(sampler, &e);
	sampler_free(sampler);
	if (rc >= 0)
		print_estimate(&e);
	return rc < 0 ? rc : 0;
}

static int run_on(struct fs *fs, const char *verb, const struct watch *watch, struct error *err)
{
	bool dry = verb[strlen(verb) - 1] == '-';
	struct estimate e;
	int rc;

	if (strncmp(verb, "punch", 5) == 0)
		return engine_punch(fs, dry, watch, err);
	if (strncmp(verb, "write", 5) == 0)
		return engine_write(fs, dry, watch, err);
	if (strcmp(verb, "verify") == 0)
		return engine_verify(fs, watch, err);
	if (strcmp(verb, "sample") == 0)
		return sample(fs, watch, err);
	rc = engine_scan(fs, watch, &e, err);
	if (rc == 0)
		print_estimate(&e);
	return rc;
}

static int run_image(char **argv, const struct watch *watch, struct error *err)
{
	struct io *file, *window;
	struct extent part;
	struct fs *fs;
	int rc = io_file_open(argv[3], true, &file, err);

	if (rc)
		return rc;
	part.start = argv[4] ? strtoull(argv[4], NULL, 10) : 0;
	part.len = file->size - part.start;
	rc = io_window_new(file, &part, 1, &window);
	if (rc == 0)
		rc = fs_open(window, argv[2], &fs, err);
	if (rc == 0) {
		rc = run_on(fs, argv[1], watch, err);
		fs_close(fs);
		io_close(window);
	}
	io_close(file);
	return rc;
}

static int allocated(void *arg, uint64_t *bytes)
{
	struct stat st;

	if (stat(arg, &st) < 0)
		return -errno;
	*bytes = (uint64_t)st.st_blocks * 512;
	return 0;
}

static int run_mounted(char **argv, const struct watch *watch, struct error *err,
		       uint64_t *gave_back)
{
	struct mounted m = { .mountpoint = argv[3], .fstype = argv[2] };
	bool dry = argv[1][4] == '-';
	char *backing = getenv("BACKING");
	struct stat st;
	int rc = 0;

	if (argv[4] && argv[4][0])
		rc = io_file_open(argv[4], false, &m.device, err);
	if (rc)
		return rc;
	if (argv[4] && argv[5]) {
		m.reserve = strtoull(argv[5], NULL, 10);
		m.options = argv[6];
	}
	m.allocated = backing ? allocated : NULL;
	m.arg = backing;
	if (backing && stat(backing, &st) == 0)
		m.image_size = (uint64_t)st.st_size;
	if (strncmp(argv[1], "trim", 4) == 0)
		rc = engine_trim(&m, dry, watch, err);
	else
		rc = engine_fill(&m, dry, watch, err);
	io_close(m.device);
	*gave_back = m.gave_back;
	return rc;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct sums sums = { .take = getenv("TAKE") };
	uint64_t gave_back = 0;
	struct watch watch = { count, failed, &sums };
	struct error err;
	double start = seconds();
	int rc;

	if (argc < 4) {
		fputs("usage: enginetool VERB TYPE IMAGE|MOUNTPOINT ...\n", stderr);
		return 2;
	}
	if (sums.take)
		sums.take_bytes = strtoull(getenv("TAKE_BYTES"), NULL, 10);
	error_clear(&err);
	if (strncmp(argv[1], "trim", 4) == 0 || strncmp(argv[1], "fill", 4) == 0)
		rc = run_mounted(argv, &watch, &err, &gave_back);
	else
		rc = run_image(argv, &watch, &err);
	if (rc)
		return refuse(&err);
	printf("hole %llu zero %llu zeroed %llu failed %llu kept %llu read %llu gave-back %llu "
	       "seconds %.3f\n", (unsigned long long)sums.bytes[DID_HOLE],
	       (unsigned long long)sums.bytes[DID_ZERO], (unsigned long long)sums.bytes[DID_ZEROED],
	       (unsigned long long)sums.bytes[DID_FAILED], (unsigned long long)sums.bytes[DID_KEPT],
	       (unsigned long long)sums.bytes[DID_READ], (unsigned long long)gave_back,
	       seconds() - start);
	return 0;
}
