"""The section on exceptions: throwing one and catching it ten frames up, in both forms, beside returning through the frames."""

import dataclasses
import pathlib
import subprocess
import sys

from report import table

FOLDER = pathlib.Path(__file__).resolve().parent / "exceptions"
FORMS = {"throw_ten_frames": "try_table", "throw_ten_frames_legacy": "legacy try"}
ROUNDS, QUICK_ROUNDS = 5_000_000, 1_000
THROWS = '(global $throws (export "throws") (mut i32) (i32.const {}))'
ROUNDS_GLOBAL = '(global $rounds (export "rounds") (mut i64) (i64.const {}))'
LIMIT_NS = 1000  # of the whole round, the way down through the ten frames included


@dataclasses.dataclass(frozen=True)
class Cost:
    """Nanoseconds of a round that throws, and of one that returns."""

    form: str
    engine: str
    throws: float
    returns: float


def variants(text, rounds):
    """The source that throws, and the one that returns."""
    for known in (THROWS.format(1), ROUNDS_GLOBAL.format(ROUNDS)):
        if text.count(known) != 1:
            raise ValueError(f"no line {known}")
    text = text.replace(ROUNDS_GLOBAL.format(ROUNDS), ROUNDS_GLOBAL.format(rounds))
    return {"throws": text, "returns": text.replace(THROWS.format(1), THROWS.format(0))}


def _modules(bench, form, rounds):
    """Binaries of both variants."""
    folder = bench.options.build_dir / "exceptions"
    folder.mkdir(exist_ok=True)
    out = {}
    for kind, text in variants((FOLDER / f"{form}.wat").read_text(), rounds).items():
        source, out[kind] = folder / f"{form}.{kind}.wat", folder / f"{form}.{kind}.wasm"
        source.write_text(text)
        done = subprocess.run([str(bench.options.ashlar), "parse", "-o", str(out[kind]), str(source)], capture_output=True, text=True)
        if done.returncode != 0:
            bench.report.problem("ashlar", f"{source.name}: {done.stderr.strip()}")
            return None
    return out


def _commands(bench, engine, modules):
    """By engine and variant; none where the engine cannot compile the modules: not every engine has both forms."""
    out = {}
    for kind, module in modules.items():
        file = module
        if engine.prepare:
            output = bench.options.build_dir / "prepared" / f"{module.stem}.{engine.name}"
            sample = bench.compile(engine, engine.prepare, module, output)
            if sample.error:
                bench.report.problem(engine.name, f"{module.name} is not compiled: {sample.error}")
                return {}
            file = output if output.exists() else module
        out[(engine.name, kind)] = engine.run(file, [])
    return out


def measure(bench, engines):
    """A Cost for each form and engine that runs it."""
    rounds = QUICK_ROUNDS if bench.options.quick else ROUNDS
    out = []
    for form, title in FORMS.items():
        modules = _modules(bench, form, rounds)
        if not modules:
            continue
        commands = {}
        for engine in engines:
            commands.update(_commands(bench, engine, modules))
        print(f"measuring {form}", file=sys.stderr, flush=True)
        samples = bench.runner.interleaved(commands, bench.options.rounds)
        for engine in engines:
            pair = [samples[(engine.name, kind)] for kind in modules if (engine.name, kind) in samples]
            errors = [sample.error for sample in pair if sample.error]
            if errors:
                bench.report.problem(engine.name, f"{form}: {errors[0]}")
            elif pair:
                out.append(Cost(title, engine.name, *(sample.nanoseconds(bench.options.clock) / rounds for sample in pair)))
    return out


def print_costs(costs):
    print("## Exceptions caught ten frames up: nanoseconds of a round\n")
    table(["form and engine", "throws", "returns", "difference"],
          [[f"{cost.form}, {cost.engine}", *(f"{value:.0f}" for value in (cost.throws, cost.returns, cost.throws - cost.returns))]
           for cost in costs])
