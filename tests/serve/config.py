#!/usr/bin/env python3
"""Services of several programs: `ashlar serve FILE.toml`, and reloading it while requests are under way.

Usage: config.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import run
from run import PATHS, SECONDS, Service, equal, read_all, read_answer, request, split

TESTS = []


def test(f):
    TESTS.append(f)
    return f


# Imports of a guest that tells what it was granted: /env its environment, /config its settings, /add a count.
ENVIRONMENT = """
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))))"""
SETTINGS = """
  (import "wasi:config/store@0.2.0-draft" (instance $config
    (type $error' (variant (case "upstream" string) (case "io" string)))
    (export "error" (type $error (eq $error')))
    (export "get-all" (func (result (result (list (tuple string string)) (error $error)))))))
  (import "wasi:keyvalue/store@0.2.0-draft2" (instance $store
    (type $error' (variant (case "no-such-store") (case "access-denied") (case "other" string)))
    (export "error" (type $error (eq $error')))
    (export "bucket" (type $bucket (sub resource)))
    (export "open" (func (param "identifier" string) (result (result (own $bucket) (error $error)))))))
  (alias export $store "bucket" (type $kv-bucket))
  (alias export $store "error" (type $kv-error))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" (instance $atomics
    (alias outer 1 $kv-bucket (type $b'))
    (export "bucket" (type $b (eq $b')))
    (alias outer 1 $kv-error (type $e'))
    (export "error" (type $e (eq $e')))
    (export "increment" (func (param "bucket" (borrow $b)) (param "key" string) (param "delta" s64)
      (result (result s64 (error $e)))))))"""
LOWERED = """
  (core func $environ (canon lower (func $environment "get-environment") (memory $memory)
    (realloc (func $realloc))))"""
LOWERED_SETTINGS = """
  (core func $all (canon lower (func $config "get-all") (memory $memory) (realloc (func $realloc))))
  (core func $open (canon lower (func $store "open") (memory $memory) (realloc (func $realloc))))
  (core func $increment (canon lower (func $atomics "increment") (memory $memory) (realloc (func $realloc))))"""
SHOW = """
    (data (i32.const 1120) "=\\n")
    (func $show (param $list i32)
      (local $at i32) (local $left i32)
      (call $respond (i32.const 200) (i32.const 0))
      (local.set $at (i32.load (local.get $list)))
      (local.set $left (i32.load offset=4 (local.get $list)))
      (loop $more
        (if (local.get $left) (then
          (drop (call $send (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))))
          (drop (call $send (i32.const 1120) (i32.const 1)))
          (drop (call $send (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))))
          (drop (call $send (i32.const 1121) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $more))))
      (call $finish (i32.const 0)))
"""
ENV_BRANCH = """
      (if (call $is (i32.const 0x766e6500)) (then
        (call $environ (i32.const 640)) (call $show (i32.const 640)) (return)))"""
SETTINGS_BRANCH = """
      (if (call $is (i32.const 0x6e6f6300)) (then
        (call $all (i32.const 640)) (call $show (i32.const 644)) (return)))
      (if (call $is (i32.const 0x64646100)) (then
        (call $open (i32.const 0) (i32.const 0) (i32.const 640))
        (if (i32.load8_u (i32.const 640)) (then (unreachable)))
        (call $increment (i32.load (i32.const 644)) (i32.const 1024) (i32.const 1) (i64.const 1) (i32.const 640))
        (if (i32.load8_u (i32.const 640)) (then (unreachable)))
        (i32.store8 (i32.const 1124) (i32.add (i32.const 48) (i32.wrap_i64 (i64.load (i32.const 648)))))
        (call $fixed (i32.const 200) (i32.const 1124) (i32.const 1)) (return)))"""


def guest(path, hello="Hello, world!\\n", settings=False):
    """Writes a handler that says `hello` (as long as that), knows /env, and with `settings` /config and /add."""
    text = PATHS.read_text()

    def insert(before, what):
        nonlocal text
        at = text.index(before)
        text = text[:at] + what + text[at:]

    text = text.replace('"Hello, world!\\n"', f'"{hello}"')
    insert("\n  (core module $libc", ENVIRONMENT + (SETTINGS if settings else ""))
    insert("\n  (core module $main", LOWERED + (LOWERED_SETTINGS if settings else ""))
    imports = '\n    (import "host" "environ" (func $environ (param i32)))'
    exports = '(export "environ" (func $environ)) '
    if settings:
        imports += """
    (import "host" "all" (func $all (param i32)))
    (import "host" "open" (func $open (param i32 i32 i32)))
    (import "host" "increment" (func $increment (param i32 i32 i32 i64 i32)))"""
        exports += '(export "all" (func $all)) (export "open" (func $open)) (export "increment" (func $increment)) '
    insert('\n    (import "host" "append"', imports)
    insert("\n    ;; Whether the path's", SHOW)
    insert("\n      (if (call $is (i32.const 0x6c656800))", ENV_BRANCH + (SETTINGS_BRANCH if settings else ""))
    insert('(export "append" (func $append))', exports)
    replace(path, text)


def replace(path, text):
    """As careful programs do it: a new file in the place of the old one."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.rename(path)


class Folder:
    """A folder of a test's own, with a file service.toml."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="ashlar-serve-"))
        self.toml = self.path / "service.toml"
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, text):
        replace(self.toml, text)

    def hello(self, name, hello="Hello, world!\\n", **more):
        guest(self.path / name, hello, **more)


def get(service, path, method="GET", host="test", body=b""):
    length = f"content-length: {len(body)}\r\n" if body else ""
    data = f"{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{length}\r\n".encode() + body
    return split(service.exchange(data))


def answer(service, path, **more):
    """Status and body, without the chunks of it."""
    status, fields, body = get(service, path, **more)
    if fields.get("transfer-encoding") == "chunked":
        body = run.unchunk(body)[0]
    return status, body


def wait_for(what, condition, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} does not happen"
        time.sleep(0.02)


def wait_for_log(service, text, count=1):
    wait_for(f"'{text}' in the log", lambda: service.log.count(text.encode()) >= count)


def check(args, file, *flags):
    done = subprocess.run([args.ashlar, "serve", "--check", str(file), *flags], capture_output=True, timeout=SECONDS)
    return done.returncode, (done.stdout + done.stderr).decode()


def start_failed(args, file):
    done = subprocess.run([args.ashlar, "serve", str(file), "--tier", args.tier], capture_output=True, timeout=SECONDS)
    return done.returncode, (done.stdout + done.stderr).decode()


@test
def routes(args):
    with Folder() as f:
        for name in ("all", "api", "user", "host", "below", "post"):
            f.hello(f"{name}.wat", f"{name:12}.\\n")
        f.write("""
[[route]]
name = "all"
module = "all.wat"

[[route]]
path = "/api/*"
module = "api.wat"

[[route]]
path = "/sleep/{id}"
module = "user.wat"

[[route]]
host = "Example.org"
module = "host.wat"

[[route]]
host = ["*.example.org", "*.example.com"]
module = "below.wat"

[[route]]
path = ["/hello", "/hey"]
host = "methods.test"
methods = ["POST", "GET"]
module = "post.wat"

[[route]]
path = "/only"
host = "methods.test"
methods = "PUT"
module = "post.wat"

[[route]]
path = "/only"
host = "nothing.test"
methods = "PUT"
module = "post.wat"
""")
        # The programs know /hello alone, which shows that the path is theirs as it was sent.
        with Service(args, guest=f.toml) as s:
            said = lambda path, **more: answer(s, path, **more)[1].decode().strip()
            equal(said("/hello"), "all         .")
            equal(answer(s, "/api/hello")[0], 404, "of the program")
            equal(said("/sleep/7"), "user        .")
            equal(said("/hello", host="example.org"), "host        .")
            equal(said("/hello", host="EXAMPLE.ORG:80"), "host        .")
            equal(said("/hello", host="a.b.example.com"), "below       .")
            equal(said("/hello", method="POST", host="methods.test"), "post        .")
            equal(get(s, "/hello", method="HEAD", host="methods.test")[0], 200)
            equal(said("/hello", method="PUT", host="methods.test"), "all         .")
            assert b"serving" in s.log and b"8 programs" in s.log, s.log
    with Folder() as f:
        f.hello("a.wat")
        f.write('[[route]]\npath = "/hello"\nmethods = ["POST", "GET"]\nmodule = "a.wat"\n')
        with Service(args, guest=f.toml) as s:
            equal(get(s, "/hello")[0], 200)
            status, fields, body = get(s, "/hello?x=1", method="DELETE")
            equal((status, fields["allow"], body), (405, "GET, HEAD, POST", b"405 Method Not Allowed\n"))
            status, _, body = get(s, "/other")
            equal((status, body), (404, b"404 Not Found\n"))
            # The connection goes on after both.
            with s.connect() as c:
                for path, expected in (("/nope", 404), ("/hello", 200)):
                    c.sendall(request(path))
                    equal(read_answer(c)[0], expected)
                c.sendall(request("/hello", "PUT", "content-length: 3\r\n", b"abc"))
                equal(read_answer(c)[0], 405)


@test
def grants(args):
    with Folder() as f:
        f.hello("env.wat")
        f.hello("all.wat", settings=True)
        (f.path / "secrets").mkdir()
        secret = f.path / "secrets/key"
        secret.write_text("s3cret value\n")
        secret.chmod(0o600)
        open_one = f.path / "secrets/open"
        open_one.write_text("open")
        open_one.chmod(0o644)
        f.write("""
[[route]]
path = "/env"
module = "env.wat"
env = { NAME = "one", PORT = 8080 }
inherit_env = ["FROM_OUTSIDE", "NOT_THERE"]
secrets = { KEY = "secrets/key", OPEN = { file = "secrets/open", as = ["env"] } }

[[route]]
path = "/hello/env"
module = "env.wat"

[[route]]
name = "settings"
module = "all.wat"
config = { colour = "blue" }
keyvalue = "memory"
[route.secrets]
token = { file = "secrets/key", as = "config" }

[[route]]
name = "another"
host = "another"
module = "all.wat"
config = { }
keyvalue = { "" = "memory", other = "sqlite:other.db" }
""")
        os.environ["FROM_OUTSIDE"] = "passed on"
        with Service(args, guest=f.toml) as s:
            equal(sorted(answer(s, "/env")[1].decode().splitlines()),
                  ["FROM_OUTSIDE=passed on", "KEY=s3cret value", "NAME=one", "OPEN=open", "PORT=8080"])
            equal(sorted(answer(s, "/config")[1].decode().splitlines()), ["colour=blue", "token=s3cret value"])
            equal([answer(s, "/add")[1] for _ in range(3)], [b"1", b"2", b"3"])
            equal(answer(s, "/add", host="another")[1], b"1", "another route's store")
            assert (f.path / "other.db").exists()
        assert b"s3cret" not in s.log, s.log
        assert b"OPEN: '" in s.log and b"can be read by everybody" in s.log, s.log
        assert b"secrets.KEY" not in s.log


@test
def limits_of_routes(args):
    with Folder() as f:
        f.hello("a.wat")
        f.write("""
[server]
max_body = "1K"
drain_timeout = "1s"

[[route]]
path = "/spin"
module = "a.wat"
timeout = "300ms"

[[route]]
path = "/grow"
module = "a.wat"
max_memory = "64M"

[[route]]
path = "/sleep"
module = "a.wat"
max_requests = 2

[[route]]
path = "/hello"
module = "a.wat"
fuel = 20

[[route]]
module = "a.wat"
timeout = "20s"
""")
        with Service(args, guest=f.toml) as s:
            began = time.monotonic()
            equal(get(s, "/spin")[0], 504)
            assert time.monotonic() - began < 10
            equal(get(s, "/grow")[0], 200)
            equal(get(s, "/hello")[0], 500)
            wait_for_log(s, "all fuel consumed")
            # Each route's own, on either of two loops.
            waiting = [s.connect() for _ in range(12)]
            for c in waiting:
                c.sendall(request("/sleep"))
            equal(get(s, "/env")[0], 200)
            statuses = [read_answer(c)[0] for c in waiting]
            assert set(statuses) == {200, 503} and statuses.count(200) <= 2, statuses
            equal(split(s.exchange(request("/echo", "POST", "content-length: 2000\r\n")))[0], 413)


@test
def reloads(args):
    """By every way in which files are replaced."""
    with Folder() as f:
        f.hello("a.wat", "first version\\n")
        f.hello("b.wat", "the other one\\n", settings=True)
        secret = f.path / "secret"
        secret.write_text("old")
        secret.chmod(0o600)
        text = """
[[route]]
path = "/hello"
module = "a.wat"

[[route]]
name = "b"
host = "b"
module = "b.wat"
config = { a = "1" }
keyvalue = "memory"

[[route]]
path = "/env"
module = "a.wat"
secrets = { KEY = "secret" }
"""
        f.write(text)
        with Service(args, guest=f.toml) as s:
            said = lambda path="/hello", **more: answer(s, path, **more)[1].decode().strip()
            becomes = lambda expected, *path, **more: wait_for(expected, lambda: said(*path, **more) == expected)
            equal((said(), said("/env"), said("/add", host="b")), ("first version", "KEY=old", "1"))
            # A module by another in its place, then written over: what runs is not what lies there.
            f.hello("a.wat", "2nd version..\\n")
            becomes("2nd version..")
            wait_for_log(s, "reloaded", 1)
            shape = (f.path / "a.wat").read_text()
            (f.path / "a.wat").write_text(shape.replace("2nd version", "3rd version"))
            becomes("3rd version..")
            # The file itself.
            f.write(text + '[[route]]\npath = "/new/{x}"\nmodule = "a.wat"\n')
            wait_for("the new route", lambda: answer(s, "/new/x")[1] == b"not found\n")
            f.write(text.replace('"/hello"', '"/sleep"'))
            wait_for("the new path", lambda: get(s, "/hello")[0] == 404)
            equal(said("/sleep"), "3rd version..")
            f.write(text)
            becomes("3rd version..")
            # A secret.
            secret.write_text("new")
            becomes("KEY=new", "/env")
            # What is in memory is there after its program is another.
            f.hello("b.wat", "the new one..\\n", settings=True)
            becomes("the new one..", host="b")
            equal(said("/add", host="b"), "2")
            for said in ("1 of 3 programs are new", "2 of 3 programs are new"):
                wait_for_log(s, said)
            # Nothing changed.
            s.process.send_signal(signal.SIGHUP)
            wait_for_log(s, "0 of 3 programs are new")


@test
def links_are_followed(args):
    """As Kubernetes replaces what it mounts: a link to a folder is exchanged for another."""
    with Folder() as f:
        for number in (1, 2):
            (f.path / f"..{number}").mkdir()
            guest(f.path / f"..{number}/app.wat", f"version ....{number}\\n")
            (f.path / f"..{number}/service.toml").write_text('[[route]]\nmodule = "app.wat"\n')
        (f.path / "..data").symlink_to("..1")
        for name in ("app.wat", "service.toml"):
            (f.path / name).symlink_to(f"..data/{name}")
        with Service(args, guest=f.toml) as s:
            equal(answer(s, "/hello")[1], b"version ....1\n")
            (f.path / "..tmp").symlink_to("..2")
            (f.path / "..tmp").rename(f.path / "..data")
            shutil.rmtree(f.path / "..1")
            wait_for("the other version", lambda: answer(s, "/hello")[1] == b"version ....2\n")


@test
def broken_versions_are_refused(args):
    with Folder() as f:
        f.hello("a.wat", "good version.\\n")
        good = '[[route]]\nmodule = "a.wat"\n'
        f.write(good)
        with Service(args, guest=f.toml) as s:
            refused = 0

            def refuses(said):
                nonlocal refused
                refused += 1
                wait_for_log(s, "is not reloaded", refused)
                assert said in s.log.decode(), f"'{said}' is not in {s.log.decode()}"
                equal(answer(s, "/hello")[1], b"good version.\n")

            f.write(good + "[[route]\n")
            refuses(":3:9:")
            f.write(good + "colour = 1\n")
            refuses("unknown key 'colour'")
            f.write(good + '[[route]]\npath = "/b"\nmodule = "b.wat"\n')
            refuses("b.wat' is not there")
            # What was missing comes.
            f.hello("b.wat", "the new one..\\n")
            wait_for("the new route", lambda: answer(s, "/b")[0] == 404 and s.log.count(b"\nashlar: reloaded") == 1)
            (f.path / "a.wat").write_text("(component (core module (func (i32.add))))")
            refuses("a.wat: type mismatch")
            replace(f.path / "a.wat", "(component)")
            refuses("no function is exported as 'wasi:http/incoming-handler")
            f.write(good + '[server]\nmax_body = "1M"\n')
            f.hello("a.wat", "good version.\\n")
            refuses("'server.max_body' changes only when the server is started again")
            f.write('listen = "127.0.0.1:1"\n' + good)
            refuses("'listen' changes only")
            f.write(good)
            wait_for("a good version", lambda: s.log.count(b"\nashlar: reloaded") == 2)
            equal(answer(s, "/hello")[1], b"good version.\n")


@test
def running_requests_end_where_they_began(args):
    with Folder() as f:
        f.hello("a.wat", "the old code.\\n")
        f.write('[[route]]\nmodule = "a.wat"\n')
        with Service(args, guest=f.toml) as s:
            echo, sleeps = s.connect(), [s.connect() for _ in range(20)]
            echo.sendall(request("/echo", "POST", "content-length: 4\r\nconnection: close\r\n", b"ab"))
            time.sleep(0.1)
            f.hello("a.wat", "the new code.\\n")
            for c in sleeps:
                c.sendall(request("/sleep"))
            wait_for_log(s, "reloaded")
            equal(answer(s, "/hello")[1], b"the new code.\n")
            bodies = {read_answer(c)[2] for c in sleeps}
            assert bodies <= {b"the old code.\n", b"the new code.\n"}, bodies
            # A whole second after its code has gone from the routes.
            time.sleep(1)
            echo.sendall(b"cd")
            status, _, body = split(read_all(echo))
            equal((status, run.unchunk(body)[0]), (200, b"abcd"))
            # Kept connections meet the new code.
            c = sleeps[0]
            c.sendall(request("/hello"))
            equal(read_answer(c)[2], b"the new code.\n")


def resident(service):
    text = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1))


@test
def nothing_is_lost(args):
    """Requests without a pause, while routes and modules change all the time."""
    with Folder() as f:
        both = {name: None for name in ("version one..", "version two..")}
        for i, said in enumerate(both):
            guest(f.path / f"{i}.wat", said + "\\n")
            both[said] = (f.path / f"{i}.wat").read_text()
        texts = list(both.values())
        replace(f.path / "a.wat", texts[0])
        tomls = [f'[[route]]\nmodule = "a.wat"\nenv = {{ N = "{i}" }}\n[[route]]\npath = "/sleep"\nmodule = "1.wat"\n'
                 for i in range(2)]
        f.write(tomls[0])
        with Service(args, guest=f.toml) as s:
            ends, failures, counts = threading.Event(), [], []

            def ask(path):
                done = 0
                try:
                    with s.connect() as c:
                        while not ends.is_set():
                            c.sendall(request(path))
                            status, _, body = read_answer(c)
                            if status != 200 or body.decode().strip() not in both:
                                failures.append((path, status, body))
                            done += 1
                except (AssertionError, OSError) as e:
                    failures.append((path, repr(e)))
                counts.append(done)

            threads = [threading.Thread(target=ask, args=(p,)) for p in ["/hello"] * 4 + ["/sleep"] * 4]
            for t in threads:
                t.start()

            def reload(times):
                for i in range(times):
                    count = s.log.count(b"\nashlar: reloaded")
                    replace(f.path / "a.wat", texts[(i + 1) % 2])
                    f.write(tomls[(i // 2) % 2])
                    s.process.send_signal(signal.SIGHUP)
                    wait_for_log(s, "\nashlar: reloaded", count + 1)

            reload(8)
            before = resident(s)
            reload(24)
            after = resident(s)
            ends.set()
            for t in threads:
                t.join()
            assert not failures, failures[:5]
            assert sum(counts) > 50, counts
            assert b"not reloaded" not in s.log, s.log
            # 24 programs that stayed would show.
            if "asan" not in args.ashlar:
                assert after < before * 1.3 + 4000, f"{before} KB resident, and {after} KB after 24 reloads"


@test
def single_programs(args):
    with Folder() as f:
        f.hello("a.wat", "first version\\n")
        a = f.path / "a.wat"
        with Service(args, "--watch", "--keyvalue", "memory", guest=a) as s:
            equal(answer(s, "/hello")[1], b"first version\n")
            f.hello("a.wat", "2nd version..\\n")
            wait_for("the second version", lambda: answer(s, "/hello")[1] == b"2nd version..\n")
            a.write_text("(component")
            wait_for_log(s, "is not reloaded")
            equal(answer(s, "/hello")[1], b"2nd version..\n")
        f.hello("a.wat", "first version\\n")
        with Service(args, guest=a) as s:
            f.hello("a.wat", "2nd version..\\n")
            time.sleep(0.5)
            equal(answer(s, "/hello")[1], b"first version\n", "nobody asked for it")
            s.process.send_signal(signal.SIGHUP)
            wait_for("the second version", lambda: answer(s, "/hello")[1] == b"2nd version..\n")


@test
def many_signals(args):
    """However many come while one is seen to: none of them ends the service."""
    with Folder() as f:
        f.hello("a.wat")
        with Service(args, guest=f.path / "a.wat") as s:
            for _ in range(3000):
                os.kill(s.process.pid, signal.SIGHUP)  # at once: nobody looks whether it is there
            wait_for_log(s, "0 of 1 program")
            equal(answer(s, "/hello")[0], 200)


@test
def many_routes_at_rest(args):
    with Folder() as f:
        f.hello("a.wat")
        f.write("".join(f'[[route]]\npath = "/{i}/*"\nmodule = "a.wat"\n' for i in range(10)))
        with Service(args, guest=f.toml) as s:
            for i in range(10):
                equal(get(s, f"/{i}/x")[0], 404)
            if "asan" not in args.ashlar:
                assert resident(s) < 60_000, f"{resident(s)} KB resident"


if __name__ == "__main__":
    sys.exit(run.main(TESTS, __doc__))
