#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""btrfs as btrfs-progs tells it, as an oracle, and states that no tool makes.

btrfs.py map IMAGE          free extents, "START LENGTH" in bytes: all of the device but the first
                            MiB, the superblocks, and each copy of each extent
btrfs.py apart IMAGE MAP    nothing that any tree points to, blocks and file data, is in MAP
btrfs.py outside IMAGE MAP  a checksum of all bytes outside MAP
btrfs.py zero IMAGE MAP     all bytes in MAP are zero
btrfs.py poke IMAGE AT SIZE VALUE   changes a number in each superblock, and its checksum
btrfs.py block IMAGE TREE AT SIZE VALUE   the same for the root block of a tree, in each copy
btrfs.py damage IMAGE TREE COPY  spoils a byte of the root block of a tree, in one copy or "all"
btrfs.py low IMAGE          moves the chunk at 1 MiB down to 0, where a mkfs before 2015 had it
"""
import hashlib
import os
import re
import struct
import subprocess
import sys

MIB = 1 << 20
SUPERS = (64 << 10, 64 << 20, 256 << 30)


def dump(image, *options):
    return subprocess.run(["btrfs", "inspect-internal", "dump-tree", *options, image], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          encoding="utf-8", errors="replace").stdout.splitlines()


def superblock(image):
    with open(image, "rb") as file:
        file.seek(SUPERS[0])
        raw = file.read(4096)
    sector, node = struct.unpack_from("<II", raw, 0x90)
    return sector, node, struct.unpack_from("<Q", raw, 0xc9 + 8)[0]


def chunks(image):
    """(logical, length, [physical, ...])"""
    found = []
    for line in dump(image, "-t", "chunk"):
        if m := re.search(r"key \(FIRST_CHUNK_TREE CHUNK_ITEM (\d+)\)", line):
            found.append([int(m[1]), 0, []])
        elif m := re.match(r"\s*length (\d+) owner", line):
            found[-1][1] = int(m[1])
        elif m := re.match(r"\s*stripe \d+ devid 1 offset (\d+)", line):
            found[-1][2].append(int(m[1]))
    return found


def extents(image, node):
    for line in dump(image, "-t", "extent"):
        if m := re.search(r"key \((\d+) (EXTENT|METADATA)_ITEM (\d+)\)", line):
            yield int(m[1]), node if m[2] == "METADATA" else int(m[3])


def references(image, node):
    """What is used by the trees themselves, without the extent tree."""
    for line in dump(image):
        if m := re.match(r"\s*(?:leaf|node) (\d+) (?:items|level)", line):
            yield int(m[1]), node
        elif m := re.match(r"\s*(?:extent data|prealloc data) disk byte (\d+) nr (\d+)", line):
            if int(m[1]):
                yield int(m[1]), int(m[2])


def physical(image, logical):
    """Each copy of each of the logical extents."""
    table = chunks(image)
    for start, length in logical:
        home = [c for c in table if c[0] <= start and start + length <= c[0] + c[1]]
        assert len(home) == 1, (start, length)
        for place in home[0][2]:
            yield place + start - home[0][0], length


def free_map(image):
    sector, node, size = superblock(image)
    size -= size % sector
    used = [(0, MIB)] + [(at, max(4096, sector)) for at in SUPERS if at < size]
    used += physical(image, extents(image, node))
    at = 0
    for start, length in sorted(used) + [(size, 0)]:
        if start > at:
            yield at, start - at
        at = max(at, start + length)


def read_map(name):
    with open(name, encoding="ascii") as file:
        return [tuple(map(int, line.split())) for line in file]


def apart(image, free):
    _, node, _ = superblock(image)
    used = sorted(physical(image, references(image, node)))
    assert used
    free = iter(free + [(1 << 62, 1)])
    start, length = next(free)
    for at, size in used:
        while start + length <= at:
            start, length = next(free)
        if start < at + size:
            sys.exit(f"{at} {size} is in use, and in {start} {length}")


def pieces(file, start, end):
    """The bytes from start to end, without holes: (place, bytes)."""
    while start < end:
        try:
            start = os.lseek(file.fileno(), start, os.SEEK_DATA)
            stop = min(os.lseek(file.fileno(), start, os.SEEK_HOLE), end)
        except OSError:
            return
        while start < stop:
            file.seek(start)
            data = file.read(min(MIB, stop - start))
            yield start, data
            start += len(data)


def outside(image, free):
    total = hashlib.sha256()
    at = 0
    size = os.path.getsize(image)
    with open(image, "rb") as file:
        for start, length in free + [(size, 0)]:
            for place, data in pieces(file, at, start):
                for i in range(0, len(data), 4096):
                    block = data[i:i + 4096]
                    if block.count(0) != len(block):
                        total.update(struct.pack("<Q", place + i) + block)
            at = start + length
    print(total.hexdigest())


def zero(image, free):
    with open(image, "rb") as file:
        for start, length in free:
            for place, data in pieces(file, start, start + length):
                if data.count(0) != len(data):
                    sys.exit(f"not zero at {place}")


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def change(image, place, length, at, size, value):
    with open(image, "r+b") as file:
        file.seek(place)
        raw = bytearray(file.read(length))
        raw[at:at + size] = value.to_bytes(size, "little")
        raw[:4] = struct.pack("<I", crc32c(raw[32:]))
        file.seek(place)
        file.write(raw)


def poke(image, at, size, value):
    for place in SUPERS:
        if place + 4096 < os.path.getsize(image):
            change(image, place, 4096, at, size, value)


def root_copies(image, tree):
    _, node, _ = superblock(image)
    top = [m for m in (re.match(r"(?:leaf|node) (\d+)", line) for line in dump(image, "-t", tree))
           if m]
    return list(physical(image, [(int(top[0][1]), node)]))


def block(image, tree, at, size, value):
    for place, node in root_copies(image, tree):
        change(image, place, node, at, size, value)


def damage(image, tree, which):
    for i, (place, _) in enumerate(root_copies(image, tree)):
        if which in ("all", str(i)):
            with open(image, "r+b") as file:
                file.seek(place + 70)
                byte = file.read(1)[0]
                file.seek(place + 70)
                file.write(bytes([byte ^ 1]))


def sum_again(file, place, length):
    file.seek(place)
    raw = file.read(length)
    file.seek(place)
    file.write(struct.pack("<I", crc32c(raw[32:])) + raw[4:32] + raw[32:])


def low(image):
    _, node, _ = superblock(image)
    chunk = [c for c in chunks(image) if c[2] == [MIB]][0]
    roots = []
    for tree in "chunk", "dev":
        line = [line for line in dump(image, "-t", tree) if line.startswith("leaf ")][0]
        roots.append((int(line.split()[1]), node))
    places = [(at - MIB if MIB <= at < MIB + chunk[1] else at, length)
              for at, length in physical(image, roots)]
    with open(image, "r+b") as file:
        file.seek(0)
        start = bytearray(file.read(chunk[1] + MIB))
        super_block = start[SUPERS[0]:SUPERS[0] + 4096]
        start[:chunk[1]] = start[MIB:]
        start[SUPERS[0]:SUPERS[0] + 4096] = super_block
        file.seek(0)
        file.write(start)
        for place, length in places + [(SUPERS[0], 4096)]:
            file.seek(place)
            raw = file.read(length)
            raw = raw.replace(struct.pack("<QQ", 1, MIB), struct.pack("<QQ", 1, 0))
            raw = raw.replace(struct.pack("<QBQ", 1, 204, MIB), struct.pack("<QBQ", 1, 204, 0))
            file.seek(place)
            file.write(raw)
            sum_again(file, place, length)


command, image, *rest = sys.argv[1:]
if command == "map":
    for extent in free_map(image):
        print(*extent)
elif command == "poke":
    poke(image, *(int(word, 0) for word in rest))
elif command == "low":
    low(image)
elif command == "damage":
    damage(image, *rest)
elif command == "block":
    block(image, rest[0], *(int(word, 0) for word in rest[1:]))
else:
    {"apart": apart, "outside": outside, "zero": zero}[command](image, read_map(rest[0]))
