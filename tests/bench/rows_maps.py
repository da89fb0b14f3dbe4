# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on the free map of large disks with many free pieces, against who else can print it."""
import ctypes
import os
import sys

from lab import TIB, most, sh

MAPS = (
    ("15 TiB XFS, 60,000 pieces", 15 * TIB, ["mkfs.xfs", "-q", "-K"], 60000,
     'xfs_db -c "freesp -d"', ["xfs_db", "-r", "-f", "-c", "freesp -d"]),
    ("1 TiB btrfs, 120,000 pieces", 1 * TIB, ["mkfs.btrfs", "-q", "-K"], 120000,
     "btrfs inspect-internal dump-tree", ["btrfs", "inspect-internal", "dump-tree"]),
)


def punch_every_other(name, pieces, size=4096):
    """A file of which every other block is free."""
    fallocate = ctypes.CDLL(None, use_errno=True).fallocate64
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    fd = os.open(name, os.O_RDWR | os.O_CREAT)
    calls = [(0, 0, 2 * pieces * size)] + [(3, 2 * i * size, size) for i in range(pieces)]
    for mode, at, length in calls:
        if fallocate(fd, mode, at, length) != 0:
            sys.exit(f"fallocate {name}: {os.strerror(ctypes.get_errno())}")
    os.close(fd)


def rows(lab):
    for what, size, mkfs, pieces, words, peer in MAPS:
        image = lab.sparse("map.img", size)
        sh(*mkfs, image)
        lab.mount(image, "map")
        punch_every_other(os.path.join(lab.mnt, "f"), pieces)
        lab.unmount()
        t = lab.race({
            "map": lambda: lab.achica("free map", "--free-map", image),
            "peer": lambda: sh(*peer, image),
        }, files=[image])
        lab.tell(f"free map of a {what} / `{words}`", t["map"], t["peer"], most(2.0))
        os.unlink(image)
