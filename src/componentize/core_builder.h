// A core module in the making: a module model whose new bodies and expressions lie in bytes of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "component/types.h"
#include "module/module.h"

namespace ashlar::componentize {

/// The type of a core function of these flat types.
module::FuncType core_type(std::span<const component::FlatType> params, std::span<const component::FlatType> results);

/// Imports of functions come before defined functions. Each call returns the index of what it adds.
class CoreBuilder {
 public:
  /// What is made, to be read, and for what has no function here.
  module::Module& module() { return module_; }

  uint32_t type(const module::FuncType& type);
  uint32_t import_func(std::string_view from, std::string_view name, uint32_t type);
  void import_memory(std::string_view from, std::string_view name, module::MemoryType type);
  void import_table(std::string_view from, std::string_view name, module::TableType type);
  /// `body`: locals and instructions with the last end.
  uint32_t func(uint32_t type, std::span<const uint8_t> body);
  void table(module::TableType type);
  void global(module::GlobalType type, std::span<const uint8_t> init);
  void export_item(std::string_view name, module::ExternKind kind, uint32_t index);
  /// Functions into table 0 from its beginning.
  void fill_table(std::span<const uint32_t> funcs);
  module::ConstExpr expression(std::span<const uint8_t> bytes);
  std::vector<uint8_t> finish();

 private:
  std::string_view keep(std::string_view text) { return strings_.emplace_back(text); }
  uint32_t append(std::span<const uint8_t> bytes);
  void import(std::string_view from, std::string_view name, module::ExternKind kind, uint32_t index);

  module::Module module_;
  std::vector<uint8_t> bytes_;
  std::deque<std::string> strings_;
};

}  // namespace ashlar::componentize
