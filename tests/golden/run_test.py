#!/usr/bin/env python3
"""Tests of run.py itself, with a shell script in place of the command: what must fail fails, and blessing mends it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
FAKE = '#!/bin/sh\ncase $1 in fail) echo bad >&2; exit 3;; cat) cat "$2";; part) printf x;; *) echo "out $*"; cat;; esac\n'


class RunnerTest(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.fake = pathlib.Path(work.name) / "command"
        self.fake.write_text(FAKE)
        self.fake.chmod(0o755)
        self.test = pathlib.Path(work.name) / "a.test"

    def run_text(self, text, *flags):
        self.test.write_text(text)
        done = subprocess.run([sys.executable, HERE / "run.py", "--ashlar", self.fake, *flags, self.test],
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def check(self, text, code, says=""):
        got, output = self.run_text(text)
        self.assertEqual(got, code, output)
        self.assertIn(says, output)

    def test_output(self):
        self.check("=== a\n$ ashlar x y\n--- stdout\nout x y\n", 0)
        self.check("=== a\n$ ashlar x y\n--- stdout\nout x z\n", 1, "+out x y")
        self.check("=== a\n$ ashlar x y\n", 1, "stdout differs")

    def test_exit_code_and_stderr(self):
        self.check("=== a\n$ ashlar fail\n--- exit 3\n--- stderr\nbad\n", 0)
        self.check("=== a\n$ ashlar fail\n--- stderr\nbad\n", 1, "exit code 3, expected 0")
        self.check("=== a\n$ ashlar fail\n--- exit 3\n", 1, "stderr differs")

    def test_stdin_and_files(self):
        self.check("=== a\n$ ashlar x\n--- stdin\n1\n2\n--- stdout\nout x\n1\n2\n", 0)
        self.check("=== a\n$ ashlar cat f\n--- file f\n--- not a section\n--- stdout\n--- not a section\n", 0)

    def test_wildcards(self):
        self.check("=== a\n$ ashlar x 42 y\n--- stdout\nout [..] y\n", 0)
        self.check("=== a\n$ ashlar x 42 y\n--- stdout\nout [..] z\n", 1)
        self.check("=== a\n$ ashlar x\n--- stdin\n1\n2\n3\n--- stdout\nout x\n...\n3\n", 0)
        self.check("=== a\n$ ashlar x\n--- stdin\n1\n2\n3\n--- stdout\nout x\n...\n4\n", 1)

    def test_no_newline(self):
        self.check("=== a\n$ ashlar part\n--- stdout\nx\n[no newline]\n", 0)
        self.check("=== a\n$ ashlar part\n--- stdout\nx\n", 1)

    def test_malformed(self):
        self.check("=== a\nwhat is this\n", 1, "neither a command")
        self.check("=== a\n--- stdout\n", 1, "no command")
        self.check("only a comment\n", 1)

    def test_bless(self):
        text = "About.\n=== a\n$ ashlar x 1\n--- stdout\nout [..]\n\n=== b\n$ ashlar fail\n\n=== c\n$ ashlar part\n"
        code, output = self.run_text(text, "--bless")
        self.assertEqual(code, 0, output)
        blessed = self.test.read_text()
        self.assertIn("out [..]", blessed)
        self.assertIn("$ ashlar fail\n--- exit 3\n--- stderr\nbad\n", blessed)
        self.check(blessed, 0, "3 cases, 0 failed")


if __name__ == "__main__":
    unittest.main()
