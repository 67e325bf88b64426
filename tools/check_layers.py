#!/usr/bin/env python3
"""Checks every #include under src/, include/ and tests/unit against cmake/layers.txt.

Also: LLVM headers only in optimizing/, the assembler library's only in baseline/<arch>/, conditionals on the
operating system only in os/, and public headers that stand alone. Exit 1 and one line a finding otherwise.
"""

import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
OS_CONDITION = re.compile(
    r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*\b(_WIN32|_WIN64|__linux__|__APPLE__|__unix__|__FreeBSD__)\b"
)
# Header prefix -> the folder (and what lies below it) that alone may include it.
EXTERNAL = [
    (re.compile(r"^(llvm|llvm-c|clang|lld)/"), "optimizing"),
    (re.compile(r"^asmjit/"), "baseline/"),
]
SUFFIXES = {".h", ".cc", ".def", ".inc"}


def read_layers(path):
    layers = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, colon, deps = line.partition(":")
        folder = folder.strip()
        if not colon or folder in layers:
            raise SystemExit(f"{path}:{number}: expected one 'folder : folders' line a folder")
        layers[folder] = deps.split()
        for dep in layers[folder]:
            if dep not in layers:
                raise SystemExit(f"{path}:{number}: {folder} names {dep}, which is not listed above it")
    return layers


def folder_of(path, layers):
    """The listed folder that holds a path written from src/, or None; the longest name wins."""
    matches = [name for name in layers if path.startswith(name + "/")]
    return max(matches, key=len, default=None)


class Checker:
    def __init__(self, root):
        self.root = root
        self.layers = read_layers(root / "cmake/layers.txt")
        self.findings = []

    def report(self, path, number, text):
        self.findings.append(f"{path.relative_to(self.root)}:{number}: {text}")

    def check_include(self, path, number, folder, quote, header):
        for pattern, owner in EXTERNAL:
            if pattern.match(header) and not (folder + "/").startswith(owner):
                self.report(path, number, f"{header} may be included only under src/{owner}")
        if quote == "<":
            return
        if header.startswith("ashlar/") or header in ("wasm.h", "ashlar.h"):
            target = "api"
        else:
            target = folder_of(header, self.layers)
        if target is None:
            self.report(path, number, f'"{header}" is not written from src/, or its folder is not in cmake/layers.txt')
        elif target != folder and target not in self.layers[folder]:
            self.report(path, number, f"{folder} may not include {target} ({header}); see cmake/layers.txt")

    def check_source(self, path):
        relative = path.relative_to(self.root / "src").as_posix()
        folder = folder_of(relative, self.layers)
        if folder is None:
            self.report(path, 1, "this folder is not in cmake/layers.txt")
            return
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if match := INCLUDE.match(line):
                self.check_include(path, number, folder, *match.groups())
            elif folder != "os" and (match := OS_CONDITION.match(line)):
                self.report(path, number, f"{match.group(1)}: conditionals on the operating system belong in src/os")

    def check_public(self, path):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match.group(1) == '"' and not (self.root / "include" / match.group(2)).is_file():
                self.report(path, number, f"a public header may include only public headers, not {match.group(2)}")

    def run(self):
        for path in sorted((self.root / "src").rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                self.check_source(path)
        for path in sorted((self.root / "include").rglob("*.h")):
            self.check_public(path)
        return self.findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    findings = Checker(parser.parse_args().root.resolve()).run()
    for finding in findings:
        print(finding)
    print(f"layering: {len(findings)} finding(s)")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
