"""The section on interruption: what counting fuel and having a deadline cost compiled kernels, and how late a loop is stopped."""

import dataclasses
import statistics
import subprocess
import time

from kernel_runs import COMPILE_TIMEOUT_S
from measure import Command
from report import number, table

FUEL_LIMIT, DEADLINE_LIMIT = 1.15, 1.03
LATE_LIMIT_MS = 10
DEADLINE_MS = 100
MUCH_FUEL, LATE_DEADLINE = 10**18, "1h"
STOPS, QUICK_STOPS = 20, 3
STATUS_OF_TRAP = 134
LOOP = """(module (memory 1)
  (func (export "loop") (loop $l (f64.store (i32.const 8) (f64.add (f64.load (i32.const 8)) (f64.const 1))) (br $l))))
"""


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds of one kernel: as it is, with fuel, with a deadline that is far."""

    kernel: str
    plain: float
    fuel: float
    deadline: float


def _compiled(bench, module, flags):
    """What `ashlar compile` makes of a module, or None."""
    output = bench.options.build_dir / "prepared" / f"{module.stem}.{'fuel' if flags else 'plain'}"
    output.parent.mkdir(parents=True, exist_ok=True)
    sample = bench.runner.once(Command([bench.options.ashlar, "compile", *flags, module, "-o", output]), COMPILE_TIMEOUT_S)
    if sample.error:
        bench.report.problem("ashlar", f"{module.name} is not compiled: {sample.error}")
        return None
    return output


def measure_costs(bench):
    costs = []
    for kernel in bench.options.kernels:
        built = bench.built(kernel, simd=True)
        plain = built and _compiled(bench, built.simd, [])
        counting = plain and _compiled(bench, built.simd, ["--fuel"])
        if not counting:
            continue
        run, sizes = [bench.options.ashlar, "run", "--allow-precompiled"], bench.sizes(kernel, compiled=True)
        samples = bench.runner.interleaved({"plain": Command([*run, plain, *sizes]),
                                            "fuel": Command([*run, "--fuel", MUCH_FUEL, counting, *sizes]),
                                            "deadline": Command([*run, "--timeout", LATE_DEADLINE, plain, *sizes])},
                                           bench.options.rounds)
        bench.report.check(kernel.name, samples, samples["plain"].output)
        if not any(sample.error for sample in samples.values()):
            costs.append(Cost(kernel.name, *(samples[what].nanoseconds(bench.options.clock) / 1e9
                                             for what in ("plain", "fuel", "deadline"))))
    return costs


def measure_stops(bench):
    """Milliseconds between the deadline of a loop and the end of the process, each time: the process's own start counts too."""
    module = bench.options.build_dir / "prepared" / "endless.wat"
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text(LOOP)
    program = _compiled(bench, module, [])
    if not program:
        return []
    command = [bench.options.ashlar, "run", "--allow-precompiled", "--timeout", f"{DEADLINE_MS}ms", "--invoke", "loop", program]
    stops = []
    for _ in range(QUICK_STOPS if bench.options.quick else STOPS):
        begin = time.monotonic()
        done = subprocess.run(command, capture_output=True, timeout=bench.options.timeout, check=False)
        stops.append((time.monotonic() - begin) * 1e3 - DEADLINE_MS)
        if done.returncode != STATUS_OF_TRAP:
            bench.report.problem("ashlar", f"an endless loop ended with {done.returncode}, not {STATUS_OF_TRAP}")
    return stops


def print_numbers(costs, stops):
    print("## Interruption: time with it to time without, compiled before\n")
    # Quick runs may be shorter than what the clock counts in.
    table(["kernel", "ms", "fuel", "deadline"],
          [[cost.kernel, f"{cost.plain * 1e3:.0f}", *(number(with_it / cost.plain) if cost.plain else "-"
                                                      for with_it in (cost.fuel, cost.deadline))] for cost in costs])
    if stops:
        print(f"An endless loop is stopped {statistics.median(stops):.1f} ms behind its deadline, start and end of the process included (median "
              f"of {len(stops)}; at worst {max(stops):.1f} ms).\n")


def bar_rows(bar, costs, stops):
    rows = []
    for cost in costs:
        if cost.plain:
            rows += bar(f"{cost.kernel} with fuel", FUEL_LIMIT, cost.fuel / cost.plain)
            rows += bar(f"{cost.kernel} with a deadline", DEADLINE_LIMIT, cost.deadline / cost.plain)
    return rows + bar("a loop stops, ms behind its deadline", LATE_LIMIT_MS, statistics.median(stops) if stops else None)
