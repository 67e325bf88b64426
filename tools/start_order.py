#!/usr/bin/env python3
"""Writes cmake/start_order.txt: the functions a start runs through, in the order in which it first does.

    tools/start_order.py build/bin/ashlar run HELLO.wasm > cmake/start_order.txt

The command runs instruction by instruction (Linux, x86-64), so the program should be a small one: a minute per few million instructions.
The linker puts these functions side by side (cmake/products.cmake); names that it does not find do no harm.
"""
import bisect
import ctypes
import os
import subprocess
import sys

PTRACE_TRACEME, PTRACE_SINGLESTEP, PTRACE_GETREGS = 0, 9, 12
RIP = 16  # in user_regs_struct, which has 27 words


def functions(binary):
    """Addresses in ascending order, and a name for each."""
    names = {}
    for line in subprocess.run(["nm", "--defined-only", binary], capture_output=True, text=True, check=True).stdout.splitlines():
        address, kind, name = line.split(" ", 2)
        if kind in "tTwWi":
            names.setdefault(int(address, 16), name)
    return sorted(names), names


def trace(command):
    """Yields the program counter before each instruction."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        libc.ptrace(PTRACE_TRACEME, 0, None, None)
        os.execv(command[0], command)
    registers = (ctypes.c_ulonglong * 27)()
    _, status = os.waitpid(child, 0)
    while not os.WIFEXITED(status) and not os.WIFSIGNALED(status):
        libc.ptrace(PTRACE_GETREGS, child, None, ctypes.addressof(registers))
        yield registers[RIP]
        libc.ptrace(PTRACE_SINGLESTEP, child, None, None)
        _, status = os.waitpid(child, 0)
    if not os.WIFEXITED(status):
        sys.exit(f"start_order: {command[0]} ended by signal {os.WTERMSIG(status)}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    addresses, names = functions(sys.argv[1])
    seen = {}
    low = high = 0
    for pc in trace(sys.argv[1:]):
        if low <= pc < high:
            continue  # the same function as before
        at = bisect.bisect_right(addresses, pc) - 1
        if at < 0:
            continue
        seen.setdefault(at)
        low, high = addresses[at], addresses[at + 1] if at + 1 < len(addresses) else addresses[at] + 1
    for at in seen:
        print(names[addresses[at]])


if __name__ == "__main__":
    main()
