// The table of host functions that a runtime binds: names, signatures and callable entries.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wasi/p1/context.h"
#include "wasi/p1/guest_memory.h"

namespace ashlar::wasi::p1 {

/// How a call ended.
struct CallOutcome {
  enum class Kind : uint8_t {
    Return,       ///< results are set
    Exit,         ///< the program ended with `code`
    Interrupted,  ///< the interrupt hook ended a blocking call; results are set to Errno::intr
  } kind = Kind::Return;
  uint32_t code = 0;
};

struct HostEntry {
  std::string_view module;
  std::string_view name;
  std::string_view sig;  ///< "parameters>results": i = i32, l = i64
  /// An i32 lies in the low half of its argument; the upper half is ignored. Results are zero-extended.
  CallOutcome (*call)(Context& context, GuestMemory memory, const uint64_t* args, uint64_t* results);
};

/// Every function of wasi_snapshot_preview1 and wasi_unstable.
std::span<const HostEntry> host_entries();
/// Null when there is none.
const HostEntry* find_host_entry(std::string_view module, std::string_view name);

}  // namespace ashlar::wasi::p1
