"""Runs commands through the small launcher and keeps the least time and memory that each took."""

import dataclasses
import json
import os
import subprocess


@dataclasses.dataclass
class Command:
    """What is run: `own_times` where it tells by itself, in a file, what running took without compiling before."""

    argv: list
    environment: dict = dataclasses.field(default_factory=dict)
    own_times: bool = False


@dataclasses.dataclass
class Sample:
    """The best of some runs of one command; `error` says why there is none."""

    wall_ns: int = 0
    cpu_ns: int = 0
    user_ns: int = 0
    peak_kib: int = 0
    runs: int = 0
    output: bytes = b""
    error: str = ""
    compiling: "Sample | None" = None  # what compiling took, of a command that tells its own times

    def nanoseconds(self, clock):
        return {"wall": self.wall_ns, "cpu": self.cpu_ns, "user": self.user_ns}[clock]

    def add(self, other):
        if self.error or other.error:
            self.error = self.error or other.error
        elif self.runs == 0:
            self.__dict__.update(other.__dict__)
        else:
            self.wall_ns = min(self.wall_ns, other.wall_ns)
            self.cpu_ns = min(self.cpu_ns, other.cpu_ns)
            self.user_ns = min(self.user_ns, other.user_ns)
            self.peak_kib = min(self.peak_kib, other.peak_kib)
            self.runs += 1
            if self.compiling:
                self.compiling.add(other.compiling)
            if self.output != other.output:
                self.error = "differs from run to run"


class Runner:
    """Measures whole processes, one at a time."""

    def __init__(self, launcher, scratch, timeout_s):
        self.launcher = launcher
        self.out = scratch / "stdout"
        self.err = scratch / "stderr"
        self.times = scratch / "times"
        self.timeout_s = timeout_s
        # Backtraces that Rust programs collect for their errors slow their exceptions tenfold.
        self.environment = {key: value for key, value in os.environ.items() if key != "RUST_BACKTRACE"}

    def once(self, command, timeout_s=None):
        limit = timeout_s or self.timeout_s
        environment = {**self.environment, **command.environment}
        if command.own_times:
            self.times.unlink(missing_ok=True)
            environment["BENCH_TIMES"] = str(self.times)
        argv = [self.launcher, str(limit), self.out, self.err, *command.argv]
        result = subprocess.run([str(word) for word in argv], capture_output=True, text=True, env=environment)
        if result.returncode != 0:
            return Sample(error="the launcher failed")
        wall, cpu, user, peak, status = map(int, result.stdout.split())
        if status == 128 + 9 and wall > limit * 1e9 * 0.9:
            return Sample(error=f"took more than {limit} s")
        if status != 0:
            reason = self.err.read_text(errors="replace").strip().splitlines() or self.out.read_text(errors="replace").splitlines()
            return Sample(error=f"exit status {status}: {reason[0][:160] if reason else 'no message'}")
        sample = Sample(wall, cpu, user, peak, 1, self.out.read_bytes())
        return self._own_times(sample) if command.own_times else sample

    def _own_times(self, sample):
        """The sample with the command's own account of its time."""
        try:
            told = json.loads(self.times.read_text())
        except (OSError, ValueError):
            return Sample(error="did not tell its times")
        parts = {part: Sample(told[part]["wall_ns"], told[part]["cpu_ns"], told[part]["user_ns"], sample.peak_kib, 1)
                 for part in ("compile", "run")}
        return dataclasses.replace(parts["run"], output=sample.output, compiling=parts["compile"])

    def interleaved(self, commands, rounds, often=(), once=(), timeout_s=None):
        """Runs each of the commands (by name) once a round, so that a slow spell hits all alike.

        Those named in `often`, which are short, run before each of the others too: their least time counts everywhere.
        Those named in `once`, which take long, run in the first round only.
        """
        samples = {name: Sample() for name in commands}
        rest = [name for name in commands if name not in often]
        for turn in range(rounds):
            here = [name for name in rest if turn == 0 or name not in once]
            for name in [name for other in here for name in (*often, other)] or list(often):
                if not samples[name].error:
                    samples[name].add(self.once(commands[name], timeout_s))
        return samples
