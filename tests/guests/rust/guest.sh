# Rust: a command-line program over crates from the registry, with Debian's compiler for the web and its standard library.
source "$HERE/../common.sh"
install_packages rustc-web cargo-web rust-web-src wasi-libc lld-22 libclang-rt-22-dev-wasm32
need /usr/bin/cargo wasm-ld-22 clang-22

builtins=$(clang-22 --target=wasm32-wasi -Wno-deprecated --print-libgcc-file-name)
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$PWD/target"
export CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-22
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-Clinker-flavor=wasm-ld -Clink-self-contained=no
  -Clink-arg=/usr/lib/wasm32-wasi/crt1-command.o -Clink-arg=-L/usr/lib/wasm32-wasi -Clink-arg=$builtins"
program=target/wasm32-wasip1/release/guest.wasm
newer "$program" "$HERE"/src/main.rs "$HERE"/Cargo.toml ||
  /usr/bin/cargo build --release --manifest-path "$HERE/Cargo.toml" -Zbuild-std=std,panic_abort \
    --target wasm32-wasip1 || skip "cargo could not build the program"
expect "$HERE/guest.expected" "$ASHLAR" "$program" one two <"$HERE/../../../LICENSE"
echo "regex, serde_json and sha2"
