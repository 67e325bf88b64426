#!/usr/bin/env python3
"""Runs .wast scripts with `ashlar wast` and compares the outcome with the list of known failures.

Each file is one process, so that a crash is charged to its file; --together gives all of them to one process.
Exit code: 0 all as expected, 1 a failure that is not listed or a listed one that passes, 77 no suite to run.

known_failures.txt: one `path[:line]  reason` a line, path relative to the suite. A path ending in / is a folder; without
a line the file (or folder) as a whole is expected to have failures. A crash is never a known failure.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77

Outcome = collections.namedtuple("Outcome", "passed skipped failures")  # failures: [(line, message)]
CRASH = 0  # in place of a line; never a known failure


class KnownFailures:
    """The list: what is expected to fail, and which of its lines were seen to."""

    def __init__(self, text, origin="known failures"):
        self.lines, self.files, self.folders, self.seen = {}, {}, {}, set()
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            key, _, reason = line.partition(" ")
            if not reason.strip():
                raise SystemExit(f"{origin}:{number}: {key} has no reason")
            name, colon, number_text = key.rpartition(":")
            if key.endswith("/"):
                self.folders[key] = reason.strip()
            elif colon and number_text.isdigit():
                self.lines[(name, int(number_text))] = reason.strip()
            else:
                self.files[key] = reason.strip()

    def folder_of(self, file):
        return next((folder for folder in self.folders if file.startswith(folder)), None)

    def expects(self, file, line):
        """Is a failure at this line listed? Marks the entry as seen."""
        for key in ((file, line), file, self.folder_of(file)):
            if key in self.lines or key in self.files or key in self.folders:
                self.seen.add(key)
                return True
        return False

    def stale(self, files_run):
        """Entries that were run and did not fail."""
        for key in [*self.lines, *self.files, *self.folders]:
            file = key[0] if isinstance(key, tuple) else key
            was_run = any(name.startswith(file) for name in files_run) if file.endswith("/") else file in files_run
            if was_run and key not in self.seen:
                yield f"{file}:{key[1]}" if isinstance(key, tuple) else file


def crash(code, text):
    reason = f"killed by signal {-code}" if code < 0 else f"exit code {code} without a report"
    lines = text.strip().splitlines()
    # A sanitizer's report begins with what matters.
    start = next((i for i, line in enumerate(lines) if "ERROR:" in line or "runtime error:" in line), max(0, len(lines) - 12))
    return Outcome(0, 0, [(CRASH, "\n    ".join([reason, *lines[start : start + 12]]))])


def run_scripts(command, paths, timeout):
    """{path: Outcome} of one process over the paths."""
    try:
        done = subprocess.run([*command, "--json", *map(str, paths)], capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return {path: Outcome(0, 0, [(CRASH, f"still running after {timeout} s")]) for path in paths}
    try:
        report = json.loads(done.stdout.decode(errors="replace"))
        files = report["files"]
        if len(files) != len(paths):
            raise ValueError(f"{len(files)} files reported")
    except (ValueError, KeyError, TypeError):
        return {path: crash(done.returncode, done.stderr.decode(errors="replace")) for path in paths}
    outcomes = {}
    for path, entry in zip(paths, files):
        failures = [(failure.get("line", 0), f"{failure.get('kind', '')}: {failure.get('message', '')}")
                    for failure in entry.get("failures", [])]
        if entry.get("failed", 0) and not failures:
            failures = [(0, f"{entry['failed']} failures without details")]
        outcomes[path] = Outcome(entry.get("passed", 0), entry.get("skipped", 0), failures)
    any_failed = any(outcome.failures for outcome in outcomes.values())
    if (done.returncode != 0) != any_failed:
        outcomes[paths[-1]].failures.append((CRASH, f"exit code {done.returncode} disagrees with the report: "
                                             + done.stderr.decode(errors="replace")[-2000:]))
    return outcomes


def flags_of_run_line(path):
    """What the comment `;; RUN: ... -f FEATURES` in front of a script asks for. Its names begin with cm for gates of the
    Component Model; what is on by default has none."""
    gates, features = [], []
    for line in path.read_text(errors="replace").splitlines()[:5]:
        for name in (line.split(" -f ")[1].split()[0].split(",") if ";; RUN" in line and " -f " in line else []):
            if name == "cm64":
                gates.append("memory64")
            elif name == "cm-canon-names":
                gates.append("canonical-names")
            elif name.startswith("cm-"):
                gates.append(name[3:])
            elif name == "shared-everything-threads":
                gates.append(name)
            else:
                features.append(name)
    return [f"--gates={','.join(gates)}"] * bool(gates) + [f"-W{','.join(features)}"] * bool(features)


def run_all(command, paths, jobs, timeout, together, run_lines):
    if together:
        return run_scripts(command, paths, timeout)
    outcomes = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        def one(path):
            return run_scripts([*command, *(flags_of_run_line(path) if run_lines else [])], [path], timeout)
        for part in pool.map(one, paths):
            outcomes |= part
    return outcomes


def judge(outcomes, known, root, show):
    """Prints what is unexpected; returns whether all is as expected."""
    passed = skipped = expected = 0
    unexpected = []
    for path, outcome in outcomes.items():
        name = path.relative_to(root).as_posix()
        passed += outcome.passed
        skipped += outcome.skipped
        for line, message in outcome.failures:
            if line != CRASH and known.expects(name, line):
                expected += 1
            else:
                unexpected.append(f"{name}:{line}: {message}")
    for text in unexpected[:show]:
        print(text)
    if len(unexpected) > show:
        print(f"... and {len(unexpected) - show} more")
    names = {path.relative_to(root).as_posix() for path in outcomes}
    stale = list(known.stale(names))
    for entry in stale:
        print(f"{entry}: listed as a known failure, but passes: take it off the list")
    print(f"{len(outcomes)} files: {passed} passed, {len(unexpected)} failed, {expected} known failures, "
          f"{skipped} skipped, {len(stale)} stale entries")
    return not unexpected and not stale


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--ashlar", required=True, help="the command")
    parser.add_argument("--root", type=pathlib.Path, default=os.environ.get("ASHLAR_SPEC_DIR"),
                        help="the suite; also the environment variable ASHLAR_SPEC_DIR")
    parser.add_argument("--default-root", type=pathlib.Path, default=HERE.parents[2] / "shared" / "spec")
    parser.add_argument("--known", type=pathlib.Path, default=HERE / "known_failures.txt")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one process")
    parser.add_argument("--max-seconds", type=float, help="fail when the whole run takes longer")
    parser.add_argument("--together", action="store_true", help="all files in one process")
    parser.add_argument("--run-lines", action="store_true",
                        help="give each script the features that its comment ';; RUN: ... -f FEATURES' names")
    parser.add_argument("--skip-known", action="store_true", help="leave out files of which everything may fail")
    parser.add_argument("--only", action="append", default=[], help="only files whose path holds this text, or another --only's")
    parser.add_argument("--without", action="append", default=[], help="leave out files whose path holds this text")
    parser.add_argument("--show", type=int, default=40, help="how many unexpected failures to print")
    # What is not ours is a flag for `ashlar wast`.
    args, flags = parser.parse_known_args()
    flags = [flag for flag in flags if flag != "--"]

    root = (args.root or args.default_root).resolve()
    paths = sorted(path for path in root.rglob("*.wast")
                   if not args.only or any(text in str(path.relative_to(root)) for text in args.only))
    paths = [path for path in paths if not any(text in str(path.relative_to(root)) for text in args.without)]
    if not paths:
        print(f"SKIPPED: no .wast files in {root}; ASHLAR_SPEC_DIR names the folder of the specification suite")
        return SKIPPED
    known = KnownFailures(args.known.read_text() if args.known.exists() else "", args.known)
    if args.skip_known:
        paths = [path for path in paths if not known.folder_of(path.relative_to(root).as_posix())]
    start = time.monotonic()
    outcomes = run_all([args.ashlar, "wast", *flags], paths, args.jobs, args.timeout, args.together, args.run_lines)
    took = time.monotonic() - start
    good = judge(outcomes, known, root, args.show)
    print(f"{took:.1f} s")
    if args.max_seconds and took > args.max_seconds:
        print(f"too slow: {args.max_seconds:.0f} s are allowed")
        good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
