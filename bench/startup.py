"""The section on starting: whole processes that print one line, and how loading depends on an artifact's size."""

import dataclasses

from binaries import code_size
from build_kernels import HELLO
from measure import Command
from report import number, table


def cached_engines(options, engines):
    """Those that find compiled code in a cache of their own, which the first round fills."""
    flags = {"ashlar": ["run", "--tier=optimizing", "{file}"], "cranelift": ["run", "-C", "cache=y", "{file}"]}
    return [dataclasses.replace(engine, name=f"{engine.name}-cached", command=flags[engine.name], prepare=None, compile_alone=None,
                                environment={"XDG_CACHE_HOME": str(options.build_dir / "cache" / engine.name)})
            for engine in engines if engine.name in flags]


def measure_hello(bench, interpreters, compilers):
    """Hello world on everything; engines of both sections that bear the same name are told apart."""
    names = {engine.name for engine in compilers}
    others = [dataclasses.replace(engine, name=f"{engine.name}-interp") if engine.name in names else engine for engine in interpreters]
    # A run that tells its own times leaves out its start, which is what this is about.
    whole = [dataclasses.replace(engine, own_times=False) for engine in compilers if not engine.name.endswith("-interp")]
    return bench.measure(HELLO, [*cached_engines(bench.options, compilers), *whole, *others], ["scalar"], bench.options.hello_rounds)


def print_hello(result):
    print("## Hello world, the whole process: the least of many runs\n")
    rows = []
    for engine, sample in {"native": result.native, **result.scalar}.items():
        if sample.error:
            rows.append([engine, "-", "-", "-", "-"])
            continue
        rows.append([engine, f"{sample.wall_ns / 1e6:.2f}", f"{sample.peak_kib / 1024:.1f}",
                     number(sample.wall_ns / result.native.wall_ns), number(sample.peak_kib / result.native.peak_kib)])
    table(["engine", "ms", "peak MiB", "time / native", "memory / native"], rows)


def _call(engine, file, function):
    """Loading, instantiating, and a call of a function that returns at once."""
    at = engine.command.index("{file}")
    words = [*engine.command[:at], "--invoke", function, str(file)]
    return Command([engine.program, *words], engine.environment)


def measure_loading(bench, engines, modules):
    """`modules`: rows of (module, function to call, files by engine). Samples by engine, for each module in turn."""
    engines = [engine for engine in engines if engine.name in ("ashlar", "cranelift")]
    commands = {(engine.name, module): _call(engine, files[engine.name], function)
                for module, function, files in modules for engine in engines if files.get(engine.name)}
    samples = bench.runner.interleaved(commands, max(1, bench.options.hello_rounds // 2))
    for (engine, module), sample in samples.items():
        if sample.error:
            bench.report.problem(engine, f"{module.name} is not loaded: {sample.error}")
    return samples


def print_loading(samples):
    print("## Loading what was compiled before: the whole process, which calls one small function\n")
    rows = [[f"{module.stem}, {engine}", f"{code_size(module) / 1e6:.2f}", f"{sample.wall_ns / 1e6:.2f}", f"{sample.peak_kib / 1024:.1f}"]
            for (engine, module), sample in samples.items() if not sample.error]
    table(["module and engine", "MB of code", "ms", "peak MiB"], rows)
