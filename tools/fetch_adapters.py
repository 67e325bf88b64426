#!/usr/bin/env python3
"""Fetches the adapters from WASI preview 1 that `ashlar component new` uses, with cargo.

They are the modules of the crate wasi-preview1-component-adapter-provider. They go where the command looks for them:
beside the folder that it is in (build/bin/ashlar: build/share/ashlar/adapters), from where `cmake --install` takes them.
Exit code: 0 they are there, 1 they could not be fetched.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
CRATE = "wasi-preview1-component-adapter-provider"
VERSION = "50.0.1"
KINDS = ("command", "reactor")
MANIFEST = f"""[package]
name = "adapters"
version = "0.0.0"
edition = "2021"
[lib]
path = "lib.rs"
[dependencies]
{CRATE} = "={VERSION}"
"""


def file_name(kind):
    return f"wasi_snapshot_preview1.{kind}.wasm"


def fetch(to):
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder)
        (project / "Cargo.toml").write_text(MANIFEST)
        (project / "lib.rs").write_text("")
        subprocess.run(["cargo", "vendor", "--quiet", "vendor"], cwd=project, check=True, stdout=subprocess.DEVNULL)
        to.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            shutil.copyfile(project / "vendor" / CRATE / "artefacts" / file_name(kind), to / file_name(kind))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=pathlib.Path, default=ROOT / "build/share/ashlar/adapters")
    to = parser.parse_args().to
    if all((to / file_name(kind)).is_file() for kind in KINDS):
        return 0
    if shutil.which("cargo") is None:
        print("fetch_adapters: cargo is not installed: it downloads the crate", CRATE, file=sys.stderr)
        return 1
    try:
        fetch(to)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"fetch_adapters: {CRATE} {VERSION} could not be fetched: {error}", file=sys.stderr)
        return 1
    print(f"adapters: {to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
