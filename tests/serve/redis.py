#!/usr/bin/env python3
"""wasi:keyvalue in a Redis database: starts a redis-server of its own. Exit code 77: there is none on this machine.

Usage: redis.py --ashlar PROGRAM [--tier interp|optimizing] [--only NAME]
"""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import config
import run
from config import Folder, answer, check, start_failed
from run import SECONDS, Service, equal

TESTS = []


def test(f):
    TESTS.append(f)
    return f


class Redis:
    """A server with a password on a free port of this machine, which keeps nothing on the disk."""

    PASSWORD = "pass/word"

    def __enter__(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.folder = tempfile.mkdtemp(prefix="ashlar-redis-")
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder,
             "--requirepass", self.PASSWORD], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return self.command("PING")
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, "redis-server does not start"
                time.sleep(0.05)

    def command(self, *words, database=0):
        """The first bytes of its answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as s:
            for command in (["AUTH", self.PASSWORD], ["SELECT", str(database)], words):
                data = f"*{len(command)}\r\n" + "".join(f"${len(w)}\r\n{w}\r\n" for w in command)
                s.sendall(data.encode())
                out = s.recv(4096).decode()
            return out

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database=0):
        return f"redis://:pass%2Fword@localhost:{self.port}/{database}"


def service(f, url):
    f.hello("a.wat", settings=True)
    f.write(f'[[route]]\nmodule = "a.wat"\nconfig = {{}}\nkeyvalue = "{url}"\n')


@test
def counts(args):
    with Redis() as r, Folder() as f:
        service(f, r.url(3))
        with Service(args, guest=f.toml) as s:
            equal([answer(s, "/add") for _ in range(3)], [(200, b"1"), (200, b"2"), (200, b"3")])
            equal(r.command("KEYS", "*", database=3).splitlines()[:1], ["*1"])
            # What others write is seen.
            r.command("FLUSHALL")
            threads = [threading.Thread(target=answer, args=(s, "/add")) for _ in range(8)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            equal(answer(s, "/add"), (200, b"9"), "increments at the same time")
            # A server that was started again is connected to anew.
            r.stop()
            equal(answer(s, "/add")[0], 500)
            r.start()
            equal(answer(s, "/add"), (200, b"1"))
        assert b"pass" not in s.log, s.log


@test
def one_that_hangs(args):
    with Redis() as r, Folder() as f:
        service(f, r.url())
        with Service(args, guest=f.toml) as s:
            equal(answer(s, "/add"), (200, b"1"))
            r.process.send_signal(signal.SIGSTOP)
            # Who waits for it holds no thread: one after another they would take half a minute.
            began = time.monotonic()
            waiting = [s.connect() for _ in range(64)]
            for c in waiting:
                c.sendall(run.request("/add"))
            equal(answer(s, "/hello")[0], 200)
            equal({run.read_answer(c)[0] for c in waiting}, {500})
            assert time.monotonic() - began < 16
            r.process.send_signal(signal.SIGCONT)
            config.wait_for("an answer", lambda: answer(s, "/add")[0] == 200)


@test
def mistakes(args):
    with Redis() as r, Folder() as f:
        service(f, r.url().replace("pass%2Fword", "wrong"))
        code, text = start_failed(args, f.toml)
        assert code != 0 and f"redis://localhost:{r.port}/0: " in text and "WRONGPASS" in text, text
        port = r.port
    with Folder() as f:
        service(f, f"redis://127.0.0.1:{port}")
        code, text = start_failed(args, f.toml)
        assert code != 0 and f"redis://127.0.0.1:{port}/0: Connection refused" in text, text
        # Checking asks nobody.
        code, text = check(args, f.toml)
        assert code == 0, text
        for url in ("redis://", "redis://h:x", "redis://h/x", "redis://secret@h", "redis://:%zz@h", "redis://:@h"):
            service(f, url)
            code, text = check(args, f.toml)
            assert code != 0 and "keyvalue: 'redis://...' is not redis://" in text, f"{url}: {text}"


if __name__ == "__main__":
    if shutil.which("redis-server") is None:
        print("redis-server is missing (package redis-server)")
        sys.exit(77)
    sys.exit(run.main(TESTS, __doc__))
