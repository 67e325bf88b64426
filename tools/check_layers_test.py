#!/usr/bin/env python3
"""Tests of check_layers.py: a small tree in which each rule is broken once."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parent / "check_layers.py"
LAYERS = "base :\nos : base\nwasi/host : os base\napi : base\n"


class LayersTest(unittest.TestCase):
    def check(self, files, finding, layers=LAYERS):
        with tempfile.TemporaryDirectory() as work:
            root = pathlib.Path(work)
            for name, text in {"cmake/layers.txt": layers, "src/base/a.h": "", **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            done = subprocess.run([sys.executable, CHECK, "--root", work], capture_output=True, text=True)
            output = done.stdout + done.stderr
            self.assertEqual(done.returncode, 1 if finding else 0, output)
            self.assertIn(finding or "0 finding(s)", output)

    def test_allowed(self):
        self.check({"src/wasi/host/x.cc": '#include "os/b.h"\n#include <vector>\n#include "wasi/host/x.h"\n'}, None)

    def test_upward_include(self):
        self.check({"src/base/x.cc": '#include "os/b.h"\n'}, "src/base/x.cc:1: base may not include os")

    def test_public_header_is_api(self):
        self.check({"src/os/x.cc": '#include "ashlar/engine.h"\n'}, "os may not include api")

    def test_unlisted_folder(self):
        self.check({"src/new/x.cc": ""}, "not in cmake/layers.txt")
        self.check({"src/os/x.cc": '#include "new/x.h"\n'}, "not written from src/")

    def test_not_from_src(self):
        self.check({"src/os/x.cc": '#include "x.h"\n'}, "not written from src/")

    def test_llvm_and_assembler(self):
        self.check({"src/os/x.cc": "#include <llvm/IR/Module.h>\n"}, "only under src/optimizing")
        self.check({"src/os/x.cc": "#include <asmjit/x86.h>\n"}, "only under src/baseline/")

    def test_os_conditional(self):
        self.check({"src/base/x.cc": "#ifdef __linux__\n#endif\n"}, "belong in src/os")
        self.check({"src/os/x.cc": "#ifdef __linux__\n#endif\n"}, None)

    def test_public_headers_stand_alone(self):
        self.check({"include/ashlar/x.h": '#include "base/a.h"\n'}, "only public headers")

    def test_list_is_ordered(self):
        self.check({}, "not listed above", "os : base\nbase :\n")


if __name__ == "__main__":
    unittest.main()
