#!/usr/bin/env python3
"""Runs whole programs that allocate while the collector runs much more often than it would: they print what they always do.

The programs of bench/gc at their quick sizes, and of Kotlin's guests those that a build has left under --kotlin: there
need not be any. Behind -- come flags of `ashlar run`.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STRESS = "minor=97,major=1009,poison"
TIMEOUT_S = 600

sys.path.insert(0, str(ROOT / "bench"))
from gc_programs import PROGRAMS  # noqa: E402


def programs(build):
    """(name, module, arguments, expected output) of all that are there."""
    for program in PROGRAMS:
        module = ROOT / "bench" / "gc" / f"{program.name}.wat"
        if program.form != "wat":
            module = build / "bench" / "gc" / f"{program.name}_{program.form}.wasm"
        if module.exists():
            yield program.title, module, program.quick, program.expected(True)
    for expected in sorted((ROOT / "tests" / "guests" / "kotlin").glob("*.expected")):
        module = build / "guests" / "kotlin" / "out" / f"{expected.stem}.wasm"
        if module.exists():
            yield f"Kotlin's {expected.stem}", module, (), expected.read_bytes()


def failure(command, expected):
    """What is wrong, in words; None where nothing is."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"still running after {TIMEOUT_S} s"
    if done.returncode != 0:
        return f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}"
    return None if done.stdout == expected else f"printed {done.stdout[:2000]!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="where Kotlin's modules may be")
    parser.add_argument("--stress", default=STRESS, help=f"({STRESS})")
    args, flags = parser.parse_known_args()
    flags = [flag for flag in flags if flag != "--"]
    failed = 0
    names = []
    for name, module, arguments, expected in programs(args.build):
        command = [args.ashlar, "run", *flags, "--gc-stress", args.stress, module, *arguments]
        wrong = failure([str(word) for word in command], expected)
        names.append(name)
        if wrong:
            failed += 1
            print(f"{name}: {wrong}")
    print(f"gc programs: {len(names)} run ({', '.join(names)}), {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
