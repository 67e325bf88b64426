# C: zstd, Lua and SQLite from Debian's sources, built as the benchmarks build them; and the commands of zstd and Lua.
source "$HERE/../common.sh"
need clang-22 wasm-ld-22 dpkg-source make tclsh
install_packages wasi-libc libclang-rt-22-dev-wasm32
python3 "$HERE/kernels.py" "$HERE/../../../bench" "$ASHLAR" >kernels.txt || { cat kernels.txt; exit 1; }
grep -q '^skipped' kernels.txt && skip "$(grep -m 1 '^skipped' kernels.txt)"

# The command: files, directories, standard streams, error messages and exit codes.
source=sources/libzstd/tree
newer zstd.wasm "$HERE/guest.sh" "$HERE/zstd_shim.h" || clang-22 "${wasi_flags[@]}" -w -DZSTD_DISABLE_ASM -DZSTD_NOBENCH \
  -DZSTD_NODICT -DZSTD_NOTRACE -DZSTD_LEGACY_SUPPORT=0 -DXXH_NAMESPACE=ZSTD_ -include "$HERE/zstd_shim.h" \
  -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -I$source/lib -I$source/lib/common -o zstd.wasm \
  $source/lib/{common,compress,decompress}/*.c $source/programs/{zstdcli,zstdcli_trace,util,timefn,fileio,fileio_asyncio}.c \
  -lwasi-emulated-signal -lwasi-emulated-process-clocks || exit 1
zstd() { "$ASHLAR" run --dir files::/ zstd.wasm "$@"; }
rm -rf files
mkdir files
cp "$HERE"/../../../*.md "$HERE/../../../LICENSE" files/
seq 1 200000 >files/numbers
for level in 1 3 19; do
  zstd -q -$level /numbers -o /numbers.$level.zst
  zstd -q -d /numbers.$level.zst -o /back
  cmp files/numbers files/back
  rm files/back
done
zstd -q -c /LICENSE | zstd -q -d >back
cmp back "$HERE/../../../LICENSE"
zstd -q --rm /README.md
[[ ! -e files/README.md && -s files/README.md.zst ]]
zstd -t -q /README.md.zst
printf 'broken' | dd of=files/README.md.zst bs=1 seek=50 conv=notrunc status=none
if zstd -t -q /README.md.zst 2>error.txt; then
  echo "zstd did not see the broken file"
  exit 1
fi
if zstd -q -d /etc/passwd 2>error.txt; then exit 1; fi

# Lua's command, whose errors and coroutines are setjmp and longjmp: WebAssembly's exceptions.
source=sources/lua5.4/tree/src
support=$HERE/../../wasi/programs/support
newer lua_command.wasm "$HERE/guest.sh" "$HERE/lua_shim.h" "$support/jumps.c" || clang-22 "${wasi_flags[@]}" -w \
  -include "$HERE/lua_shim.h" -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -mllvm -wasm-enable-sjlj \
  -mexception-handling "-I$support" -I$source -Wl,-z,stack-size=1048576 -o lua_command.wasm "$support/jumps.c" \
  $(ls $source/*.c | grep -v 'luac\.c') -lwasi-emulated-signal -lwasi-emulated-process-clocks || exit 1
mkdir -p scratch
code=0
"$ASHLAR" run --dir "$HERE::/program" --dir "$HERE/../../..::/work" --dir scratch::/scratch lua_command.wasm \
  /program/program.lua x y >output.txt || code=$?
((code == 5)) || { echo "program.lua: exit code $code, expected 5"; exit 1; }
diff -u "$HERE/program.expected" output.txt
echo "$(grep -h ",$" kernels.txt | tr "\n" " ")and the commands of zstd and Lua"
