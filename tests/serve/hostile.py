#!/usr/bin/env python3
"""Requests of HTTP/1 that two readers might read as different ones, and requests that are to cost a lot: the answers of
RFC 9112. Behind each that is refused stands another request, which nobody may answer.

Usage: hostile.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import re
import socket
import sys
import threading
import time
import pathlib

import run
from run import SECONDS, Service, equal, request, split

TESTS = []
SMUGGLED = request("/hello", fields="x-smuggled: yes\r\n")


def test(f):
    TESTS.append(f)
    return f


def statuses(answer):
    return [int(n) for n in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def post(fields, body=b"", path="/echo", version="1.1"):
    return f"POST {path} HTTP/{version}\r\nhost: test\r\n{fields}\r\n".encode("latin-1") + body


CHUNKED = "transfer-encoding: chunked\r\n"
# What is wrong with a head: the status of the one answer.
HEADS = {
    # The lines (2.2, 3).
    "bare LF everywhere": (b"GET /hello HTTP/1.1\nhost: a\n\n", 400),
    "bare LF behind the request line": (b"GET /hello HTTP/1.1\nhost: a\r\n\r\n", 400),
    "bare LF behind a field": (b"GET /hello HTTP/1.1\r\nhost: a\nx: y\r\n\r\n", 400),
    "bare LF at the end": (b"GET /hello HTTP/1.1\r\nhost: a\r\n\n", 400),
    "bare CR in a value": (b"GET /hello HTTP/1.1\r\nhost: a\r\nx: y\rz: w\r\n\r\n", 400),
    "CR CR LF": (b"GET /hello HTTP/1.1\r\nhost: a\r\r\n\r\n", 400),
    "space before the first field": (b"GET /hello HTTP/1.1\r\n host: a\r\n\r\n", 400),
    "two spaces in the request line": (b"GET  /hello HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "tab in the request line": (b"GET\t/hello HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "space in the target": (b"GET /he llo HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "no target": (b"GET HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "method that is no token": (b"G(T /hello HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "version in small letters": (b"GET /hello http/1.1\r\nhost: a\r\n\r\n", 400),
    "version of three digits": (b"GET /hello HTTP/1.10\r\nhost: a\r\n\r\n", 400),
    "version 2": (b"GET /hello HTTP/2.0\r\nhost: a\r\n\r\n", (400, 505)),
    "target beyond the limit": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", (414, 431)),
    "no origin form": (b"GET hello HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "* of GET": (b"GET * HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "byte beyond ASCII in the target": (b"GET /h\xe9llo HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "fragment": (b"GET /hello#x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "tunnel": (b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", 501),
    # Fields (5).
    "no colon": (b"GET /hello HTTP/1.1\r\nhost: a\r\nx\r\n\r\n", 400),
    "no name": (b"GET /hello HTTP/1.1\r\nhost: a\r\n: y\r\n\r\n", 400),
    "space before the colon": (b"GET /hello HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n", 400),
    "NUL in a value": (b"GET /hello HTTP/1.1\r\nhost: a\r\nx: y\0z\r\n\r\n", 400),
    "NUL in a name": (b"GET /hello HTTP/1.1\r\nhost: a\r\nx\0: y\r\n\r\n", 400),
    "vertical tab in a value": (b"GET /hello HTTP/1.1\r\nhost: a\r\nx: y\x0bz\r\n\r\n", 400),
    "10,000 fields": (b"GET /hello HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 10_000 + b"\r\n", 431),
    "a field of 100,000 bytes": (b"GET /hello HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 100_000 + b"\r\n\r\n", 431),
    "a name of 100,000 bytes": (b"GET /hello HTTP/1.1\r\nhost: a\r\n" + b"x" * 100_000 + b": y\r\n\r\n", 431),
    # Hosts (3.2).
    "no host": (b"GET /hello HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /hello HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
    "two hosts and an absolute target": (b"GET http://a/hello HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
    "space in the host": (b"GET /hello HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
    "user in the host": (b"GET /hello HTTP/1.1\r\nhost: me@a\r\n\r\n", 400),
    "path in the host": (b"GET /hello HTTP/1.1\r\nhost: a/b\r\n\r\n", 400),
    "user in the target": (b"GET http://me@a/hello HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "no host in the target": (b"GET http:///hello HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    "scheme that is not HTTP's": (b"GET ftp://a/hello HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    # Lengths (6.2, 6.3).
    "two lengths": (post("content-length: 3\r\ncontent-length: 4\r\n", b"abcd"), 400),
    "two equal lengths": (post("content-length: 3\r\ncontent-length: 3\r\n", b"abc"), 400),
    "list of lengths": (post("content-length: 3, 4\r\n", b"abcd"), 400),
    "list of equal lengths": (post("content-length: 3, 3\r\n", b"abc"), 400),
    "length with a sign": (post("content-length: +3\r\n", b"abc"), 400),
    "negative length": (post("content-length: -1\r\n"), 400),
    "hexadecimal length": (post("content-length: 0x3\r\n", b"abc"), 400),
    "length in words": (post("content-length: three\r\n", b"abc"), 400),
    "no length": (post("content-length:\r\n"), 400),
    "length beyond 64 bits": (post("content-length: 18446744073709551619\r\n", b"abc"), 400),
    "space in the length": (post("content-length: 1 0\r\n", b"abc"), 400),
    # Codings (6.1).
    "length, then coding": (post("content-length: 5\r\n" + CHUNKED, b"0\r\n\r\n"), 400),
    "coding, then length": (post(CHUNKED + "content-length: 5\r\n", b"0\r\n\r\n"), 400),
    "chunked twice": (post(CHUNKED + CHUNKED, b"0\r\n\r\n"), (400, 501)),
    "chunked, chunked": (post("transfer-encoding: chunked, chunked\r\n", b"0\r\n\r\n"), (400, 501)),
    "chunked is not last": (post("transfer-encoding: chunked, gzip\r\n", b"0\r\n\r\n"), (400, 501)),
    "gzip, chunked": (post("transfer-encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 501),
    "identity": (post("transfer-encoding: identity\r\n", b"abc"), (400, 501)),
    "xchunked": (post("transfer-encoding: xchunked\r\n", b"0\r\n\r\n"), (400, 501)),
    "quoted chunked": (post('transfer-encoding: "chunked"\r\n', b"0\r\n\r\n"), (400, 501)),
    "coding behind a vertical tab": (post("transfer-encoding: \x0bchunked\r\n", b"0\r\n\r\n"), (400, 501)),
    "space behind its name": (post("transfer-encoding : chunked\r\n", b"0\r\n\r\n"), 400),
    "coding of HTTP/1.0": (post(CHUNKED, b"0\r\n\r\n", version="1.0"), 400),
    "unknown expectation": (post("expect: wonders\r\ncontent-length: 0\r\n"), 417),
}


@test
def heads(args):
    with Service(args) as s:
        for name, (data, expected) in HEADS.items():
            answer = s.exchange(data + SMUGGLED)
            expected = expected if isinstance(expected, tuple) else (expected,)
            got = statuses(answer)
            assert len(got) == 1 and got[0] in expected, f"{name}: got {got}, expected {expected}"
            equal(split(answer)[1].get("connection"), "close", name)
        equal(s.get("/hello")[0], 200)


# What is wrong with a chunked body (7.1). The guest has the head by then: its answer has no end, and nobody answers
# what stands behind.
CHUNKS = {
    "size that is not hexadecimal": b"x\r\nabc\r\n0\r\n\r\n",
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "size with a sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "negative size": b"-3\r\nabc\r\n0\r\n\r\n",
    "size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "size beyond 64 bits": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "largest size": b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "bare LF behind the size": b"3\nabc\r\n0\r\n\r\n",
    "bare LF behind the data": b"3\r\nabc\n0\r\n\r\n",
    "no end of the data": b"3\r\nabcd\r\n0\r\n\r\n",
    "bare LF in an extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "endless extension": b"3;" + b"a" * 100_000 + b"\r\nabc\r\n0\r\n\r\n",
    "bare LF at the end": b"3\r\nabc\r\n0\r\n\n",
    "trailer without a colon": b"3\r\nabc\r\n0\r\nx\r\n\r\n",
    "10,000 trailers": b"3\r\nabc\r\n0\r\n" + b"x: y\r\n" * 10_000 + b"\r\n",
    "endless trailer": b"3\r\nabc\r\n0\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
}


@test
def chunks(args):
    with Service(args) as s:
        for name, body in CHUNKS.items():
            answer = s.exchange(post(CHUNKED, body) + SMUGGLED)
            got = statuses(answer)
            assert len(got) <= 1, f"{name}: got {got}"
            assert b"x-trailer: done" not in answer and b"Hello" not in answer, f"{name}: {answer!r}"
        equal(s.get("/hello")[0], 200)


@test
def what_is_allowed(args):
    """And is one request, with one meaning."""
    fine = {
        "chunk extensions": (post(CHUNKED, b'3;a=b;c="d e"\r\nabc\r\n0;x\r\n\r\n'), b"abc"),
        "zeros before a size": (post(CHUNKED, b"0003\r\nabc\r\n000\r\n\r\n"), b"abc"),
        "sizes in both cases": (post(CHUNKED, b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), b"0123456789" * 2),
        "Chunked": (post("transfer-encoding: Chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
        "space around a coding": (post("transfer-encoding: \t chunked \t\r\n", b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
        "space around a length": (post("content-length: \t 3 \t\r\n", b"abc"), b"abc"),
        "zeros before a length": (post("content-length: 003\r\n", b"abc"), b"abc"),
        "empty line before": (b"\r\n" + post("content-length: 3\r\n", b"abc"), b"abc"),
        "absolute target": (post("content-length: 3\r\n", b"abc", "http://other/echo"), b"abc"),
        "empty host": (b"POST /echo HTTP/1.1\r\nhost:\r\ncontent-length: 3\r\n\r\nabc", b"abc"),
        "no body at all": (post("content-length: 0\r\n"), b""),
    }
    with Service(args) as s:
        for name, (data, expected) in fine.items():
            answer = s.exchange(data + request("/hello", fields="connection: close\r\n"))
            equal(statuses(answer), [200, 200], name)
            assert answer.endswith(b"Hello, world!\n"), name
            _, fields, body = split(answer)
            if "transfer-encoding" in fields:
                body = run.unchunk(body)[0]
            equal(body[: len(expected)], expected, name)
        # A folded line is refused, or one with a space (5.2); never a line of its own.
        for data in (b"GET /hello HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n",
                     post("transfer-encoding:\r\n chunked\r\n", b"0\r\n\r\n"),
                     post("content-length:\r\n 5\r\n", b"0\r\n\r\n"),
                     post("x: y\r\n content-length: 5\r\n", b"")):
            got = statuses(s.exchange(data + request("/hello", fields="connection: close\r\n")))
            assert got in ([400], [501], [200, 200]), f"{data!r}: {got}"


@test
def slow_ones(args):
    """Bytes that come one by one cost nobody else, and are a request in the end."""
    with Service(args, "--idle-timeout", "5s") as s:
        def send(data, answers):
            with s.connect() as c:
                for byte in data:
                    c.sendall(bytes([byte]))
                    time.sleep(0.01)
                answers.append(run.read_all(c))

        data = post("content-length: 20\r\nconnection: close\r\n", b"abcdefghijklmnopqrst")
        answers = []
        slow = [threading.Thread(target=send, args=(data, answers)) for _ in range(20)]
        for t in slow:
            t.start()
        began = time.monotonic()
        for _ in range(50):
            equal(s.get("/hello")[0], 200)
        assert time.monotonic() - began < SECONDS
        for t in slow:
            t.join()
        for answer in answers:
            equal(run.unchunk(split(answer)[2])[0], b"abcdefghijklmnopqrst")


@test
def heads_that_do_not_end(args):
    """Ten seconds are all they get, however much they say meanwhile."""
    with Service(args) as s, s.connect() as c:
        c.sendall(b"GET /hello HTTP/1.1\r\nhost: a\r\n")
        began = time.monotonic()
        c.settimeout(1)
        answer = b""
        while time.monotonic() - began < SECONDS:
            try:
                c.sendall(b"x: y\r\n")
                if not (more := c.recv(65536)):
                    break
                answer += more
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        assert 8 < time.monotonic() - began < 30
        equal(statuses(answer), [408])


@test
def early_ends(args):
    """A request that is cut short anywhere is nobody's, and costs nothing."""
    with Service(args) as s:
        whole = post(CHUNKED, b"3\r\nabc\r\n0\r\nx: y\r\n\r\n")
        for size in range(0, len(whole), 3):
            with s.connect() as c:
                c.sendall(whole[:size])
                c.shutdown(socket.SHUT_WR)
                assert b"x-trailer: done" not in run.read_all(c), f"the first {size} bytes are a request"
            with s.connect() as c:
                c.sendall(whole[:size])
        equal(s.get("/hello")[0], 200)
        memory = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
        assert int(re.search(r"VmRSS:\s+(\d+) kB", memory).group(1)) < 250_000


if __name__ == "__main__":
    sys.exit(run.main(TESTS, __doc__))
