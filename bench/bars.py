"""The bars that compiled code is held to, and how the run just made stands against each."""

import exceptions
from compiled import OURS
from report import mean, number, table

CLOCK = "user"
MEAN, BEHIND_BEST_PEER = 1.12, 1.05
KERNELS = {"conv3x3": 2.4, "matmul": 1.3, "sqlite": 1.35}
MB_PER_SECOND = {"ashlar-O2": 0.2, "ashlar-O1": 0.5}
BIG_COMPILE_MIB = 1000
HELLO_TIME, HELLO_MIB = 1.5, 4
BIG_LOAD = 1.1  # of the small one's time: "no longer", and what two runs of the same differ


def bar(what, limit, value, at_least=False, shown=None):
    """A bar; without a value nothing is said."""
    if value is None:
        return []
    met = value >= limit if at_least else value <= limit
    return [[what, f"{'at least' if at_least else 'at most'} {limit:g}", shown or number(value), "met" if met else "missed"]]


def _of_code(code):
    kernels = code.mean_kernels()
    value, count = code.mean(OURS, CLOCK)
    rows = bar(f"geometric mean of {count} kernels", MEAN, value if count == len(kernels) else None)
    for kernel in code.results:
        best, behind = code.best_peer(kernel, CLOCK), code.behind(kernel, CLOCK)
        shown = f"{number(behind)} ({best[1]})" if behind else None
        rows += bar(f"{kernel}, times the best peer's", BEHIND_BEST_PEER, behind, shown=shown)
    for kernel, limit in KERNELS.items():
        rows += bar(kernel, limit, code.ratio(kernel, OURS, CLOCK))
    return rows


def _of_speeds(speeds):
    by_key = {(row.kernel, row.tool): row for row in speeds}
    kernels = list(dict.fromkeys(row.kernel for row in speeds))
    rows = []
    for tool, limit in MB_PER_SECOND.items():
        for kernel in kernels:
            row = by_key.get((kernel, tool))
            rows += bar(f"{tool} on {kernel}, MB of code a second", limit, row and row.mb_per_second, at_least=True)
    pairs = [(by_key[(kernel, "ashlar-O1")], by_key[(kernel, "ashlar-O2")], by_key[(kernel, "cranelift")]) for kernel in kernels
             if all((kernel, tool) in by_key for tool in ("ashlar-O1", "ashlar-O2", "cranelift"))]
    timed = [(quick.ratio / peer.ratio) for quick, _, peer in pairs if quick.ratio and peer.ratio]
    rows += bar("time of ashlar-O1's code, times Cranelift's (mean)", 1, mean(timed))
    for _, usual, peer in pairs:
        size = usual.text / peer.text if usual.text and peer.text else None
        rows += bar(f"size of {usual.kernel}'s machine code, times Cranelift's", 1, size)
    return rows


def _of_start(hello, compiling, loading):
    rows = []
    big = compiling.get(OURS)
    if big and not big.error:
        rows += bar("MiB to compile 10 MB of code", BIG_COMPILE_MIB, big.peak_kib / 1024)
    cached = hello and hello.scalar.get("ashlar-cached")
    if cached and not cached.error:
        rows += bar("hello world from the cache, times native", HELLO_TIME, cached.wall_ns / hello.native.wall_ns)
        rows += bar("hello world from the cache, MiB", HELLO_MIB, cached.peak_kib / 1024)
    ours = [sample for (engine, _), sample in loading.items() if engine == OURS and not sample.error]
    if len(ours) == 2:
        rows += bar("loading 10 MB of code, times a small program", BIG_LOAD, ours[1].wall_ns / ours[0].wall_ns)
    return rows


def _of_exceptions(costs):
    rows = []
    for cost in costs:
        if cost.engine == OURS:
            rows += bar(f"thrown and caught ten frames up ({cost.form}), ns", exceptions.LIMIT_NS, cost.throws)
    return rows


def stand(code, speeds, hello, compiling, loading, throwing=()):
    """Rows of what was measured."""
    return [*(_of_code(code) if code else []), *_of_speeds(speeds), *_of_start(hello, compiling, loading), *_of_exceptions(throwing)]


def print_bars(rows, of="compiled code: user time, sizes, starts"):
    if rows:
        print(f"## Bars of {of}\n")
        table(["what", "bar", "measured", ""], rows)
