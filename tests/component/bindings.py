#!/usr/bin/env python3
"""Builds a guest and a host with the bindings of tests/component/bindings/all.wit and runs them: every kind of value and
resource goes from the host into the guest, from there into the host's imports, and back. Exit code 77: no wasm C++ library.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

from image_example import GUEST, HOST, NEEDED, ROOT, run

HERE = pathlib.Path(__file__).resolve().parent / "bindings"
REFUSED = {
    "future": "interface i { f: func() -> future<u8>; } world w { import i; }",
    "async": "interface i { f: async func(); } world w { export i; }",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, required=True)
    parser.add_argument("--library", type=pathlib.Path, required=True, help="libashlar.so")
    args = parser.parse_args()
    if not pathlib.Path(NEEDED[0]).exists():
        print("missing:", NEEDED[0])
        return 77
    ashlar, library = args.ashlar.resolve(), args.library.resolve()
    with tempfile.TemporaryDirectory(prefix="ashlar-bindings-") as folder:
        work = pathlib.Path(folder)
        run(ashlar, "bindgen", "cpp", "--guest", HERE / "all.wit", "-o", work / "guest")
        run(ashlar, "bindgen", "cpp", HERE / "all.wit", "-o", work / "host")
        run(*GUEST, f"-I{work}/guest", work / "guest" / "all.cc", HERE / "guest.cc", "-o", work / "core.wasm")
        run(ashlar, "component", "new", work / "core.wasm", "-o", work / "all.wasm")
        # Hosts are built by others' compilers, too.
        for compiler in filter(shutil.which, (HOST[0], "g++")):
            run(compiler, *HOST[1:], f"-I{ROOT}/include", f"-I{work}/host", HERE / "host.cc", "-o", work / "all", library,
                f"-Wl,-rpath,{library.parent}")
            run(work / "all", work / "all.wasm")
        for what, text in REFUSED.items():
            (work / "refused.wit").write_text("package a:b; " + text)
            done = run(ashlar, "bindgen", "cpp", work / "refused.wit", "-o", work / "no", ok=False)
            if done.returncode == 0 or what not in done.stderr:
                print(f"{what} was not refused: {done.stderr}")
                return 1
    print("bindings: values and resources come back as they went")
    return 0


if __name__ == "__main__":
    sys.exit(main())
