# Wasmtime's public test programs of WASI 0.2, in Rust: WASMTIME_SOURCE is a checkout of the repository.
source "$HERE/../common.sh"
need cargo python3
[[ -d ${WASMTIME_SOURCE:-} ]] || skip "WASMTIME_SOURCE names no checkout of Wasmtime"

# The programs of WASI 0.2 alone; the whole crate needs more than a stable Rust.
crates=$PWD/source/crates
mkdir -p "$crates"
for crate in test-programs wasi-http wasi-config wasi-keyvalue wasi-tls; do
  rm -rf "${crates:?}/$crate"/{src,wit}
  mkdir -p "$crates/$crate"
  cp -r "$WASMTIME_SOURCE/crates/$crate"/{src,wit} "$crates/$crate/" 2>/dev/null || true
done
programs=$crates/test-programs
cp "$HERE/Cargo.toml" "$programs/"
sed -i '/^pub mod p3;/d; /^pub mod nn;/d' "$programs/src/lib.rs"
find "$programs/src/bin" -mindepth 1 -maxdepth 1 ! -name 'p2_*.rs' -exec rm -rf {} +
# Of WASI 0.3, in spite of its name; and one for a host of its own.
rm -f "$programs"/src/bin/p2_{cli_http_headers,api_reactor}.rs
CARGO_TARGET_DIR="$PWD/target" cargo build --quiet --manifest-path "$programs/Cargo.toml" --target wasm32-wasip2 --bins \
  --ignore-rust-version >cargo.log 2>&1 || skip "cargo cannot build the programs: cargo.log"
python3 "$HERE/run.py" --ashlar "$ASHLAR" --programs target/wasm32-wasip2/debug \
  --network=--wasi=inherit-network,allow-ip-name-lookup
