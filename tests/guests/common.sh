# Shared by the guests' scripts: strict mode, skipping, and C and C++ for WASI.
set -euo pipefail

# skip REASON: this toolchain is not here.
skip() {
  echo "skipped: $*"
  exit 77
}

# need COMMAND...: skip unless all are in PATH.
need() {
  for tool in "$@"; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
}

# install PACKAGE...: Debian packages, where this may install; skip otherwise.
install_packages() {
  local missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || skip "packages are missing: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "installing with apt: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >apt.log 2>&1 || skip "apt cannot install: ${missing[*]}"
}

# newer OUTPUT SOURCE...: is the output there and newer than all sources?
newer() {
  local output=$1 source
  shift
  [[ -e $output ]] || return 1
  for source in "$@"; do [[ $output -nt $source ]] || return 1; done
}

wasi_flags=(--target=wasm32-wasi -Wno-deprecated --sysroot=/usr --no-wasm-opt -O2)

# expect FILE COMMAND...: the command's standard output must be the file's content.
expect() {
  local expected=$1
  shift
  "$@" >output.txt || { echo "exit code $? of: $*"; exit 1; }
  diff -u "$expected" output.txt || { echo "wrong output of: $*"; exit 1; }
}
