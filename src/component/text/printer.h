// The component printer's state; inside src/component/text only.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "component/syntax.h"
#include "component/text/print.h"
#include "component/text/scope.h"
#include "text/print_names.h"
#include "text/print_types.h"

namespace ashlar::component {

/// What has been printed of a component or type so far: how many items of each sort there are, and what they are
/// called.
struct PrintScope {
  explicit PrintScope(PrintScope* parent) : parent(parent) {}

  PrintScope* parent;
  std::array<uint32_t, kSpaceCount> counts{};
  std::array<module::NameMap::Names, kSpaceCount> names;
  /// Of the items that are defined; nothing may refer to an identifier before.
  std::array<text::Idents, kSpaceCount> idents;
  std::array<text::Idents, kSpaceCount> later;                     ///< of those that are still to come
  std::array<std::map<uint32_t, std::string>, kSpaceCount> hints;  ///< for comments, of items without identifier
};

class ComponentPrinter {
 public:
  explicit ComponentPrinter(const text::PrintOptions& options) : options_(options) {}

  /// The whole component.
  Status print(const Component& component);
  /// Its definitions, one text each.
  Result<std::vector<std::string>> print_each(const Component& component);
  std::string take() { return std::move(out_); }

 private:
  friend struct DefinitionPrinter;
  friend struct DeclPrinter;
  friend struct CoreDeclPrinter;
  friend struct ValueTypePrinter;

  // Lines, names, references (print.cc).
  Status definitions(const Component& component, std::vector<std::string>* each);
  Status nested_component(const Component& inner);
  Status core_module(const CoreModuleDef& module);
  Status core_fields(const module::Module& m, size_t from);
  Status custom(const CustomSection& section);
  Status start(const StartDef& def);
  void value(const ValueDef& def);
  Status check_size() const;
  Status unprintable(std::string what) const;
  void name_items(PrintScope& scope, const Component& component) const;
  void line();
  void bytes(std::span<const uint8_t> bytes);
  void string(std::string_view text) { text::append_string(out_, text, true); }
  void extern_name(const ExternName& name);
  /// " $id (;index;)" of the next item of a sort.
  void define(const AnySort& sort);
  /// Counts it: from here on it may be referred to.
  void add(const AnySort& sort, std::string_view hint = {});
  /// "$id", or the index and maybe a comment.
  void ref(const AnySort& sort, uint32_t index) { ref_in(*scope_, sort, index); }
  void ref_in(const PrintScope& scope, const AnySort& sort, uint32_t index);
  /// "(func $id)"
  void sort_ref(const AnySort& sort, uint32_t index);
  /// " (keyword $id)", when there is an index.
  void option(std::string_view keyword, const AnySort& sort, const std::optional<uint32_t>& index);
  /// What the name section calls the next item of a sort.
  std::optional<std::string_view> next_name(const AnySort& sort) const;
  void own_name(std::optional<std::string_view> outer, std::optional<std::string_view> inner);

  // Instances, aliases, imports and exports, canonical definitions (print_items.cc).
  void core_instance(const CoreInstanceDef& def);
  void instance(const InstanceDef& def);
  void alias(const AliasDef& def);
  void import(const ImportDef& def);
  void export_def(const ExportDef& def);
  /// "(func $id (type 0))"; `defines`: with the next item's identifier.
  void extern_desc(const ExternDesc& desc, bool defines);
  Status canon(const CanonDef& def);
  Status canon_immediates(const CanonDef& def);
  void canon_opts(const CanonOpts& opts);

  // Types (print_types.cc).
  void core_type(const CoreTypeDef& def, bool in_module_type);
  void module_type(const CoreModuleType& type);
  void core_extern(const CoreExternType& type);
  void type(const TypeDef& def);
  void type_ref(const TypeRef& type);
  void decls(const std::vector<TypeDecl>& decls);

  const text::PrintOptions options_;
  std::string out_;
  PrintScope* scope_ = nullptr;
  uint32_t depth_ = 0;
  bool shallow_ = false;
};

}  // namespace ashlar::component
