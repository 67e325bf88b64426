#!/usr/bin/env python3
"""`ashlar serve` under mixed load for a while, with reloads every second: programs of all kinds that answer, trap, loop
into their time limit, wait, echo slow bodies and lose their clients. No request is lost, and what the server holds does not
grow: memory, descriptors, threads.

Usage: soak.py --ashlar PROGRAM [--tier interp|optimizing|auto] [--seconds N] [--clients N]
ASHLAR_SOAK_SECONDS is another way to say how long.
"""

import argparse
import collections
import os
import pathlib
import random
import re
import signal
import socket
import statistics
import sys
import threading
import time

from config import Folder, guest, replace, wait_for
from programs import PROGRAMS
from run import SECONDS, Service, read_answer, request, split, unchunk

VERSIONS = ("version one..\n", "version two..\n")
SERVICE = """
[server]
drain_timeout = "20s"
idle_timeout = "30s"

[[route]]
name = "component"
module = "a.wat"
env = {{ N = "{n}" }}
allow_http = "host{n}.example"

[[route]]
name = "loops"
host = "loops"
module = "a.wat"
timeout = "300ms"

[[route]]
name = "slow"
host = "slow"
module = "b.wat"

[[route]]
name = "kept"
host = "kept"
module = "b.wat"
reuse = {{ requests = 50, idle_timeout = "500ms" }}

[[route]]
name = "raw"
host = "raw"
module = "p.wat"
kind = "raw"
max_memory = "16M"

[[route]]
name = "raw loops"
host = "raw-loops"
module = "p.wat"
kind = "raw"
timeout = "300ms"

[[route]]
name = "cgi"
host = "cgi"
module = "p.wat"
kind = "cgi"
max_requests = 100
env = {{ N = "{n}" }}
"""


class Load:
    """Threads that send what is theirs until it ends. What did not get the answer that it ought to is a failure."""

    def __init__(self, service, seed):
        self.service, self.seed = service, seed
        self.ends = threading.Event()
        self.lock = threading.Lock()
        self.counts, self.failures = collections.Counter(), []
        self.kinds = self.all_kinds()

    def one(self, what, path, host, expected, connection, body=None):
        """An exchange on a connection that is kept."""
        data = request(path).replace(b"host: test", b"host: " + host)
        connection.sendall(data)
        status, _, got = read_answer(connection)
        if status != expected or (body is not None and got not in body):
            raise AssertionError(f"{what}: {status} {got!r}")

    def steady(self, what, path, host, expected, body):
        """Requests one after another on a few connections."""
        def run(rng):
            with self.service.connect() as c:
                # Those that loop take a time limit each.
                for _ in range(rng.randrange(1, 60 if expected == 200 else 4)):
                    self.one(what, path, host, expected, c, body)
                    self.count(what)
                    if self.ends.is_set():
                        return
        return run

    def slow_body(self, rng):
        """A body that comes in small pieces, echoed as it comes."""
        pieces = [bytes([97 + rng.randrange(26)]) * rng.randrange(1, 5000) for _ in range(rng.randrange(2, 12))]
        with self.service.connect() as c:
            c.sendall(request("/echo", "POST", "transfer-encoding: chunked\r\nconnection: close\r\n")
                      .replace(b"host: test", rng.choice((b"host: slow", b"host: kept"))))
            for piece in pieces:
                c.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                time.sleep(rng.random() * 0.05)
            c.sendall(b"0\r\n\r\n")
            answer = b""
            while data := c.recv(65536):
                answer += data
        status, _, body = split(answer)
        got = unchunk(body)[0] if body.endswith(b"x-trailer: done\r\n\r\n") else b""
        assert status == 200 and got == b"".join(pieces), f"slow body: {status}, {len(got)} bytes of {sum(map(len, pieces))}"
        self.count("slow body")

    def early_close(self, rng):
        """Who goes in the middle of a head, of a body, or before the answer."""
        path = rng.choice(("/sleep", "/wait", "/long", "/echo", "/nap", "/poll"))
        data = request(path, "POST", "content-length: 1000\r\n", b"x" * rng.randrange(1000))
        data = data.replace(b"host: test", rng.choice((b"host: slow", b"host: kept", b"host: test", b"host: raw")))
        if rng.random() < 0.2:
            data = data[: rng.randrange(len(data))]
        c = self.service.connect()
        c.sendall(data)
        if rng.random() < 0.5:
            time.sleep(rng.random() * 0.1)
        if rng.random() < 0.3:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
        c.close()
        self.count("early close")

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def all_kinds(self):
        hello = {v.encode() for v in VERSIONS}
        # Which keep an event loop busy for a time limit: not everybody's, or all is waiting for them.
        self.loops = [self.steady("spin", "/spin", b"loops", 504, None),
                      self.steady("raw spin", "/s", b"raw-loops", 504, None)]
        return self.loops + [
            self.steady("hello", "/hello", b"test", 200, hello), self.steady("hello", "/hello", b"test", 200, hello),
            self.steady("kept", "/hello", b"kept", 200, hello), self.steady("sleep", "/sleep", b"slow", 200, hello),
            self.steady("raw", "/h", b"raw", 200, {b"hello\n"}), self.steady("cgi", "/z", b"cgi", 200, {b"hello\n"}),
            self.steady("trap", "/trap", b"test", 500, None), self.steady("raw trap", "/t", b"raw", 500, None),
            self.steady("kept trap", "/trap", b"kept", 500, None), self.steady("hoard", "/g", b"raw", 200, None),
            self.steady("silent", "/silent", b"kept", 502, None), self.steady("unfinished", "/q", b"cgi", 502, None),
            self.slow_body, self.slow_body, self.early_close, self.early_close,
        ]

    def work(self, number):
        rng = random.Random(self.seed + number)
        mine = self.kinds[number % len(self.kinds)]
        while not self.ends.is_set() and len(self.failures) < 20:
            kind = mine if rng.random() < 0.5 else rng.choice([k for k in self.kinds if k not in self.loops])
            try:
                kind(rng)
            except Exception as e:  # whatever it is, the request is lost
                with self.lock:
                    self.failures.append(f"{time.strftime('%X')} {e!r}")

    def run(self, clients):
        self.threads = [threading.Thread(target=self.work, args=(i,)) for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def end(self):
        self.ends.set()
        for thread in self.threads:
            thread.join(4 * SECONDS)
            assert not thread.is_alive(), "a request is never answered"


def figures(service):
    process = pathlib.Path(f"/proc/{service.process.pid}")
    status = (process / "status").read_text()
    number = lambda name: int(re.search(rf"{name}:\s+(\d+)", status).group(1))
    return {"KB": number("VmRSS"), "descriptors": len(list((process / "fd").iterdir())), "threads": number("Threads")}


def soak(args):
    texts = []
    with Folder() as f:
        for i, said in enumerate(VERSIONS):
            guest(f.path / "a.wat", said.strip() + "\\n")
            texts.append((f.path / "a.wat").read_text())
        replace(f.path / "b.wat", texts[0])
        replace(f.path / "p.wat", PROGRAMS.read_text())
        f.write(SERVICE.format(n=0))
        with Service(args, guest=f.toml) as s:
            # Once everything that stays is there, it is counted.
            load = Load(s, args.seed)
            for kind in load.kinds:
                kind(random.Random(args.seed))
            wait_for("rest", lambda: quiet(s))
            before = figures(s)
            load.counts.clear()
            samples, reloads = [], 0
            begun = time.monotonic()
            load.run(args.clients)
            while time.monotonic() - begun < args.seconds and len(load.failures) < 20:
                time.sleep(1)
                reloads += 1
                # In turn a module, the file, another module, and a signal.
                if reloads % 4 != 3:
                    replace(f.path / ("a.wat", "b.wat")[reloads % 2], texts[reloads // 2 % 2])
                if reloads % 4 == 1:
                    f.write(SERVICE.format(n=reloads))
                if reloads % 4 == 3:
                    s.process.send_signal(signal.SIGHUP)
                samples.append(figures(s))
            load.end()
            # What clients left behind needs its time until it is known to be theirs no longer.
            try:
                wait_for("rest", lambda: figures(s)["descriptors"] <= before["descriptors"] + 4)
            finally:
                after = figures(s)
                report(args, load, samples, before, after, s)
            done = s.log.count(b"\nashlar: reloaded")
            assert not load.failures, f"{len(load.failures)} requests were lost: " + "; ".join(load.failures[:5])
            assert b"not reloaded" not in s.log, s.log[-3000:]
            assert done * 8 >= reloads, f"{done} reloads of {reloads}"
            assert after["threads"] <= before["threads"] + 2, f"{after['threads']} threads, {before['threads']} before"
            flat(samples, args)
    return 0


def quiet(service):
    time.sleep(0.5)
    first = figures(service)
    time.sleep(0.5)
    return first["descriptors"] == figures(service)["descriptors"]


def report(args, load, samples, before, after, service):
    total = sum(load.counts.values())
    kb = [s["KB"] for s in samples]
    print(f"{total} requests in {len(samples)} s, {len(load.failures)} lost; "
          f"{service.log.count(b'ashlar: reloaded')} reloads")
    print("  " + ", ".join(f"{what} {n}" for what, n in sorted(load.counts.items())))
    if kb:
        parts = [kb[i * len(kb) // 8 : (i + 1) * len(kb) // 8] for i in range(8)]
        print("  KB resident, by eighths: " + " ".join(str(int(statistics.median(p))) for p in parts if p))
    print(f"  at rest before: {before}; after: {after}")


def flat(samples, args):
    """The last quarter's memory against the second one's. What a short time shows is little; a minute shows a leak."""
    kb = [s["KB"] for s in samples]
    quarter = len(kb) // 4
    early, late = statistics.median(kb[quarter : 2 * quarter]), statistics.median(kb[3 * quarter :])
    # A sanitizer keeps what was freed for a while.
    share = 1.5 if "asan" in args.ashlar else 1.15
    assert late <= early * share + 8000, f"{early} KB resident grew to {late} KB"


def main():
    # What was freed and is kept would look like a leak until its room is full.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", required=True)
    parser.add_argument("--tier", default="interp")
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("ASHLAR_SOAK_SECONDS", "25")))
    parser.add_argument("--clients", type=int, default=18)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    try:
        return soak(args)
    except (AssertionError, OSError) as e:
        print(f"FAILED: {e}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
