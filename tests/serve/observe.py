#!/usr/bin/env python3
"""What a service tells those who run it: access logs, metrics, the page of live figures, request ids.

Usage: observe.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import json
import pathlib
import re
import signal
import sys
import tempfile
import urllib.request

import run
from config import Folder, get, wait_for, wait_for_log
from run import SECONDS, Service, equal, request

TESTS = []
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test(f):
    TESTS.append(f)
    return f


def admin(service):
    wait_for_log(service, "metrics on")
    found = re.search(rb"metrics on (http://127\.0\.0\.1:\d+)/metrics", service.log)
    assert found, service.log
    return found.group(1).decode()


def fetch(url):
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return answer.headers, answer.read().decode()


def metrics(service):
    """All samples by name and labels; the format's rules are checked on the way."""
    headers, text = fetch(admin(service) + "/metrics")
    assert headers["content-type"].startswith("text/plain; version=0.0.4"), headers
    samples, families = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in families, f"{name} twice"
            families.add(name)
        elif not line.startswith("#"):
            found = re.fullmatch(r'([a-z_]+)(\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\})? ([-+.e0-9]+)', line)
            assert found, line
            assert re.sub("_(bucket|sum|count)$", "", found.group(1)) in families or found.group(1) in families, line
            samples[found.group(1) + (found.group(2) or "")] = float(found.group(3))
    return samples


@test
def counts(args):
    with Service(args, "--metrics", "127.0.0.1:0", "--timeout", "300ms") as s:
        for _ in range(3):
            equal(s.get("/hello")[0], 200)
        equal(s.get("/trap")[0], 500)
        equal(s.get("/spin")[0], 504)
        equal(s.get("/nothing")[0], 404)
        body = b"x" * 1000
        s.exchange(request("/echo", "POST", f"content-length: {len(body)}\r\nconnection: close\r\n", body))
        route = str(run.PATHS)

        def all_there():
            return metrics(s).get(f'ashlar_http_request_duration_seconds_count{{route="{route}"}}') == 7

        wait_for("the seventh request in the metrics", all_there)
        m = metrics(s)
        total = lambda status: m[f'ashlar_http_requests_total{{route="{route}",status="{status}"}}']
        equal([total(200), total(500), total(504), total(404)], [4, 1, 1, 1])
        failures = lambda kind: m[f'ashlar_guest_failures_total{{route="{route}",kind="{kind}"}}']
        equal([failures("trap"), failures("interrupted"), failures("exit")], [1, 1, 0])
        equal(m[f'ashlar_http_request_bytes_total{{route="{route}"}}'], 1000)
        assert m[f'ashlar_http_response_bytes_total{{route="{route}"}}'] >= 1000 + 3 * 14
        equal(m[f'ashlar_http_requests_in_flight{{route="{route}"}}'], 0)
        buckets = [v for k, v in m.items() if k.startswith(f'ashlar_http_request_duration_seconds_bucket{{route="{route}"')]
        equal(buckets, sorted(buckets), "classes add up")
        equal(buckets[-1], 7)
        slow = m[f'ashlar_http_request_duration_seconds_bucket{{route="{route}",le="0.25"}}']
        assert slow <= 6, "the loop ran for 300 ms"
        assert m["process_resident_memory_bytes"] > 1e6 and m["process_open_fds"] > 3
        assert any(k.startswith("ashlar_build_info") for k in m)


@test
def client_that_goes(args):
    with Service(args, "--metrics", "127.0.0.1:0") as s:
        with s.connect() as c:
            c.sendall(request("/wait"))
            in_flight = f'ashlar_http_requests_in_flight{{route="{run.PATHS}"}}'
            wait_for("the request under way", lambda: metrics(s).get(in_flight) == 1)
        gone = f'ashlar_http_requests_total{{route="{run.PATHS}",status="499"}}'
        wait_for("the client that went", lambda: metrics(s).get(gone) == 1)
        equal(metrics(s)[in_flight], 0)


@test
def what_was_sent(args):
    """In place of a program's own answer, too: with the request's id, and counted as what it is."""
    with Service(args, "--metrics", "127.0.0.1:0", "--max-body", "1K") as s:
        def post(name, body):
            return run.split(s.exchange(request(
                "/echo", "POST", f"transfer-encoding: chunked\r\nx-request-id: {name}\r\nconnection: close\r\n", body)))

        for name, status, body in (("broken", 400, b"x\r\nabc\r\n0\r\n\r\n"),
                                   ("large", 413, b"800\r\n" + b"x" * 2048 + b"\r\n0\r\n\r\n")):
            answer = post(name, body)
            equal((answer[0], answer[1]["x-request-id"]), (status, name))
            total = f'ashlar_http_requests_total{{route="{run.PATHS}",status="{status}"}}'
            wait_for(f"{status} in the metrics", lambda: metrics(s).get(total) == 1)
        for path, expected in (("/trap", 500), ("/early", 502), ("/silent", 502)):
            status, fields, _ = s.get(path)
            assert status == expected and re.fullmatch("[0-9a-f]{32}", fields["x-request-id"]), fields
        # A program's own status that nobody was sent is counted nowhere.
        total = f'ashlar_http_requests_total{{route="{run.PATHS}",status="502"}}'
        wait_for("502 in the metrics", lambda: metrics(s).get(total) == 2)
        assert f'ashlar_http_requests_total{{route="{run.PATHS}",status="103"}}' not in metrics(s)


@test
def failures_that_are_no_traps(args):
    programs = str(run.HERE / "programs.wat")
    with Service(args, "--style", "raw", "--metrics", "127.0.0.1:0", guest=programs) as s:
        for path in ("/n", "/q", "/m", "/p"):  # no response, half a head, none, half a body
            s.get(path)
        failures = lambda kind: metrics(s)[f'ashlar_guest_failures_total{{route="{programs}",kind="{kind}"}}']
        wait_for("four failures", lambda: failures("other") == 4)
        equal(failures("trap"), 0)
        s.get("/t")
        wait_for("a trap", lambda: failures("trap") == 1)


@test
def instances(args):
    with Service(args, "--metrics", "127.0.0.1:0") as s:
        figure = lambda name: metrics(s)[f'ashlar_route_{name}{{route="{run.PATHS}"}}']
        equal((figure("instances"), figure("memory_bytes")), (0, 0))
        with s.connect() as c, s.connect() as d:
            c.sendall(request("/wait"))
            d.sendall(request("/wait"))
            wait_for("two instances", lambda: figure("instances") == 2)
            equal(figure("memory_bytes"), 2 * 4 * 65536)
        wait_for("their end", lambda: figure("instances") == 0)
        equal(figure("memory_bytes"), 0)
    # One that stays is there while it waits.
    with Service(args, "--metrics", "127.0.0.1:0", "--reuse", "--idle-instance-timeout", "60s") as s:
        s.get("/hello")
        wait_for("an instance", lambda: metrics(s)[f'ashlar_route_instances{{route="{run.PATHS}"}}'] == 1)


# A program that prints `text` to standard error, and answers.
PRINTS = '''(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "%s")
  (data (i32.const 1024) "Content-Type: text/plain\\n\\nhi\\n")
  (func $write (param $fd i32) (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $write (i32.const 2) (i32.const 64) (i32.const %d))
    (call $write (i32.const 1) (i32.const 1024) (i32.const 29))))'''


def prints(folder, text):
    file = folder.path / "prints.wat"
    file.write_text(PRINTS % ("".join(f"\\{byte:02x}" for byte in text), len(text)))
    return file


@test
def what_programs_print(args):
    """Lines of a program are whole ones, and none of them passes for one of the server's."""
    with Folder() as f:
        guest = prints(f, b"one\r\nt\two\x1b[31m\xc3\xa4\xc2\x9b\rfake")
        shown = b"%sone\n%st\two\\x1b[31m\xc3\xa4\\xc2\\x9b\\x0dfake\n"
        with Service(args, guest=guest) as s:
            equal(s.get("/")[0], 200)
            wait_for_log(s, "fake\n")
            assert s.log.endswith(b"/\n" + shown % (b"", b"")), s.log
        # Where the access log is, there is a name before them.
        with Service(args, "--access-log", "text", guest=guest) as s:
            for count in range(1, 4):
                equal(s.get("/")[0], 200)
                # Sooner the next one would go on with this line.
                wait_for_log(s, "fake\n", count)
            wait_for_log(s, '"GET / HTTP/1.1" 200', 3)
            name = str(guest).encode() + b": "
            lines = s.log.splitlines(keepends=True)
            equal(sum(line in (shown % (name, name)).splitlines(keepends=True) for line in lines), 6, s.log)
            equal(sum(bool(re.fullmatch(rb'127\.0\.0\.1 - - .* id=[0-9a-f]{32}\n', line)) for line in lines), 3, s.log)
        with Service(args, "--access-log-file", str(f.path / "log"), guest=guest) as s:
            equal(s.get("/")[0], 200)
            wait_for_log(s, "/\none\n")


LOGGING = '''
  (import "wasi:logging/logging@0.1.0-draft" (instance $logging
    (type $level' (enum "trace" "debug" "info" "warn" "error" "critical"))
    (export "level" (type $level (eq $level')))
    (export "log" (func (param "level" $level) (param "context" string) (param "message" string)))))'''


@test
def what_components_log(args):
    """With the route's name, as what they print."""
    text = run.PATHS.read_text()
    for before, what in (
            ("\n  (core module $libc", LOGGING),
            ("\n  (core module $main", '\n  (core func $log (canon lower (func $logging "log") (memory $memory)))'),
            ('\n    (import "host" "append"', '\n    (import "host" "log" (func $log (param i32 i32 i32 i32 i32)))'),
            ("\n      (if (call $is (i32.const 0x6c656800))",
             "\n      (call $log (i32.const 3) (i32.const 1024) (i32.const 5) (i32.const 1024) (i32.const 13))"),
            ('(export "append" (func $append))', '(export "log" (func $log)) ')):
        at = text.index(before)
        text = text[:at] + what + text[at:]
    with Folder() as f:
        (f.path / "a.wat").write_text(text)
        f.write('[[route]]\nname = "first"\nmodule = "a.wat"\nlogging = "info"\n')
        with Service(args, guest=f.toml) as s:
            equal(s.get("/hello")[0], 200)
            wait_for_log(s, "\nfirst: warn [Hello]: Hello, world!\n")
        with Service(args, "--logging", "info", guest=f.path / "a.wat") as s:
            equal(s.get("/hello")[0], 200)
            wait_for_log(s, "\nwarn [Hello]: Hello, world!\n")


@test
def page(args):
    with Service(args, "--status", "127.0.0.1:0") as s:
        s.get("/hello")
        headers, text = fetch(admin(s) + "/")
        assert headers["content-type"].startswith("text/html") and "status.json" in text
        figures = json.loads(fetch(admin(s) + "/status.json")[1])
        routes = {r["name"]: r for r in figures["routes"]}
        equal(routes[str(run.PATHS)]["requests"], 1)
        assert figures["resident_bytes"] > 1e6
        # What the service answers is not what operators see.
        equal(s.get("/metrics")[0], 404)


@test
def one_address_for_both(args):
    with Folder() as f:
        f.hello("a.wat")
        f.write('[server]\nmetrics = "127.0.0.1:0"\nstatus = "127.0.0.1:0"\n[[route]]\nname = "a\\"b"\nmodule = "a.wat"\npath = "/a/*"\n')
        with Service(args, guest=f.toml) as s:
            admin(s)
            equal(get(s, "/a/x")[0], 404)
            equal(get(s, "/b")[0], 404)
            m = metrics(s)
            equal(m['ashlar_http_requests_total{route="a\\"b",status="404"}'], 1)
            equal(m['ashlar_http_requests_total{route="",status="404"}'], 1)
            equal(s.log.count(b"metrics on"), 1)


@test
def ids(args):
    with Service(args, "--access-log", "json") as s:
        _, fields, _ = s.get("/hello")
        assert re.fullmatch("[0-9a-f]{32}", fields["x-request-id"]), fields
        other = s.get("/hello")[1]["x-request-id"]
        assert other != fields["x-request-id"]
        head = s.exchange(request("/hello", fields="x-request-id: mine-1\r\nconnection: close\r\n"))
        assert b"x-request-id: mine-1\r\n" in head, head
        # What would have to be quoted in a log is replaced.
        head = s.exchange(request("/hello", fields='x-request-id: a"b\r\nconnection: close\r\n'))
        assert b'a"b' not in head, head
        trap = run.split(s.exchange(request("/trap", fields="x-request-id: trapped\r\nconnection: close\r\n")))
        equal(trap[0], 500)
        wait_for_log(s, "request trapped: ")


@test
def json_lines(args):
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "access.log"
        with Service(args, "--access-log", "json", "--access-log-file", str(log)) as s:
            fields = f'traceparent: {TRACE}\r\nuser-agent: a"\\\x7f\r\nconnection: close\r\n'
            s.exchange(request("/hello?q=%22", fields=fields.replace("\x7f", "")))
            wait_for("a line", lambda: log.read_text().count("\n") == 1)
            line = json.loads(log.read_text())
            equal([line["method"], line["path"], line["status"], line["host"]], ["GET", "/hello?q=%22", 200, "test"])
            equal(line["traceparent"], TRACE)
            equal(line["user_agent"], 'a"\\')
            assert line["duration_ms"] >= 0 and line["bytes_out"] == 14, line
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]), line
            # Logs are moved away, and SIGHUP begins a new one.
            moved = log.with_suffix(".1")
            log.rename(moved)
            s.process.send_signal(signal.SIGHUP)

            def begins_anew():
                s.get("/nothing")
                return log.exists() and log.read_text().count("\n") > 0

            wait_for("a new log", begins_anew)
            equal(json.loads(log.read_text().splitlines()[0])["status"], 404)


@test
def text_lines(args):
    with Service(args, "--access-log", "text") as s:
        s.exchange(request("/hello", fields='user-agent: a"b\r\nreferer: http://x/\r\nconnection: close\r\n'))
        wait_for_log(s, '"GET /hello HTTP/1.1" 200 14 "http://x/" "a\\x22b"')
        found = re.search(rb'\S+ - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /hello HTTP/1\.1" .* time=\d+\.\d{3}ms id=[0-9a-f]{32}\n', s.log)
        assert found, s.log


@test
def lines_under_load(args):
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "access.log"
        with Service(args, "--access-log-file", str(log)) as s:
            with s.connect() as c:
                for _ in range(500):
                    c.sendall(request("/hello"))
                    run.read_answer(c)
        lines = log.read_text().splitlines()
        equal(len(lines), 500, "all are written when the service has ended")
        equal(len({line.split("id=")[1] for line in lines}), 500, "ids")


@test
def mistakes(args):
    import subprocess
    done = subprocess.run([args.ashlar, "serve", "--access-log", "xml", str(run.PATHS)], capture_output=True)
    assert done.returncode != 0 and b"text or json" in done.stderr, done.stderr
    done = subprocess.run([args.ashlar, "serve", "--access-log-file", "/no/such/folder/x", str(run.PATHS)],
                          capture_output=True, timeout=SECONDS)
    assert done.returncode != 0 and b"/no/such/folder/x" in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(run.main(TESTS, __doc__))
