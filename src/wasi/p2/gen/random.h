// Generated from wit/wasi-0.2.12/random.wit by tools/witgen.py: not to be edited.
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

namespace ashlar::wasi::p2::random {

using namespace ashlar::component;

namespace insecure_seed {

inline constexpr char kName[] = "wasi:random/insecure-seed@0.2.12";

/// What a host does for wasi:random/insecure-seed@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::tuple<uint64_t, uint64_t>> insecure_seed() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "insecure-seed", typed_function([&host]() { return host.insecure_seed(); }));
}

}  // namespace insecure_seed

namespace insecure {

inline constexpr char kName[] = "wasi:random/insecure@0.2.12";

/// What a host does for wasi:random/insecure@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::vector<uint8_t>> get_insecure_random_bytes(uint64_t len) = 0;
  virtual ashlar::Result<uint64_t> get_insecure_random_u64() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-insecure-random-bytes",
              typed_function([&host](uint64_t len) { return host.get_insecure_random_bytes(std::move(len)); }));
  to.function(kName, "get-insecure-random-u64", typed_function([&host]() { return host.get_insecure_random_u64(); }));
}

}  // namespace insecure

namespace random {

inline constexpr char kName[] = "wasi:random/random@0.2.12";

/// What a host does for wasi:random/random@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::vector<uint8_t>> get_random_bytes(uint64_t len) = 0;
  virtual ashlar::Result<uint64_t> get_random_u64() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-random-bytes",
              typed_function([&host](uint64_t len) { return host.get_random_bytes(std::move(len)); }));
  to.function(kName, "get-random-u64", typed_function([&host]() { return host.get_random_u64(); }));
}

}  // namespace random

}  // namespace ashlar::wasi::p2::random
