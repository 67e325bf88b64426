#!/usr/bin/env python3
"""Serves WASI programs, in the manner of CGI and with HTTP on their standard streams: good ones, bad ones, and the
functions of examples/functions.

Usage: programs.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
Without clang's wasi-libc, or rustc's wasm32-wasip1, what they compile is left out, which is told.
"""

import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import run
from run import SECONDS, Service, equal, read_all, request, split, unchunk

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = HERE / "programs.wat"
FUNCTIONS = ROOT / "examples/functions"
C_COMPILER = ["clang-22", "--target=wasm32-wasi", "-Wno-deprecated", "--sysroot=/usr", "--no-wasm-opt", "-O2"]
RUST_COMPILER = ["rustc", "-O", "--target", "wasm32-wasip1"]
HELLO = b"hello\n"
TESTS = []


def test(f):
    TESTS.append(f)
    return f


def wait_for_log(s, words):
    deadline = time.monotonic() + SECONDS
    while words not in s.log:
        assert time.monotonic() < deadline, f"{words!r} is not in the log: {s.log!r}"
        time.sleep(0.01)


def post(s, path, body, fields=""):
    return split(s.exchange(request(path, "POST", f"content-length: {len(body)}\r\nconnection: close\r\n{fields}", body)))


@test
def raw_responses(args):
    with Service(args, "--style", "raw", guest=PROGRAMS) as s:
        assert b"(raw WASI program)" in s.log, s.log
        status, fields, body = s.get("/h")
        equal((status, body, fields["content-length"]), (200, HELLO, "6"))
        assert "date" in fields
        # Lines that end in LF; a body that ends with the output.
        status, fields, body = s.get("/l")
        equal((status, fields["x-a"], body, fields["content-length"]), (201, "b", b"lines\n", "6"))
        # Fields of the program's connection stay there; its chunks become ours.
        status, fields, body = s.get("/k")
        equal((status, unchunk(body)[0], fields["connection"], "keep-alive" in fields), (200, b"abcde", "close", False))
        equal(unchunk(body)[1], b"X-Sum: 5\r\n\r\n")
        equal(s.get("/d")[::2], (200, HELLO), "with a line behind it")
        equal(s.get("/2")[::2], (204, b""))
        equal(s.get("/h", "HEAD")[::2], (200, b""))
        equal(s.get("/h", "HEAD")[1]["content-length"], "6")
        equal(s.get("/y")[::2], (200, HELLO), "polling")
        equal(s.get("/")[0], 404)
        # What a program writes tells by itself whether it is CGI.
        status, fields, body = s.get("/r")
        equal((status, fields["content-type"], body), (404, "text/plain", b"missing\n"))


@test
def raw_requests(args):
    with Service(args, "--style", "raw", "--env", "GIVEN=it", guest=PROGRAMS) as s:
        answer = s.exchange(request("/H?a=b", fields="x-request-id: r\r\nX-One: 1\r\nX-One: 2\r\nexpect: 100-continue\r\nupgrade: x\r\nconnection: close\r\n"))
        equal(split(answer.partition(b"100 Continue\r\n\r\n")[2] or answer)[2],
              b"GET /H?a=b HTTP/1.1\r\nhost: test\r\nx-request-id: r\r\nX-One: 1\r\nX-One: 2\r\n\r\n")
        asked = re.sub(rb"x-request-id: [0-9a-f]{32}\r\n", b"", post(s, "/H", b"abc")[2])
        equal(asked, b"POST /H HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\n\r\n")
        # A short body that comes in chunks has a length by the time that it is asked for.
        chunked = request("/H", "POST", "transfer-encoding: chunked\r\nx-request-id: r\r\nconnection: close\r\n") + b"2\r\nab\r\n0\r\n\r\n"
        equal(split(s.exchange(chunked))[2], b"POST /H HTTP/1.1\r\nhost: test\r\nx-request-id: r\r\ncontent-length: 2\r\n\r\n")
        # No environment but what is granted.
        equal(s.get("/v")[2], b"GIVEN=it\n")


@test
def bodies_stream_both_ways(args):
    big = bytes(range(256)) * 4000
    with Service(args, "--style", "raw", guest=PROGRAMS) as s:
        equal(unchunk(post(s, "/e", big)[2])[0], big)
        # Longer than what is waited for.
        pieces = [big[i : i + 4000] for i in range(0, len(big), 4000)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
        answer = s.exchange(request("/e", "POST", "transfer-encoding: chunked\r\nconnection: close\r\n") + chunks)
        equal(unchunk(split(answer)[2])[0], big)
        # As it comes.
        with s.connect() as c:
            c.sendall(request("/e", "POST", "content-length: 8\r\nconnection: close\r\n", b"four"))
            data = b""
            while b"four" not in data:
                data += c.recv(1000)
            c.sendall(b"more")
            equal(unchunk(split(data + read_all(c))[2])[0], b"fourmore")
        # Who does not read stops the program, and with it who sends.
        with s.connect() as c:
            run.stuff(c, request("/e", "POST", f"content-length: {1 << 39}\r\n"), big)
        # A request that breaks off is an error where it is read.
        with s.connect() as c:
            c.sendall(request("/e", "POST", "content-length: 8\r\n", b"four"))
            c.shutdown(socket.SHUT_WR)
            read_all(c)
        wait_for_log(s, b"ended with code 8")
        equal(s.get("/h")[2], HELLO)


@test
def bad_programs(args):
    """Each costs its own request."""
    with Service(args, "--style", "raw", "--timeout", "1s", "--max-memory", "64M", guest=PROGRAMS) as s:
        for path, expected, logged in (
                ("/n", 502, b"ended without a response"), ("/m", 502, b"has no colon"), ("/f", 502, b"has no header"),
                ("/i", 502, b"control character"), ("/B", 502, b"header is too long"), ("/c", 502, b"too many fields"),
                ("/q", 502, b"in the middle of its response"), ("/1", 502, b"no final status"),
                ("/C", 502, b"bad chunk"), ("/t", 500, b"unreachable"), ("/s", 504, b"interrupted"),
                ("/Z", 504, b"interrupted"), ("/X", 502, b"ended with code 4")):
            status, _, body = s.get(path)
            equal((status, body.count(b"\n")), (expected, 1), path)
            wait_for_log(s, logged)
            s.log = b""
        status, fields, body = s.get("/g")
        equal((status, body), (200, HELLO), "memory")
        # Half an answer is never taken for a whole one.
        for path in ("/u", "/p"):
            status, fields, body = s.get(path)
            equal((status, fields["content-length"], body), (200, "10", b"hello"), path)
        # What comes behind a whole one harms nobody, and ends.
        for path, logged in (("/w", b"unreachable"), ("/x", b"ended with code 3"), ("/D", b"")):
            equal(s.get(path)[::2], (200, HELLO), path)
            wait_for_log(s, logged)
        # Endless output ends where nobody reads it any more, long before its time: the loop goes on.
        with s.connect() as c:
            c.sendall(request("/o"))
            assert c.recv(1000)
        equal(s.get("/o", "HEAD")[0], 200)
        status, _, body = s.get("/o")
        assert status == 200 and not body.endswith(b"0\r\n\r\n"), body[-20:]
        for _ in range(4):
            equal(s.get("/h")[2], HELLO)


@test
def nothing_is_shared(args):
    with Service(args, "--style", "raw", guest=PROGRAMS) as s, s.connect() as c:
        for _ in range(50):
            c.sendall(request("/M"))
            equal(run.read_answer(c)[2], HELLO)


@test
def waiting_programs_hold_no_thread(args):
    with Service(args, "--style", "raw", guest=PROGRAMS) as s:
        began = time.monotonic()
        open_ones = [s.connect() for _ in range(100)]
        for c in open_ones:
            c.sendall(request("/z"))
        threads = len(list(pathlib.Path(f"/proc/{s.process.pid}/task").iterdir()))
        assert threads < 10, f"{threads} threads"
        for c in open_ones:
            equal(run.read_answer(c)[2], HELLO)
            c.close()
        # One after another they would take 25 seconds on one loop.
        assert time.monotonic() - began < 12
    # Those that are left end with the server.
    with Service(args, "--style", "raw", "--drain-timeout", "100ms", guest=PROGRAMS) as s:
        for c in (open_ones := [s.connect() for _ in range(3)]):
            c.sendall(request("/Z"))
        time.sleep(0.2)
        s.process.send_signal(signal.SIGTERM)
        for c in open_ones:
            equal(read_all(c), b"")
            c.close()


@test
def cgi_requests(args):
    with Service(args, "--env", "GIVEN=it", "--env", "PATH_INFO=/ours", guest=PROGRAMS) as s:
        assert b"(CGI WASI program)" in s.log, s.log
        fields = "X-Request-Id: r\r\nX-One: 1\r\nX-one: 2\r\nCookie: a=1\r\nCookie: b=2\r\nProxy: http://evil\r\nX_One: 3\r\nContent-Type: a/b\r\n"
        with s.connect() as c:
            local = c.getsockname()[1]
            c.sendall(request("/V/a%20b%2F%zz?q=1&r=%20", "POST", f"content-length: 5\r\nconnection: close\r\n{fields}", b"body\n"))
            status, answered, body = split(read_all(c))
        lines = (unchunk(body)[0] if "transfer-encoding" in answered else body).decode().splitlines()
        equal((status, answered["content-type"], lines[-1]), (200, "text/plain", "body"))
        variables = dict(line.split("=", 1) for line in lines[:-1])
        equal(variables, {
            "GIVEN": "it", "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "ashlar", "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "test", "SERVER_PORT": "80", "REQUEST_METHOD": "POST", "REQUEST_SCHEME": "http",
            "REQUEST_URI": "/V/a%20b%2F%zz?q=1&r=%20", "SCRIPT_NAME": "", "PATH_INFO": "/V/a b/%zz",
            "QUERY_STRING": "q=1&r=%20", "REMOTE_ADDR": "127.0.0.1", "REMOTE_HOST": "127.0.0.1",
            "REMOTE_PORT": str(local), "CONTENT_LENGTH": "5", "CONTENT_TYPE": "a/b", "HTTP_HOST": "test",
            "HTTP_X_REQUEST_ID": "r", "HTTP_X_ONE": "1, 2", "HTTP_COOKIE": "a=1; b=2"})
        # Without a host it is the socket's; without a body there is no length.
        text = split(s.exchange(b"GET /v HTTP/1.0\r\n\r\n"))[2].decode()
        assert f"SERVER_NAME=127.0.0.1\nSERVER_PORT={s.port}\n" in text, text
        assert "CONTENT_LENGTH" not in text and "HTTP_HOST" not in text, text
        text = split(s.exchange(b"GET /v HTTP/1.1\r\nhost: [::1]:77\r\nconnection: close\r\n\r\n"))[2].decode()
        assert "SERVER_NAME=::1\nSERVER_PORT=77\n" in text and "HTTP_HOST=[::1]:77\n" in text, text
        equal(s.get("/v%00")[0], 400, "NUL")


@test
def cgi_responses(args):
    with Service(args, guest=PROGRAMS) as s:
        status, fields, body = s.get("/r")
        equal((status, fields["content-type"], body, "status" in fields), (404, "text/plain", b"missing\n", False))
        equal(s.get("/h")[::2], (200, HELLO), "with a status line")
        status, fields, body = s.get("/U")
        equal((status, fields["location"], body), (302, "http://example.org/", b"there\n"))
        # A path alone: the answer is that of another request (RFC 3875, 6.2.2).
        status, fields, body = post(s, "/R", b"body")
        assert status == 200 and b"PATH_INFO=/v/moved\nQUERY_STRING=from=here\n" in body, body
        assert b"REQUEST_METHOD=GET\n" in body and b"CONTENT_LENGTH" not in body, body
        equal(s.get("/L")[0], 502)
        wait_for_log(s, b"Location: /L")
        equal(s.get("/h")[2], HELLO)
    # All of them are one request, with one time.
    with Service(args, "--timeout", "1s", guest=PROGRAMS) as s:
        equal(s.get("/W")[0], 504, "ten redirects of 300 ms each")


def small(data, body="", imports=""):
    return f'(module {imports} (memory (export "memory") 1) (data (i32.const 64) "{data}") (func (export "_start") {body}))'


@test
def threads(args):
    """Whoever wants them is told, whatever else it imports before."""
    with tempfile.TemporaryDirectory() as folder:
        guest = pathlib.Path(folder) / "guest.wat"
        guest.write_text('(module (import "env" "memory" (memory 1 1 shared))'
                         ' (import "wasi" "thread-spawn" (func (param i32) (result i32))) (func (export "_start")))')
        done = subprocess.run([args.ashlar, "serve", str(guest)], capture_output=True, timeout=SECONDS)
        assert done.returncode != 0 and b"without threads" in done.stderr, done.stderr


@test
def guesses_and_mistakes(args):
    with tempfile.TemporaryDirectory() as folder:
        guest = pathlib.Path(folder) / "guest.wat"
        for data, expected in {"HTTP/1.1 200 OK": b"raw", "x": b"CGI", "HTTP/1.0 REQUEST_METHOD": b"CGI"}.items():
            guest.write_text(small(data))
            with Service(args, guest=guest) as s:
                assert b"(%s WASI program)" % expected in s.log, s.log
                equal(s.get("/")[0], 502)
            with Service(args, "--style", "cgi", guest=guest) as s:
                assert b"(CGI WASI program)" in s.log, s.log
                equal(s.get("/")[0], 502)

        def fails(*flags):
            command = [args.ashlar, "serve", str(guest), "--addr", "127.0.0.1:0", "--tier", args.tier, *flags]
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            assert done.returncode != 0, done.stderr
            return done.stderr

        guest.write_text(small("", imports='(import "env" "f" (func))'))
        text = fails()
        assert '"env" "f"' in text, text
        guest.write_text(small("", imports='(import "wasi_snapshot_preview1" "fd_close" (func (param i64)))'))
        text = fails()
        assert "fd_close" in text and "i64" in text, text
        guest.write_text(small("", imports='(import "wasi" "thread-spawn" (func (param i32) (result i32)))'))
        text = fails()
        assert "thread-spawn" in text, text
        guest.write_text("(module)")
        text = fails()
        assert "_start" in text, text
        guest.write_text('(module (func (export "_start") (param i32)))')
        text = fails()
        assert "_start" in text, text
        guest.write_text(small(""))
        text = fails("--style", "other")
        assert "cgi or raw" in text, text
        text = fails("--allow-http", "*")
        assert "not supported yet" in text, text
        text = fails("--dir", folder + "/nowhere")
        assert "nowhere" in text, text
        guest = HERE / "paths.wat"
        text = fails("--style", "raw")
        assert "not supported yet" in text, text


def build(folder, name):
    """The example compiled; nothing where its toolchain is missing."""
    source, out = FUNCTIONS / name, pathlib.Path(folder) / (name + ".wasm")
    command = C_COMPILER if name.endswith(".c") else RUST_COMPILER
    done = None
    if shutil.which(command[0]):
        done = subprocess.run([*command, str(source), "-o", str(out)], capture_output=True, text=True)
        if done.returncode == 0:
            return out
    why = done.stderr if done else "there is no " + command[0]
    missing = done is None or re.search(r"wasm32-wasip1.*(not be installed|not installed)|can't find crate for `std`|"
                                        r"cannot open [^\n]*(crt1|libc|builtins)|file not found", why, re.S)
    assert missing, why
    print(f"left out: {name}: {why.strip().splitlines()[0]}")
    return None


def check_function(args, guest):
    with Service(args, guest=guest) as s:
        assert b"(raw WASI program)" in s.log, s.log
        status, fields, body = s.get("/health")
        equal((status, fields["content-type"], json.loads(body)), (200, "application/json", {"status": "ok"}))
        users = json.loads(s.get("/api/users?page=1")[2])
        equal((len(users), users[999]), (1000, {"id": 1000, "name": "User 1000", "email": "user1000@example.com"}))
        data = {"text": 'a "b" \\ c', "list": [1, -2.5e3, True, None, [], {}], "object": {"x": "y" * 100_000}}
        status, _, body = post(s, "/api/data", json.dumps(data).encode())
        equal((status, json.loads(body)), (200, {"received": data}))
        for text in (b"", b"{", b'{"a" 1}', b"[1,]", b'"open', b"{} {}", b"[" * 1000 + b"]" * 1000, b"\0"):
            equal(post(s, "/api/data", text)[0], 400, text[:20])
        for method, path in (("GET", "/"), ("POST", "/health"), ("GET", "/api/data"), ("DELETE", "/api/users")):
            equal(s.get(path, method)[0], 404, f"{method} {path}")
        with s.connect() as c:
            for _ in range(20):
                c.sendall(request("/health"))
                equal(run.read_answer(c)[0], 200)
    assert s.log.count(b"\n") == 1, s.log


@test
def functions_in_c_and_rust(args):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("api.c", "api.rs"):
            guest = build(folder, name)
            if guest is not None:
                check_function(args, guest)


CGI_IN_C = r"""
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  const char* path = getenv("PATH_INFO");
  char line[100] = "";
  FILE* file = fopen("data/file", "r");
  if (file) fgets(line, sizeof line, file);
  printf("Content-Type: text/plain\n\n%d %s %s %s", argc, argv[0], path, line);
  DIR* dir = opendir("data");
  int entries = 0;
  while (readdir(dir)) entries++;
  printf("%d\n", entries);
  fprintf(stderr, "printed\n");
  return fopen("data/new", "w") != NULL;
}
"""


@test
def files_and_standard_error(args):
    with tempfile.TemporaryDirectory() as folder:
        source, guest, data = (pathlib.Path(folder) / name for name in ("cgi.c", "cgi.wasm", "data"))
        source.write_text(CGI_IN_C)
        data.mkdir()
        (data / "file").write_text("text\n")
        if not shutil.which(C_COMPILER[0]) or not pathlib.Path("/usr/lib/wasm32-wasi/libc.a").exists():
            print("left out: a program in C: there is no wasi-libc")
            return
        subprocess.run([*C_COMPILER, str(source), "-o", str(guest)], check=True)
        with Service(args, "--dir", f"{data}::data:ro", guest=guest) as s:
            for _ in range(3):
                status, fields, body = s.get("/x")
                # In chunks where it lost its turn within its answer.
                if "transfer-encoding" in fields:
                    body = unchunk(body)[0]
                equal((status, body), (200, b"1 cgi.wasm /x text\n3\n"))
            wait_for_log(s, b"printed\n" * 3)
            assert not (data / "new").exists()


if __name__ == "__main__":
    sys.exit(run.main(TESTS, __doc__))
