/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Runs a fuzzer's harness without libFuzzer, with any compiler: on each file as it is, then on 300
 * that differ from it in up to 8 bytes, always the same ones.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST (4u << 20)
#define VARIANTS 300u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_variants(const uint8_t *data, uint8_t *changed, size_t size)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };

	LLVMFuzzerTestOneInput(data, size);
	for (unsigned v = 0; v < VARIANTS && size > 0; v++) {
		srand(v);
		memcpy(changed, data, size);
		for (int n = rand() % 8 + 1; n > 0; n--)
			changed[(size_t)rand() % size] = values[(size_t)rand() % sizeof values];
		LLVMFuzzerTestOneInput(changed, size);
	}
}

static int replay(const char *name, uint8_t *data, uint8_t *changed)
{
	FILE *file = fopen(name, "rb");

	if (!file) {
		perror(name);
		return 1;
	}
	run_variants(data, changed, fread(data, 1, MOST, file));
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	uint8_t *data = malloc(MOST);
	uint8_t *changed = malloc(MOST);
	int failed = !data || !changed;

	for (int i = 1; !failed && i < argc; i++)
		failed = replay(argv[i], data, changed);
	free(data);
	free(changed);
	return failed;
}
