#!/usr/bin/env python3
"""Certificates that are renewed while `ashlar serve` runs, its own and those that its programs trust, and keys that are of
no use. Exit code 77: no openssl, or built without it.

Usage: certificates.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import shutil
import signal
import socket
import ssl
import subprocess
import sys

import http2
import run
from config import Folder, check, wait_for, wait_for_log
from run import HI, PATHS, SECONDS, TLS_CERTIFICATE, Peer, Service, ask, certificate, equal, read_answer, request

TESTS = []


def test(f):
    TESTS.append(f)
    return f


def make(folder, name):
    """A pair of its own, as bytes: certificate and key."""
    pem, _ = certificate(folder, name, "IP:127.0.0.1,DNS:localhost")
    return pem.read_bytes(), (folder / f"{name}.key").read_bytes()


def put(folder, pair):
    for name, data in zip(("live.pem", "live.key"), pair):
        (folder / (name + ".new")).write_bytes(data)
        (folder / (name + ".new")).rename(folder / name)


def connect(service):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", service.port), timeout=SECONDS))


def shown(service):
    """The certificate that a new connection meets, as a PEM file has it."""
    with connect(service) as c:
        c.sendall(request("/hello"))
        equal(read_answer(c)[0], 200)
        return ssl.DER_cert_to_PEM_cert(c.getpeercert(True)).encode()


@test
def on_a_signal(args):
    with Folder() as f:
        first, second = make(f.path, "first"), make(f.path, "second")
        put(f.path, first)
        with Service(args, "--tls", f"{f.path}/live.pem,{f.path}/live.key") as s:
            equal(shown(s), first[0])
            with connect(s) as old:
                old.sendall(request("/hello"))
                equal(read_answer(old)[0], 200)
                put(f.path, second)
                equal(shown(s), first[0], "nobody asked for it")
                s.process.send_signal(signal.SIGHUP)
                wait_for_log(s, "new connections meet the new certificate")
                for _ in range(8):
                    equal(shown(s), second[0], "on every loop")
                # Who is there stays.
                old.sendall(request("/hello"))
                equal(read_answer(old)[0], 200)
            # Broken ones are refused: another's key, no certificate, none at all.
            for i, pair in enumerate(((first[0], second[1]), (b"nonsense", second[1]), (second[0], b""))):
                put(f.path, pair)
                s.process.send_signal(signal.SIGHUP)
                wait_for(f"refusal {i}", lambda: s.log.count(b"is not reloaded: what was served before still is") == i + 1)
                equal(shown(s), second[0])
            assert b"live.key" in s.log and b"live.pem" in s.log, s.log
            (f.path / "live.key").unlink()
            s.process.send_signal(signal.SIGHUP)
            wait_for("the last refusal", lambda: s.log.count(b"is not reloaded") == 4)
            put(f.path, first)
            s.process.send_signal(signal.SIGHUP)
            wait_for("the first once more", lambda: shown(s) == first[0])
            # What is as it was is no news.
            s.process.send_signal(signal.SIGHUP)
            wait_for("a reload", lambda: s.log.count(b"\nashlar: reloaded") == 3)
            equal(s.log.count(b"meet the new certificate"), 2)


@test
def when_the_files_change(args):
    with Folder() as f:
        f.hello("a.wat")
        first, second = make(f.path, "first"), make(f.path, "second")
        put(f.path, first)
        f.write("""
[[listen]]
address = "127.0.0.1:0"
cert = "live.pem"
key = "live.key"

[[route]]
module = "a.wat"
""")
        code, text = check(args, f.toml)
        equal(code, 0, text)
        with Service(args, guest=f.toml, address=None) as s:
            equal(shown(s), first[0])
            put(f.path, second)
            wait_for("the second", lambda: shown(s) == second[0])
            # One file after the other, with time between: the old pair stays until both are there.
            (f.path / "live.pem").write_bytes(first[0])
            wait_for("a refusal", lambda: b"is not reloaded" in s.log)
            equal(shown(s), second[0])
            (f.path / "live.key").write_bytes(first[1])
            wait_for("the first", lambda: shown(s) == first[0])
        for name, good, bad, line in (("live.key", first[1], second[1], 5), ("live.pem", first[0], b"nonsense", 4)):
            (f.path / name).write_bytes(bad)
            code, text = check(args, f.toml)
            place = f"service.toml:{line}:{8 if name == 'live.pem' else 7}: cannot use '{f.path}/{name}' for TLS: "
            assert code == 1 and place in text, text
            (f.path / name).write_bytes(good)
        (f.path / "live.pem").unlink()
        code, text = check(args, f.toml)
        assert code == 1 and "service.toml:4:8: cannot use" in text and "No such file" in text, text


@test
def whom_programs_trust(args):
    with Folder() as f:
        f.hello("a.wat")
        (first, first_context), (second, second_context) = (certificate(f.path, n, "IP:127.0.0.1") for n in ("one", "two"))
        (f.path / "trusted.pem").write_bytes(first.read_bytes())
        f.write('[[route]]\nmodule = "a.wat"\nallow_http = "127.0.0.1"\ncacert = "trusted.pem"\n')
        with Peer(lambda _: HI, first_context) as one, Peer(lambda _: HI, second_context) as two:
            # Two answers tell whom it trusts.
            said = lambda s: tuple(ask(s, "/tls", f"127.0.0.1:{p.port}")[0] for p in (one, two))
            with Service(args, guest=f.toml) as s:
                equal(said(s), (200, TLS_CERTIFICATE))
                (f.path / "trusted.pem").write_bytes(second.read_bytes())
                wait_for("trust in the other", lambda: said(s) == (TLS_CERTIFICATE, 200))
                (f.path / "trusted.pem").write_text("nonsense")
                wait_for_log(s, "is not reloaded")
                equal(said(s), (TLS_CERTIFICATE, 200))
        # Where it is named, whatever the program is granted.
        for more in ('allow_http = "127.0.0.1"\n', ""):
            f.write(f'[[route]]\nmodule = "a.wat"\ncacert = "missing.pem"\n{more}')
            code, text = check(args, f.toml)
            assert code == 1 and f"service.toml:3:10: cannot use '{f.path}/missing.pem' for TLS: No such" in text, text
        with Peer(lambda _: HI, first_context) as one, Peer(lambda _: HI, second_context) as two:
            said = lambda s: tuple(ask(s, "/tls", f"127.0.0.1:{p.port}")[0] for p in (one, two))
            # Of one program, by a signal.
            (f.path / "trusted.pem").write_bytes(first.read_bytes())
            with Service(args, "--allow-http", "127.0.0.1", "--cacert", f.path / "trusted.pem") as s:
                equal(said(s), (200, TLS_CERTIFICATE))
                (f.path / "trusted.pem").write_bytes(second.read_bytes())
                s.process.send_signal(signal.SIGHUP)
                wait_for("trust in the other", lambda: said(s) == (TLS_CERTIFICATE, 200))


@test
def encrypted_keys(args):
    """Nobody is asked for a passphrase."""
    with Folder() as f:
        make(f.path, "first")
        locked = f.path / "locked.key"
        subprocess.run(["openssl", "pkey", "-in", f.path / "first.key", "-aes256", "-passout", "pass:secret", "-out",
                        locked], check=True, capture_output=True, timeout=SECONDS)
        done = subprocess.run([args.ashlar, "serve", PATHS, "--tls", f"{f.path}/first.pem,{locked}", "--tier", args.tier],
                              capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL, start_new_session=True)
        assert done.returncode == 1 and b"locked.key" in done.stderr and b"it is encrypted" in done.stderr, done.stderr
        assert b"pass phrase" not in done.stderr, done.stderr


def main():
    if not shutil.which("openssl"):
        print("openssl is missing: skipped")
        return 77
    try:
        http2.make_certificate()
        if not http2.has_tls(sys.argv[sys.argv.index("--ashlar") + 1] if "--ashlar" in sys.argv else ""):
            print("built without OpenSSL: skipped")
            return 77
        return run.main(TESTS, __doc__)
    finally:
        shutil.rmtree(http2.FOLDER, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
