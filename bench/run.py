#!/usr/bin/env python3
"""Compares the command with native code and with other interpreters, side by side in one run.

Every kernel in bench/kernels is a whole program, built with clang -O3 natively and for WASI. All engines take turns, the
least time of several rounds counts, and everything is told as a ratio to the best native build of the same minute.
"""

import argparse
import json
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys

from build_kernels import HELLO, KERNELS, BuildError, big_go_module, build_kernel, compiler
from debian_sources import SourceError
from measure import Runner
from peers import HOSTS, PEERS, Engine, find
from report import Report

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", metavar="NAME,...", help="only these: " + ", ".join(kernel.name for kernel in KERNELS))
    parser.add_argument("--peers", metavar="NAME,...", default=",".join(PEERS), help="the peers (default: %(default)s; '' for none)")
    parser.add_argument("--install-peers", action="store_true", help="install those that are missing from package registries")
    parser.add_argument("--peer-dir", action="append", default=[], metavar="DIR", help="look for peers here first")
    parser.add_argument("--ashlar", type=pathlib.Path, default=ROOT / "build/bin/ashlar", help="the command to measure")
    parser.add_argument("--ashlar-flags", default="", metavar="FLAGS", help="flags for its subcommand run")
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build/bench", help="where everything built is kept")
    parser.add_argument("-n", "--rounds", type=int, default=3, help="rounds of each kernel (default: %(default)s)")
    parser.add_argument("--hello-rounds", type=int, default=60, help="rounds of hello world (default: %(default)s)")
    parser.add_argument("--timeout", type=int, default=120, metavar="S", help="seconds for one run (default: %(default)s)")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall",
                        help="what ratios of kernels are of; cpu for a machine that does other work too (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: a test of the harness, not a measurement")
    parser.add_argument("--only", choices=("kernels", "hello", "validate"), help="only this part")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all samples to a file too")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    for name in options.peers:
        if name not in PEERS:
            parser.error(f"no peer '{name}'; there are: {', '.join(PEERS)}")
    wanted = options.kernel.split(",") if options.kernel else [kernel.name for kernel in KERNELS]
    for name in set(wanted) - {kernel.name for kernel in KERNELS}:
        parser.error(f"no kernel '{name}'")
    options.kernels = [kernel for kernel in KERNELS if kernel.name in wanted]
    if options.quick:
        options.rounds, options.hello_rounds = 1, 5
    if options.rounds < 1 or options.hello_rounds < 1 or options.timeout < 1:
        parser.error("rounds and seconds are at least 1")
    return options


def our_engine(options):
    if not options.ashlar.exists():
        print(f"{options.ashlar} is not built (make build): left out")
        return []
    version = subprocess.run([options.ashlar, "--version"], capture_output=True, text=True, timeout=30).stdout.strip()
    command = ["run", *shlex.split(options.ashlar_flags), "{file}"]
    return [Engine("ashlar", str(options.ashlar), command, version or "version unknown")]


def identity(options):
    """What changes when the command is built anew."""
    status = options.ashlar.stat() if options.ashlar.exists() else None
    return status and (status.st_mtime_ns, status.st_size)


def build_launcher(build):
    source = HOSTS / "launch.c"
    output = build / "launch"
    if not output.exists() or output.stat().st_mtime < source.stat().st_mtime:
        command = [compiler(), "-O2", str(source), "-o", str(output)]
        if subprocess.run([*command, "-static"], capture_output=True).returncode != 0:
            subprocess.run(command, check=True)
    return output


def say_what_runs(engines):
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    version = subprocess.run([compiler(), "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    print(f"\nCommand: bench/run.py {shlex.join(sys.argv[1:])}")
    print(f"Machine: {model}, {os.cpu_count()} cores; native code and kernels by {version}\n")
    for engine in engines:
        prepare = f" (after {engine.prepare[0]})" if engine.prepare else ""
        print(f"- {engine.name}: {engine.version}: {pathlib.Path(engine.program).name} {' '.join(engine.command)}{prepare}")
    print()


def measure_kernel(kernel, options, engines, runner, report):
    """All flavours and engines in turns; None when the kernel cannot be built or its native program fails."""
    try:
        built = build_kernel(kernel, options.build_dir)
    except (BuildError, SourceError, subprocess.TimeoutExpired) as error:
        report.problem("native", f"{kernel.name} left out: {error}")
        return None
    sizes = list(kernel.quick) if options.quick else []
    commands = {("native", flavour): ([program, *sizes], None) for flavour, program in built.native.items()}
    for kind, module in (("scalar", built.wasm), ("simd", built.simd)):
        for engine in engines if module else []:
            try:
                file = engine.prepared(module, options.build_dir / "prepared")
            except (subprocess.SubprocessError, OSError) as error:
                report.problem(engine.name, f"{module.name}: {error}")
                continue
            commands[(kind, engine.name)] = (engine.argv(file, sizes), engine.environment)
    print(f"measuring {kernel.name}", file=sys.stderr, flush=True)
    often = () if kernel is HELLO else [name for name in commands if name[0] == "native"]
    samples = runner.interleaved(commands, options.hello_rounds if kernel is HELLO else options.rounds, often)
    groups = {kind: {name: sample for (group, name), sample in samples.items() if group == kind}
              for kind in ("native", "scalar", "simd")}
    native = [(sample.nanoseconds(options.clock), flavour) for flavour, sample in groups["native"].items() if not sample.error]
    if not native:
        report.problem("native", f"{kernel.name}: {next(iter(groups['native'].values())).error}")
        return None
    flavour = min(native)[1]
    best = groups["native"][flavour]
    for label, kind in (("", "native"), ("", "scalar"), (" with SIMD", "simd")):
        named = {f"native {name}" if kind == "native" else name: sample for name, sample in groups[kind].items()}
        report.check(kernel.name + label, named, best.output)
    return {"native": best, "flavour": flavour, "scalar": groups["scalar"], "simd": groups["simd"], "in_mean": kernel.in_mean}


def code_size(path):
    """The bytes of a module's code section."""
    data = path.read_bytes()
    at = 8
    while at < len(data):
        kind, size, shift = data[at], 0, 0
        at += 1
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if kind == 10:
            return size
        at += size
    return 0


def measure_validation(options, engines, runner, report):
    module = big_go_module(options.build_dir)
    if not module:
        print("validation speed is left out: neither go nor npm could make a big module\n")
        return
    commands = {engine.name: ([engine.program, "validate", module], None) for engine in engines if engine.name == "ashlar"}
    if shutil.which("wasm-validate"):
        commands["wabt's wasm-validate"] = (["wasm-validate", module], None)
    if commands:
        print("measuring validation", file=sys.stderr, flush=True)
        report.validation(code_size(module), runner.interleaved(commands, options.rounds))


def write_json(path, results, hello):
    def plain(sample):
        return {"error": sample.error} if sample.error else {"wall_ns": sample.wall_ns, "cpu_ns": sample.cpu_ns, "peak_kib": sample.peak_kib}

    document = {name: {"native": plain(result["native"]), "flavour": result["flavour"],
                       **{kind: {engine: plain(sample) for engine, sample in result[kind].items()} for kind in ("scalar", "simd")}}
                for name, result in {**results, **({"hello": hello} if hello else {})}.items()}
    path.write_text(json.dumps(document, indent=1) + "\n")


def main():
    options = arguments()
    options.build_dir = options.build_dir.resolve()
    options.build_dir.mkdir(parents=True, exist_ok=True)
    try:
        runner = Runner(build_launcher(options.build_dir), options.build_dir, options.timeout)
    except BuildError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    peers = find(options.peers, options.build_dir, [pathlib.Path(folder).resolve() for folder in options.peer_dir],
                 options.install_peers)
    engines = [*our_engine(options), *peers]
    measured = identity(options)
    report = Report(engines, options.clock)
    say_what_runs(engines)
    results = {}
    hello = None
    if options.only in (None, "kernels"):
        for kernel in options.kernels:
            result = measure_kernel(kernel, options, engines, runner, report)
            if result:
                results[kernel.name] = result
        report.kernels(results)
        report.simd(results)
    if options.only in (None, "hello") and not (options.kernel and not options.only):
        hello = measure_kernel(HELLO, options, engines, runner, report)
        if hello:
            report.hello({"native": hello["native"], **hello["scalar"]})
    if options.only in (None, "validate") and not (options.kernel and not options.only):
        measure_validation(options, engines, runner, report)
    if identity(options) != measured:
        report.problem("ashlar", "the command was built anew during the run: these numbers mix two programs")
    if options.json:
        write_json(options.json, results, hello)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
