// Instance: a module that runs, and its exports.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ashlar/func.h"
#include "ashlar/memory.h"
#include "ashlar/module.h"
#include "ashlar/tag.h"

namespace ashlar {
inline namespace v0 {

/// Anything that modules import and export, as a handle into a store.
using Extern = std::variant<Func, Memory, Table, Global, Tag>;

/// An export of an instance.
struct Export {
  std::string name;  ///< by which it is found
  Extern object;     ///< what is exported
};

/// A handle into a store; lives as long as the store.
class Instance {
 public:
  /// The exported function, typed: instance.func<int32_t(int32_t)>("fib"). Its types are checked here, once.
  /// Errors: Link when there is no such function, Usage when its type is another.
  template <class Signature>
  Result<TypedFunc<Signature>> func(std::string_view name) const {
    Result<Func> found = func(name);
    if (!found) return std::unexpected(std::move(found).error());
    return found->template typed<Signature>();
  }
  /// The exported function. Errors: Link when there is none of that name.
  Result<Func> func(std::string_view name) const;

  // Exports of other kinds; nothing when there is none of that name and kind.
  std::optional<Memory> memory(std::string_view name = "memory") const;
  std::optional<Table> table(std::string_view name) const;
  std::optional<Global> global(std::string_view name) const;
  std::optional<Tag> tag(std::string_view name) const;
  /// Of any kind; nothing when there is none of that name.
  std::optional<Extern> get(std::string_view name) const;
  /// All of them, in the module's order.
  std::vector<Export> exports() const;

  /// What it is an instance of.
  Module module() const;

  friend bool operator==(const Instance&, const Instance&) = default;

 private:
  friend struct detail::Access;
  detail::StoreState* store_ = nullptr;
  void* instance_ = nullptr;
};

}  // namespace v0
}  // namespace ashlar
