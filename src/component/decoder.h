// The decoder's state; its member functions are spread over decode.cc, decode_types.cc and decode_items.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "binary/entity_reader.h"
#include "component/decode.h"

namespace ashlar::component {

/// Section ids of a component (Binary.md, component definitions).
enum class Section : uint8_t {
  Custom = 0,
  CoreModule = 1,
  CoreInstance = 2,
  CoreType = 3,
  Component = 4,
  Instance = 5,
  Alias = 6,
  Type = 7,
  Canon = 8,
  Start = 9,
  Import = 10,
  Export = 11,
  Value = 12,
};
inline constexpr uint8_t kSectionCount = 13;

/// Decodes section by section. Every read is bounded by the whole binary, not by its section or component: an end is
/// checked when the contents have been read. Nesting is bounded, so recursion is. Errors stick in `in_`.
class Decoder : binary::EntityReader {
 public:
  Decoder(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage, const DecodeOptions& options)
      : EntityReader(bytes, options.features, options.core_limits),
        bytes_(bytes),
        storage_(std::move(storage)),
        component_limits_(options.limits),
        wants_names_(options.names) {}

  Result<std::unique_ptr<Component>> run();

 private:
  /// One level more of nesting while it lives.
  class Nested {
   public:
    explicit Nested(Decoder& d);
    ~Nested() { --d_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Decoder& d_;
  };

  // decode.cc
  void component(Component& out, size_t end);
  void preamble();
  void section(Component& out, Section id, size_t end);
  void custom_section(Component& out, size_t at, size_t end);
  void nested_component(Component& out, size_t at, size_t end);
  bool names(Component& out, size_t at, size_t end);
  /// So many entries follow: checked against the bytes left and the budget of the whole binary.
  uint32_t items(std::string_view what);
  template <class Item>
  void each(Component& out, std::string_view what, Item item);
  template <class Item>
  auto list(std::string_view what, Item item) -> std::vector<decltype(item())>;
  std::string text();
  bool flag(std::string_view what);
  void malformed(std::string_view what, size_t at, uint8_t byte);

  // decode_types.cc
  CoreTypeDef core_type();
  CoreTypeDef core_rec_type();
  CoreModuleType core_module_type();
  CoreModuleDecl core_module_decl();
  CoreExternType core_extern_type();
  TypeDef type();
  void value_type(TypeDef& out, uint8_t code, size_t at);
  TypeRef type_ref();
  std::optional<TypeRef> optional_type_ref(std::string_view what);
  LabelType label_type();
  CaseType case_type();
  FuncTypeDef func_type(bool async);
  std::optional<TypeRef> result_list();
  ResourceTypeDef resource_type();
  std::vector<TypeDecl> type_decls(bool imports);
  TypeDecl type_decl(bool imports);
  ExternDesc extern_desc();

  // decode_items.cc
  CoreSort core_sort();
  AnySort sort();
  SortIdx sort_idx();
  CoreSortIdx core_sort_idx();
  ExternName extern_name();
  void attribute(ExternName& out);
  CoreInstanceDef core_instance();
  InstanceDef instance();
  AliasDef alias();
  CanonDef canon();
  void canon_immediates(CanonDef& out, size_t at);
  CanonOpts canon_opts();
  void canon_opt(CanonOpts& out);
  StartDef start();
  ImportDef import();
  ExportDef export_def();
  ValueDef value();

  const std::span<const uint8_t> bytes_;
  const std::shared_ptr<const void> storage_;
  const ComponentLimits& component_limits_;
  const bool wants_names_;
  uint32_t depth_ = 0;
  uint32_t items_ = 0;  ///< so far
};

template <class Item>
auto Decoder::list(std::string_view what, Item item) -> std::vector<decltype(item())> {
  std::vector<decltype(item())> out;
  const uint32_t n = items(what);
  out.reserve(std::min<uint32_t>(n, 1024));  // more only for entries that are there
  for (uint32_t i = 0; i < n && in_.ok(); ++i) out.push_back(item());
  return out;
}

}  // namespace ashlar::component
