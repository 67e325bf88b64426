// Rights of descriptors: what may be done with one, and what may be handed on to those opened through it.
#pragma once

#include <cstdint>

namespace ashlar::wasi::host {

/// A set of rights, one bit each, numbered as preview 1 does.
struct Rights {
  uint64_t bits = 0;
  constexpr bool has(Rights needed) const { return (bits & needed.bits) == needed.bits; }
  constexpr bool any(Rights some) const { return (bits & some.bits) != 0; }
  friend constexpr Rights operator|(Rights a, Rights b) { return {a.bits | b.bits}; }
  friend constexpr Rights operator&(Rights a, Rights b) { return {a.bits & b.bits}; }
  friend constexpr Rights operator~(Rights a) { return {~a.bits}; }
  friend constexpr bool operator==(Rights, Rights) = default;
};

namespace right {

enum class Bit : unsigned {
#define RIGHT(id, where) id,
#include "wasi/host/rights.def"
#undef RIGHT
};

#define RIGHT(id, where) inline constexpr Rights id{uint64_t{1} << static_cast<unsigned>(Bit::id)};
#include "wasi/host/rights.def"
#undef RIGHT

inline constexpr Rights kNone{};

namespace detail {
enum class Where { F = 1, D = 2, B = 3, S = 4 };
constexpr Rights all_for(Where which) {
  Rights out;
#define RIGHT(id, where) \
  if ((static_cast<int>(Where::where) & static_cast<int>(which)) != 0) out = out | id;
#include "wasi/host/rights.def"
#undef RIGHT
  return out;
}
}  // namespace detail

/// What can apply to a file, to a directory, and to anything in a file system.
inline constexpr Rights kFile = detail::all_for(detail::Where::F);
inline constexpr Rights kDirectory = detail::all_for(detail::Where::D);
inline constexpr Rights kFileSystem = kFile | kDirectory;

}  // namespace right
}  // namespace ashlar::wasi::host
