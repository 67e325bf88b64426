#!/usr/bin/env python3
"""Builds examples/components/image from its WIT and sources, and tests it on real pixels: PNG in, PNG out.

The components are compiled by clang for wasm32-wasi with the bindings that `ashlar bindgen cpp --guest` makes; the host with
those for hosts. What comes out is compared with the same transforms written here. With --rust the processor is the one in
Rust, which needs rustup's target wasm32-wasip2 and crates from the network. Exit code 77: something of that is missing.
"""

import argparse
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "components" / "image"
GUEST = ["clang++-22", "-std=c++23", "--target=wasm32-wasi", "-Wno-deprecated", "--sysroot=/usr", "-fno-exceptions", "-fno-rtti",
         "-O2", "-Wall", "-Wextra", "-Werror", "-mexec-model=reactor", "--no-wasm-opt"]
HOST = ["clang++-22", "-std=c++23", "-O1", "-Wall", "-Wextra", "-Werror"]
NEEDED = ["/usr/lib/wasm32-wasi/libc++.a", "/usr/include/png.h"]


def run(*command, ok=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if ok and done.returncode != 0:
        print("failed:", *command, "\n" + done.stdout + done.stderr)
        sys.exit(1)
    return done if not ok else done.stdout


# ---- PNG, eight bits a channel

CHANNELS = {0: 1, 2: 3, 6: 4}


def write_png(path, width, height, channels, pixels):
    color = {1: 0, 3: 2, 4: 6}[channels]
    row = width * channels
    raw = b"".join(b"\0" + pixels[y * row:(y + 1) * row] for y in range(height))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def unfilter(raw, row, step):
    """The rows behind PNG's filters."""
    out, above = bytearray(), bytes(row)
    for at in range(0, len(raw), row + 1):
        kind, line = raw[at], bytearray(raw[at + 1:at + 1 + row])
        for i in range(row):
            a = line[i - step] if i >= step else 0
            b, c = above[i], above[i - step] if i >= step else 0
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[i] = (line[i] + [0, a, b, (a + b) // 2, paeth][kind]) & 255
        out += line
        above = bytes(line)
    return bytes(out)


def read_png(path):
    data, at, packed = path.read_bytes(), 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        at += 12 + length
        if name == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
            assert depth == 8, "eight bits a channel"
        packed += body if name == b"IDAT" else b""
    channels = CHANNELS[color]
    return width, height, channels, unfilter(zlib.decompress(packed), width * channels, channels)


# ---- the transforms, written once more

def gray(channels, pixels):
    return bytes((77 * pixels[i] + 150 * pixels[i + 1] + 29 * pixels[i + 2] + 128) >> 8
                 for i in range(0, len(pixels), channels))


def nearest(width, height, channels, pixels, to_width, to_height):
    out = bytearray()
    for y in range(to_height):
        from_y = (2 * y + 1) * height // (2 * to_height)
        for x in range(to_width):
            at = (from_y * width + (2 * x + 1) * width // (2 * to_width)) * channels
            out += pixels[at:at + channels]
    return bytes(out)


def edges(width, height, pixels):
    def at(x, y):
        return pixels[min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)]

    out = bytearray()
    for y in range(height):
        for x in range(width):
            dx = sum(w * (at(x + 1, y + d) - at(x - 1, y + d)) for d, w in ((-1, 1), (0, 2), (1, 1)))
            dy = sum(w * (at(x + d, y + 1) - at(x + d, y - 1)) for d, w in ((-1, 1), (0, 2), (1, 1)))
            out.append(min(255, int((dx * dx + dy * dy) ** 0.5 + 0.5)))
    return bytes(out)


def picture(width, height):
    """A disc on a gradient."""
    out = bytearray()
    for y in range(height):
        for x in range(width):
            inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2
            out += bytes((230, 40, 60)) if inside else bytes((x * 255 // width, y * 255 // height, 128))
    return bytes(out)


def build(ashlar, library, work):
    """The two components and the host."""
    bindings = {}
    for side, flags in (("guest", ["--guest"]), ("host", [])):
        bindings[side] = work / side
        for world in ("processor", "gallery"):
            run(ashlar, "bindgen", "cpp", *flags, EXAMPLE / "image.wit", "--world", world, "-o", bindings[side])
    guest = bindings["guest"]
    components = []
    for world, source in (("processor", "transforms.cc"), ("gallery", "thumbnails.cc")):
        core, component = work / f"{world}.core.wasm", work / f"{world}.wasm"
        run(*GUEST, f"-I{guest}", guest / f"{world}.cc", EXAMPLE / source, "-o", core)
        run(ashlar, "component", "new", core, "-o", component)
        components.append(component)
    host = work / "image"
    run(*HOST, f"-I{ROOT}/include", f"-I{bindings['host']}", EXAMPLE / "main.cc", "-o", host, library,
        f"-Wl,-rpath,{library.parent}", "-lpng")
    return host, *components


def build_rust(work):
    """The processor in Rust; nothing where it cannot be had."""
    if shutil.which("cargo") is None:
        print("there is no cargo")
        return None
    # Asked first: the crates that run at build time take a minute.
    standard = subprocess.run(["rustc", "--print", "target-libdir", "--target", "wasm32-wasip2"], capture_output=True, text=True)
    if standard.returncode != 0 or not pathlib.Path(standard.stdout.strip()).is_dir():
        print("there is no Rust target wasm32-wasip2 (rustup target add wasm32-wasip2)")
        return None
    project = work / "rust" / "rust"
    shutil.copytree(EXAMPLE / "rust", project)
    shutil.copy(EXAMPLE / "image.wit", project.parent)
    environment = {**os.environ, "CARGO_TARGET_DIR": str(work / "target")}
    for command in (["cargo", "fetch"], ["cargo", "build", "--release", "--target", "wasm32-wasip2"]):
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            known = command[1] == "fetch" or re.search("can't find crate for `(core|std)`", done.stderr)
            print(f"{' '.join(command)} failed:\n{done.stderr}")
            if known:
                return None
            sys.exit(1)
    return work / "target" / "wasm32-wasip2" / "release" / "image_processor.wasm"


def check(what, got, wanted):
    if got != wanted:
        print(f"{what}: the pixels differ: {str(got)[:200]}\n   expected: {str(wanted)[:200]}")
        sys.exit(1)


def check_transforms(host, processor, gallery, work):
    width, height = 60, 48
    pixels = picture(width, height)
    source, out = work / "in.png", work / "out.png"
    write_png(source, width, height, 3, pixels)
    gray_pixels = gray(3, pixels)

    run(host, processor, "grayscale", source, out)
    check("grayscale", read_png(out), (width, height, 1, gray_pixels))
    run(host, processor, "detect-edges", source, out)
    check("detect-edges", read_png(out), (width, height, 1, edges(width, height, gray_pixels)))
    run(host, processor, "resize", source, out, 37, 80, "nearest")
    check("nearest", read_png(out), (37, 80, 3, nearest(width, height, 3, pixels, 37, 80)))
    for mode in ("bilinear", "bicubic"):
        # Of the same size nothing changes; an even surface stays one.
        run(host, processor, "resize", source, out, width, height, mode)
        check(mode, read_png(out), (width, height, 3, pixels))
        write_png(work / "even.png", 9, 7, 4, bytes((10, 20, 30, 200)) * 63)
        run(host, processor, "resize", work / "even.png", out, 30, 5, mode)
        check(mode, read_png(out), (30, 5, 4, bytes((10, 20, 30, 200)) * 150))
    # Through another component, which asks the first one to make it smaller and gray.
    run(host, processor, "thumbnail", source, out, gallery, 30)
    made = read_png(out)
    check("thumbnail", made[:3], (30, 24, 1))
    run(host, processor, "resize", source, work / "small.png", 30, 24, "bilinear")
    check("thumbnail", made[3], gray(3, read_png(work / "small.png")[3]))
    refused = run(host, processor, "resize", source, out, 0, 5, "nearest", ok=False)
    check("a size of nothing", (refused.returncode, refused.stderr), (1, "image: cannot make an image of 0 x 5\n"))


def check_command(ashlar, processor, work):
    image = "{width: 2, height: 2, format: gray, pixels: [0, 100, 200, 100]}"
    got = run(ashlar, "run", "--invoke", f"resize({image}, 3, 3, bilinear)", processor)
    check("run --invoke", got, "ok({width: 3, height: 3, format: gray, pixels: [0, 50, 100, 100, 100, 100, 200, 150, 100]})\n")
    got = run(ashlar, "run", "--invoke", "grayscale({width: 2, height: 2, format: gray, pixels: [1]})", processor)
    check("run --invoke", got, 'err("the image has 1 bytes, not 4")\n')
    composed = work / "composed.wasm"
    run(ashlar, "compose", work / "gallery.wasm", "--plug", processor, "-o", composed)
    got = run(ashlar, "run", "--invoke", f"thumbnail({image}, 1)", composed)
    check("compose", got, "ok({width: 1, height: 1, format: gray, pixels: [100]})\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, required=True)
    parser.add_argument("--library", type=pathlib.Path, required=True, help="libashlar.so")
    parser.add_argument("--rust", action="store_true", help="the processor in Rust instead")
    args = parser.parse_args()
    missing = [path for path in NEEDED if not pathlib.Path(path).exists()]
    if missing:
        print("missing:", *missing)
        return 77
    with tempfile.TemporaryDirectory(prefix="ashlar-image-") as folder:
        work = pathlib.Path(folder)
        in_rust = build_rust(work) if args.rust else None
        if args.rust and in_rust is None:
            return 77
        host, processor, gallery = build(args.ashlar.resolve(), args.library.resolve(), work)
        processor = in_rust or processor
        check_transforms(host, processor, gallery, work)
        check_command(args.ashlar.resolve(), processor, work)
    print("image: pixels are as they should be, by the host, the command and through another component")
    return 0


if __name__ == "__main__":
    sys.exit(main())
