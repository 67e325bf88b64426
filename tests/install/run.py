#!/usr/bin/env python3
"""Installs a build into a temporary folder and uses it as others would.

Each C++ example is built by its own CMake project (find_package) and must print its expected.txt. That of
examples/embed is also built with both libraries of the CMake package, by pkg-config (shared and static) and with plain
-lashlar; the installed tree is moved before it is used. All of them must print the same. The program that is built all
these ways includes every public header. C programs are built in as many ways (c_programs.py), and libashlar.so must
show its interface and nothing else. Where there is a
compiler it is installed too, and the installed command finds it.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import c_programs

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "examples" / "embed"
COMPILER = "clang++-22"
# The headers are for others, too: Debian's own, the oldest that has std::expected.
OTHER_COMPILER = "g++"
EXPECTED = (EXAMPLE / "expected.txt").read_text()
# What the header and the example of Boost.Asio need.
HAS_BOOST = pathlib.Path("/usr/include/boost/asio.hpp").exists()


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        print("failed:", *command, "\n" + done.stdout + done.stderr)
        sys.exit(1)
    return done.stdout


def consumer_source(include, work):
    """The program to build: the example after every public header, so that all of them compile outside."""
    headers = sorted(path.relative_to(include).as_posix() for path in include.rglob("*.h")
                     if HAS_BOOST or path.name != "asio.h")
    source = work / "main.cc"
    source.write_text("".join(f"#include <{header}>\n" for header in headers) + (EXAMPLE / "main.cc").read_text())
    return source, headers


def configure_and_build(project, build, prefix, *definitions):
    run("cmake", "-S", project, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={COMPILER}",
        f"-DCMAKE_PREFIX_PATH={prefix}", *definitions)
    run("cmake", "--build", build)


def build_examples(prefix, work):
    """Those that do not print what they should."""
    wrong = {}
    for expected in sorted(EXAMPLE.parent.glob("*/expected.txt")):
        name = expected.parent.name
        if not HAS_BOOST and "Boost" in (expected.parent / "CMakeLists.txt").read_text():
            print(f"examples/{name} is left out: there is no Boost.Asio")
            continue
        configure_and_build(expected.parent, work / "examples" / name, prefix)
        printed = run(work / "examples" / name / name)
        if printed != expected.read_text():
            wrong[f"examples/{name}"] = printed
    return wrong


def build_all(prefix, source, work):
    """Every way to build examples/embed; what each prints."""
    configure_and_build(HERE / "consumer", work / "consumer", prefix, f"-DSOURCE={source}")
    programs = {
        "Ashlar::ashlar": work / "consumer" / "with_ashlar",
        "Ashlar::ashlar_static": work / "consumer" / "with_ashlar_static",
    }

    package = next(prefix.rglob("ashlar.pc")).parent
    lib = package.parent
    environment = dict(os.environ, PKG_CONFIG_PATH=str(package), LD_LIBRARY_PATH=str(lib))
    shared = run("pkg-config", "--cflags", "--libs", "ashlar", env=environment).split()
    static = run("pkg-config", "--cflags", "--libs", "--static", "ashlar", env=environment).split()
    static = ["-l:libashlar.a" if flag == "-lashlar" else flag for flag in static]
    ways = {
        "pkg-config": shared,
        "pkg-config --static": static,
        "-lashlar": [f"-I{prefix}/include", f"-L{lib}", "-lashlar"],
        "-l:libashlar.a": [f"-I{prefix}/include", f"-L{lib}", "-l:libashlar.a", "-pthread"],
    }
    # One object serves all of them: their compiler flags say the same.
    run(COMPILER, "-std=c++23", "-Wall", "-Wextra", "-Werror", f"-I{prefix}/include", "-c", source, "-o",
        work / "main.o")
    for number, (name, flags) in enumerate(ways.items()):
        programs[name] = work / f"by_hand_{number}"
        run(COMPILER, "-fuse-ld=lld", work / "main.o", "-o", programs[name], *flags)
    if shutil.which(OTHER_COMPILER):
        run(OTHER_COMPILER, "-std=c++23", "-Wall", "-Wextra", "-Werror", f"-I{prefix}/include", "-c", source, "-o",
            work / "other.o")
        for kind, flags in (("shared", shared), ("static", static)):
            programs[f"{OTHER_COMPILER}, {kind}"] = work / f"by_other_{kind}"
            run(OTHER_COMPILER, work / "other.o", "-o", programs[f"{OTHER_COMPILER}, {kind}"], *flags)
    else:
        print(f"{OTHER_COMPILER} is left out: it is not there")
    return {name: run(program, env=environment) for name, program in programs.items()}


def run_compiled(prefix, work):
    """The compiler, used through the installed command."""
    (work / "one.wat").write_text('(module (func (export "one") (result i32) i32.const 1))')
    environment = {key: value for key, value in os.environ.items() if key != "ASHLAR_LLVM"}
    return run(prefix / "bin" / "ashlar", "run", "--tier=optimizing", "--no-cache", "--invoke", "one", work / "one.wat",
               env=environment).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build tree to install")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ashlar-install-") as top:
        work = pathlib.Path(top)
        run("cmake", "--install", args.build, "--prefix", work / "staged")
        prefix = work / "installed"
        (work / "staged").rename(prefix)
        source, headers = consumer_source(prefix / "include", work)
        if not headers:
            print("no public headers were installed")
            return 1
        outputs = build_all(prefix, source, work)
        wrong = build_examples(prefix, work)
        wrong.update({name: output for name, output in outputs.items() if output != EXPECTED})
        for name, output in wrong.items():
            print(f"{name} prints:\n{output}")
        if wrong:
            return 1
        problems, declared, c_ways = c_programs.check(run, HERE, prefix, work)
        if problems:
            print(*problems, sep="\n")
            return 1
        compiler = (args.build / "lib" / "ashlar" / "ashlar-llvm").exists()
        if compiler and run_compiled(prefix, work) != "1":
            print("what the installed compiler compiles does not run")
            return 1
        version = run(prefix / "bin" / "ashlar", "--version").strip()
        print(f"install: {version}, {len(headers)} public headers, {len(outputs)} ways to link; "
              f"{c_ways} C programs, {declared} functions of C"
              + (", with the compiler" if compiler else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
