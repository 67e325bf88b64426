#!/usr/bin/env python3
"""A C program of WASI preview 1 made into a component does what the module does: arguments, environment, files, standard
input, exit code. With an adapter named, and with the one that is installed.

Needs the C toolchain for wasm32-wasi, and the adapters (tools/fetch_adapters.py): says that it skipped without them.
Exit code: 0 all as expected or skipped, 1 not.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = ["clang-22", "--target=wasm32-wasi", "-Wno-deprecated", "--sysroot=/usr", "--no-wasm-opt", "-O1"]
PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) printf("argument %s\n", argv[i]);
  const char* given = getenv("GIVEN");
  printf("environment %s\n", given ? given : "(none)");
  FILE* file = fopen("data/out.txt", "w");
  if (!file) {
    perror("data/out.txt");
    return 1;
  }
  fprintf(file, "one\ntwo\n");
  fclose(file);
  char line[100];
  file = fopen("data/out.txt", "r");
  while (fgets(line, sizeof line, file)) printf("file %s", line);
  fclose(file);
  while (fgets(line, sizeof line, stdin)) printf("input %s", line);
  char* large = malloc(3 << 20);  // memory grows beside the adapter's pages
  memset(large, 7, 3 << 20);
  printf("memory %d\n", large[(3 << 20) - 1]);
  if (time(NULL) < 1000000) return 1;
  fprintf(stderr, "done\n");
  return argc > 3;
}
"""
# A library: no main, so the reactor's adapter; it is initialized before its first call.
LIBRARY = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
static int begun;
__attribute__((constructor)) static void begin(void) { begun = 40; }
__attribute__((export_name("answer"))) uint32_t answer(uint32_t x) {
  printf("asked %u\n", x);
  fflush(stdout);
  return begun + x;
}
"""
# The same with a realloc of its own, from which the adapter takes its stack too, at its first call.
STRINGS = LIBRARY + r"""
#include <string.h>
__attribute__((export_name("cabi_realloc"))) void* cabi_realloc(void* old, size_t old_size, size_t align, size_t size) {
  return realloc(old, size);
}
struct text {
  char* at;
  size_t size;
};
__attribute__((export_name("greet"))) struct text* greet(char* name, size_t size) {
  static struct text out;
  const char* days = getenv("DAYS");
  out.at = malloc(size + 100);
  out.size = (size_t)sprintf(out.at, "%s, %.*s", days ? days : "hello", (int)size, name);
  free(name);
  return &out;
}
__attribute__((export_name("cabi_post_greet"))) void done(struct text* out) { free(out->at); }
"""
WORLD = """package my:library;
world library { export answer: func(x: u32) -> u32; }
world strings { include library; export greet: func(name: string) -> string; }
"""


class Failed(Exception):
    pass


def run(command, folder, **options):
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, timeout=120, **options)
    return done.returncode, done.stdout, done.stderr


def must(command, folder):
    code, out, err = run(command, folder)
    if code != 0:
        raise Failed(f"{command}: exit code {code}: {err or out}")
    return out


def compile_c(source, name, folder, *flags):
    (folder / f"{name}.c").write_text(source)
    must([*COMPILER, *flags, f"{name}.c", "-o", f"{name}.wasm"], folder)


def same_as_module(ashlar, folder, adapter):
    compile_c(PROGRAM, "program", folder)
    (folder / "data").mkdir()
    must([ashlar, "component", "new", "program.wasm", "-o", "component.wasm"], folder)
    named = [ashlar, "component", "new", "program.wasm", "--adapt", adapter, "-o", "named.wasm"]
    must(named, folder)
    must([ashlar, "validate", "component.wasm"], folder)
    if (folder / "named.wasm").read_bytes() != (folder / "component.wasm").read_bytes():
        raise Failed("the installed adapter gives another component than the same adapter, named")
    for arguments in (["a", "b c"], ["a", "b", "fails"]):
        flags = ["run", "--dir", "data", "--env", "GIVEN=yes"]
        results = [run([ashlar, *flags, file, *arguments], folder, input="x\ny\n")
                   for file in ("program.wasm", "component.wasm")]
        if results[0] != results[1]:
            raise Failed(f"the module: {results[0]}, the component: {results[1]}")
        if results[0][0] != (len(arguments) > 2) or "file two" not in results[0][1]:
            raise Failed(f"the program itself: {results[0]}")
    world = must([ashlar, "component", "wit", "component.wasm"], folder).split("\n}\n")[0]
    if "wasi:filesystem/types@" not in world or "wasi:sockets" in world or "wasi:random" in world:
        raise Failed(f"what is imported is not what is used: {world}")


def library(ashlar, folder, world, source, calls):
    compile_c(source, world, folder, "-mexec-model=reactor")
    (folder / "library.wit").write_text(WORLD)
    must([ashlar, "component", "embed", "library.wit", "-w", world, f"{world}.wasm", "-o", "core.wasm"], folder)
    must([ashlar, "component", "new", "core.wasm", "-o", "library.component.wasm"], folder)
    must([ashlar, "validate", "library.component.wasm"], folder)
    for call, expected in calls:
        out = must([ashlar, "run", "--env", "DAYS=good day", "--invoke", call, "library.component.wasm"], folder)
        if out != expected:
            raise Failed(f"the library answers {call} with {out!r}")


def without_adapter(ashlar, folder):
    """A command that stands alone finds no adapter, and says what to pass."""
    alone = folder / "alone" / "bin" / "ashlar"
    alone.parent.mkdir(parents=True)
    shutil.copy2(ashlar, alone)
    code, _, err = run([alone, "component", "new", "program.wasm"], folder)
    if code != 1 or "--adapt wasi_snapshot_preview1=FILE" not in err:
        raise Failed(f"without an adapter: exit code {code}, {err}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", required=True, type=pathlib.Path)
    ashlar = parser.parse_args().ashlar.resolve()
    adapter = ashlar.parents[1] / "share/ashlar/adapters/wasi_snapshot_preview1.command.wasm"
    if shutil.which(COMPILER[0]) is None or not adapter.is_file():
        print(f"skipped: {COMPILER[0]} or {adapter} is missing (tools/fetch_adapters.py fetches the adapters)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            same_as_module(ashlar, pathlib.Path(folder), adapter)
            answer = ("answer(2)", "asked 2\n42\n")
            library(ashlar, pathlib.Path(folder), "library", LIBRARY, [answer])
            library(ashlar, pathlib.Path(folder), "strings", STRINGS, [answer, ('greet("you")', '"good day, you"\n')])
            without_adapter(ashlar, pathlib.Path(folder))
        except Failed as failure:
            print(failure)
            return 1
    print("toolchain: all as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
