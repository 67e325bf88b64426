"""The section on serving: requests a second and latencies with wrk, a fresh instance for each request, beside `wasmtime serve`."""

import dataclasses
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

import handlers
from build_kernels import compiler
from peers import COMMANDS, find
from report import number, table

ROOT = pathlib.Path(__file__).resolve().parent.parent
HELLO = ROOT / "tests" / "serve" / "paths.wat"
FUNCTION = ROOT / "examples" / "functions" / "api.c"
CONNECTIONS = 32
SECONDS, QUICK_SECONDS, START_SECONDS = 5, 1, 60
RATE, LATENCY = 2, 0.5  # the hello component, as many times Wasmtime's
RAW_RATE = 20_000
HANDLER_RATE = 3  # handlers in Python and JavaScript, as many times Wasmtime's
FIRST_MS = 5  # the first request's, with a compiled component: alone, and with the start of the process before it
FIRST_ROUNDS, QUICK_FIRST_ROUNDS = 20, 2
TO_MS = {"us": 1e-3, "ms": 1, "s": 1e3}


@dataclasses.dataclass(frozen=True)
class Served:
    """What one engine did with one program: requests a second, and the latency in ms that 99 of 100 stay below."""

    program: str
    engine: str
    rate: float
    p99: float
    # In ms, medians of some starts: from the process's start until it listens, the first request, and both.
    start_ms: float | None = None
    first_ms: float | None = None
    both_ms: float | None = None


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _wait_until_open(process, port):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


def _parse(text):
    """wrk's figures; None where an answer was not good."""
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if not rate or not p99 or "Non-2xx" in text or "Socket errors" in text:
        return None
    return float(rate[1]), float(p99[1]) * TO_MS[p99[2]]


def _start(command, port):
    words = [str(word).replace("{port}", str(port)) for word in command]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False)


def _end(server):
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _connect(server, port):
    """As soon as somebody listens; sleeping for longer would be seen in what is measured."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        s = socket.socket()
        if s.connect_ex(("127.0.0.1", port)) == 0:
            return s
        s.close()
        time.sleep(50e-6)
    raise OSError("the server does not start")


def _first_answer(command, path):
    """Milliseconds from the start of the process until it listens, from there to its first answer, and both."""
    port = _free_port()
    begin = time.perf_counter()
    server = _start(command, port)
    try:
        with _connect(server, port) as s:
            listens = time.perf_counter()
            s.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
            head = s.recv(4096)
            answered = time.perf_counter()
    finally:
        _end(server)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise OSError(f"the first answer begins with {head[:60]!r}")
    return 1000 * (listens - begin), 1000 * (answered - listens), 1000 * (answered - begin)


def _measure_first(bench, program, engine, command, path):
    rounds = QUICK_FIRST_ROUNDS if bench.options.quick else FIRST_ROUNDS
    try:
        _first_answer(command, path)  # the file is in memory then, and known
        taken = zip(*(_first_answer(command, path) for _ in range(rounds)))
        return dict(zip(("start_ms", "first_ms", "both_ms"), map(statistics.median, taken)))
    except OSError as error:
        bench.report.problem(engine, f"{program}: {error}")
        return {}


def _measure(bench, program, engine, command, path):
    port = _free_port()
    server = _start(command, port)
    try:
        if not _wait_until_open(server, port):
            bench.report.problem(engine, f"{program}: the server does not start")
            return None
        url = f"http://127.0.0.1:{port}{path}"
        wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", "--latency", url]
        subprocess.run([*wrk, "-d1s"], capture_output=True, timeout=60, check=False)  # everything is warm then
        seconds = QUICK_SECONDS if bench.options.quick else SECONDS
        done = subprocess.run([*wrk, f"-d{seconds}s"], capture_output=True, text=True, timeout=60 + seconds, check=False)
        found = _parse(done.stdout)
        if not found:
            bench.report.problem(engine, f"{program}: {done.stdout.strip()[-200:]!r}")
            return None
        return Served(program, engine, *found)
    finally:
        _end(server)


def folder_of(bench):
    folder = bench.options.build_dir / "serving"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _prepared(bench, folders):
    """Programs: title, engine, command, path."""
    options = bench.options
    folder = folder_of(bench)
    ours = [options.ashlar, "serve", "--tier=optimizing", "--addr", "127.0.0.1:{port}"]
    hello = folder / "hello.wasm"
    subprocess.run([options.ashlar, "parse", "-o", hello, HELLO], check=True, timeout=60)
    out = [("hello component", "ashlar", [*ours, hello], "/hello")]
    engines = [("ashlar", options.ashlar, [*ours, "--allow-precompiled"])]
    for peer in find(COMMANDS, ["wasmtime"], options.build_dir, folders, options.install_peers):
        print(f"{peer.version}: wasmtime serve\n")
        theirs = [peer.program, "serve", "--addr", "127.0.0.1:{port}"]
        out.append(("hello component", "wasmtime", [*theirs, hello], "/hello"))
        # Handlers in these languages import more than `serve` gives without -S cli.
        engines.append(("wasmtime", peer.program, [*theirs, "-S", "cli", "--allow-precompiled"]))
    for language, component in handlers.components(bench).items():
        for engine, program, command in engines:
            compiled = handlers.compiled(program, component, engine)
            if compiled is None:
                bench.report.problem(engine, f"{component.name} is not compiled")
                continue
            out.append((f"{language} handler", engine, [*command, compiled], "/hello"))
    function = folder / "api.wasm"
    built = subprocess.run([compiler(), "--target=wasm32-wasi", "--sysroot=/usr", "-O2", FUNCTION, "-o", function], check=False,
                           capture_output=True, text=True, timeout=120)
    if built.returncode == 0:
        out.append(("function in C, raw", "ashlar", [*ours, function], "/health"))
    else:
        bench.report.problem("native", f"examples/functions/api.c: {built.stderr[-200:]}")
    return out


def measure(bench, folders):
    if not shutil.which("wrk"):
        bench.report.problem("wrk", "which the section on serving needs, is missing")
        return []
    if not bench.options.ashlar.exists():
        return []
    print("measuring servers", file=sys.stderr, flush=True)
    programs, best = _prepared(bench, folders), {}
    for _ in range(1 if bench.options.quick else bench.options.rounds):
        for program, engine, command, path in programs:
            served = _measure(bench, program, engine, command, path)
            if served and (served.rate > best[program, engine].rate if (program, engine) in best else True):
                best[program, engine] = served
    for program, engine, command, path in programs:
        if (program, engine) in best and program.endswith((" handler", " component")):
            first = _measure_first(bench, program, engine, command, path)
            best[program, engine] = dataclasses.replace(best[program, engine], **first)
    return list(best.values())


def print_numbers(served):
    if not served:
        return
    print(f"## Requests answered: wrk with {CONNECTIONS} connections on the same cores, a fresh instance for each request\n")
    shown = lambda ms: number(ms) if ms else "-"
    table(["program", "engine", "requests/s", "p99, ms", "start, ms", "first request, ms", "both, ms"],
          [[s.program, s.engine, f"{s.rate:.0f}", number(s.p99), shown(s.start_ms), shown(s.first_ms), shown(s.both_ms)]
           for s in served])


def bar_rows(bar, served):
    by = {(s.program, s.engine): s for s in served}
    ours, peer = by.get(("hello component", "ashlar")), by.get(("hello component", "wasmtime"))
    rows = []
    if ours and peer:
        rows += bar("hello component, requests/s, times Wasmtime's", RATE, ours.rate / peer.rate, at_least=True)
        rows += bar("hello component, p99, times Wasmtime's", LATENCY, ours.p99 / peer.p99)
    for language in handlers.LANGUAGES:
        ours, peer = by.get((f"{language} handler", "ashlar")), by.get((f"{language} handler", "wasmtime"))
        if ours and peer:
            rows += bar(f"{language} handler, requests/s, times Wasmtime's", HANDLER_RATE, ours.rate / peer.rate, at_least=True)
        if ours and ours.first_ms:
            rows += bar(f"{language} handler, first request, ms", FIRST_MS, ours.first_ms)
            rows += bar(f"{language} handler, start and first request, ms", FIRST_MS, ours.both_ms)
    function = by.get(("function in C, raw", "ashlar"))
    if function:
        rows += bar("function in C, requests/s", RAW_RATE, function.rate, at_least=True, shown=f"{function.rate:.0f}")
    return rows
