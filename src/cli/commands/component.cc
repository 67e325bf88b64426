// ashlar component: makes components of core modules, and takes them apart.
#include <string>
#include <vector>

#include "cli/component_tools.h"
#include "cli/output.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

constexpr Flag kFlags[] = {
    {kToolOutput, 'o', "output", "FILE", "where to write (default: standard output)"},
    {kToolWorld, 'w', "world", "WORLD", "a world: 'command', or 'wasi:cli/command@0.2.12'"},
    {kToolAdapt, 0, "adapt", "[NAME=]FILE", "new: a module that gives what the core module imports from NAME"},
    {kToolEncoding, 0, "string-encoding", "ENCODING", "embed: utf8, utf16 or compact-utf16 (default: utf8)"},
    {kToolModuleDir, 0, "module-dir", "DIR", "unbundle: where to write the core modules"},
    {kToolDeps, 0, "deps", "DIR", "where more WIT packages are, as in a folder 'deps'; may be repeated"},
    {kToolFeatures, 0, "features", "NAME,...", "features whose @unstable WIT items are there"},
    {kToolAllFeatures, 0, "all-features", "", "every @unstable WIT item is there"},
};

struct Action {
  std::string_view name;
  std::vector<std::string_view> operands;
  Result<int> (*run)(const Args& args, const std::vector<std::string>& operands);
};

int run_component(const Args& args) {
  const Action actions[] = {
      {"new", {"CORE"}, component_new},
      {"embed", {"WIT", "CORE"}, component_embed},
      {"wit", {"FILE"}, component_wit},
      {"targets", {"WIT", "COMPONENT"}, component_targets},
      {"unbundle", {"COMPONENT"}, component_unbundle},
  };
  std::vector<std::string> operands(args.operands.begin(), args.operands.end());
  if (operands.empty()) {
    return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "new, embed, wit, targets or unbundle"),
                        "component");
  }
  const std::string name = operands[0];
  operands.erase(operands.begin());
  for (const Action& action : actions) {
    if (action.name != name) continue;
    if (operands.size() < action.operands.size()) {
      const std::string missing(action.operands[operands.size()]);
      return report_usage(Error(ErrorCode::missing_operand, kNoOffset, missing), "component");
    }
    if (operands.size() > action.operands.size()) {
      return report_usage(Error(ErrorCode::extra_operand, kNoOffset, operands[action.operands.size()]), "component");
    }
    const Result<int> code = action.run(args, operands);
    return code ? *code : report(code.error());
  }
  return report_usage(
      Error(ErrorCode::bad_argument, kNoOffset, "1", name, "one of new, embed, wit, targets and unbundle"),
      "component");
}

}  // namespace

constinit const Command kComponentCommand = {
    .name = "component",
    .operands = "new|embed|wit|targets|unbundle ...",
    .summary = "Make components of core modules, and take them apart",
    .details =
        "  ashlar component embed WIT CORE             adds to a core module what its world is\n"
        "  ashlar component new CORE                   makes a component of a core module with an embedded world;\n"
        "                                              what it imports from WASI preview 1 comes from an adapter\n"
        "  ashlar component wit FILE                   prints the world of a component or core module\n"
        "  ashlar component targets WIT COMPONENT      exit code 0 when the component fits a world, else why not\n"
        "  ashlar component unbundle COMPONENT         writes its core modules to --module-dir, and a component\n"
        "                                              that imports them\n"
        "WIT is a file or folder of WIT text, or a package in binary form; CORE and COMPONENT are binary or text.\n"
        "Adapters for preview 1 that were installed with Ashlar are found without --adapt.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_component,
};

}  // namespace ashlar::cli
