// The component parser's state; inside src/component/text only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "component/syntax.h"
#include "component/text/parse.h"
#include "component/text/scope.h"
#include "text/source.h"
#include "text/type_parser.h"

namespace ashlar::component {

using text::Lexer;
using text::Token;
using text::TokenKind;

/// "$id"? "(@name ...)"? of a definition.
struct Ident {
  Token token;  ///< of kind Id when there is one
  std::optional<std::string_view> annotation;
  /// Of components and core modules: their own name when it is another, or none.
  struct OwnName {
    std::optional<std::string_view> name;
  };
  std::optional<OwnName> own_name;
};

/// Parses one component in one pass. A definition is added to its scope when it has been read, so whatever its parts
/// abbreviate stands in front of it; its identifier is bound after it.
class ComponentParser : private text::TypeParser {
 public:
  ComponentParser(const text::Source& source, const ParseOptions& options)
      : TypeParser(source), options_(options), lines_(source) {}
  /// Either the component, or the bytes of "(component binary ...)".
  struct Output {
    std::unique_ptr<Component> component;
    std::optional<std::vector<uint8_t>> binary;
  };
  Result<Output> parse();

 private:
  // Scopes and identifiers (parse.cc).
  Result<Output> parse_strings_form(bool binary);
  Status open_nesting();
  Result<Ident> parse_ident();
  Status parse_own_name(Ident& ident);
  /// What a component or core module calls itself: what is written in it, or its identifier when that is wanted.
  std::optional<std::string_view> own_name(const Ident& ident);
  std::string_view ident_id(const Ident& ident) { return ident.token.is(TokenKind::Id) ? id_text(ident.token) : ""; }
  /// Gives what was just defined its index and binds its identifier.
  Result<uint32_t> bind_new(const AnySort& sort, const Ident& ident);
  template <class Def>
  void emit(Def def);
  Result<uint32_t> lookup(const AnySort& sort, const Token& token);
  Result<uint32_t> parse_idx(const AnySort& sort);
  bool looks_at_type_use() const;
  bool looks_at_inline(std::string_view keyword) const;
  bool looks_at_inline_alias() const;
  bool is_keyword(std::string_view) const override { return true; }
  Result<uint32_t> parse_type_index() override { return parse_idx(core_sort(CoreSort::Type)); }
  Status parse_field_id(module::TypeIdx type, uint32_t position) override;

  // Definitions (parse_definitions.cc).
  Status parse_definitions(TextScope& scope);
  Status parse_definition();
  Status parse_core_definition();
  Status parse_component_def();
  Status parse_core_module();
  Result<std::string_view> skip_text();
  Result<std::vector<uint8_t>> parse_module_bytes(const Ident& ident);
  Status parse_type_definition();
  Status parse_import();
  Status parse_export();
  Status parse_start();
  Status parse_value();
  Status parse_value_literal(PrimType type, std::vector<uint8_t>& out);
  Status parse_custom();
  Result<std::vector<ExternName>> parse_inline_exports();
  Status finish_definition(const AnySort& sort, const Ident& ident, const std::vector<ExternName>& exports);
  Result<std::string> parse_text_name();
  Result<ExternName> parse_extern_name();
  Status parse_attributes(ExternName& out);
  Result<std::optional<ExternName>> parse_inline_import();

  // Instances, aliases and references (parse_instances.cc).
  Status parse_core_instance();
  Result<CoreInstanceDef> parse_core_instance_expr();
  Result<std::vector<CoreInlineExport>> parse_core_inline_exports();
  Status parse_instance();
  Result<InstanceDef> parse_instance_expr();
  Result<std::vector<InlineExport>> parse_inline_export_list();
  Result<SortIdx> parse_instantiate_arg();
  Status parse_alias();
  Result<AliasDef> parse_alias_target();
  /// "(alias export $i "name")" of a definition; the sort is the definition's.
  Result<AliasDef> parse_inline_alias(const AnySort& sort);
  Status parse_outer_target(OuterAlias& out, const Token& count, const Token& item);
  Result<AnySort> parse_sort();
  Result<CoreSort> parse_core_sort();
  Result<SortIdx> parse_any_ref();
  Result<CoreSortIdx> parse_core_ref();
  /// An index, or "(sort index "name"*)" with or without the core prefix.
  Result<uint32_t> parse_ref(const AnySort& sort);
  /// An index and names: exports of instances, which are aliased.
  Result<uint32_t> parse_ref_tail(const AnySort& sort);

  // Types (parse_types.cc).
  Result<TypeDef> parse_def_type(std::string_view id);
  Result<std::optional<TypeDef>> parse_value_type_def();
  Result<TypeRef> parse_val_ref();
  Result<std::optional<TypeRef>> parse_optional_val_ref();
  Result<TypeDef> parse_variant();
  Result<TypeDef> parse_result();
  Result<std::vector<LabelType>> parse_labelled(std::string_view keyword);
  Result<std::vector<std::string>> parse_labels();
  Result<FuncTypeDef> parse_func_type();
  Result<TypeDef> parse_resource();
  Result<std::vector<TypeDecl>> parse_decls(TextScope::Kind kind, std::string_view id);
  Status parse_decl();
  Result<uint32_t> add_type(TypeDef type);
  Result<uint32_t> parse_type_use(const AnySort& sort);
  /// "(sort $id? ...)" of imports and exports.
  Status parse_extern_desc(ExternDesc& out, Ident& ident);

  // Core types (parse_core_types.cc).
  Status parse_core_type();
  struct GroupMembers {
    std::vector<module::SubType> types;
    std::vector<Ident> idents;
  };
  Status parse_core_group(bool is_rec);
  Result<GroupMembers> parse_group_members(bool is_rec, uint32_t first);
  Result<std::vector<Token>> bind_group_ids(bool is_rec, uint32_t first);
  Result<CoreModuleType> parse_module_type(std::string_view id);
  Status parse_module_decl();
  Status parse_core_extern(CoreExternType& out);
  Result<uint32_t> parse_core_type_use();
  Result<uint32_t> parse_module_type_use();

  // Canonical definitions (parse_canon.cc).
  Status parse_func();
  Status parse_core_func();
  Status parse_canon();
  Result<CanonOp> parse_canon_op();
  Status parse_canon_immediates(CanonDef& out);
  Status parse_canon_opts(CanonOpts& out);
  Status parse_canon_opt(CanonOpts& out, bool& found);
  Status parse_index_option(std::optional<uint32_t>& out, const AnySort& sort);

  const ParseOptions options_;
  text::LineTable lines_;
  TextScope* scope_ = nullptr;
  uint32_t nesting_ = 0;
};

/// Changes the parser's scope while it lives.
class ScopeGuard {
 public:
  ScopeGuard(TextScope*& current, TextScope& scope) : current_(current), before_(current) { current = &scope; }
  ~ScopeGuard() { current_ = before_; }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  TextScope*& current_;
  TextScope* before_;
};

/// Adds a definition to the current scope. Component scopes take any; types only what a declaration can be, and the
/// callers see to it.
template <class Def>
void ComponentParser::emit(Def def) {
  if (scope_->component != nullptr) {
    scope_->component->defs.push_back({std::move(def), 0});
    return;
  }
  if constexpr (std::is_same_v<Def, TypeDef>) {
    scope_->decls->push_back({std::make_unique<TypeDef>(std::move(def)), 0});
  } else if constexpr (std::is_same_v<Def, CoreTypeDef>) {
    auto owned = std::make_unique<CoreTypeDef>(std::move(def));
    if (scope_->module != nullptr) {
      scope_->module->decls.push_back({std::move(owned), 0});
    } else {
      scope_->decls->push_back({std::move(owned), 0});
    }
  } else if constexpr (std::is_same_v<Def, AliasDef>) {
    if (scope_->module != nullptr) {
      const OuterAlias& outer = std::get<OuterAlias>(def.target);  // module types have no instances
      scope_->module->decls.push_back({CoreOuterAlias{outer.count, outer.index}, 0});
    } else {
      scope_->decls->push_back({std::move(def), 0});
    }
  } else if constexpr (std::is_same_v<Def, ImportDef>) {
    scope_->decls->push_back({std::move(def), 0});
  }
}

/// Counts nesting while it lives.
class NestingGuard {
 public:
  explicit NestingGuard(uint32_t& depth) : depth_(depth) { ++depth_; }
  ~NestingGuard() { --depth_; }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;

 private:
  uint32_t& depth_;
};

}  // namespace ashlar::component
