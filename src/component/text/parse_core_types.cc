// Core types inside components: recursion groups and module types.
#include "binary/type_writer.h"
#include "component/text/parser.h"

namespace ashlar::component {
namespace {

constexpr AnySort kCoreType = core_sort(CoreSort::Type);

std::vector<uint8_t> key_of(const module::SubType& type) {
  std::vector<uint8_t> out;
  binary::append_sub_type(out, type);
  return out;
}

}  // namespace

// At the word "type": (core type $id? ...) or, in a module type, (type $id? ...).
Status ComponentParser::parse_core_type() {
  const uint32_t start = cur_.offset;
  TRY(advance());
  TRY_ASSIGN(const Ident ident, parse_ident());
  if (!at_open("module")) {
    TRY(seek(start));
    return parse_core_group(false);
  }
  if (scope_->module != nullptr) return unexpected(nxt_, "func, struct or array");
  TRY(enter("module"));
  TRY_ASSIGN(CoreModuleType type, parse_module_type(ident_id(ident)));
  TRY(expect(TokenKind::RParen));
  emit(CoreTypeDef{std::move(type)});
  TRY(bind_new(kCoreType, ident));
  return expect(TokenKind::RParen);
}

// --- Recursion groups. ---

// At the word "rec" or "type". Members may name each other, but their indices are known only when all that they use
// from enclosing scopes has its alias: a group that needed new ones is read again behind them.
Status ComponentParser::parse_core_group(bool is_rec) {
  const uint32_t start = cur_.offset;
  text::IdSpace& space = scope_->space(kCoreType);
  GroupMembers members;
  for (bool settled = false; !settled;) {
    const uint32_t first = space.count;
    TRY_ASSIGN(const std::vector<Token> ids, bind_group_ids(is_rec, first));
    TRY(seek(start));
    TRY_ASSIGN(members, parse_group_members(is_rec, first));
    for (const Token& id : ids) space.ids.erase(id_text(id));
    settled = space.count == first;
    if (!settled) TRY(seek(start));
  }
  const bool is_plain_func = !is_rec && key_of(members.types[0])[0] == isa::kFuncTypeCode;
  if (scope_->module != nullptr && is_plain_func) {
    scope_->func_types.try_emplace(key_of(members.types[0]), space.count);
  }
  emit(CoreTypeDef{std::move(members.types), is_rec});
  for (const Ident& ident : members.idents) TRY(bind_new(kCoreType, ident));
  return {};
}

// Binds the identifiers of a group whose first member has index `first`; returns them.
Result<std::vector<Token>> ComponentParser::bind_group_ids(bool is_rec, uint32_t first) {
  std::vector<Token> out;
  text::IdSpace& space = scope_->space(kCoreType);
  lexer_.report_annotations(false);
  TRY(seek(cur_.offset));
  const auto bind_member = [&](uint32_t index) -> Status {
    TRY(advance());
    if (!at(TokenKind::Id)) return {};
    TRY(bind(space, cur_, index));
    out.push_back(cur_);
    return {};
  };
  if (is_rec) {
    TRY(advance());
    for (uint32_t index = first; at_open("type"); ++index) {
      TRY(advance());
      TRY(bind_member(index));
      TRY(skip_to_close());
    }
  } else {
    TRY(bind_member(first));
  }
  lexer_.report_annotations(options_.annotations);
  return out;
}

Result<ComponentParser::GroupMembers> ComponentParser::parse_group_members(bool is_rec, uint32_t first) {
  GroupMembers out;
  const auto member = [&]() -> Status {
    TRY(advance());
    TRY_ASSIGN(const Ident ident, parse_ident());
    module::SubType type;
    TRY(parse_sub_type(type, first + static_cast<uint32_t>(out.types.size())));
    out.types.push_back(std::move(type));
    out.idents.push_back(ident);
    return expect(TokenKind::RParen);
  };
  if (!is_rec) {
    TRY(member());
    return out;
  }
  TRY(advance());
  while (at_open("type")) {
    TRY(advance());
    TRY(member());
  }
  TRY(expect(TokenKind::RParen));
  return out;
}

// --- Module types. ---

Result<CoreModuleType> ComponentParser::parse_module_type(std::string_view id) {
  const NestingGuard guard(nesting_);
  TRY(open_nesting());
  CoreModuleType out;
  TextScope scope(TextScope::Kind::ModuleType, scope_, id);
  scope.module = &out;
  const ScopeGuard inside(scope_, scope);
  while (at(TokenKind::LParen)) TRY(parse_module_decl());
  return out;
}

Status ComponentParser::parse_module_decl() {
  if (at_open("alias")) return parse_alias();
  if (at_open("type") || at_open("rec")) {
    const bool is_rec = at_open("rec");
    TRY(advance());
    return is_rec ? parse_core_group(true) : parse_core_type();
  }
  if (at_open("import")) {
    TRY(enter("import"));
    CoreImportDecl decl;
    TRY_ASSIGN(decl.module, parse_text_name());
    TRY_ASSIGN(decl.name, parse_text_name());
    TRY(parse_core_extern(decl.type));
    scope_->module->decls.push_back({std::move(decl), 0});
  } else if (at_open("export")) {
    TRY(enter("export"));
    CoreExportDecl decl;
    TRY_ASSIGN(decl.name, parse_text_name());
    TRY(parse_core_extern(decl.type));
    scope_->module->decls.push_back({std::move(decl), 0});
  } else {
    return unexpected(nxt_, "type, alias, import or export");
  }
  return expect(TokenKind::RParen);
}

// (func $id? typeuse), (table $id? ...), ...; nothing can refer to the identifier
Status ComponentParser::parse_core_extern(CoreExternType& out) {
  if (!at(TokenKind::LParen)) return unexpected(cur_, "(");
  const Token kind = nxt_;
  TRY(advance());
  TRY(advance());
  TRY(parse_ident());
  if (kind.is_keyword("func") || kind.is_keyword("tag")) {
    out.kind = kind.is_keyword("func") ? module::ExternKind::Func : module::ExternKind::Tag;
    TRY_ASSIGN(out.type, parse_core_type_use());
  } else if (kind.is_keyword("table")) {
    out.kind = module::ExternKind::Table;
    TRY(parse_address_type(out.table.limits));
    TRY(parse_limits(out.table.limits));
    TRY_ASSIGN(out.table.elem, parse_ref_type());
  } else if (kind.is_keyword("memory")) {
    out.kind = module::ExternKind::Memory;
    TRY(parse_address_type(out.memory.limits));
    TRY(parse_limits(out.memory.limits));
    TRY(parse_page_size(out.memory));
  } else if (kind.is_keyword("global")) {
    out.kind = module::ExternKind::Global;
    TRY(parse_global_type(out.global));
  } else {
    return unexpected(kind, "func, table, memory, global or tag");
  }
  return expect(TokenKind::RParen);
}

// (type x)? and a signature, which is x's when there is one (validation of a module against the type does not see it);
// without x it stands for the first such type of the module type.
Result<uint32_t> ComponentParser::parse_core_type_use() {
  std::optional<uint32_t> index;
  if (at_open("type")) {
    TRY(enter("type"));
    TRY_ASSIGN(index, parse_idx(kCoreType));
    TRY(expect(TokenKind::RParen));
  }
  module::SubType type;
  text::TypeUse ignored;
  TRY(parse_signature(type.func, text::ParamIds::Allowed, &ignored));
  if (index) return *index;
  text::IdSpace& space = scope_->space(kCoreType);
  const auto [place, added] = scope_->func_types.try_emplace(key_of(type), space.count);
  if (added) {
    ++space.count;
    std::vector<module::SubType> group;
    group.push_back(std::move(type));
    emit(CoreTypeDef{std::move(group)});
  }
  return place->second;
}

// "(type x)", or declarations that become a type.
Result<uint32_t> ComponentParser::parse_module_type_use() {
  if (looks_at_type_use()) {
    TRY(enter("type"));
    TRY_ASSIGN(const uint32_t index, parse_idx(kCoreType));
    TRY(expect(TokenKind::RParen));
    return index;
  }
  TRY_ASSIGN(CoreModuleType type, parse_module_type({}));
  emit(CoreTypeDef{std::move(type)});
  return scope_->space(kCoreType).count++;
}

}  // namespace ashlar::component
