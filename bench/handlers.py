"""HTTP handlers in languages whose interpreters come with them: components made of bench/handlers/app.*, and compiled."""

import pathlib
import shutil
import subprocess

from peers import InstallError, install_componentize, install_componentize_js

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "bench" / "handlers"
MAKE_JS = ROOT / "tests" / "guests" / "components" / "componentize.mjs"
WORLD = "handler"
COMPILE_TIMEOUT_S = 3600


def _run(command, folder, timeout):
    subprocess.run([str(word) for word in command], check=True, capture_output=True, cwd=folder, timeout=timeout)


def _python(wit, out, folder, timeout):
    tool = install_componentize(folder)
    _run([tool, "-d", wit, "-w", WORLD, "componentize", "app", "-o", out], FOLDER, timeout)


def _javascript(wit, out, folder, timeout):
    home = install_componentize_js(folder / "js")
    script = home / MAKE_JS.name  # node looks for the package beside it
    shutil.copy(MAKE_JS, script)
    _run(["node", script, FOLDER / "app.js", wit, WORLD, out], home, timeout)


LANGUAGES = {"Python": _python, "JavaScript": _javascript}


def _world(folder):
    wit = folder / "wit"
    for source in sorted((ROOT / "wit").glob("wasi-0.2*/*.wit")):
        package = wit / "deps" / source.stem
        package.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, package)
    shutil.copy(FOLDER / "world.wit", wit)
    return wit


def components(bench):
    """By language: the component's file. Those that can't be had are left out, and the run says why."""
    options = bench.options
    folder = options.build_dir / "serving"
    out = {}
    for language, make in LANGUAGES.items():
        made = folder / f"{language.lower()}.wasm"
        if not made.exists():
            if not options.install_peers:
                print(f"the handler in {language} is left out: it is not made yet (--install-peers installs what makes it)\n")
                continue
            try:
                make(_world(folder), made, folder, options.timeout)
            except (InstallError, subprocess.SubprocessError, OSError) as error:
                print(f"the handler in {language} could not be made: {error}\n")
                continue
        out[language] = made
    return out


def compiled(program, component, engine):
    """What an engine's `compile` makes of it with its defaults; None where it fails. Outside what is measured."""
    out = component.with_suffix(f".{engine}.cwasm")
    if out.exists() and out.stat().st_mtime > max(component.stat().st_mtime, pathlib.Path(program).stat().st_mtime):
        return out
    try:
        _run([program, "compile", component, "-o", out], component.parent, COMPILE_TIMEOUT_S)
    except (subprocess.SubprocessError, OSError):
        return None
    return out
