#!/usr/bin/env python3
"""Runs generated modules here and in PyPI's wasmtime, and compares results, traps and final state.

The program generated_modules makes modules from seeds and tells what running them gave; wasmtime runs the same files.
NaNs count as equal. Without --python-env's wasmtime it is installed there; where that fails the check is left out
(exit code 77).
"""

import argparse
import ctypes
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import zlib

BATCH = 50
VERSION = "50.0.1"
COUNTDOWN = 120  # as support/execute.cc
SKIPPED = 77

# Messages of wasmtime's traps, by the ids of ours.
TRAPS = {
    "unreachable": ["wasm `unreachable` instruction executed"],
    "integer_divide_by_zero": ["integer divide by zero"],
    "integer_overflow": ["integer overflow"],
    "invalid_conversion_to_integer": ["invalid conversion to integer"],
    "out_of_bounds_memory_access": ["out of bounds memory access"],
    "out_of_bounds_table_access": ["out of bounds table access"],
    "undefined_element": ["undefined element"],
    "uninitialized_element": ["uninitialized element"],
    "indirect_call_type_mismatch": ["indirect call type mismatch"],
    "cast_failure": ["cast failure"],
    "out_of_bounds_array_access": ["out of bounds array access"],
    "call_stack_exhausted": ["call stack exhausted"],
    "unaligned_atomic": ["unaligned atomic", "out of bounds memory access"],
    "expected_shared_memory": ["atomic wait on non-shared memory"],
    "uncaught_exception": ["thrown Wasm exception", "thrown exception"],
    # All kinds of null references have one message there.
    "null": ["null reference", "uninitialized element"],
}


# An access both misaligned and out of bounds traps as either.
def same_trap(ours, message):
    key = "null" if ours.startswith("null_") else ours
    return any(text in message for text in TRAPS.get(key, []))


def is_nan(kind, bits):
    if kind == "f32":
        return bits & 0x7FFFFFFF > 0x7F800000
    return kind == "f64" and bits & (2**63 - 1) > 0x7FF0000000000000


def same_number(ours, theirs):
    return ours == theirs or (ours[0] == theirs[0] and is_nan(*ours) and is_nan(*theirs))


class Peer:
    """wasmtime with everything on that generated modules use."""

    def __init__(self):
        import wasmtime
        from wasmtime import _ffi as ffi

        self.api, self.ffi = wasmtime, ffi
        config = wasmtime.Config()
        for feature in ("tail_call", "multi_memory", "memory64", "exceptions", "function_references", "gc", "threads",
                        "wide_arithmetic", "simd", "reference_types", "bulk_memory", "multi_value"):
            setattr(config, f"wasm_{feature}", True)
        config.cranelift_opt_level = "none"
        config.parallel_compilation = False
        self.engine = wasmtime.Engine(config)

    def value(self, number):
        kind, bits = number
        val = self.api.Val
        if kind == "i32":
            return val.i32(bits - 2**32 if bits >= 2**31 else bits)
        if kind == "i64":
            return val.i64(bits - 2**64 if bits >= 2**63 else bits)
        if kind == "f32":
            return val.f32(struct.unpack("<f", struct.pack("<I", bits))[0])
        return val.f64(struct.unpack("<d", struct.pack("<Q", bits))[0])

    @staticmethod
    def number(kind, value):
        kind = str(kind)
        formats = {"i32": ("<i", "<I"), "i64": ("<q", "<Q"), "f32": ("<f", "<I"), "f64": ("<d", "<Q")}
        source, target = formats[kind]
        return [kind, struct.unpack(target, struct.pack(source, value))[0]]

    def run(self, path, expected):
        """Differences, in words."""
        api = self.api
        store = api.Store(self.engine)
        module = api.Module(self.engine, pathlib.Path(path).read_bytes())
        wide = api.ValType.i64()

        def mix(a, b):
            out = (a * 31 + b) & (2**64 - 1)
            return out - 2**64 if out >= 2**63 else out

        imports = [api.Func(store, api.FuncType([wide, wide], [wide]), mix)]
        exports = api.Instance(store, module, imports).exports(store)
        for call in expected["calls"]:
            wrong = self.call(store, exports, call)
            if wrong:
                yield f"{call['function']}({call['args']}): {wrong}"
                return
        for name, ours in expected["globals"].items():
            theirs = self.number(exports[name].type(store).content, exports[name].value(store))
            if not same_number(ours, theirs):
                yield f"global {name}: {ours} / {theirs}"
        for name, ours in expected["memories"].items():
            memory = exports[name]
            theirs = zlib.adler32(ctypes.string_at(memory.data_ptr(store), memory.data_len(store)))
            if ours != theirs:
                yield f"contents of memory {name} differ"
        for name, ours in expected["tables"].items():
            if exports[name].size(store) != len(ours):
                yield f"size of table {name}: {len(ours)} / {exports[name].size(store)}"

    def call(self, store, exports, call):
        exports["fuel"].set_value(store, self.api.Val.i32(COUNTDOWN))
        function = exports[call["function"]]
        try:
            results = function(store, *[self.value(arg) for arg in call["args"]])
        except Exception as error:  # a trap, or an exception thrown to us
            message = str(error)
            if call["outcome"] == "ok":
                return f"ok / {message.splitlines()[-1] if message else type(error).__name__}"
            if same_trap(call["outcome"], message or type(error).__name__):
                return None
            return f"{call['outcome']} / {message}"
        kinds = [str(kind) for kind in function.type(store).results]
        results = [] if not kinds else results if len(kinds) > 1 else [results]
        theirs = [self.number(kind, value) for kind, value in zip(kinds, results)]
        if call["outcome"] != "ok":
            return f"{call['outcome']} / {theirs}"
        if len(theirs) != len(call["results"]) or not all(map(same_number, call["results"], theirs)):
            return f"{call['results']} / {theirs}"
        return None


def enter_environment(folder):
    """Goes on in the virtual environment that has wasmtime, making it when it is not there."""
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        has = subprocess.run([str(python), "-c", "import wasmtime"], capture_output=True)
        if has.returncode != 0:
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", f"wasmtime=={VERSION}"], check=True,
                           capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"differential: left out: Python's package wasmtime can't be installed ({error})")
        sys.exit(SKIPPED)
    if pathlib.Path(sys.prefix).resolve() != folder.resolve():
        os.execv(str(python), [str(python), *sys.argv])


def compare_batch(peer, maker, folder, first, count, keep):
    made = subprocess.run([str(maker.resolve()), folder, str(first), str(count)], capture_output=True, text=True)
    lines = made.stdout.splitlines()
    failed = 0
    for line in lines:
        entry = json.loads(line)
        path = entry["module"]
        if entry["run"]["outcome"] != "ok":
            wrong = ["not instantiated here: " + entry["run"]["outcome"]]
        else:
            try:
                wrong = list(peer.run(path, entry["run"]))
            except Exception as error:  # does not compile or link there
                wrong = [f"wasmtime refuses the module: {error}"]
        if wrong:
            failed += 1
            print(f"differential: seed {pathlib.Path(path).stem}: ours / theirs:\n  " + "\n  ".join(wrong), flush=True)
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / pathlib.Path(path).name).write_bytes(pathlib.Path(path).read_bytes())
        os.remove(path)
    if made.returncode != 0:
        failed += 1
        print(f"differential: seed {first + len(lines)}: the interpreter died ({made.returncode}):\n{made.stderr[-4000:]}")
    return len(lines), failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maker", type=pathlib.Path, required=True, help="the program generated_modules")
    parser.add_argument("--python-env", type=pathlib.Path, required=True, help="virtual environment with wasmtime")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("FUZZ_SECONDS", 60)))
    parser.add_argument("--first", type=int, help="first seed (default: by the clock)")
    parser.add_argument("--most", type=int, help="stop after so many modules, whatever the time")
    parser.add_argument("--also", type=int, nargs="*", default=[], help="seeds to compare before those")
    parser.add_argument("--keep", type=pathlib.Path, help="where to leave modules that differ")
    args = parser.parse_args()
    enter_environment(args.python_env)
    peer = Peer()
    first = args.first if args.first is not None else int(time.time()) * 1000
    print(f"differential: seeds from {first}")
    modules = failed = 0
    end = time.monotonic() + args.seconds
    with tempfile.TemporaryDirectory(prefix="ashlar-differential-") as folder:
        for seed in args.also:
            done, wrong = compare_batch(peer, args.maker, folder, seed, 1, args.keep)
            modules += done
            failed += wrong
        while time.monotonic() < end and failed < 10 and (args.most is None or modules < args.most):
            done, wrong = compare_batch(peer, args.maker, folder, first, BATCH, args.keep)
            modules += done
            failed += wrong
            first += BATCH
    print(f"differential: {modules} modules, {failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
