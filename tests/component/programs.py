#!/usr/bin/env python3
"""Runs components as programs with `ashlar run` and compares what they print.

Exit code: 0 all as expected, 1 not. The last line says how many passed.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HELLO = "examples/components/hello.wat"
SOCKETS = "tests/component/sockets.wat"
KEYVALUE = "tests/component/keyvalue.wat"
NONE, ACCESS_DENIED, INVALID_ARGUMENT, NOT_IN_PROGRESS, RESOLVER_OFF = "99\n", "1\n", "3\n", "7\n", "20\n"

NOTHING = None

# (what is tested, arguments of `ashlar run`, exit code, standard output, a text that standard error has; NOTHING: it has
# none at all)
CASES = [
    ("a command prints a line", [HELLO], 0, "hello from a component\n", ""),
    ("arguments reach it", [HELLO, "one", "two three"], 0, "hello from a component\none\ntwo three\n", ""),
    ("an export is called", ["--invoke", "add(3, 4)", "tests/component/values.wat"], 0, "7\n", ""),
    ("records and lists", ["--invoke", 'join({a: "x", b: ["y", "zz"]})', "tests/component/values.wat"], 0, "4\n", ""),
    ("a trap has the exit code of traps", ["--invoke", "trap()", "tests/component/values.wat"], 134, "", "unreachable"),
    ("an unknown export is named", ["--invoke", "nothing()", "tests/component/values.wat"], 1, "", "nothing"),
    ("too few arguments", ["--invoke", "add(3)", "tests/component/values.wat"], 2, "", "`y` is missing"),
    ("the insecure seed stays the same", ["--invoke", "same-seed()", "tests/component/wasi.wat"], 0, "true\n", ""),
    # 32: not-permitted.
    ("a read-only grant permits no change", ["--dir", ".:ro", "--invoke", "make()", "tests/component/wasi.wat"], 0, "32\n", ""),
    ("a socket can be made", ["--invoke", "create()", SOCKETS], 0, NONE, ""),
    ("no TCP at all", ["-S", "tcp=n,inherit-network", "--invoke", "create()", SOCKETS], 0, ACCESS_DENIED, ""),
    ("nothing may be bound", ["--invoke", "bind(0)", SOCKETS], 0, ACCESS_DENIED, ""),
    ("a rule allows it", ["--allow-net", "10.0.0.0/8,localhost", "--invoke", "bind(0)", SOCKETS], 0, NONE, ""),
    ("a rule's port", ["--allow-net", "localhost:1-65535", "--invoke", "bind(0)", SOCKETS], 0, ACCESS_DENIED, ""),
    ("everything", ["-S", "inherit-network", "--invoke", "bind(0)", SOCKETS], 0, NONE, ""),
    ("what was not begun", ["--invoke", "finish-without-start()", SOCKETS], 0, NOT_IN_PROGRESS, ""),
    ("a forged handle", ["--invoke", "forged()", SOCKETS], 134, "", "unknown handle index 12345"),
    ("another resource's handle", ["--invoke", "confused()", SOCKETS], 134, "", "wrong type of resource"),
    ("no name may be looked up", ["--invoke", 'resolve("localhost")', SOCKETS], 0, ACCESS_DENIED, ""),
    ("an address may", ["--invoke", 'resolve("::1")', SOCKETS], 0, NONE, ""),
    ("a name that a rule has", ["--allow-net", "localhost:1", "--invoke", 'resolve("localhost")', SOCKETS], 0, NONE, ""),
    ("every name", ["--allow-name-lookup", "--invoke", 'resolve("localhost")', SOCKETS], 0, NONE, ""),
    ("what is no name", ["--allow-name-lookup", "--invoke", 'resolve("a b")', SOCKETS], 0, INVALID_ARGUMENT, ""),
    ("no resolver", ["-S", "allow-ip-name-lookup=n", "--invoke", 'resolve("localhost")', SOCKETS], 0, RESOLVER_OFF, ""),
    ("a bad rule", ["--allow-net", "10.0.0.0/33", SOCKETS], 2, "", "--allow-net: '10.0.0.0/33'"),
    ("a store is not there without its flag", [KEYVALUE], 1, "", "--keyvalue enables wasi:keyvalue"),
    ("what is stored is there", ["--keyvalue", "memory", "--config", "a=b", "--logging", "info", "--invoke", "run()",
     KEYVALUE], 0, "5\n", "warn [keyvalue]: stored\n"),
    ("logs below the level are not shown", ["--keyvalue", "memory", "--config", "a=b", "--logging", "error", "--invoke",
     "run()", KEYVALUE], 0, "5\n", NOTHING),
    ("a store of another name", ["--keyvalue", "other=memory", "--config", "a=b", "--logging", "info", "--invoke",
     "run()", KEYVALUE], 0, "1000\n", ""),
    ("a bad level", ["--logging", "loud", KEYVALUE], 2, "", "--logging: 'loud'"),
    ("a listening socket is no component's", ["--listen", "127.0.0.1:0", HELLO], 1, "", "--listen for components"),
    ("a preloaded module is no component's", ["--preload", f"x={HELLO}", HELLO], 1, "", "--preload for components"),
    ("missing imports are named", ["tests/component/imports.wat"], 1, "", "test:missing/iface@1.0.0"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--ashlar", required=True)
    args, flags = parser.parse_known_args()
    failed = 0
    for what, arguments, code, stdout, stderr in CASES:
        done = subprocess.run([args.ashlar, "run", *flags, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)
        wrong = done.stderr != "" if stderr is NOTHING else stderr not in done.stderr
        if (done.returncode, done.stdout) != (code, stdout) or wrong:
            failed += 1
            print(f"{what}: exit code {done.returncode}, output {done.stdout!r}, errors {done.stderr!r}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
