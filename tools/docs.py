#!/usr/bin/env python3
"""Makes build/docs/html of the public headers and the guide. What is not documented, or a link to nothing, is an error.

Exit code 77: doxygen is missing.
"""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    doxygen = shutil.which("doxygen")
    if doxygen is None:
        print("doxygen is missing: 'make docs' installs it")
        return 77
    (ROOT / "build" / "docs").mkdir(parents=True, exist_ok=True)
    done = subprocess.run([doxygen, "docs/Doxyfile"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0 or done.stderr:
        print(done.stderr.replace(str(ROOT) + "/", ""))
        return 1
    print("docs: build/docs/html/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
