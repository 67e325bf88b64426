#!/usr/bin/env python3
"""Instances that answer several requests, one after another: `ashlar serve --reuse`.

Usage: reuse.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import signal
import subprocess
import sys
import time

import run
from config import Folder, check, wait_for_log
from programs import PROGRAMS
from run import PATHS, SECONDS, Service, equal, read_all, read_answer, request, split, unchunk

TESTS = []
# No instance goes while a busy machine keeps this waiting.
REUSE = ("--reuse", "--idle-instance-timeout", "60s")


def test(f):
    TESTS.append(f)
    return f


def ask(c, path, status=200):
    """The body of an answer with a length; the connection, and with it the loop, stays."""
    c.sendall(request(path))
    got = read_answer(c)
    equal(got[0], status, path)
    return got[2]


def counts(c, times):
    """What /count says: the how manieth request of its instance each is."""
    return "".join(ask(c, "/count").decode() for _ in range(times))


@test
def off_unless_asked_for(args):
    for flags in ((), ("--max-instance-reuse-count", "1")):
        with Service(args, *flags) as s, s.connect() as c:
            equal(counts(c, 3), "111")


@test
def as_many_requests_as_it_may(args):
    with Service(args, "--max-instance-reuse-count", "3", "--idle-instance-timeout", "60s") as s, s.connect() as c:
        equal(counts(c, 8), "12312312")
    with Service(args, *REUSE) as s, s.connect() as c:
        equal(counts(c, 9), "123456789")
        # Those that meet one loop at the same time have an instance each, and these stay.
        others = [s.connect() for _ in range(8)]
        for other in others:
            other.sendall(request("/sleep"))
        for other in others:
            equal(read_answer(other)[0], 200)
        firsts = [counts(other, 1) for other in others]
        assert "1" not in firsts, firsts


@test
def failures_end_it(args):
    """A trap, a time limit, and a client that goes: what comes next finds a new one."""
    with Service(args, *REUSE, "--timeout", "1s") as s, s.connect() as c:
        for path, status in (("/trap", 500), ("/spin", 504), ("/wait", 504)):
            equal(counts(c, 2), "12", f"before {path}")
            ask(c, path, status)
            equal(counts(c, 2), "12", f"behind {path}")
            ask(c, "/trap", 500)
        # An error, and no response at all, are no failures of the instance.
        equal(counts(c, 1), "1")
        for path, status in (("/error", 504), ("/silent", 502), ("/nope", 404)):
            ask(c, path, status)
        equal(counts(c, 1), "5")
    with Service(args, *REUSE) as s:
        with s.connect() as c:
            equal(counts(c, 1), "1")
            c.sendall(request("/wait"))
            time.sleep(0.2)
        with s.connect() as c:
            # It may take a moment until it is known that the client has gone; nobody waits for its instance.
            equal(counts(c, 2), "12")


@test
def requests_are_kept_apart(args):
    """What an instance has kept of an earlier request changes nothing of a later one."""
    with Service(args, *REUSE) as s, s.connect() as c:
        ask(c, "/keep", 502)
        equal(ask(c, "/count"), b"2")
        c.sendall(request("/old"))
        equal(read_answer(c)[::2], (200, b"Hello, world!\n"))
        equal(ask(c, "/count"), b"4")
        # A body that was not finished fails with its request, and not with its instance.
        with s.connect() as other:
            other.sendall(request("/drop", fields="connection: close\r\n"))
            assert not read_all(other).endswith(b"0\r\n\r\n")
        # Bodies that nobody read, in part or at all.
        big = b"x" * 300_000
        for _ in range(3):
            with s.connect() as other:
                other.sendall(request("/hello", "POST", f"content-length: {len(big)}\r\nconnection: close\r\n"))
                try:
                    other.sendall(big)
                except OSError:
                    pass
                read_all(other)  # the answer, or as much as a reset has left of it
        answer = split(s.exchange(request("/echo", "POST", "content-length: 4\r\nconnection: close\r\n", b"four")))
        equal(unchunk(answer[2]), (b"four", b"x-trailer: done\r\n\r\n"))


@test
def limits(args):
    """Of waiting, of age, and of memory."""
    with Service(args, "--reuse", "--idle-instance-timeout", "1s") as s, s.connect() as c:
        equal(counts(c, 1), "1")
        time.sleep(2.5)
        equal(counts(c, 1), "1", "it has waited for too long")
    with Service(args, "--reuse", "--max-instance-age", "2s", "--idle-instance-timeout", "60s") as s, s.connect() as c:
        equal(counts(c, 1), "1")
        time.sleep(3)
        equal(counts(c, 1), "1", "it has become too old")
    with Service(args, *REUSE, "--max-memory", "8M", "--max-instance-memory", "1M") as s, s.connect() as c:
        equal(counts(c, 2), "12")
        ask(c, "/grow")
        equal(counts(c, 2), "12", "it has grown too much")
    with Service(args, *REUSE, "--max-memory", "8M") as s, s.connect() as c:
        ask(c, "/grow")
        equal(counts(c, 1), "2")


@test
def routes_and_reloads(args):
    with Folder() as f:
        f.hello("a.wat", "first version\\n")
        f.write("""
[[route]]
name = "kept"
module = "a.wat"
reuse = { requests = 4, idle_timeout = "30s", max_age = "10m", max_memory = "64M" }

[[route]]
name = "fresh"
host = "fresh"
module = "a.wat"
reuse = false
""")
        with Service(args, guest=f.toml) as s, s.connect() as c:
            equal(counts(c, 6), "123412")
            for _ in range(2):
                c.sendall(request("/count").replace(b"host: test", b"host: fresh"))
                equal(read_answer(c)[2], b"1")
            # Nobody meets an old instance when its program is another.
            f.hello("a.wat", "the new one..\\n")
            wait_for_log(s, "reloaded")
            equal(ask(c, "/hello"), b"the new one..\n")
            equal(counts(c, 2), "23")
            # Of what did not change they stay.
            s.process.send_signal(signal.SIGHUP)
            wait_for_log(s, "0 of 2 programs are new")
            equal(counts(c, 2), "41")


@test
def who_cannot(args):
    """Programs end with their requests."""
    for style in ("raw", "cgi"):
        code, text = check(args, PROGRAMS, "--reuse", "--style", style)
        assert code == 1 and "is a WASI program, which ends with its request" in text, (code, text)
    with Folder() as f:
        (f.path / "p.wat").write_text(PROGRAMS.read_text())
        f.write('[[route]]\nmodule = "p.wat"\nkind = "raw"\nreuse = true\n')
        code, text = check(args, f.toml)
        assert code == 1 and "is a WASI program, which ends with its request" in text, (code, text)
        f.write('[[route]]\nmodule = "p.wat"\nreuse = { count = 3 }\n')
        code, text = check(args, f.toml)
        assert code == 1 and "requests" in text, (code, text)
    for flags in (("--idle-instance-timeout", "1s"), ("--max-instance-age", "1s"), ("--max-instance-memory", "1M")):
        done = subprocess.run([args.ashlar, "serve", PATHS, *flags], capture_output=True, timeout=SECONDS)
        assert done.returncode == 2 and b"--reuse" in done.stderr, done.stderr
    done = subprocess.run([args.ashlar, "serve", PATHS, "--max-instance-reuse-count", "0"], capture_output=True,
                          timeout=SECONDS)
    assert done.returncode == 2 and b"1 at least" in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(run.main(TESTS, __doc__))
