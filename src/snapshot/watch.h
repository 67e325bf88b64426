// What a program asks of the host while it is initialised: some of it cannot be, some stays in the snapshot.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "component/host.h"
#include "component/plan.h"
#include "runtime/linker.h"

namespace ashlar::snapshot {

/// Stays as long as the program. Random numbers trap, and so does what nobody gives; open descriptors are counted; of
/// what a program learns of its surroundings a note is made.
class Watch {
 public:
  explicit Watch(bool allow_random) : allow_random_(allow_random) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// A module's imports as it is to see them; those of preview 1 are defined already.
  void define(runtime::Linker& linker, runtime::Store& store, const module::Module& m);
  /// The same for a component; interfaces of WASI 0.2 are defined already.
  void define(component::HostImports& imports, const component::Plan& plan);

  /// "the clock, the environment": what the program knows for good.
  std::string learnt() const;
  /// Errors: snapshot_refused when something is open that was not granted.
  Status check_closed() const;

 private:
  enum class Rule : uint8_t { None, Learn, Random, Open, Accept, Close, Renumber };
  struct Row;
  static const Row kPreview1[];
  static const Row kPreview2[];

  Status call(Rule rule, const char* what, const runtime::HostFunc& f, runtime::Caller& caller, runtime::Slot* slots);
  Status open_file(const runtime::HostFunc& f, runtime::Caller& caller, runtime::Slot* slots);
  Status renumber(const runtime::HostFunc& f, runtime::Caller& caller, runtime::Slot* slots);
  component::HostFunction around(component::HostFunction f, const char* what);

  const bool allow_random_;
  std::set<std::string_view> learnt_;
  std::map<uint32_t, std::string> open_;  ///< descriptors, and what they are
};

}  // namespace ashlar::snapshot
