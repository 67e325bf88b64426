// Writes types of the core language as text, of modules and of components.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "module/types.h"
#include "text/print_names.h"

namespace ashlar::text {

/// "func", "table": the keyword of imports and exports.
std::string_view extern_keyword(module::ExternKind kind);

class TypePrinter {
 public:
  /// `types`: identifiers of the types that an index can mean; must outlive this.
  explicit TypePrinter(const Idents& types) : types_(types) {}

  void val_type(std::string& out, isa::ValType type) const;
  void heap_type(std::string& out, isa::HeapType type) const;
  /// " (param i32) (result i32)"; parameters with identifiers when given.
  void signature(std::string& out, const module::FuncType& type, const Idents* params) const;
  void value_list(std::string& out, std::string_view keyword, std::span<const isa::ValType> types) const;
  /// "(sub final $a (struct ...))"; `fields`: identifiers of them, or null.
  void sub_type(std::string& out, const module::SubType& type, const Idents* fields, bool annotations) const;
  // Behind the keyword, with a space in front: " i64 1 2 funcref".
  void memory_type(std::string& out, const module::MemoryType& type) const;
  void table_type(std::string& out, const module::TableType& type) const;
  void global_type(std::string& out, const module::GlobalType& type) const;

 private:
  void fields(std::string& out, const module::SubType& type, const Idents* names, bool annotations) const;

  const Idents& types_;
};

}  // namespace ashlar::text
