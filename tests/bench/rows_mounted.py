# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on mounted filesystems: fill and trim. The disk is 1 GiB behind a loop device, all stale."""
import os
import subprocess

from lab import GIB, most, faster, sh

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


def one(lab, kind):
    label = "NTFS by ntfs-3g" if kind == "ntfs" else "XFS" if kind == "xfs" else kind
    image = lab.old(kind + ".img", GIB, MKFS[kind], kind)
    contenders = {
        "fill": lambda: lab.zero("fill", lab.mnt),
        "dd": lambda: until_full(lab.mnt, dd),
    }
    if kind == "ntfs":
        contenders["loop"] = lambda: until_full(lab.mnt, loop_of_4k)
    else:
        contenders["trim"] = lambda: lab.zero("trim", lab.mnt)
        contenders["fstrim"] = lambda: sh("fstrim", lab.mnt)
    t = lab.race(contenders, image, kind, slow=["loop"])
    lab.tell(f"{label}: fill / `dd bs=1M` until full", t["fill"], t["dd"], most(1.05))
    if kind == "ntfs":
        lab.tell(f"{label}: fill / the article's loop of 4 KiB", t["fill"], t["loop"], faster(2))
    else:
        lab.tell(f"{label}: trim / `fstrim`", t["trim"], t["fstrim"], most(1.1))
    os.unlink(image)
    os.unlink(lab.work)


def rows(lab):
    for kind in MKFS:
        one(lab, kind)
