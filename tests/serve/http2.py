#!/usr/bin/env python3
"""HTTP/2, TLS and Unix sockets of `ashlar serve`, with curl and frame by frame. Exit code 77: this build has no HTTP/2.

Usage: http2.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import argparse
import pathlib
import re
import shutil
import signal
import socket
import ssl
import stat
import struct
import subprocess
import sys
import tempfile
import time

import frames
import run
from frames import (CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS,
                    INTERNAL_ERROR, NO_ERROR, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE, Session, frame)
from run import PATHS, SECONDS, Service, equal

TESTS = []
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="ashlar_http2."))
CERTIFICATE, KEY = FOLDER / "certificate.pem", FOLDER / "key.pem"
TLS = ["--tls", f"{CERTIFICATE},{KEY}"]


def test(f):
    TESTS.append(f)
    return f


def make_certificate():
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                    KEY, "-out", CERTIFICATE], check=True, capture_output=True)


def curl(*args, code=0, data=None):
    """What it prints; it must end with that code."""
    done = subprocess.run(["curl", "--silent", "--max-time", str(SECONDS), *map(str, args)], input=data,
                          capture_output=True, timeout=2 * SECONDS)
    assert done.returncode == code, f"curl {args} ended with {done.returncode}: {done.stdout[:200]!r} {done.stderr!r}"
    return done.stdout


# Ways to the same service: its flags, and what curl is told.
def ways():
    return {
        "h2c": ([], ["--http2-prior-knowledge"], "2"),
        "TLS": (TLS, ["--cacert", CERTIFICATE], "2"),
        "TLS, HTTP/1": (TLS, ["--cacert", CERTIFICATE, "--http1.1"], "1.1"),
    }


@test
def answers(args):
    for name, (flags, of_curl, version) in ways().items():
        with Service(args, *flags) as s:
            equal(s.url.split(":")[0], "https" if flags else "http")
            got = curl(*of_curl, "-w", "|%{http_version} %{response_code}", s.url + "hello")
            equal(got, f"Hello, world!\n|{version} 200".encode(), name)
            equal(curl(*of_curl, "-w", "%{response_code}", "-o", "/dev/null", s.url + "nope"), b"404", name)
            head = curl(*of_curl, "-I", s.url + "hello").lower()
            assert b"content-length: 14\r\n" in head and b"date: " in head, head
            assert (b"connection:" not in head) or version == "1.1", head
            equal(curl(*of_curl, s.url + "long"), b"a" * (1 << 20), name)
            # Of guests that fail.
            for path, status in {"trap": b"500", "silent": b"502", "error": b"504", "early": b"502"}.items():
                equal(curl(*of_curl, "-w", "%{response_code}", "-o", "/dev/null", s.url + path), status, name)


@test
def bodies(args):
    data = bytes(range(256)) * 12_000
    file = FOLDER / "body"
    file.write_bytes(data)
    for name, (flags, of_curl, _) in ways().items():
        with Service(args, *flags) as s:
            assert curl(*of_curl, "--data-binary", f"@{file}", s.url + "echo") == data, name
            # Without a length, and small.
            equal(curl(*of_curl, "-T", "-", s.url + "echo", data=b"abc"), b"abc", name)
            equal(curl(*of_curl, "-H", "expect: 100-continue", "--data", "abc", s.url + "echo"), b"abc", name)


@test
def programs_that_read_late(args):
    """A peer that has to wait with its body is not the one that is slow."""
    file = FOLDER / "late"
    file.write_bytes(b"x" * 500_000)
    for name, (flags, of_curl, _) in ways().items():
        with Service(args, "--idle-timeout", "2s", *flags) as s:
            got = curl(*of_curl, "-H", "expect:", "--data-binary", f"@{file}", s.url + "nap")
            assert got == b"x" * 500_000, f"{name}: {len(got)} bytes"


@test
def half_answers_are_reset(args):
    with Service(args) as s, Session(s.connect()) as c:
        for stream, path in ((1, "/half"), (3, "/drop"), (5, "/late")):
            c.request(stream, path)
            status, _, _, code = c.answer(stream)
            equal((status, code), (200, INTERNAL_ERROR), path)
        c.request(7)
        equal(c.answer(7)[:2], (200, b"Hello, world!\n"), "after them")


@test
def trailers_both_ways(args):
    with Service(args) as s, Session(s.connect()) as c:
        c.request(1, "/echo", "POST", end=False)
        c.send(frame(DATA, 0, 1, b"four"))
        got = c.wait_for(DATA)
        equal(got[3], b"four", "it is echoed while it comes")
        c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, frames.literal(b"x-sum", b"7")))
        # The guest's, "x-trailer: done".
        kind, flags, _, payload = c.wait_for(HEADERS, RST_STREAM, stream=1)
        assert kind == HEADERS and flags & END_STREAM and payload, (kind, flags, payload)


@test
def streams_run_at_once(args):
    with Service(args) as s, Session(s.connect()) as c:
        began = time.monotonic()
        streams = range(1, 181, 2)
        for stream in streams:
            c.request(stream, "/sleep")
        got = c.answers(streams)
        equal({a[:2] for a in got.values()}, {(200, b"Hello, world!\n")})
        # One after another they would take half a minute.
        assert time.monotonic() - began < 15
        # Who opens more than it was told it may loses the connection.
        for stream in range(201, 441, 2):
            c.request(stream, "/sleep")
        equal(c.how_it_ends(), frames.PROTOCOL_ERROR)


@test
def backpressure(args):
    """Who does not read stops the echo, and with it what the sender may send."""
    with Service(args) as s, Session(s.connect()) as c:
        c.socket.settimeout(2)
        c.request(1, "/echo", "POST", end=False)
        sent, room, whole = 0, 65535, 65535
        try:
            while sent < 100 << 20:
                while min(room, whole) > 0:
                    size = min(room, whole, 16384)
                    c.send(frame(DATA, 0, 1, b"x" * size))
                    sent, room, whole = sent + size, room - size, whole - size
                kind, _, stream, payload = c.next()
                if kind == WINDOW_UPDATE:
                    increment = int.from_bytes(payload, "big")
                    room, whole = (room + increment, whole) if stream else (room, whole + increment)
        except TimeoutError:
            pass
        assert sent < 1 << 20, f"{sent} bytes went in, and 64 KB came out"
        # The connection goes on with others.
        c.socket.settimeout(SECONDS)
        c.send(frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", 1 << 20)))
        c.request(3)
        equal(c.answer(3)[0], 200)


@test
def bodies_that_nobody_wants(args):
    with Service(args, "--max-body", "1K") as s, Session(s.connect()) as c:
        c.request(1, "/echo", "POST", [("content-length", "2000")], end=False)
        equal(c.answer(1)[0], 413)
        # It is told to stop.
        got = c.wait_for(RST_STREAM)
        equal(int.from_bytes(got[3], "big"), NO_ERROR)
        c.request(3, "/echo", "POST", end=False)
        c.send(frame(DATA, END_STREAM, 3, b"x" * 2000))
        # Without a length it shows late: no answer, or none that is whole.
        status, _, _, code = c.answer(3)
        assert status == 413 or code == INTERNAL_ERROR, (status, code)
        # Of a program that has not begun to answer, or not begun at all, the server answers.
        c.request(9, "/sleep", "POST", end=False)
        time.sleep(0.1)
        c.send(frame(DATA, END_STREAM, 9, b"x" * 2000))
        equal(c.answer(9)[0], 413)
        c.send(frame(HEADERS, END_HEADERS, 11, frames.fields("/sleep", "POST")) + frame(DATA, END_STREAM, 11, b"x" * 2000))
        equal(c.answer(11)[0], 413)
        # Answered before it has come.
        c.request(13, "/hello", "POST", end=False)
        equal(c.answer(13)[:2], (200, b"Hello, world!\n"))
        c.send(frame(DATA, END_STREAM, 13, b"late"))
        c.request(15)
        equal(c.answer(15)[0], 200)


@test
def requests_that_are_refused(args):
    cases = {
        "no path": ([(":method", "GET"), (":scheme", "http"), (":authority", "a")], "reset"),
        "upper case": (frames.fields(more=[("X-Y", "z")]), "reset"),
        "connection": (frames.fields(more=[("connection", "close")]), "reset"),
        "transfer-encoding": (frames.fields(more=[("transfer-encoding", "chunked")]), "reset"),
        "te": (frames.fields(more=[("te", "gzip")]), "reset"),
        "line end in a value": (frames.fields(more=[("x", "a\r\nb: c")]), "reset"),
        "NUL in a value": (frames.fields(more=[("x", "a\0b")]), "reset"),
        "pseudo field behind others": (frames.literal(b"x", b"y") + frames.fields(), "reset"),
        "two lengths": (frames.fields(more=[("content-length", "1"), ("content-length", "2")]), "reset"),
        "length of nothing": (frames.fields(more=[("content-length", "5")]), "reset"),
        "another host": (frames.fields(more=[("host", "other")]), 400),
        "bad authority": (frames.fields(authority="a b"), (400, "reset")),
        "user in authority": (frames.fields(authority="me@test"), 400),
        "space in the path": (frames.fields("/a b"), (400, "reset")),
        "byte beyond ASCII in the path": (frames.fields("/h\xe9llo"), (400, "reset")),
        "no origin form": (frames.fields("hello"), (400, "reset")),
        "unknown expectation": (frames.fields(more=[("expect", "wonders")]), 417),
        "too many fields": (frames.fields(more=[(f"x{i}", "y") for i in range(400)]), 431),
        "too long a header": (frames.fields(more=[("x", "y" * 4000)] * 20), 431),
        "tunnel": (frames.literal(b":method", b"CONNECT") + frames.literal(b":authority", b"a:80"), 501),
    }
    with Service(args) as s, Session(s.connect()) as c:
        stream = -1
        for name, (head, expected) in cases.items():
            stream += 2
            if isinstance(head, list):
                head = b"".join(frames.literal(n.encode(), v.encode()) for n, v in head)
            pieces = [head[i : i + 16384] for i in range(0, len(head), 16384)]
            c.send(frame(HEADERS, END_STREAM | (END_HEADERS if len(pieces) == 1 else 0), stream, pieces[0]))
            for i, piece in enumerate(pieces[1:], 2):
                c.send(frame(CONTINUATION, END_HEADERS if i == len(pieces) else 0, stream, piece))
            status, _, _, code = c.answer(stream)
            got = "reset" if code is not None else status
            assert got in (expected if isinstance(expected, tuple) else (expected,)), f"{name}: got {got}"
        c.request(stream + 2)
        equal(c.answer(stream + 2)[0], 200, "after them")


@test
def heads_that_are_wrong_are_over(args):
    """The time that a head gets does not run on behind it."""
    with Service(args) as s, Session(s.connect()) as c:
        # Nothing else comes from this side meanwhile.
        c.wait_for(SETTINGS)
        c.request(1)
        equal(c.answer(1)[0], 200)
        c.request(3, more=[("content-length", "1"), ("content-length", "2")])
        equal(c.answer(3)[3], frames.PROTOCOL_ERROR)
        time.sleep(12)
        c.request(5)
        equal(c.answer(5)[0], 200)


@test
def floods(args):
    """Each ends its own connection, or costs nothing."""
    def pings(c):
        for _ in range(2000):
            c.send(frame(PING, 0, 0, b"12345678") * 50)

    def settings(c):
        for _ in range(2000):
            c.send(frame(SETTINGS, 0, 0) * 50)

    def resets(c):
        """CVE-2023-44487."""
        for i in range(20_000):
            stream = 2 * i + 1
            c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, frames.fields("/sleep"))
                   + frame(RST_STREAM, 0, stream, struct.pack("!I", CANCEL)))

    def continuations(c):
        """CVE-2024-27316."""
        c.send(frame(HEADERS, 0, 1, frames.fields()))
        for _ in range(100_000):
            c.send(frame(CONTINUATION, 0, 1, frames.literal(b"x", b"y")))

    def empty_continuations(c):
        c.send(frame(HEADERS, 0, 1, frames.fields()))
        for _ in range(100_000):
            c.send(frame(CONTINUATION, 0, 1))

    with Service(args) as s:
        # Who does not read the answers to its PINGs is no longer read from, which holds it up.
        for flood, may_hold in ((pings, True), (settings, True), (resets, False), (continuations, False),
                                (empty_continuations, False)):
            with Session(s.connect()) as c:
                c.socket.settimeout(3 if may_hold else SECONDS)
                try:
                    flood(c)
                    c.how_it_ends()
                except (ConnectionResetError, BrokenPipeError):
                    pass
                except TimeoutError:
                    assert may_hold, f"{flood.__name__} goes on"
            with Session(s.connect()) as c:
                c.request(1)
                equal(c.answer(1)[0], 200, f"after {flood.__name__}")
        memory = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", memory).group(1))
        assert resident < 300_000, f"{resident} KB resident"


@test
def bombs_of_compression(args):
    """A table's entry of 4 KB, named by one byte a thousand times."""
    with Service(args) as s, Session(s.connect()) as c:
        bomb = frames.fields() + frames.literal(b"x", b"y" * 4000, index=True) + b"\xbe" * 10_000
        for stream in range(1, 21, 2):
            c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, bomb))
            equal(c.answer(stream)[0], 431)
        memory = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", memory).group(1))
        assert peak < 250_000, f"{peak} KB"


@test
def clients_that_go(args):
    """Streams that are reset leave their places to others."""
    with Service(args, "--max-requests", "2", "--timeout", "0") as s, Session(s.connect()) as c:
        for i in range(50):
            stream = 2 * i + 1
            c.request(stream, "/echo", "POST", end=False)
            c.send(frame(DATA, 0, stream, b"x"))
            got = c.wait_for(HEADERS, stream=stream)
            if frames.status_of(got[3]) == 503:
                # The one before is on its way out.
                c.answers([])
            c.send(frame(RST_STREAM, 0, stream, struct.pack("!I", CANCEL)))
        deadline = time.monotonic() + SECONDS
        stream = 101
        while True:
            c.request(stream)
            if c.answer(stream)[0] == 200:
                break
            stream += 2
            assert time.monotonic() < deadline, "places are not given back"
            time.sleep(0.05)


@test
def time_limits(args):
    with Service(args, "--idle-timeout", "1s") as s:
        with Session(s.connect()) as c:
            equal(c.how_it_ends(), NO_ERROR, "idle")
        with Session(s.connect()) as c:
            c.request(1, "/echo", "POST", end=False)
            c.send(frame(DATA, 0, 1, b"abc"))
            equal(c.answer(1)[3], INTERNAL_ERROR, "a body that does not come")
        with Session(s.connect(), settings=struct.pack("!HI", 4, 0)) as c:
            c.request(1, "/long")
            equal(c.answers([1], room=False)[1][3], CANCEL, "an answer that is not read")
        # The first bytes alone, and a handshake that is not made.
        for data in (b"PRI * HT", b""):
            with s.connect() as c:
                c.sendall(data)
                if data == b"":
                    equal(run.read_all(c), b"")


@test
def ends_gracefully(args):
    for flags in ([], TLS):
        with Service(args, *flags) as s:
            def connect():
                plain = s.connect()
                if not flags:
                    return Session(plain)
                context = ssl.create_default_context(cafile=CERTIFICATE)
                context.set_alpn_protocols(["h2"])
                return Session(context.wrap_socket(plain, server_hostname="localhost"))

            with connect() as idle, connect() as busy:
                idle.request(1)
                equal(idle.answer(1)[0], 200)
                busy.request(1, "/sleep")
                busy.wait_for(SETTINGS)
                time.sleep(0.1)
                s.process.send_signal(signal.SIGTERM)
                # On a busy machine the answer may come before.
                answered, last = set(), None
                while got := busy.next():
                    kind, flags, stream, payload = got
                    if kind == GOAWAY and last is None:
                        last = int.from_bytes(payload[:4], "big")
                        equal(last, (1 << 31) - 1, "announced")
                        # It was on its way, and is taken unless the server has meanwhile said that it is not.
                        busy.send_if_open(frame(HEADERS, END_HEADERS | END_STREAM, 3, frames.fields()))
                    elif kind == GOAWAY:
                        last = int.from_bytes(payload[:4], "big")
                    elif flags & END_STREAM and kind in (HEADERS, DATA):
                        answered.add(stream)
                equal(answered, {1, 3} if last == 3 else {1}, f"the last is {last}")
                equal(idle.how_it_ends(), NO_ERROR)
                # A second signal would be the end at once.
                s.process.wait(SECONDS)


@test
def tls(args):
    with Service(args, *TLS) as s:
        # Not trusted, another host, and an old version.
        curl(s.url, code=60)
        curl("--cacert", CERTIFICATE, "--connect-to", f"other:443:127.0.0.1:{s.port}", "https://other/", code=60)
        curl("--cacert", CERTIFICATE, "--tls-max", "1.1", s.url, code=35)
        equal(curl("--cacert", CERTIFICATE, "--tls-max", "1.2", s.url + "hello"), b"Hello, world!\n")
        # Neither TLS nor anything.
        assert b"HTTP" not in s.exchange(run.request("/hello"))
        c = s.connect()
        c.sendall(b"\x16\x03\x01")
        c.close()
        # Without ALPN it is HTTP/1, byte by byte as without TLS.
        context = ssl.create_default_context(cafile=CERTIFICATE)
        with context.wrap_socket(s.connect(), server_hostname="localhost") as c:
            for _ in range(3):
                c.sendall(run.request("/hello"))
                equal(run.read_answer(c)[0], 200)
            c.sendall(run.request("/long", fields="connection: close\r\n"))
            equal(run.unchunk(run.split(run.read_all(c))[2])[0], b"a" * (1 << 20))
        # Half an answer has no end: the peer's word for it is missing.
        with context.wrap_socket(s.connect(), server_hostname="localhost", suppress_ragged_eofs=False) as c:
            c.sendall(b"GET /drop HTTP/1.0\r\n\r\n")
            try:
                while c.recv(65536):
                    pass
                raise AssertionError("half an answer ends as a whole one")
            except ssl.SSLEOFError:
                pass
        equal(curl("--cacert", CERTIFICATE, s.url + "hello"), b"Hello, world!\n")


@test
def tls_mistakes(args):
    def mistake(value):
        done = subprocess.run([args.ashlar, "serve", PATHS, "--tls", value, "--tier", args.tier, "--addr",
                               "127.0.0.1:0"], capture_output=True, timeout=SECONDS)
        assert done.returncode != 0
        return done.stderr.decode()

    assert "two files" in mistake(str(CERTIFICATE))
    assert f"cannot use '{FOLDER}/none' for TLS: No such file" in mistake(f"{FOLDER}/none,{KEY}")
    assert f"cannot use '{CERTIFICATE}' for TLS" in mistake(f"{CERTIFICATE},{CERTIFICATE}")


@test
def unix_sockets(args):
    path = FOLDER / "socket"
    with Service(args, address=f"unix:{path}") as s:
        equal(s.url, f"unix:{path}")
        equal(stat.S_IMODE(path.stat().st_mode), 0o660)
        for _ in range(20):
            equal(curl("--unix-socket", path, "http://any/hello"), b"Hello, world!\n")
        got = curl("--unix-socket", path, "--http2-prior-knowledge", "-w", "%{http_version}", "http://any/hello")
        equal(got, b"Hello, world!\n2")
        # It is somebody's.
        done = subprocess.run([args.ashlar, "serve", PATHS, "--addr", f"unix:{path}", "--tier", args.tier],
                              capture_output=True, timeout=SECONDS)
        assert done.returncode == 1 and b"cannot listen" in done.stderr, done.stderr
        equal(curl("--unix-socket", path, "http://any/hello"), b"Hello, world!\n")
    assert not path.exists(), "the socket's file is left"
    # Of a server that was killed.
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with Service(args, address=f"unix:{path}"):
        equal(curl("--unix-socket", path, "http://any/hello"), b"Hello, world!\n")
        # What somebody has put in its place stays.
        path.unlink()
        path.write_text("mine")
    equal(path.read_text(), "mine")
    # What is no address at all is a wrong command line.
    for bad, exit_code, said in (("unix:", 2, b"a socket's path has 1 to"), ("unix:/" + "a" * 200, 2, b"a socket's path"),
                                 (f"unix:{path}", 1, b"cannot listen")):
        done = subprocess.run([args.ashlar, "serve", PATHS, "--addr", bad, "--tier", args.tier], capture_output=True,
                              timeout=SECONDS)
        assert done.returncode == exit_code and said in done.stderr, done.stderr
    # Of a server that takes nobody: it is somebody's all the same, and nobody waits for it.
    full = FOLDER / "full"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(full))
        server.listen(0)
        client.connect(str(full))
        done = subprocess.run([args.ashlar, "serve", PATHS, "--addr", f"unix:{full}", "--tier", args.tier],
                              capture_output=True, timeout=SECONDS)
        assert done.returncode == 1 and b"cannot listen" in done.stderr, done.stderr
    with Service(args, *TLS, address=f"unix:{FOLDER}/secure"):
        got = curl("--unix-socket", FOLDER / "secure", "--cacert", CERTIFICATE, "https://localhost/hello")
        equal(got, b"Hello, world!\n")


def has_tls(ashlar):
    """What it was built without, it tells."""
    probe = subprocess.run([ashlar, "serve", PATHS, "--tls", f"{CERTIFICATE},{KEY}", "--addr",
                            "unix:/no/where", "--tier", "interp"], capture_output=True, timeout=SECONDS)
    return b"has no OpenSSL" not in probe.stderr


def has_http2(ashlar):
    """Without nghttp2 a service speaks HTTP/1.1 by TLS, too."""
    args = argparse.Namespace(ashlar=ashlar, tier="interp")
    with Service(args, *TLS) as s:
        got = curl("--cacert", CERTIFICATE, "-o", "/dev/null", "-w", "%{http_version}", s.url + "hello")
    return got == b"2"


def main():
    for program in ("curl", "openssl"):
        if not shutil.which(program):
            print(f"{program} is missing: skipped")
            return 77
    ashlar = sys.argv[sys.argv.index("--ashlar") + 1] if "--ashlar" in sys.argv else ""
    try:
        make_certificate()
        if not has_tls(ashlar):
            print("built without OpenSSL: skipped")
            return 77
        if not has_http2(ashlar):
            print("built without nghttp2: skipped")
            return 77
        return run.main(TESTS, __doc__)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
