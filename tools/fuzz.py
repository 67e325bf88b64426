#!/usr/bin/env python3
"""Runs libFuzzer targets: each over its corpus, then for a while on new inputs.

fuzz/corpus/<target>/ holds the inputs that are kept (regressions and seeds); new ones go to a folder of their own, so
that a run leaves no file in the project unless --keep asks for the findings under fuzz/findings/<target>/.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPEC = pathlib.Path(os.environ.get("ASHLAR_SPEC_DIR", ROOT.parent / "shared" / "spec"))
# Inputs of the generator: every byte is a choice, so length is depth from the start.
FLAGS = {name: ["-max_len=4096", "-len_control=0"] for name in ("execute", "collect")}
SEED_KINDS = {"decode_validate": [".wasm"], "execute": [".wasm"], "text_roundtrip": [".wasm", ".wat"]}
SEED_BYTES = 8192


def make_seeds(bin_folder, name, folder):
    """More seeds where they are at hand: the modules of the specification's suite."""
    maker = bin_folder / "round_trip"
    if name not in SEED_KINDS or not maker.exists() or not SPEC.is_dir():
        return []
    subprocess.run([str(maker), "--dump", str(folder), str(SPEC)], capture_output=True)
    for path in folder.iterdir():
        if path.suffix not in SEED_KINDS[name] or path.stat().st_size > SEED_BYTES:
            path.unlink()
    return [str(folder)]


def same_addresses():
    """What makes programs see the same addresses each time, which the mutations of a seed depend on; where it may."""
    command = ["setarch", "-R"]
    try:
        allowed = subprocess.run([*command, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    return command if allowed else []


def run_one(binary, args):
    name = binary.name.removeprefix("fuzz_")
    kept = ROOT / "fuzz" / "corpus" / name
    with tempfile.TemporaryDirectory(prefix="ashlar-fuzz-") as work:
        fresh = pathlib.Path(work) / "corpus"
        fresh.mkdir()
        findings = ROOT / "fuzz" / "findings" / name if args.keep else pathlib.Path(work)
        findings.mkdir(parents=True, exist_ok=True)
        corpora = [str(fresh)] + ([str(kept)] if kept.is_dir() else [])
        limits = [f"-artifact_prefix={findings}/", "-rss_limit_mb=3000", "-print_final_stats=1"]
        limits += FLAGS.get(name, [])
        # Slow inputs are for `make fuzz` to find; a test, which may share its machine, looks for endless ones.
        limits.append(f"-timeout={20 if args.keep else 200}")
        prefix = []
        if args.seconds == 0:
            limits.append("-runs=0")
        else:
            limits.append(f"-max_total_time={args.seconds}")
            if not args.keep:
                # A test: the same inputs each time, as far as the time goes; `make fuzz` looks further.
                limits.append("-seed=1")
                prefix = same_addresses()
            seeds = pathlib.Path(work) / "seeds"
            seeds.mkdir()
            corpora += make_seeds(args.bin, name, seeds)
        environment = dict(os.environ)
        # The runtime's own fault handler must see faults in guest memory before the sanitizer does.
        environment.setdefault("ASAN_OPTIONS", "allow_user_segv_handler=1:detect_leaks=1")
        done = subprocess.run([*prefix, str(binary), *limits, *corpora], capture_output=True, text=True, errors="replace",
                              env=environment)
        inputs = [path for path in findings.iterdir() if path.name.startswith(("crash-", "leak-", "timeout-", "oom-"))]
        return name, done.returncode, done.stderr, [(path.name, path.read_bytes()[:4096]) for path in inputs]


def summary(log):
    facts = [line.split(":")[-1].strip() for line in log.splitlines() if "number_of_executed_units" in line]
    return f"{facts[0]} inputs" if facts else "no statistics"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the fuzz_* programs")
    parser.add_argument("--target", help="only this one (without fuzz_)")
    parser.add_argument("--seconds", type=int, default=os.environ.get("FUZZ_SECONDS", 60),
                        help="time on new inputs (default: the environment's FUZZ_SECONDS, or 60); 0: the corpus only")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave findings under fuzz/findings")
    args = parser.parse_args()

    pattern = f"fuzz_{args.target or '*'}"
    binaries = sorted(path for path in args.bin.glob(pattern) if os.access(path, os.X_OK) and path.is_file())
    if not binaries:
        print(f"fuzz: no {pattern} in {args.bin}: build the target fuzzers first")
        return 1
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for name, code, log, inputs in pool.map(lambda binary: run_one(binary, args), binaries):
            print(f"fuzz {name}: {'ok' if code == 0 else 'FINDING'}, {summary(log)}", flush=True)
            if code != 0:
                failed += 1
                print(log[-6000:])
                for file, data in inputs:
                    print(f"{file} (first bytes): {data.hex()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
