"""Prints what was measured, as ratios to the best native build of the same kernel."""

import math


def mean(ratios):
    """The geometric mean."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def number(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(header, rows):
    """Prints a Markdown table whose columns line up; all but the first are numbers."""
    rows = [header, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for index, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        print("| " + " | ".join(cells) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 1) + ("-" if at == 0 else ":") for at, width in enumerate(widths)) + "|")
    print()


class Report:
    """Collects the samples of every kernel, checks them, and prints the tables."""

    def __init__(self, engines, clock):
        self.clock = clock
        self.engines = [engine.name for engine in engines]
        self.problems = []  # of peers too
        self.failed = False  # ours only

    def problem(self, engine, what):
        self.problems.append(f"{engine}, {what}")
        self.failed |= engine in ("ashlar", "native")

    def check(self, kernel, samples, reference):
        """Outputs must agree with the native one; a run that failed or differs counts as no result."""
        for engine, sample in samples.items():
            if not sample.error and sample.output != reference:
                sample.error = f"prints {sample.output[:80]!r} where native code prints {reference[:80]!r}"
            if sample.error:
                self.problem("native" if engine.startswith("native") else engine, f"{kernel}: {sample.error}")

    def ratio(self, result, engine, simd=False):
        sample = result["simd" if simd else "scalar"].get(engine)
        return None if sample is None or sample.error else sample.nanoseconds(self.clock) / result["native"].nanoseconds(self.clock)

    def kernels(self, results):
        """Ratios of run time; the mean is over the kernels that an engine could run."""
        results = {name: result for name, result in results.items() if result["in_mean"]}
        if not results:
            return
        print(f"## {'Run' if self.clock == 'wall' else 'Processor'} time, times that of the best native build (geometric mean last)\n")
        compare = [f"ashlar/{peer}" for peer in self.engines if peer != "ashlar"] if "ashlar" in self.engines else []
        rows = []
        ratios = {engine: [] for engine in [*self.engines, *compare]}
        for name, result in results.items():
            line = {engine: self.ratio(result, engine) for engine in self.engines}
            for column in compare:
                peer = line[column.removeprefix("ashlar/")]
                line[column] = line["ashlar"] / peer if line["ashlar"] and peer else None
            for column, value in line.items():
                if value:
                    ratios[column].append(value)
            rows.append([name, f"{result['native'].nanoseconds(self.clock) / 1e6:.1f}", result["flavour"], *map(number, line.values())])
        last = [number(mean(values)) + ("" if len(values) == len(results) else f" ({len(values)}/{len(results)})")
                for values in ratios.values()]
        rows.append(["mean", "", "", *last])
        table(["kernel", "native ms", "built for", *ratios], rows)

    def simd(self, results):
        """What each engine gains from SIMD instructions on the kernels that are built both ways."""
        for name, result in results.items():
            if not result["simd"]:
                continue
            print(f"## {name}, times the best native build (which is vectorized), and the gain of the SIMD build\n")
            rows = []
            for engine in self.engines:
                scalar, simd = self.ratio(result, engine), self.ratio(result, engine, simd=True)
                gain = scalar / simd if scalar and simd else None
                rows.append([engine, number(scalar), number(simd), number(gain)])
            table(["engine", "scalar", "SIMD", "scalar/SIMD"], rows)

    def hello(self, samples):
        """Whole processes that print one line."""
        native = samples["native"]
        if native.error:
            return
        print("## Hello world, the whole process: the least of many runs\n")
        rows = []
        for engine, sample in samples.items():
            if sample.error:
                rows.append([engine, "-", "-", "-", "-"])
                continue
            rows.append([engine, f"{sample.wall_ns / 1e6:.2f}", f"{sample.peak_kib / 1024:.1f}",
                         number(sample.wall_ns / native.wall_ns), number(sample.peak_kib / native.peak_kib)])
        table(["engine", "ms", "peak MiB", "time / native", "memory / native"], rows)

    def validation(self, code_bytes, samples):
        print(f"## Decoding and validating a module with {code_bytes / 1e6:.1f} MB of code, the whole process\n")
        rows = []
        for tool, sample in samples.items():
            if sample.error:
                self.problem(tool, f"validation: {sample.error}")
            else:
                rows.append([tool, f"{code_bytes / 1e6 / (sample.wall_ns / 1e9):.0f}", f"{sample.peak_kib / 1024:.0f}"])
        table(["command", "MB of code a second", "peak MiB"], rows)

    def finish(self):
        for problem in self.problems:
            print(f"- {problem}")
        return 1 if self.failed else 0
