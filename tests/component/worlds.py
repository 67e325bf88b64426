#!/usr/bin/env python3
"""The bindings of real worlds: those of WASI 0.2 and the drafts in wit/ compile for hosts and for guests, asynchronous ones
are refused by name, and a handler of wasi:http in C++ answers under `ashlar serve`. Exit code 77: no wasm C++ library.
"""

import argparse
import pathlib
import re
import sys
import tempfile

from image_example import GUEST, HOST, NEEDED, ROOT, run

sys.path.insert(0, str(ROOT / "tests" / "serve"))
from run import Service, request, split, unchunk  # noqa: E402

WASI = ROOT / "wit" / "wasi-0.2.12"
WORLDS = [*sorted(WASI.glob("*.wit")), *sorted((ROOT / "wit" / "proposals").glob("*.wit"))]
COMPILED = [flag for flag in GUEST if flag not in ("-mexec-model=reactor", "--no-wasm-opt")]  # the others are for linking
HANDLER = ROOT / "tests" / "component" / "http_guest" / "handler.cc"


# What bindings include: read once for all worlds. That they include it themselves is seen where a program is built of them.
GUEST_HEADERS = ("array", "bit", "concepts", "cstdint", "cstdlib", "cstring", "expected", "memory", "new", "optional", "span",
                 "string", "string_view", "tuple", "type_traits", "utility", "variant", "vector")


def precompiled(command, work, name, headers):
    """The command, with headers that are read already."""
    header, out = work / f"{name}.h", work / f"{name}.pch"
    header.write_text("".join(f"#include <{h}>\n" for h in headers))
    run(*command, "-x", "c++-header", header, "-o", out)
    return [*command, "-include-pch", out]


def worlds_of(path):
    return re.findall(r"^world ([a-z-]+)", path.read_text(), re.M)


def check_worlds(ashlar, work):
    count = 0
    for_host = precompiled([*HOST, f"-I{ROOT}/include"], work, "host", ["ashlar/ashlar.h", "array", "variant"])
    for_guest = precompiled(COMPILED, work, "guest", GUEST_HEADERS)
    for path in WORLDS:
        for world in worlds_of(path):
            out = work / f"{path.stem}-{world}"
            out.mkdir()
            run(ashlar, "bindgen", "cpp", path, "--deps", WASI, "--world", world, "-o", out / "host")
            run(ashlar, "bindgen", "cpp", "--guest", path, "--deps", WASI, "--world", world, "-o", out / "guest")
            name = world.replace("_", "-")
            (out / "host.cc").write_text(f'#include "{name}.h"\n')
            run(*for_host, "-fsyntax-only", f"-I{out}/host", out / "host.cc")
            run(*for_guest, "-fsyntax-only", f"-I{out}/guest", out / "guest" / f"{name}.cc")
            count += 1
    assert count >= 12, f"only {count} worlds were found"
    return count


def check_refused(ashlar, work):
    folder = ROOT / "wit" / "wasi-0.3"
    done = run(ashlar, "bindgen", "cpp", folder / "http.wit", "--deps", folder, "--world", "service", "-o", work / "no", ok=False)
    assert done.returncode == 1 and re.search(r"not supported yet: bindings of .* \(in wasi:|async functions: wasi:", done.stderr), done.stderr


def content(fields, body):
    return unchunk(body)[0] if "transfer-encoding" in fields else body


def check_handler(args, ashlar, work):
    gen = work / "handler"
    run(ashlar, "bindgen", "cpp", "--guest", WASI / "http.wit", "--deps", WASI, "--world", "proxy", "-o", gen)
    core, component = work / "handler.core.wasm", work / "handler.wasm"
    run(*GUEST, f"-I{gen}", gen / "proxy.cc", HANDLER, "-o", core)
    run(ashlar, "component", "new", core, "-o", component)
    with Service(args, guest=component) as service:
        status, fields, body = service.get("/some/path?q=1")
        assert (status, content(fields, body)) == (200, b"other /some/path?q=1\n\n"), (status, body)
        assert fields["content-type"] == "text/plain", fields
        for size in (5, 4000):
            sent = b"abcdE" * (size // 5)
            status, fields, body = split(service.exchange(request(
                "/up", "POST", f"x-back: one\r\nx-lost: two\r\ncontent-length: {size}\r\nconnection: close\r\n", sent)))
            assert status == 201 and fields["x-back"] == "one" and "x-lost" not in fields, (status, fields)
            assert content(fields, body) == b"post /up\n" + sent.upper() + b"\n", body[:100]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, required=True)
    parser.add_argument("--library", type=pathlib.Path, help="not used: as the tests beside it have it")
    args = parser.parse_args()
    args.tier = "interp"
    if not pathlib.Path(NEEDED[0]).exists():
        print("missing:", NEEDED[0])
        return 77
    ashlar = args.ashlar.resolve()
    with tempfile.TemporaryDirectory(prefix="ashlar-worlds-") as folder:
        work = pathlib.Path(folder)
        count = check_worlds(ashlar, work)
        check_refused(ashlar, work)
        check_handler(args, ashlar, work)
    print(f"worlds: bindings of {count} worlds compile, and a handler in C++ answers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
