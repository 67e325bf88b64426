#!/usr/bin/env bash
# Installs the Debian packages that are missing for the sets named: build, test, lint, bench, docs, browser (for
# tests/serve/browser.py alone, 400 MB). Says what it installs; does nothing, and needs no network, when all are there.
set -euo pipefail

declare -A sets=(
  [build]="clang-22 lld-22 llvm-22-dev g++ cmake ninja-build python3 pkg-config
           wasi-libc libclang-rt-22-dev-wasm32 libxxhash-dev libmimalloc-dev libsqlite3-dev libboost1.81-dev
           libssl-dev libnghttp2-dev libtomlplusplus-dev libhiredis-dev"
  [test]="python3-venv llvm-22 clang-format-22 libclang-rt-22-dev libgtest-dev libc++-22-dev-wasm32 libc++abi-22-dev-wasm32
          qemu-user libstdc++-12-dev-arm64-cross gdb linux-perf libpng-dev openssl curl redis-server"
  [lint]="clang-tidy-22"
  [bench]="dpkg-dev tcl default-jre-headless maven wrk"
  [docs]="doxygen"
  [browser]="chromium"
)

wanted=()
for set in "$@"; do
  if [[ -z ${sets[$set]:-} ]]; then
    echo "bootstrap: no set '$set'; there are: ${!sets[*]}" >&2
    exit 2
  fi
  read -r -d '' -a packages <<<"${sets[$set]}" || true
  wanted+=("${packages[@]}")
done

if ! command -v dpkg-query >/dev/null; then
  echo "bootstrap: this is not Debian; please install: ${wanted[*]}" >&2
  exit 0
fi
missing=()
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
for package in "${wanted[@]}"; do
  grep -qxF "installed $package" <<<"$installed" || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "bootstrap: these packages are missing, and neither root nor sudo is here to install them." >&2
    echo "As root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

known() { [[ -n $(apt-cache --quiet=0 madison "$1" 2>/dev/null) ]]; }
unknown() { for package in "${missing[@]}"; do known "$package" || echo "$package"; done; }

echo "Ashlar: installing with apt: ${missing[*]}"
"${as_root[@]}" apt-get update -qq || echo "bootstrap: apt-get update failed; going on with the lists that are here" >&2
mapfile -t not_found < <(unknown)
if ((${#not_found[@]})); then
  cat >&2 <<MESSAGE
bootstrap: apt's sources do not offer: ${not_found[*]}
Ashlar needs the LLVM 22 packages (clang-22, lld-22 and their relatives) and wasi-libc. Add an apt source that
has LLVM 22 for this release, run 'apt-get update', and try again.
MESSAGE
  exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" \
  >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
echo "Ashlar: packages installed."
