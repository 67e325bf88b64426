#!/usr/bin/env python3
"""Runs guest programs compiled with Debian's clang for WASI, and says whether Ashlar ran them right.

preview1/*.c   check WASI preview 1 from the guest's side: they end with exit code 0 when all checks held
programs/*     print the same with Ashlar as when they are compiled natively, in several builds
With WASI_TESTSUITE_DIR set to a copy of the public wasi-testsuite, that suite's preview 1 tests run too.
"""

import argparse
import concurrent.futures
import ctypes
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WASI = ["--target=wasm32-wasi", "-Wno-deprecated", "--sysroot=/usr"]
SKIPPED = 77
TIMEOUT_S = 120


class Failure(Exception):
    """What a test found."""


def build(args, name, source, flags):
    """The program compiled from `source`, cached by everything that goes into it."""
    compiler = "clang++-22" if source.suffix == ".cc" else "clang-22"
    libraries = [] if "--sysroot=/usr" in flags else ["-lm"]
    command = [compiler, *flags, str(source), *libraries]
    key = hashlib.sha256("\0".join(command).encode())
    for path in sorted([source, *source.parent.glob("*.h"), *source.parent.glob("support/*")]):
        key.update(path.read_bytes())
    output = args.work / f"{name}.{key.hexdigest()[:16]}"
    if not output.exists():
        part = args.work / f"{output.name}.{os.getpid()}.{threading.get_ident()}.part"  # others may build the same
        done = subprocess.run([*command, "-o", str(part)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"does not compile: {' '.join(command)}\n{done.stderr[:2000]}")
        part.rename(output)
    return output


def wasi_flags(*more):
    # An optimizer that lies in PATH may be older than the compiler's output.
    return [*WASI, "--no-wasm-opt", *more]


class Sandbox:
    """A temporary folder: `granted` is what the guest gets, `outside` lies beside it."""

    def __init__(self, parent):
        self.top = pathlib.Path(parent)
        self.granted = self.top / "granted"
        self.outside = self.top / "outside"
        for folder in (self.granted, self.outside):
            folder.mkdir()
        (self.outside / "secret").write_text("secret")
        (self.outside / "victim").write_text("victim")
        (self.top / "secret").write_text("secret")

    def check_outside(self):
        found = sorted(path.name for path in self.outside.iterdir())
        texts = [(self.outside / name).read_text() for name in found if (self.outside / name).is_file()]
        if found != ["secret", "victim"] or texts != ["secret", "victim"]:
            raise Failure(f"the guest changed what is outside: {found} {texts}")
        if (self.outside / "secret").stat().st_mtime < time.time() - 3600:
            raise Failure("the guest changed the time of a file outside")


@dataclasses.dataclass
class Case:
    """A program of preview1/ and what the host does for it."""

    name: str
    flags: list = dataclasses.field(default_factory=list)
    arguments: list = dataclasses.field(default_factory=list)
    prepare: object = None  # called with the sandbox; may return more flags
    beside: object = None  # called with the sandbox and the running process
    stdin: str | None = ""
    stdout: str = ""
    stderr: str | None = ""  # None: anything
    code: int = 0
    title: str = ""
    grant: bool = True
    compiler_flags: list = dataclasses.field(default_factory=list)


def prepare_escapes(box):
    inside = box.granted
    (inside / "inside").write_text("inside")
    (inside / "dir").mkdir()
    for name, target in {"to_secret": box.outside / "secret", "relative_to_secret": "../outside/secret",
                         "to_outside": "../outside", "link_to_link": "relative_to_secret", "dir/up": "../../outside",
                         "to_root": "/"}.items():
        (inside / name).symlink_to(target)
    return ["--dir", "/proc/self::/proc"]


def prepare_rights(box):
    read_only = box.top / "read_only"
    for folder in (box.granted / "dir" / "sub", read_only / "sub"):
        folder.mkdir(parents=True)
    (box.granted / "dir" / "file").write_text("text")
    (box.granted / "dir" / "link").symlink_to("file")
    (box.granted / "mine").write_text("mine")
    (read_only / "file").write_text("read only")
    return ["--dir", f"{read_only}::/read_only:ro"]


def prepare_fifos(box):
    os.mkfifo(box.granted / "fifo")
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(box.granted, os.O_RDONLY)
        made.bind(f"/proc/self/fd/{here}/socket")  # however long the folder's own name is
        os.close(here)


def prepare_times(box):
    (box.granted / "old").write_text("old")
    os.utime(box.granted / "old", ns=(-5_000_000_001, -5_000_000_001))


def prepare_races(box):
    for folder in ("swap", "moving/deep"):
        (box.granted / folder).mkdir(parents=True)
    (box.granted / "swap" / "secret").write_text("harmless")
    (box.granted / "last").write_text("harmless")
    (box.granted / "mine").write_text("mine")
    (box.granted / "swap_link").symlink_to("../outside")
    (box.granted / "last_link").symlink_to("../outside/secret")


def exchange(a, b):
    """Exchanges two names in one step; fails while the guest has moved one away."""
    at_cwd, flag = -100, 2
    ctypes.CDLL(None).renameat2(at_cwd, os.fsencode(a), at_cwd, os.fsencode(b), flag)


def race(box, process):
    inside = box.granted
    while process.poll() is None:
        exchange(inside / "swap", inside / "swap_link")
        exchange(inside / "last", inside / "last_link")
        for names in (("moving/deep", "deep"), ("deep", "moving/deep")):
            try:
                os.rename(inside / names[0], inside / names[1])
            except OSError:
                pass


def feed(_box, process):
    for piece in ("first", " second", " third"):
        process.stdin.write(piece.encode())
        process.stdin.flush()
        time.sleep(0.05)
    process.stdin.close()


def talk(box, process):
    line = process.stdout.readline()
    if line != b"listening\n":
        return
    with socket.create_connection(("127.0.0.1", box.port), timeout=30) as stream:
        time.sleep(0.05)  # so that the guest waits
        stream.sendall(b"hel")
        time.sleep(0.05)
        stream.sendall(b"lo world")
        while stream.recv(100):
            pass


def prepare_sockets(box):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box.port = probe.getsockname()[1]
    return ["--listen", f"127.0.0.1:{box.port}"]


BEFORE = "before\n"
# The distribution's C library is not built for threads, which the linker must be told to bear with.
THREADS = ["-matomics", "-mbulk-memory",
           "-Wl,--shared-memory,--import-memory,--export-memory,--max-memory=2097152,--no-check-features"]


def keep_open(_box, process):
    """Standard input stays open until the program has ended."""
    process.wait(TIMEOUT_S)


CASES = [
    Case("environment", ["--env", "NAME=value", "--env", "EMPTY="], ["one", "", "sp ace \u2603"]),
    Case("clocks"),
    Case("files"),
    Case("directories"),
    Case("escapes", prepare=prepare_escapes),
    Case("races", prepare=prepare_races, beside=race),
    Case("fifos", prepare=prepare_fifos),
    Case("rights", prepare=prepare_rights),
    Case("renumber"),
    Case("buffers"),
    Case("polling", stdin="nine byte"),
    Case("times", prepare=prepare_times),
    Case("padding"),
    Case("streams", grant=False, stdin=None, beside=feed, stdout="to standard output\n", stderr="to standard error\n"),
    Case("sockets", grant=False, prepare=prepare_sockets, beside=talk),
    Case("unstable"),
    Case("reactor", compiler_flags=["-mexec-model=reactor"], stdout="initialized 1 times, now running\n"),
    Case("threads", compiler_flags=THREADS, stdout="all threads have ended\n"),
    Case("threads", compiler_flags=THREADS, arguments=["return"], stdin=None, beside=keep_open, code=3,
         title="threads.return"),
    Case("threads", compiler_flags=THREADS, arguments=["exit"], stdin=None, beside=keep_open, code=5,
         title="threads.exit"),
    Case("ending", stdout=BEFORE + "after\n", title="ending.plain"),
    Case("ending", arguments=["return", "3"], stdout=BEFORE, code=3, title="ending.return"),
    Case("ending", arguments=["exit", "42"], stdout=BEFORE, code=42, title="ending.exit"),
    Case("ending", arguments=["exit", "0"], stdout=BEFORE, title="ending.exit_0"),
    Case("ending", arguments=["raise", "15"], stdout=BEFORE, code=143, title="ending.raise"),
    Case("ending", arguments=["abort"], stdout=BEFORE, stderr=None, code=134, title="ending.abort"),
    Case("ending", arguments=["load"], stdout=BEFORE, stderr=None, code=134, title="ending.load"),
    Case("ending", arguments=["recurse"], stdout=BEFORE, stderr=None, code=134, title="ending.recurse"),
]


def compare(what, got, wanted):
    if got != wanted:
        raise Failure(f"{what}: got\n{got}\n{what}: wanted\n{wanted}")


def run_case(args, case):
    flags = wasi_flags("-O1", "-Wall", "-Werror", *case.compiler_flags)
    program = build(args, case.name, HERE / "preview1" / f"{case.name}.c", flags)
    with tempfile.TemporaryDirectory(prefix="ashlar-wasi-") as folder:
        box = Sandbox(folder)
        flags = ["--dir", f"{box.granted}::/"] if case.grant else []
        if case.prepare:
            flags += case.prepare(box) or []
        pipe = subprocess.PIPE
        process = subprocess.Popen([args.ashlar, "run", *args.flags, *flags, *case.flags, program, *case.arguments],
                                   stdin=pipe, stdout=pipe, stderr=pipe, cwd=box.outside)
        try:
            helper = None
            if case.stdin is not None:
                process.stdin.write(case.stdin.encode())
                process.stdin.close()
                process.stdin = None
            if case.beside:
                helper = threading.Thread(target=case.beside, args=(box, process))
                helper.start()
                if case.stdin is None or case.beside is talk:
                    helper.join(TIMEOUT_S)
                    process.stdin = None
            stdout, stderr = process.communicate(timeout=TIMEOUT_S)
            if helper:
                helper.join()
        finally:
            process.kill()
        got = stdout.decode(errors="replace"), stderr.decode(errors="replace")
        if process.returncode != case.code:
            raise Failure(f"exit code {process.returncode}, wanted {case.code}\n{got[0]}{got[1]}")
        compare("standard output", got[0], case.stdout)
        if case.stderr is not None:
            compare("standard error", got[1], case.stderr)
        box.check_outside()


# What each program of programs/ is compiled with: the plainest code, what most users have, and all instructions.
BUILDS = {
    "O0": ["-O0"],
    "O2": ["-O2"],
    "O3.all": ["-O3", "-msimd128", "-mtail-call", "-mnontrapping-fptoint", "-mbulk-memory", "-msign-ext",
               "-mmultivalue", "-mreference-types", "-mextended-const"],
}
NATIVE = ["-O2", "-ffp-contract=off", "-w"]
SUPPORT = HERE / "programs" / "support"
JUMPS = ["-mllvm", "-wasm-enable-sjlj", "-mexception-handling", f"-I{SUPPORT}", str(SUPPORT / "jumps.c")]


def language(source):
    return ["-std=c++23", "-fno-exceptions"] if source.suffix == ".cc" else ["-std=c17"]


def run_program(args, source, variant):
    text = (ROOT / "LICENSE").read_text()
    words = ["one", "two words"]
    # What the native build prints is kept: the sanitized tree's run compares with the same.
    native = build(args, f"{source.stem}.native", source, [*NATIVE, *language(source)])
    name, flags = f"{source.stem}.{variant}", [*BUILDS[variant], *language(source), "-Wl,-z,stack-size=1048576"]
    if source.stem == "jumps":
        # Both forms of exceptions: the older one is what compilers still make unless asked.
        flags += [*JUMPS, "-mllvm", f"-wasm-use-legacy-eh={'false' if variant == 'O2' else 'true'}"]
    program = build(args, name, source, wasi_flags(*flags))
    wanted = subprocess.run([native, *words], input=text, capture_output=True, text=True, timeout=TIMEOUT_S)
    got = subprocess.run([args.ashlar, "run", *args.flags, program, *words], input=text, capture_output=True, text=True,
                         errors="replace", timeout=TIMEOUT_S * 5)
    if got.returncode != wanted.returncode:
        raise Failure(f"exit code {got.returncode}, wanted {wanted.returncode}\n{got.stdout}{got.stderr}")
    if got.stdout != wanted.stdout:
        lines = list(zip(got.stdout.splitlines(), wanted.stdout.splitlines(), strict=False))
        at = next((i for i, (mine, theirs) in enumerate(lines) if mine != theirs), len(lines))
        mine, theirs = lines[at] if at < len(lines) else ("(end)", "(end)")
        raise Failure(f"line {at + 1}: got\n{mine}\nwanted\n{theirs}")


def suite_tests(folder):
    """(name, program, specification) of each preview 1 test of the public suite."""
    for program in sorted(folder.glob("tests/*/testsuite/wasm32-wasip1/*.wasm")):
        described = program.with_suffix(".json")
        spec = json.loads(described.read_text()) if described.exists() else {}
        yield f"testsuite.{program.parts[-4]}.{program.stem}", program, spec


def run_suite_test(args, program, spec):
    with tempfile.TemporaryDirectory(prefix="ashlar-wasi-") as folder:
        flags = []
        if "root" in spec:
            root = pathlib.Path(folder) / "root"
            shutil.copytree(program.parent / spec["root"], root, symlinks=True)
            for left in [*root.rglob("*.cleanup")]:
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            flags += ["--dir", f"{root}::/"]
        for name, value in spec.get("env", {}).items():
            flags += ["--env", f"{name}={value}"]
        done = subprocess.run([args.ashlar, "run", *args.flags, *flags, program, *spec.get("args", [])], cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode != spec.get("exit_code", 0):
        raise Failure(f"exit code {done.returncode}, wanted {spec.get('exit_code', 0)}\n{done.stdout}{done.stderr}")
    if "stdout" in spec:
        compare("standard output", done.stdout, spec["stdout"])


def all_tests(args):
    """(name, function) of every test."""
    for case in CASES:
        yield f"preview1.{case.title or case.name}", lambda case=case: run_case(args, case)
    for source in sorted([*(HERE / "programs").glob("*.c"), *(HERE / "programs").glob("*.cc")]):
        for variant in BUILDS:
            yield (f"programs.{source.stem}.{variant}",
                   lambda source=source, variant=variant: run_program(args, source, variant))
    if suite := os.environ.get("WASI_TESTSUITE_DIR"):
        for name, program, spec in suite_tests(pathlib.Path(suite).resolve()):
            yield name, lambda program=program, spec=spec: run_suite_test(args, program, spec)


def verdict(name, function):
    """(name, None when it passed or what was wrong)."""
    try:
        function()
    except Failure as failure:
        return name, str(failure)
    except subprocess.TimeoutExpired as expired:
        return name, f"still running after {expired.timeout:.0f} s"
    except Exception as error:  # a broken test must not hide the others
        return name, f"{type(error).__name__}: {error}"
    return name, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, default=ROOT / "build/bin/ashlar")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/wasi", help="where built programs are kept")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="tests whose name contains this")
    parser.add_argument("flags", nargs="*", help="flags of ashlar run, after --")
    args = parser.parse_args()
    if not shutil.which("clang-22") or not shutil.which("wasm-ld-22"):
        print("clang-22 and lld-22 are missing, which make the guests; 'make test' installs them")
        return SKIPPED
    args.ashlar = args.ashlar.resolve()
    args.work = args.work.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    tests = [test for test in all_tests(args) if args.only in test[0]]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for name, problem in pool.map(lambda test: verdict(*test), tests):
            if problem is not None:
                failed += 1
                print(f"FAILED {name}: {problem}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
