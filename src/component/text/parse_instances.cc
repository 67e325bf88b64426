// Instances, aliases, and references to items with the aliases that they abbreviate.
#include "component/text/parser.h"

namespace ashlar::component {

Result<CoreSort> ComponentParser::parse_core_sort() {
  struct Row {
    std::string_view text;
    CoreSort sort;
  };
  constexpr Row kRows[] = {{"func", CoreSort::Func},     {"table", CoreSort::Table},      {"memory", CoreSort::Memory},
                           {"global", CoreSort::Global}, {"tag", CoreSort::Tag},          {"type", CoreSort::Type},
                           {"module", CoreSort::Module}, {"instance", CoreSort::Instance}};
  for (const Row& row : kRows) {
    if (!cur_.is_keyword(row.text)) continue;
    TRY(advance());
    return row.sort;
  }
  return unexpected(cur_, "a core sort");
}

Result<AnySort> ComponentParser::parse_sort() {
  struct Row {
    std::string_view text;
    Sort sort;
  };
  constexpr Row kRows[] = {{"func", Sort::Func},
                           {"value", Sort::Value},
                           {"type", Sort::Type},
                           {"component", Sort::Component},
                           {"instance", Sort::Instance}};
  if (cur_.is_keyword("core")) {
    TRY(advance());
    TRY_ASSIGN(const CoreSort core, parse_core_sort());
    return core_sort(core);
  }
  for (const Row& row : kRows) {
    if (!cur_.is_keyword(row.text)) continue;
    TRY(advance());
    return AnySort{row.sort, {}};
  }
  return unexpected(cur_, "a sort");
}

// --- References. ---

Result<uint32_t> ComponentParser::parse_ref_tail(const AnySort& sort) {
  if (!at_index()) return unexpected(cur_, std::string(sort_text(sort)) + " index");
  if (!nxt_.is(TokenKind::String)) return parse_idx(sort);
  if (scope_->module != nullptr) return unexpected(nxt_, ")");
  // Of core sorts, types do not come out of instances, and modules only out of component instances.
  const bool is_core = sort.sort == Sort::Core && sort.core != CoreSort::Module && sort.core != CoreSort::Type;
  AnySort instance_sort{Sort::Instance, {}};
  if (is_core) instance_sort = core_sort(CoreSort::Instance);
  TRY_ASSIGN(uint32_t item, parse_idx(instance_sort));
  while (at(TokenKind::String)) {
    TRY_ASSIGN(std::string name, parse_text_name());
    const AnySort found = at(TokenKind::String) ? instance_sort : sort;
    if (is_core) {
      emit(AliasDef{CoreExportAlias{found.core, item, std::move(name)}});
    } else {
      emit(AliasDef{ExportAlias{found, item, std::move(name)}});
    }
    item = scope_->space(found).count++;
  }
  return item;
}

Result<uint32_t> ComponentParser::parse_ref(const AnySort& sort) {
  if (!at(TokenKind::LParen)) return parse_ref_tail(sort);
  TRY(advance());
  const Token keyword = cur_;
  AnySort given;
  if (sort.sort == Sort::Core && !cur_.is_keyword("core")) {
    TRY_ASSIGN(const CoreSort core, parse_core_sort());
    given = core_sort(core);
  } else {
    TRY_ASSIGN(given, parse_sort());
  }
  if (space_index(given) != space_index(sort)) return unexpected(keyword, sort_text(sort));
  TRY_ASSIGN(const uint32_t index, parse_ref_tail(sort));
  TRY(expect(TokenKind::RParen));
  return index;
}

// (sort index "name"*)
Result<SortIdx> ComponentParser::parse_any_ref() {
  if (!at(TokenKind::LParen)) return unexpected(cur_, "(");
  TRY(advance());
  SortIdx out;
  TRY_ASSIGN(out.sort, parse_sort());
  TRY_ASSIGN(out.index, parse_ref_tail(out.sort));
  TRY(expect(TokenKind::RParen));
  return out;
}

Result<CoreSortIdx> ComponentParser::parse_core_ref() {
  if (!at(TokenKind::LParen)) return unexpected(cur_, "(");
  TRY(advance());
  if (cur_.is_keyword("core")) TRY(advance());
  CoreSortIdx out;
  TRY_ASSIGN(out.sort, parse_core_sort());
  TRY_ASSIGN(out.index, parse_ref_tail(core_sort(out.sort)));
  TRY(expect(TokenKind::RParen));
  return out;
}

// --- Core instances. ---

// At the word "instance".
Status ComponentParser::parse_core_instance() {
  TRY(advance());
  TRY_ASSIGN(const Ident ident, parse_ident());
  TRY_ASSIGN(CoreInstanceDef def, parse_core_instance_expr());
  TRY(expect(TokenKind::RParen));
  emit(std::move(def));
  TRY(bind_new(core_sort(CoreSort::Instance), ident));
  return {};
}

Result<CoreInstanceDef> ComponentParser::parse_core_instance_expr() {
  if (!at_open("instantiate")) {
    TRY_ASSIGN(std::vector<CoreInlineExport> exports, parse_core_inline_exports());
    return CoreInstanceDef{std::move(exports)};
  }
  TRY(enter("instantiate"));
  CoreInstanceDef::Instantiate out;
  TRY_ASSIGN(out.module, parse_ref(core_sort(CoreSort::Module)));
  while (at_open("with")) {
    TRY(enter("with"));
    CoreInstantiateArg arg;
    TRY_ASSIGN(arg.name, parse_text_name());
    arg.item.sort = CoreSort::Instance;
    if (at_open("core")) {
      TRY_ASSIGN(arg.item, parse_core_ref());
    } else {
      TRY(enter("instance"));
      if (at_index()) {
        TRY_ASSIGN(arg.item.index, parse_idx(core_sort(CoreSort::Instance)));
      } else {
        TRY_ASSIGN(std::vector<CoreInlineExport> exports, parse_core_inline_exports());
        emit(CoreInstanceDef{std::move(exports)});
        arg.item.index = scope_->space(core_sort(CoreSort::Instance)).count++;
      }
      TRY(expect(TokenKind::RParen));
    }
    TRY(expect(TokenKind::RParen));
    out.args.push_back(std::move(arg));
  }
  TRY(expect(TokenKind::RParen));
  return CoreInstanceDef{std::move(out)};
}

Result<std::vector<CoreInlineExport>> ComponentParser::parse_core_inline_exports() {
  std::vector<CoreInlineExport> out;
  while (at(TokenKind::LParen)) {
    TRY(enter("export"));
    CoreInlineExport item;
    TRY_ASSIGN(item.name, parse_text_name());
    TRY_ASSIGN(item.item, parse_core_ref());
    TRY(expect(TokenKind::RParen));
    out.push_back(std::move(item));
  }
  return out;
}

// --- Instances. ---

Status ComponentParser::parse_instance() {
  TRY(enter("instance"));
  TRY_ASSIGN(const Ident ident, parse_ident());
  constexpr AnySort kSort{Sort::Instance, {}};
  TRY_ASSIGN(const std::vector<ExternName> exports, parse_inline_exports());
  TRY_ASSIGN(std::optional<ExternName> import, parse_inline_import());
  if (import) {
    TRY_ASSIGN(const uint32_t type, parse_type_use(kSort));
    emit(ImportDef{std::move(*import), {.sort = kSort, .type = type, .value_type = {}}});
  } else if (at_open("alias")) {
    TRY_ASSIGN(AliasDef alias, parse_inline_alias(kSort));
    emit(std::move(alias));
  } else {
    TRY_ASSIGN(InstanceDef def, parse_instance_expr());
    emit(std::move(def));
  }
  TRY(expect(TokenKind::RParen));
  return finish_definition(kSort, ident, exports);
}

Result<InstanceDef> ComponentParser::parse_instance_expr() {
  if (!at_open("instantiate")) {
    TRY_ASSIGN(std::vector<InlineExport> exports, parse_inline_export_list());
    return InstanceDef{std::move(exports)};
  }
  TRY(enter("instantiate"));
  InstanceDef::Instantiate out;
  TRY_ASSIGN(out.component, parse_ref({Sort::Component, {}}));
  while (at_open("with")) {
    TRY(enter("with"));
    InstantiateArg arg;
    TRY_ASSIGN(arg.name, parse_text_name());
    TRY_ASSIGN(arg.item, parse_instantiate_arg());
    TRY(expect(TokenKind::RParen));
    out.args.push_back(std::move(arg));
  }
  TRY(expect(TokenKind::RParen));
  return InstanceDef{std::move(out)};
}

// (sort index "name"*), or an instance made for it: (instance (export ...)*)
Result<SortIdx> ComponentParser::parse_instantiate_arg() {
  if (!at_open("instance")) return parse_any_ref();
  TRY(enter("instance"));
  SortIdx out{{Sort::Instance, {}}, 0};
  if (at_index()) {
    TRY_ASSIGN(out.index, parse_ref_tail(out.sort));
  } else {
    TRY_ASSIGN(std::vector<InlineExport> exports, parse_inline_export_list());
    emit(InstanceDef{std::move(exports)});
    out.index = scope_->space(out.sort).count++;
  }
  TRY(expect(TokenKind::RParen));
  return out;
}

Result<std::vector<InlineExport>> ComponentParser::parse_inline_export_list() {
  std::vector<InlineExport> out;
  while (at(TokenKind::LParen)) {
    TRY(enter("export"));
    InlineExport item;
    TRY_ASSIGN(item.name, parse_extern_name());
    TRY_ASSIGN(item.item, parse_any_ref());
    TRY(expect(TokenKind::RParen));
    out.push_back(std::move(item));
  }
  return out;
}

// --- Aliases. ---

Status ComponentParser::parse_alias() {
  TRY(enter("alias"));
  const Token form = cur_;
  AliasDef alias;
  const auto named = [&](const AnySort& instance, uint32_t& index, std::string& name) -> Status {
    TRY(advance());
    TRY_ASSIGN(index, parse_idx(instance));
    TRY_ASSIGN(name, parse_text_name());
    return {};
  };
  Token count, item;
  if (cur_.is_keyword("export") && scope_->module == nullptr) {
    ExportAlias& target = alias.target.emplace<ExportAlias>();
    TRY(named({Sort::Instance, {}}, target.instance, target.name));
  } else if (cur_.is_keyword("core") && scope_->module == nullptr) {
    TRY(advance());
    if (!cur_.is_keyword("export")) return unexpected(cur_, "export");
    CoreExportAlias& target = alias.target.emplace<CoreExportAlias>();
    TRY(named(core_sort(CoreSort::Instance), target.instance, target.name));
  } else if (cur_.is_keyword("outer")) {
    alias.target = OuterAlias{};
    TRY(advance());
    for (Token* token : {&count, &item}) {
      *token = cur_;
      if (!at_index()) return unexpected(cur_, "an index");
      TRY(advance());
    }
  } else {
    return unexpected(form, "export, core export or outer");
  }
  if (!at(TokenKind::LParen)) return unexpected(cur_, "(");
  TRY(advance());
  AnySort sort;
  const bool is_core = scope_->module != nullptr || std::holds_alternative<CoreExportAlias>(alias.target);
  if (is_core && !cur_.is_keyword("core")) {
    TRY_ASSIGN(const CoreSort core, parse_core_sort());
    sort = core_sort(core);
  } else {
    TRY_ASSIGN(sort, parse_sort());
  }
  if (auto* target = std::get_if<ExportAlias>(&alias.target)) target->sort = sort;
  if (auto* target = std::get_if<CoreExportAlias>(&alias.target)) {
    if (sort.sort != Sort::Core) return unexpected(form, "export");
    target->sort = sort.core;
  }
  if (auto* target = std::get_if<OuterAlias>(&alias.target)) {
    target->sort = sort;
    if (scope_->module != nullptr && sort.core != CoreSort::Type) return unexpected(form, "an alias of a type");
    TRY(parse_outer_target(*target, count, item));
  }
  TRY_ASSIGN(const Ident ident, parse_ident());
  TRY(expect(TokenKind::RParen));
  TRY(expect(TokenKind::RParen));
  emit(std::move(alias));
  TRY(bind_new(sort, ident));
  return {};
}

// `count`: how many scopes out, or a scope's identifier; `item`: of that scope.
Status ComponentParser::parse_outer_target(OuterAlias& out, const Token& count, const Token& item) {
  TextScope* scope = scope_;
  if (count.is(TokenKind::Id)) {
    const std::string_view id = id_text(count);
    while (scope != nullptr && scope->id != id) {
      scope = scope->parent;
      ++out.count;
    }
    if (scope == nullptr) return fail(count.offset, ErrorCode::text_unknown_id, "outer scope", std::string(id));
  } else {
    TRY_ASSIGN(out.count, resolve(scope_->space(out.sort), count));
    for (uint32_t i = 0; i < out.count && scope != nullptr; ++i) scope = scope->parent;
  }
  if (scope == nullptr && item.is(TokenKind::Id)) {
    return fail(count.offset, ErrorCode::text_outer_count, std::to_string(out.count));
  }
  TRY_ASSIGN(out.index, resolve((scope == nullptr ? scope_ : scope)->space(out.sort), item));
  return {};
}

Result<AliasDef> ComponentParser::parse_inline_alias(const AnySort& sort) {
  TRY(enter("alias"));
  const bool is_core = cur_.is_keyword("core");
  if (is_core) TRY(advance());
  if (!cur_.is_keyword("export")) return unexpected(cur_, "export");
  TRY(advance());
  const bool of_core_instance = is_core || (sort.sort == Sort::Core && sort.core != CoreSort::Module);
  AnySort instance_sort{Sort::Instance, {}};
  if (of_core_instance) instance_sort = core_sort(CoreSort::Instance);
  TRY_ASSIGN(const uint32_t instance, parse_idx(instance_sort));
  TRY_ASSIGN(std::string name, parse_text_name());
  TRY(expect(TokenKind::RParen));
  if (of_core_instance) {
    if (sort.sort != Sort::Core) return unexpected(cur_, "an alias of an instance's export");
    return AliasDef{CoreExportAlias{sort.core, instance, std::move(name)}};
  }
  return AliasDef{ExportAlias{sort, instance, std::move(name)}};
}

}  // namespace ashlar::component
