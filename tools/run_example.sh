#!/usr/bin/env bash
# Compiles examples/hello to WebAssembly, runs it with the fresh build, and says what to try next.
set -euo pipefail
cd "$(dirname "$0")/.."

ashlar=build/bin/ashlar
program=build/examples/hello.wasm
if [[ ! -x $ashlar ]]; then
  echo "run_example: $ashlar is not there; 'make build' makes it" >&2
  exit 1
fi
# An optimizer that lies in PATH may be older than the compiler's output: leave it out.
no_wasm_opt=()
if clang-22 --target=wasm32-wasi --no-wasm-opt -### -x c /dev/null >/dev/null 2>&1; then no_wasm_opt=(--no-wasm-opt); fi
mkdir -p build/examples
if [[ ! $program -nt examples/hello/hello.c ]]; then
  clang-22 --target=wasm32-wasi -Wno-deprecated --sysroot=/usr "${no_wasm_opt[@]}" -O2 -Wl,--strip-debug \
    -o "$program" examples/hello/hello.c
fi

say() { printf '\n$ %s\n' "$*"; }
say "$ashlar $program count these words < README.md"
"$ashlar" "$program" count these words <README.md

cat <<NEXT

That was a C program, compiled to $(stat -c %s "$program") bytes of WebAssembly and run by Ashlar. What to try next:
  $ashlar $program your own arguments
  $ashlar print $program | less      # the program as text
  $ashlar objdump $program | less    # its sections and code
  $ashlar run --help                              # directories, environment, limits, --invoke
  make test                                                # everything Ashlar checks about itself
Your own program in C:
  clang-22 --target=wasm32-wasi -Wno-deprecated --sysroot=/usr -O2 -o prog.wasm prog.c && $ashlar prog.wasm
NEXT
