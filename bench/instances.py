"""The section on instances: what a store with one instance costs from beginning to end, and what many take that live at once."""

import dataclasses
import pathlib
import platform
import subprocess
import zipfile

from build_kernels import BuildError, compiler, lua_guest
from debian_sources import SourceError
from report import table

FOLDER = pathlib.Path(__file__).resolve().parent
GUESTS = ("tiny", "tiny_memory", "two_megabytes")
CROWD = "two_megabytes"
WAITING = "two_megabytes_waiting"
COUNT, QUICK_COUNT = 10_000, 200
LIMITS_NS = {"lua_guest": 5000, "tiny": 1500, "tiny_memory": 1500}  # from the pool
LIMIT_BYTES, WRITTEN_BYTES = 64 << 10, 2 * 4096
LIMIT_CREATE_S = 1.0
TIMEOUT_S = 300


@dataclasses.dataclass(frozen=True)
class Measured:
    """A number that a program printed: `engine` is ashlar or wasmtime, `what` is pool or on_demand, perhaps with more behind a dot."""

    guest: str
    engine: str
    what: str
    value: float


def _output(bench, engine, command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode != 0:
        bench.report.problem(engine, f"{pathlib.Path(command[0]).name}: {done.stderr.strip()[-300:]}")
        return None
    return done.stdout


def _numbers(bench, guest, engine, command):
    """Lines "what value unit"."""
    out = _output(bench, engine, command) or ""
    return [Measured(guest, engine, line.split()[0], float(line.split()[1])) for line in out.splitlines()]


def _modules(bench):
    """Binaries by name; without Lua where its source is not to be had."""
    folder = bench.options.build_dir / "embedding"
    folder.mkdir(parents=True, exist_ok=True)
    out = {}
    for name in (*GUESTS, WAITING):
        out[name] = folder / f"{name}.wasm"
        if _output(bench, "ashlar", [bench.options.ashlar, "parse", "-o", out[name], FOLDER / "embedding" / f"{name}.wat"]) is None:
            return {}
    try:
        out["lua_guest"] = lua_guest(bench.options.build_dir)
    except (BuildError, SourceError) as error:
        bench.report.problem("ashlar", f"lua_guest: {error}")
    return out


def _wasmtime(bench):
    """Our small host and Wasmtime's C library, as the PyPI package wasmtime carries it; None where one is missing."""
    folder = bench.options.build_dir / "peers" / "wasmtime-library"
    found = sorted(folder.glob("**/_libwasmtime.so"))
    if not found and bench.options.install_peers and platform.system() == "Linux":
        folder.mkdir(parents=True, exist_ok=True)
        command = ["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, "wasmtime"]
        if _output(bench, "wasmtime", command) is None:
            return None
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
        found = sorted(folder.glob("**/_libwasmtime.so"))
    if not found:
        print("Wasmtime's library is left out: it is not there (--install-peers installs it)\n")
        return None
    host = bench.options.build_dir / "wasmtime_instances"
    source = FOLDER / "hosts" / "wasmtime_instances.c"
    if _output(bench, "wasmtime", [compiler(), "-O2", source, "-ldl", "-o", host]) is None:
        return None
    return [host, found[0]]


def measure(bench):
    program = bench.options.ashlar.parent / "bench_instances"
    if not program.exists():
        print(f"{program} is not built (ninja -C build bench_instances): instances are left out\n")
        return []
    wasmtime = _wasmtime(bench)
    count = QUICK_COUNT if bench.options.quick else COUNT
    out = []
    modules = _modules(bench)
    waiting = modules.pop(WAITING, None)
    program_waiting = program.with_name("bench_suspended")
    if waiting and program_waiting.exists():
        out += _numbers(bench, f"{count} live, suspended", "ashlar", [program_waiting, waiting, count])
    for name, module in modules.items():
        artifact = module.with_suffix(".cwasm")
        if _output(bench, "ashlar", [bench.options.ashlar, "compile", "-o", artifact, module]) is None:
            continue
        out += _numbers(bench, name, "ashlar", [program, "cycle", artifact, "hash"])
        if wasmtime:
            out += _numbers(bench, name, "wasmtime", [*wasmtime, "cycle", module, "hash"])
        if name == CROWD:
            out += _numbers(bench, f"{count} live", "ashlar", [program, "live", artifact, "hash", count])
            if wasmtime:
                out += _numbers(bench, f"{count} live", "wasmtime", [*wasmtime, "live", module, "hash", count])
    return out


def print_numbers(measured):
    if not measured:
        return
    values = {(m.guest, m.engine, m.what): m.value for m in measured}
    columns = [(engine, what) for engine in ("ashlar", "wasmtime") for what in ("pool", "on_demand")]
    guests = [guest for guest in dict.fromkeys(m.guest for m in measured) if "live" not in guest]

    def shown(guest, engine, what, form="{:.0f}"):
        value = values.get((guest, engine, what))
        return "-" if value is None else form.format(value)

    print("## A store with one instance, from beginning to end: nanoseconds\n")
    table(["guest", *(f"{engine}, {what.replace('_', ' ')}" for engine, what in columns)],
          [[guest, *(shown(guest, *column) for column in columns)] for guest in guests])
    crowds = [guest for guest in dict.fromkeys(m.guest for m in measured) if "live" in guest]
    print("## Stores that live at once, 2 MB of memory each, two pages of which are written\n")
    rows = [("seconds to make all", "create", "{:.2f}"), ("seconds to end all", "drop", "{:.2f}"), ("seconds until all have gone on", "resume", "{:.2f}"), ("bytes resident each", "pss", "{:.0f}"),
            ("bytes of page tables each", "page_tables", "{:.0f}"), ("mappings each", "mappings", "{:.2f}")]
    for crowd in crowds:
        lines = [[title, *(shown(crowd, engine, f"{what}.{key}", form) for engine, what in columns)] for title, key, form in rows]
        table([crowd, *(f"{engine}, {what.replace('_', ' ')}" for engine, what in columns)],
              [line for line in lines if any(cell != "-" for cell in line[1:])])


def bar_rows(measured):
    """Rows for bars.print_bars."""
    values = {(m.guest, m.what): m.value for m in measured if m.engine == "ashlar"}
    rows = []
    for guest, limit in LIMITS_NS.items():
        if (value := values.get((guest, "pool"))) is not None:
            rows.append([f"{guest}, a whole store from the pool", f"{limit} ns", f"{value:.0f} ns", "" if value <= limit else "missed"])
    for (guest, what), value in values.items():
        if what == "pool.pss":
            over = value - WRITTEN_BYTES
            rows.append([f"{guest}, beyond the pages written", f"{LIMIT_BYTES} bytes", f"{over:.0f} bytes", "" if over <= LIMIT_BYTES else "missed"])
        if what == "pool.create":
            rows.append([f"{guest}, to make them", f"{LIMIT_CREATE_S:.0f} s", f"{value:.2f} s", "" if value <= LIMIT_CREATE_S else "missed"])
    return rows
