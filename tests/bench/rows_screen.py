# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on the wizard, on a terminal in memory: how long until its first screen stands whole, and
until it has figures, and how good they are after five seconds."""
import os
import re
import statistics
import subprocess
import sys

from lab import ACHICA, GIB, MIB, drop, read, sh
from rows_image import EXT4

VTDRIVE = os.environ["VTDRIVE"]
ROWS, COLS = 60, 120
WAITING = ("being read", "to be estimated", "estimating")


def drive(lab, script, targets):
    """Runs the wizard by script; its peak memory is noted."""
    peak = lab.path("peak")
    run = subprocess.run(
        [VTDRIVE, "-r", str(ROWS), "-c", str(COLS), "-", "/usr/bin/time", "-q", "-f", "%M", "-o",
         peak, ACHICA, *targets],
        input="\n".join(script) + "\n", cwd=lab.dir, env=os.environ | {"LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"vtdrive: {run.stderr}")
    lab.note_peak(f"the wizard, {len(targets)} targets", peak)
    return run.stdout


def shown(targets):
    """The names and what is drawn last, the last line."""
    return [f"wait {name}" for name in targets] + ["wait F1 Help"]


LEAVE = ["send q", "exit 0"]


def first_screen(lab):
    targets = [f"disk{i:02}.img" for i in range(20)]
    for name in targets:
        sh(*EXT4, lab.sparse(name, 64 * MIB))
    for warm in (False, True):
        screen, known = [], []
        for _ in range(lab.rounds):
            if not warm:
                forget_all()
            clocks = drive(lab, [*shown(targets), "clock -", "gone being read", "clock -", *LEAVE],
                           targets).split()
            screen.append(float(clocks[0]))
            known.append(float(clocks[1]))
        state = "warm" if warm else "cold, the program too"
        ms = statistics.median(screen)
        lab.line(f"the wizard's first full screen, 20 targets, {state}", f"{ms:.0f} ms", "", "",
                 "below 100 ms", ms < 100)
        lab.line(f"and all 20 filesystems known, {state}", f"{statistics.median(known):.0f} ms")
    for name in targets:
        os.unlink(lab.path(name))


def forget_all():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as f:
        f.write("3\n")


SIZES = {"B": 1, "K": 1 << 10, "M": MIB, "G": GIB}


def width(screen, name):
    """Half of the interval in the row of name, bytes."""
    row = next(line for line in screen.splitlines() if name in line)
    if "exact" in row:
        return 0
    found = re.search(r"([\d.]+)([BKMG]) ±([\d.]+)([BKMG]?)", row)
    if not found:
        return None
    return float(found[3]) * SIZES[found[4] or found[2]]


def estimates(lab):
    source = lab.old("ext4.img", GIB, EXT4, "ext4")
    targets = [f"disk{i}.img" for i in range(8)]
    for name in targets:
        lab.copy(source, lab.path(name))
    free = sum(int(line.split()[1]) for line in sh(ACHICA, "--free-map", source).splitlines())
    for warm in (False, True):
        for name in targets:
            drop(lab.path(name))
            if warm:
                read(lab.path(name))
        out = drive(lab, [*shown(targets), *(f"gone {text}" for text in WAITING), "clock -",
                          "until 5000", "dump -", *LEAVE], targets)
        first, screen = out.split("\n", 1)
        state = "warm" if warm else "cold"
        lab.line(f"first figures of 8 targets of 1 GiB, {state}", f"{float(first):.0f} ms", "", "",
                 "within 1,000 ms", float(first) <= 1000)
        widths = [width(screen, name) for name in targets]
        if None in widths:
            sys.exit(f"no figure in\n{screen}")
        worst = max(widths) / free * 100
        lab.line(f"the widest estimate after 5 s, 8 targets, {state}",
                 f"±{worst:.2f} % of free space", "", "", "±2 %", worst <= 2)
    for name in (source, *(lab.path(name) for name in targets)):
        os.unlink(name)


def rows(lab):
    if not os.path.exists(VTDRIVE):
        lab.line("the wizard", "skipped: built without libvterm")
        return
    first_screen(lab)
    estimates(lab)
