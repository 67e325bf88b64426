#!/bin/sh
# run.sh COMMAND...: runs a test that needs the command for aarch64; exit code 77 where it cannot run.
here=$(dirname "$0")
if ! command -v qemu-aarch64 >/dev/null; then
  echo "SKIPPED: qemu-aarch64 is missing (package qemu-user)"
  exit 77
fi
if [ ! -x "$here/../../build/aarch64/bin/ashlar" ]; then
  echo "SKIPPED: build/aarch64/bin/ashlar is missing: tools/build_aarch64.sh makes it"
  exit 77
fi
exec "$@"
