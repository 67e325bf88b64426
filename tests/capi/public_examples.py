#!/usr/bin/env python3
"""Compiles and runs the C programs of the public wasm-c-api repository, unmodified, against a build of libashlar.

Their modules are taken from there too; one that is no valid module by now is assembled from its text.

The checkout is named by --checkout or the environment variable ASHLAR_WASM_C_API. Without one the exit code is 77: the
test was skipped. With CC=... another compiler compiles.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# What an embedder's own program would be warned about; these programs were written for older compilers.
FLAGS = ["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Werror", "-Wno-unused-variable"]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **options)


def guest(source, work, ashlar):
    """The program's module, next to where it will run; what is wrong, or None."""
    binary = source.with_suffix(".wasm")
    if binary.exists() and run(ashlar, "validate", binary).returncode == 0:
        shutil.copy(binary, work)
        return None
    # One dates from before reference types were finished: `ref.null` says nowadays of what.
    text = source.with_suffix(".wat").read_text().replace("(ref.null)", "(ref.null extern)")
    (work / "guest.wat").write_text(text)
    made = run(ashlar, "parse", work / "guest.wat", "-o", work / binary.name)
    if made.returncode == 0:
        print(f"     {binary.name} is assembled from its text")
        return None
    return made.stderr


def check(source, args, work):
    """What is wrong, or None."""
    wrong = guest(source, work, args.build / "bin" / "ashlar")
    if wrong:
        return wrong
    program = work / source.stem
    lib = args.build / "lib"
    compiled = run(os.environ.get("CC", "clang-22"), *FLAGS, f"-I{ROOT / 'include'}", source, "-o", program, f"-L{lib}",
                   f"-Wl,-rpath,{lib}", "-lashlar", "-pthread")
    if compiled.returncode != 0:
        return compiled.stderr
    done = run(program, cwd=work)
    if done.returncode != 0:
        return f"exit code {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-1000:]}"
    # Each says so when it has come to its end; those of threads return early where something fails.
    if 'printf("Done.' in source.read_text() and "\nDone." not in done.stdout:
        return f"it did not come to its end:\n{done.stdout[-1000:]}"
    if re.search(r"^> Error", done.stdout, re.MULTILINE):
        return done.stdout[-1000:]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--checkout", type=pathlib.Path, default=os.environ.get("ASHLAR_WASM_C_API") or None)
    args = parser.parse_args()
    args.build = args.build.resolve()
    if args.checkout is None:
        print("skipped: neither --checkout nor ASHLAR_WASM_C_API says where the wasm-c-api repository is")
        return 77
    sources = sorted((args.checkout.resolve() / "example").glob("*.c"))
    if not sources:
        print(f"{args.checkout} has no example/*.c")
        return 1
    failed = 0
    for source in sources:
        with tempfile.TemporaryDirectory(prefix="ashlar-capi-") as work:
            wrong = check(source, args, pathlib.Path(work))
        print(f"{'FAIL' if wrong else 'ok  '} {source.name}", flush=True)
        if wrong:
            failed += 1
            print(wrong)
    print(f"wasm-c-api: {len(sources) - failed} of {len(sources)} programs compile and run unmodified")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
