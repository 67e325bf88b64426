#!/usr/bin/env python3
"""Tests run.py: a command that does nothing right must fail every kind of test, and so must asking for no tests."""

import os
import pathlib
import subprocess
import sys
import tempfile

RUN = pathlib.Path(__file__).resolve().parent / "run.py"


def last_line(work, command, *only):
    environment = {key: value for key, value in os.environ.items() if key != "WASI_TESTSUITE_DIR"}
    done = subprocess.run([sys.executable, RUN, "--ashlar", command, "--work", work, *only], capture_output=True,
                          text=True, env=environment)
    return done.returncode, (done.stdout.splitlines() or [""])[-1]


def main():
    work = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        silent = pathlib.Path(folder) / "silent"
        silent.write_text("#!/bin/sh\ncat >/dev/null\nexit 0\n")
        silent.chmod(0o755)
        cases = [
            ("/bin/false", ["--only", "preview1.clocks"], (1, "0 passed, 1 failed")),
            (str(silent), ["--only", "preview1.ending.plain"], (1, "0 passed, 1 failed")),
            (str(silent), ["--only", "programs.memory.O2"], (1, "0 passed, 1 failed")),
            ("/bin/false", ["--only", "no such test"], (1, "0 passed, 0 failed")),
        ]
        failed = 0
        for command, only, wanted in cases:
            got = last_line(work, command, *only)
            if got[0] == 77:
                print("compilers are missing")
                return 77
            if got != wanted:
                failed += 1
                print(f"{command} {only}: got {got}, wanted {wanted}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
