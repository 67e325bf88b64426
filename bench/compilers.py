"""The compilers that our compiled code is compared with. All but V8, which tells its own times, compile outside what is
measured."""

import json
import platform

from binaries import aot_text_size, elf_text_size
from peers import InstallError, Peer, install_wasmtime, install_wazero, need, run_installer

# Everything by the optimizing compiler before it runs; hosts/v8_tier.mjs tells whether the flags still do that.
TURBOFAN = ("--no-warnings", "--no-liftoff", "--no-wasm-lazy-compilation")
NO_PACKAGE = "no package registry offers it: put its commands on PATH or in a --peer-dir"


def install_node(folder):
    """A current node, whose npm package holds the program itself."""
    need("npm")
    package = f"node-linux-{ {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine()) }"
    run_installer(["npm", "install", "--silent", "--ignore-scripts", "--prefix", folder / "npm", package + "@>=24"])
    home = folder / "npm" / "node_modules" / package
    program = home / "bin" / "node"
    if not program.exists():
        raise InstallError(f"the package {package} {json.loads((home / 'package.json').read_text())['version']} holds no node")
    link = folder / "bin" / "node"
    link.unlink(missing_ok=True)
    link.symlink_to(program)


COMPILERS = {peer.name: peer for peer in [
    Peer("cranelift", "Wasmtime's Cranelift", "wasmtime", ("run", "--allow-precompiled", "{file}"), ("--version",), install_wasmtime,
         ("wasmtime", "compile", "-o", "{output}", "{file}"),
         ("wasmtime", "compile", "-C", "parallel-compilation=n", "-o", "{output}", "{file}"), elf_text_size),
    Peer("v8", "V8's TurboFan, in node", "node", (*TURBOFAN, "{hosts}/wasi_main.mjs", "{file}"), ("--version",), install_node,
         own_times=True, own_copy=True,
         check=(("node", "--allow-natives-syntax", *TURBOFAN, "{hosts}/v8_tier.mjs"),
                "TurboFan before the first call, TurboFan after")),
    Peer("wamr-aot", "WAMR, compiled by wamrc with LLVM", "iwasm", ("{file}",), ("--version",), NO_PACKAGE,
         ("wamrc", "--opt-level=3", "-o", "{output}", "{file}"), ("wamrc", "--opt-level=3", "-o", "{output}", "{file}"),
         aot_text_size),
    Peer("wasmedge", "WasmEdge, compiled with LLVM", "wasmedge", ("{file}",), ("--version",), NO_PACKAGE,
         ("wasmedge", "compile", "{file}", "{output}"), ("wasmedge", "compile", "{file}", "{output}"), elf_text_size),
    Peer("wazero-compiler", "wazero's compiler", "wazero", ("run", "-cachedir", "{cache}", "{file}"), ("version",), install_wazero,
         ("wazero", "compile", "-cachedir", "{cache}", "{file}")),
]}
