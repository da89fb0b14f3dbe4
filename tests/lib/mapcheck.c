/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * mapcheck MAP OFFSET BEFORE AFTER
 *
 * Compares two states of an image. MAP has "START LENGTH" lines, ascending, in bytes from OFFSET on
 * in the images, and comes from another tool than achica. Prints three numbers of bytes: how many
 * outside of the map are not what they were, how many in it are not zero, and how many in it were
 * not zero and are it now. Where the first of the first two lies goes to stderr.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP 4096

struct check {
	const unsigned char *before, *after;
	uint64_t size;
	uint64_t changed, stale, zeroed; /* bytes */
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static const unsigned char *map_file(const char *path, uint64_t *size)
{
	struct stat st;
	void *bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	*size = (uint64_t)st.st_size;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		die(path);
	close(fd);
	return bytes;
}

static void first(const char *what, uint64_t n, uint64_t at)
{
	if (n == 0)
		fprintf(stderr, "%s at byte %" PRIu64 "\n", what, at);
}

static void check_used(struct check *c, uint64_t from, uint64_t to)
{
	for (uint64_t at = from, n; at < to; at += n) {
		n = to - at < STEP ? to - at : STEP;
		if (memcmp(c->before + at, c->after + at, n) == 0)
			continue;
		for (uint64_t i = at; i < at + n; i++) {
			if (c->before[i] == c->after[i])
				continue;
			first("changed", c->changed, i);
			c->changed++;
		}
	}
}

static void check_free(struct check *c, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		if (c->after[i] != 0) {
			first("not zero", c->stale, i);
			c->stale++;
		} else if (c->before[i] != 0) {
			c->zeroed++;
		}
	}
}

static void check_all(struct check *c, FILE *map, uint64_t offset)
{
	uint64_t start, len, at = 0;

	while (fscanf(map, "%" SCNu64 " %" SCNu64, &start, &len) == 2) {
		start += offset;
		if (start < at || start > c->size || len > c->size - start) {
			fprintf(stderr, "the map is wrong at %" PRIu64 "\n", start);
			exit(2);
		}
		check_used(c, at, start);
		check_free(c, start, start + len);
		at = start + len;
	}
	check_used(c, at, c->size);
}

int main(int argc, char **argv)
{
	struct check c = { 0 };
	uint64_t size;
	FILE *map;

	if (argc != 5) {
		fputs("usage: mapcheck MAP OFFSET BEFORE AFTER\n", stderr);
		return 2;
	}
	map = fopen(argv[1], "r");
	if (!map)
		die(argv[1]);
	c.before = map_file(argv[3], &c.size);
	c.after = map_file(argv[4], &size);
	if (size != c.size) {
		fputs("the sizes differ\n", stderr);
		return 2;
	}
	check_all(&c, map, strtoull(argv[2], NULL, 10));
	fclose(map);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", c.changed, c.stale, c.zeroed);
	return 0;
}
