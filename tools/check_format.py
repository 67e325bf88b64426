#!/usr/bin/env python3
"""Checks (or with --fix rewrites) the format of the project's C and C++ files with clang-format 22."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["src", "include", "tests", "fuzz", "bench", "examples", "tools"]
SUFFIXES = {".h", ".cc", ".c"}


def sources():
    """What git tracks or would track; without git (an unpacked archive), what lies in the folders."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *FOLDERS],
        cwd=ROOT, capture_output=True, text=True,
    )
    if listing.returncode == 0:
        paths = [ROOT / line for line in listing.stdout.splitlines()]
    else:
        paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return sorted({path for path in paths if path.suffix in SUFFIXES and path.is_file()})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="rewrite the files")
    args = parser.parse_args()
    clang_format = shutil.which("clang-format-22")
    if clang_format is None:
        print("clang-format-22 is missing: tools/bootstrap.sh test installs it")
        return 1
    paths = sources()
    if args.fix:
        return subprocess.run([clang_format, "-i", *paths], cwd=ROOT).returncode
    done = subprocess.run([clang_format, "--dry-run", "--Werror", *paths], cwd=ROOT, capture_output=True, text=True)
    findings = re.findall(r"^(\S+?):(\d+):\d+: error", done.stderr, re.MULTILINE)
    first = {}
    for file, line in findings:
        first.setdefault(file, line)
    for file, line in first.items():
        print(f"{os.path.relpath(file, ROOT)}:{line}: not in the project's format")
    print(f"format: {len(paths)} files, {len(first)} to mend" + (" with `make format`" if first else ""))
    if done.returncode and not first:
        print(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
