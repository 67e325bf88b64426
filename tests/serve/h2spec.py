#!/usr/bin/env python3
"""Runs h2spec, the conformance tests of HTTP/2, against `ashlar serve`, with and without TLS. Its program is taken from
ASHLAR_H2SPEC, the search path, or built with go; exit code 77: there is none.

Usage: h2spec.py --ashlar PROGRAM --build FOLDER
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

import http2
from run import Service

MODULE = "github.com/summerwind/h2spec/cmd/h2spec@latest"
MINUTES = 60
# The port speaks HTTP/1 as well: what is no preface is a request of that, and gets an answer (RFC 9112, 3).
KNOWN_WITHOUT_TLS = ["Sends invalid connection preface"]


def find(build):
    for program in (os.environ.get("ASHLAR_H2SPEC"), shutil.which("h2spec"), build / "h2spec"):
        if program and pathlib.Path(program).exists():
            return program
    if not shutil.which("go"):
        return None
    try:
        subprocess.run(["go", "install", MODULE], env={**os.environ, "GOBIN": str(build)}, check=True,
                       timeout=5 * MINUTES, capture_output=True)
    except (subprocess.SubprocessError, OSError) as e:
        print((getattr(e, "stderr", None) or b"").decode(errors="replace") or e)
        return None
    return build / "h2spec"


def run(program, service, *flags):
    # A path whose answer takes a while: many tests want the stream still open when their second frame comes.
    done = subprocess.run([program, "--host", "127.0.0.1", "--port", str(service.port), "--path", "/sleep", "--timeout",
                           "10", *flags], capture_output=True, text=True, timeout=10 * MINUTES)
    total = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", done.stdout)
    if not total or int(total.group(1)) < 100:
        print(done.stdout, done.stderr)
        raise AssertionError("h2spec did not run")
    failures = done.stdout.partition("Failures:")[2]
    return total.group(0), re.findall(r"× \d+: (.*)", failures), failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", required=True)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    args = parser.parse_args()
    args.tier = "interp"
    args.build.mkdir(parents=True, exist_ok=True)
    try:
        return check(args)
    finally:
        shutil.rmtree(http2.FOLDER, ignore_errors=True)


def check(args):
    program = find(args.build)
    if program is None or not shutil.which("openssl") or not shutil.which("curl"):
        print("there is no h2spec, no openssl or no curl: skipped")
        return 77
    http2.make_certificate()
    if not http2.has_tls(args.ashlar):
        print("built without OpenSSL: skipped")
        return 77
    if not http2.has_http2(args.ashlar):
        print("built without nghttp2: skipped")
        return 77
    failed = False
    for flags, of_h2spec, known in (([], [], KNOWN_WITHOUT_TLS), (http2.TLS, ["--tls", "--insecure"], [])):
        with Service(args, *flags) as s:
            total, names, text = run(program, s, *of_h2spec)
        print(("TLS: " if flags else "without TLS: ") + total)
        if names != known:
            failed = True
            print(f"expected to fail: {known}\n{text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
