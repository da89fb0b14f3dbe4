#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios against the peers, in one run on one machine: "make bench", as root, from the build.

Prints the table of doc/performance.md. Each row has the medians of ROUNDS turns, in which achica
and its peer alternate over fresh copies of the same image: cold, that is none of the image in the
page cache, or warm, that is all of it. Writing counts until it is on the medium, for both sides
(achica flushes by itself; the peer's file is fsynced). BENCH names groups of rows, all by default.
Nothing here is a test that fails: timings on a busy machine are no verdict.
"""
import os
import shutil
import signal
import sys
import tempfile
import time

import rows_growth
import rows_image
import rows_maps
import rows_mounted
import rows_screen
import rows_sparsify
from lab import Lab, timed

GROUPS = {
    "image": rows_image.rows,
    "mounted": rows_mounted.rows,
    "maps": rows_maps.rows,
    "growth": rows_growth.rows,
    "screen": rows_screen.rows,
    "sparsify": rows_sparsify.rows,
}


def main():
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit("stopped"))
    wanted = os.environ.get("BENCH", " ".join(GROUPS)).split()
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        sys.exit(f"no rows are called {unknown[0]}; there are: {' '.join(GROUPS)}")
    folder = tempfile.mkdtemp(prefix="achica-bench-")
    lab = Lab(folder, int(os.environ.get("ROUNDS", "3")))
    start = time.monotonic()
    try:
        print("| row | achica | peer | ratio | wanted | |\n"
              "| --- | ---: | ---: | ---: | --- | --- |")
        for name in wanted:
            took = timed(lambda: GROUPS[name](lab))
            print(f"{name}: {took:.0f} s", file=sys.stderr)
        lab.tell_peaks()
    finally:
        lab.unmount()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{lab.rounds} rounds in {time.monotonic() - start:.0f} s; {lab.missed} missed.")


main()
