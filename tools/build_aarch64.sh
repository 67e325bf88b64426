#!/bin/sh
# build_aarch64.sh [flags of cmake --build]: the command for aarch64, where its libraries are; says so where they are not.
set -e
cd "$(dirname "$0")/.."
if ! [ -d /usr/aarch64-linux-gnu/include/c++ ]; then
  echo "no C++ library for aarch64 (package libstdc++-12-dev-arm64-cross): the tests of aarch64 are skipped" >&2
  exit 0
fi
cmake >/dev/null --preset aarch64
exec cmake --build build/aarch64 --target ashlar "$@"
