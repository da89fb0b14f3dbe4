# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that lies in pieces of a file: "START LENGTH" lines, in the order of the volume.

pieces.py get FILE PIECES VOLUME   copies the volume out
pieces.py put FILE PIECES VOLUME   and back
pieces.py map PIECES               a map of the volume (standard input) as one of the file
"""
import sys


def pieces_of(path):
    with open(path) as lines:
        return [tuple(map(int, line.split())) for line in lines]


def get(path, pieces, volume):
    with open(path, "rb") as file, open(volume, "wb") as out:
        for start, length in pieces_of(pieces):
            file.seek(start)
            out.write(file.read(length))


def put(path, pieces, volume):
    with open(path, "r+b") as file, open(volume, "rb") as data:
        for start, length in pieces_of(pieces):
            file.seek(start)
            file.write(data.read(length))


def remap(pieces):
    places = []
    at = 0
    for start, length in pieces_of(pieces):
        places.append((at, start, length))
        at += length
    found = []
    i = 0
    for line in sys.stdin:
        start, length = map(int, line.split())
        while places[i][0] + places[i][2] <= start:
            i += 1
        k = i
        while length:
            logical, physical, size = places[k]
            skip = start - logical
            here = min(length, size - skip)
            found.append((physical + skip, here))
            start += here
            length -= here
            k += 1
    for start, length in sorted(found):
        print(start, length)


if __name__ == "__main__":
    {"get": get, "put": put, "map": remap}[sys.argv[1]](*sys.argv[2:])
