#!/usr/bin/env python3
"""Runs Wasmtime's test programs of WASI 0.2 with Ashlar: each once as their own tests do, and each must pass.

Says what failed; the last line says how many passed. Exit code: 0 all passed, 1 not.
"""

import argparse
import contextlib
import dataclasses
import http.server
import os
import pathlib
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading

BAR = "'Twas brillig, and the slithy toves.\n"
TUMTUM = "So rested he by the Tumtum tree"


@dataclasses.dataclass
class Case:
    program: str
    args: tuple = ()
    flags: tuple = ()
    files: dict = dataclasses.field(default_factory=dict)  # in the scratch folder; a name ending in / is a folder
    mount: str = ""  # where the guest sees the scratch folder; empty: nowhere
    read_only: bool = False
    locked: dict = dataclasses.field(default_factory=dict)  # files of a second folder, "readonly"
    stdin: str = ""  # "/": a folder
    closes_stdout: bool = False  # after some of the output
    network: bool = False  # the program needs it
    http: object = None  # the server that it talks to, "{server}" in its flags
    env: dict = dataclasses.field(default_factory=dict)
    code: int = 0
    stdout: str = None  # exactly
    stderr: str = ""  # somewhere


def cli(name, *args, **more):
    return Case(f"p2_cli_{name}", args, **more)


def lib(name, **more):
    """As the programs of the library's tests run: with their own name, the folder and what they ask of the environment."""
    return Case(name, (".",), mount=".", flags=("--env", "NO_RIGHTS_READBACK_SUPPORT=1", *more.pop("flags", ())), **more)


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what was asked: method and path in headers, the body as it came."""
    protocol_version = "HTTP/1.1"

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        out = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            out += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return out

    def answer(self):
        body = self.body()
        self.send_response(200)
        self.send_header("x-wasmtime-test-method", self.command)
        self.send_header("x-wasmtime-test-uri", self.path)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


class Http2Only(socketserver.StreamRequestHandler):
    """Speaks HTTP/2 and nothing else: says so, and ends when its client does."""

    def handle(self):
        settings, go_away = b"\0\0\0\4\0\0\0\0\0", b"\0\0\x08\7\0\0\0\0\0" + bytes(7) + b"\1"
        self.wfile.write(settings + go_away)
        # A socket that is closed with bytes unread takes what was written away from its peer.
        with contextlib.suppress(ConnectionError):
            while self.request.recv(4096):
                pass


def request(name, server=Echo, hosts="{server}", **more):
    """One that sends a request, as the library's tests of HTTP run it."""
    return Case(f"p2_http_outbound_request_{name}", http=server, flags=("--allow-http", hosts, "--env", "HTTP_SERVER={server}"),
                **more)


CASES = [
    cli("hello_stdout", stdout="hello, world\n"),
    cli("args", "hello", "this", "", "is an argument", "with 🚩 emoji"),
    cli("stdin_empty", stdin="not to be read"),
    cli("stdin", stdin=TUMTUM),
    cli("splice_stdin", stdin=TUMTUM, stdout=f"before splice\n{TUMTUM}\ncompleted splicing {len(TUMTUM)} bytes\n"),
    cli("env", flags=("--env", "frabjous=day", "--env", "callooh=callay")),
    cli("file_read", files={"bar.txt": "And stood awhile in thought"}, mount="/"),
    cli("file_append", files={"bar.txt": BAR}, mount="/"),
    cli("file_dir_sync", files={"bar.txt": BAR}, mount="/"),
    cli("exit_success"),
    cli("exit_default"),
    cli("exit_failure", code=1),
    cli("exit_panic", code=134, stderr="Curiouser and curiouser!"),
    cli("exit_with_code", code=42),
    cli("directory_list", mount="/",
        files={"foo.txt": "", "bar.txt": "", "baz.txt": "", "sub/": "", "sub/wow.txt": "", "sub/yay.txt": ""}),
    cli("default_clocks"),
    cli("export_cabi_realloc"),
    cli("stdio_write_flushes", stdout="> "),
    cli("sleep"),
    cli("much_stdout", "x" * 10, "1000", stdout="x" * 10 * 1000),
    cli("large_env", flags=("--inherit-env",), env={f"KEY{i}": "x" * 1024 for i in range(512)}),
    cli("stdout_epipe", closes_stdout=True, stderr="got expected StreamError::Closed"),
    cli("stdin_eisdir", stdin="/", stderr="got expected ErrorCode::IsDirectory"),
    cli("argv0", "a", flags=("--argv0", "a")),
    cli("sleep_forever", flags=("--timeout", "250ms"), code=134),
    cli("multiple_preopens", flags=("--dir", "/::/a", "--dir", "/::/b", "--dir", "/::/c")),
    Case("p2_api_read_only", files={"bar.txt": "And stood awhile in thought", "sub/": ""}, mount="/", read_only=True),
    lib("p2_adapter_badfd"),
    lib("p2_random"),
    lib("p2_sleep"),
    lib("p2_clocks_zero_wait"),
    lib("p2_file_read_write"),
    lib("p2_file_hardlink_across_perms", locked={"test.txt": "read only test file\n"}),
    lib("p2_file_rename_across_perms", locked={"test.txt": "read only test file\n"}),
    lib("p2_file_truncation_readonly", locked={"test.txt": "read only test file\n"}),
    lib("p2_file_stream_not_permitted", locked={"stream-perms.txt": "stream permission test\n"}),
    lib("p2_pollable_correct"),
    lib("p2_pollable_traps", code=134),
    lib("p2_stream_pollable_correct"),
    lib("p2_stream_pollable_traps", code=134),
    *(lib(f"p2_{name}", network=True) for name in (
        "ip_name_lookup", "tcp_bind", "tcp_busy_poll", "tcp_connect", "tcp_listen", "tcp_sample_application",
        "tcp_sockopts", "tcp_states", "tcp_streams", "udp_bind", "udp_connect", "udp_sample_application",
        "udp_send_to_closed_receiver", "udp_sockopts", "udp_states", "udp_stream")),
    lib("p2_udp_send_too_much", network=True, code=134),
    *(request(name) for name in ("content_length", "get", "large_post", "post", "put", "response_build")),
    request("invalid_version", Http2Only),
    *(request(name, hosts="localhost") for name in ("unknown_method", "unsupported_scheme", "invalid_port")),
    *(request(name, hosts="*") for name in ("invalid_dnsname", "missing_path_and_query")),
    request("timeout", hosts="203.0.113.12"),
    # p2_http_outbound_request_invalid_header wants a header forbidden that only the host of its own tests forbids.
]


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def write(folder, files):
    folder.mkdir()
    for name, text in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_text(text)


@contextlib.contextmanager
def serving(handler):
    """The address of a server with that handler; none without one."""
    if handler is None:
        yield ""
        return
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"localhost:{server.server_address[1]}"
        server.shutdown()


def run(case, args, scratch):
    """What is wrong, or nothing."""
    with serving(case.http) as server:
        return run_program(case, args, scratch, server)


def run_program(case, args, scratch, server):
    write(scratch / "files", case.files)
    write(scratch / "locked", case.locked)
    flags = [flag.replace("{server}", server) for flag in case.flags] + [args.network] * case.network
    if case.mount:
        flags += ["--dir", f"{scratch}/files::{case.mount}" + (":ro" if case.read_only else "")]
    if case.locked:
        flags += ["--dir", f"{scratch}/locked::readonly:ro"]
    if not has_ipv6():
        flags += ["--env", "DISABLE_IPV6=1"]
    program = args.programs / (case.program + ".wasm")
    child = subprocess.Popen([args.ashlar, "run", *args.flag, *flags, program, *case.args],
                             stdin=os.open(scratch, os.O_RDONLY) if case.stdin == "/" else subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | case.env)
    with child:
        stdin = None if case.stdin == "/" else case.stdin.encode()
        if case.closes_stdout:
            child.stdout.read(64)
            child.stdout.close()
            child.stdout = None
        try:
            outputs = child.communicate(stdin, timeout=args.timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            return f"still running after {args.timeout} s"
    stdout, stderr = ((out or b"").decode(errors="replace") for out in outputs)
    if child.returncode != case.code:
        return f"exit code {child.returncode}, expected {case.code}\n{stdout[-500:]}{stderr[:700]}"
    for name, text in case.locked.items():
        if (scratch / "locked" / name).read_text() != text:
            return f"the read-only file {name} was changed"
    if case.stdout is not None and stdout != case.stdout:
        return f"wrote {stdout[:200]!r}"
    return "" if case.stderr in stderr else f"{case.stderr!r} is not in {stderr[-500:]!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--ashlar", required=True)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="folder of the built programs")
    parser.add_argument("--only", default="", help="only programs whose name holds this")
    parser.add_argument("--network", help="a flag of `ashlar run` that grants the network; without it, its programs are left out")
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--flag", action="append", default=[], help="a flag for every `ashlar run`")
    args = parser.parse_args()
    failed = 0
    cases = [case for case in CASES if args.only in case.program and (args.network or not case.network)]
    for case in cases:
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="wasi-p2-"))
        wrong = run(case, args, scratch)
        shutil.rmtree(scratch, ignore_errors=True)
        if wrong:
            failed += 1
            print(f"{case.program}: " + wrong.strip().replace("\n", "\n    "))
    print(f"{len(cases) - failed} programs passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
