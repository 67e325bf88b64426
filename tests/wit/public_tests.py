#!/usr/bin/env python3
"""Reads the WIT texts of a public parser's test suite and compares: what is accepted there is accepted here, prints as
text that reads and prints the same again, and what is refused there is refused here.

The suite is that of the repository bytecodealliance/wasm-tools, folder crates/wit-parser/tests/ui: its checkout is named
by --checkout or the environment variable ASHLAR_WASM_TOOLS. Without one the exit code is 77: the test was skipped.
"""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import public_suite

SUITE = pathlib.Path("crates/wit-parser/tests/ui")
# Where we differ, and why.
DIFFERENCES = {
    "kinds-of-deps": "packages encoded as components are not read yet",
    "types.wit": "'tuple<>': the grammar wants a type, and the Component Model has no empty tuple",
}


def ashlar(args, *words):
    return subprocess.run([str(args.ashlar), "wit", *map(str, words)], capture_output=True, text=True, timeout=60)


def check_accepted(args, path, work):
    """What is wrong, or None."""
    flags = ["--features", "active"]
    checked = ashlar(args, "check", path, *flags)
    if checked.returncode != 0:
        return checked.stderr
    printed = ashlar(args, path, "--with-deps", *flags)
    again = work / "again.wit"
    again.write_text(printed.stdout)
    second = ashlar(args, again, "--with-deps", *flags)
    if printed.returncode != 0 or second.returncode != 0:
        return f"what we print is not read: {printed.stderr}{second.stderr}{printed.stdout[:2000]}"
    if second.stdout != printed.stdout:
        return f"printing twice differs:\n{printed.stdout[:2000]}\n--- again\n{second.stdout[:2000]}"
    return None


def check_refused(args, path):
    """What is wrong, or None."""
    checked = ashlar(args, "check", path, "--features", "active")
    if checked.returncode == 0:
        return "accepted, but should be refused"
    if checked.returncode != 1 or not checked.stderr.startswith("ashlar: "):
        return f"exit code {checked.returncode}: {checked.stderr}"
    if args.errors:
        print(f"{path.name}\n    {checked.stderr.strip()}")
    return None


def cases(folder):
    return sorted(path for path in folder.iterdir()
                  if path.name != "parse-fail" and (path.is_dir() or path.suffix in (".wit", ".wat", ".wasm")))


def all_cases(suite):
    for kind, folder in (("accepted", suite), ("refused", suite / "parse-fail")):
        for path in cases(folder):
            yield kind, path, path.name


def check(args, kind, path, work):
    return check_accepted(args, path, work) if kind == "accepted" else check_refused(args, path)


if __name__ == "__main__":
    sys.exit(public_suite.run(__doc__.splitlines()[0], "bytecodealliance/wasm-tools", "ASHLAR_WASM_TOOLS", SUITE,
                              all_cases, check, DIFFERENCES))
