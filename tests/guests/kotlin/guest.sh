# Kotlin: GC objects and exceptions, compiled for WASI by the compiler from the Maven repository.
source "$HERE/../common.sh"
need java mvn
[[ -d lib ]] || mvn -q -f "$HERE/pom.xml" dependency:copy-dependencies -DoutputDirectory="$PWD/lib" >mvn.log 2>&1 ||
  skip "maven cannot fetch the compiler"

compile() {
  java -cp 'lib/*' org.jetbrains.kotlin.cli.js.KotlinWasmCompiler -Xwasm-target=wasm-wasi \
    -libraries lib/kotlin-stdlib-wasm-wasi-2.4.10.klib -ir-output-name guest "$@"
}
if ! newer out/guest.wasm "$HERE/main.kt"; then
  compile -Xir-produce-klib-file -ir-output-dir klib "$HERE/main.kt"
  compile -Xir-produce-js -Xinclude=klib/guest.klib -Xir-dce -ir-output-dir out
fi
expect "$HERE/main.expected" "$ASHLAR" out/guest.wasm
echo "GC objects, exceptions, collections"
