#!/usr/bin/env python3
"""Checks that only the compiler's library links LLVM: not the command, not libashlar, not what tests them."""

import argparse
import pathlib
import shutil
import subprocess
import sys

# Text that is in every program with LLVM inside.
INSIDE = [b"LLVM ERROR: ", b"_ZN4llvm"]


def needed(path):
    """The shared libraries that the file asks for."""
    tool = next(filter(None, map(shutil.which, ("llvm-readelf-22", "readelf"))), None)
    if tool is None:
        raise SystemExit("neither llvm-readelf-22 nor readelf is here")
    text = subprocess.run([tool, "-d", str(path)], capture_output=True, text=True, check=True).stdout
    return [line.rsplit("[", 1)[1].rstrip("]") for line in text.splitlines() if "(NEEDED)" in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build tree")
    build = parser.parse_args().build
    wrong = []
    for path in (build / "bin" / "ashlar", build / "lib" / "libashlar.so", build / "lib" / "libashlar.a"):
        if path.suffix != ".a" and any("LLVM" in name for name in needed(path)):
            wrong.append(f"{path} needs LLVM's library")
        content = path.read_bytes()
        wrong += [f"{path} has LLVM inside: {text.decode()}" for text in INSIDE if text in content]
    if needed(build / "bin" / "ashlar"):
        wrong.append("the command is not linked statically")
    compiler = build / "lib" / "libashlar-llvm.so"
    if not any("LLVM" in name for name in needed(compiler)):
        wrong.append(f"{compiler} does not link LLVM: what does this test check?")
    print(*wrong or ["links: only libashlar-llvm.so links LLVM"], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
