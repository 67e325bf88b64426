# Kotlin: GC objects and exceptions, compiled for WASI by the compiler from the Maven repository. Every program of this folder
# runs in both tiers, and once more with many collections.
source "$HERE/../common.sh"
need java mvn
if ! newer lib/complete "$HERE/pom.xml"; then
  rm -rf lib
  mvn -q -f "$HERE/pom.xml" dependency:copy-dependencies -DoutputDirectory="$PWD/lib" >mvn.log 2>&1 ||
    skip "maven cannot fetch the compiler"
  touch lib/complete
fi
libraries=$(printf ':%s' lib/*.klib)

compile() {
  java -cp 'lib/*' org.jetbrains.kotlin.cli.js.KotlinWasmCompiler -Xwasm-target=wasm-wasi \
    -libraries "${libraries#:}" -ir-output-name "$@"
}
programs=()
for source in "$HERE"/*.kt; do
  program=$(basename "$source" .kt)
  if ! newer "out/$program.wasm" "$source" lib/complete; then
    compile "$program" -Xir-produce-klib-file -ir-output-dir klib "$source"
    compile "$program" -Xir-produce-js "-Xinclude=klib/$program.klib" -Xir-dce -Xwasm-enable-array-range-checks -ir-output-dir out
  fi
  for tier in interp optimizing; do
    expect "$HERE/$program.expected" "$ASHLAR" run --tier=$tier "out/$program.wasm"
    expect "$HERE/$program.expected" "$ASHLAR" run --tier=$tier --gc-stress minor=97,major=1009,poison "out/$program.wasm"
  done
  programs+=("$program")
done
echo "in both tiers: ${programs[*]}"
