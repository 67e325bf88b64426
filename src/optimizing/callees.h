// What can be said of functions that are called, before anything is translated: which ones stand in method tables,
// which return at once as soon as they have run, and which end in calls.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "isa/features.h"
#include "module/module.h"

namespace ashlar::optimizing {

/// Reads the module once; afterwards any thread may ask.
class Callees {
 public:
  /// Compilers of object-oriented languages make method tables of immutable globals: structs of function references,
  /// in other structs perhaps.
  explicit Callees(const module::Module& m);

  /// The functions that global initializers put into field `field` of structs of this type and its subtypes: those of
  /// most structs first, at most kMost; empty when there are more, or none. Others may get there otherwise.
  std::span<const module::FuncIdx> of_field(module::TypeIdx type, uint32_t field) const;

  /// The functions of this type that the module can make references to, if they are at most kMost.
  std::span<const module::FuncIdx> of_type(module::TypeIdx type) const;

  static constexpr size_t kMost = 4;

 private:
  struct Seen {
    module::FuncIdx func;
    uint32_t times;
  };
  void read(const module::ConstExpr& init);
  void note(module::TypeIdx type, std::span<const module::FuncIdx> fields);
  void add(module::TypeIdx type, uint32_t field, module::FuncIdx f);

  const module::Module& m_;
  std::vector<module::FuncIdx> stack_;  ///< kNoIndex: no function
  std::map<std::pair<module::TypeIdx, uint32_t>, std::vector<Seen>> seen_;
  std::map<std::pair<module::TypeIdx, uint32_t>, std::vector<module::FuncIdx>> chosen_;
  std::map<uint32_t, std::vector<module::FuncIdx>> by_type_;  ///< canonical
};

/// The i32 global that makes function f, which has no parameters and no results, return before it has done anything
/// when it is not zero: lazy initializers are such functions. Nothing for others.
std::optional<module::GlobalIdx> done_flag(const module::Module& m, module::FuncIdx f, isa::Features features);

/// Whether function f, which the module defines, has tail calls.
bool has_tail_calls(const module::Module& m, module::FuncIdx f, isa::Features features);

}  // namespace ashlar::optimizing
