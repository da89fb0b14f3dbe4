# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on image files: what is stale is punched or written, what is zero is read, and copies."""
import os

from lab import ACHICA, GIB, MIB, PROGRAMS, faster, most, on_medium, sh, state

PUNCH = os.path.join(PROGRAMS, "punch")
FLIGHT = os.path.join(PROGRAMS, "flight")
ZEROTEST = os.path.join(PROGRAMS, "zerotest")
EXT4 = ["mke2fs", "-q", "-F", "-t", "ext4", "-E", "nodiscard"]


def name_of(warm):
    return "warm" if warm else "cold"


def zerofree(path):
    sh("zerofree", path)
    on_medium(path)


def stale(lab, image, size, warm):
    """All of the free space is old data."""
    label = f"{size // GIB} GiB, 80 % free, all stale, {name_of(warm)}:"
    free_map = sh(ACHICA, "--free-map", image)
    free = sum(int(line.split()[1]) for line in free_map.splitlines())
    t = lab.race({
        "punch": lambda: lab.zero("punch", lab.work),
        "fallocate": lambda: sh(PUNCH, lab.work, input=free_map.encode()),
        "write": lambda: lab.zero("write", lab.work),
        "zerofree": lambda: zerofree(lab.work),
    }, image, warm=warm, slow=["zerofree"])
    lab.tell(f"{label} punch / `fallocate -p` over the same extents", t["punch"], t["fallocate"],
             most(1.1))
    lab.tell(f"{label} punch / zerofree", t["punch"], t["zerofree"], faster(5))
    lab.tell(f"{label} write (the host zeroes ranges) / zerofree", t["write"], t["zerofree"],
             faster(3))
    # Both write zeros to the disk: this file has blocks, no extents.
    t |= lab.race({
        "write": lambda: lab.zero("write", lab.work),
        "dd": lambda: sh("dd", "if=/dev/zero", "of=" + lab.work, "bs=4M", "conv=notrunc,fsync",
                         f"count={free // (4 * MIB)}"),
    }, image, warm=warm, copy="blocks")
    lab.tell(f"{label} write (every byte) / `dd if=/dev/zero bs=4M conv=notrunc`, as many bytes",
             t["write"], t["dd"], most(1.1))
    # No limit: who reads all first cannot be three times slower than the medium lets it be.
    lab.tell(f"{label} write (every byte) / zerofree", t["write"], t["zerofree"])


def all_zero(lab, image, size):
    """Allocated, and zero already: there is only to read. Nothing is changed, so no copies."""
    zeros = lab.path("zeros.img")
    lab.copy(image, lab.work)
    lab.zero("punch", lab.work)
    lab.copy(lab.work, zeros)
    os.unlink(lab.work)
    for warm in (False, True):
        t = lab.race({
            "write": lambda: lab.zero("write", zeros),
            "dd": lambda: sh("dd", "if=" + zeros, "of=/dev/null", "bs=4M"),
        }, warm=warm, files=[zeros])
        lab.tell(f"{size // GIB} GiB, 80 % free, all zero, {name_of(warm)}: write / reading it "
                 f"with `dd bs=4M`", t["write"], t["dd"], most(1.15))
    os.unlink(zeros)


def half_stale(lab, image, size):
    """Every other 4 MiB of free space is old data, so all is read and half is written: what is won by
    more requests at a time, by threads or by an io_uring."""
    free_map = sh(ACHICA, "--free-map", image)
    with open(image, "r+b") as f:
        for line in free_map.splitlines():
            at, length = map(int, line.split())
            for start in range(at, at + length, 8 * MIB):
                f.seek(start)
                f.write(bytes(min(4 * MIB, at + length - start)))
    ways = [(way, n) for way in ("threads", "uring") for n in (1, 2, 4)]
    contenders = {"write": lambda: lab.zero("write", lab.work)}
    for way in ways:
        contenders[way] = lambda way=way: sh(FLIGHT, way[0], str(way[1]), lab.work,
                                             input=free_map.encode())
    t = lab.race(contenders, image, copy="blocks")
    for way, n in ways:
        lab.tell(f"{size // GIB} GiB, half of what is free is stale, cold: write / the same past the "
                 f"cache, {n} at a time by {'io_uring' if way == 'uring' else way}",
                 t["write"], t[way, n])


def zero_test(lab):
    ours, theirs = map(float, sh(ZEROTEST).split())
    lab.tell("4 GiB of memory: test for zero / `memchr()`", ours, theirs, most(1.2))


def convert(lab, form, source):
    out = lab.path("out.qcow2")
    sh("qemu-img", "convert", "-f", form, "-O", "qcow2", source, out)
    on_medium(out)
    os.unlink(out)


def overlay_and_convert(lab, source):
    overlay = source[:-len(".img")] + ".overlay.qcow2"
    lab.zero("overlay", source)
    convert(lab, "qcow2", overlay)
    os.unlink(overlay)


def overlay(lab, source, size):
    """A copy of an untouched source, against a copy of one that was reclaimed before."""
    reclaimed = lab.path("reclaimed.img")
    lab.copy(source, reclaimed)
    lab.zero("punch", reclaimed)
    before = state(source)
    for warm in (False, True):
        t = lab.race({
            "overlay": lambda: overlay_and_convert(lab, source),
            "convert": lambda: convert(lab, "raw", reclaimed),
        }, warm=warm, files=[source, reclaimed])
        lab.tell(f"{size // GIB} GiB, {name_of(warm)}: overlay and convert / convert of the image "
                 f"reclaimed before", t["overlay"], t["convert"], most(1.2))
    same = state(source) == before
    lab.line("the overlay's source: SHA-256 and mtime", "the same" if same else "changed", "", "",
             "the same", same)
    os.unlink(reclaimed)


def rows(lab):
    image = lab.old("ext4.img", 4 * GIB, EXT4, "ext4")
    stale(lab, image, 4 * GIB, warm=False)
    stale(lab, image, 4 * GIB, warm=True)
    all_zero(lab, image, 4 * GIB)
    os.unlink(image)
    image = lab.old("ext4.img", GIB, EXT4, "ext4")
    overlay(lab, image, GIB)
    half_stale(lab, image, GIB)
    os.unlink(image)
    os.unlink(lab.work)
    zero_test(lab)
