#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the F2FS driver need besides f2fs-tools.

map IMAGE               the free map as dump.f2fs prints the segment table, in bytes
nodes IMAGE             the free map as the files tell it: what no node and no file has
super IMAGE BYTE SIZE VALUE [COPY]  writes VALUE into both superblocks, or one, with their checksums
cp IMAGE BYTE SIZE VALUE            the same for both ends of the newest checkpoint pack
entry IMAGE SEGMENT BYTE SIZE VALUE the same for an entry of the segment table
journal IMAGE SEGMENT   has that entry in the checkpoint's journal alone
later IMAGE             a node where the kernel would look for those after the checkpoint
"""
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib

BLOCK = 4096
SEGMENT = 512
PER_SIT, SIT_SIZE = 55, 74
PER_NAT, NAT_SIZE = 455, 9


def crc(data, start=0xf2f52010):
    return zlib.crc32(data, start ^ 0xffffffff) ^ 0xffffffff


def bit(bitmap, n):
    return bitmap[n // 8] >> (7 - n % 8) & 1


class Image:
    def __init__(self, path, write=False):
        self.path = path
        self.file = open(path, "r+b" if write else "rb")
        sb = self.at(1024, 3072)
        (self.cp_at, self.sit, self.nat, self.ssa, self.main) = struct.unpack_from("<5I", sb, 76)
        (self.sit_segments, self.nat_segments, _, self.segments) = struct.unpack_from("<4I", sb, 56)
        self.payload, = struct.unpack_from("<I", sb, 1664)
        self.feature, = struct.unpack_from("<I", sb, 2180)
        self.pack = self.cp_at
        second = self.cp_at + SEGMENT
        if self.at(self.pack * BLOCK, 8)[::-1] < self.at(second * BLOCK, 8)[::-1]:
            self.pack = second
        self.cp = self.at(self.pack * BLOCK, (1 + self.payload) * BLOCK)
        (self.flags, self.blocks, self.sums) = struct.unpack_from("<3I", self.cp, 132)
        (self.sit_bytes, self.nat_bytes) = struct.unpack_from("<2I", self.cp, 156)
        if self.flags & 0x400:
            sit, nat = 196 + self.nat_bytes, 196
        elif self.payload:
            sit, nat = BLOCK, 192
        else:
            sit, nat = 192, 192 + self.sit_bytes
        self.sit_bitmap = self.cp[sit:sit + self.sit_bytes]
        self.nat_bitmap = self.cp[nat:nat + self.nat_bytes]

    def at(self, start, size):
        self.file.seek(start)
        return self.file.read(size)

    def put(self, start, data):
        self.file.seek(start)
        self.file.write(data)

    def block(self, n):
        return self.at(n * BLOCK, BLOCK)

    def journal(self, which):
        """Byte of the journal of nodes (0) or segments (1)."""
        if self.flags & 4:
            return (self.pack + self.sums) * BLOCK + 507 * which
        return (self.pack + self.blocks - (5 if which else 7)) * BLOCK + 3584

    def put_cp(self, at, data):
        for place in (self.pack, self.pack + self.blocks - 1):
            block = bytearray(self.block(place))
            block[at:at + len(data)] = data
            ofs, = struct.unpack_from("<I", block, 164)
            if 192 <= ofs <= 4092:
                total = crc(bytes(block[:ofs]))
                if ofs < 4092:
                    total = crc(bytes(block[ofs + 4:]), total)
                struct.pack_into("<I", block, ofs, total)
            self.put(place * BLOCK, bytes(block))

    def entry_at(self, segment):
        base = self.journal(1)
        for i in range(struct.unpack("<H", self.at(base, 2))[0]):
            at = base + 2 + i * (4 + SIT_SIZE)
            if struct.unpack("<I", self.at(at, 4))[0] == segment:
                return at + 4
        block = segment // PER_SIT
        place = self.sit + block + bit(self.sit_bitmap, block) * self.sit_segments // 2 * SEGMENT
        return place * BLOCK + segment % PER_SIT * SIT_SIZE

    def nat_entries(self):
        base = self.journal(0)
        newer = {}
        for i in range(struct.unpack("<H", self.at(base, 2))[0]):
            nid, _, ino, addr = struct.unpack("<IBII", self.at(base + 2 + i * 13, 13))
            newer[nid] = addr
        for n in range(self.nat_segments // 2 * SEGMENT):
            place = self.nat + (n // SEGMENT) * 2 * SEGMENT + n % SEGMENT
            data = self.block(place + bit(self.nat_bitmap, n) * SEGMENT)
            if data == bytes(BLOCK) and not newer:
                continue
            for i in range(PER_NAT):
                nid = n * PER_NAT + i
                addr = newer.get(nid, struct.unpack_from("<I", data, i * NAT_SIZE + 5)[0])
                if nid >= 3 and addr not in (0, 0xffffffff):
                    yield addr


def is_indirect(ofs):
    per = 1018
    if ofs in (3, 4 + per, 5 + 2 * per):
        return True
    return ofs >= 6 + 2 * per and (ofs - 6 - 2 * per) % (per + 1) == 0


def data_of(node):
    """The blocks that a node names."""
    nid, ino, flag = struct.unpack_from("<3I", node, 4072)
    if nid != ino:
        if flag >> 3 == 0x1fffffff or is_indirect(flag >> 3):
            return ()
        return struct.unpack_from("<1018I", node, 0)
    mode, inline = struct.unpack_from("<H", node, 0)[0], node[3]
    if inline & 6 or mode >> 12 not in (4, 8, 10):
        return ()
    first, last = 0, 923
    extra, xattr = struct.unpack_from("<2H", node, 360)
    if inline & 0x20:
        first = extra // 4
    if inline & 1:
        last -= xattr if inline & 0x20 and xattr else 50
    return struct.unpack_from(f"<{last - first}I", node, 360 + 4 * first)


def free_of_nodes(image):
    used = set()
    for addr in image.nat_entries():
        used.add(addr)
        used.update(a for a in data_of(image.block(addr)) if a not in (0, 2**32 - 1, 2**32 - 2))
    last = image.main
    for block in sorted(used) + [image.main + image.segments * SEGMENT]:
        if block > last:
            print(last * BLOCK, (block - last) * BLOCK)
        last = block + 1


def free_of_table(image):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dump.f2fs", "-s", "0~-1", os.path.abspath(image.path)], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(folder, "dump_sit")) as file:
            text = file.read()
    parts = re.split(r"segno:\s*(\d+)\s+vblocks:\s*(\d+)[^\n]*", text)
    for number, count, bits in zip(parts[1::3], parts[2::3], parts[3::3]):
        rows = re.findall(r"^(?: +[0-9a-f]{2}){16} *$", bits, re.M)
        bits = bytes.fromhex("".join(rows)) or bytes(64)
        start = image.main + int(number) * SEGMENT
        assert sum(bin(b).count("1") for b in bits) == int(count)
        for i in range(SEGMENT):
            if not bit(bits, i):
                print((start + i) * BLOCK, BLOCK)


def put_super(image, at, data, copies):
    for copy in copies:
        sb = bytearray(image.at(copy * BLOCK + 1024, 3072))
        sb[at:at + len(data)] = data
        if struct.unpack_from("<I", sb, 2180)[0] & 0x800:
            struct.pack_into("<I", sb, 3068, crc(bytes(sb[:3068])))
        image.put(copy * BLOCK + 1024, bytes(sb))


def put_later(image):
    segment, = struct.unpack_from("<I", image.cp, 40)
    block, = struct.unpack_from("<H", image.cp, 70)
    version, = struct.unpack_from("<Q", image.cp, 0)
    if image.flags & 0x40:
        at, = struct.unpack_from("<I", image.cp, 164)
        version |= struct.unpack_from("<I", image.cp, at)[0] << 32
    node = bytearray(BLOCK)
    struct.pack_into("<3IQ", node, 4072, 4, 4, 2, version)
    image.put((image.main + segment * SEGMENT + block) * BLOCK, bytes(node))


def put_journal(image, segment):
    base = image.journal(1)
    number, = struct.unpack("<H", image.at(base, 2))
    entry = image.entry_at(segment)
    at = base + 2 + number * (4 + SIT_SIZE)
    image.put(at, struct.pack("<I", segment) + image.at(entry, SIT_SIZE))
    image.put(base, struct.pack("<H", number + 1))
    image.put(entry, bytes(SIT_SIZE))


def number(size, value):
    return (int(value, 0) & (1 << 8 * int(size)) - 1).to_bytes(int(size), "little")


verb, path, *rest = sys.argv[1:]
image = Image(path, write=verb not in ("map", "nodes"))
if verb == "map":
    free_of_table(image)
elif verb == "nodes":
    free_of_nodes(image)
elif verb == "super":
    put_super(image, int(rest[0], 0), number(*rest[1:3]), [int(r) for r in rest[3:]] or [0, 1])
elif verb == "cp":
    image.put_cp(int(rest[0], 0), number(*rest[1:]))
elif verb == "entry":
    image.put(image.entry_at(int(rest[0])) + int(rest[1], 0), number(*rest[2:]))
elif verb == "journal":
    put_journal(image, int(rest[0]))
elif verb == "later":
    put_later(image)
else:
    sys.exit(__doc__)
