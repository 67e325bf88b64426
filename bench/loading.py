"""What loading serialized modules of any size takes: a part of the section on embedding."""

import dataclasses
import subprocess
import sys

from build_kernels import BuildError, esbuild_module, lua_guest
from debian_sources import SourceError
from instances import FOLDER
from report import table

LIMIT_US = 50
LOADS, QUICK_LOADS = 500, 5
TYPES, EXPORTS = 3_000, 10_000
BIG = "esbuild"


@dataclasses.dataclass(frozen=True)
class Load:
    """Microseconds of one module, medians: until it is there, the first question for its imports, with all verified."""

    module: str
    size: int
    load: float
    declarations: float
    verify: float


def declarations():
    """The text of a module of little but types, globals and exports."""
    types = ("i32", "i64", "f32", "f64")
    out = ["(module"]
    for i in range(TYPES):
        params = " ".join(types[i // len(types) ** place % len(types)] for place in range(7))
        out.append(f"(type (func (param {params} {types[i % 3]})))\n(global (export \"g{i}\") (mut i64) (i64.const {i}))")
    out += [f"(func (export \"a function of that name, number {i}\") (type {i % TYPES}))" for i in range(EXPORTS)]
    return "\n".join(out) + ")"


def _run(bench, command, timeout):
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        bench.report.problem("ashlar", f"{command[1]}: takes too long")
        return None
    if done.returncode != 0:
        bench.report.problem("ashlar", f"{command[1]}: {done.stderr.strip()[-300:]}")
        return None
    return done.stdout


def _modules(bench):
    """Files by name: binaries, or text."""
    folder = bench.options.build_dir / "embedding"
    folder.mkdir(parents=True, exist_ok=True)
    declared = folder / "declarations.wat"
    declared.write_text(declarations())
    out = {"tiny": FOLDER / "embedding" / "tiny.wat", "declarations": declared}
    if bench.options.quick:
        return out
    try:
        out["lua_guest"] = lua_guest(bench.options.build_dir)
    except (BuildError, SourceError) as error:
        bench.report.problem("ashlar", f"lua_guest: {error}")
    if big := esbuild_module(bench.options.build_dir):
        out[BIG] = big
    else:
        print("the big module is left out: no npm")
    return out


def measure(bench):
    program = bench.options.ashlar.parent / "bench_loading"
    if not program.exists():
        bench.report.problem("ashlar", f"{program} is not built (target bench_loading)")
        return []
    print("measuring loads", file=sys.stderr, flush=True)
    out = []
    for name, module in _modules(bench).items():
        artifact = bench.options.build_dir / "embedding" / f"{name}.cwasm"
        # How fast its code is doesn't matter here.
        if _run(bench, [bench.options.ashlar, "compile", "-O1", "-o", artifact, module], 5 * bench.options.timeout) is None:
            continue
        text = _run(bench, [program, artifact, QUICK_LOADS if bench.options.quick else LOADS], bench.options.timeout)
        if text is None:
            continue
        values = {line.split()[0]: float(line.split()[1]) / 1e3 for line in text.splitlines()}
        out.append(Load(name, artifact.stat().st_size, values["load"], values["declarations"], values["verify"]))
    return out


def print_loads(loads):
    print("## Loading a serialized module from a file: microseconds\n")
    table(["module", "artifact KB", "known", "its declarations, when first asked for", "verified"],
          [[load.module, f"{load.size / 1e3:.0f}", f"{load.load:.1f}", f"{load.declarations:.1f}", f"{load.verify:.0f}"] for load in loads])


def bar_rows(bar, loads):
    return [row for load in loads for row in bar(f"loading {load.module} ({load.size / 1e6:.2f} MB), us", LIMIT_US, load.load)]
