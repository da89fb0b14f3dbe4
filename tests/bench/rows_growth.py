# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on the size of the disk: 1 GiB of files and 256 MiB of old data in sparse images, which cost
what their data and metadata cost. Writes doc/growth.md and doc/growth.svg besides."""
import math
import os

from lab import GIB, TIB, drop, faster, most, seconds, sh, timed
from plot import plot

DOC = os.environ["DOC"]
SIZES = ((10 * GIB, "10 GiB"), (100 * GIB, "100 GiB"), (1 * TIB, "1 TiB"), (15 * TIB, "15 TiB"))
ZEROFREE = 16 * GIB
FILES, DELETED = 850, 200  # of 1.1 MiB in the mean

# Name, mkfs, and what reads all that says what is free.
KINDS = (
    ("ext4", ["mke2fs", "-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=1,nodiscard"],
     "dumpe2fs", ["dumpe2fs"]),
    ("XFS", ["mkfs.xfs", "-q", "-K"], 'xfs_db -c freesp', ["xfs_db", "-r", "-f", "-c", "freesp"]),
)

PAGE = """# What the size of a disk costs

Written by `make bench` ({command}): {files} GiB of files and {stale} MiB of old data in sparse images,
reclaimed with `achica --zero` (median of {rounds}). Beside it one run each of what the filesystem's own
tool takes to read and print what is free, and of zerofree, measured on {zerofree} GiB and extrapolated.
Nothing of the image was in the page cache.

{table}

![Seconds by size of the disk](growth.svg)
"""


def make(lab, size, mkfs):
    image = lab.sparse("growth.img", size)
    sh(*mkfs, image)
    lab.mount(image, "growth")
    lab.write_files(FILES + DELETED)
    os.sync()
    for i in range(DELETED):
        os.unlink(os.path.join(lab.mnt, f"f{i * 5}"))
    lab.unmount()
    return image


def measure(lab, size, kind):
    """Seconds of achica, and of reading the metadata."""
    _, mkfs, _, peer = kind
    image = make(lab, size, mkfs)
    t = lab.race({"achica": lambda: lab.zero("auto", lab.work)}, image, copy="sparse")
    t |= lab.race({"peer": lambda: sh(*peer, image)}, files=[image], slow=["peer"])
    for name in (image, lab.work):
        os.unlink(name)
    return t["achica"], t["peer"]


def zerofree(lab):
    """Seconds for each byte of a disk. One turn: it reads all of the disk, and does not vary."""
    image = make(lab, ZEROFREE, KINDS[0][1])
    drop(image)
    took = timed(lambda: sh("zerofree", image))
    os.unlink(image)
    return took / ZEROFREE


def rows(lab):
    took = {(kind[0], size): measure(lab, size, kind) for kind in KINDS for size, _ in SIZES}
    per_byte = zerofree(lab)
    for kind, _, tool, _ in KINDS:
        for size, words in SIZES:
            ours, theirs = took[kind, size]
            lab.tell(f"sparse {kind} of {words} with 1 GiB of files: reclaim / `{tool}`", ours,
                     theirs, most(1.0) if (kind, size) == ("ext4", 15 * TIB) else None)
    lab.tell("sparse ext4 of 15 TiB with 1 GiB of files: reclaim / zerofree, extrapolated from "
             f"{ZEROFREE // GIB} GiB", took["ext4", 15 * TIB][0], per_byte * 15 * TIB,
             faster(1000))
    write_page(lab, took, per_byte)


def write_page(lab, took, per_byte):
    table = ["| disk | ext4 | `dumpe2fs` | XFS | `xfs_db -c freesp` | zerofree |",
             "| ---: | ---: | ---: | ---: | ---: | ---: |"]
    for size, words in SIZES:
        cells = [*took["ext4", size], *took["XFS", size], per_byte * size]
        table.append(f"| {words} | " + " | ".join(map(seconds, cells)) + " |")
    with open(os.path.join(DOC, "growth.md"), "w") as f:
        f.write(PAGE.format(command="BENCH=growth", files=FILES * 5 // 4 // 1000, rounds=lab.rounds,
                            stale=DELETED * 5 // 4, zerofree=ZEROFREE // GIB,
                            table="\n".join(table)))
    lines = [(kind, [(size, took[kind, size][0]) for size, _ in SIZES], False)
             for kind in ("ext4", "XFS")]
    lines.append(("zerofree, from 16 GiB", [(size, per_byte * size) for size, _ in SIZES], True))
    longest = max(value for _, points, _ in lines for _, value in points)
    plot(os.path.join(DOC, "growth.svg"), "Seconds to reclaim, by size of the sparse disk", SIZES,
         [(10 ** n, f"{10 ** n:,g} s") for n in range(-2, math.ceil(math.log10(longest)) + 1)],
         lines)
