"""Reads and changes files of compilers: sizes of code in modules and in what was compiled, and imports that can be had."""

import pathlib
import re
import struct
import subprocess


def _leb128(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _sections(data):
    """Of a module: kind, where it begins, where its content begins and ends."""
    at = 8
    while at < len(data):
        size, content = _leb128(data, at + 1)
        yield data[at], at, content, content + size
        at = content + size


def code_size(module):
    """The bytes of a module's code section."""
    return next((end - begin for kind, _, begin, end in _sections(module.read_bytes()) if kind == 10), 0)


def _name(text):
    return bytes([len(text)]) + text.encode()


def _encoded(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def with_wasi_imports(module, output):
    """A copy of a module all of whose imports are functions (i32) -> (), as Go's for JavaScript are: each becomes WASI's
    proc_exit, so that the copy can be instantiated anywhere. Its functions are the same; it must not call an import."""
    data = module.read_bytes()
    kind, start, content, end = next(section for section in _sections(data) if section[0] == 2)
    count, at = _leb128(data, content)
    replacement = _encoded(count)
    for _ in range(count):
        for _ in range(2):
            size, at = _leb128(data, at)
            at += size
        if data[at] != 0:
            raise ValueError(f"{module.name} imports something that is not a function")
        index, after = _leb128(data, at + 1)
        replacement += _name("wasi_snapshot_preview1") + _name("proc_exit") + b"\0" + _encoded(index)
        at = after
    output.write_bytes(data[:start] + bytes([kind]) + _encoded(len(replacement)) + replacement + data[end:])


def elf_text_size(path):
    """The bytes of an ELF file's section .text."""
    data = pathlib.Path(path).read_bytes()
    if data[:4] != b"\x7fELF":
        return None
    (table,) = struct.unpack_from("<Q", data, 0x28)
    width, count, names_index = struct.unpack_from("<HHH", data, 0x3A)

    def header(index):
        name, _, _, _, offset, size = struct.unpack_from("<IIQQQQ", data, table + index * width)
        return name, offset, size

    _, names, _ = header(names_index)
    for index in range(count):
        name, _, size = header(index)
        if data[names + name:].split(b"\0", 1)[0] == b".text":
            return size
    return None


def aot_text_size(path):
    """The bytes of the section with machine code in a file of WAMR's compiler."""
    data = pathlib.Path(path).read_bytes()
    at = 8
    while data[:4] == b"\0aot" and at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 2:
            return size
        at += 8 + size
        at = (at + 3) & ~3
    return None


def artifact_text_size(ashlar, path):
    """The bytes of machine code in one of our own artifacts, to the three digits that the command tells."""
    shown = subprocess.run([ashlar, "objdump", "--headers", path], capture_output=True, text=True, errors="replace").stdout
    found = re.search(r"^ *Code ([0-9.]+) (bytes|KB|MB)$", shown, re.MULTILINE)
    return round(float(found[1]) * {"bytes": 1, "KB": 1 << 10, "MB": 1 << 20}[found[2]]) if found else None
