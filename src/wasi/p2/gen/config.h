// Generated from wit/proposals/config.wit by tools/witgen.py: not to be edited.
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

namespace ashlar::wasi::p2::config {

using namespace ashlar::component;

namespace store {

inline constexpr char kName[] = "wasi:config/store@0.2.0-draft";

struct Error {
  enum Case : uint32_t { kUpstream, kIo };
  std::variant<std::string, std::string> value;
  static constexpr std::array cases{"upstream", "io"};
};

/// What a host does for wasi:config/store@0.2.0-draft. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::expected<std::optional<std::string>, Error>> get(std::string key) = 0;
  virtual ashlar::Result<std::expected<std::vector<std::tuple<std::string, std::string>>, Error>> get_all() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get", typed_function([&host](std::string key) { return host.get(std::move(key)); }));
  to.function(kName, "get-all", typed_function([&host]() { return host.get_all(); }));
}

}  // namespace store

}  // namespace ashlar::wasi::p2::config
