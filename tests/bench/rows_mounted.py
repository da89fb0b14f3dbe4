# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on mounted filesystems behind a loop device, all stale: fill on 1 GiB, trim on 4 GiB."""
import os
import subprocess

from lab import GIB, faster, most, on_medium, sh

MKFS = {
    "ext4": ["mke2fs", "-q", "-F", "-t", "ext4", "-E", "nodiscard"],
    "xfs": ["mkfs.xfs", "-q", "-K", "-f"],
    "ntfs": ["mkfs.ntfs", "--fast", "--force"],
}


def until_full(folder, command):
    """A file of zeros by command, on its medium, and away."""
    name = os.path.join(folder, "zeros")
    command(name)
    fd = os.open(name, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    os.unlink(name)


def dd(name):
    subprocess.run(["dd", "if=/dev/zero", "of=" + name, "bs=1M"], stderr=subprocess.DEVNULL)


def loop_of_4k(name):
    """The article's wiper.py: one file of zeros, 4 KiB a write, until the disk is full."""
    zeros = bytes(4096)
    fd = os.open(name, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, zeros)
    except OSError:
        pass
    os.close(fd)


def fill_rows(lab, kind):
    label = "NTFS by ntfs-3g" if kind == "ntfs" else "XFS" if kind == "xfs" else kind
    image = lab.old(kind + ".img", GIB, MKFS[kind], kind)
    contenders = {
        "fill": lambda: lab.zero("fill", lab.mnt),
        "dd": lambda: until_full(lab.mnt, dd),
    }
    if kind == "ntfs":
        contenders["loop"] = lambda: until_full(lab.mnt, loop_of_4k)
    t = lab.race(contenders, image, kind, slow=["loop"])
    lab.tell(f"{label}: fill / `dd bs=1M` until full", t["fill"], t["dd"], most(1.05))
    if kind == "ntfs":
        lab.tell(f"{label}: fill / the article's loop of 4 KiB", t["fill"], t["loop"], faster(2))
    os.unlink(image)
    os.unlink(lab.work)


def fstrim(lab, times):
    for _ in range(times):
        sh("fstrim", lab.mnt)
    on_medium(lab.work)


def trim_row(lab, kind, label, times):
    image = lab.old(kind + ".img", 4 * GIB, MKFS[kind], kind)
    t = lab.race({
        "trim": lambda: lab.zero("trim", lab.mnt),
        "fstrim": lambda: fstrim(lab, times),
    }, image, kind)
    lab.tell(label, t["trim"], t["fstrim"], most(1.1))
    os.unlink(image)
    os.unlink(lab.work)


def rows(lab):
    for kind in MKFS:
        fill_rows(lab, kind)
    trim_row(lab, "ext4", "ext4, 4 GiB: trim / `fstrim`", 1)
    trim_row(lab, "xfs", "XFS, 4 GiB: trim / `fstrim`, and again", 2)
