"""What the sections of the comparison share: compiling a module for an engine, and running a kernel on all of them."""

import dataclasses
import subprocess
import sys

from build_kernels import BuildError, Kernel, build_kernel
from debian_sources import SourceError
from measure import Command, Sample

COMPILE_TIMEOUT_S = 1800


@dataclasses.dataclass
class Result:
    """The samples of one kernel. `native` is the best native build, `flavour` what that was built for."""

    kernel: Kernel
    native: Sample
    flavour: str
    scalar: dict  # by engine
    simd: dict

    def ratio(self, engine, clock, simd=False):
        """To native; None where there is no result, or none that can be compared: user time is counted in ticks."""
        sample = (self.simd if simd else self.scalar).get(engine)
        native = self.native.nanoseconds(clock)
        return (sample.nanoseconds(clock) / native or None) if sample and not sample.error and native else None


class Bench:
    """Options, the runner and the report; and what each engine took to compile each module, by engine and kernel."""

    def __init__(self, options, runner, report):
        self.options = options
        self.runner = runner
        self.report = report
        self.compiling = {}

    def built(self, kernel, simd=False):
        """The programs of a kernel, or None after telling why there are none."""
        try:
            return build_kernel(kernel, self.options.build_dir, simd)
        except (BuildError, SourceError, subprocess.TimeoutExpired) as error:
            self.report.problem("native", f"{kernel.name} left out: {error}")
            return None

    def compile(self, engine, template, file, output):
        """Runs a compile command once; its sample."""
        output.parent.mkdir(parents=True, exist_ok=True)
        output.unlink(missing_ok=True)
        return self.runner.once(engine.compile(template, file, output), COMPILE_TIMEOUT_S)

    def prepared(self, engine, kernel, module):
        """The file that the engine runs: the module itself, or what it compiles it to, now; None when it cannot."""
        if not engine.prepare:
            return module
        output = self.options.build_dir / "prepared" / f"{module.stem}.{engine.name}"
        sample = self.compile(engine, engine.prepare, module, output)
        self.compiling[(engine.name, kernel.name)] = sample
        if sample.error:
            self.report.problem(engine.name, f"{module.name} is not compiled: {sample.error}")
            return None
        return output if output.exists() else module

    def sizes(self, kernel, compiled):
        """The arguments that a kernel is run with."""
        if self.options.quick:
            return list(kernel.quick)
        return list(kernel.compiled) if compiled else []

    def measure(self, kernel, engines, kinds, rounds, compiled=False, native_often=False):
        """All native flavours and engines in turns; None when there is no native time to compare with.

        `kinds` names the builds that run: "scalar", "simd". `native_often`: beside engines that take long.
        """
        built = self.built(kernel, "simd" in kinds)
        if not built:
            return None
        sizes = self.sizes(kernel, compiled)
        commands = {("native", flavour): Command([program, *sizes]) for flavour, program in built.native.items()}
        for kind in kinds:
            module = built.simd if kind == "simd" else built.wasm
            for engine in engines:
                file = self.prepared(engine, kernel, module)
                if file:
                    commands[(kind, engine.name)] = engine.run(file, sizes)
        print(f"measuring {kernel.name}", file=sys.stderr, flush=True)
        often = [name for name in commands if name[0] == "native"] if native_often else []
        once = [(kind, engine.name) for kind in kinds for engine in engines if engine.once]
        return self._result(kernel, kinds, self.runner.interleaved(commands, rounds, often, once))

    def measure_module(self, program, module, engines, arguments, expected):
        """The samples of a module that is not built natively, by engine: it must print what is expected."""
        commands = {engine.name: engine.run(file, arguments) for engine in engines if (file := self.prepared(engine, program, module))}
        print(f"measuring {program.title}", file=sys.stderr, flush=True)
        samples = self.runner.interleaved(commands, self.options.rounds, once=[engine.name for engine in engines if engine.once])
        self.report.check(program.title, samples, expected, "expected")
        return samples

    def _result(self, kernel, kinds, samples):
        groups = {kind: {name: sample for (group, name), sample in samples.items() if group == kind}
                  for kind in ("native", "scalar", "simd")}
        native = [(sample.nanoseconds(self.options.clock), flavour) for flavour, sample in groups["native"].items()
                  if not sample.error]
        if not native:
            self.report.problem("native", f"{kernel.name}: {next(iter(groups['native'].values())).error}")
            return None
        flavour = min(native)[1]
        best = groups["native"][flavour]
        self.report.check(kernel.name, {f"native {name}": sample for name, sample in groups["native"].items()}, best.output)
        for kind in kinds:
            self.report.check(kernel.name + (" with SIMD" if kind == "simd" else ""), groups[kind], best.output)
        return Result(kernel, best, flavour, groups["scalar"], groups["simd"])
