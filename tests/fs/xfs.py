#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the XFS driver need besides the tools of xfsprogs.

map IMAGE              the free map as xfs_db tells it (freesp -d, less the free lists), in bytes
tree PROTO FILE COUNT  a protofile for mkfs.xfs: COUNT copies of FILE
drop IMAGE             clears the inodes of every odd file, for xfs_repair to free their blocks
age DIR COUNT UNIT     writes COUNT files of 1 to 5 units into DIR, as far as there is
                       room, and deletes two of three
cycle IMAGE            in which the first block of its log was written
poke IMAGE BYTE VALUE  writes a hexadecimal VALUE, and mends the checksum of the metadata around it
"""
import errno
import os
import re
import struct
import subprocess
import sys


def xfs_db(image, *commands, write=False):
    text = "".join(f"{c}\n" for c in commands)
    done = subprocess.run(["xfs_db", "-x" if write else "-r", image], input=text, check=True,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.replace("xfs_db> ", "")


def field(text, name):
    return int(re.search(rf"^{name} = (\d+)", text, re.M)[1])


def listed(image, groups):
    """The blocks of the free lists, as (group, block)."""
    for ag in range(groups):
        agf = xfs_db(image, f"agf {ag}", "p flfirst fllast flcount")
        text = xfs_db(image, f"agfl {ag}", "p bno")
        blocks = re.findall(r"(\d+):(\d+|null)", text)
        first = field(agf, "flfirst")
        for i in range(field(agf, "flcount")):
            yield ag, int(blocks[(first + i) % len(blocks)][1])


def free_map(image):
    sb = xfs_db(image, "sb 0", "p blocksize agblocks agcount")
    size, per_group = field(sb, "blocksize"), field(sb, "agblocks")
    skip = set(listed(image, field(sb, "agcount")))
    runs = []
    for line in xfs_db(image, "freesp -d").splitlines():
        numbers = re.fullmatch(r"\s+(\d+)\s+(\d+)\s+(\d+)", line)
        if not numbers:
            if runs and "from" in line:
                break
            continue
        ag, block, count = map(int, numbers.groups())
        if count == 1 and (ag, block) in skip:
            skip.remove((ag, block))
            continue
        runs.append(((ag * per_group + block) * size, count * size))
    if skip:
        sys.exit(f"freesp does not have {skip}")
    for start, length in sorted(runs):
        print(start, length)


def tree(proto, file, count):
    with open(proto, "w") as out:
        out.write("/\n0 0\nd--755 0 0\n")
        for i in range(int(count)):
            out.write(f"f{i} ---644 0 0 {file}\n")
        out.write("$\n")


def drop(image):
    names = re.findall(r"^\s*(\d+) f\d*[13579]$", xfs_db(image, "blockget -n", "ncheck"), re.M)
    xfs_db(image, *(c for n in names for c in (f"inode {n}", "write -d core.mode 0")), write=True)


def age(folder, count, unit):
    data = os.urandom(5 * int(unit))
    try:
        for i in range(int(count)):
            with open(f"{folder}/aged{i}", "wb") as file:
                file.write(data[:(i * 7 % 5 + 1) * int(unit)])
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    subprocess.run(["sync", "-f", folder], check=True)
    for name in os.listdir(folder):
        if name.startswith("aged") and int(name[4:]) % 3:
            os.unlink(f"{folder}/{name}")


def cycle(image):
    sb = xfs_db(image, "sb 0", "p logstart blocksize agblocks agblklog")
    start, bits = field(sb, "logstart"), field(sb, "agblklog")
    block = (start >> bits) * field(sb, "agblocks") + (start & (1 << bits) - 1)
    with open(image, "rb") as file:
        file.seek(block * field(sb, "blocksize"))
        words = struct.unpack(">2I", file.read(8))
    print(words[words[0] == 0xfeedbabe])


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def poke(image, at, value):
    """Metadata starts at a sector of 512 bytes at or before the byte; blocks have 4096."""
    sums = {b"XFSB": (224, 512), b"XAGF": (216, 512), b"XAGI": (312, 512), b"XAFL": (32, 512),
            b"AB3B": (52, 4096), b"AB3C": (52, 4096)}
    at, value = int(at), bytes.fromhex(value)
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(value)
        for start in range(at - at % 512, at - 4096, -512):
            file.seek(max(start, 0))
            head = bytearray(file.read(4096))
            if bytes(head[:4]) in sums:
                break
        else:
            sys.exit(f"no metadata at {at}")
        crc, size = sums[bytes(head[:4])]
        struct.pack_into("<I", head, crc, 0)
        struct.pack_into("<I", head, crc, crc32c(head[:size]))
        file.seek(start)
        file.write(head[:size])


VERBS = {"map": free_map, "tree": tree, "drop": drop, "age": age, "cycle": cycle, "poke": poke}
VERBS[sys.argv[1]](*sys.argv[2:])
