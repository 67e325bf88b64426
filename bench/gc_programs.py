"""The programs of the section on garbage collection: in the text format and in Kotlin, what they print, how they are built."""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess

from build_kernels import BuildError

HERE = pathlib.Path(__file__).resolve().parent / "gc"
# The compiler of the Kotlin guest, so that its version stands in one place.
COMPILER = HERE.parent.parent / "tests" / "guests" / "kotlin" / "pom.xml"
TIMEOUT_S = 900


@dataclasses.dataclass(frozen=True)
class Program:
    """One of bench/gc: NAME.expected and NAME.quick are what it must print at its usual and at the quick size."""

    name: str
    form: str  # the ending of its source: "wat", "kt"
    quick: tuple  # the arguments of a --quick run

    @property
    def title(self):
        return f"{self.name}.{self.form}"

    def expected(self, quick):
        return (HERE / f"{self.name}.{'quick' if quick else 'expected'}").read_bytes()


QUICK = {"binary_trees": "6", "string_map": "2000", "list_sort": "1000", "richards": "2", "deltablue": "2"}
PROGRAMS = [Program(name, form, (size,)) for form in ("wat", "kt") for name, size in QUICK.items()]


def unless_made(output, commands, sources):
    """Runs commands one after the other unless they made the output before of the same sources."""
    commands = [[str(word) for word in command] for command in commands]
    key = hashlib.sha256(repr(commands).encode() + b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = output.with_name(output.name + ".key")
    if output.exists() and stamp.exists() and stamp.read_text() == key:
        return
    print(f"building {output.name}", flush=True)
    output.unlink(missing_ok=True)
    for command in commands:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        if result.returncode != 0:
            raise BuildError(f"{output.name}: {(result.stderr.strip() or result.stdout.strip())[-800:]}")
    if not output.exists():
        raise BuildError(f"{output.name}: {commands[-1][0]} did not make it")
    stamp.write_text(key)


def text_module(name, ashlar, build):
    """The module of bench/gc/NAME.wat."""
    folder = build / "gc"
    folder.mkdir(parents=True, exist_ok=True)
    source, output = HERE / f"{name}.wat", folder / f"{name}_wat.wasm"
    unless_made(output, [[ashlar, "parse", "-o", output, source]], [source])
    return output


def _kotlin_compiler(build):
    """The folder with the compiler and its libraries, fetched when it is not there."""
    folder = build / "kotlin"
    for tool in ("java", "mvn"):
        if not shutil.which(tool):
            raise BuildError(f"Kotlin needs {tool} (Debian packages default-jre-headless, maven)")
    stamp = folder / "pom.xml"
    if not stamp.exists() or stamp.read_bytes() != COMPILER.read_bytes():
        print("fetching the Kotlin compiler from Maven", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        result = subprocess.run(["mvn", "-q", "-f", COMPILER, "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'lib'}"],
                                capture_output=True, text=True, timeout=TIMEOUT_S)
        if result.returncode != 0:
            raise BuildError(f"Maven cannot fetch the Kotlin compiler: {result.stdout.strip()[-300:]}")
        shutil.copyfile(COMPILER, stamp)
    return folder / "lib"


def _kotlin_module(name, build):
    """As the Kotlin plugin for Gradle compiles for production, but for what Binaryen does afterwards."""
    lib = _kotlin_compiler(build)
    folder = build / "gc"
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"{name}_kt.wasm"
    klibs = os.pathsep.join(str(path) for path in sorted(lib.glob("kotlin-stdlib-wasm-wasi-*.klib")))
    compile_to = ["java", "-cp", f"{lib}/*", "org.jetbrains.kotlin.cli.js.KotlinWasmCompiler", "-Xwasm-target=wasm-wasi",
                  "-libraries", klibs, "-ir-output-name", f"{name}_kt", "-ir-output-dir"]
    sources = [HERE / f"{name}.kt", HERE / "arguments.kt"]
    commands = [[*compile_to, folder / "klib", "-Xir-produce-klib-file", *sources],
                [*compile_to, folder, "-Xir-produce-js", f"-Xinclude={folder / 'klib' / f'{name}_kt.klib'}", "-Xir-dce"]]
    unless_made(output, commands, [*sources, COMPILER])
    return output


def module_of(program, ashlar, build):
    """The module of a program; a BuildError says why there is none."""
    if program.form == "wat":
        return text_module(program.name, ashlar, build)
    return _kotlin_module(program.name, build)
