// ashlar features: the table of WebAssembly proposals, their defaults, and whether they are there.
#include "isa/features.h"
#include "cli/output.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

/// Proposals that have a switch already and no implementation yet.
bool is_missing(isa::Feature feature) { return feature == isa::Feature::custom_descriptors; }

int run_features(const Args& args) {
  if (!args.operands.empty()) {
    return report_usage(Error(ErrorCode::extra_operand, kNoOffset, std::string(args.operands[0])), "features");
  }
  const bool colour = use_colour(kStdout);
  std::string out = bold(strf("%-26s%-9s%-13s%s", "FEATURE", "DEFAULT", "STATUS", "WHAT IT IS"), colour) + "\n";
  for (size_t i = 0; i < isa::kFeatureCount; ++i) {
    const isa::FeatureInfo& row = isa::kFeatureTable[i];
    const bool missing = is_missing(static_cast<isa::Feature>(i));
    const std::string status = strf("%-13s", missing ? "not yet" : "complete");
    out += strf("%-26.*s%-9s", static_cast<int>(row.name.size()), row.name.data(), row.default_on ? "on" : "off");
    out += missing ? dim(status, colour) : green(status, colour);
    out += std::string(row.description) + "\n";
  }
  out += "\n'-W NAME=y' and '-W NAME=n' switch one on or off where a command reads modules.\n";
  write_all(kStdout, out);
  return kExitOk;
}

}  // namespace

constinit const Command kFeaturesCommand = {
    .name = "features",
    .operands = "",
    .summary = "List the WebAssembly proposals and their defaults",
    .details = "",
    .flags = {},
    .flags_end_at_operand = false,
    .run = run_features,
};

}  // namespace ashlar::cli
