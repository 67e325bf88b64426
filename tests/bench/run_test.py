#!/usr/bin/env python3
"""Tests of the comparison that `make bench` makes: a quick run has all sections, wrong results fail, verdicts are right."""

import argparse
import contextlib
import io
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import bars  # noqa: E402
import collected  # noqa: E402
import compile_speed  # noqa: E402
import embedding_calls  # noqa: E402
import exceptions  # noqa: E402
import gc_programs  # noqa: E402
from binaries import aot_text_size, code_size, elf_text_size, with_wasi_imports  # noqa: E402
from build_kernels import KERNELS, BuildError  # noqa: E402
from compile_speed import Speed  # noqa: E402
from compiled import CLAIMS, CompiledCode  # noqa: E402
from kernel_runs import Bench, Result  # noqa: E402
from measure import Command, Runner, Sample  # noqa: E402
from peers import Engine  # noqa: E402
from report import Report  # noqa: E402
from run import alone, build_launcher  # noqa: E402

# Compiles and parses by copying, so that `run` gets the module, and prints something that no kernel prints.
WRONG = """#!/bin/sh
case $1 in compile | parse) ;; *) exec echo wrong ;; esac
for word; do [ "$before" = -o ] && output=$word; before=$word; done
cp "$word" "$output"
"""
SECTIONS = ["Interpreters: user time", "Interpreters: conv3x3", "Compiled code: user time", "Compiled code: run time",
            "Five published claims", "Compiling each kernel", "Compiling on one thread", "Hello world", "Loading what was compiled",
            "Decoding and validating", "Exceptions caught ten frames up", "Bars of compiled code", "Calls between C++ and WebAssembly", "Bars of calls",
            "Loading a serialized module", "Bars of loading serialized", "Garbage collection: run time", "Garbage collection: processor time",
             "Garbage collection: peak memory", "Garbage collection: a live heap", "Bars of garbage collection", "Calls from one component", "Interruption: time"]
options = argparse.Namespace()


def bench(*flags, ashlar=None):
    command = [sys.executable, ROOT / "bench/run.py", "--quick", "--peers", "", "--compilers", "", "--collectors", "", "--build-dir", options.work,
               "--ashlar", ashlar or options.ashlar, *flags]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def tables(text):
    """By heading: the rows of the table under it, without its head."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)[1:]
    return {title: [line for line in body.splitlines() if line.startswith("|")][2:] for title, body in zip(parts[::2], parts[1::2])}


class QuickRun(unittest.TestCase):
    def test_all_sections(self):
        done = bench("--kernel", "fib,conv3x3")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = tables(done.stdout)
        for section in SECTIONS:
            title = next((title for title in found if title.startswith(section)), None)
            self.assertIsNotNone(title, f"no section '{section}' in\n{done.stdout}")
            self.assertTrue(found[title], title)
        claims = next(rows for title, rows in found.items() if title.startswith("Five"))
        self.assertEqual([row.split("|")[1].strip() for row in claims], ["AES-256", "convolution", "JSON", "matmul", "zstd"])

    def test_wrong_output_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder) / "bin" / "ashlar"
            fake.parent.mkdir()
            fake.write_text(WRONG)
            fake.chmod(0o755)
            for section, name in (("kernels", "ashlar"), ("compiled", "ashlar"), ("compile", "ashlar-O2")):
                done = bench("--kernel", "fib", "--only", section, ashlar=fake)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn(f"- {name}, fib", done.stdout)
                self.assertIn("prints b'wrong", done.stdout)

    def test_wrong_output_of_programs_that_collect_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder) / "bin" / "ashlar"
            fake.parent.mkdir()
            fake.write_text(WRONG)
            fake.chmod(0o755)
            done = bench("--only", "gc", "--build-dir", folder, ashlar=fake)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            for engine in ("ashlar", "ashlar-interp"):
                self.assertIn(f"- {engine}, richards.wat: prints b'wrong\\n', not b'2 runs, packets", done.stdout)

    def test_one_at_a_time(self):
        lock = alone(options.work)
        done = bench("--kernel", "fib", "--only", "kernels")
        lock.close()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("another comparison is running", done.stderr)

    def test_bad_names(self):
        for flags, said in ((["--only", "hello,x"], "no section 'x'"), (["--compilers", "x"], "no compiler 'x'"),
                            (["--kernel", "x"], "no kernel 'x'"), (["--collectors", "x"], "no collector 'x'"),
                            (["--churn", "0"], "at least 1")):
            done = bench(*flags)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)


def sample(milliseconds, error=""):
    return Sample(wall_ns=milliseconds * 10**6, cpu_ns=milliseconds * 10**6, user_ns=milliseconds * 10**6, peak_kib=2048, error=error)


def code_of(times):
    """Compiled code as if measured: milliseconds by kernel and engine, where native code takes 100."""
    kernels = {kernel.name: kernel for kernel in KERNELS}
    results = {name: Result(kernels[name], sample(100), "x86-64", {}, {engine: sample(*told) for engine, told in line.items()})
               for name, line in times.items()}
    return CompiledCode(results, ["ashlar", "fast", "slow"])


class Verdicts(unittest.TestCase):
    def test_five_claims(self):
        self.assertEqual(len(CLAIMS), 5)
        self.assertLessEqual(set(CLAIMS), {kernel.name for kernel in KERNELS})

    def test_mean_is_of_eight(self):
        self.assertEqual(sorted(kernel.name for kernel in KERNELS if kernel.in_compiled_mean),
                         ["aes", "coremix", "fib", "json", "lua", "nbody", "sha256", "zstd"])

    def test_behind_the_best_peer(self):
        code = code_of({"aes": {"ashlar": (120,), "fast": (110,), "slow": (300,)},
                        "fib": {"ashlar": (90,), "fast": (50, "crashed"), "slow": (100,)},
                        "sqlite": {"ashlar": (140,), "fast": (130,)}})
        self.assertEqual(code.best_peer("aes", "user"), (1.1, "fast"))
        self.assertEqual(code.best_peer("fib", "user"), (1.0, "slow"))
        self.assertAlmostEqual(code.behind("aes", "user"), 120 / 110)
        self.assertAlmostEqual(code.mean("ashlar", "user")[0], (1.2 * 0.9) ** 0.5)
        self.assertEqual(code.mean("fast", "user")[1], 1)
        rows = {row[0]: row[3] for row in bars.stand(code, [], None, {}, {})}
        self.assertEqual(rows, {"geometric mean of 2 kernels": "met", "aes, times the best peer's": "missed",
                                "fib, times the best peer's": "met", "sqlite, times the best peer's": "missed", "sqlite": "missed"})

    def test_speeds(self):
        speeds = [Speed("lua", "ashlar-O1", 0.6, 900, 1, 1.5), Speed("lua", "ashlar-O2", 0.1, 900, 1, 1.2),
                  Speed("lua", "cranelift", 0.9, 800, 1, 1.4)]
        verdicts = [row[3] for row in bars.stand(None, speeds, None, {}, {})]
        self.assertEqual(verdicts, ["missed", "met", "missed", "missed"])

    def test_a_bar_without_measurement_is_not_told(self):
        code = code_of({"aes": {"fast": (110,)}, "fib": {"ashlar": (100, "crashed")}})
        self.assertEqual(bars.stand(code, [], None, {}, {}), [])

    def test_exceptions(self):
        costs = [exceptions.Cost("a", "ashlar", 999.0, 50.0), exceptions.Cost("b", "ashlar", 1001.0, 50.0),
                 exceptions.Cost("b", "v8", 1.0, 1.0)]
        self.assertEqual([row[3] for row in bars.stand(None, [], None, {}, {}, costs)], ["met", "missed"])


class Exceptions(unittest.TestCase):
    def test_variants(self):
        for form in exceptions.FORMS:
            text = (exceptions.FOLDER / f"{form}.wat").read_text()
            of = exceptions.variants(text, 12)
            changed = [[new for old, new in zip(text.splitlines(), of[kind].splitlines()) if new != old] for kind in ("throws", "returns")]
            self.assertEqual([len(lines) for lines in changed], [1, 2])
            self.assertIn("(i64.const 12)", changed[0][0])
        with self.assertRaises(ValueError):
            exceptions.variants("(module)", 12)


class Calls(unittest.TestCase):
    LINES = ("ashlar|in|nop|9.5\nashlar|in|add|10.5\nashlar|in|mix|8\nashlar|out|nop|3\nashlar|out|add|5\nashlar|out|mix|6\n"
             "wasmtime|in|nop|100\nwasmtime|in|add|21\nwasmtime|in|mix|16\nwasmtime|out|nop|30\nwasmtime|out|add|50\nwasmtime|out|mix|60\n")

    def test_bars(self):
        rows = embedding_calls.bar_rows(bars.bar, embedding_calls.parse(self.LINES))
        self.assertEqual([row[-1] for row in rows], ["met", "missed", "met", "met", "met", "missed"])

    def test_ratios(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            embedding_calls.print_calls(embedding_calls.parse(self.LINES))
        rows = next(iter(tables(said.getvalue()).values()))
        self.assertEqual([row.split("|")[-2].strip() for row in rows],
                         ["0.10", "0.50", "0.50", "0.10", "0.10", "0.10", "-", "-"])


class Collecting(unittest.TestCase):
    def test_every_program_is_there_in_both_forms(self):
        names = {path.stem for path in gc_programs.HERE.glob("*.expected")}
        self.assertEqual(len(names), 5)
        self.assertEqual({program.title for program in gc_programs.PROGRAMS}, {f"{name}.{form}" for name in names for form in ("wat", "kt")})
        for program in gc_programs.PROGRAMS:
            self.assertTrue((gc_programs.HERE / program.title).exists(), program.title)
            self.assertNotEqual(program.expected(quick=True), program.expected(quick=False))

    def test_bars(self):
        engines = ["ashlar", "wasmtime", "wasmtime-copying", "v8", "v8-turbofan", "ashlar-interp"]
        times = {"a.wat": {"ashlar": (100,), "wasmtime": (900,), "wasmtime-copying": (190,), "v8": (101,), "v8-turbofan": (1, "crashed"),
                           "ashlar-interp": (1300,)},
                 "b.kt": {"ashlar": (100,), "wasmtime": (200,), "v8": (300,), "v8-turbofan": (99,), "ashlar-interp": (1200,)},
                 "c.kt": {"ashlar": (100, "crashed"), "wasmtime": (200,)}}
        programs = collected.Collected({title: {engine: sample(*told) for engine, told in line.items()} for title, line in times.items()},
                                       engines)
        self.assertEqual(programs.least("a.wat", "wasmtime", "wall"), (1.9, "wasmtime-copying"))
        self.assertIsNone(programs.least("c.kt", "wasmtime", "wall"))
        self.assertEqual([row[2:] for row in programs.bars()],
                         [["1.90 (wasmtime-copying)", "missed"], ["1.90 (wasmtime-copying)", "missed"], ["1.01 (v8)", "met"], ["13.0", "missed"],
                          ["2.00 (wasmtime)", "met"], ["2.00 (wasmtime)", "met"], ["0.99 (v8-turbofan)", "missed"], ["12.0", "met"]])

    def test_pauses(self):
        self.assertEqual(collected.longest_pause("x\ngc: longest pause 0.81 ms\n"), 0.81)
        self.assertIsNone(collected.longest_pause("gc: none\n"))

    def test_heaps(self):
        rows = [collected.Churned(collected.Heap(64, 4096, 1), "ashlar", sample(1), 1.2),
                collected.Churned(collected.Heap(64, 4096, 1), "wasmtime", sample(1), None),
                collected.Churned(collected.Heap(10, 10240, None), "ashlar", sample(1), 5.0),
                collected.Churned(collected.Heap(256, 4096, 2), "ashlar", sample(1, "crashed"), None)]
        rows[2].sample.peak_kib = 37 * 1024
        self.assertEqual([row[1:] for row in collected.heap_bars(rows)],
                         [["at most 1", "1.20", "missed"], ["at most 144", "2.00", "met"], ["at most 36", "37.0", "missed"]])

    def test_a_module_is_made_anew_when_its_source_changed(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            source, output = pathlib.Path(folder) / "a", pathlib.Path(folder) / "b"
            for text in ("one", "two"):
                source.write_text(text)
                gc_programs.unless_made(output, [["cp", source, output]], [source])
                self.assertEqual(output.read_text(), text)
            gc_programs.unless_made(output, [["cp", source, output]], [source])
            self.assertRaises(BuildError, gc_programs.unless_made, output, [["false"]], [source])
            self.assertRaises(BuildError, gc_programs.unless_made, output, [["true"]], [source])


class Files(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.folder = pathlib.Path(work.name)

    def test_module(self):
        text = self.folder / "a.wat"
        text.write_text('(module (import "gojs" "x.y" (func (param i32))) (func (export "f") (result i32) i32.const 7))')
        module, changed = self.folder / "a.wasm", self.folder / "b.wasm"
        subprocess.run([options.ashlar, "parse", text, "-o", module], check=True)
        self.assertEqual(code_size(module), 6)
        with_wasi_imports(module, changed)
        self.assertEqual(code_size(changed), 6)
        self.assertNotEqual(subprocess.run([options.ashlar, "run", "--invoke", "f", module], capture_output=True).returncode, 0)
        self.assertEqual(subprocess.check_output([options.ashlar, "run", "--invoke", "f", changed]), b"7\n")

    def test_elf(self):
        size = elf_text_size(options.work / "launch")
        if shutil.which("size"):
            shown = subprocess.run(["size", "-A", options.work / "launch"], capture_output=True, text=True).stdout
            self.assertEqual(size, int(re.search(r"^\.text +(\d+)", shown, re.MULTILINE)[1]))
        self.assertGreater(size, 100)
        self.assertIsNone(elf_text_size(__file__))

    def test_aot(self):
        file = self.folder / "a.aot"
        file.write_bytes(b"\0aot" + struct.pack("<IIIIII", 4, 0, 3, 0, 2, 77) + bytes(77))
        self.assertIsNone(aot_text_size(__file__))
        file.write_bytes(b"\0aot" + struct.pack("<III", 4, 0, 3) + b"abc\0" + struct.pack("<II", 2, 77) + bytes(77))
        self.assertEqual(aot_text_size(file), 77)


class Running(unittest.TestCase):
    def setUp(self):
        self.runner = Runner(options.work / "launch", options.work, 5)

    def test_once_and_often(self):
        turns = []
        self.runner.once = lambda command, timeout: turns.append(command) or sample(1)
        self.runner.interleaved({"a": "a", "b": "b", "slow": "slow"}, 2, often=["a"], once=["slow"])
        self.assertEqual(turns, ["a", "b", "a", "slow", "a", "b"])

    def test_own_times(self):
        tell = '{"compile": {"wall_ns": 5, "user_ns": 4, "cpu_ns": 5}, "run": {"wall_ns": 3, "user_ns": 2, "cpu_ns": 7}}'
        told = self.runner.once(Command(["sh", "-c", f"echo '{tell}' > $BENCH_TIMES; echo out"], own_times=True))
        self.assertEqual((told.wall_ns, told.user_ns, told.cpu_ns, told.compiling.user_ns, told.output), (3, 2, 7, 4, b"out\n"))
        self.assertIn("did not tell", self.runner.once(Command(["true"], own_times=True)).error)

    def test_the_big_module_is_for_those_that_make_files(self):
        module = options.work / "big.wasm"
        module.write_bytes(b"\0asm\1\0\0\0")
        report = Report()
        samples, outputs = compile_speed.compile_big(
            Bench(argparse.Namespace(build_dir=options.work), self.runner, report), module,
            [Engine("ashlar", "", [], prepare=["cp", "{file}", "{output}"]), Engine("cached", "", [], prepare=["true", "{file}"]),
             Engine("wamr-aot", "", [], prepare=["cp", "{file}", "{output}"]), Engine("bad", "", [], prepare=["false", "{output}"])])
        self.assertEqual(list(samples), ["ashlar", "bad"])
        self.assertEqual(outputs["ashlar"].read_bytes(), module.read_bytes())
        self.assertEqual(report.problems, ["bad, big.wasm is not compiled: exit status 1: no message"])

    def test_failure_has_a_reason(self):
        self.assertEqual(self.runner.once(Command(["sh", "-c", "echo no >&2; exit 3"])).error, "exit status 3: no")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ashlar", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder where kernels are kept built")
    known, rest = parser.parse_known_args(namespace=options)
    known.work = known.work.resolve()
    known.work.mkdir(parents=True, exist_ok=True)
    build_launcher(known.work)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
