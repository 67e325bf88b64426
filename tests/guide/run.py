#!/usr/bin/env python3
"""Compiles the C++ code of the guide's chapters against the public headers, so that it stays true.

The pieces (```cpp) of a chapter, one behind the other, are the body of a function that returns ashlar::Status.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMPILER = "clang++-22"
HEADERS = ["chrono", "cstdio", "span", "string", "string_view", "thread", "vector", "ashlar/ashlar.h"]


def pieces(chapter):
    return re.findall(r"^```cpp\n(.*?)^```$", chapter.read_text(), re.S | re.M)


def program(chapters):
    """One function a chapter; messages name the chapter."""
    out = [f"#include <{header}>\n" for header in HEADERS]
    count = 0
    for chapter in chapters:
        body = pieces(chapter)
        count += len(body)
        name = chapter.stem.replace("-", "_")
        out.append(f'#line 1 "{chapter.name}"\nstatic ashlar::Status {name}() {{\n{"".join(body)}return {{}};\n}}\n')
        out.append(f"ashlar::Status (*use_{name})() = {name};\n")
    return "".join(out), count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--guide", type=pathlib.Path, default=ROOT / "docs" / "guide")
    args = parser.parse_args()
    text, count = program(sorted(args.guide.glob("*.md")))
    if count == 0:
        print("the guide has no code")
        return 1
    with tempfile.TemporaryDirectory(prefix="ashlar-guide-") as work:
        source = pathlib.Path(work) / "guide.cc"
        source.write_text(text)
        done = subprocess.run([COMPILER, "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                               "-Wno-unused-variable", "-Wno-unused-but-set-variable", f"-I{ROOT}/include", source],
                              capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr)
        return 1
    print(f"guide: {count} pieces of code compile")
    return 0


if __name__ == "__main__":
    sys.exit(main())
