#!/usr/bin/env python3
"""A browser, Debian's chromium without a window, loads a page whose HTML, WebAssembly and JSON come from three routes of
one `ashlar serve`: of a raw program, a program of CGI, and a component. By HTTP/1.1, and by HTTP/2 where there is TLS. The
browser is taken from ASHLAR_BROWSER or the search path; exit code 77: there is none.

Usage: browser.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import os
import shutil
import subprocess
import sys
import tempfile

import http2
import run
from config import Folder
from run import SECONDS, Service, equal

TESTS = []


def test(f):
    TESTS.append(f)
    return f


NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = os.environ.get("ASHLAR_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)

PAGE = """<!doctype html>
<title>waiting</title>
<p id="out">nothing yet</p>
<script type="module">
  const out = document.getElementById("out");
  try {
    const [{instance}, numbers, echo] = await Promise.all([
      WebAssembly.instantiateStreaming(fetch("/code/sum.wasm")),
      fetch("/data/hello").then(answer => answer.json()),
      fetch("/data/echo", {method: "POST", body: "back and forth"}).then(answer => answer.text()),
    ]);
    let sum = 0;
    for (const number of numbers) sum = instance.exports.add(sum, number);
    const ways = new Set(performance.getEntriesByType("resource").map(entry => entry.nextHopProtocol));
    out.textContent = `sum ${sum}; echo ${echo}; by ${[...ways].join(" and ")}`;
  } catch (error) {
    out.textContent = "failed: " + error;
  }
</script>
"""
NUMBERS = "[17, 20, 5]   "  # as long as guests say it
# (module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
ADD = bytes.fromhex("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b")


def program(path, output):
    """A WASI program that writes those bytes, whatever it is asked."""
    data = "".join(f"\\{byte:02x}" for byte in output)
    path.write_text(f"""(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "{data}")
  (func (export "_start") (local $at i32)
    (local.set $at (i32.const 64))
    (loop $more
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (i32.sub (i32.const {64 + len(output)}) (local.get $at)))
      (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then (unreachable)))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
      (br_if $more (i32.lt_u (local.get $at) (i32.const {64 + len(output)}))))))
""")


def write_service(f, page=PAGE):
    body = page.encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {len(body)}\r\n\r\n"
    program(f.path / "page.wat", head.encode() + body)
    program(f.path / "code.wat", b"Content-Type: application/wasm\n\n" + ADD)
    f.hello("data.wat", NUMBERS)
    text = """
[[route]]
path = "/"
module = "page.wat"
kind = "raw"

[[route]]
path = "/code/"
module = "code.wat"
kind = "cgi"

"""
    # The component knows paths of four letters: it is asked by two routes of their own.
    for name in ("hello", "echo"):
        text += f'[[route]]\npath = "/data/{name}"\nmodule = "data_{name}.wat"\n\n'
        # Whatever the path is, it is that one.
        at = f"(i32.const 0x{ {'hello': '6c656800', 'echo': '68636500'}[name] })"
        guest = (f.path / "data.wat").read_text()
        assert guest.count(f"(if (call $is {at})") == 1
        (f.path / f"data_{name}.wat").write_text(guest.replace(f"(if (call $is {at})", "(if (i32.const 1)"))
    f.write(text)


def load(url):
    """What the page is when nothing is under way any more, as text."""
    with tempfile.TemporaryDirectory(prefix="ashlar-browser-", ignore_cleanup_errors=True) as profile:
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-background-networking", "--ignore-certificate-errors", f"--user-data-dir={profile}",
                   "--virtual-time-budget=20000", "--dump-dom", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=4 * SECONDS,
                              env={**os.environ, "HOME": profile})
    assert done.returncode == 0, f"{BROWSER} ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout


def shown(text):
    return text.partition('<p id="out">')[2].partition("</p>")[0] or text[-500:]


@test
def three_routes_make_a_page(args):
    ways = {"http/1.1": []}
    if shutil.which("openssl") and shutil.which("curl") and http2.has_tls(args.ashlar):
        ways["h2" if http2.has_http2(args.ashlar) else "http/1.1 "] = http2.TLS
    for way, flags in ways.items():
        with Folder() as f:
            write_service(f)
            with Service(args, guest=f.toml, address="127.0.0.1:0") if not flags else secure(args, f) as s:
                equal(shown(load(s.url)), f"sum 42; echo back and forth; by {way.strip()}", s.url)
                assert s.log.count(b"trap") == 0, s.log


def secure(args, f):
    """The same with TLS, which of a file's service the file must say."""
    f.write(f'[[listen]]\naddress = "127.0.0.1:0"\ncert = "{http2.CERTIFICATE}"\nkey = "{http2.KEY}"\n'
            + f.toml.read_text())
    return Service(args, guest=f.toml, address=None)


@test
def mistakes_show(args):
    """This test would find a page that does not work."""
    with Folder() as f:
        write_service(f, PAGE.replace("/code/sum.wasm", "/nowhere"))
        with Service(args, guest=f.toml) as s:
            assert shown(load(s.url)).startswith("failed: "), "a missing module goes unnoticed"


def main():
    if BROWSER is None:
        print(f"there is no browser ({', '.join(NAMES)}): skipped; tools/bootstrap.sh browser installs one")
        return 77
    try:
        usable = "usable" in load("data:text/html,<p>usable")
    except (AssertionError, OSError, subprocess.SubprocessError):
        usable = False
    if not usable:
        print(f"{BROWSER} does not start: skipped")
        return 77
    try:
        if shutil.which("openssl"):
            http2.make_certificate()
        return run.main(TESTS, __doc__)
    finally:
        shutil.rmtree(http2.FOLDER, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
