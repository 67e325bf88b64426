#!/usr/bin/env python3
"""Runs the program whose allocations fail: all scenarios, those of compiled code with an artifact made by `ashlar compile`.

A sample takes seconds; --all fails each of the first 10,000 allocations, alone, and then with all that follow it.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

# (the last allocation that fails, the distance between those that do): dense where runs are short.
SAMPLES = {
    "large": (2000, 97),
    "interpret": (2000, 19),
    "machine_code": (2000, 19),
    "tenants": (2000, 23),
    "text": (2000, 7),
}
SAMPLE = (2000, 3)
MOST = 10_000


def scenarios(program):
    done = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def make_artifact(options, folder):
    """The compiled guest; None without a compiler."""
    source = pathlib.Path(folder) / "guest.wat"
    with source.open("wb") as out:
        subprocess.run([options.program, "--guest"], stdout=out, check=True)
    artifact = source.with_suffix(".cwasm")
    done = subprocess.run([options.ashlar, "compile", "-o", artifact, source], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"no compiled code: {done.stderr.strip()}")
        return None
    return artifact


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="oom_run")
    parser.add_argument("--ashlar", help="the command that compiles; without it compiled code is left out")
    parser.add_argument("--all", action="store_true", help=f"the first {MOST} allocations, instead of a sample")
    parser.add_argument("--sparse", type=int, default=1, help="how many times fewer there are in a sample: sanitizers take seconds for each memory that is unmapped")
    parser.add_argument("only", nargs="*", help="scenarios")
    options = parser.parse_args()
    environment = dict(os.environ)
    sanitizer = environment.get("ASAN_OPTIONS", "")
    # Machine code's faults are ours, and the collector looks at stacks.
    environment["ASAN_OPTIONS"] = f"allow_user_segv_handler=1:detect_stack_use_after_return=0:{sanitizer}"
    failed = []
    with tempfile.TemporaryDirectory(prefix="ashlar-oom-") as folder:
        environment["TMPDIR"] = folder
        artifact = make_artifact(options, folder) if options.ashlar else None
        more = ["--artifact", artifact] if artifact else []
        for name in options.only or scenarios(options.program):
            most, every = (MOST, 1) if options.all else SAMPLES.get(name, SAMPLE)
            every *= 1 if options.all else options.sparse
            for later in ([], ["--later"]):
                plan = ["--most", str(most), "--every", str(every), *later]
                done = subprocess.run([options.program, *more, *plan, name], env=environment)
                if done.returncode != 0:
                    failed.append(f"{name} {' '.join(plan)}: exit code {done.returncode}")
    for line in failed:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
