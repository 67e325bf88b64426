// Writes core modules that the component layer makes: function bodies instruction by instruction, and the sections
// around them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "component/types.h"
#include "isa/op.h"

namespace ashlar::component {

/// One function body. Locals begin with the parameters.
class CodeWriter {
 public:
  explicit CodeWriter(const std::vector<FlatType>& params) : types_(params), params_(params.size()) {}

  /// A local of that type: one that was released, or a new one. What it holds is undefined.
  uint32_t local(FlatType type);
  /// One of a vector, zero at first. It has no FlatType and is not released.
  uint32_t vector();
  void release(uint32_t local) { free_.push_back(local); }
  FlatType type_of(uint32_t local) const { return types_[local]; }

  void op(isa::Op op);
  void op_index(isa::Op op, uint32_t index);                  ///< locals, globals, calls, labels
  void access(isa::Op op, uint32_t memory, uint32_t offset);  ///< a load or store, naturally aligned
  void i32(uint32_t value);
  void i64(uint64_t value);
  void get(uint32_t local) { op_index(isa::Op::local_get, local); }
  void set(uint32_t local) { op_index(isa::Op::local_set, local); }
  void tee(uint32_t local) { op_index(isa::Op::local_tee, local); }
  void call(uint32_t func) { op_index(isa::Op::call, func); }
  void block() { open(isa::Op::block); }
  void loop() { open(isa::Op::loop); }
  void if_() { open(isa::Op::if_); }
  void else_() { op(isa::Op::else_); }
  void end() { op(isa::Op::end); }
  void br(uint32_t depth) { op_index(isa::Op::br, depth); }
  void br_if(uint32_t depth) { op_index(isa::Op::br_if, depth); }
  /// Branches to label i for i < count, else to `otherwise`.
  void br_table(uint32_t count, uint32_t otherwise);
  void memory_size(uint32_t memory) { op_index(isa::Op::memory_size, memory); }
  void memory_copy(uint32_t to, uint32_t from);
  /// try_table without results whose only clause is a catch_all to that label.
  void try_catch_all(uint32_t label);

  /// The body's encoding: locals and instructions, with the last end.
  std::vector<uint8_t> finish() const;

 private:
  void open(isa::Op op);
  std::vector<FlatType> types_;
  size_t params_;
  std::vector<uint32_t> free_, vectors_;
  std::vector<uint8_t> code_;
};

/// A core module in the making. Imports come before functions.
class ModuleWriter {
 public:
  /// Index of the function type, one for each shape.
  uint32_t type(const std::vector<FlatType>& params, const std::vector<FlatType>& results);
  // Imports, each of the name that is given; they return indices of their index spaces.
  uint32_t import_func(std::string_view name, uint32_t type);
  uint32_t import_memory(std::string_view name);
  uint32_t import_global(std::string_view name);  ///< mutable i32
  /// A function that is exported by that name. Bodies follow in the same order.
  void declare(std::string_view name, uint32_t type);
  /// One that is not exported.
  void declare_inner(uint32_t type);
  /// Imported ones: defined functions follow.
  uint32_t imported_funcs() const { return funcs_; }
  void define(std::vector<uint8_t> body) { bodies_.push_back(std::move(body)); }
  std::vector<uint8_t> finish() const;

 private:
  struct Import {
    std::string name;
    uint8_t kind;
    uint32_t type;
  };
  std::vector<std::pair<std::vector<FlatType>, std::vector<FlatType>>> types_;
  std::vector<Import> imports_;
  uint32_t funcs_ = 0, memories_ = 0, globals_ = 0;
  std::vector<std::pair<std::optional<std::string>, uint32_t>> declared_;  ///< with the name of the export
  std::vector<std::vector<uint8_t>> bodies_;
};

}  // namespace ashlar::component
