/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * How long it takes to see that 4 GiB of memory are zero: by the test which the engine uses, and by
 * memchr(), which the C library has in the best way for the processor. Prints both in seconds.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"

#define SIZE ((size_t)256 << 20)
#define TURNS 16

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
	unsigned char *buf = malloc(SIZE);
	void *volatile at; /* so that no compiler takes all turns for one */
	double ours = 0, theirs = 0;
	int found = 0;

	if (!buf)
		return 1;
	/* Real memory, and not many times the kernel's one page of zeros. */
	for (size_t i = 0; i < SIZE; i += 4096)
		*(volatile unsigned char *)(buf + i) = 1;
	memset(buf, 0, SIZE);
	for (int i = 0; i < TURNS; i++) {
		double start = now();
		double middle;

		found += !bytes_are_zero(buf, SIZE);
		middle = now();
		at = memchr(buf, 1, SIZE);
		found += at != NULL;
		ours += middle - start;
		theirs += now() - middle;
	}
	free(buf);
	printf("%f %f\n", ours, theirs);
	return found != 0;
}
