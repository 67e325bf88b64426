// Calls from one component instance to another: core modules generated for them, which every tier compiles. All that
// depends on types is decided here; at call time nothing is interpreted.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "component/plan.h"

namespace ashlar::component {

enum class AdapterTrap : uint32_t {
#define ADAPTER_TRAP(id, text) id,
#include "component/adapter_traps.def"
#undef ADAPTER_TRAP
};
std::string_view text_of(AdapterTrap trap);

/// What an adapter module imports, in order.
struct AdapterImport {
  enum class Kind : uint8_t {
    CoreFunc,        ///< `core`
    CoreMemory,      ///< `core`
    MayLeave,        ///< global of instance `from`: 1, or 0
    MayEnter,        ///< global of instance `from`
    Fail,            ///< (i32 AdapterTrap): traps
    TransferOwn,     ///< (i32 handle in `from`) -> (i32 handle in `to`) of `resource`
    TransferBorrow,  ///< the same for borrowed ones: lent until the innermost EndCall
    BeginCall,       ///< () around a call from `from` to `to` that lends handles
    EndCall,         ///< (): traps when the callee still has some
    String,          ///< (i32 pointer, i32 tagged length, i64 room) -> (i64: pointer, and tagged length above): see
                     ///< StringPath; `room`: what realloc gave first, or kNoRoom
  };
  Kind kind = Kind::Fail;
  CoreRef core;
  uint32_t from = 0, to = 0;  ///< component instances
  uint32_t resource = 0;
  uint32_t string = 0;  ///< String: in AdapterModule::strings
};

/// Where a string comes from and goes to.
struct StringPath {
  StringEncoding from_encoding = StringEncoding::Utf8, to_encoding = StringEncoding::Utf8;
  CoreRef from_memory, to_memory, to_realloc;
  uint32_t to = 0;  ///< instance; may not leave while it allocates
  bool operator==(const StringPath&) const = default;
};

/// For a string that no memory was asked for yet.
inline constexpr uint64_t kNoRoom = ~uint64_t{0};

/// What generated code may use of an engine's features.
struct AdapterFeatures {
  bool exceptions = false;
  bool simd = false;  ///< without it all strings are the host's work
};

struct AdapterModule {
  std::vector<uint8_t> bytes;
  std::vector<AdapterImport> imports;
  std::vector<StringPath> strings;
  std::vector<uint32_t> trampolines;  ///< its exports, in order: in Plan::trampolines
  uint32_t before = 0;                ///< the core instance before which it is instantiated; their number: at the end
};

/// Whether the trampoline is a call of a component function of the graph, which an adapter makes.
bool needs_adapter(const Plan& plan, const PlanTrampoline& trampoline);
/// Whether it is a synchronous call of a function that the host gives.
bool lowers_host(const Plan& plan, const PlanTrampoline& trampoline);

/// The adapters of a plan, in the order in which they are to be instantiated. Errors: Limit when types are so large
/// that their adapters would be.
Result<std::vector<AdapterModule>> make_adapters(const Plan& plan, const AdapterFeatures& features);

}  // namespace ashlar::component
