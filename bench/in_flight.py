"""Ten thousand requests in flight at once, each of which waits on a timer: whether all are answered, what each keeps resident,
how many threads there are, and what is left of that afterwards. They wait so long that the last has begun before the first
goes on."""

import contextlib
import dataclasses
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import time

from report import number, table

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATHS = ROOT / "tests" / "serve" / "paths.wat"
WAIT_SECONDS = 10
NAP, WAIT = "(i64.const 300000000)", f"(i64.const {WAIT_SECONDS}000000000)"
REQUESTS, QUICK_REQUESTS = 10_000, 500
REQUEST = b"GET /sleep HTTP/1.1\r\nhost: bench\r\n\r\n"
FILES = 64  # beside the connections
START_SECONDS, ANSWER_SECONDS, QUIET_SECONDS = 60, 120, 20
MOST_KB, MOST_THREADS, MOST_KEPT = 100, 16, 0.2


@dataclasses.dataclass(frozen=True)
class Burst:
    """`written`: of `each`, what lies in the guests' memories. `kept`: of what the burst took, the part that is resident
    QUIET_SECONDS later. KB."""

    tier: str
    requests: int
    answered: int
    seconds: float
    each: float
    written: float
    threads: int
    before: int
    most: int
    kept: float


def _resident(process):
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1])


def _written(process):
    """KB of pages that belong to the guests' memories alone: those are mapped over a file that each begins with."""
    total, inside = 0, False
    with open(f"/proc/{process.pid}/smaps") as smaps:
        for line in smaps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                inside = "memfd:ashlar memory" in line
            elif inside and line.startswith("Anonymous:"):
                total += int(line.split()[1])
    return total


@contextlib.contextmanager
def _server(ashlar, tier, guest, requests):
    command = [ashlar, "serve", guest, "--tier", tier, "--addr", "127.0.0.1:0", "--max-requests", 4 * requests]
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE)
    try:
        text, deadline = b"", time.monotonic() + START_SECONDS
        while not (found := re.search(rb"on http://127\.0\.0\.1:(\d+)/\n", text)):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"the server does not start: {text.decode(errors='replace')[-200:]}")
            if select.select([process.stderr], [], [], 0.1)[0]:
                text += process.stderr.read1()
        yield process, int(found[1])
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ask(port, requests):
    """Connections, each with a request under way."""
    connections = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(requests)]
    for connection in connections:
        connection.sendall(REQUEST)
    return connections


def _collect(connections):
    """How many answers were good."""
    poll, waiting, good = select.epoll(), {c.fileno(): c for c in connections}, 0
    for handle in waiting:
        poll.register(handle, select.EPOLLIN)
    deadline = time.monotonic() + ANSWER_SECONDS
    while waiting and time.monotonic() < deadline:
        for handle, _ in poll.poll(0.1):
            with waiting.pop(handle) as connection:
                good += connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    return good


def burst(ashlar, tier, folder, requests):
    guest = folder / "wait.wat"
    text = PATHS.read_text()
    assert text.count(NAP) == 1
    guest.write_text(text.replace(NAP, WAIT))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, requests + FILES), hard))
    try:
        with _server(ashlar, tier, guest, requests) as (process, port):
            _collect(_ask(port, 4))
            before, began = _resident(process), time.monotonic()
            connections = _ask(port, requests)
            time.sleep(WAIT_SECONDS / 2)  # none has been answered, and the last have begun
            most, written = _resident(process), _written(process)
            threads = len(list(pathlib.Path(f"/proc/{process.pid}/task").iterdir()))
            answered, seconds = _collect(connections), time.monotonic() - began
            deadline = time.monotonic() + QUIET_SECONDS
            most = max(most, _resident(process))
            while (left := _resident(process)) - before > MOST_KEPT * (most - before) and time.monotonic() < deadline:
                time.sleep(0.5)
            return Burst(tier, requests, answered, seconds, (most - before) / requests, written / requests, threads, before,
                         most, (left - before) / (most - before))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def measure(bench, folder):
    requests = QUICK_REQUESTS if bench.options.quick else REQUESTS
    out = []
    for tier in ("interp", "optimizing"):
        try:
            out.append(burst(bench.options.ashlar, tier, folder, requests))
        except (OSError, RuntimeError) as error:
            bench.report.problem("ashlar", f"{requests} requests in flight, {tier}: {error}")
    for one in out:
        if one.answered != one.requests:
            bench.report.problem("ashlar", f"{one.requests} requests in flight, {one.tier}: {one.answered} were answered")
    return out


def print_numbers(bursts):
    if not bursts:
        return
    print(f"## Requests in flight at once, each of which waits {WAIT_SECONDS} seconds on a timer\n")
    table(["tier", "requests", "answered", "seconds", "KB resident each", "written by the guest, KB", "threads", "MB before",
           "MB at most", "kept afterwards"],
          [[b.tier, f"{b.requests}", f"{b.answered}", number(b.seconds), number(b.each), number(b.written), f"{b.threads}",
            number(b.before / 1024), number(b.most / 1024), f"{b.kept * 100:.0f} %"] for b in bursts])


def bar_rows(bar, bursts):
    rows = []
    for b in bursts:
        name = f"{b.requests} in flight ({b.tier})"
        rows += bar(f"{name}: answered", b.requests, b.answered, at_least=True, shown=f"{b.answered}")
        rows += bar(f"{name}: KB resident each beyond what the guest wrote", MOST_KB, b.each - b.written)
        rows += bar(f"{name}: threads", MOST_THREADS, b.threads)
        rows += bar(f"{name}: part of it kept afterwards", MOST_KEPT, b.kept)
    return rows


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        print_numbers([burst(sys.argv[1], tier, pathlib.Path(name), int(sys.argv[2]) if len(sys.argv) > 2 else REQUESTS)
                       for tier in ("interp", "optimizing")])
