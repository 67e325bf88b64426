// From instances that have been initialised to modules that begin where these stand.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "isa/features.h"
#include "module/limits.h"
#include "runtime/store.h"

namespace ashlar::snapshot {

/// An instance, and the binary that its module was made of: of compiled programs the module itself lacks some.
struct Part {
  runtime::Instance* instance = nullptr;
  std::span<const uint8_t> bytes;
  std::string place;  ///< in front of what messages name: "core module 2: "; empty for a module by itself
};

struct Options {
  isa::Features features;
  module::ModuleLimits limits;
  std::vector<std::string> without;                          ///< exports that are left out
  std::vector<std::pair<std::string, std::string>> renamed;  ///< exports: the new name, and the old one
};

/// Whether a module can stand for itself: all its state is its own. Errors: snapshot_refused, with what it shares.
Status check_alone(const module::Module& m);

/// The modules of all parts, in their order, valid. What they share (memories, tables, mutable globals) is all defined
/// in one of them, parts stand in the order in which they were instantiated, and nothing of them runs.
/// Errors: snapshot_refused: what a module cannot express; Limit.
Result<std::vector<std::vector<uint8_t>>> write(std::span<const Part> parts, const Options& options);

}  // namespace ashlar::snapshot
