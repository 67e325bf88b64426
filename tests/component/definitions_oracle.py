#!/usr/bin/env python3
"""Compares lifting and lowering with the Component Model's reference definitions (definitions.py), byte by byte.

Random types and values are lowered by the reference; its memory, sometimes damaged, is lifted and lowered again by the
reference and by canon_oracle, to another encoding and address width. Memories, flat values, calls of realloc and traps
must be the same. The checkout of the specification is named by --checkout or the environment variable
ASHLAR_COMPONENT_MODEL; without one the exit code is 77: the test was skipped."""

import argparse
import importlib.util
import math
import os
import pathlib
import random
import struct
import subprocess
import sys

ENCODINGS = ["utf8", "utf16", "latin1+utf16"]
PRIMS = ["Bool", "S8", "U8", "S16", "U16", "S32", "U32", "S64", "U64", "F32", "F64", "Char", "String"]


def load_definitions(checkout):
    path = pathlib.Path(checkout) / "design/mvp/canonical-abi/definitions.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("definitions", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["definitions"] = module
    spec.loader.exec_module(module)
    module.DETERMINISTIC_PROFILE = True
    return module


def any_type(d, r, depth):
    """A random type, and its text for canon_oracle."""
    if depth <= 1 or r.random() < 0.25:
        name = r.choice(PRIMS)
        return getattr(d, name + "Type")(), name.lower()
    inner = lambda: any_type(d, r, depth - 1)
    maybe = lambda: (None, "-") if r.random() < 0.3 else inner()
    kind = r.choice(["record", "variant", "tuple", "flags", "enum", "option", "result", "list", "fixed", "map"])
    count = r.randint(1, 5)
    if kind == "record":
        parts = [(f"f{i}", *inner()) for i in range(count)]
        return d.RecordType([d.FieldType(n, t) for n, t, _ in parts]), " ".join(
            ["record", str(count)] + [f"{n} {x}" for n, _, x in parts])
    if kind == "variant":
        count = r.choice([count, count, 257])
        parts = [(f"c{i}", *(maybe() if i < 5 else (None, "-"))) for i in range(count)]
        return d.VariantType([d.CaseType(n, t) for n, t, _ in parts]), " ".join(
            ["variant", str(count)] + [f"{n} {x}" for n, _, x in parts])
    if kind == "tuple":
        parts = [inner() for _ in range(count)]
        return d.TupleType([t for t, _ in parts]), " ".join(["tuple", str(count)] + [x for _, x in parts])
    if kind in ("flags", "enum"):
        labels = [f"l{i}" for i in range(r.randint(1, 32))]
        return (d.FlagsType if kind == "flags" else d.EnumType)(labels), " ".join([kind, str(len(labels))] + labels)
    if kind == "result":
        (ok, a), (error, b) = maybe(), maybe()
        return d.ResultType(ok, error), f"result {a} {b}"
    first, text = inner()
    if kind == "option":
        return d.OptionType(first), "option " + text
    if kind == "list":
        return d.ListType(first), "list " + text
    if kind == "fixed":
        return d.ListType(first, count), f"fixed {text} {count}"
    name = r.choice(PRIMS)
    return d.MapType(getattr(d, name + "Type")(), first), f"map {name.lower()} {text}"


def any_text(r):
    ranges = [(0x20, 0x7f), (0x80, 0x100), (0x100, 0xd800), (0x10000, 0x110000)][:r.randint(1, 4)]
    return "".join(chr(r.randrange(*r.choice(ranges))) for _ in range(r.choice([0, 1, 3, 9, 40])))


def as_string(text, encoding):
    """A string as the reference has it after lifting from `encoding`."""
    units = {"utf8": len(text.encode()), "utf16": len(text.encode("utf-16-le")) // 2}
    if encoding != "latin1+utf16":
        return (text, encoding, units[encoding])
    if all(ord(c) < 256 for c in text):
        return (text, encoding, len(text))
    return (text, encoding, units["utf16"])  # the caller sets the tag


def any_value(d, r, t):
    t = d.despecialize(t)
    name = type(t).__name__
    if name == "BoolType":
        return r.random() < 0.5
    if name[1:-4].isdigit() and name[0] in "SU":
        bits = int(name[1:-4])
        v = r.getrandbits(bits)
        return v - (1 << (bits - 1)) if name[0] == "S" else v
    if name == "F32Type":
        return r.choice([0.0, -0.0, 1.5, math.inf, math.nan, struct.unpack("<f", struct.pack("<f", r.gauss(0, 9)))[0]])
    if name == "F64Type":
        return r.choice([0.0, -0.0, 1.5, -math.inf, math.nan, r.gauss(0, 9)])
    if name == "CharType":
        return any_text(r)[:1] or "x"
    if name == "StringType":
        return as_string(any_text(r), "utf8")
    if name == "ListType":
        return [any_value(d, r, t.t) for _ in range(r.randint(0, 4) if t.l is None else t.l)]
    if name == "RecordType":
        return {f.label: any_value(d, r, f.t) for f in t.fields}
    if name == "VariantType":
        c = r.choice(t.cases)
        return {c.label: None if c.t is None else any_value(d, r, c.t)}
    return {l: r.random() < 0.5 for l in t.labels}


def host_strings(v):
    """The value as a host has it: its strings are UTF-8."""
    if isinstance(v, tuple):
        return as_string(v[0], "utf8")
    if isinstance(v, dict):
        return {k: host_strings(x) for k, x in v.items()}
    if isinstance(v, list):
        return [host_strings(x) for x in v]
    return v


class Memory:
    """Gives out memory from the bottom; one call may get a bad answer. Written as canon_oracle's."""

    def __init__(self, d, size, address_type, bad_call=-1):
        self.d, self.inst = d, d.MemInst(bytearray(size), address_type)
        self.top, self.bad_call, self.calls = 0, bad_call, ""

    def realloc(self, old, old_size, align, size):
        self.calls += f"{old},{old_size},{align},{size} "
        self.bad_call -= 1
        if self.bad_call == -1:
            return len(self.inst) - 3
        at = (self.top + align - 1) // align * align
        self.top = at + size
        if self.top > len(self.inst):
            self.d.trap()
        n = min(old_size, size)
        self.inst.bytes[at:at + n] = bytes(self.inst.bytes[old:old + n])
        return at

    def context(self, encoding):
        options = self.d.CanonicalOptions()
        options.memory, options.string_encoding, options.realloc = self.inst, encoding, self.realloc
        cx = self.d.LiftLowerContext(options, None)
        cx.reallocate = self.realloc
        return cx


def flat_bits(d, value, kind):
    """A core value of the reference as a slot's number."""
    if kind == "f32":
        return struct.unpack("<I", struct.pack("<f", value))[0]
    if kind == "f64":
        return struct.unpack("<Q", struct.pack("<d", value))[0]
    return value


def flat_types(d, cx, ts, max_flat):
    kinds = d.flatten_types(ts, cx.opts)
    return kinds if len(kinds) <= max_flat else [cx.opts.memory.ptr_type()]


def values_case(d, r):
    """(question, expected answer) of values; None where the source's memory is too small."""
    widths = [r.choice(["i32", "i64"]) for _ in range(2)]
    encodings = [r.choice(ENCODINGS) for _ in range(2)]
    max_flat = r.choice([1, 16])
    parts = [any_type(d, r, 4) for _ in range(r.randint(1, 3))]
    ts = [t for t, _ in parts]
    source = Memory(d, r.choice([256, 1024, 4096]), widths[0])
    cx = source.context(encodings[0])
    try:
        flat = d.lower_flat_values(cx, max_flat, [any_value(d, r, t) for t in ts], ts)
    except d.Trap:
        return None
    kinds = flat_types(d, cx, ts, max_flat)
    del source.inst.bytes[max(source.top, 1) + r.choice([0, 0, 64]):]
    for _ in range(r.choice([0, 0, 1, 3])):  # damage; the zeros of a byte make small numbers
        source.inst.bytes[r.randrange(len(source.inst))] = r.choice([0, 1, 2, 0xff, r.getrandbits(8)])
    if r.random() < 0.2:
        i = r.randrange(len(flat))
        if kinds[i][0] == "i":
            flat[i] = r.choice([0, 1, 2, 5, flat[i] ^ 1 << r.randrange(int(kinds[i][1:]))])
    question = [*map(str, where(encodings, widths)), str(max_flat)]
    target = Memory(d, r.choice([64, 4096]), widths[1], r.choice([-1, -1, -1, 0, 1, 2]))
    question += [str(target.bad_call), str(len(target.inst)), str(len(parts)), *[x for _, x in parts], str(len(flat))]
    question += [str(flat_bits(d, v, k)) for v, k in zip(flat, kinds)] + ["x" + source.inst.bytes.hex()]
    try:
        values = d.lift_flat_values(cx, max_flat, d.CoreValueIter(flat), ts)
        out_cx = target.context(encodings[1])
        out = d.lower_flat_values(out_cx, max_flat, [host_strings(v) for v in values], ts)
        out = [flat_bits(d, v, k) for v, k in zip(out, flat_types(d, out_cx, ts, max_flat))]
    except d.Trap:
        return " ".join(question), "trap"
    return " ".join(question), shown(out, target)


def string_case(d, r):
    """A string from one encoding to another, with no host between."""
    widths = [r.choice(["i32", "i64"]) for _ in range(2)]
    encodings = [r.choice(ENCODINGS) for _ in range(2)]
    if encodings[0] == "latin1+utf16":
        widths[1] = widths[0]  # the reference looks for the source's tag where the destination's would be
    text = any_text(r)
    utf16 = encodings[0] == "utf16" or (encodings[0] != "utf8" and (r.random() < 0.4 or any(ord(c) > 255 for c in text)))
    data = text.encode("utf-16-le" if utf16 else "utf-8" if encodings[0] == "utf8" else "latin-1")
    length = len(data) // 2 if utf16 else len(data)
    if utf16 and encodings[0] != "utf16":
        length |= 1 << (int(widths[0][1:]) - 1)
    source = Memory(d, 0, widths[0])
    source.inst.bytes += data + bytes(1)
    for _ in range(r.choice([0, 0, 0, 1, 2])):
        source.inst.bytes[r.randrange(len(source.inst))] = r.choice([0xd8, 0xdc, 0xff, r.getrandbits(8)])
    target = Memory(d, 1024, widths[1], r.choice([-1, -1, -1, 0, 1, 2]))
    at = r.choice([0, 0, 0, 0, 1, 2])
    question = [*map(str, where(encodings, widths)), "0", str(target.bad_call), str(len(target.inst)), "2", str(at),
                str(length), "x" + source.inst.bytes.hex()]
    try:
        value = d.load_string_from_range(source.context(encodings[0]), at, length)
        out = d.store_string_into_range(target.context(encodings[1]), value)
    except d.Trap:
        return " ".join(question), "trap"
    return " ".join(question), shown(out, target)


def where(encodings, widths):
    for encoding, width in zip(encodings, widths):
        yield ENCODINGS.index(encoding)
        yield width[1:]


def shown(flat, memory):
    return "".join(f"{v} " for v in flat) + f";{memory.calls};{memory.inst.bytes.hex()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", default=os.environ.get("ASHLAR_COMPONENT_MODEL"), help="a checkout of the Component Model's specification")
    parser.add_argument("--bin", required=True, help="folder of canon_oracle")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    d = load_definitions(args.checkout) if args.checkout else None
    if d is None:
        print(f"skipped: no definitions.py in {args.checkout}")
        return 77
    cases = []
    for i in range(args.cases):
        r = random.Random(args.seed * 1_000_003 + i)
        case = string_case(d, r) if i % 4 == 0 else values_case(d, r)
        if case is not None:
            cases.append(case)
    run = subprocess.run([pathlib.Path(args.bin) / "canon_oracle"], input="\n".join(q for q, _ in cases) + "\n",
                         capture_output=True, text=True)
    answers = run.stdout.splitlines()
    failed = 0
    for (question, expected), answer in zip(cases, answers):
        same = answer.startswith("trap") if expected == "trap" else answer == expected
        failed += not same
        if not same and failed <= 5:
            print(f"question: {question}\nreference: {expected}\nours:      {answer}\n")
    traps = sum(e == "trap" for _, e in cases)
    print(f"{len(cases)} cases, {traps} traps, {failed} differences")
    if run.returncode != 0 or len(answers) != len(cases):
        print(f"canon_oracle ended with {run.returncode} after {len(answers)} answers\n{run.stderr[:2000]}")
        return 1
    return 1 if failed or traps < len(cases) / 20 or traps > len(cases) * 0.8 else 0


if __name__ == "__main__":
    sys.exit(main())
