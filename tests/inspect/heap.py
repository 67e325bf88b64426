#!/usr/bin/env python3
"""Checks heap snapshots: the format's invariants, and that the heap of a guest is there under its names.

--file FILE checks the format of one snapshot instead.
"""

import argparse
import collections
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

GUEST = r"""
(module $guest
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (rec
    (type $Node (struct (field $next (mut (ref null $Node))) (field $value i32) (field $label (ref $String))))
    (type $String (struct (field $chars (ref $Chars)) (field $hash i32)))
    (type $Chars (array (mut i16)))
    (type $Nodes (array (mut (ref null $Node)))))
  (type (struct (field i32) (field anyref)))
  (tag $oops (param i32 (ref null $Node)))
  (global $head (mut (ref null $Node)) (ref.null $Node))
  (global $box (mut anyref) (ref.null any))
  (global (export "thrown \"now\"") (mut exnref) (ref.null exn))
  (table $lists 4 (ref null $Nodes))
  (elem $passive (ref null $Node)
    (item (struct.new $Node (ref.null $Node) (i32.const 1) (struct.new $String (array.new_fixed $Chars 0) (i32.const 0)))))
  (func $push (param $value i32)
    (global.set $head (struct.new $Node (global.get $head) (local.get $value)
      (struct.new $String (array.new $Chars (i32.const 65) (local.get $value)) (i32.const 7)))))
  (func (export "_start") (local $i i32)
    (loop $l
      (call $push (local.get $i))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
    (global.set $box (struct.new 4 (i32.const 1) (ref.i31 (i32.const 5))))
    (global.set $box (struct.new 4 (i32.const 1) (global.get $box)))
    (table.set $lists (i32.const 2) (array.new $Nodes (global.get $head) (i32.const 3)))
    (block $h (result exnref)
      (try_table (result exnref) (catch_all_ref $h) (throw $oops (i32.const 3) (global.get $head))))
    (global.set 2)
    (call $exit (i32.const 3)))
  (func (export "fill") (local $list (ref null $Node))  ;; until the heap is exhausted
    (loop $l
      (local.set $list (struct.new $Node (local.get $list) (i32.const 1)
        (struct.new $String (array.new_fixed $Chars 0) (i32.const 0))))
      (br $l)))
  (func (export "spin") (local $node (ref null $Node))  ;; for ever
    (local.set $node (struct.new $Node (ref.null $Node) (i32.const 1)
      (struct.new $String (array.new $Chars (i32.const 0) (i32.const 12345)) (i32.const 0))))
    (loop $l
      (call $push (i32.const 1))
      (global.set $head (ref.null $Node))
      (br_if $l (struct.get $Node $value (local.get $node))))))
"""


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


Node = collections.namedtuple("Node", "type name id size edges")
Edge = collections.namedtuple("Edge", "type name to")


class Snapshot:
    """A snapshot's nodes, each with its edges. Raises Wrong where the file breaks the format."""

    def __init__(self, path):
        data = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        meta = data["snapshot"]["meta"]
        fields, kinds = meta["node_fields"], meta["node_types"][0]
        edge_kinds = meta["edge_types"][0]
        strings, nodes, edges = data["strings"], data["nodes"], data["edges"]
        width = len(fields)
        need(fields == ["type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness"], fields)
        need(len(meta["node_types"]) == width and meta["edge_fields"] == ["type", "name_or_index", "to_node"], meta)
        need(len(nodes) == width * data["snapshot"]["node_count"], "node_count is not that of the nodes")
        need(len(edges) == 3 * data["snapshot"]["edge_count"], "edge_count is not that of the edges")
        need(len(set(strings)) == len(strings), "strings are there twice")
        for key in ("trace_function_infos", "trace_tree", "samples", "locations"):
            need(data[key] == [], f"{key} is not empty")
        self.nodes = []
        at = 0
        for i in range(0, len(nodes), width):
            kind, name, number, size, count, trace, detached = nodes[i:i + width]
            need(kind < len(kinds) and name < len(strings), f"node {i}: type or name out of range")
            need(number % 2 == 1 and trace == 0 and detached == 0, f"node {i}: {nodes[i:i + width]}")
            own = []
            for kind_of_edge, label, to in zip(*[iter(edges[at:at + 3 * count])] * 3):
                need(to % width == 0 and to < len(nodes), f"an edge of node {i} leads to no node: {to}")
                what = edge_kinds[kind_of_edge]
                need(what in ("element", "property"), what)
                if what == "property":
                    need(label < len(strings), f"an edge of node {i} has no name")
                    label = strings[label]
                own.append(Edge(what, label, to // width))
            need(len(own) == count, f"node {i} has fewer edges than it says")
            at += 3 * count
            self.nodes.append(Node(kinds[kind], strings[name], number, size, own))
        need(at == len(edges), "edges belong to no node")
        need(len({node.id for node in self.nodes}) == len(self.nodes), "ids are there twice")
        self.check_reachable()

    def check_reachable(self):
        seen, todo = {0}, [0]
        while todo:
            for edge in self.nodes[todo.pop()].edges:
                if edge.to not in seen:
                    seen.add(edge.to)
                    todo.append(edge.to)
        lost = [node for i, node in enumerate(self.nodes) if i not in seen]
        need(not lost, f"{len(lost)} nodes are not reachable, the first is {lost[:1]}")

    def count(self, name):
        return sum(node.name == name for node in self.nodes)

    def follow(self, *path):
        """The node at the end of a path of edges by name or index, from the node (GC roots)."""
        node = self.nodes[1]
        for step in path:
            found = [edge.to for edge in node.edges if edge.name == step or self.nodes[edge.to].name == step]
            need(found, f"{node.name} leads to no {step}, but to {[edge.name for edge in node.edges][:10]}")
            node = self.nodes[found[0]]
        return node


class Work:
    def __init__(self, folder, ashlar, flags):
        self.folder = pathlib.Path(folder)
        self.command = [str(ashlar)]
        self.flags = flags
        (self.folder / "guest.wat").write_text(GUEST)

    def start(self, command, *args):
        return subprocess.Popen([*self.command, command, *self.flags, *args], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, code, command, *args):
        """What it wrote to standard error."""
        process = self.start(command, *args)
        _, said = process.communicate(timeout=240)
        need(process.returncode == code, f"{command} {args}: exit code {process.returncode}, {said}")
        return said

    def snapshot(self, name):
        need(not list(self.folder.glob("*.tmp*")), "a temporary file was left")
        return Snapshot(self.folder / name)


def check_end(work):
    said = work.run(3, "heap", "guest.wat")
    need(re.fullmatch(r"ashlar: heap snapshot: \d+ objects, [\d.]+ MB, in guest.heapsnapshot\n", said), said)
    s = work.snapshot("guest.heapsnapshot")
    need([node.name for node in s.nodes[:7]] ==
         ["", "(GC roots)", "(Stacks)", "(Globals)", "(Tables)", "(Element segments)", "(Handles)"], "roots")
    need(all(node.type == "synthetic" for node in s.nodes[:7]), "types of roots")
    need(not s.nodes[2].edges, "after the end, stacks count for nothing")
    need((s.count("Node"), s.count("String"), s.count("Chars"), s.count("Nodes")) == (101, 101, 101, 1),
         collections.Counter(node.name for node in s.nodes))
    label = s.follow("(Globals)", "head", "next", "label", "chars")
    need(label[:2] == ("object", "Chars") and label.size == 8 + 2 * 98 + 4, label)
    need(s.follow("(Globals)", "box").name == "(type 4)" and s.follow("(Globals)", "box", "field1").edges == [], "box")
    need(s.follow("(Globals)", 'thrown "now"').name == "exception oops", "the exception")
    need(s.follow("(Globals)", 'thrown "now"', 1) == s.follow("(Globals)", "head"), "the exception's payload")
    need([edge.name for edge in s.follow("(Tables)", "lists", 2).edges] == [0, 1, 2], "elements of an array")
    need(s.follow("(Element segments)", "passive", 0).size == 24, "the element segment")
    # The same heap again: objects are the same ones, and the first file is replaced.
    before = {node.id for node in s.nodes}
    work.run(3, "heap", "--output", "guest.heapsnapshot", "guest.wat")
    need({node.id for node in work.snapshot("guest.heapsnapshot").nodes} == before, "ids of an equal run")


def check_exhausted(work):
    for command, flag in ("run", "--heap-snapshot=full.x"), ("heap", "--output=full.x"):
        said = work.run(134, command, "--max-gc-heap=8M", flag, "--invoke=fill", "guest.wat")
        need("heap snapshot:" in said and "heap exhausted" in said, said)
        s = work.snapshot("full.x")
        (work.folder / "full.x").unlink()
        need(s.count("Node") > 50000, f"the objects of the local variable: {s.count('Node')}")
        need(s.follow("(Stacks)", "Node").name == "Node", "the stack")


def wait_for(what, process, there):
    end = time.monotonic() + 120
    while not there():
        need(process.poll() is None and time.monotonic() < end, f"no {what}")
        time.sleep(0.02)


def catches(process, number):
    """Whether the process has a handler for that signal."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.M)[1], 16) >> (number - 1) & 1 == 1


def check_signal(work):
    process = work.start("run", "--heap-snapshot=spin.heapsnapshot", "--invoke=spin", "guest.wat")
    try:
        wait_for("handler", process, lambda: catches(process, signal.SIGUSR2))
        time.sleep(0.2)  # so that the program has what is looked for
        for n in (1, 2):
            process.send_signal(signal.SIGUSR2)
            wait_for(f"snapshot {n}", process, (work.folder / f"spin.{n}.heapsnapshot").exists)
    finally:
        process.kill()
        process.communicate()
    s = [work.snapshot(f"spin.{n}.heapsnapshot") for n in (1, 2)]
    kept = [{node.id for node in each.nodes if node.name == "Chars" and node.size == 8 + 2 * 12345 + 6} for each in s]
    need(len(kept[0]) == 1 and kept[0] == kept[1], f"what only a local variable has keeps its id: {kept}")


def check_failures(work):
    said = work.run(1, "heap", "-o", "missing/x.heapsnapshot", "--invoke=spin", "missing.wat")
    need("missing.wat" in said and "snapshot:" not in said, said)
    said = work.run(3, "heap", "-o", "missing/x.heapsnapshot", "guest.wat")
    need("missing/x.heapsnapshot: No such file" in said, said)
    process = work.start("heap", "-o", "/dev/stdout", "guest.wat")
    out, _ = process.communicate(timeout=60)
    (work.folder / "piped").write_text(out)
    need(Snapshot(work.folder / "piped").count("Node") == 101, "a snapshot through a pipe")


CHECKS = [check_end, check_exhausted, check_signal, check_failures]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ashlar", type=pathlib.Path, help="the command")
    parser.add_argument("--file", help="a snapshot to check")
    parser.add_argument("flags", nargs="*", help="flags of ashlar run")
    args = parser.parse_args()
    try:
        if args.file:
            Snapshot(args.file)
        else:
            for check in CHECKS:
                with tempfile.TemporaryDirectory(prefix="ashlar-heap-") as folder:
                    check(Work(folder, args.ashlar.resolve(), args.flags))
    except Wrong as finding:
        print(f"heap: {finding}")
        return 1
    print("heap: good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
