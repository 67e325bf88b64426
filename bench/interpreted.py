"""The section on interpreters: ratios to native code, and what SIMD instructions gain."""

from report import CLOCKS, mean, number, table


def measure(bench, engines):
    """The results by kernel. Kernels at small sizes: an interpreter takes ten times as long as native code."""
    results = {}
    for kernel in bench.options.kernels:
        kinds = ["scalar", "simd"] if kernel.simd else ["scalar"]
        result = bench.measure(kernel, engines, kinds, bench.options.rounds, native_often=True)
        if result:
            results[kernel.name] = result
    return results


def print_ratios(results, engines, clock):
    """The mean is over the kernels that an engine could run."""
    results = {name: result for name, result in results.items() if result.kernel.in_mean}
    if not results:
        return
    print(f"## Interpreters: {CLOCKS[clock]}, times that of the best native build (geometric mean last)\n")
    compare = [f"ashlar/{peer}" for peer in engines if peer != "ashlar"] if "ashlar" in engines else []
    rows = []
    ratios = {engine: [] for engine in [*engines, *compare]}
    for name, result in results.items():
        line = {engine: result.ratio(engine, clock) for engine in engines}
        for column in compare:
            peer = line[column.removeprefix("ashlar/")]
            line[column] = line["ashlar"] / peer if line["ashlar"] and peer else None
        for column, value in line.items():
            if value:
                ratios[column].append(value)
        rows.append([name, f"{result.native.nanoseconds(clock) / 1e6:.1f}", result.flavour, *map(number, line.values())])
    last = [number(mean(values)) + ("" if len(values) == len(results) else f" ({len(values)}/{len(results)})")
            for values in ratios.values()]
    rows.append(["mean", "", "", *last])
    table(["kernel", "native ms", "built for", *ratios], rows)


def print_simd(results, engines, clock):
    """What each engine gains from SIMD instructions on the kernels that are built both ways."""
    for name, result in results.items():
        if not result.simd:
            continue
        print(f"## Interpreters: {name}, times the best native build (which is vectorized), and the gain of the SIMD build\n")
        rows = []
        for engine in engines:
            scalar, simd = result.ratio(engine, clock), result.ratio(engine, clock, simd=True)
            rows.append([engine, number(scalar), number(simd), number(scalar / simd if scalar and simd else None)])
        table(["engine", "scalar", "SIMD", "scalar/SIMD"], rows)
