# C++: streams, containers, algorithms and numbers of the standard library.
source "$HERE/../common.sh"
need clang++-22 wasm-ld-22
newer containers.wasm "$HERE/containers.cc" ||
  clang++-22 "${wasi_flags[@]}" -std=c++23 -fno-exceptions -o containers.wasm "$HERE/containers.cc"
expect "$HERE/containers.expected" "$ASHLAR" containers.wasm <"$HERE/../../../LICENSE"
echo "streams and containers"
