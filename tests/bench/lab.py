# SPDX-License-Identifier: GPL-3.0-or-later
"""What all rows of the benchmark share: images full of old data, races on fresh copies of them, and
the lines of the table."""
import hashlib
import os
import statistics
import subprocess
import sys
import time

ACHICA = os.environ["ACHICA"]
PROGRAMS = os.path.join(os.environ["top_builddir"], "tests/bench")
KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
PEAK_KIB = 64 * KIB  # issue 4: no run takes more memory


def sh(*argv, **kw):
    """Runs it, with success; returns what it printed."""
    run = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
    if run.returncode != 0:
        sys.exit(f"{argv}: {run.returncode} {run.stderr.decode()}")
    return run.stdout.decode()


def on_medium(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def drop(path):
    """None of the file is in the page cache any more; what is not on the medium stays there."""
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def read(path):
    """All of the file is in the page cache, as far as there is room."""
    with open(path, "rb", buffering=0) as f:
        while f.read(4 * MIB):
            pass


def state(path):
    """What may not change of a source."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest(), os.stat(path).st_mtime_ns


def timed(action):
    start = time.monotonic()
    action()
    return time.monotonic() - start


def seconds(value):
    return f"{value:.3f} s" if value < 1000 else f"{value:,.0f} s"


def most(limit):
    """achica may take that many times what its peer takes."""
    return f"at most {limit} times", lambda ours, theirs: ours <= theirs * limit


def faster(limit):
    return f"at least {limit:,} times faster", lambda ours, theirs: ours * limit <= theirs


class Lab:
    def __init__(self, folder, rounds):
        self.dir = folder
        self.rounds = rounds
        self.mnt = self.path("mnt")
        self.work = self.path("work.img")
        os.mkdir(self.mnt)
        self.loop = None
        self.peaks = {}
        self.missed = 0
        self.noise = os.urandom(64 * MIB)

    def path(self, name):
        return os.path.join(self.dir, name)

    # The table.

    def line(self, what, ours, theirs="", ratio="", wanted="", good=None):
        verdict = "" if good is None else "ok" if good else "missed"
        self.missed += good is False
        print(f"| {what} | {ours} | {theirs} | {ratio} | {wanted} | {verdict} |", flush=True)

    def tell(self, what, ours, theirs, wanted=None):
        """Seconds of both; wanted is one of the above."""
        words, is_good = wanted or ("", lambda *_: None)
        ratio = theirs / ours if "faster" in words else ours / theirs
        self.line(what, seconds(ours), seconds(theirs), f"{ratio:,.2f}", words,
                  is_good(ours, theirs))

    def tell_peaks(self):
        for name, peak in self.peaks.items():
            self.line(f"peak memory: {name}", f"{peak:,} KiB", "", "", f"below {PEAK_KIB:,} KiB",
                      peak < PEAK_KIB)

    # Images.

    def sparse(self, name, size):
        image = self.path(name)
        with open(image, "wb") as f:
            f.truncate(size)
        return image

    def write_files(self, count, first=0):
        """Of 1 MiB and more, each another."""
        for i in range(first, first + count):
            at = i * 77777 % (32 * MIB)
            with open(os.path.join(self.mnt, f"f{i}"), "wb") as f:
                f.write(self.noise[at:at + MIB + i % 400 * 512])

    def old(self, name, size, mkfs, kind):
        """Old data everywhere, and a filesystem on it of which about 80 % are free, in many extents:
        files written and every other one deleted."""
        image = self.path(name)
        with open(image, "wb") as f:
            for _ in range(size // len(self.noise)):
                f.write(self.noise)
        sh(*mkfs, image)
        self.mount(image, kind)
        count = 400 * size // GIB
        self.write_files(count)
        os.sync()
        for i in range(0, count, 2):
            os.unlink(os.path.join(self.mnt, f"f{i}"))
        self.unmount()
        return image

    def copy(self, image, to, how="whole"):
        """All of it allocated, or "sparse" as it is, or in "blocks": a file of ext4 that has single
        blocks and no extents knows no FALLOC_FL_ZERO_RANGE, so that zeros are written to it as to
        any device."""
        if os.path.exists(to):
            os.unlink(to)
        open(to, "wb").close()
        if how == "blocks":
            sh("chattr", "-e", to)
        sh("cp", "--sparse=" + ("auto" if how == "sparse" else "never"), image, to)

    def mount(self, image, kind):
        self.loop = sh("losetup", "-f", "--show", image).strip()
        if kind == "ntfs":
            sh("ntfs-3g", "-o", "big_writes", self.loop, self.mnt)
        else:
            sh("mount", self.loop, self.mnt)

    def unmount(self):
        subprocess.run(["umount", self.mnt], stderr=subprocess.DEVNULL)
        if not self.loop:
            return
        # ntfs-3g writes on after umount is back.
        end = time.monotonic() + 30
        while time.monotonic() < end and subprocess.run(
                ["fuser", "-s", self.loop], stderr=subprocess.DEVNULL).returncode == 0:
            time.sleep(0.05)
        subprocess.run(["losetup", "-d", self.loop])
        self.loop = None

    # Runs.

    def achica(self, name, *argv):
        """Runs it, and remembers its peak resident memory in KiB: by GNU time, because a child of
        this process begins with the peak of Python."""
        peak = self.path("peak")
        run = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", peak, ACHICA, *argv],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if run.returncode not in (0, 3):
            sys.exit(f"achica {argv}: {run.returncode} {run.stderr.decode()}")
        self.note_peak(name, peak)

    def note_peak(self, name, file):
        with open(file) as f:
            self.peaks[name] = max(self.peaks.get(name, 0), int(f.read()))

    def zero(self, method, target, *more):
        self.achica(method, "--zero", "--yes", "--progress=none", "--method=" + method, *more,
                    target)

    def once(self, action, image, kind, warm, copy, files):
        if image:
            self.copy(image, self.work, copy)
            files = [self.work]
        if kind:
            self.mount(self.work, kind)
        for file in files:
            on_medium(file)
            (read if warm else drop)(file)
        took = timed(action)
        if kind:
            self.unmount()
        return took

    def race(self, contenders, image=None, kind=None, warm=False, copy="whole", files=(),
             slow=()):
        """The median seconds of each contender {name: action}; they take turns. With image each
        turn has a fresh copy of it, self.work, mounted when there is a kind; else all use files.
        The slow ones, which are far behind, have one turn."""
        took = {name: [] for name in contenders}
        for i in range(self.rounds):
            for name, action in contenders.items():
                if i > 0 and name in slow:
                    continue
                took[name].append(self.once(action, image, kind, warm, copy, files))
        return {name: statistics.median(times) for name, times in took.items()}
