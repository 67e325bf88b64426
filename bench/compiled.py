"""The section on compiled code: ratios to native code beside the peers', the published claims, what compiling took."""

from report import CLOCKS, mean, number, table

# Published: WebAssembly within a tenth of native code, on these five.
CLAIMS = {"aes": ("AES-256", 1.08), "conv3x3": ("convolution", 1.09), "json": ("JSON", 1.09), "matmul": ("matmul", 1.08),
          "zstd": ("zstd", 1.08)}
OURS = "ashlar"
INTERPRETED = "ashlar-interp"


class CompiledCode:
    """The results of kernels that engines compiled before; all engines run the same SIMD builds."""

    def __init__(self, results, engines):
        self.results = results
        self.engines = engines
        self.peers = [engine for engine in engines if not engine.startswith("ashlar")]

    def ratio(self, kernel, engine, clock):
        result = self.results.get(kernel)
        return result and result.ratio(engine, clock, simd=True)

    def best_peer(self, kernel, clock):
        """(ratio, name) of the fastest, or None."""
        return min(((ratio, peer) for peer in self.peers if (ratio := self.ratio(kernel, peer, clock))), default=None)

    def behind(self, kernel, clock):
        """Our time as a multiple of the best peer's."""
        ours, best = self.ratio(kernel, OURS, clock), self.best_peer(kernel, clock)
        return ours / best[0] if ours and best else None

    def mean_kernels(self):
        return [name for name, result in self.results.items() if result.kernel.in_compiled_mean]

    def mean(self, engine, clock):
        """The geometric mean, and over how many kernels."""
        ratios = [ratio for kernel in self.mean_kernels() if (ratio := self.ratio(kernel, engine, clock))]
        return mean(ratios), len(ratios)

    def print_ratios(self, clock):
        print(f"## Compiled code: {CLOCKS[clock]}, times that of the best native build (SIMD builds, compiled before)\n")
        in_mean = self.mean_kernels()
        rows = [self._row(name, clock) for name in in_mean]
        if in_mean:
            means = {engine: self.mean(engine, clock) for engine in self.engines}
            whole = [value for peer, (value, count) in means.items() if peer in self.peers and count == len(in_mean)]
            ours = means.get(OURS, (None, 0))
            cells = [number(value) + ("" if count in (0, len(in_mean)) else f" ({count}/{len(in_mean)})")
                     for value, count in means.values()]
            behind = ours[0] / min(whole) if ours[1] == len(in_mean) and whole else None
            rows.append(["geometric mean", "", "", *cells, number(behind), ""])
        rows += [self._row(name, clock) for name in self.results if name not in in_mean]
        table(["kernel", "native ms", "built for", *self.engines, "ashlar/best peer", "best peer"], rows)

    def _row(self, kernel, clock):
        result, best = self.results[kernel], self.best_peer(kernel, clock)
        return [kernel, f"{result.native.nanoseconds(clock) / 1e6:.0f}", result.flavour,
                *(number(self.ratio(kernel, engine, clock)) for engine in self.engines),
                number(self.behind(kernel, clock)), best[1] if best else "-"]

    def print_claims(self, clock):
        print(f"## Five published claims: {CLOCKS[clock]} of compiled code, times native\n")
        rows = []
        for kernel, (title, claimed) in CLAIMS.items():
            best = self.best_peer(kernel, clock)
            rows.append([title, number(claimed), number(self.ratio(kernel, OURS, clock)),
                         f"{number(best[0])} ({best[1]})" if best else "-"])
        table(["", "claimed", "ashlar", "best peer"], rows)

    def print_compile_times(self, compiling):
        """`compiling`: samples by engine and kernel; peers that tell their own times say them with the kernel's."""
        rows = {}
        for kernel, result in self.results.items():
            samples = {engine: compiling.get((engine, kernel)) or getattr(result.simd.get(engine), "compiling", None)
                       for engine in self.engines}
            rows[kernel] = {engine: f"{sample.user_ns / 1e6:.0f}" for engine, sample in samples.items() if sample and not sample.error}
        compilers = [engine for engine in self.engines if any(engine in row for row in rows.values())]
        print("## Compiling each kernel before: user milliseconds (all threads)\n")
        table(["kernel", *compilers], [[kernel, *(row.get(engine, "-") for engine in compilers)] for kernel, row in rows.items()])


def measure(bench, engines):
    results = {}
    for kernel in bench.options.kernels:
        result = bench.measure(kernel, engines, ["simd"], bench.options.rounds, compiled=True)
        if result:
            results[kernel.name] = result
    return CompiledCode(results, [engine.name for engine in engines])
