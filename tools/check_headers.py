#!/usr/bin/env python3
"""Checks that each header of src/ and include/ compiles alone, begins with a sentence and has `#pragma once`."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-pragma-once-outside-header",
         "-Wno-unused-const-variable", "-march=native", "-Isrc", "-Iinclude", "-x", "c++"]


# Headers that need what is not everywhere, and what tells that it is here.
NEEDS = {"include/ashlar/asio.h": pathlib.Path("/usr/include/boost/asio.hpp")}


def llvm_flags():
    """For the headers of the compiler; None without LLVM."""
    tool = shutil.which("llvm-config-22", path=os.environ.get("PATH", "") + ":/usr/lib/llvm-22/bin")
    if tool is None:
        return None
    found = subprocess.run([tool, "--includedir"], capture_output=True, text=True, check=True).stdout.strip()
    return ["-fno-rtti", "-isystem", found]


def check(path):
    """What is wrong with a header, or None."""
    text = path.read_text()
    if not text.startswith("// "):
        return "the first line does not say in a sentence what the file owns"
    if "\n#pragma once\n" not in text and path.parent.name != "include":
        return "no #pragma once"
    needed = NEEDS.get(path.relative_to(ROOT).as_posix())
    if needed and not needed.exists():
        return None
    flags = FLAGS
    if path.parent.name == "include":
        flags = [*FLAGS, "-Wno-unused-function"]  # C headers have static functions
    if path.is_relative_to(ROOT / "src" / "optimizing"):
        if LLVM is None:
            return None
        flags = [*FLAGS, *LLVM]
    done = subprocess.run(["clang++-22", *flags, str(path)], cwd=ROOT, capture_output=True, text=True)
    return None if done.returncode == 0 else f"does not compile alone:\n{done.stderr[:1500]}"


LLVM = llvm_flags()


def main():
    headers = sorted([*(ROOT / "src").rglob("*.h"), *(ROOT / "include").rglob("*.h")])
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, finding in zip(headers, pool.map(check, headers)):
            if finding:
                failed += 1
                print(f"{path.relative_to(ROOT)}:1: {finding}")
    print(f"headers: {len(headers)} checked, {failed} finding(s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
