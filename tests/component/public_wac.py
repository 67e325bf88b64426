#!/usr/bin/env python3
"""Composes the .wac files of a public composer's test suite and compares: what is accepted there is accepted here and
imports and exports the same, and what is refused there is refused here.

The suite is that of the repository bytecodealliance/wac, folder crates/wac-parser/tests: its checkout is named by
--checkout or the environment variable ASHLAR_WAC. Without one the exit code is 77: the test was skipped.
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import public_suite

SUITE = pathlib.Path("crates/wac-parser/tests")
# Where we differ, and why.
DIFFERENCES = {
    "resolution/alias.wac": "types are not exported: no WIT describes such a component",
    "encoding/types.wac": "types are not exported: no WIT describes such a component",
}


def ashlar(args, *words):
    return subprocess.run([str(args.ashlar), *map(str, words)], capture_output=True, text=True, timeout=60)


def compose(args, path, out, deps):
    return ashlar(args, "compose", path, "--deps-dir", deps, "-o", out)


def statements(text):
    """The text's statements, each with the package's name before it."""
    blocks, block, depth = [], [], 0
    for line in text.splitlines():
        block.append(line)
        code = line.split("//")[0]
        depth += code.count("{") - code.count("}")
        if depth == 0 and not line.strip():
            blocks.append("\n".join(block))
            block = []
    blocks.append("\n".join(block))
    head, *rest = [one for one in blocks if one.strip()]
    return [f"{head}\n{one}\n" for one in rest]


def check_syntax(args, path, work):
    """Of files that are only to be read: what they name need not be there."""
    for text in statements(path.read_text()):
        one = work / "one.wac"
        one.write_text(text)
        done = compose(args, one, work / "one.wasm", work / "none")
        if done.returncode not in (0, 1) or re.search(r"\d: (expected|unexpected) ", done.stderr):
            return f"{text.strip()}\n{done.stderr}"
    return None


def without_version(name):
    return name.split("@")[0]


def interface(args, wasm):
    """The names of a component's imports and of its exports."""
    lines = ashlar(args, "print", wasm).stdout.splitlines()
    return tuple({match[1] for line in lines if (match := re.match(rf'  \({kind} (?:\(;.*?;\) )?"([^"]*)"', line))}
                 for kind in ("import", "export"))


def check_graph(args, path, wasm):
    """The expected graph names imports, and what is exported under which name. A file's own types are not exported."""
    lines = path.with_suffix(".wac.result").read_text().splitlines()
    wanted_imports = {match[1] for line in lines if (match := re.search(r'label = "import \\"(.*?)\\""', line))}
    wanted_exports = {match[1] for line in lines
                      if "type definition" not in line and (match := re.search(r'; export = "(.*?)"\]', line))}
    imports, exports = interface(args, wasm)
    # An import that names no version gets that of the package which is found; what `...` imports is not in the graph.
    if not wanted_imports <= {name if name in wanted_imports else without_version(name) for name in imports}:
        return f"imports {sorted(imports)}, wanted are {sorted(wanted_imports)}"
    if {name if name in wanted_exports else without_version(name) for name in exports} != wanted_exports:
        return f"exports {sorted(exports)}, wanted are {sorted(wanted_exports)}"
    return None


def check_encoding(args, path, wasm, work):
    """The expected component imports what it instantiates: with these put in their places it has the same world."""
    text = path.with_suffix(".wac.result").read_text()
    for package in re.findall(r"unlocked-dep=<(.*?)>", text):
        part = (path.with_suffix("") / package.replace(":", "/")).with_suffix(".wat").read_text()
        text = re.sub(rf'\(import "unlocked-dep=<{package}>" \(component .*\)\)', lambda _: part, text)
    expected = work / "expected.wat"
    expected.write_text(text)
    wanted, got = (ashlar(args, "wit", one) for one in (expected, wasm))
    if wanted.returncode:  # no WIT describes it
        return None if got.returncode and interface(args, expected) == interface(args, wasm) else wanted.stderr
    # Imports have no order.
    if sorted(filter(None, wanted.stdout.splitlines())) != sorted(filter(None, got.stdout.splitlines())):
        return f"wanted is\n{wanted.stdout}{wanted.stderr}--- but it is\n{got.stdout}{got.stderr}"
    return None


def check_accepted(args, path, work):
    """What is wrong, or None."""
    kind = path.parent.name
    if kind == "parser":
        return check_syntax(args, path, work)
    wasm = work / "out.wasm"
    done = compose(args, path, wasm, path.with_suffix(""))
    if done.returncode != 0:
        return done.stderr
    valid = ashlar(args, "validate", wasm)
    if valid.returncode != 0:
        return f"the result is not valid: {valid.stderr}"
    return check_graph(args, path, wasm) if kind == "resolution" else check_encoding(args, path, wasm, work)


def check_refused(args, path, work):
    """What is wrong, or None."""
    done = compose(args, path, work / "out.wasm", path.with_suffix(""))
    if done.returncode == 0:
        return "accepted, but should be refused"
    if done.returncode != 1 or not done.stderr.startswith("ashlar: "):
        return f"exit code {done.returncode}: {done.stderr}"
    if "No such file" in done.stderr and path.with_suffix("").is_dir():
        return f"refused for want of what is there: {done.stderr}"
    if args.errors:
        print(f"{path.name}\n    {done.stderr.strip()}")
    return None


def cases(suite):
    for kind in ("parser", "resolution", "encoding"):
        for path in sorted(suite.glob(f"{kind}/*.wac")) + sorted(suite.glob(f"{kind}/fail/*.wac")):
            yield "refused" if path.parent.name == "fail" else "accepted", path, str(path.relative_to(suite))


def check(args, kind, path, work):
    return (check_refused if kind == "refused" else check_accepted)(args, path, work)


if __name__ == "__main__":
    sys.exit(public_suite.run(__doc__.splitlines()[0], "bytecodealliance/wac", "ASHLAR_WAC", SUITE, cases, check,
                              DIFFERENCES))
