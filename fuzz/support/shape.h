// What a generated module declares: types, functions, tables, memories, globals, tags and segments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "isa/op.h"
#include "module/types.h"
#include "support/choices.h"
#include "support/generate.h"

namespace ashlar::fuzz {

using isa::AbsHeap;
using isa::HeapType;
using isa::ValType;
using module::CompositeKind;
using module::FuncType;
using module::SubType;
using Bytes = std::vector<uint8_t>;
using Types = std::vector<ValType>;

inline constexpr uint32_t kMixFunc = 0;  ///< the import
inline constexpr uint32_t kFuelGlobal = 0;

struct TableShape {
  ValType elem;
  bool is64;
  uint32_t min, max;
};
struct MemoryShape {
  bool is64;
  bool shared;
  uint32_t min, max;  ///< pages
};
struct GlobalShape {
  ValType type;
  bool mut;
  Bytes init;  ///< with its end
};
struct ElemShape {
  ValType type;
  std::vector<Bytes> inits;
};

/// The declarations. Table 0 holds functions: element i is function i % funcs.size(), and the last two are null. Other
/// segments are passive.
class Shape {
 public:
  Shape(Choices& in, const GenerateOptions& options);

  /// The index of a function type, added when new.
  uint32_t intern(const FuncType& type);
  const FuncType& func_type(uint32_t func) const { return types[funcs[func]].func; }
  bool matches(ValType sub, ValType super) const;
  /// A type that a value can always be made of.
  ValType value_type(Choices& in) const;
  /// The same, but one that locals, fields and globals can have without an initial value.
  ValType default_type(Choices& in) const;
  ValType number_type(Choices& in) const;
  bool has_non_null(HeapType heap) const;
  /// Types below `heap` of that kind.
  std::vector<uint32_t> types_below(HeapType heap, CompositeKind kind) const;

  /// The module with these bodies (locals and code), one a defined function.
  Bytes encode(const std::vector<Bytes>& bodies) const;

  const GenerateOptions& options;
  std::vector<SubType> types;
  uint32_t gc_types = 0;        ///< the first of `types`: structs and arrays
  bool one_group = false;       ///< those are one recursion group
  std::vector<uint32_t> funcs;  ///< type of each
  std::vector<TableShape> tables;
  std::vector<MemoryShape> memories;
  std::vector<GlobalShape> globals;
  std::vector<uint32_t> tags;  ///< type of each
  std::vector<ElemShape> elems;
  std::vector<Bytes> datas;

 private:
  void make_gc_types(Choices& in);
  void make_pool();
  void make_funcs(Choices& in);
  void make_tables(Choices& in);
  void make_memories(Choices& in);
  void make_globals(Choices& in);
  void make_segments(Choices& in);
  isa::FieldType field(Choices& in, uint32_t known) const;
  isa::FieldType object_field(Choices& in, uint32_t known) const;
  Bytes type_section() const;
  Bytes export_section() const;
  Bytes elem_section() const;

  Types refs_;  ///< nullable reference types
};

// Encoding of pieces, shared with bodies.
void append_type(Bytes& out, ValType type);
void append_heap(Bytes& out, HeapType heap);
void append_op(Bytes& out, isa::Op op);
/// A constant instruction, or the null, of a number, vector or nullable reference type.
void append_const(Bytes& out, ValType type, Choices& in);

}  // namespace ashlar::fuzz
