#!/usr/bin/env python3
"""Makes src/wasi/p2/gen from wit/ (needs the program build/bin/witgen).

Without arguments the files are written; with --check they are compared with what is there: exit code 1 for a difference,
77 when clang-format is missing.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "src/wasi/p2/gen"
PACKAGES = ["io", "clocks", "random", "cli", "filesystem", "http", "sockets", "config", "keyvalue", "logging"]
FORMAT = "clang-format-22"


def generate(witgen, folder):
    wits = sorted(str(p.relative_to(ROOT)) for f in ("wasi-0.2.12", "proposals") for p in (ROOT / "wit" / f).glob("*.wit"))
    subprocess.run([str(pathlib.Path(witgen).resolve()), folder, *PACKAGES, "--", *wits], check=True, cwd=ROOT)
    out = {}
    for path in sorted(pathlib.Path(folder).glob("*.h")):
        style = f"--style=file:{ROOT / '.clang-format'}"
        out[path.name] = subprocess.run([FORMAT, style, str(path)], check=True, capture_output=True, text=True).stdout
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--witgen", default=str(ROOT / "build/bin/witgen"))
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if not shutil.which(FORMAT):
        print(f"skipped: {FORMAT} is missing")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        made = generate(args.witgen, folder)
    if not args.check:
        for name, text in made.items():
            (TARGET / name).write_text(text)
        return 0
    there = {p.name: p.read_text() for p in TARGET.glob("*.h")}
    differ = sorted(n for n in made.keys() | there.keys() if made.get(n) != there.get(n))
    for name in differ:
        print(f"src/wasi/p2/gen/{name} is not what tools/witgen.py makes")
    print(f"{len(made) - len(differ)} passed, {len(differ)} failed")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
