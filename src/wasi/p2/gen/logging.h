// Generated from wit/proposals/logging.wit by tools/witgen.py: not to be edited.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "component/typed.h"

namespace ashlar::wasi::p2::logging {

using namespace ashlar::component;

namespace logging {

inline constexpr char kName[] = "wasi:logging/logging@0.1.0-draft";

enum class Level : uint32_t { trace, debug, info, warn, error, critical };
constexpr auto abi_labels(Level) { return std::array{"trace", "debug", "info", "warn", "error", "critical"}; }

/// What a host does for wasi:logging/logging@0.1.0-draft. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Status log(Level level, std::string context, std::string message) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "log", typed_function([&host](Level level, std::string context, std::string message) {
                return host.log(std::move(level), std::move(context), std::move(message));
              }));
}

}  // namespace logging

}  // namespace ashlar::wasi::p2::logging
