"""The section on compilers: code compiled a second on one thread, the size of what they make, and memory for a big module."""

import dataclasses
import pathlib

from binaries import artifact_text_size, code_size
from kernel_runs import COMPILE_TIMEOUT_S
from measure import Command
from report import number, table

KERNELS = ("sqlite", "lua")
LEVELS = ("O1", "O2")
SLOW = ("wamr-aot", "wasmedge")  # LLVM at full optimization: one round


@dataclasses.dataclass
class Speed:
    """What one tool did to one kernel."""

    kernel: str
    tool: str
    mb_per_second: float
    text: int | None
    peak_mib: float
    ratio: float | None  # of the code's user time to native


def _own_engines(engines):
    """Our compiler at each level, on one thread."""
    ours = next((engine for engine in engines if engine.name == "ashlar"), None)
    if not ours:
        return []
    return [dataclasses.replace(ours, name=f"ashlar-{level}",
                                compile_alone=[ours.program, "compile", "-j", "1", f"-{level}", "-o", "{output}", "{file}"])
            for level in LEVELS]


def _compile(bench, module, engines, rounds):
    """Samples of compiling and the files made, by engine name; engines take turns."""
    folder = bench.options.build_dir / "compiled"
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {engine.name: folder / f"{module.stem}.{engine.name}" for engine in engines}
    commands = {}
    for engine in engines:
        outputs[engine.name].unlink(missing_ok=True)
        commands[engine.name] = (engine.run(module, ["0"]) if engine.own_times else
                                 engine.compile(engine.compile_alone, module, outputs[engine.name]))
    samples = bench.runner.interleaved(commands, rounds, once=SLOW, timeout_s=COMPILE_TIMEOUT_S)
    for name, sample in samples.items():
        if sample.error:
            bench.report.problem(name, f"{module.name} is not compiled: {sample.error}")
    return samples, outputs


def _measure_kernel(bench, kernel, engines, rounds):
    built = bench.built(kernel, simd=True)
    if not built:
        return []
    print(f"compiling {kernel.name}", flush=True)
    samples, outputs = _compile(bench, built.simd, engines, rounds)
    good = {name: sample for name, sample in samples.items() if not sample.error}
    # The code made is run too: speed of compiling is worth nothing without it.
    sizes = bench.sizes(kernel, compiled=True)
    commands = {flavour: Command([program, *sizes]) for flavour, program in built.native.items()}
    natives = list(commands)
    commands |= {engine.name: engine.run(outputs[engine.name], sizes) for engine in engines
                 if engine.name in good and not engine.own_times}
    runs = bench.runner.interleaved(commands, bench.options.rounds)
    native = min((runs[name].user_ns for name in natives if not runs[name].error), default=None)
    code = code_size(built.simd)
    rows = []
    for engine in engines:
        if engine.name not in good:
            continue
        sample, run = good[engine.name].compiling or good[engine.name], runs.get(engine.name)
        if run:
            bench.report.check(kernel.name, {engine.name: run}, runs[natives[0]].output)
        text = engine.text_size(outputs[engine.name]) if engine.text_size and not engine.own_times else None
        rows.append(Speed(kernel.name, engine.name, code / 1e6 / (max(sample.user_ns, 1) / 1e9), text, good[engine.name].peak_kib / 1024,
                          run.user_ns / native if run and not run.error and native else None))
    return rows


def measure(bench, engines):
    """On SQLite and Lua; on some other kernel when those are not among the kernels of a quick run."""
    kernels = [kernel for kernel in bench.options.kernels if kernel.name in KERNELS]
    if bench.options.quick and not kernels:
        kernels = bench.options.kernels[:1]
    tools = [*_own_engines(engines), *(engine for engine in engines if engine.compile_alone or engine.own_times)]
    return [row for kernel in kernels for row in _measure_kernel(bench, kernel, tools, 1 if bench.options.quick else 2)]


def print_speeds(rows):
    if not rows:
        return
    print("## Compiling on one thread: MB of code section a second of user time, and what comes out\n")
    table(["kernel and compiler", "MB/s", "machine code KB", "peak MiB", "its time / native"],
          [[f"{row.kernel}, {row.tool}", f"{row.mb_per_second:.3f}", f"{row.text / 1e3:.0f}" if row.text else "-", f"{row.peak_mib:.0f}",
            number(row.ratio)] for row in rows])


def our_text_size(options):
    """How the size of our artifacts' code is found."""
    return lambda path: artifact_text_size(options.ashlar, path)


def compile_big(bench, module, engines):
    """The big module by those that compile ahead, with all threads: samples and outputs by engine."""
    samples, outputs = {}, {}
    for engine in engines:
        if not engine.makes_file() or engine.name in SLOW:
            continue
        print(f"compiling {module.name} with {engine.name}", flush=True)
        outputs[engine.name] = bench.options.build_dir / "compiled" / f"{pathlib.Path(module).stem}.{engine.name}"
        samples[engine.name] = bench.compile(engine, engine.prepare, module, outputs[engine.name])
        if samples[engine.name].error:
            bench.report.problem(engine.name, f"{module.name} is not compiled: {samples[engine.name].error}")
    return samples, outputs


def print_big(module, samples):
    code = code_size(module) / 1e6
    print(f"## Compiling {module.stem}: {code:.1f} MB of code, all threads\n")
    table(["compiler", "wall s", "user s", "MB of code a second of user time", "peak MiB"],
          [[name, f"{sample.wall_ns / 1e9:.1f}", f"{sample.user_ns / 1e9:.1f}", f"{code / (sample.user_ns / 1e9):.3f}",
            f"{sample.peak_kib / 1024:.0f}"] for name, sample in samples.items() if not sample.error])
