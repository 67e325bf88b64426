"""The section on components: what calls between two of them cost, and the first line of a Python command, beside Wasmtime."""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

from build_kernels import compiler
from embedding_calls import wasmtime_library
from measure import Command
from peers import InstallError, install_componentize
from report import number, table

FOLDER = pathlib.Path(__file__).resolve().parent
BAR = 1.5  # times as fast as Wasmtime
# By export of graph.wat: the title and how many calls are measured.
CASES = {
    "add": ("add(u32, u32)", 20_000_000),
    "bytes": ("list<u8>, 1 MiB", 1_000),
    "plains": ("list of 10,000 flat records (240 KB)", 2_000),
    "nameds": ("list of 10,000 records with a string", 100),
    "utf8-utf8": ("1 KB string, utf8 to utf8", 300_000),
    "utf8-utf16": ("utf8 to utf16", 300_000),
    "utf8-compact": ("utf8 to latin1+utf16", 300_000),
    "utf16-utf8": ("utf16 to utf8", 100_000),
    "utf16-utf16": ("utf16 to utf16", 100_000),
    "utf16-compact": ("utf16 to latin1+utf16", 100_000),
    "compact-utf8": ("latin1+utf16 to utf8", 100_000),
    "compact-utf16": ("latin1+utf16 to utf16", 300_000),
    "compact-compact": ("latin1+utf16 to latin1+utf16", 300_000),
    "resource": ("resource: create, use, drop", 300_000),
}
# Texts other than ASCII, as graph.wat numbers them: a count of calls names them in its highest bits.
TEXTS = {1: "an accent in every eighth place", 2: "Chinese", 3: "emoji and words"}
TEXT_SHIFT = 28
CASES |= {f"{case}:{text}": (f"{title}, {kind}", 100_000) for case, (title, _) in list(CASES.items()) if "-" in case for text, kind in TEXTS.items()}
# By what bench_component_calls prints: calls by the host.
HOST_CASES = {
    "host-add": "add(u32, u32), C++ types",
    "host-add-values": "the same with values of any type",
    "host-length": "1 KB string in",
    "host-echo": "1 KB string in and out",
    "host-instantiate": "an instance in a store of its own, with WASI",
    "host-instantiate-prepared": "the same, prepared",
}
HOST_CALLS = 1_000_000
QUICK = 1000  # a quick run makes so many times fewer calls
BAR_WARM, BAR_COLD = 1 / 3, 1 / 2
APP = 'from wit_world import exports\n\n\nclass Run(exports.Run):\n    def run(self) -> None:\n        print("Hello from Python")\n'
WORLD = "package bench:hello;\n\nworld hello {\n  include wasi:cli/command@%s;\n}\n"


@dataclasses.dataclass(frozen=True)
class Call:
    """Nanoseconds of a call from one component to the other; the least of several rounds."""

    case: str
    engine: str
    nanoseconds: float


def _output(bench, engine, command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=bench.options.timeout, **more)
    if done.returncode != 0:
        bench.report.problem(engine, f"{pathlib.Path(command[0]).name}: {done.stderr.strip()[-300:]}")
        return None
    return done.stdout


def host(bench, folders):
    """The words that start our small host of Wasmtime's C library; None where one is missing."""
    library = wasmtime_library(bench.options, folders)
    if not library:
        return None
    program = bench.options.build_dir / "wasmtime_components"
    source = FOLDER / "hosts" / "wasmtime_components.c"
    if _output(bench, "wasmtime", [compiler(), "-O2", source, "-ldl", "-o", program]) is None:
        return None
    found = [path.name for path in library.parents[2].glob("wasmtime-*.dist-info")]
    version = re.match(r"wasmtime-([\d.]+)\.dist-info", found[0])[1] if found else "of unknown version"
    print(f"Wasmtime {version}: its C library, from the package wasmtime\n")
    return [program, library]


def measure_calls(bench, wasmtime):
    """Both engines take turns; each call is timed inside the component that makes it."""
    options = bench.options
    graph = options.build_dir / "graph.wasm"
    if _output(bench, "ashlar", [options.ashlar, "parse", "-o", graph, FOLDER / "components" / "graph.wat"]) is None:
        return []
    print("measuring calls between components", file=sys.stderr, flush=True)
    out = []
    for case, (_, usual) in CASES.items():
        count = max(1, usual // QUICK) if options.quick else usual
        function, _, text = case.partition(":")
        argument = count | int(text or 0) << TEXT_SHIFT
        commands = {"ashlar": [options.ashlar, "run", "--tier=optimizing", "--invoke", f"{function}({argument})", graph]}
        if wasmtime:
            commands["wasmtime"] = [*wasmtime, "call", graph, function, argument]
        least = {}
        for _ in range(options.rounds):
            for engine, command in commands.items():
                text = _output(bench, engine, command)
                if text is not None:
                    least[engine] = min(least.get(engine, float("inf")), int(text) / count)
        out += [Call(case, engine, value) for engine, value in least.items()]
    return out


def measure_host_calls(bench, wasmtime):
    """Calls by the host, one engine after the other."""
    options = bench.options
    program = options.ashlar.parent / "bench_component_calls"
    if not program.exists():
        bench.report.problem("ashlar", f"{program} is not built (target bench_component_calls)")
        return []
    component = options.build_dir / "host.wasm"
    if _output(bench, "ashlar", [options.ashlar, "parse", "-o", component, FOLDER / "components" / "host.wat"]) is None:
        return []
    print("measuring calls by the host", file=sys.stderr, flush=True)
    count = HOST_CALLS // QUICK if options.quick else HOST_CALLS
    compiler_program = options.ashlar.parent.parent / "lib" / "ashlar" / "ashlar-llvm"
    texts = [_output(bench, "ashlar", [program, component, count], env={**os.environ, "ASHLAR_LLVM": str(compiler_program)})]
    if wasmtime:
        texts.append(_output(bench, "wasmtime", [*wasmtime, "host", component, count]))
    lines = [line.split("|") for text in texts if text for line in text.splitlines()]
    return [Call(case, engine, float(value)) for case, engine, value in lines]


def print_host_calls(calls):
    print("## Calls of components by the host: nanoseconds\n")
    _print_table(calls, HOST_CASES)


def print_calls(calls):
    print("## Calls from one component to another: nanoseconds of a call\n")
    _print_table(calls, {case: title for case, (title, _) in CASES.items()})


def _print_table(calls, cases):
    known = {(call.case, call.engine): call.nanoseconds for call in calls}
    rows = []
    for case, title in cases.items():
        ours, theirs = known.get((case, "ashlar")), known.get((case, "wasmtime"))
        rows.append([title, *(f"{value:.1f}" if value is not None else "-" for value in (ours, theirs)),
                     number(theirs / ours) if ours and theirs else "-"])
    table(["what is passed", "ashlar", "wasmtime", "times as fast"], rows)


def python_command(bench):
    """A Python program as a component, made by componentize-py; None where that is not to be had."""
    options = bench.options
    home = options.build_dir / "python-command"
    made = home / "hello.wasm"
    if made.exists():
        return made
    if not options.install_peers:
        print("the Python command is left out: it is not made yet (--install-peers installs componentize-py)\n")
        return None
    try:
        tool = install_componentize(home)
        version = None
        for wit in sorted((FOLDER.parent / "wit").glob("wasi-0.2*/*.wit")):
            folder = home / "wit" / "deps" / wit.stem
            folder.mkdir(parents=True, exist_ok=True)
            (folder / wit.name).write_text(wit.read_text())
            version = wit.parent.name.removeprefix("wasi-")
        (home / "wit" / "world.wit").write_text(WORLD % version)
        (home / "app.py").write_text(APP)
        command = [tool, "-d", home / "wit", "-w", "hello", "componentize", "app", "-o", made]
        subprocess.run([str(word) for word in command], check=True, capture_output=True, cwd=home, timeout=options.timeout)
    except (InstallError, subprocess.SubprocessError, OSError) as error:
        print(f"the Python command could not be made: {error}\n")
        return None
    return made


def measure_first_line(bench, wasmtime):
    """By (how, engine): a sample of the whole process, which prints one line."""
    component = python_command(bench)
    if not component:
        return {}
    options = bench.options
    home = component.parent
    print("measuring the first line of a Python command", file=sys.stderr, flush=True)
    (home / "cache").mkdir(exist_ok=True)
    (home / "cache.toml").write_text(f'[cache]\ndirectory = "{home / "cache"}"\n')
    program = str(options.ashlar)
    cached = {"XDG_CACHE_HOME": str(home / "our-cache")}
    engines = {("cold", "ashlar"): Command([program, "run", "--no-cache", component]), ("warm", "ashlar"): Command([program, "run", component], cached)}
    if wasmtime:
        host_words = [str(word) for word in wasmtime]
        engines[("warm", "wasmtime")] = Command([*host_words, "run", component], {"WASMTIME_CACHE": str(home / "cache.toml")})
        engines[("cold", "wasmtime")] = Command([*host_words, "run", component])
    # The caches: filled outside what is measured.
    for (how, engine), command in engines.items():
        if how == "warm":
            _output(bench, engine, command.argv, env={**os.environ, **command.environment})
    out = {}
    for how, rounds in (("warm", 1 if options.quick else 20), ("cold", 1 if options.quick else 3)):
        chosen = {key: command for key, command in engines.items() if key[0] == how}
        out |= bench.runner.interleaved(chosen, rounds)
    for (how, engine), sample in out.items():
        if sample.error:
            bench.report.problem(engine, f"Python command, {how}: {sample.error}")
    return {key: sample for key, sample in out.items() if not sample.error}


def print_first_line(samples):
    rows = []
    for how, title in (("warm", "with a warm cache"), ("cold", "without a cache")):
        ours, theirs = samples.get((how, "ashlar")), samples.get((how, "wasmtime"))
        rows.append([title, *(f"{sample.wall_ns / 1e6:.1f}" if sample else "-" for sample in (ours, theirs)),
                     number(ours.wall_ns / theirs.wall_ns) if ours and theirs else "-"])
    print("## First line of a Python command component: milliseconds of the whole process\n")
    table(["", "ashlar", "wasmtime", "ashlar, times Wasmtime's"], rows)


def bar_rows(bar, calls, samples):
    known = {(call.case, call.engine): call.nanoseconds for call in calls}
    rows = []
    for case, (title, _) in CASES.items():
        ours, theirs = known.get((case, "ashlar")), known.get((case, "wasmtime"))
        rows += bar(f"{title}: times as fast as Wasmtime", BAR, theirs / ours if ours and theirs else None, at_least=True)
    for how, limit in (("warm", BAR_WARM), ("cold", BAR_COLD)):
        ours, theirs = samples.get((how, "ashlar")), samples.get((how, "wasmtime"))
        rows += bar(f"first line, {how}: times Wasmtime's", limit, ours.wall_ns / theirs.wall_ns if ours and theirs else None)
    return rows
