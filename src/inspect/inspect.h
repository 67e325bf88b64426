// What profilers and debuggers get to see of compiled code: perf's map and dump files, GDB's interface for JIT
// compilers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ashlar::inspect {

enum class Profile : uint8_t {
  None,
  Perf,     ///< /tmp/perf-PID.map
  Jitdump,  ///< jit-PID.dump, for `perf inject --jit`
};

/// "perf", "jitdump"; nothing for other words.
std::optional<Profile> profile_from_name(std::string_view name);

struct Options {
  Profile profile = Profile::None;
  bool debugger = false;  ///< GDB is told of each image
  /// The module's file, which stands for its source where it carries no lines of another.
  std::string file;
  std::function<void(const Error&)> warn;  ///< of what leaves the program running; called in any thread
};

/// From now on images that are attached are shown. To be called once, before the first. Errors: Io, of files that
/// cannot be made.
Status start(Options options);

}  // namespace ashlar::inspect
