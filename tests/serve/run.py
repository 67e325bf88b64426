#!/usr/bin/env python3
"""Starts `ashlar serve` on a free port and speaks HTTP with it, byte by byte: what each test expects stands in it.

Usage: run.py --ashlar PROGRAM [--tier interp|optimizing|auto] [--only NAME]
"""

import argparse
import os
import pathlib
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PATHS = HERE / "paths.wat"
SECONDS = 60


class Service:
    """A server of its own, whose log can be read."""

    def __init__(self, args, *flags, guest=PATHS, address="127.0.0.1:0", **environment):
        command = [args.ashlar, "serve", str(guest), "--threads", "2", "--tier", args.tier]
        command += ["--addr", address] if address else []  # else its file says where
        self.process = subprocess.Popen(command + list(flags), stderr=subprocess.PIPE, env={**os.environ, **environment})
        self.log = b""
        self.url = None
        deadline = time.monotonic() + SECONDS
        while self.url is None:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"the server did not start: {self.log.decode(errors='replace')}")
            if select.select([self.process.stderr], [], [], 0.1)[0]:
                self.log += self.process.stderr.read1()
            found = re.search(rb"serving .* on (\S+)\n", self.log)
            self.url = found.group(1).decode() if found else None
        port = re.search(r"//127\.0\.0\.1:(\d+)/$", self.url)
        self.port = int(port.group(1)) if port else None
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()

    def read_log(self):
        while data := self.process.stderr.read1():
            self.log += data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("SIGTERM does not end the server") from None
        self.reader.join()
        assert code == 0, f"exit code {code}; {self.log.decode(errors='replace')}"

    def connect(self):
        out = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return out

    def exchange(self, data):
        """All that comes back for these bytes, until the server closes."""
        with self.connect() as s:
            s.sendall(data)
            return read_all(s)

    def get(self, path, method="GET"):
        return split(self.exchange(request(path, method, "connection: close\r\n")))


def request(path, method="GET", fields="", body=b""):
    return f"{method} {path} HTTP/1.1\r\nhost: test\r\n{fields}\r\n".encode() + body


def read_all(s):
    out = b""
    try:
        while data := s.recv(65536):
            out += data
    except ConnectionResetError:
        out += b"<reset>"
    return out


def split(answer):
    """Status, fields in small letters, body as it was framed."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return int(lines[0].split()[1]) if lines[0] else 0, fields, body


def read_answer(s):
    """One answer of several on a connection; a guest that loses its turn within its answer has one in chunks."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(1)
        assert more, f"closed after {data!r}"
        data += more
    status, fields, _ = split(data)
    body = b""
    if fields.get("transfer-encoding") == "chunked":
        while not body.endswith(b"\r\n0\r\n\r\n") and body != b"0\r\n\r\n":
            more = s.recv(1)
            assert more, "closed in a body"
            body += more
        return status, fields, unchunk(body)[0]
    while len(body) < int(fields["content-length"]):
        more = s.recv(int(fields["content-length"]) - len(body))
        assert more, "closed in a body"
        body += more
    return status, fields, body


def unchunk(body):
    """The bytes of a chunked body, and its trailers."""
    out = b""
    while True:
        size, _, rest = body.partition(b"\r\n")
        n = int(size, 16)
        if n == 0:
            return out, rest
        out += rest[:n]
        assert rest[n : n + 2] == b"\r\n"
        body = rest[n + 2 :]


def stuff(c, head, piece):
    """Sends pieces until nobody takes any more, and reads nothing: what is in flight is bounded."""
    c.settimeout(1)
    c.sendall(head)
    sent = 0
    try:
        while sent < 200 << 20:
            sent += c.send(piece)
    except TimeoutError:
        pass
    assert sent < 100 << 20, f"{sent} bytes went in, and none came out"


def equal(got, expected, what=""):
    assert got == expected, f"{what}: got {got!r}, expected {expected!r}"


TESTS = []


def test(f):
    TESTS.append(f)
    return f


@test
def answers(args):
    with Service(args) as s:
        status, fields, body = s.get("/hello")
        equal((status, body, fields["content-length"]), (200, b"Hello, world!\n", "14"))
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", fields["date"]), fields
        equal(s.get("/nope")[0], 404)
        status, fields, body = s.get("/hello", "HEAD")
        equal((status, body), (200, b""))
        status, _, body = s.get("/long")
        equal(unchunk(body), (b"a" * (1 << 20), b"\r\n"))
        # HTTP/1.0 knows neither chunks nor kept connections.
        status, fields, body = split(s.exchange(b"GET /long HTTP/1.0\r\n\r\n"))
        equal((status, len(body), fields.get("transfer-encoding")), (200, 1 << 20, None))
        # A folded line is one with a space (RFC 9112, 5.2).
        equal(split(s.exchange(request("/hello", fields="x: y\r\n z\r\nconnection: close\r\n")))[0], 200)
        # An absolute target.
        equal(split(s.exchange(request("http://other/hello", fields="connection: close\r\n")))[0], 200)


@test
def lengths_without_bodies(args):
    """RFC 9110, 8.6: of answers to HEAD and of 304; whatever is written of such a body is dropped."""
    with Service(args, "--access-log", "text") as s, s.connect() as c:
        c.sendall(request("/half", "HEAD") + request("/304") + request("/304", "HEAD")
                  + request("/echo", "HEAD", "content-length: 3\r\n", b"abc") + request("/hello", fields="connection: close\r\n"))
        answers = read_all(c)
        equal(re.findall(rb"HTTP/1.1 (\d+)", answers), [b"200", b"304", b"304", b"200", b"200"])
        head, _, rest = answers.partition(b"\r\n\r\n")
        assert b"\r\ncontent-length: 10\r\n" in head + b"\r\n" and rest.startswith(b"HTTP/1.1 304"), answers
        assert answers.endswith(b"\r\n\r\nHello, world!\n"), answers
        # What is logged is what was sent.
        deadline = time.monotonic() + SECONDS
        while b'"HEAD /half HTTP/1.1" 200 0 ' not in s.log or b'"GET /304 HTTP/1.1" 304 0 ' not in s.log:
            assert time.monotonic() < deadline, s.log
            time.sleep(0.02)


@test
def connections_are_kept(args):
    with Service(args) as s, s.connect() as c:
        for _ in range(3):
            c.sendall(request("/hello"))
            equal(read_answer(c)[0], 200)
        # Several at once are answered in their order, and one that comes in single bytes, too.
        c.sendall(request("/hello") + request("/nope") + request("/hello"))
        equal([read_answer(c)[0] for _ in range(3)], [200, 404, 200])
        for byte in request("/hello"):
            c.sendall(bytes([byte]))
        equal(read_answer(c)[0], 200)
        c.sendall(request("/hello", fields="connection: close\r\n"))
        status, fields, _ = split(read_all(c))
        equal((status, fields["connection"]), (200, "close"))


@test
def bodies_are_echoed(args):
    with Service(args) as s:
        big = bytes(range(256)) * 12_000
        answer = s.exchange(request("/echo", "POST", f"content-length: {len(big)}\r\nconnection: close\r\n", big[:100])
                            + big[100:])
        body, trailers = unchunk(split(answer)[2])
        assert body == big
        equal(trailers, b"x-trailer: done\r\n\r\n")
        chunked = b"".join(b"%x;note=1\r\n%s\r\n" % (len(p), p) for p in (b"one", b" two", b" three"))
        answer = s.exchange(request("/echo", "POST", "transfer-encoding: chunked\r\nconnection: close\r\n")
                            + chunked + b"0\r\nx-sum: 7\r\n\r\n")
        equal(unchunk(split(answer)[2])[0], b"one two three")
        # It is echoed as it comes, both ways open.
        with s.connect() as c:
            c.sendall(request("/echo", "POST", "transfer-encoding: chunked\r\n") + b"4\r\nfour\r\n")
            data = b""
            while b"four" not in data:
                data += c.recv(1000)
            c.sendall(b"0\r\n\r\n")
            while not data.endswith(b"x-trailer: done\r\n\r\n"):
                data += c.recv(1000)
            c.sendall(request("/hello"))
            equal(read_answer(c)[0], 200, "after a body")
        with s.connect() as c:
            c.sendall(request("/echo", "POST", "content-length: 2\r\nexpect: 100-continue\r\nconnection: close\r\n"))
            expected = b"HTTP/1.1 100 Continue\r\n\r\n"
            data = b""
            while len(data) < len(expected):
                data += c.recv(1000)
            assert data.startswith(expected), data
            c.sendall(b"ok")
            equal(unchunk(split((data + read_all(c))[len(expected) :])[2])[0], b"ok")


@test
def backpressure(args):
    """Who does not read stops the echo, and with it the sender; no more than buffers is in flight."""
    with Service(args) as s, s.connect() as c:
        stuff(c, request("/echo", "POST", "transfer-encoding: chunked\r\n"), b"10000\r\n" + b"x" * 65536 + b"\r\n")
        memory = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", memory).group(1))
        assert resident < 200_000, f"{resident} KB resident"


@test
def bad_guests(args):
    with Service(args, "--timeout", "500ms", "--max-memory", "64M") as s:
        equal(s.get("/trap")[0], 500)
        equal(s.get("/silent")[0], 502)
        equal(s.get("/error")[0], 504)
        equal(s.get("/grow")[0], 200)
        began = time.monotonic()
        equal(s.get("/spin")[0], 504)
        assert 0.4 < time.monotonic() - began < 10
        # Half an answer is never mistaken for a whole one.
        status, fields, body = s.get("/half")
        equal((status, fields["content-length"], body), (200, "10", b"Hello"))
        for path in ("/drop", "/late"):
            status, _, body = s.get(path)
            assert b"0\r\n\r\n" not in body, f"{path}: {body!r}"
            assert b"wasm" not in body
        # The others went on.
        equal(s.get("/hello")[0], 200)
        trap = s.exchange(request("/trap", fields="connection: close\r\n"))
        assert b"unreachable" not in trap and b"backtrace" not in trap, trap
    assert s.log.count(b"unreachable") == 3 and b"wasm backtrace" in s.log, s.log
    assert b"interrupted" in s.log


@test
def waiting_guests_hold_no_thread(args):
    with Service(args) as s:
        began = time.monotonic()
        open_ones = [s.connect() for _ in range(200)]
        for c in open_ones:
            c.sendall(request("/sleep"))
        # Meanwhile others are answered.
        equal(s.get("/hello")[0], 200)
        assert time.monotonic() - began < 5
        threads = len(list(pathlib.Path(f"/proc/{s.process.pid}/task").iterdir()))
        assert threads < 10, f"{threads} threads"
        for c in open_ones:
            equal(read_answer(c)[2], b"Hello, world!\n")
            c.close()
        # One after another they would take a minute.
        assert time.monotonic() - began < 20


@test
def messages_that_are_refused(args):
    cases = {
        "bare LF": (b"GET / HTTP/1.1\nhost: a\n\n", 400),
        "bare LF in a field": (b"GET / HTTP/1.1\r\nhost: a\nx: y\r\n\r\n", 400),
        "bare CR": (b"GET / HTTP/1.1\r\nhost: a\rx: y\r\n\r\n", 400),
        "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
        "two hosts": (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        "bad host": (b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        "space before the colon": (b"GET / HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n", 400),
        "two lengths": (request("/echo", "POST", "content-length: 3\r\ncontent-length: 4\r\n", b"abcd"), 400),
        "two equal lengths": (request("/echo", "POST", "content-length: 3\r\ncontent-length: 3\r\n", b"abc"), 400),
        "a list of lengths": (request("/echo", "POST", "content-length: 3, 3\r\n", b"abc"), 400),
        "a signed length": (request("/echo", "POST", "content-length: +3\r\n", b"abc"), 400),
        "length and coding": (
            request("/echo", "POST", "content-length: 3\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"), 400),
        "coding and length": (
            request("/echo", "POST", "transfer-encoding: chunked\r\ncontent-length: 3\r\n", b"0\r\n\r\n"), 400),
        "unknown coding": (request("/echo", "POST", "transfer-encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 501),
        "chunked twice": (request("/echo", "POST", "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"), (400, 501)),
        "coding in 1.0": (b"POST /echo HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        "HTTP/2.0": (b"GET / HTTP/2.0\r\nhost: a\r\n\r\n", (400, 505)),
        "no version": (b"GET /\r\n\r\n", 400),
        "tunnel": (b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", 501),
        "control character": (b"GET / HTTP/1.1\r\nhost: a\r\nx: \x01\r\n\r\n", 400),
        "NUL": (b"GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        "too many fields": (request("/", fields="".join(f"x{i}: y\r\n" for i in range(10_000))), 431),
        "too long a header": (request("/", fields="x: " + "y" * 100_000 + "\r\n"), 431),
        "unknown expectation": (request("/", fields="expect: wonders\r\n"), 417),
        "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    }
    with Service(args) as s:
        for name, (data, expected) in cases.items():
            try:
                status, fields, _ = split(s.exchange(data))
            except TimeoutError:
                raise AssertionError(f"{name}: no answer") from None
            allowed = expected if isinstance(expected, tuple) else (expected,)
            assert status in allowed, f"{name}: got {status}, expected {expected}"
            equal(fields.get("connection"), "close", name)
    with Service(args, "--idle-timeout", "1s") as s:  # a bare LF ends nothing: the rest of that line is waited for
        # What is wrong in a body comes too late for a status: the guest's answer has no end.
        for name, body in {"bad chunk size": b"x\r\nabc\r\n0\r\n\r\n", "no end of a chunk": b"3\r\nabcd0\r\n\r\n",
                           "bare LF in chunks": b"3\nabc\n0\n\n", "huge chunk": b"fffffffffffffffff\r\n",
                           "endless extension": b"1;" + b"a" * 100_000,
                           "endless trailers": b"0\r\n" + b"x: y\r\n" * 20_000}.items():
            answer = s.exchange(request("/echo", "POST", "transfer-encoding: chunked\r\n", body))
            assert not answer.endswith(b"0\r\n\r\n") and b"x-trailer" not in answer, f"{name}: {answer!r}"
        equal(s.get("/hello")[0], 200)


@test
def limits(args):
    with Service(args, "--max-body", "1K", "--max-header", "2K", "--idle-timeout", "1s", "--max-requests", "4") as s:
        equal(split(s.exchange(request("/", fields="x: " + "y" * 3000 + "\r\n")))[0], 431)
        equal(split(s.exchange(request("/echo", "POST", "content-length: 2000\r\n")))[0], 413)
        # Slow heads and bodies, and connections on which nothing happens.
        with s.connect() as c:
            equal(read_all(c), b"")
        with s.connect() as c:
            c.sendall(request("/echo", "POST", "content-length: 10\r\n", b"abc"))
            answer = read_all(c)
            assert b"x-trailer" not in answer, answer
        # Two loops: more than the requests that both may have.
        open_ones = [s.connect() for _ in range(20)]
        for c in open_ones:
            c.sendall(request("/sleep"))
        statuses = [read_answer(c)[0] for c in open_ones]
        assert set(statuses) == {200, 503} and statuses.count(200) <= 4, statuses


@test
def early_ends(args):
    with Service(args) as s:
        for data in (b"", b"GE", request("/hello")[:-2], request("/echo", "POST", "content-length: 10\r\n", b"ab"),
                     request("/long"), request("/sleep")):
            c = s.connect()
            c.sendall(data)
            c.close()
        # Half-closed: the answer still comes.
        with s.connect() as c:
            c.sendall(request("/sleep"))
            c.shutdown(socket.SHUT_WR)
            equal(split(read_all(c))[0], 200)
        equal(s.get("/hello")[0], 200)


def eventually(what, holds):
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@test
def clients_that_go(args):
    """Their guests go with them, whatever they do: places for others are free."""
    for path in ("/wait", "/poll", "/spin", "/echo"):
        with Service(args, "--max-requests", "2", "--timeout", "0") as s:
            def full():
                # On both loops, among which the system deals connections out.
                return [s.get("/hello")[0] for _ in range(20)] == [503] * 20

            def free():
                return [s.get("/hello")[0] for _ in range(20)] == [200] * 20

            open_ones = []

            def another():
                open_ones.append(s.connect())
                # Of /echo, which answers meanwhile, and never to its end.
                open_ones[-1].sendall(request(path, "POST", "content-length: 10\r\n", b"abc"))
                return full()

            eventually(f"{path} takes no places", another)
            for c in open_ones:
                c.close()
            eventually(f"{path} keeps its place", free)
        assert b"interrupted" not in s.log, s.log


@test
def guests_that_never_wait_give_turns(args):
    for path in ("/poll", "/spin"):
        with Service(args, "--timeout", "0") as s:
            open_ones = [s.connect() for _ in range(6)]
            for c in open_ones:
                c.sendall(request(path))
            for _ in range(20):
                equal(s.get("/hello")[0], 200)
            for c in open_ones:
                c.close()


@test
def turns_do_not_stretch_the_time(args):
    """A guest that gives turns ends in time, and so does one that has none while it ends."""
    with Service(args, "--timeout", "300ms") as s:
        open_ones = [s.connect() for _ in range(8)]
        for c in open_ones:
            c.sendall(request("/spin"))
        for c in open_ones:
            equal(read_answer(c)[0], 504)
            c.close()
    # The service's end does not wait for them either.
    with Service(args, "--timeout", "0", "--drain-timeout", "100ms") as s:
        open_ones = [s.connect() for _ in range(4)]
        for c in open_ones:
            c.sendall(request("/spin"))
        for _ in range(10):
            equal(s.get("/hello")[0], 200)


@test
def turns_change_nothing(args):
    """Guests that compute have turns among themselves, with quick ones in between."""
    with Service(args, "--timeout", "0") as s:
        open_ones = [s.connect() for _ in range(6)]
        for c in open_ones:
            c.sendall(request("/mix"))
        while not select.select(open_ones, [], [], 0)[0]:
            equal(s.get("/hello")[0], 200)
        for c in open_ones:
            equal(read_answer(c)[0], 200)
            c.close()


class Peer:
    """A server that guests ask. `answers` makes of the number of a connection's request what is sent for it; None: the
    connection is closed. `end`: how it is closed."""

    def __init__(self, answers, tls=None, end=lambda s: s.close()):
        self.answers, self.tls, self.end = answers, tls, end
        self.most = None  # requests on a connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            if self.tls:
                s = self.tls.wrap_socket(s, server_side=True)
            number, data = 0, b""
            while True:
                while b"\r\n\r\n" not in data:
                    more = s.recv(65536)
                    if not more:
                        return
                    data += more
                data = data.partition(b"\r\n\r\n")[2]
                answer = self.answers(number)
                if answer is None:
                    break
                s.sendall(answer)
                number += 1
                if number == self.most:
                    break
            self.end(s)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def ask(s, path, host):
    """Status and body; None where that has no end."""
    status, fields, body = split(s.exchange(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode()))
    if "transfer-encoding" not in fields:
        return status, body
    return status, unchunk(body)[0] if body.endswith(b"0\r\n\r\n") else None


HI = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
DENIED, DNS = (604, 615), (600, 601)
TLS_PROTOCOL, TLS_CERTIFICATE, TLS_ALERT, TERMINATED = 612, 613, 614, 607


@test
def requests_that_go_out(args):
    with Peer(lambda _: HI) as p, Peer(lambda _: HI) as other:
        with Service(args, "--allow-http", f"127.0.0.1:{p.port},localhost:{p.port},*.invalid") as s:
            for _ in range(10):
                equal(ask(s, "/get", f"127.0.0.1:{p.port}"), (200, b"hi"))
            # Each of two loops keeps one.
            assert p.connections <= 2, f"{p.connections} connections for 10 requests"
            equal(ask(s, "/get", f"localhost:{p.port}")[0], 200)
            assert ask(s, "/get", f"127.0.0.1:{other.port}")[0] in DENIED
            equal(other.connections, 0)
            assert ask(s, "/get", "nobody.invalid")[0] in DNS
            p.listener.close()
    # What closes its connections, or sends more than it was asked for, is asked by others.
    for name, answers in {"told": lambda _: HI.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"),
                          "after each": lambda n: HI if n == 0 else None,
                          "more": lambda _: HI + HI}.items():
        with Peer(answers) as p, Service(args, "--allow-http", "127.0.0.1") as s:
            for _ in range(10):
                equal(ask(s, "/get", f"127.0.0.1:{p.port}"), (200, b"hi"), name)
            assert p.connections >= 6, f"{name}: {p.connections} connections"


def certificate(folder, name, alternatives):
    """Of an authority of its own."""
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=test", "-addext", f"subjectAltName={alternatives}", "-keyout", key, "-out", pem],
                   check=True, capture_output=True, timeout=SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return pem, context


class Blunt:
    """In place of a context: no TLS, and the first word."""

    @staticmethod
    def wrap_socket(s, server_side):
        s.sendall(HI)
        return s


def say_goodbye(s):
    s.unwrap().close()


def cut_off(s):
    socket.socket(fileno=s.detach()).close()


@test
def requests_by_https(args):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pem, context = certificate(folder, "good", "IP:127.0.0.1,DNS:localhost")
        bad_pem, bad = certificate(folder, "bad", "DNS:other.example")
        allow = ("--allow-http", "127.0.0.1,localhost")
        long = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"z" * 1_000_000
        with Peer(lambda n: long if n == 1 else HI, context) as p:
            with Service(args, *allow, "--cacert", pem) as s:
                bodies = {ask(s, "/tls", f"127.0.0.1:{p.port}")[1] for _ in range(6)}
                assert b"hi" in bodies and bodies <= {b"hi", b"z" * 1_000_000}
                assert p.connections <= 2, f"{p.connections} connections"
                equal(ask(s, "/tls", f"localhost:{p.port}"), (200, b"hi"))
                with Peer(lambda _: HI, bad) as other:
                    equal(ask(s, "/tls", f"127.0.0.1:{other.port}")[0], TLS_CERTIFICATE, "an unknown authority")
                with Peer(lambda _: HI, Blunt()) as plain:
                    equal(ask(s, "/tls", f"127.0.0.1:{plain.port}")[0], TLS_PROTOCOL)
                picky = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                picky.load_cert_chain(pem, folder / "good.key")
                picky.verify_mode = ssl.CERT_REQUIRED
                picky.load_verify_locations(pem)
                with Peer(lambda _: HI, picky) as other:
                    # The server closes with the request unread: a reset may overtake its alert.
                    assert ask(s, "/tls", f"127.0.0.1:{other.port}")[0] in (TLS_ALERT, TERMINATED)
                # Without a length the end must be told, or anybody on the way could have cut it.
                endless = b"HTTP/1.1 200 OK\r\n\r\nall of it"
                for end, whole in ((say_goodbye, True), (cut_off, False)):
                    with Peer(lambda _: endless, context, end) as other:
                        other.most = 1
                        equal(ask(s, "/tls", f"127.0.0.1:{other.port}")[1] == b"all of it", whole, str(end))
            with Service(args, *allow) as s:
                equal(ask(s, "/tls", f"127.0.0.1:{p.port}")[0], TLS_CERTIFICATE, "nobody's authority")
        with Peer(lambda _: HI, bad) as p, Service(args, *allow, "--cacert", bad_pem) as s:
            equal(ask(s, "/tls", f"127.0.0.1:{p.port}")[0], TLS_CERTIFICATE, "another host's certificate")
        done = subprocess.run([args.ashlar, "serve", PATHS, *allow, "--cacert", folder / "none.pem"], capture_output=True,
                              timeout=SECONDS)
        assert done.returncode == 1 and b"none.pem" in done.stderr, done.stderr


@test
def memory_goes_back(args):
    """What a burst of requests needed is the system's again when nobody has needed it for a while."""
    if "asan" in args.ashlar:
        return  # it keeps what is freed
    def resident():
        return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{s.process.pid}/status").read_text()).group(1))

    with Service(args) as s:
        for _ in range(10):
            equal(s.get("/hello")[0], 200)
        before = resident()
        open_ones = [s.connect() for _ in range(400)]
        for c in open_ones:
            c.sendall(request("/sleep"))
        most = before
        for c in open_ones:
            equal(read_answer(c)[0], 200)
            most = max(most, resident())
            c.close()
        grown = most - before
        if grown < 4000:
            print(f"left out: on this machine {grown} KB is no burst")
            return
        eventually(f"of {grown} KB more than a fifth is kept", lambda: resident() < before + grown / 5)
        equal(s.get("/hello")[0], 200)


@test
def ends_gracefully(args):
    with Service(args) as s:
        idle, busy = s.connect(), s.connect()
        idle.sendall(request("/hello"))
        equal(read_answer(idle)[0], 200)
        busy.sendall(request("/sleep"))
        time.sleep(0.1)
        s.process.send_signal(signal.SIGTERM)
        equal(read_all(idle), b"", "an idle connection")
        status, fields, body = split(read_all(busy))
        equal((status, fields["connection"], body), (200, "close", b"Hello, world!\n"))
        began = time.monotonic()
        s.process.wait(SECONDS)
        assert time.monotonic() - began < 5
    with Service(args, "--drain-timeout", "200ms", "--timeout", "0") as s:
        c = s.connect()
        c.sendall(request("/echo", "POST", "content-length: 10\r\n", b"abc"))
        time.sleep(0.2)
    assert not read_all(c).endswith(b"x-trailer: done\r\n\r\n")


@test
def hot_code_is_compiled_meanwhile(args):
    """What many short instances run is seen as one program, compiled, and in the cache afterwards."""
    if args.tier != "auto":
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        made = lambda: list(pathlib.Path(cache, "ashlar", "code").glob("*.cwasm"))
        with Service(args, "--timeout", "100ms", XDG_CACHE_HOME=cache) as s:
            deadline = time.monotonic() + SECONDS
            while not made():
                assert time.monotonic() < deadline, "nothing was compiled"
                equal(s.get("/spin")[0], 504)
            equal(s.get("/hello")[0], 200)
        with Service(args, XDG_CACHE_HOME=cache) as s:
            equal(s.get("/hello")[0], 200)


@test
def compiled_components(args):
    if args.tier == "interp":
        return
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder, "paths.cwasm")
        subprocess.run([args.ashlar, "compile", str(PATHS), "-o", str(made)], check=True, timeout=SECONDS)
        refused = subprocess.run([args.ashlar, "serve", str(made)], capture_output=True, timeout=SECONDS)
        assert refused.returncode != 0 and b"--allow-precompiled" in refused.stderr, refused
        with Service(args, "--allow-precompiled", guest=made, ASHLAR_LLVM="/nowhere") as s:
            equal(s.get("/hello")[0], 200)
            equal(s.get("/trap")[0], 500)


@test
def known_files(args):
    """What the cache knows as valid is served like anything else; what was written over it is validated."""
    with tempfile.TemporaryDirectory() as folder:
        cache, plain, compiled = (pathlib.Path(folder, name) for name in ("cache", "paths.wasm", "paths.cwasm"))
        subprocess.run([args.ashlar, "parse", str(PATHS), "-o", str(plain)], check=True, timeout=SECONDS)
        files = [plain]
        if args.tier != "interp":
            subprocess.run([args.ashlar, "compile", str(PATHS), "-o", str(compiled)], check=True, timeout=SECONDS)
            files.append(compiled)
        time.sleep(2.1)  # what has just been written may be written again without another time
        marks = lambda: len(list(cache.glob("ashlar/index/*.valid")))
        for n, file in enumerate(files):
            for _ in range(3):
                with Service(args, "--allow-precompiled", guest=file, XDG_CACHE_HOME=str(cache)) as s:
                    equal(s.get("/hello")[0], 200)
                    equal(s.get("/trap")[0], 500)
                equal(marks(), n + 1, str(file))
        before = plain.stat()
        bad = plain.read_bytes().replace(b"[method]fields.append", b"[method]fieldz.append")
        plain.write_bytes(bad)
        os.utime(plain, ns=(before.st_atime_ns, before.st_mtime_ns))
        done = subprocess.run([args.ashlar, "serve", str(plain), "--tier", args.tier, "--addr", "127.0.0.1:0"],
                              capture_output=True, timeout=SECONDS, env={**os.environ, "XDG_CACHE_HOME": str(cache)})
        equal(done.returncode, 1, done.stderr)
        assert b"fieldz" in done.stderr and b"import" not in done.stderr.lower(), done.stderr


@test
def mistakes(args):
    def run(*command):
        done = subprocess.run([args.ashlar, "serve", *map(str, command)], capture_output=True, timeout=SECONDS)
        return done.returncode, done.stderr.decode()

    code, text = run(PATHS, "--addr", "nowhere", "--tier", args.tier)
    assert code == 2 and "--addr: 'nowhere' is not HOST:PORT or unix:PATH: it has no port" in text, text
    code, text = run(HERE.parent / "component/values.wat", "--tier", args.tier)
    assert code == 1 and "wasi:http/incoming-handler" in text, text
    with tempfile.TemporaryDirectory() as folder:
        command = pathlib.Path(folder, "command.wat")
        command.write_text("""(component
          (core module $m (func (export "run") (result i32) (i32.const 0)))
          (core instance $i (instantiate $m))
          (func $run (result (result)) (canon lift (core func $i "run")))
          (instance $r (export "run" (func $run)))
          (export "wasi:cli/run@0.2.0" (instance $r)))""")
        for flags in ((), ("--check",)):
            code, text = run(command, *flags, "--tier", args.tier)
            assert code == 1 and "serving commands (wasi:cli/run)" in text, text
    with Service(args) as s:
        code, text = run(PATHS, "--addr", f"127.0.0.1:{s.port}", "--tier", args.tier)
        assert code == 1 and "cannot listen" in text, text


def main(tests, what):
    parser = argparse.ArgumentParser(description=what.splitlines()[0])
    parser.add_argument("--ashlar", required=True)
    parser.add_argument("--tier", default="interp")
    parser.add_argument("--only")
    args = parser.parse_args()
    failed = 0
    chosen = [t for t in tests if args.only in (None, t.__name__)]
    for t in chosen:
        try:
            t(args)
        except (AssertionError, OSError) as e:
            failed += 1
            print(f"FAILED {t.__name__}: {e}")
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(TESTS, __doc__))
