#!/usr/bin/env python3
"""What is wrong with a service's file and with serve's flags: each mistake with its place, all at once, before the start.

Usage: mistakes.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import re
import sys

import run
from config import Folder, check, start_failed, wait_for
from run import PATHS, Service, equal

TESTS = []


def test(f):
    TESTS.append(f)
    return f


MISTAKES = """listen = ["127.0.0.1:0", { cert = "a.pem" }]
colour = "blue"

[server]
max_body = "much"
thread = 4
idle_timeout = true

[[route]]
name = "one"
host = "a b"
path = ["/a", "b", "/x?y"]
methods = ["get"]
module = "nowhere.wasm"
timeout = "5 apples"
source = "app.wasm"
kind = "php"
max_stack = "1K"

[[route]]
name = "one"
path = "/a"
module = "bad.wasm"
env = { A = ["list"] }
dirs = ["nowhere::/data", { host = ".", gest = "x" }, { ro = true }]
secrets = { KEY = "nowhere.txt", X = { as = "file" } }
allow_http = ["exa mple"]
allow_net = "1.2.3.4/99"
keyvalue = "mongo:x"
logging = "loud"

[[route]]
path = "/other"
module = "core.wat"

[[route]]
path = "/third"
module = "run.wat"

[[route]]
path = "/a"
"""
# Line, column, and what must be said there.
EXPECTED = [
    (1, 26, "this table of 'listen' has no 'address'"),
    (1, 26, "this table of 'listen' has no 'key'"),
    (2, 1, "unknown key 'colour' in the file"),
    (5, 12, "max_body: 'much' is not a size"),
    (6, 1, "unknown key 'thread' in [server]; did you mean 'threads'?"),
    (7, 16, "'idle_timeout' takes a duration (\"500ms\", \"30s\"), not true or false"),
    (11, 8, "host: 'a b' is no host"),
    (12, 15, "path: 'b' does not begin with '/'"),
    (12, 20, "path: '/x?y' has a query"),
    (13, 12, "methods: 'get' is no method"),
    (14, 10, "nowhere.wasm' is not there"),
    (15, 11, "timeout: '5 apples' is not a duration"),
    (16, 1, "unknown key 'source' in [[route]]; here it is 'module'"),
    (17, 8, "kind: 'php' is not http, cgi or raw"),
    (18, 13, "max_stack: '1K' is not a size between"),
    (20, 1, "the route of line 9 is named 'one', too"),
    (23, 10, "route 'one': "),
    (26, 38, "secrets.X has no 'file'"),
    (29, 12, "keyvalue: 'mongo:x' is not memory, sqlite:PATH or redis://"),
    (24, 13, "'env.A' takes a table of names and texts, not a list"),
    (25, 9, "nowhere' is not there"),
    (25, 41, "unknown key 'gest' in dirs; did you mean 'guest'?"),
    (25, 55, "this one of 'dirs' has no 'host'"),
    (26, 19, "nowhere.txt' is not there"),
    (26, 45, "as: 'file' is not env or config"),
    (27, 15, "allow_http: 'exa mple' is not"),
    (28, 13, "allow_net: '1.2.3.4/99' is not HOST"),
    (30, 11, "logging: 'loud' is not trace"),
    (34, 10, "route '/other': "),
    (38, 10, "route '/third': "),
    (38, 10, "run.wat: no function is exported as 'wasi:http/incoming-handler"),
    (40, 1, "this [[route]] has no 'module'"),
    (40, 1, "the route of line 20 answers the same requests: /a"),
]


@test
def mistakes(args):
    with Folder() as f:
        (f.path / "bad.wasm").write_bytes(b"\0asm\x0d\0\1\0\xff\xff")
        (f.path / "core.wat").write_text("(module)")
        (f.path / "run.wat").write_text('(component (core module $m) (core instance (instantiate $m)))')
        f.write(MISTAKES)
        for code, text in (check(args, f.toml), start_failed(args, f.toml)):
            assert code != 0, text
            for line, column, said in EXPECTED:
                place = f"service.toml:{line}:{column}: "
                assert any(place in l and said in l for l in text.splitlines()), f"{place}{said} is not in:\n{text}"
            # In their order, each with its line.
            lines = [int(n) for n in re.findall(r"service\.toml:(\d+):\d+: ", text)]
            equal(lines, sorted(lines))
            assert '  timeout = "5 apples"\n            ^' in text, text
            assert "listen on" not in text and "serving" not in text, text


@test
def checks(args):
    with Folder() as f:
        f.hello("a.wat", settings=True)
        f.write('[[route]]\nmodule = "a.wat"\nconfig = {}\nkeyvalue = "sqlite:new.db"\n')
        code, text = check(args, f.toml)
        equal((code, text), (0, f"{f.toml}: good, 1 program\n"))
        assert not (f.path / "new.db").exists()
        for toml, expected in {
            "": "there is no [[route]]",
            "[[route]\n": ":1:9: ",
            "[[route]]\nmodule = 5\n": ":2:10: 'module' takes a text",
            "route = 5\n": ":1:9: 'route' takes tables: [[route]], not a whole number",
            "[[route]]\nmodule = \"a.wat\"\n": "wasi:config/store",
            "[[route]]\nmodule = \"a.wat\"\nconfig = {}\nkeyvalue = \"mongo:x\"\n": "keyvalue: 'mongo:x' is not",
            "[[route]]\nmodule = \"a.wat\"\nconfig = {}\nkeyvalue = \"sqlite:no/where/x.db\"\n": "folder is not there",
            "[[route]]\nmodule = \"a.wat\"\nkind = \"cgi\"\nconfig = {}\nkeyvalue = \"memory\"\n": "kind: 'cgi' is not",
            "a = \"\\u0000\"\nlisten = \"\\u0000\"\n": "zero byte",
            "a = 1\na = 2\n": ":2:5: ",
            "listen = " + "[" * 10_000: ":1:",
        }.items():
            f.write(toml)
            code, text = check(args, f.toml)
            assert code != 0 and expected in text, f"{toml!r}: {code} {text}"
        code, text = check(args, f.path / "nowhere.toml")
        assert code != 0 and "nowhere.toml" in text, text
        code, text = check(args, PATHS)
        assert code == 0 and "good" in text, text
        f.write('[[route]]\nmodule = "a.wat"\n')
        code, text = check(args, f.toml, "--env", "A=b")
        assert code == 2 and "--env is for a single program" in text, text


@test
def addresses(args):
    """What cannot be listened on is found by --check, too, on the command line and in a file."""
    with Folder() as f:
        f.hello("a.wat")
        a = f.path / "a.wat"
        for bad in ("foo", "", "127.0.0.1:99999", "example.org:80", "unix:"):
            for flag in ("--addr", "--metrics", "--status"):
                code, text = check(args, a, flag, bad)
                assert code == 2 and f"{flag}: '{bad}' is not HOST:PORT or unix:PATH: " in text, (code, text)
        for flags in (("--metrics", "127.0.0.1:8080"), ("--addr", ":1", "--status", "localhost:1"),
                      ("--metrics", ":1", "--status", "127.0.0.1:1")):
            code, text = check(args, a, *flags)
            assert code == 2 and "is not another address than" in text, (code, text)
        code, text = check(args, a, "--metrics", "localhost:1", "--status", "127.0.0.1:1", "--addr", "127.0.0.1:2")
        equal(code, 0, text)
        for flag in ("--threads", "--max-requests", "--max-connections", "--max-header", "--idle-timeout"):
            code, text = check(args, a, flag, "0")
            assert code == 2 and f"{flag}: '0' is not " in text, (code, text)
        code, text = check(args, a, "--access-log-file", f.path / "no/where.log")
        assert code == 1 and "its folder is not there" in text, (code, text)
        f.write('listen = "127.0.0.1:1"\n[server]\nmetrics = "127.0.0.1:2"\n[[route]]\nmodule = "a.wat"\n')
        equal(check(args, f.toml)[0], 0)
        # What the command line says takes the place of what the file says.
        code, text = check(args, f.toml, "--addr", "127.0.0.1:2")
        assert code == 1 and "service.toml:3:11: metrics: '127.0.0.1:2' clashes" in text, (code, text)
        equal(check(args, f.toml, "--addr", "127.0.0.1:2", "--metrics", "127.0.0.1:3")[0], 0)
    # A socket's path is relative to the file's folder.
    with Folder() as f:
        f.hello("a.wat")
        f.write('listen = "unix:app.sock"\n[[route]]\nmodule = "a.wat"\n')
        with Service(args, guest=f.toml, address=None) as s:
            wait_for("the socket", (f.path / "app.sock").exists)
            assert f"unix:{f.path}/app.sock".encode() in s.log, s.log


@test
def all_mistakes_at_once(args):
    """Also where a route's program is missing, or is one that has no use for what it is granted."""
    with Folder() as f:
        (f.path / "core.wat").write_text('(module (func (export "_start")))')
        f.write("""[[route]]
module = "nowhere.wasm"
keyvalue = "mongo:x"
cacert = "nowhere.pem"

[[route]]
path = "/cgi"
module = "core.wat"
kind = "cgi"
args = ["x"]
keyvalue = "memory"
allow_http = "example.org"
allow_net = "127.0.0.1:1"
allow_name_lookup = true
config = {}
logging = "warn"
reuse = true

[[route]]
path = "/good"
module = "core.wat"
allow_name_lookup = false
reuse = false
""")
        for code, text in (check(args, f.toml), start_failed(args, f.toml)):
            assert code == 1, text
            for line, column, said in [
                (2, 10, "nowhere.wasm' is not there"),
                (3, 12, "keyvalue: 'mongo:x' is not memory, sqlite:PATH or redis://"),
                (4, 10, "nowhere.pem' for TLS"),
                *((line, 1, f"{key}: '{f.path}/core.wat' is a WASI program{why}: this is for components") for line, key, why in
                  ((10, "args", ""), (11, "keyvalue", ""), (12, "allow_http", ""), (13, "allow_net", ""),
                   (14, "allow_name_lookup", ""), (15, "config", ""), (16, "logging", ""),
                   (17, "reuse", ", which ends with its request"))),
            ]:
                place = f"service.toml:{line}:{column}: "
                if "for TLS" in said and "without OpenSSL" in text:
                    said = "OpenSSL"
                assert any(place in l and said in l for l in text.splitlines()), f"{place}{said} is not in:\n{text}"
            equal(len(re.findall(r"service\.toml:\d+:\d+: ", text)), 11, text)


if __name__ == "__main__":
    sys.exit(run.main(TESTS, __doc__))
