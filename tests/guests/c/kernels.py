"""Builds the benchmarks' programs from Debian's sources, natively and for WASI, and compares what they print."""

import pathlib
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
from build_kernels import KERNELS, BuildError, build_kernel  # noqa: E402
from debian_sources import SourceError  # noqa: E402

for kernel in KERNELS:
    if not kernel.package:
        continue
    try:
        built = build_kernel(kernel, pathlib.Path.cwd())
    except SourceError as error:
        print(f"skipped {kernel.name}: {error}")
        continue
    except BuildError as error:
        sys.exit(f"{kernel.name} does not compile: {error}")
    arguments = [*kernel.quick]
    native = next(iter(built.native.values()))
    wanted = subprocess.run([native, *arguments], capture_output=True, text=True)
    got = subprocess.run([sys.argv[2], "run", built.wasm, *arguments], capture_output=True, text=True)
    if (got.stdout, got.returncode) != (wanted.stdout, wanted.returncode):
        sys.exit(f"{kernel.name}: got {got.stdout!r} ({got.returncode}), wanted {wanted.stdout!r}\n{got.stderr}")
    print(f"{kernel.name},")
