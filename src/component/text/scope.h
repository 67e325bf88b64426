// Index spaces and identifiers while a component's text is parsed; inside src/component/text only.
#pragma once

#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "component/syntax.h"
#include "text/type_parser.h"

namespace ashlar::component {

/// An index space for each sort.
inline constexpr size_t kSpaceCount = 13;
size_t space_index(const AnySort& sort);
/// "core func", "instance"; for messages.
std::string_view sort_text(const AnySort& sort);

inline constexpr AnySort core_sort(CoreSort sort) { return {Sort::Core, sort}; }

/// Where definitions go and what their identifiers mean: a component, or a component, instance or core module type.
struct TextScope {
  enum class Kind : uint8_t { Component, ComponentType, InstanceType, ModuleType };

  TextScope(Kind kind, TextScope* parent, std::string_view id);
  text::IdSpace& space(const AnySort& sort) { return spaces[space_index(sort)]; }

  Kind kind;
  TextScope* parent;
  std::string_view id;  ///< for outer aliases; empty: none
  std::array<text::IdSpace, kSpaceCount> spaces;
  // Where definitions go: one of them, as the kind says.
  Component* component = nullptr;
  std::vector<TypeDecl>* decls = nullptr;
  CoreModuleType* module = nullptr;
  std::vector<ExportDef> inline_exports;  ///< components: (func (export "x") ...) and such, for the end
  /// Module types: their function types by what they are, for inline ones.
  std::map<std::vector<uint8_t>, uint32_t> func_types;
};

}  // namespace ashlar::component
