// Initialises a program and writes down where it stands; the work of `ashlar snapshot`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/run_plan.h"

namespace ashlar::cli {

struct SnapshotPlan {
  Plan run;
  std::optional<std::string> init;  ///< what to call; nothing: what such programs usually export
  bool allow_random = false;
  std::vector<std::pair<std::string, std::string>> renamed;  ///< exports: the new name, and the old one
};

struct Snapshot {
  std::vector<uint8_t> bytes;
  std::string notes;  ///< for the user; empty: none
};

/// Of a core module, and of a component. Errors: those of loading and running; snapshot_*.
Result<Snapshot> snapshot_module(SnapshotPlan& plan);
Result<Snapshot> snapshot_component(SnapshotPlan& plan);

}  // namespace ashlar::cli
