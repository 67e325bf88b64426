"""The kernels: what each is made of, and how it is built as WebAssembly and natively. Builds are cached by command."""

import dataclasses
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess

from binaries import with_wasi_imports
from debian_sources import SourceError, source_tree

HERE = pathlib.Path(__file__).resolve().parent / "kernels"
TIMEOUT_S = 900

# Table indices in one byte: older interpreters reject the padded form that goes with the reference-types feature.
WASM_FLAGS = ["--target=wasm32-wasi", "--sysroot=/usr", "-mno-reference-types", "-mno-call-indirect-overlong",
              "--no-wasm-opt", "-Wl,--strip-debug", "-Wno-deprecated"]


class BuildError(Exception):
    """Why a kernel could not be built."""


@dataclasses.dataclass(frozen=True)
class Kernel:
    name: str
    quick: tuple = ()  # the arguments of a --quick run
    compiled: tuple = ()  # the arguments for compiled code: about half a second of native code
    package: str = ""  # the Debian source package it is built from, if any
    simd: bool = False  # interpreted a second time, built with -msimd128
    in_mean: bool = True  # of interpreters
    in_compiled_mean: bool = True

    @property
    def main(self):
        return HERE / (f"{self.name}_main.c" if self.package else f"{self.name}.c")


KERNELS = [
    Kernel("aes", ("60",), ("10000",)),
    Kernel("sha256", ("20",), ("2200",)),
    Kernel("json", ("1",), ("180",)),
    Kernel("zstd", ("1",), ("9", "10000000"), package="libzstd"),
    Kernel("nbody", ("20000",), ("11000000",)),
    Kernel("fib", ("30",), ("42",)),
    Kernel("coremix", ("20",), ("18000",)),
    Kernel("lua", ("1000",), ("150000",), package="lua5.4"),
    Kernel("sqlite", ("1000",), ("200000",), package="sqlite3", in_compiled_mean=False),
    Kernel("conv3x3", ("4",), ("240", "1920", "1080"), simd=True, in_mean=False, in_compiled_mean=False),
    Kernel("matmul", ("1",), ("9", "1024"), simd=True, in_mean=False, in_compiled_mean=False),
]
HELLO = Kernel("hello", in_mean=False)

LUA_PARTS = ("lapi lauxlib lbaselib lcode lctype ldebug ldo ldump lfunc lgc llex lmathlib lmem lobject lopcodes lparser "
             "lstate lstring lstrlib ltable ltablib ltm lundump lvm lzio").split()
SQLITE_FLAGS = ["-DSQLITE_OS_OTHER=1", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_WAL",
                "-DSQLITE_DEFAULT_MEMSTATUS=0", "-DSQLITE_OMIT_DEPRECATED", "-DSQLITE_TEMP_STORE=3"]


def compiler():
    for name in (os.environ.get("BENCH_CC"), "clang-22", "clang"):
        if name and shutil.which(name):
            return name
    raise BuildError("no clang-22 (Debian packages clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32)")


def native_flavours():
    """The machine levels that native code is built for, by name."""
    if platform.machine() != "x86_64":
        return {"native": []}
    flavours = {"x86-64": ["-march=x86-64"]}
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    if all(f" {feature} " in cpu for feature in ("avx2", "bmi2", "fma", "movbe")):
        flavours["x86-64-v3"] = ["-march=x86-64-v3"]
    return flavours


def sqlite_amalgamation(build, tree):
    folder = build / "sources" / "sqlite3" / "made"
    if not (folder / "sqlite3.c").exists():
        for tool in ("tclsh", "make"):
            if not shutil.which(tool):
                raise SourceError(f"{tool} is missing, which puts SQLite's source together (Debian packages tcl, make)")
        folder.mkdir(parents=True, exist_ok=True)
        for command in (["sh", tree / "configure", "--disable-tcl", "--disable-readline"], ["make", "sqlite3.c"]):
            result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S)
            if result.returncode != 0:
                raise SourceError(f"sqlite3: {result.stderr.strip()[-500:]}")
    return folder


def inputs(kernel, build):
    """The sources and flags of a kernel, for every target alike; and the flags for WebAssembly alone."""
    if not kernel.package:
        return [kernel.main], [], []
    tree = source_tree(build, kernel.package)
    if kernel.name == "lua":
        source = tree / "src"
        flags = ["-include", HERE / "shim/lua_config.h", f"-I{HERE / 'shim'}", f"-I{source}"]
        return [kernel.main, *(source / f"{part}.c" for part in LUA_PARTS)], flags, ["-D_WASI_EMULATED_SIGNAL"]
    if kernel.name == "zstd":
        source = tree / "lib"
        parts = [path for folder in ("common", "compress", "decompress") for path in sorted((source / folder).glob("*.c"))]
        return [kernel.main, *parts], ["-DZSTD_DISABLE_ASM", "-DZSTD_LEGACY_SUPPORT=0", f"-I{source}"], []
    source = sqlite_amalgamation(build, tree)
    return [kernel.main, source / "sqlite3.c"], [*SQLITE_FLAGS, f"-I{source}"], []


def own_sources():
    """The text of the project's own kernel sources: part of the key of every cached build."""
    return b"".join(path.read_bytes() for path in sorted(HERE.rglob("*.[ch]")))


def compile_to(output, command):
    """Runs a compiler command unless its output was made by the same one from the same sources."""
    command = [str(word) for word in command]
    key = hashlib.sha256("\0".join(command).encode() + own_sources()).hexdigest()
    stamp = output.with_name(output.name + ".key")
    if output.exists() and stamp.exists() and stamp.read_text() == key:
        return
    print(f"building {output.name}", flush=True)
    result = subprocess.run([*command, "-o", str(output)], capture_output=True, text=True, timeout=TIMEOUT_S)
    if result.returncode != 0:
        raise BuildError(f"{output.name}: {result.stderr.strip()[-800:]}")
    stamp.write_text(key)


@dataclasses.dataclass
class Built:
    """Where the programs of a kernel lie."""

    wasm: pathlib.Path
    native: dict  # by flavour
    simd: pathlib.Path | None = None


def build_kernel(kernel, build, simd=False):
    """The programs of a kernel; that with SIMD instructions when asked for, or when the kernel always has one."""
    folder = build / "kernels"
    folder.mkdir(parents=True, exist_ok=True)
    sources, flags, wasm_only = inputs(kernel, build)
    # What others wrote is compiled as it is; its warnings are not ours.
    common = [compiler(), "-O3", *(["-w"] if kernel.package else ["-Wall"]), *flags, *sources]
    built = Built(folder / f"{kernel.name}.wasm", {})
    compile_to(built.wasm, [*common, *WASM_FLAGS, *wasm_only])
    if simd or kernel.simd:
        built.simd = folder / f"{kernel.name}_simd.wasm"
        compile_to(built.simd, [*common, *WASM_FLAGS, *wasm_only, "-msimd128"])
    for flavour, machine in native_flavours().items():
        built.native[flavour] = folder / f"{kernel.name}.{flavour}"
        compile_to(built.native[flavour], [*common, *machine, "-lm"])
    return built


def lua_guest(build):
    """Lua as a library that imports nothing, with two calls: embedding/lua_guest.c."""
    lua = next(kernel for kernel in KERNELS if kernel.name == "lua")
    sources, flags, wasm_only = inputs(lua, build)
    output = build / "embedding" / "lua_guest.wasm"
    output.parent.mkdir(parents=True, exist_ok=True)
    guest = HERE.parent / "embedding" / "lua_guest.c"
    compile_to(output, [compiler(), "-O3", "-w", *flags, guest, *sources[1:], *WASM_FLAGS, *wasm_only, "-mexec-model=reactor"])
    return output


def esbuild_module(build):
    """esbuild as npm has it, a Go program of 10 MB of code; its imports, which are JavaScript's, replaced. Or None."""
    output = build / "kernels" / "esbuild.wasm"
    if output.exists():
        return output
    if not shutil.which("npm"):
        return None
    print("fetching esbuild-wasm from npm", flush=True)
    folder = build / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--prefix", str(folder), "esbuild-wasm"],
                            capture_output=True, text=True, timeout=TIMEOUT_S)
    module = folder / "node_modules" / "esbuild-wasm" / "esbuild.wasm"
    if result.returncode != 0 or not module.exists():
        return None
    output.parent.mkdir(parents=True, exist_ok=True)
    with_wasi_imports(module, output)
    return output


def big_go_module(build):
    """A big module to validate: a Go program, or failing that esbuild's."""
    output = build / "kernels" / "big_go.wasm"
    source = HERE.parent / "programs" / "big_go"
    if output.exists():
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("go"):
        print("building big_go.wasm", flush=True)
        result = subprocess.run(["go", "build", "-trimpath", "-o", str(output), "."], cwd=source, capture_output=True, text=True,
                                env={**os.environ, "GOOS": "wasip1", "GOARCH": "wasm"}, timeout=TIMEOUT_S)
        if result.returncode == 0:
            return output
        print(f"big_go: {result.stderr.strip()[-300:]}")
    return esbuild_module(build)
