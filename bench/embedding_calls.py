"""The section on embedding: what a call between C++ and WebAssembly costs, in one process with Wasmtime's C library."""

import dataclasses
import os
import pathlib
import subprocess
import sys

from peers import InstallError, install_wasmtime_library
from report import number, table

FOLDER = pathlib.Path(__file__).resolve().parent / "embedding"
CALLS, QUICK_CALLS = 1_000_000, 1_000
OURS, PEERS = "ashlar", ("wasmtime-unchecked", "wasmtime")
DIRECTIONS = {"in": "host to wasm", "out": "wasm to host"}
FUNCTIONS = {"nop": "() -> ()", "add": "(i32, i32) -> i32", "mix": "(i64, f64, i32, f32) -> f64"}
LIMITS_NS = {"in": 10, "out": 5, "wait": 150}
# With a host function that waits; of no peer's.
WAITS = {"wait": "wasm to a waiting host function and on again", "async": "a whole call in which it waits once"}


@dataclasses.dataclass(frozen=True)
class Call:
    engine: str
    direction: str
    function: str
    nanoseconds: float


def wasmtime_library(options, folders):
    """Wasmtime's shared library, as the PyPI package `wasmtime` carries it; None without."""
    if not options.compilers:
        return None
    home = options.build_dir / "peers"

    def found():
        return next((path for folder in (*folders, home) for path in sorted(folder.glob("**/wasmtime/linux-*/_libwasmtime.so"))), None)

    if options.install_peers and not found():
        try:
            install_wasmtime_library(home)
        except (InstallError, subprocess.TimeoutExpired, OSError) as error:
            print(f"wasmtime's C library could not be installed: {error}")
    library = found()
    if not library:
        print("wasmtime's C library is left out: no _libwasmtime.so" + ("" if options.install_peers else " (--install-peers installs it)"))
    return library


def parse(text):
    return [Call(*words[:3], float(words[3])) for words in (line.split("|") for line in text.splitlines())]


def measure(bench, folders):
    """A Call for each engine, direction and function; none when the program is not built."""
    options = bench.options
    program = options.ashlar.parent / "bench_calls"
    if not program.exists():
        bench.report.problem("ashlar", f"{program} is not built (target bench_calls)")
        return []
    module = options.build_dir / "calls.wasm"
    made = subprocess.run([str(options.ashlar), "parse", "-o", str(module), str(FOLDER / "calls.wat")], capture_output=True, text=True)
    if made.returncode != 0:
        bench.report.problem("ashlar", f"calls.wat: {made.stderr.strip()}")
        return []
    library = wasmtime_library(options, folders)
    print("measuring calls", file=sys.stderr, flush=True)
    command = [program, QUICK_CALLS if options.quick else CALLS, module, *([library] if library else [])]
    compiler = options.ashlar.parent.parent / "lib" / "ashlar" / "ashlar-llvm"
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=options.timeout,
                          env={**os.environ, "ASHLAR_LLVM": str(compiler)})
    if done.returncode != 0:
        bench.report.problem("ashlar", f"calls: {done.stderr.strip()}")
        return []
    return parse(done.stdout)


def print_calls(calls):
    engines = list(dict.fromkeys(call.engine for call in calls))
    known = {(call.engine, call.direction, call.function): call.nanoseconds for call in calls}
    rows = []
    for direction, title in DIRECTIONS.items():
        for function, signature in FUNCTIONS.items():
            ours = known[(OURS, direction, function)]
            best = min((known[(peer, direction, function)] for peer in PEERS if peer in engines), default=None)
            rows.append([f"{title}, {signature}", *(number(known[(engine, direction, function)]) for engine in engines),
                         number(ours / best) if best else "-"])
    for direction, title in WAITS.items():
        rows.append([f"{title}, () -> ()", *(number(known[key]) if (key := (engine, direction, "nop")) in known else "-" for engine in engines), "-"])
    print("## Calls between C++ and WebAssembly: nanoseconds of a call\n")
    table(["direction and type", *engines, "compiled, times the best peer's"], rows)


def bar_rows(bar, calls):
    rows = []
    for call in calls:
        if call.engine == OURS and call.direction in LIMITS_NS:
            rows += bar(f"{(DIRECTIONS | WAITS)[call.direction]}, {FUNCTIONS[call.function]}, ns", LIMITS_NS[call.direction], call.nanoseconds)
    return rows
