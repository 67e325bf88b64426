"""C programs against an installed tree, in every way to build them; and what libashlar.so shows."""

import os
import re
import shutil

COMPILERS = ["clang-22", "gcc"]
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
# examples/c/<name>.c prints:
EXPECTED = {
    "hello": "the guest says: 42\n",
    "memory": "WRITTEN BY THE HOST\nout of bounds memory access in function 0\n",
    "multi_value": "10:10:10\n",
    "serialize": "fib(20) = 6765\n",
    "threads": "".join(f"1 + ... + {n} = {n * (n + 1) // 2}\n" for n in (10, 20, 30, 40)),
    "wasi": "hello from a WASI program\nexit code 7\n",
}
SOURCE = "hello"
DEFINED = re.compile(r"^[0-9a-f]+ ([A-Za-z]) (.*)$")


def check_headers(run, prefix, work):
    """wasm.h and ashlar.h alone, in C and C++, by every compiler there is."""
    languages = [("c", std) for std in ("c99", "c11", "c17")] + [("c++", std) for std in ("c++11", "c++17", "c++23")]
    for compiler in COMPILERS:
        if shutil.which(compiler) is None:
            continue
        for header in ("wasm.h", "ashlar.h"):
            for language, std in languages:
                if compiler == "gcc" and std == "c++23":
                    std = "c++20"
                source = work / "header.c"
                source.write_text(f"#include <{header}>\n#include <{header}>\nint main(void) {{ return 0; }}\n")
                run(compiler, "-x", language, f"-std={std}", *WARNINGS, f"-I{prefix}/include", "-fsyntax-only", source)


def check_symbols(run, prefix, lib):
    """libashlar.so shows what the C headers declare, all of it, and the classes of C++; nothing else."""
    listing = run("nm", "-D", "--defined-only", "-C", lib / "libashlar.so")
    shown = [DEFINED.match(line).groups() for line in listing.splitlines() if DEFINED.match(line)]
    c = {name for _, name in shown if "::" not in name}
    others = [name for _, name in shown if "::" in name and not name.startswith("ashlar::v0::")]
    internal = [name for _, name in shown if re.match(r"ashlar::v0::detail::(Access|StoreState|RefTable|Component(Instance)?State)::", name)]
    declared = set()
    for header in ("wasm.h", "ashlar.h"):
        text = run("clang-22", "-E", "-P", f"-I{prefix}/include", prefix / "include" / header)
        # What has a body is inline; a declaration ends behind its parameters.
        while (without := re.sub(r"\{[^{}]*\}", "", text)) != text:
            text = without
        declared |= set(re.findall(r"\b((?:wasm|ashlar)_\w+)\((?:[^(){};]|\([^(){};]*\))*\);", text))
    problems = [f"not to be shown: {name}" for name in sorted(c - declared) + others + internal]
    problems += [f"declared, but not there: {name}" for name in sorted(declared - c)]
    return problems, len(declared)


def by_cmake(run, project, build, prefix, *definitions):
    run("cmake", "-S", project, "-B", build, "-G", "Ninja", "-DCMAKE_C_COMPILER=clang-22",
        f"-DCMAKE_PREFIX_PATH={prefix}", *definitions)
    run("cmake", "--build", build)


def by_hand(run, source, prefix, lib, work, environment):
    """One program, by pkg-config and by plain flags, shared and static, by every compiler there is."""
    shared = run("pkg-config", "--cflags", "--libs", "ashlar", env=environment).split()
    static = run("pkg-config", "--cflags", "--libs", "--static", "ashlar", env=environment).split()
    ways = {
        "pkg-config": shared,
        "pkg-config --static": ["-l:libashlar.a" if flag == "-lashlar" else flag for flag in static],
        "-lashlar": [f"-I{prefix}/include", f"-L{lib}", "-lashlar"],
        "-l:libashlar.a": [f"-I{prefix}/include", f"-L{lib}", "-l:libashlar.a", "-lstdc++", "-lm", "-pthread"],
    }
    programs = {}
    for compiler in COMPILERS:
        if shutil.which(compiler) is None:
            continue
        for name, flags in ways.items():
            way = f"{compiler} {name}"
            programs[way] = work / f"c_by_hand_{len(programs)}"
            run(compiler, "-std=c11", *WARNINGS, source, "-o", programs[way], *flags)
    return programs


def check(run, here, prefix, work):
    """What is wrong, as lines; how many functions the headers declare, and how many programs ran."""
    package = next(prefix.rglob("ashlar.pc")).parent
    lib = package.parent
    environment = dict(os.environ, PKG_CONFIG_PATH=str(package), LD_LIBRARY_PATH=str(lib))
    examples = here.parent.parent / "examples" / "c"
    check_headers(run, prefix, work)
    problems, declared = check_symbols(run, prefix, lib)

    source = examples / f"{SOURCE}.c"
    by_cmake(run, examples, work / "c_examples", prefix)
    by_cmake(run, here / "consumer_c", work / "consumer_c", prefix, f"-DSOURCE={source}")
    programs = {f"examples/c/{name}": (work / "c_examples" / name, name) for name in EXPECTED}
    for kind in ("ashlar", "ashlar_static"):
        programs[f"C project with Ashlar::{kind}"] = (work / "consumer_c" / f"with_{kind}", SOURCE)
    for way, program in by_hand(run, source, prefix, lib, work, environment).items():
        programs[way] = (program, SOURCE)
    for way, (program, name) in programs.items():
        arguments = [work / "module.serialized"] if name == "serialize" else []
        output = run(program, *arguments, env=environment)
        if output != EXPECTED[name]:
            problems.append(f"{way} prints:\n{output}")
    return problems, declared, len(programs)
