#!/usr/bin/env python3
"""Tests of run.py itself: with inputs that must fail, through a made-up command and (given as argument) the real one."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import run as spec

HERE = pathlib.Path(__file__).resolve().parent
ASHLAR = None

# Stands for `ashlar wast`: each script's text is the Python that makes its entry of the report.
FAKE = '''#!/usr/bin/env python3
import json, os, pathlib, sys
entries = []
for name in sys.argv[1:]:
    if name in ("wast", "--json") or name.startswith("--"):
        continue
    entry = {"file": name, "passed": 1, "failed": 0, "skipped": 0, "failures": []}
    code = 0
    exec(pathlib.Path(name).read_text())
    entries.append(entry)
failed = sum(len(entry["failures"]) for entry in entries)
print(json.dumps({"files": entries, "passed": 1, "failed": failed, "skipped": 0}))
sys.exit(1 if failed else 0)
'''
FAIL = 'entry["failures"].append({"line": 7, "kind": "assert_return", "message": "wrong"}); entry["failed"] = 1\n'


def run(command, root, *flags, known=""):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write(known)
        listed.flush()
        done = subprocess.run(
            [sys.executable, HERE / "run.py", "--ashlar", command, "--root", root, "--known", listed.name, *flags],
            capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class RunnerTest(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.root = pathlib.Path(work.name) / "suite"
        (self.root / "part").mkdir(parents=True)
        self.fake = pathlib.Path(work.name) / "ashlar"
        self.fake.write_text(FAKE)
        self.fake.chmod(0o755)

    def check(self, scripts, code, text="", known="", flags=()):
        for name, script in scripts.items():
            (self.root / name).write_text(script)
        got, output = run(self.fake, self.root, *flags, known=known)
        self.assertEqual(got, code, output)
        self.assertIn(text, output)

    def test_run_lines_name_gates_and_features(self):
        line = ";; RUN: wast --assert default % -f gc,cm-map,cm64,cm-canon-names\n"
        for name, text in (("a.wast", line), ("b.wast", ";; RUN: wast %\n"), ("c.wast", "\n" * 9 + line)):
            (self.root / name).write_text(text)
        flags = {name: spec.flags_of_run_line(self.root / name) for name in ("a.wast", "b.wast", "c.wast")}
        self.assertEqual(flags, {"a.wast": ["--gates=map,memory64,canonical-names", "-Wgc"], "b.wast": [], "c.wast": []})

    def test_run_lines_reach_the_command(self):
        script = '";; RUN: wast -f cm-map "\nif "--gates=map" not in sys.argv: ' + FAIL
        self.check({"a.wast": script}, 1)
        self.check({"a.wast": script}, 0, flags=("--run-lines",))

    def test_all_pass(self):
        self.check({"a.wast": "", "part/b.wast": ""}, 0, "2 files: 2 passed, 0 failed")

    def test_files_left_out_do_not_run(self):
        scripts = {"a.wast": "", "part/b.wast": FAIL}
        self.check(scripts, 0, "1 files: 1 passed, 0 failed", flags=("--without", "part/"))
        self.check(scripts, 1, "2 files: 2 passed, 1 failed", flags=("--without", "elsewhere"))

    def test_failure(self):
        self.check({"a.wast": FAIL}, 1, "a.wast:7: assert_return: wrong")

    def test_failure_together(self):
        self.check({"a.wast": "", "b.wast": FAIL}, 1, "b.wast:7", flags=["--together"])

    def test_known_line_file_and_folder(self):
        for known in ("a.wast:7 why", "a.wast why"):
            self.check({"a.wast": FAIL}, 0, "1 known failures", known)
        self.check({"a.wast": "", "part/b.wast": FAIL, "part/c.wast": ""}, 0, "1 known failures", "part/ why")

    def test_other_line_is_not_known(self):
        self.check({"a.wast": FAIL}, 1, "a.wast:7", "a.wast:8 why")

    def test_listed_but_passing(self):
        for known in ("a.wast:7 why", "a.wast why"):
            self.check({"a.wast": ""}, 1, "take it off the list", known)
        self.check({"part/b.wast": ""}, 1, "take it off the list", "part/ why")

    def test_entry_without_reason(self):
        self.check({"a.wast": FAIL}, 1, "has no reason", "a.wast:7")

    def test_crash(self):
        self.check({"a.wast": "os.abort()"}, 1, "killed by signal 6")

    def test_crash_is_never_known(self):
        self.check({"a.wast": FAIL, "part/b.wast": "os.abort()", "part/c.wast": FAIL}, 1, "part/b.wast:0", "a.wast why\npart/ why")

    def test_exit_code_must_agree(self):
        self.check({"a.wast": "import atexit; atexit.register(lambda: os._exit(3))"}, 1, "a.wast:0")

    def test_hang(self):
        self.check({"a.wast": "import time; time.sleep(60)"}, 1, "still running", flags=["--timeout", "1"])

    def test_too_slow(self):
        self.check({"a.wast": "import time; time.sleep(0.3)"}, 1, "too slow", flags=["--max-seconds", "0.1"])

    def test_no_suite(self):
        self.check({}, 77, "SKIPPED")

    def test_real_command_reports_each_wrong_assertion(self):
        if ASHLAR is None:
            self.skipTest("no command given")
        code, output = run(ASHLAR, HERE, "--only", "must_fail")
        self.assertEqual(code, 1, output)
        for line in (4, 5, 6):
            self.assertIn(f"must_fail.wast:{line}:", output)
        self.assertIn("passed, 3 failed", output)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        ASHLAR = sys.argv.pop(1)
    unittest.main()
