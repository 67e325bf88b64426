#!/usr/bin/env python3
"""Chooses the rows of src/interp/fused.def from profiles.

Build with -DASHLAR_DISPATCH=loop -DASHLAR_PROFILE=ON, run programs with ASHLAR_PROFILE_OUT=FILE each, then
    tools/fuse_profile.py --rows 1500 FILE... > src/interp/fused.def
Each profile counts the same, whatever its length. Pairs of neighbours are merged greedily by how many dispatches that saves.
"""
import argparse
import collections
import heapq
import re
import sys

TRAPS = re.compile(r"_(div|rem)_|i(32|64)_trunc_f|^(Struct|Array|Ref|Table)")


def read(path):
    runs = collections.Counter()
    alone = 0
    with open(path) as f:
        for line in f:
            weight, *steps = line.rstrip("\n").split("\t")
            if steps == ["?"]:
                alone += int(weight)
            else:
                runs[tuple(steps)] += int(weight)
    total = sum(w * len(s) for s, w in runs.items()) + alone
    return runs, alone, total


def allowed(steps, longest):
    if len(steps) > longest:
        return False
    if any(s.startswith(("if ", "br ", "ret ")) for s in steps[:-1]):
        return False
    # A fault and another trap in one instruction could not be told apart.
    faults = any(s.startswith(("Load<", "Store<")) for s in steps)
    return not (faults and any(TRAPS.search(s) for s in steps))


def row(steps):
    *front, last = steps
    if last.startswith("if "):
        back, cond = last[3:].split(",", 1)
        return "FUSE_IF(" + ", ".join([back, cond, *front]) + ")"
    if last.startswith("br "):
        return "FUSE_BR(" + ", ".join([last[3:], *front]) + ")"
    if last.startswith("ret "):
        return "FUSE_RET(" + ", ".join([last[4:], *front]) + ")"
    return "FUSE(" + ", ".join(steps) + ")"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profiles", nargs="+")
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--longest", type=int, default=4)
    args = parser.parse_args()

    runs = collections.defaultdict(float)
    before = collections.Counter()
    for path in args.profiles:
        found, alone, total = read(path)
        before[path] = total
        for steps, weight in found.items():
            runs[steps] += weight / total
    sequences = [[[(s,) for s in steps], w] for steps, w in runs.items()]
    pairs = collections.defaultdict(float)
    where = collections.defaultdict(set)
    for i, (tokens, w) in enumerate(sequences):
        for a, b in zip(tokens, tokens[1:]):
            pairs[a, b] += w
            where[a, b].add(i)
    heap = [(-w, p) for p, w in pairs.items() if allowed(p[0] + p[1], args.longest)]
    heapq.heapify(heap)
    rows = {}
    while heap and len(rows) < args.rows:
        weight, pair = heapq.heappop(heap)
        if abs(pairs.get(pair, 0) + weight) > 1e-12 or pairs[pair] <= 0:
            if pairs.get(pair, 0) > 1e-9:
                heapq.heappush(heap, (-pairs[pair], pair))
            continue
        merged = pair[0] + pair[1]
        rows[merged] = rows.get(merged, 0) - weight
        changed = set()
        for i in list(where[pair]):
            tokens, w = sequences[i]
            out, k = [], 0
            while k < len(tokens):
                if k + 1 < len(tokens) and (tokens[k], tokens[k + 1]) == pair:
                    out.append(merged)
                    k += 2
                else:
                    out.append(tokens[k])
                    k += 1
            for p in zip(tokens, tokens[1:]):
                pairs[p] -= w
                where[p].discard(i)
            for p in zip(out, out[1:]):
                pairs[p] += w
                where[p].add(i)
                changed.add(p)
            sequences[i][0] = out
        for p in changed:
            if allowed(p[0] + p[1], args.longest):
                heapq.heappush(heap, (-pairs[p], p))
    steps = sum(w * sum(len(t) for t in tokens) for tokens, w in sequences)
    left = sum(w * len(tokens) for tokens, w in sequences)
    print(f"{len(rows)} rows; {left / steps:.3f} of the dispatches of straight code are left", file=sys.stderr)
    print("// Fused sequences: each row one handler. Found by profiling: tools/fuse_profile.py. Order does not matter.")
    for steps in sorted(rows):
        print(row(steps))


if __name__ == "__main__":
    main()
