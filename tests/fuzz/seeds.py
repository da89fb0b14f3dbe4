#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""seeds.py DIR: small filesystems by the real tools, told in short for fuzz_fs (see there)."""
import os
import struct
import subprocess
import sys
import tempfile

SECTOR = 512
EXT = ["-q", "-F", "-N", "16"]
SEEDS = [
    ("ext2", 192, ["mke2fs", *EXT, "-t", "ext2", "-b", "1024"]),
    ("ext2-rev0", 192, ["mke2fs", *EXT, "-t", "ext2", "-r", "0", "-b", "1024"]),
    ("ext2-groups", 1024, ["mke2fs", *EXT, "-t", "ext2", "-b", "1024", "-g", "256"]),
    ("ext3", 2048, ["mke2fs", *EXT, "-t", "ext3", "-b", "1024"]),
    ("ext4", 4096, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-g", "1024"]),
    ("ext4-plain", 512, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-O",
                         "^metadata_csum,^uninit_bg,^has_journal,^resize_inode"]),
    ("ext4-uninit", 1024, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-g", "256", "-O",
                           "^metadata_csum,uninit_bg,^has_journal,^resize_inode"]),
    ("ext4-meta", 1024, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-g", "256", "-O",
                         "^metadata_csum,meta_bg,^has_journal,^resize_inode,^uninit_bg"]),
    ("ext4-bigalloc", 1024, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-C", "4096", "-O",
                             "bigalloc,^metadata_csum,^uninit_bg,^has_journal,^resize_inode"]),
    ("ext4-mmp", 512, ["mke2fs", *EXT, "-t", "ext4", "-b", "1024", "-O",
                       "mmp,^metadata_csum,^has_journal,^resize_inode"]),
    ("ntfs-512", 1280, ["mkfs.ntfs", "-q", "-Q", "-F", "-c", "512"]),
    ("ntfs-4096", 2048, ["mkfs.ntfs", "-q", "-Q", "-F", "-c", "4096"]),
]


def short(image, ntfs):
    """The records of an image: runs of one byte as fills, all else by sector."""
    out = bytearray([1 if ntfs else 0, len(image) // 65536 - 1])
    at = 0
    while at < len(image) // SECTOR:
        sector = image[at * SECTOR:(at + 1) * SECTOR]
        n = 1
        if sector.count(sector[0]) == SECTOR:
            while image[(at + n) * SECTOR:(at + n + 1) * SECTOR] == sector:
                n += 1
            if sector[0]:
                out += struct.pack("<HBBH", at, 1, sector[0], n)
        else:
            out += struct.pack("<HB", at, 0) + sector
        at += n
    return bytes(out)


def make(kib, command):
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(kib * 1024)
        subprocess.run([*command, file.name], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return file.read()


os.makedirs(sys.argv[1], exist_ok=True)
for name, kib, command in SEEDS:
    with open(os.path.join(sys.argv[1], name), "wb") as seed:
        seed.write(short(make(kib, command), name.startswith("ntfs")))
