#!/usr/bin/env python3
"""Installs a build into a temporary folder and uses it as others would: CMake package, pkg-config, headers, command."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = "clang++-22"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        print("failed:", *command, "\n" + done.stdout + done.stderr)
        sys.exit(1)
    return done.stdout


def consumer_source(include, work):
    """The program to build: consumer/main.cc after every public header, so that all of them compile outside."""
    headers = sorted(path.relative_to(include).as_posix() for path in include.rglob("*.h"))
    main = HERE / "consumer" / "main.cc"
    body = main.read_text() if main.exists() else "int main() {}\n"
    source = work / "main.cc"
    source.write_text("".join(f"#include <{header}>\n" for header in headers) + body)
    return source, headers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build tree to install")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ashlar-install-") as top:
        work = pathlib.Path(top)
        prefix = work / "installed"
        run("cmake", "--install", args.build, "--prefix", prefix)
        source, headers = consumer_source(prefix / "include", work)

        run("cmake", "-S", HERE / "consumer", "-B", work / "b", "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={COMPILER}",
            f"-DCMAKE_PREFIX_PATH={prefix}", f"-DSOURCE={source}")
        run("cmake", "--build", work / "b")
        outputs = {run(work / "b" / name) for name in ("with_ashlar", "with_ashlar_static")}

        pkgconfig = next(prefix.rglob("ashlar.pc")).parent
        environment = dict(os.environ, PKG_CONFIG_PATH=str(pkgconfig), LD_LIBRARY_PATH=str(pkgconfig.parent))
        flags = run("pkg-config", "--cflags", "--libs", "ashlar", env=environment).split()
        run(COMPILER, "-std=c++23", "-fuse-ld=lld", source, "-o", work / "by_pkg_config", *flags)
        outputs.add(run(work / "by_pkg_config", env=environment))
        if len(outputs) != 1:
            print("the consumer prints different things:", outputs)
            return 1
        version = run(prefix / "bin" / "ashlar", "--version").strip()
        print(f"install: {version}, {len(headers)} public headers, CMake package and pkg-config work")
    return 0


if __name__ == "__main__":
    sys.exit(main())
