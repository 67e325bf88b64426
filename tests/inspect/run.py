#!/usr/bin/env python3
"""Checks what tools from outside see of compiled code: perf's map and dump files, real perf, real GDB.

    files     the map and the dump of a C program, read by this script
    perf      the same program under perf record, perf inject and perf report
    gdb       breakpoints on lines, backtraces and steps under GDB

Exit code 77 with a reason where a tool is missing or may not be used.
"""

import argparse
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

GUEST = """\
#include <stdio.h>
#include <stdlib.h>

static int square(int x) {
  return x * x;  // square
}

__attribute__((noinline)) int work(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += square(i);  // calls square
    sum ^= i;  // after square
  }
  return sum;
}

__attribute__((noinline)) int outer(int n) {
  int a = work(n);  // calls work
  printf("a %d\\n", a);  // prints
  return a + 1;
}

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 10;
  int r = outer(n);  // calls outer
  printf("r %d\\n", r);
  return 0;
}
"""
LINES = {text.split("// ")[1]: number for number, text in enumerate(GUEST.splitlines(), 1) if "// " in text}


class Skip(Exception):
    pass


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


def tool(name):
    found = shutil.which(name)
    if not found:
        raise Skip(f"{name} is not installed")
    return found


class Work:
    """A folder with the guest, and the command in an environment of its own."""

    def __init__(self, folder, ashlar):
        self.folder = pathlib.Path(folder)
        self.ashlar = str(ashlar)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        (self.folder / "guest.c").write_text(GUEST)
        self.run([tool("clang-22"), "--target=wasm32-wasi", "-Wno-deprecated", "--sysroot=/usr", "-g", "-O1", "guest.c",
                  "-o", "guest.wasm"])

    def run(self, command, **more):
        done = subprocess.run(command, cwd=self.folder, env=self.environment | more, capture_output=True, timeout=240)
        done.text = done.stdout.decode(errors="replace")
        need(done.returncode == 0,
             f"{command} gave {done.returncode}:\n{done.text}{done.stderr.decode(errors='replace')}")
        return done

    def start(self, flags, **more):
        """Runs the guest to its end; returns its process number."""
        process = subprocess.Popen([self.ashlar, "run", *flags, "guest.wasm", "7"], cwd=self.folder,
                                   env=self.environment | more, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, complaints = process.communicate(timeout=240)
        need(process.returncode == 0 and out == b"a 94\nr 95\n" and not complaints, f"{flags}: {out} {complaints}")
        return process.pid


# perf's map

def read_map(pid):
    path = pathlib.Path(f"/tmp/perf-{pid}.map")
    text = path.read_text()
    path.unlink()
    rows = [re.fullmatch(r"([0-9a-f]+) ([0-9a-f]+) (.+)", line) for line in text.splitlines()]
    need(rows and all(rows), f"a line is none of a map:\n{text}")
    return [(int(row[1], 16), int(row[2], 16), row[3]) for row in rows]


def check_map(work):
    rows = read_map(work.start(["--profile=perf", "--no-cache"]))
    names = [name for _, _, name in rows]
    need("guest.wasm!main" in names and "guest.wasm!printf" in names, f"functions are missing: {names}")
    for (begin, size, name), (after, _, _) in zip(rows, rows[1:]):
        need(size > 0 and begin + size <= after, f"{name} reaches into the next function")


# jitdump, as perf's jitdump-specification.txt has it

HEADER = struct.Struct("<IIIIIIQQ")
PREFIX = struct.Struct("<IIQ")
LOAD = struct.Struct("<IIQQQQ")
CODE_LOAD, DEBUG_INFO = 0, 2


def read_lines(data):
    address, count = struct.unpack_from("<QQ", data)
    at, rows = 16, []
    for _ in range(count):
        where, line, _ = struct.unpack_from("<QII", data, at)
        end = data.index(b"\0", at + 16)
        rows.append((where, line, data[at + 16:end].decode()))
        at = end + 1
    return address, rows


def read_dump(path, pid):
    """[(name, address, code, its lines)]"""
    data = path.read_bytes()
    magic, version, size, _, _, owner, time, flags = HEADER.unpack_from(data)
    need((magic, version, size, owner, flags) == (0x4A695444, 1, HEADER.size, pid, 0), "the header is wrong")
    out, lines, at, indices = [], {}, HEADER.size, set()
    while at < len(data):
        kind, size, stamp = PREFIX.unpack_from(data, at)
        need(size > PREFIX.size and at + size <= len(data), "a record does not end")
        need(stamp >= time, "time goes backwards")
        time = stamp
        body = data[at + PREFIX.size:at + size]
        at += size
        if kind == DEBUG_INFO:
            address, rows = read_lines(body)
            lines[address] = rows
            continue
        need(kind == CODE_LOAD, f"a record of kind {kind}")
        owner, _, _, address, code_size, index = LOAD.unpack_from(body)
        need(owner == pid and index not in indices, "two functions with one number")
        indices.add(index)
        name = body[LOAD.size:body.index(b"\0", LOAD.size)]
        need(len(body) == LOAD.size + len(name) + 1 + code_size, f"{name}: perf takes the last bytes for the code")
        out.append((name.decode(), address, body[-code_size:], lines.get(address, [])))
    return out


def check_dump(work):
    pid = work.start(["--profile=jitdump", "--no-cache"])
    functions = read_dump(work.folder / f"jit-{pid}.dump", pid)
    by_name = {name: rest for name, *rest in functions}
    need("guest.wasm!main" in by_name, f"functions are missing: {list(by_name)}")
    seen = {(line, file) for *_, lines in functions for _, line, file in lines}
    source = str(work.folder / "guest.c")
    for text in ("square", "after square", "prints"):
        need((LINES[text], source) in seen, f"nothing of line {LINES[text]}")
    for name, address, code, lines in functions:
        places = [where for where, *_ in lines]
        need(places == sorted(places) and all(address <= p < address + len(code) for p in places), f"{name}: {places}")
    # Without the guest's lines they are offsets in the module.
    strip = shutil.which("llvm-strip-22")
    if strip:
        work.run([strip, "guest.wasm", "-o", "bare.wasm"])
        os.replace(work.folder / "bare.wasm", work.folder / "guest.wasm")
        other = work.folder / "dumps"
        other.mkdir()
        pid = work.start(["--profile=jitdump", "--no-cache"], JITDUMPDIR=str(other))
        files = {file for *_, lines in read_dump(other / f"jit-{pid}.dump", pid) for _, _, file in lines}
        need(files == {"guest.wasm"}, f"lines of {files}")


def check_files(work):
    check_map(work)
    check_dump(work)


# perf itself

def record(work, perf, flags, profile):
    """Samples a run that compiles nothing any more; returns the number of its process."""
    pid = work.start([f"--profile={profile}"])
    pathlib.Path(f"/tmp/perf-{pid}.map").unlink(missing_ok=True)
    guest = f"echo $$ >pid; exec '{work.ashlar}' run --profile={profile} guest.wasm 600000000"
    command = [perf, "record", "-q", "-e", "cpu-clock", *flags, "-o", "perf.data", "sh", "-c", guest]
    done = subprocess.run(command, cwd=work.folder, env=work.environment, capture_output=True, timeout=240)
    if done.returncode != 0:
        raise Skip(f"perf may not record here: {done.stderr.decode(errors='replace').strip()[:200]}")
    return int((work.folder / "pid").read_text())


def hottest(work, perf, data, *flags):
    report = work.run([perf, "report", "-i", data, "--stdio", "--comms=ashlar", *flags]).text
    rows = [line.strip() for line in report.splitlines() if re.match(r"\s+\d+\.\d+%", line)]
    need(rows, f"perf reports nothing:\n{report}")
    return rows[0], "\n".join(rows[:20])


def check_perf(work):
    perf = tool("perf")
    pid = record(work, perf, [], "perf")
    row, report = hottest(work, perf, "perf.data")
    need(re.search(r"guest\.wasm!(work|outer|main)", row), f"the map is not used:\n{report}")
    read_map(pid)
    record(work, perf, ["-k", "mono"], "jitdump")
    work.run([perf, "inject", "--jit", "-i", "perf.data", "-o", "perf.jit.data"])
    row, report = hottest(work, perf, "perf.jit.data")
    need(re.search(r"jitted-\d+-\d+\.so +\[\.\] guest\.wasm!(work|outer|main)", row), f"no dumped function:\n{report}")
    row, report = hottest(work, perf, "perf.jit.data", "-s", "srcline")
    line = re.search(r"guest\.c:(\d+)", row)
    need(line and LINES["square"] <= int(line[1]) <= LINES["after square"], f"no lines:\n{report}")


# GDB

def gdb(work, commands, flags=("-g", "--no-cache"), file="guest.wasm"):
    script = ["set confirm off", "set breakpoint pending on", "set style enabled off", "set width 0",
              "set debuginfod enabled off", *commands]
    (work.folder / "script").write_text("\n".join(script) + "\n")
    done = work.run([tool("gdb"), "-nx", "-batch", "-x", "script", "--args", work.ashlar, "run", *flags, file, "7"])
    return done.text


def need_lines(text, *patterns):
    """The patterns match lines of the text, in this order."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.MULTILINE).search(text, at)
        need(found, f"'{pattern}' is not where it should be in\n{text}")
        at = found.end()


def frames(first, *rest):
    """A backtrace: functions with the marks of their lines."""
    out = [rf"^#0 .*{first[0]} \(\) at guest\.c:{LINES[first[1]]}$"]
    return out + [rf"^#{i} .*\b{name} \(\) at guest\.c:{LINES[mark]}$" for i, (name, mark) in enumerate(rest, 1)]


def check_gdb(work):
    square, calls = LINES["square"], LINES["calls square"]
    # Whether gdb takes our main for the end depends on what symbols the build has.
    text = gdb(work, ["set backtrace past-main on", f"break guest.c:{LINES['after square']}", "run", "bt", "info source",
                      "delete", "finish", "step", "bt 2", "finish", "bt 1"])
    need_lines(text, rf"^Breakpoint 1, work \(\) at guest\.c:{LINES['after square']}$",
               *frames(("work", "after square"), ("outer", "calls work"), ("main", "calls outer")),
               # Through the guest's C library and ashlar itself, to the end.
               r"^#\d+ .* _start", r"^#\d+ .* ashlar_native_enter \(\)", r"^#\d+ .* __libc_start", r"^#\d+ .*_start \(\)$",
               r"^Current source file is guest\.c$", rf"^Located in {re.escape(str(work.folder))}/guest\.c$",
               r"^Source language is c\.$",
               rf"outer \(\) at guest\.c:{LINES['calls work']}$", rf"^{LINES['prints']}\t", *frames(("outer", "prints")))
    # A function that the guest's compiler inlined.
    text = gdb(work, ["break square", "run", "bt 4"])
    need_lines(text, rf"^Breakpoint 1, square \(\) at guest\.c:{square}$", r"^#0 .*square \(\)",
               rf"^#1 .*work \(\) at guest\.c:{calls}$", rf"^#2 .* in outer \(\) at guest\.c:{LINES['calls work']}$")
    # Out of ashlar into the guest, through the bridge.
    text = gdb(work, ["break ashlar_native_bridge_call", "run", "bt"])
    need_lines(text, r"^#0 .*ashlar_native_bridge_call", r"^#1 .*ashlar_native_bridge \(\)", r"^#2 .*__wasi_\w+ \(\)",
               r"^#\d+ .* ashlar_native_enter \(\)")
    # Optimized code, with functions that our compiler inlined.
    work.run([work.ashlar, "compile", "-O3", "-g", "guest.wasm", "-o", "guest.cwasm"])
    text = gdb(work, [f"break guest.c:{square}", "run", "bt"], ["-g", "--allow-precompiled"], "guest.cwasm")
    need_lines(text, rf"^Breakpoint 1(\.\d+)?, .*guest\.c:{square}$",
               *frames(("square", "square"), ("work", "calls square"), ("outer", "calls work"), ("main", "calls outer")))


CHECKS = {"files": check_files, "perf": check_perf, "gdb": check_gdb}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, required=True, help="the command")
    parser.add_argument("check", choices=CHECKS)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ashlar-inspect-") as folder:
        try:
            CHECKS[args.check](Work(folder, args.ashlar.resolve()))
        except Skip as reason:
            print(f"inspect: skipped: {reason}")
            return 77
        except Wrong as finding:
            print(f"inspect: {args.check}: {finding}")
            return 1
    print(f"inspect: {args.check}: good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
