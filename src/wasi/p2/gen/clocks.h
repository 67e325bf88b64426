// Generated from wit/wasi-0.2.12/clocks.wit by tools/witgen.py: not to be edited.
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
#include "wasi/p2/gen/io.h"

namespace ashlar::wasi::p2::clocks {

using namespace ashlar::component;

namespace monotonic_clock {

inline constexpr char kName[] = "wasi:clocks/monotonic-clock@0.2.12";

using Pollable = ::ashlar::wasi::p2::io::poll::Pollable;
using Instant = uint64_t;
using Duration = uint64_t;

/// What a host does for wasi:clocks/monotonic-clock@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<Instant> now() = 0;
  virtual ashlar::Result<Duration> resolution() = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> subscribe_instant(Instant when) = 0;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::poll::Pollable>> subscribe_duration(Duration when) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "now", typed_function([&host]() { return host.now(); }));
  to.function(kName, "resolution", typed_function([&host]() { return host.resolution(); }));
  to.function(kName, "subscribe-instant",
              typed_function([&host](Instant when) { return host.subscribe_instant(std::move(when)); }));
  to.function(kName, "subscribe-duration",
              typed_function([&host](Duration when) { return host.subscribe_duration(std::move(when)); }));
}

}  // namespace monotonic_clock

namespace wall_clock {

inline constexpr char kName[] = "wasi:clocks/wall-clock@0.2.12";

struct Datetime {
  uint64_t seconds{};
  uint32_t nanoseconds{};
  static constexpr auto fields = std::tuple(component::Field{"seconds", &Datetime::seconds},
                                            component::Field{"nanoseconds", &Datetime::nanoseconds});
};

/// What a host does for wasi:clocks/wall-clock@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<Datetime> now() = 0;
  virtual ashlar::Result<Datetime> resolution() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "now", typed_function([&host]() { return host.now(); }));
  to.function(kName, "resolution", typed_function([&host]() { return host.resolution(); }));
}

}  // namespace wall_clock

}  // namespace ashlar::wasi::p2::clocks
