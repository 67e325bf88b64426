// What a linker knows by name, and what becomes of it in a store.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/refs.h"

namespace ashlar {
inline namespace v0 {

namespace detail {

struct WasiGrant {
  WasiConfig config;
};

/// Of a module that each store gets an instance of, when it is needed.
struct Library {
  std::shared_ptr<const PreparedState> module;
};

/// An object of one store.
struct ObjectDefinition {
  StoreState* store;
  runtime::Extern object;
};
struct HostDefinition {
  std::vector<ValueType> params;
  std::vector<ValueType> results;
  SlotFunction function;
  std::string name;
};
struct SharedDefinition {
  SharedMemory memory;
};
struct LibraryDefinition {
  std::shared_ptr<const Library> library;
  size_t export_index;
};
/// A shared memory of a program with threads, that nobody else defines.
struct ThreadMemoryDefinition {
  std::shared_ptr<const WasiGrant> grant;
  std::string module;
  std::string name;
  module::MemoryType type;
};
struct WasiDefinition {
  std::shared_ptr<const WasiGrant> grant;
  std::string module;
  std::string name;
};

/// Immutable, shared by linkers and what they prepared.
struct Definition {
  std::variant<ObjectDefinition, HostDefinition, SharedDefinition, LibraryDefinition, WasiDefinition,
               ThreadMemoryDefinition>
      what;
};

using DefinitionPtr = std::shared_ptr<const Definition>;

/// The definition of each import, in the module's order.
struct PreparedState {
  std::shared_ptr<ModuleState> module;
  StoreState* store = nullptr;  ///< that of its linker
  std::vector<std::shared_ptr<const Definition>> imports;
  /// Of a linker with a store: what they are there.
  std::vector<runtime::Extern> objects;
  bool starts_threads = false;  ///< imports WASI's thread-spawn
};

struct NamesLess {
  using is_transparent = void;
  bool operator()(const auto& a, const auto& b) const {
    const int order = std::string_view(a.first).compare(b.first);
    return order != 0 ? order < 0 : std::string_view(a.second) < b.second;
  }
};

/// By module and name, ordered, so that those of a module lie side by side.
using Definitions = std::map<std::pair<std::string, std::string>, DefinitionPtr, NamesLess>;

/// What the definition is in the store; made when it is first asked for. Errors: foreign_store; Io (WASI grants); what
/// instantiating a library says.
Result<runtime::Extern> realize(StoreState& store, const DefinitionPtr& definition);

/// Why the definition cannot stand for the import; empty when it can, or that is known only in a store.
std::string definition_mismatch(module::TypeRegistry& types, const module::Module& m, const module::Import& import,
                                const Definition& definition);

/// Makes an instance in the store. The module's engine is the store's. `of`: for a thread, the instance that starts it:
/// shared memories are its own, and nobody watches the new one yet.
Result<Instance> instantiate(StoreState& store, const std::shared_ptr<const PreparedState>& prepared,
                             const runtime::Instance* of = nullptr);

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
