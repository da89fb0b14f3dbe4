#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios against the peers, in one run on one machine: "make bench", as root, from the build.

Each row alternates achica and its peer over copies of the same image, ROUNDS times, with the page
cache dropped before each, and prints the medians, their ratio and whether it is what is wanted.
Writing counts until it is on the medium, for both sides (achica flushes by itself; the peer's file
is fsynced). Nothing here is a test that fails: timings on a busy machine are no verdict.
"""
import ctypes
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ACHICA, PUNCH = os.environ["ACHICA"], os.environ["PUNCH"]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
MIB = 1 << 20
SIZE = 1024 * MIB


def sh(*argv, **kw):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as f:
        f.write("3\n")
    # The programs themselves are in memory again, on both sides: the image is what is cold.
    for argv in ((ACHICA, "--version"), (PUNCH,), ("zerofree",), ("fstrim", "--version"),
                 ("dd", "--version"), ("dmidecode", "--version"), ("/usr/bin/time", "true")):
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def on_medium(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


class Bench:
    def __init__(self, folder):
        self.dir = folder
        self.mnt = os.path.join(folder, "mnt")
        self.work = os.path.join(folder, "work.img")
        os.mkdir(self.mnt)
        self.loop = None
        self.peak = {}

    def path(self, name):
        return os.path.join(self.dir, name)

    def attach(self, image):
        self.loop = sh("losetup", "-f", "--show", image).stdout.decode().strip()

    def mount(self, image, kind):
        self.attach(image)
        if kind == "ntfs":
            sh("ntfs-3g", "-o", "big_writes", self.loop, self.mnt)
        else:
            sh("mount", self.loop, self.mnt)

    def unmount(self):
        subprocess.run(["umount", self.mnt], stderr=subprocess.DEVNULL)
        for _ in range(100):
            if self.loop is None or not subprocess.run(
                    ["fuser", "-s", self.loop], stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.05)
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop])
        self.loop = None

    def make(self, name, mkfs, kind):
        """1 GiB of old data, about 80 % of it free, in many extents: files written and deleted."""
        image = self.path(name)
        with open(image, "wb") as f:
            for _ in range(SIZE // (16 * MIB)):
                f.write(os.urandom(16 * MIB))
        sh(*mkfs, image)
        self.mount(image, kind)
        for i in range(400):
            with open(os.path.join(self.mnt, f"f{i}"), "wb") as f:
                f.write(os.urandom(MIB + i * 512))
        os.sync()
        for i in range(0, 400, 2):
            os.unlink(os.path.join(self.mnt, f"f{i}"))
        self.unmount()
        return image

    def achica(self, name, *argv):
        """Runs it, and remembers its peak resident memory in KiB: by GNU time, because a child of
        this process begins with the peak of Python."""
        peak = self.path("peak")
        run = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", peak, ACHICA, *argv],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if run.returncode not in (0, 3):
            sys.exit(f"achica {argv}: {run.returncode} {run.stderr.decode()}")
        with open(peak) as f:
            self.peak[name] = max(self.peak.get(name, 0), int(f.read()))

    def time(self, image, action, kind=None):
        """Seconds of one action on a fresh copy of the image, cold; mounted when kind is given."""
        sh("cp", "--sparse=never", image, self.work)
        if kind:
            self.mount(self.work, kind)
        drop_caches()
        start = time.monotonic()
        action()
        seconds = time.monotonic() - start
        if kind:
            self.unmount()
        return seconds

    def row(self, what, image, ours, theirs, limit, kind=None, faster=False):
        mine, peer = [], []
        for _ in range(ROUNDS):
            mine.append(self.time(image, ours, kind))
            peer.append(self.time(image, theirs, kind))
        self.tell(what, mine, peer, limit, faster)

    @staticmethod
    def tell(what, mine, peer, limit, faster):
        a, b = statistics.median(mine), statistics.median(peer)
        ratio = b / a if faster else a / b
        good = ratio >= limit if faster else ratio <= limit
        wanted = f"at least {limit} times faster" if faster else f"at most {limit} times"
        print(f"{what:42} {a:7.3f} s {b:7.3f} s  {ratio:5.2f}  {wanted:24} "
              f"{'ok' if good else 'MISSED'}", flush=True)


def loop_of_4k(folder):
    """The article's wiper.py: one file of zeros, 4 KiB a write, until the disk is full."""
    zeros = bytes(4096)
    name = os.path.join(folder, "wiper")
    fd = os.open(name, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, zeros)
    except OSError:
        pass
    os.fsync(fd)
    os.close(fd)
    os.unlink(name)


def dd_fill(folder):
    name = os.path.join(folder, "zeros")
    subprocess.run(["dd", "if=/dev/zero", "of=" + name, "bs=1M", "conv=fsync"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    fd = os.open(name, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    os.unlink(name)


def rows_unmounted(b, ext):
    free_map = sh(ACHICA, "--free-map", ext).stdout

    def zero(method):
        return lambda: b.achica(method, "--zero", "--yes", "--progress=none",
                                "--method=" + method, b.work)

    def zerofree():
        sh("zerofree", b.work)
        on_medium(b.work)

    b.row("punch / fallocate -p, same extents", ext, zero("punch"),
          lambda: sh(PUNCH, b.work, input=free_map), 1.2)
    b.row("punch / zerofree", ext, zero("punch"), zerofree, 4, faster=True)
    b.row("write / zerofree", ext, zero("write"), zerofree, 2, faster=True)


def rows_mounted(b, image, kind):
    def run(method, *more):
        return lambda: b.achica(method, "--zero", "--yes", "--progress=none",
                                "--method=" + method, *more, b.mnt)

    b.row(f"fill {kind} / dd bs=1M", image, run("fill"), lambda: dd_fill(b.mnt), 1.0, kind)
    b.row(f"fill {kind} / the article's 4 KiB loop", image, run("fill"),
          lambda: loop_of_4k(b.mnt), 1.0, kind)
    if kind != "ntfs":
        b.row(f"trim {kind} / fstrim", image, run("trim"), lambda: sh("fstrim", b.mnt), 1.2, kind)


def rows_overlay(b, ext):
    """A copy of an untouched source, against a copy of one that was reclaimed before."""
    out, overlay = b.path("out.qcow2"), b.path("work.overlay.qcow2")
    reclaimed = b.path("reclaimed.img")
    sh("cp", "--sparse=never", ext, reclaimed)
    sh(ACHICA, "--zero", "--yes", "--progress=none", "--method=punch", reclaimed)

    def convert(form, source):
        sh("qemu-img", "convert", "-f", form, "-O", "qcow2", source, out)
        on_medium(out)

    def ours():
        b.achica("overlay", "--zero", "--yes", "--progress=none", "--method=overlay", b.work)
        convert("qcow2", overlay)
        os.unlink(overlay)

    b.row("overlay, convert / convert, reclaimed", ext, ours,
          lambda: convert("raw", reclaimed), 1.2)
    for name in (out, reclaimed):
        os.unlink(name)


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


def rows_maps(b):
    """The free map of large disks with many free pieces, against who else can print it."""
    for what, size, mkfs, pieces, peer in (
            ("map of 15 TiB XFS / xfs_db freesp -d", 15 << 40, ["mkfs.xfs", "-q", "-K"], 60000,
             ["xfs_db", "-r", "-f", "-c", "freesp -d"]),
            ("map of 1 TiB btrfs / dump-tree", 1 << 40, ["mkfs.btrfs", "-q", "-K"], 120000,
             ["btrfs", "inspect-internal", "dump-tree"])):
        image = b.path("map.img")
        with open(image, "wb") as f:
            f.truncate(size)
        sh(*mkfs, image)
        b.mount(image, "map")
        punch_every_other(os.path.join(b.mnt, "f"), pieces)
        b.unmount()
        mine, theirs = [], []
        for _ in range(ROUNDS):
            for times, run in ((mine, lambda: b.achica("map", "--free-map", image)),
                               (theirs, lambda: sh(*peer, image))):
                start = time.monotonic()
                run()
                times.append(time.monotonic() - start)
        b.tell(what, mine, theirs, 2.0, False)
        os.unlink(image)


def huge(b):
    """A sparse ext4 as large as the host lets a file be: its memory, and its time."""
    image = b.path("huge.img")
    with open(image, "wb") as f:
        f.truncate(15 << 40)
    sh("mke2fs", "-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=1,nodiscard", image)
    for name, argv in (("15 TiB, --estimate --exact", ("--estimate", "--exact", image)),
                       ("15 TiB, --zero", ("--zero", "--yes", "--progress=none", image))):
        start = time.monotonic()
        b.achica(name, *argv)
        print(f"{name:42} {time.monotonic() - start:7.3f} s", flush=True)
    os.unlink(image)


def main():
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit("stopped"))
    folder = tempfile.mkdtemp(prefix="achica-bench-")
    b = Bench(folder)
    try:
        print(f"{'achica / peer, 1 GiB, medians of ' + str(ROUNDS):42} {'achica':>9} {'peer':>9}"
              f"  ratio")
        ext = b.make("ext4.img", ["mke2fs", "-q", "-F", "-t", "ext4", "-E", "nodiscard"], "ext4")
        rows_unmounted(b, ext)
        rows_overlay(b, ext)
        rows_mounted(b, ext, "ext4")
        os.unlink(ext)
        ntfs = b.make("ntfs.img", ["mkfs.ntfs", "--fast", "--force"], "ntfs")
        rows_mounted(b, ntfs, "ntfs")
        os.unlink(ntfs)
        rows_maps(b)
        huge(b)
        print("\npeak memory of achica, below 65536 KiB:")
        for name, peak in b.peak.items():
            print(f"{name:42} {peak:7} KiB  {'ok' if peak < 65536 else 'MISSED'}")
    finally:
        b.unmount()
        shutil.rmtree(folder, ignore_errors=True)


main()
