"""Runs commands through the small launcher and keeps the least time and memory that each took."""

import dataclasses
import os
import subprocess


@dataclasses.dataclass
class Sample:
    """The best of some runs of one command; `error` says why there is none."""

    wall_ns: int = 0
    cpu_ns: int = 0
    peak_kib: int = 0
    runs: int = 0
    output: bytes = b""
    error: str = ""

    def nanoseconds(self, clock):
        return self.wall_ns if clock == "wall" else self.cpu_ns

    def add(self, other):
        if self.error or other.error:
            self.error = self.error or other.error
        elif self.runs == 0:
            self.__dict__.update(other.__dict__)
        else:
            self.wall_ns = min(self.wall_ns, other.wall_ns)
            self.cpu_ns = min(self.cpu_ns, other.cpu_ns)
            self.peak_kib = min(self.peak_kib, other.peak_kib)
            self.runs += 1
            if self.output != other.output:
                self.error = "differs from run to run"


class Runner:
    """Measures whole processes, one at a time."""

    def __init__(self, launcher, scratch, timeout_s):
        self.launcher = launcher
        self.out = scratch / "stdout"
        self.err = scratch / "stderr"
        self.timeout_s = timeout_s
        # Backtraces that Rust programs collect for their errors slow their exceptions tenfold.
        self.environment = {key: value for key, value in os.environ.items() if key != "RUST_BACKTRACE"}

    def once(self, argv, environment=None):
        command = [self.launcher, str(self.timeout_s), self.out, self.err, *argv]
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                env={**self.environment, **(environment or {})})
        if result.returncode != 0:
            return Sample(error="the launcher failed")
        wall, cpu, peak, status = map(int, result.stdout.split())
        if status == 128 + 9 and wall > self.timeout_s * 1e9 * 0.9:
            return Sample(error=f"took more than {self.timeout_s} s")
        if status != 0:
            reason = self.err.read_text(errors="replace").strip().splitlines() or self.out.read_text(errors="replace").splitlines()
            return Sample(error=f"exit status {status}: {reason[0][:160] if reason else 'no message'}")
        return Sample(wall, cpu, peak, 1, self.out.read_bytes())

    def interleaved(self, commands, rounds, often=()):
        """Runs each of the commands (argv and environment by name) once a round, so that a slow spell hits all alike.

        Those named in `often`, which are short, run before each of the others too: their least time counts everywhere.
        """
        samples = {name: Sample() for name in commands}
        rest = [name for name in commands if name not in often]
        order = [turn for name in rest for turn in (*often, name)] or list(often)
        for name in order * rounds:
            if not samples[name].error:
                samples[name].add(self.once(*commands[name]))
        return samples
