#!/usr/bin/env python3
"""Runs golden tests of the command: *.test files that say what to run and what must come out.

A file holds cases, each with its own empty folder:

    === name of the case
    $ ashlar run add.wat --invoke add 2 3      one shell command line or more; `ashlar` is the command under test
    --- file add.wat                           a file to write before the run (the folder is the working directory)
    (module ...)
    --- stdin
    --- exit 134                               expected exit code (0 when absent)
    --- stdout                                 expected output (empty when absent)
    5
    --- stderr

Text before the first case is a comment. In expected output `[..]` stands for any text in a line, a line `...` for any
lines; a last line `[no newline]` says that the output does not end with one. `{tests}` in a command is this folder's parent.
Only letters after `--- ` that name a section are taken as one: other lines beginning with dashes are content.

--tier=NAME adds that flag to `ashlar run` and `ashlar wast`: what they say must not depend on the tier.

--bless rewrites exit, stdout and stderr of the cases that differ with what came out.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import difflib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

SECTION = re.compile(r"^--- (?:(stdin|stdout|stderr)|(exit) (-?\d+)|(file) (\S+))$")
NO_NEWLINE = "[no newline]"
LAST_WRITES_S = 30


@dataclasses.dataclass
class Case:
    name: str
    line: int
    commands: list = dataclasses.field(default_factory=list)
    files: dict = dataclasses.field(default_factory=dict)
    stdin: str = ""
    exit: int = 0
    stdout: str = ""
    stderr: str = ""


def read_cases(text, origin):
    """(the comment before the first case, the cases)."""
    head, cases, sink = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("=== "):
            cases.append(Case(line[4:].strip(), number))
            sink = None
        elif not cases:
            head.append(line)
        elif match := SECTION.match(line):
            case = cases[-1]
            stream, is_exit, code, is_file, file = match.groups()
            if is_exit:
                case.exit, sink = int(code), None
            elif is_file:
                case.files[file] = ""
                sink = ("file", file)
            else:
                sink = ("stream", stream)
        elif sink is not None:
            case = cases[-1]
            if sink[0] == "file":
                case.files[sink[1]] += line + "\n"
            else:
                setattr(case, sink[1], getattr(case, sink[1]) + line + "\n")
        elif line.startswith("$ "):
            cases[-1].commands.append(line[2:])
        elif line.strip():
            raise SystemExit(f"{origin}:{number}: neither a command ($ ...) nor a section: {line}")
    for case in cases:
        if not case.commands:
            raise SystemExit(f"{origin}:{case.line}: the case has no command")
    return head, cases


def write_cases(head, cases):
    out = list(head)
    for case in cases:
        out += [f"=== {case.name}", *(f"$ {command}" for command in case.commands)]
        for name, text in case.files.items():
            out += [f"--- file {name}", *text.splitlines()]
        if case.stdin:
            out += ["--- stdin", *case.stdin.splitlines()]
        if case.exit:
            out.append(f"--- exit {case.exit}")
        for stream in ("stdout", "stderr"):
            if getattr(case, stream):
                out += [f"--- {stream}", *without_blank_tail(getattr(case, stream))]
        if case is not cases[-1]:
            out.append("")
    return "\n".join(out) + "\n"


def as_lines(raw):
    """Output as the lines that a test file would hold."""
    text = raw.decode(errors="backslashreplace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines.append(NO_NEWLINE)
    return lines


def line_matches(expected, got):
    if "[..]" not in expected:
        return expected == got
    return re.fullmatch(".*".join(re.escape(part) for part in expected.split("[..]")), got) is not None


def lines_match(expected, got):
    """Do the lines match, `...` standing for any number of them?"""
    if not expected:
        return not got
    if expected[0] == "...":
        return any(lines_match(expected[1:], got[skip:]) for skip in range(len(got) + 1))
    return bool(got) and line_matches(expected[0], got[0]) and lines_match(expected[1:], got[1:])


# In place of the command, when a tier is asked for.
WRAPPER = """#!/bin/sh
case $1 in
run|wast) subcommand=$1; shift; exec {ashlar} $subcommand --tier={tier} --no-cache "$@";;
esac
exec {ashlar} "$@"
"""


def put_command(place, ashlar, tier):
    if tier is None:
        place.symlink_to(ashlar)
        return
    place.write_text(WRAPPER.format(ashlar=shlex.quote(str(ashlar)), tier=tier))
    place.chmod(0o755)


@contextlib.contextmanager
def temporary_folder():
    """A folder that goes at the end, even when the compiler program, which may outlive the command, still writes there."""
    top = tempfile.mkdtemp(prefix="ashlar-golden-")
    try:
        yield top
    finally:
        for _ in range(LAST_WRITES_S * 10):
            shutil.rmtree(top, ignore_errors=True)
            if not os.path.exists(top):
                break
            time.sleep(0.1)


def run_case(case, ashlar, tests, timeout, tier=None):
    """(exit code, stdout lines, stderr lines)."""
    with temporary_folder() as top:
        # The command is found by its name, whatever the file is called.
        tool, work = pathlib.Path(top) / "tool", pathlib.Path(top) / "work"
        tool.mkdir()
        work.mkdir()
        put_command(tool / "ashlar", ashlar, tier)
        for name, text in case.files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text)
        environment = {"PATH": f"{tool}:/usr/bin:/bin", "HOME": str(work), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        environment |= {key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}
        script = "\n".join(case.commands).replace("{tests}", str(tests))
        try:
            done = subprocess.run(["bash", "-c", script], cwd=work, env=environment, input=case.stdin.encode(),
                                  capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            return None, [f"still running after {timeout} s"], []
        return done.returncode, as_lines(done.stdout), as_lines(done.stderr)


def without_blank_tail(text):
    """Expected lines; a blank line before the next case is layout, not content."""
    lines = text.splitlines()
    while lines and not lines[-1]:
        lines.pop()
    return lines


def differences(case, exit_code, outputs):
    found = []
    if exit_code != case.exit:
        found.append(f"exit code {exit_code}, expected {case.exit}")
    for stream, got in outputs.items():
        expected = without_blank_tail(getattr(case, stream))
        trimmed = without_blank_tail("\n".join(got))
        if not lines_match(expected, trimmed):
            found += [f"{stream} differs:", *difflib.unified_diff(expected, trimmed, "expected", "got", lineterm="")]
    return found


def run_file(path, args):
    head, cases = read_cases(path.read_text(), path)
    failed, report = 0, []
    for case in cases:
        if (args.only and args.only not in case.name) or any(text in case.name for text in args.without):
            continue
        exit_code, stdout, stderr = run_case(case, args.ashlar.resolve(), path.parent.parent.resolve(), args.timeout,
                                             args.tier)
        outputs = {"stdout": stdout, "stderr": stderr}
        found = differences(case, exit_code, outputs)
        if not found:
            continue
        if args.bless and exit_code is not None:
            case.exit = exit_code
            for stream, got in outputs.items():
                if not lines_match(without_blank_tail(getattr(case, stream)), without_blank_tail("\n".join(got))):
                    setattr(case, stream, "".join(line + "\n" for line in got))
            report.append(f"{path}:{case.line}: {case.name}: blessed")
        else:
            failed += 1
            report += [f"{path}:{case.line}: {case.name}", *("    " + line for line in found)]
    if args.bless and report:
        path.write_text(write_cases(head, cases))
    return len(cases), failed, report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, required=True, help="the command")
    parser.add_argument("--tier", help="run modules in this tier")
    parser.add_argument("--without", action="append", default=[], help="leave out cases whose name holds this text")
    parser.add_argument("--bless", action="store_true", help="take what comes out as expected")
    parser.add_argument("--only", help="only cases whose name holds this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one case")
    parser.add_argument("paths", type=pathlib.Path, nargs="*", help="*.test files or folders of them (default: here)")
    args = parser.parse_args()
    files = []
    for path in args.paths or [pathlib.Path(__file__).resolve().parent]:
        files += sorted(path.rglob("*.test")) if path.is_dir() else [path]
    total = failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for count, bad, report in pool.map(lambda path: run_file(path, args), files):
            total, failed = total + count, failed + bad
            print(*report, sep="\n", end="\n" if report else "")
    print(f"golden: {len(files)} files, {total} cases, {failed} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
