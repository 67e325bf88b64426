#!/usr/bin/env python3
"""Tests of run.py and of tools/doc_filter.py: what is wrong must be found."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

HEADER = """\
/// A class.
class Thing {
 public:
  /// Gives one.
  int one() const;
  int one(int other) const;
  // Colors of it.
  int red() const;
  int blue() const;

  int lost() const;
  Thing(const Thing&);
  friend bool operator==(const Thing&, const Thing&) = default;
};
"""


def guide_exits(text):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "chapter.md").write_text(text)
        return subprocess.run([sys.executable, HERE / "run.py", "--guide", folder], capture_output=True).returncode


def filtered(text):
    with tempfile.TemporaryDirectory() as folder:
        header = pathlib.Path(folder) / "thing.h"
        header.write_text(text)
        return subprocess.run([sys.executable, ROOT / "tools" / "doc_filter.py", header], capture_output=True, text=True,
                              check=True).stdout


def main():
    if shutil.which("clang++-22") is None:
        return 77
    failures = []
    good = "```cpp\nashlar::Engine engine;\n```\n"
    for text, wanted in ((good, 0), (good + "```cpp\nengine.nothing();\n```\n", 1), ("no code\n", 1)):
        if guide_exits(text) != wanted:
            failures.append(f"the guide {text!r} does not end with {wanted}")
    lines = dict(line.rsplit(" */ ", 1)[::-1] for line in filtered(HEADER).split("\n") if " */ " in line)
    expected = {
        "int one(int other) const;": "/** Gives one.",
        "int red() const;": "/** Colors of it.",
        "int blue() const;": "/** Colors of it.",
        "Thing(const Thing&);": "/** Copies or moves.",
        "friend bool operator==(const Thing&, const Thing&) = default;": "/** Whether both are the same.",
    }
    if lines != expected:
        failures.append(f"the filter documents {lines}")
    if filtered(HEADER).count("\n") != HEADER.count("\n") + 1:
        failures.append("the filter moves lines")
    print("\n".join(failures) or "guide: what is wrong is found")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
