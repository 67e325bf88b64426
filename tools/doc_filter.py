#!/usr/bin/env python3
"""Doxygen's input filter: makes explicit what the comments of the public headers leave to the reader.

A `//` comment before members that follow each other without a blank line is the documentation of each of them. A member
without documentation behind one of the same name is an overload and has the same. Constructors and operators that copy,
move, destroy and compare say what they always say. In the header for C a comment counts for all that follows without a
blank line, but what ends in _delete. Everything else that has no documentation stays without: doxygen
makes that an error. No line is added or removed, so that places in messages are right.
"""

import re
import sys

SPECIAL = [
    (re.compile(r"^~\w+$"), "Ends it."),
    (re.compile(r"^operator=$"), "Copies or moves."),
    (re.compile(r"^operator==$"), "Whether both are the same."),
]


def name_of(text):
    text = re.sub(r"^\s*template <[^\n]*\n", "", text)
    text = re.sub(r"^\s*requires [^\n]*\n", "", text, flags=re.M)
    found = re.search(r"(operator\(\)|operator\s*[^\s(]+|operator bool|~?\w+)\s*\(", text)
    return found.group(1) if found else ""


def is_copy(text, name):
    return re.match(rf"^\s*{name}\((const )?{name}&{{1,2}}( \w+)?\)", text) is not None


def chunk_at(lines, at):
    """The lines of the declaration that begins there: to a semicolon, or to the end of its body."""
    end = at
    while not re.search(r"[;{}]\s*(///<.*|//.*)?$", lines[end]) and end + 1 < len(lines):
        end += 1
    if re.search(r"\{\s*(//.*)?$", lines[end]):
        while end + 1 < len(lines) and not re.match(r"^  \}", lines[end]):
            end += 1
    return end + 1


def document_c(lines):
    """The lines of the header for C, of which every declaration stands at the margin."""
    doc, own, at = "", False, 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("//"):
            begin = at
            while lines[at].startswith("//"):
                at += 1
            doc, own = " ".join(text.lstrip("/").strip() for text in lines[begin:at]), line.startswith("///")
        elif re.match(r"^(WASM_API_EXTERN|typedef) ", line):
            name = re.search(r"(\w+)\(", line)
            added = "Ends it." if name and name.group(1).endswith("_delete") else doc
            if added and not own:
                lines[at] = "/** " + added.replace("*/", "") + " */ " + line
            own = False
            last = "}" if line.endswith("{") else ""
            while not (lines[at].startswith(last) and ";" in lines[at]):
                at += 1
            at += 1
        else:
            if not line.strip() or line.startswith("#"):
                doc = ""
            at += 1


def main():
    lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
    if any(line == "#ifndef ASHLAR_C_H" for line in lines):
        document_c(lines)
        print("\n".join(lines))
        return
    group, doc, last = "", "", ""
    at = 0
    while at < len(lines):
        line = lines[at]
        if re.match(r"^  ///(?!<)", line):
            own = at
            while re.match(r"^  ///", lines[at]):
                at += 1
            doc = " ".join(text.strip()[3:].strip() for text in lines[own:at])
            end = chunk_at(lines, at)
            last = name_of("\n".join(lines[at:end]))
            group, at = "", end
        elif re.match(r"^  // ", line):
            own = at
            while re.match(r"^  //", lines[at]):
                at += 1
            group = " ".join(text.strip()[2:].strip() for text in lines[own:at])
        elif re.match(r"^  [\w~:\[]", line) and not re.match(r"^ ( public| private|friend class|friend struct)", line):
            end = chunk_at(lines, at)
            text = "\n".join(lines[at:end])
            name = name_of(text)
            if "///<" not in text:
                added = group
                if not added and name and name == last:
                    added = doc
                for pattern, words in SPECIAL:
                    if pattern.match(name):
                        added = words
                if name and is_copy(text, name):
                    added = "Copies or moves."
                if added:
                    lines[at] = "/** " + added.replace("*/", "") + " */ " + lines[at].lstrip()
                    doc, last = added, name
            else:
                last = ""
            at = end
        else:
            if not line.strip():
                group = ""
            at += 1
    print("\n".join(lines))


main()
