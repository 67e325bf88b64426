"""The section on garbage collection: whole programs that allocate, beside other runtimes; pauses and memory of the heap."""

import dataclasses
import re
import subprocess
import sys

from bars import bar
from build_kernels import BuildError
from compiled import INTERPRETED, OURS
from compilers import TURBOFAN, install_node
from gc_programs import PROGRAMS, Program, module_of, text_module
from measure import Command
from peers import Peer, install_wasmtime
from report import CLOCKS, mean, number, table

# Every feature that the programs use, where a version does not have it by default.
FEATURES = ("-W", "gc,function-references,exceptions")
# Before the version that node 24 has, V8 does not know the final form of all instructions.
NEW_ENOUGH = (("node", "-p", "process.versions.node.split('.')[0] >= 24"), "true")


def _wasmtime(name, title, *flags):
    flags = (*FEATURES, *flags)
    return Peer(name, title, "wasmtime", ("run", *flags, "--allow-precompiled", "{file}"), ("--version",), install_wasmtime,
                ("wasmtime", "compile", *flags, "-o", "{output}", "{file}"))


def _v8(name, title, *flags):
    return Peer(name, title, "node", ("--no-warnings", *flags, "{hosts}/wasi_main.mjs", "{file}"), ("--version",), install_node,
                own_times=True, own_copy=True, check=NEW_ENOUGH)


# V8 inlines by what the baseline compiler has seen, so TurboFan alone is not always its best.
PEERS = {peer.name: peer for peer in [
    _wasmtime("wasmtime", "Wasmtime with its default collector"),
    _wasmtime("wasmtime-copying", "Wasmtime with its copying collector", "-C", "collector=copying"),
    _wasmtime("wasmtime-drc", "Wasmtime, counting references", "-C", "collector=drc"),
    _v8("v8", "V8 in node, as it comes"),
    _v8("v8-turbofan", "V8 in node, all by TurboFan first", *(flag for flag in TURBOFAN if flag != "--no-warnings")),
]}

# Wasmtime 49 copies by default; counting references takes it longer on most programs.
USUAL = ("wasmtime", "v8", "v8-turbofan")

FASTER_THAN_WASMTIME, FASTER_THAN_V8, INTERPRETER_BEHIND = 2, 1, 12


class Collected:
    """The samples of each program, by title and engine."""

    def __init__(self, samples, engines):
        self.samples = samples
        self.engines = engines

    def times(self, title, engine, clock):
        """Nanoseconds, or None where there is no result."""
        sample = self.samples[title].get(engine)
        return (sample.nanoseconds(clock) or None) if sample and not sample.error else None

    def ratio(self, title, engine, clock):
        """The engine's time as a multiple of ours."""
        ours, theirs = self.times(title, OURS, clock), self.times(title, engine, clock)
        return theirs / ours if ours and theirs else None

    def least(self, title, family, clock):
        """(ratio, engine) of the fastest of those whose names begin so, or None."""
        return min(((ratio, engine) for engine in self.engines if engine.startswith(family)
                    and (ratio := self.ratio(title, engine, clock))), default=None)

    def print_ratios(self, clock):
        others = [engine for engine in self.engines if engine != OURS]
        print(f"## Garbage collection: {CLOCKS[clock]} of whole programs, others' as multiples of ours (geometric mean last)\n")
        rows, ratios = [], {engine: [] for engine in others}
        for title in self.samples:
            ours = self.times(title, OURS, clock)
            line = {engine: self.ratio(title, engine, clock) for engine in others}
            for engine, ratio in line.items():
                ratios[engine] += [ratio] if ratio else []
            rows.append([title, f"{ours / 1e6:.0f}" if ours else "-", *map(number, line.values())])
        count = len(self.samples)
        rows.append(["mean", "", *(number(mean(values)) + ("" if len(values) == count else f" ({len(values)}/{count})")
                                   for values in ratios.values())])
        table(["program", "ashlar ms", *others], rows)

    def print_memory(self):
        print("## Garbage collection: peak memory of whole programs, MiB\n")
        rows = [[title, *(f"{sample.peak_kib / 1024:.0f}" if (sample := line.get(engine)) and not sample.error else "-"
                          for engine in self.engines)] for title, line in self.samples.items()]
        table(["program", *self.engines], rows)

    def bars(self):
        rows = []
        for title in self.samples:
            for family, name, clocks, limit in (("wasmtime", "Wasmtime", ("wall", "cpu"), FASTER_THAN_WASMTIME),
                                                ("v8", "V8", ("wall",), FASTER_THAN_V8)):
                for clock in clocks:
                    best = self.least(title, family, clock)
                    rows += bar(f"{title}: {name}'s {CLOCKS[clock]}, times ours", limit, best and best[0], at_least=True,
                                shown=best and f"{number(best[0])} ({best[1]})")
            rows += bar(f"{title}: interpreted, times compiled", INTERPRETER_BEHIND, self.ratio(title, INTERPRETED, "cpu"))
        return rows


def _samples(bench, program, engines):
    try:
        module = module_of(program, bench.options.ashlar, bench.options.build_dir)
    except (BuildError, subprocess.TimeoutExpired) as error:
        # Kotlin's compiler may not be here; that of the text format is ours.
        bench.report.problem("ashlar" if program.form == "wat" else "kotlin", f"{program.title} left out: {error}")
        return None
    quick = bench.options.quick
    return bench.measure_module(program, module, engines, list(program.quick) if quick else [], program.expected(quick))


def measure(bench, engines):
    """A quick run does without Kotlin, whose compiler may have to be fetched."""
    programs = [program for program in PROGRAMS if program.form == "wat" or not bench.options.quick]
    samples = {program.title: _samples(bench, program, engines) for program in programs}
    return Collected({title: line for title, line in samples.items() if line}, [engine.name for engine in engines])


# Pauses and memory.

@dataclasses.dataclass(frozen=True)
class Heap:
    """A run of churn.wat: MiB that live and that are allocated in all, and what it must keep to."""

    live: int
    total: int
    pause_ms: float | None

    @property
    def most_mib(self):
        return 2 * self.live + 16


LONGEST_PAUSE = re.compile(r"longest pause:? ([0-9.]+) ms")


def longest_pause(statistics):
    """Milliseconds, of what `ashlar run --stats=gc` tells; None when it does not."""
    found = LONGEST_PAUSE.findall(statistics)
    return max(map(float, found)) if found else None


def heaps(options):
    if options.quick:
        return [Heap(1, 20, 1), Heap(2, 20, 2), Heap(1, 100, None)]
    return [Heap(64, 4096, 1), Heap(256, 4096, 2), Heap(10, options.churn << 10, None)]


@dataclasses.dataclass
class Churned:
    """What one engine did with a heap."""

    heap: Heap
    engine: str
    sample: object
    pause_ms: float | None


def _statistics(engine):
    """Our command with statistics, which go to standard error; as it is where an older one has none."""
    told = subprocess.run([engine.program, "run", "--help"], capture_output=True, text=True, timeout=30).stdout
    if "--stats" not in told:
        return engine
    at = engine.command.index("run") + 1
    return dataclasses.replace(engine, command=[*engine.command[:at], "--stats=gc", *engine.command[at:]])


def measure_heaps(bench, engines):
    """Every engine but our interpreter, one after the other: a pause is not to be found by a repeated best."""
    try:
        module = text_module("churn", bench.options.ashlar, bench.options.build_dir)
    except (BuildError, subprocess.TimeoutExpired) as error:
        bench.report.problem("ashlar", f"churn.wat left out: {error}")
        return []
    churn = Program("churn", "wat", ())
    files = {engine.name: bench.prepared(engine, churn, module) for engine in engines if engine.name != INTERPRETED}
    rows = []
    for heap in heaps(bench.options):
        samples, pauses = {}, {}
        for engine in engines:
            file = files.get(engine.name)
            if not file:
                continue
            ours = engine.name == OURS
            command = (_statistics(engine) if ours else engine).run(file, [str(heap.live), str(heap.total)])
            print(f"measuring churn {heap.live} {heap.total} on {engine.name}", file=sys.stderr, flush=True)
            # Whole processes; and the more is allocated, the longer it may take.
            samples[engine.name] = bench.runner.once(Command(command.argv, command.environment), bench.options.timeout + heap.total // 100)
            pauses[engine.name] = longest_pause(bench.runner.err.read_text(errors="replace")) if ours else None
        # Others say what is right, where there are others.
        right = next((sample.output for engine, sample in reversed(samples.items()) if not sample.error), b"")
        bench.report.check(f"churn {heap.live} {heap.total}", samples, right, "others")
        rows += [Churned(heap, engine, sample, pauses[engine]) for engine, sample in samples.items()]
    return rows


def print_heaps(rows):
    print("## Garbage collection: a live heap of constant size whose parts are replaced\n")
    table(["live MiB, allocated GiB, engine", "s", "peak MiB", "longest pause, ms"],
          [[f"{row.heap.live}, {row.heap.total / 1024:.4g}, {row.engine}", f"{row.sample.wall_ns / 1e9:.2f}",
            f"{row.sample.peak_kib / 1024:.0f}", f"{row.pause_ms:.2f}" if row.pause_ms is not None else "-"]
           for row in rows if not row.sample.error])


def heap_bars(rows):
    shown = []
    for row in rows:
        if row.engine != OURS or row.sample.error:
            continue
        what = f"{row.heap.live} MiB live, {row.heap.total / 1024:.4g} GiB allocated"
        if row.heap.pause_ms:
            shown += bar(f"{what}: longest pause, ms", row.heap.pause_ms, row.pause_ms)
        shown += bar(f"{what}: peak MiB", row.heap.most_mib, row.sample.peak_kib / 1024)
    return shown
