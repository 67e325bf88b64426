// The actions of `ashlar component`, each a function of the command line.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/args.h"
#include "wit/load.h"

namespace ashlar::cli {

enum ToolFlag : int {
  kToolOutput = 1,
  kToolWorld,
  kToolAdapt,
  kToolEncoding,
  kToolModuleDir,
  kToolDeps,
  kToolFeatures,
  kToolAllFeatures,
};

// `operands`: what stands behind the action's name, as many as the command's table says. They give the exit code.
Result<int> component_new(const Args& args, const std::vector<std::string>& operands);
Result<int> component_embed(const Args& args, const std::vector<std::string>& operands);
Result<int> component_wit(const Args& args, const std::vector<std::string>& operands);
Result<int> component_targets(const Args& args, const std::vector<std::string>& operands);
Result<int> component_unbundle(const Args& args, const std::vector<std::string>& operands);

}  // namespace ashlar::cli
