"""A command: arguments, environment, standard input, files, clocks and random numbers through CPython."""

import json
import os
import random
import sys
import time

from wit_world import exports


class Run(exports.Run):
    def run(self):
        print("arguments", sys.argv[1:], "LANG", os.environ.get("LANG"))
        print("input", sys.stdin.read().split())
        os.makedirs("/data/sub", exist_ok=True)
        with open("/data/sub/note.txt", "w") as out:
            json.dump({"b": [1, 2.5, None], "a": "é"}, out, sort_keys=True)
        print("files", sorted(os.listdir("/data")), os.stat("/data/sub/note.txt").st_size)
        print(open("/data/sub/note.txt").read())
        try:
            open("/data/none")
        except FileNotFoundError as error:
            print("error", error.strerror)
        before = time.monotonic()
        time.sleep(0.02)
        print("slept", time.monotonic() - before >= 0.02, "year", time.gmtime().tm_year >= 2024)
        print("random", 0 <= random.random() < 1, len(os.urandom(16)))
        print("to standard error", file=sys.stderr)
