// ashlar heap: runs a program and writes a snapshot of its heap.
#include "cli/registry.h"
#include "cli/run_plan.h"
#include "cli/run_program.h"

namespace ashlar::cli {

namespace {

constexpr auto kFlags = join_flags(
    std::to_array<Flag>({
        {kHeapSnapshot, 'o', "output", "FILE", "where to (FILE's name with the ending .heapsnapshot,\nin this folder)"},
    }),
    kRunFlags);

}  // namespace

constinit const Command kHeapCommand = {
    .name = kHeapCommandName,
    .operands = "FILE [ARGS...]",
    .summary = "Run a program and write a snapshot of its heap of structs and arrays",
    .details =
        "Runs FILE as 'ashlar run' does and writes what is alive when it ends: to be opened with the Memory panel of\n"
        "Chrome's developer tools. When the heap is exhausted, the snapshot is made there, and none at the end.\n"
        "SIGUSR2 asks for one while the program runs, in a file of its own (app.1.heapsnapshot, app.2.heapsnapshot):\n"
        "it is made at one of the next allocations. Exit code: as of 'ashlar run'; 1 when the file cannot be written.",
    .flags = kFlags,
    .flags_end_at_operand = true,
    .run = run_program,
};

}  // namespace ashlar::cli
