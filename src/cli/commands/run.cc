// ashlar run: runs a program (command or reactor) or one exported function.
#include "cli/registry.h"
#include "cli/run_plan.h"
#include "cli/run_program.h"

namespace ashlar::cli {

namespace {

constexpr auto kFlags = join_flags(
    kRunFlags, std::to_array<Flag>({
                   {kHeapSnapshot, 0, "heap-snapshot", "FILE",
                    "write a snapshot of the heap when it is exhausted, or\non SIGUSR2 ('ashlar help heap')"},
               }));

}  // namespace

constinit const Command kRunCommand = {
    .name = "run",
    .operands = "FILE [ARGS...]",
    .summary = "Run a program, or with --invoke one of its functions",
    .details =
        "FILE is a WebAssembly binary or text, '-' is standard input; ARGS are the program's. Flags stand before\n"
        "FILE. 'ashlar FILE [ARGS...]' is the same. A program gets nothing but its arguments, standard input and\n"
        "output, clocks, random numbers and threads; flags grant more. --profile and -g show machine code: they "
        "choose\n"
        "--tier=optimizing unless told otherwise, and --tier=interp has nothing to show.\n"
        "Exit code: the program's own, 134 after a trap, 1 when FILE is bad, 2 for a wrong command line.",
    .flags = kFlags,
    .flags_end_at_operand = true,
    .run = run_program,
};

}  // namespace ashlar::cli
