#!/usr/bin/env python3
"""Runs the tests of the public wasi-threads repository with the command, in every tier.

Each *.wat of its test/testsuite is run as it is, each *.c is compiled with the start function beside it, and has to end
as the *.json of its name says: with that exit code, else 0. Standard input is a pipe that nobody writes to.

The checkout is named by --checkout or the environment variable ASHLAR_WASI_THREADS. Without one the exit code is 77:
the tests were skipped.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TIMEOUT_S = 60
C_FLAGS = ["--target=wasm32-wasi", "--sysroot=/usr", "-Wno-deprecated", "--no-wasm-opt", "-O1", "-matomics",
           "-mbulk-memory", "-Wl,--shared-memory,--import-memory,--export-memory,--max-memory=1048576,--no-check-features"]


def compile_c(source, work):
    """The module of a C program; what is wrong with it, or None."""
    output = work / f"{source.stem}.wasm"
    command = ["clang-22", *C_FLAGS, str(source), str(source.parent / "wasi_thread_spawn.S"), "-o", str(output)]
    # The C library of the distribution does not declare what the program calls.
    header = work / "spawn.h"
    header.write_text('#ifndef __ASSEMBLER__\n__attribute__((import_module("wasi"), import_name("thread-spawn")))\n'
                      "int __wasi_thread_spawn(void *);\n#endif\n")
    done = subprocess.run([*command, "-include", str(header)], capture_output=True, text=True)
    return output, done.stderr if done.returncode != 0 else None


def run(ashlar, module, flags, wanted):
    """What is wrong, or None."""
    command = [str(ashlar), "run", *flags, str(module)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        try:
            code = process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"{' '.join(command)}: does not end"
        text = process.stderr.read()
    return None if code == wanted else f"{' '.join(command)}: exit code {code}, not {wanted}\n{text}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, default=ROOT / "build" / "bin" / "ashlar")
    parser.add_argument("--checkout", type=pathlib.Path, default=os.environ.get("ASHLAR_WASI_THREADS") or None)
    parser.add_argument("--tiers", default="interp,auto,optimizing")
    args = parser.parse_args()
    if args.checkout is None:
        print("skipped: neither --checkout nor ASHLAR_WASI_THREADS says where the wasi-threads repository is")
        return 77
    suite = args.checkout.resolve() / "test" / "testsuite"
    sources = sorted([*suite.glob("*.wat"), *suite.glob("*.c")])
    if not sources:
        print(f"{suite} has no tests")
        return 1
    failed = 0
    for source in sources:
        expected = source.with_suffix(".json")
        wanted = json.loads(expected.read_text()).get("exit_code", 0) if expected.exists() else 0
        with tempfile.TemporaryDirectory(prefix="ashlar-threads-") as work:
            module, wrong = compile_c(source, pathlib.Path(work)) if source.suffix == ".c" else (source, None)
            for tier in args.tiers.split(","):
                wrong = wrong or run(args.ashlar.resolve(), module, [f"--tier={tier}"], wanted)
        print(f"{'FAIL' if wrong else 'ok  '} {source.name}", flush=True)
        if wrong:
            failed += 1
            print(wrong)
    print(f"wasi-threads: {len(sources) - failed} of {len(sources)} tests pass in the tiers {args.tiers}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
