"""Makes a grey picture as a PNG, or checks that files of raw pixels are that picture."""

import struct
import sys
import zlib

WIDTH, HEIGHT = 301, 200
ROWS = [bytes((x * y + 3 * x) & 255 for x in range(WIDTH)) for y in range(HEIGHT)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if sys.argv[1] == "make":
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in ROWS))
    with open(sys.argv[2], "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
else:
    for path in sys.argv[2:]:
        with open(path, "rb") as got:
            if got.read() != b"".join(ROWS):
                sys.exit(f"{path}: wrong pixels")
