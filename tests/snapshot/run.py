#!/usr/bin/env python3
"""Snapshots of C programs: what was computed before is there, and is not computed again; what cannot be is refused.

Needs the C toolchain for wasm32-wasi, and for components the adapters (tools/fetch_adapters.py): says that it skipped
without. With wasm-tools in PATH, that validates what was written, too. Exit code: 0 all as expected, 1 not, 77 skipped.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "component"))
from toolchain import Failed, compile_c, must, run  # noqa: E402

# Two million steps before, some hundred behind: less fuel than that shows which were run.
FUEL = "100000"
TABLES = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int begun;
__attribute__((constructor)) static void begin(void) { ++begun; }
struct node { struct node* next; uint32_t value; };
static struct node* list;
static uint32_t twice(uint32_t x) { return 2 * x; }
static uint32_t thrice(uint32_t x) { return 3 * x; }
static uint32_t (*change)(uint32_t) = twice;
static void build(void) {
  uint32_t x = 1;
  for (int i = 0; i < 200000; ++i) {
    x = x * 1103515245 + 12345;
    if (i % 4000) continue;
    struct node* fresh = malloc(sizeof *fresh);
    *fresh = (struct node){list, x >> 16};
    list = fresh;
  }
  change = thrice;
}
static uint32_t sum(uint32_t x) {
  uint32_t out = change(x) + 1000000 * begun;
  for (struct node* n = list; n; n = n->next) out += n->value;
  return out;
}
"""
REACTOR = TABLES + r"""
__attribute__((export_name("build"))) void export_build(void) { build(); }
__attribute__((export_name("sum"))) uint32_t export_sum(uint32_t x) { return sum(x); }
"""
COMMAND = TABLES + r"""
void __wasm_call_ctors(void);
int main(int argc, char** argv) {
  if (!list) build();
  printf("%u %s\n", sum(7), argc > 1 ? argv[1] : "-");
  return 3;
}
// Functions of the C library's start, with constructors run already.
int __main_void(void);
__attribute__((export_name("prepare"))) void prepare(void) {
  __wasm_call_ctors();
  build();
}
__attribute__((export_name("resume"))) void resume(void) { exit(__main_void()); }
"""
OPENS = r"""
#include <stdio.h>
static FILE* kept;
static char text[100];
__attribute__((export_name("leak"))) void leak(void) { kept = fopen("/data/file", "r"); }
__attribute__((export_name("read"))) void read_all(void) {
  FILE* file = fopen("/data/file", "r");
  fgets(text, sizeof text, file);
  fclose(file);
}
__attribute__((export_name("first"))) int first(void) { return text[0]; }
"""
LIBRARY = REACTOR + r"""
__attribute__((export_name("loud"))) void loud(void) { puts("loud"); fflush(stdout); }
"""
WORLD = """package my:library;
world library { export build: func(); export loud: func(); export sum: func(x: u32) -> u32; }
"""


def expect(what, found, wanted):
    if found != wanted:
        raise Failed(f"{what}: {found!r}, expected {wanted!r}")


def check_file(ashlar, folder, name):
    must([ashlar, "validate", name], folder)
    if shutil.which("wasm-tools"):
        must(["wasm-tools", "validate", "--features", "all", name], folder)


def call(ashlar, folder, file, *invoke, flags=()):
    return must([ashlar, "run", *flags, file, "--invoke", *invoke], folder)


def reactor(ashlar, folder, flags):
    compile_c(REACTOR, "reactor", folder, "-mexec-model=reactor", "-g")
    code, _, _ = run([ashlar, "run", "--fuel", FUEL, "reactor.wasm", "--invoke", "build"], folder)
    expect("the initialisation within little fuel", code, 134)
    must([ashlar, "snapshot", *flags, "reactor.wasm", "-o", "ready.wasm", "--init", "build"], folder)
    check_file(ashlar, folder, "ready.wasm")
    total = int(call(ashlar, folder, "ready.wasm", "sum", "7", flags=["--fuel", FUEL]))
    expect("constructors, and what a pointer to a function does", (total > 1000000, total < 6000000), (True, True))
    again = int(call(ashlar, folder, "ready.wasm", "sum", "8"))
    expect("the function that the initialisation chose", again - total, 3)
    code, _, _ = run([ashlar, "run", "ready.wasm", "--invoke", "build"], folder)
    expect("calling the initialisation of a snapshot", code, 1)
    for file in ("reactor.wasm", "ready.wasm"):
        if ".debug_line" not in must([ashlar, "objdump", file], folder):
            raise Failed(f"{file} has no DWARF")


def command(ashlar, folder, flags):
    compile_c(COMMAND, "command", folder)
    code, plain, _ = run([ashlar, "run", "command.wasm", "x"], folder)
    expect("the command's exit code", code, 3)
    code, _, err = run([ashlar, "snapshot", "command.wasm"], folder)
    if code != 1 or "--init must name a function" not in err:
        raise Failed(f"a command without --init: exit code {code}, {err}")
    must([ashlar, "snapshot", *flags, "command.wasm", "-o", "ready.wasm", "--init", "prepare", "--rename-func",
          "_start=resume"], folder)
    check_file(ashlar, folder, "ready.wasm")
    code, out, err = run([ashlar, "run", "--fuel", FUEL, "ready.wasm", "x"], folder)
    expect("the snapshot of a command", (code, out, err), (3, plain, ""))


def files(ashlar, folder, flags):
    (folder / "data").mkdir()
    (folder / "data/file").write_text("A line\n")
    compile_c(OPENS, "opens", folder, "-mexec-model=reactor")
    snapshot = [ashlar, "snapshot", *flags, "--dir", "data::/data", "opens.wasm", "-o", "ready.wasm", "--init"]
    code, _, err = run([*snapshot, "leak"], folder)
    if code != 1 or "descriptors are open" not in err or "(file)" not in err:
        raise Failed(f"an open file: exit code {code}, {err}")
    expect("a file after a refusal", (folder / "ready.wasm").exists(), False)
    must([*snapshot, "read"], folder)
    expect("what was read before", call(ashlar, folder, "ready.wasm", "first"), f"{ord('A')}\n")


def component(ashlar, folder, flags):
    compile_c(LIBRARY, "library", folder, "-mexec-model=reactor")
    (folder / "library.wit").write_text(WORLD)
    must([ashlar, "component", "embed", "library.wit", "library.wasm", "-o", "core.wasm"], folder)
    must([ashlar, "component", "new", "core.wasm", "-o", "component.wasm"], folder)
    must([ashlar, "snapshot", *flags, "component.wasm", "-o", "ready.wasm", "--init", "build"], folder)
    check_file(ashlar, folder, "ready.wasm")
    total = int(must([ashlar, "run", "--fuel", FUEL, "--invoke", "sum(7)", "ready.wasm"], folder))
    must([ashlar, "snapshot", *flags, "library.wasm", "-o", "module.wasm", "--init", "build"], folder)
    expect("component and module", total, int(call(ashlar, folder, "module.wasm", "sum", "7")))
    code, _, err = run([ashlar, "snapshot", *flags, "component.wasm", "-o", "no.wasm", "--init", "loud"], folder)
    if code != 1 or "wasi:io/streams" not in err or "output-stream" not in err:
        raise Failed(f"a handle that is held: exit code {code}, {err}")
    must([ashlar, "snapshot", *flags, "ready.wasm", "-o", "again.wasm"], folder)
    expect("the snapshot of a snapshot", (folder / "again.wasm").read_bytes() == (folder / "ready.wasm").read_bytes(), True)
    # It still prints, and is initialised where it is asked to be.
    expect("what it prints later", must([ashlar, "run", "--invoke", "loud()", "ready.wasm"], folder), "loud\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", required=True, type=pathlib.Path)
    parser.add_argument("flags", nargs="*", help="of ashlar snapshot")
    args = parser.parse_args()
    ashlar = args.ashlar.resolve()
    tests = [reactor, command, files]
    if shutil.which("clang-22") is None or not pathlib.Path("/usr/include/wasm32-wasi").is_dir():
        print("skipped: the C toolchain for wasm32-wasi is missing")
        return 77
    if (ashlar.parent / "../share/ashlar/adapters").is_dir():
        tests.append(component)
    else:
        print("the adapters are missing: no components")
    failed = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(ashlar, pathlib.Path(folder), args.flags)
            except Failed as failure:
                failed += 1
                print(f"{test.__name__}: {failure}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
