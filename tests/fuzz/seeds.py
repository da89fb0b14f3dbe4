#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""seeds.py DIR: small filesystems by the real tools, told in short for fuzz_fs (see there)."""
import os
import struct
import subprocess
import sys
import tempfile

SECTOR = 512
UNITS = [65536, 65536, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 65536, 65536, 1 << 20]
EXT = ["-q", "-F", "-N", "16"]
BTRFS = ["-q", "-K", "-f", "-n", "4096"]
XFS = ["mkfs.xfs", "--unsupported", "-q", "-f"]
HFSPLUS_TOOL = os.path.join(os.path.dirname(__file__), "..", "fs", "hfsplus.py")
HFSPLUS = [sys.executable, HFSPLUS_TOOL, "make"]
XFS_TOOL = os.path.join(os.path.dirname(__file__), "..", "fs", "xfs.py")
# Kind (a row in fuzz_fs.c), name, size in KiB, command.
SEEDS = [
    (0, "ext2", 192, ["mke2fs", *EXT, "-t", "ext2", "-b", "1024"]),
    (0, "ext2-rev0", 192, ["mke2fs", *EXT, "-t", "ext2", "-r", "0", "-b", "1024"]),
    (0, "ext2-groups", 1024, ["mke2fs", *EXT, "-t", "ext2", "-b", "1024", "-g", "256"]),
    (0, "ext3", 2048, ["mke2fs", *EXT, "-t", "ext3", "-b", "1024"]),
    (0, "ext4", 4096, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-g", "1024"]),
    (0, "ext4-plain", 512, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-O",
                         "^metadata_csum,^uninit_bg,^has_journal,^resize_inode"]),
    (0, "ext4-uninit", 1024, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-g", "256", "-O",
                           "^metadata_csum,uninit_bg,^has_journal,^resize_inode"]),
    (0, "ext4-meta", 1024, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-g", "256", "-O",
                         "^metadata_csum,meta_bg,^has_journal,^resize_inode,^uninit_bg"]),
    (0, "ext4-bigalloc", 1024, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-C", "4096", "-O",
                             "bigalloc,^metadata_csum,^uninit_bg,^has_journal,^resize_inode"]),
    (0, "ext4-mmp", 512, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-O",
                       "mmp,^metadata_csum,^has_journal,^resize_inode"]),
    (1, "ntfs-512", 1280, ["mkfs.ntfs", "-q", "-Q", "-F", "-c", "512"]),
    (1, "ntfs-4096", 2048, ["mkfs.ntfs", "-q", "-Q", "-F", "-c", "4096"]),
    (2, "btrfs-mixed", 20480, ["mkfs.btrfs", *BTRFS, "-M", "-m", "single", "-d", "single"]),
    (2, "btrfs-dup", 131072, ["mkfs.btrfs", *BTRFS, "--rootdir", "FILES"]),
    (2, "btrfs-plain", 131072, ["mkfs.btrfs", *BTRFS, "-m", "single", "-O",
                                "^skinny-metadata,^no-holes", "-R", "^free-space-tree",
                                "--rootdir", "FILES"]),
    (3, "xfs-v4", 16384, [*XFS, "-m", "crc=0", "-b", "size=512", "-d", "agcount=1"]),
    (3, "xfs-v5", 32768, [*XFS, "-m", "rmapbt=1", "-b", "size=1024", "-d", "agcount=2"]),
    (3, "xfs-v4-aged", 32768, [*XFS, "-m", "crc=0", "-b", "size=512", "-d", "agcount=2",
                               "-p", "TREE"]),
    (3, "xfs-v5-aged", 49152, [*XFS, "-m", "crc=1", "-b", "size=1024", "-d", "agcount=3",
                               "-p", "TREE"]),
    (4, "f2fs", 65536, ["mkfs.f2fs", "-q", "-f"]),
    (4, "f2fs-files", 81920, ["mkfs.f2fs", "-q", "-f", "-O", "extra_attr,sb_checksum,compression"]),
    (4, "f2fs-large-nat", 65536, ["mkfs.f2fs", "-q", "-f", "-i"]),
    (5, "hfsplus", 2048, [*HFSPLUS, "block=512", "journal=little"]),
    (5, "hfsplus-pieces", 40960, [*HFSPLUS, "block=512", "map=20", "files=3", "journal=big"]),
    (5, "hfsplus-x", 8192, [*HFSPLUS, "x=yes", "journal=new", "files=2"]),
    (6, "swap-4k", 256, ["mkswap", "-p", "4096"]),
    (6, "swap-16k", 512, ["mkswap", "-p", "16384"]),
    (6, "swap-64k", 1024, ["mkswap", "-p", "65536"]),
    (7, "fat12", 256, ["mkfs.fat", "-F", "12"]),
    (7, "fat16", 4096, ["mkfs.fat", "-F", "16", "-s", "1", "-f", "1"]),
    (7, "fat32", 2048, ["mkfs.fat", "-F", "32", "-s", "1"]),
    (8, "exfat", 4096, ["mkfs.exfat", "-c", "512"]),
]


# Which trees of btrfs are read: roots, extents, chunks, devices.
BTRFS_TREES = (1, 2, 3, 4)


def forget(image):
    """Zeroes what the driver of btrfs does not look at, to have small seeds."""
    fsid = image[0x10020:0x10030]
    kept = {16}
    if len(image) > 0x4001000:
        kept.add(16384)
    for page in range(256, len(image) // 4096):
        block = image[page * 4096:page * 4096 + 0x60]
        if block[0x20:0x30] == fsid and struct.unpack_from("<Q", block, 0x58)[0] in BTRFS_TREES:
            kept.add(page)
    out = bytearray(len(image))
    for page in kept:
        out[page * 4096:page * 4096 + 4096] = image[page * 4096:page * 4096 + 4096]
    return bytes(out)


def forget_xfs(image):
    """The same for XFS: headers, trees of free space, log."""
    size, per_group, groups = (struct.unpack_from(">I", image, at)[0] for at in (4, 84, 88))
    start, blocks = struct.unpack_from(">Q", image, 48)[0], struct.unpack_from(">I", image, 96)[0]
    kept = set()
    for ag in range(groups):
        at = ag * per_group * size
        kept.update(range(at, at + 2048, SECTOR))
    for at in range(0, len(image), size):
        if image[at:at + 4] in (b"ABTB", b"ABTC", b"AB3B", b"AB3C"):
            kept.update(range(at, at + size, SECTOR))
    log = (start >> image[124]) * per_group + (start & (1 << image[124]) - 1)
    kept.update(range(log * size, (log + blocks) * size, SECTOR))
    out = bytearray(len(image))
    for at in kept:
        out[at:at + SECTOR] = image[at:at + SECTOR]
    return bytes(out)


def forget_f2fs(image):
    """The same for F2FS: superblocks, checkpoints, segment table."""
    first, sit, nat = struct.unpack_from("<3I", image, 1024 + 76)
    out = bytearray(len(image))
    for start, end in ((0, 8192), (first * 4096, nat * 4096)):
        out[start:end] = image[start:end]
    # Checksums of the table of nodes behind a checkpoint, which nobody reads here.
    for pack in (first, first + 512):
        blocks, = struct.unpack_from("<I", image, pack * 4096 + 136)
        out[(pack + blocks) * 4096:(pack + 512) * 4096] = bytes((512 - blocks) * 4096)
    return bytes(out)


def short(image, kind):
    """The records of an image: runs of one byte as fills, all else by sector."""
    unit = UNITS[kind]
    out = bytearray([kind, len(image) // unit - 1])
    at = 0
    zeros = bytes(SECTOR)
    while at < len(image) // SECTOR:
        sector = image[at * SECTOR:(at + 1) * SECTOR]
        n = 1
        if sector == zeros:
            pass
        elif sector.count(sector[0]) == SECTOR:
            while n < 65535 and image[(at + n) * SECTOR:(at + n + 1) * SECTOR] == sector:
                n += 1
            out += struct.pack("<HBBBH", at & 0xffff, at >> 16, 1, sector[0], n)
        else:
            out += struct.pack("<HBB", at & 0xffff, at >> 16, 0) + sector
        at += n
    return bytes(out)


def make(kib, command):
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as files:
        for i in range(40):
            with open(os.path.join(files, str(i)), "wb") as data:
                data.write(b"x" * (i * i * 100))
        file.truncate(kib * 1024)
        command = [files if word == "FILES" else word for word in command]
        run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*command, file.name], **run)
        if command[0] == "mkfs.f2fs" and "-O" in command:
            subprocess.run(["sload.f2fs", "-f", files, file.name], **run)
        return file.read()


def make_xfs(kib, command):
    """With TREE: every second one of many files is gone."""
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("image", "tree", "data")]
        with open(names[0], "wb") as file:
            file.truncate(kib * 1024)
        with open(names[2], "wb") as file:
            file.write(b"x" * 1024)
        run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([sys.executable, XFS_TOOL, "tree", names[1], names[2], "1200"], **run)
        subprocess.run([names[1] if w == "TREE" else w for w in command] + names[:1], **run)
        if "TREE" in command:
            subprocess.run([sys.executable, XFS_TOOL, "drop", names[0]], **run)
            subprocess.run(["xfs_repair", names[0]], **run)
        with open(names[0], "rb") as file:
            return file.read()


os.makedirs(sys.argv[1], exist_ok=True)
for kind, name, kib, command in SEEDS:
    image = make_xfs(kib, command) if kind == 3 else make(kib, command)
    if kind == 2:
        image = forget(image)
    if kind == 3:
        image = forget_xfs(image)
    if kind == 4:
        image = forget_f2fs(image)
    with open(os.path.join(sys.argv[1], name), "wb") as seed:
        seed.write(short(image, kind))
