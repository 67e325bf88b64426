#!/usr/bin/env python3
"""Runs real programs from many toolchains: tests/guests/<name>/guest.sh builds one (or several) and runs it with Ashlar.

A guest.sh runs in a folder of its own that is kept between runs (build/guests/<name>), with ASHLAR (the command), HERE
(its own folder) and JOBS in the environment. Exit 77 says that a toolchain is missing; the last line printed says which.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def run(guest, args):
    """(verdict, seconds, output) of one guest."""
    work = args.work.resolve() / guest.name
    work.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, ASHLAR=str(args.ashlar.resolve()), HERE=str(guest), JOBS=str(os.cpu_count()))
    start = time.monotonic()
    try:
        done = subprocess.run(["bash", str(guest / "guest.sh")], cwd=work, env=environment, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=args.timeout)
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        code, output = 1, (expired.stdout or b"").decode(errors="replace") + f"\nstill running after {args.timeout} s"
    verdict = {0: "passed", 77: "skipped"}.get(code, "FAILED")
    return verdict, time.monotonic() - start, output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, default=ROOT / "build/bin/ashlar")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/guests")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one guest")
    parser.add_argument("guests", nargs="*", help="names of folders (default: all)")
    args = parser.parse_args()
    folders = sorted(path.parent for path in HERE.glob("*/guest.sh"))
    names = [folder.name for folder in folders]
    for name in args.guests:
        if name not in names:
            parser.error(f"no guest {name}; there are: {' '.join(names)}")
    counts = {"passed": 0, "skipped": 0, "FAILED": 0}
    for folder in folders:
        if args.guests and folder.name not in args.guests:
            continue
        verdict, seconds, output = run(folder, args)
        counts[verdict] += 1
        lines = output.strip().splitlines()
        print(f"{folder.name}: {verdict} ({seconds:.0f} s)" + (f": {lines[-1]}" if lines and verdict != "FAILED" else ""),
              flush=True)
        if verdict == "FAILED":
            print(*("    " + line for line in lines[-60:]), sep="\n", flush=True)
    print(f"guests: {counts['passed']} passed, {counts['FAILED']} failed, {counts['skipped']} skipped")
    return 1 if counts["FAILED"] or not any(counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
