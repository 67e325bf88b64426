// Types of the component level: value, function, resource, component and instance types, and what externs are.
#include "component/text/parser.h"
#include "component/text/prim_names.h"

namespace ashlar::component {
namespace {

const PrimName* find_prim(const Token& token) {
  if (!token.is(TokenKind::Keyword)) return nullptr;
  for (const PrimName& row : kPrimNames) {
    if (row.text == token.text) return &row;
  }
  return nullptr;
}

}  // namespace

Result<uint32_t> ComponentParser::add_type(TypeDef type) {
  emit(std::move(type));
  return scope_->space({Sort::Type, {}}).count++;
}

// A type as a definition has it; `id` names the scope that a component or instance type is.
Result<TypeDef> ComponentParser::parse_def_type(std::string_view id) {
  TRY_ASSIGN(std::optional<TypeDef> value, parse_value_type_def());
  if (value) return std::move(*value);
  if (!at(TokenKind::LParen)) return unexpected(cur_, "a type");
  TypeDef out;
  if (at_open("func")) {
    TRY(enter("func"));
    TRY_ASSIGN(out.def, parse_func_type());
  } else if (at_open("component")) {
    TRY(enter("component"));
    TRY_ASSIGN(std::vector<TypeDecl> decls, parse_decls(TextScope::Kind::ComponentType, id));
    out.def = ComponentTypeDef{std::move(decls)};
  } else if (at_open("instance")) {
    TRY(enter("instance"));
    TRY_ASSIGN(std::vector<TypeDecl> decls, parse_decls(TextScope::Kind::InstanceType, id));
    out.def = InstanceTypeDef{std::move(decls)};
  } else if (at_open("resource")) {
    return parse_resource();
  } else {
    return unexpected(nxt_, "a type");
  }
  TRY(expect(TokenKind::RParen));
  return out;
}

// A value type's definition, primitive or "(record ...)" and such; nothing when something else stands there.
Result<std::optional<TypeDef>> ComponentParser::parse_value_type_def() {
  if (const PrimName* prim = find_prim(cur_)) {
    TRY(advance());
    return std::optional<TypeDef>(TypeDef{prim->type});
  }
  if (!at(TokenKind::LParen) || !nxt_.is(TokenKind::Keyword)) return std::optional<TypeDef>();
  const NestingGuard guard(nesting_);
  TRY(open_nesting());
  const std::string_view keyword = nxt_.text;
  TypeDef out;
  if (keyword == "record") {
    TRY(enter(keyword));
    TRY_ASSIGN(std::vector<LabelType> fields, parse_labelled("field"));
    out.def = RecordType{std::move(fields)};
  } else if (keyword == "variant") {
    TRY_ASSIGN(out, parse_variant());
  } else if (keyword == "list") {
    TRY(enter(keyword));
    ListType list;
    TRY_ASSIGN(list.element, parse_val_ref());
    if (at(TokenKind::Nat)) {
      TRY_ASSIGN(list.length, parse_nat32());
    }
    out.def = list;
  } else if (keyword == "tuple") {
    TRY(enter(keyword));
    TupleType tuple;
    while (!at(TokenKind::RParen)) {
      TRY_ASSIGN(const TypeRef item, parse_val_ref());
      tuple.types.push_back(item);
    }
    out.def = std::move(tuple);
  } else if (keyword == "flags") {
    TRY(enter(keyword));
    TRY_ASSIGN(std::vector<std::string> labels, parse_labels());
    out.def = FlagsType{std::move(labels)};
  } else if (keyword == "enum") {
    TRY(enter(keyword));
    TRY_ASSIGN(std::vector<std::string> labels, parse_labels());
    out.def = EnumType{std::move(labels)};
  } else if (keyword == "option") {
    TRY(enter(keyword));
    TRY_ASSIGN(const TypeRef type, parse_val_ref());
    out.def = OptionType{type};
  } else if (keyword == "result") {
    TRY_ASSIGN(out, parse_result());
  } else if (keyword == "own" || keyword == "borrow") {
    TRY(enter(keyword));
    TRY_ASSIGN(const uint32_t resource, parse_ref({Sort::Type, {}}));
    if (keyword == "own") {
      out.def = OwnType{resource};
    } else {
      out.def = BorrowType{resource};
    }
  } else if (keyword == "stream" || keyword == "future") {
    TRY(enter(keyword));
    TRY_ASSIGN(const std::optional<TypeRef> type, parse_optional_val_ref());
    if (keyword == "stream") {
      out.def = StreamType{type};
    } else {
      out.def = FutureType{type};
    }
  } else if (keyword == "map") {
    TRY(enter(keyword));
    MapType map;
    TRY_ASSIGN(map.key, parse_val_ref());
    TRY_ASSIGN(map.value, parse_val_ref());
    out.def = map;
  } else {
    return std::optional<TypeDef>();
  }
  TRY(expect(TokenKind::RParen));
  return std::optional<TypeDef>(std::move(out));
}

// A primitive, an index, or a definition that is written out as one of its own.
Result<TypeRef> ComponentParser::parse_val_ref() {
  if (at_index()) {
    TRY_ASSIGN(const uint32_t index, parse_idx({Sort::Type, {}}));
    return TypeRef::at(index);
  }
  if (at_open("type")) {
    TRY_ASSIGN(const uint32_t index, parse_ref({Sort::Type, {}}));
    return TypeRef::at(index);
  }
  TRY_ASSIGN(std::optional<TypeDef> type, parse_value_type_def());
  if (!type) return unexpected(at(TokenKind::LParen) ? nxt_ : cur_, "a value type");
  if (const PrimType* prim = std::get_if<PrimType>(&type->def)) return TypeRef::of(*prim);
  TRY_ASSIGN(const uint32_t index, add_type(std::move(*type)));
  return TypeRef::at(index);
}

Result<std::optional<TypeRef>> ComponentParser::parse_optional_val_ref() {
  if (at(TokenKind::RParen)) return std::optional<TypeRef>();
  TRY_ASSIGN(const TypeRef type, parse_val_ref());
  return std::optional<TypeRef>(type);
}

// (keyword "label" type)*
Result<std::vector<LabelType>> ComponentParser::parse_labelled(std::string_view keyword) {
  std::vector<LabelType> out;
  while (at(TokenKind::LParen)) {
    TRY(enter(keyword));
    LabelType item;
    TRY_ASSIGN(item.label, parse_text_name());
    TRY_ASSIGN(item.type, parse_val_ref());
    TRY(expect(TokenKind::RParen));
    out.push_back(std::move(item));
  }
  return out;
}

Result<std::vector<std::string>> ComponentParser::parse_labels() {
  std::vector<std::string> out;
  while (!at(TokenKind::RParen)) {
    TRY_ASSIGN(std::string label, parse_text_name());
    out.push_back(std::move(label));
  }
  return out;
}

Result<TypeDef> ComponentParser::parse_variant() {
  TRY(enter("variant"));
  VariantType out;
  text::IdSpace ids{"variant case", {}};  // nothing refers to them
  while (at(TokenKind::LParen)) {
    TRY(enter("case"));
    if (at(TokenKind::Id)) {
      TRY(bind(ids, cur_, static_cast<uint32_t>(out.cases.size())));
      TRY(advance());
    }
    CaseType item;
    TRY_ASSIGN(item.label, parse_text_name());
    TRY_ASSIGN(item.type, parse_optional_val_ref());
    TRY(expect(TokenKind::RParen));
    out.cases.push_back(std::move(item));
  }
  return TypeDef{std::move(out)};
}

// (result type? (error type)?)
Result<TypeDef> ComponentParser::parse_result() {
  TRY(enter("result"));
  ResultType out;
  if (!at(TokenKind::RParen) && !at_open("error")) {
    TRY_ASSIGN(out.ok, parse_val_ref());
  }
  if (at_open("error")) {
    TRY(enter("error"));
    TRY_ASSIGN(out.error, parse_val_ref());
    TRY(expect(TokenKind::RParen));
  }
  return TypeDef{out};
}

// Behind "(func": async? (param "x" type)* (result type)?
Result<FuncTypeDef> ComponentParser::parse_func_type() {
  FuncTypeDef out;
  out.async = cur_.is_keyword("async");
  if (out.async) TRY(advance());
  while (at_open("param")) {
    TRY(enter("param"));
    LabelType param;
    TRY_ASSIGN(param.label, parse_text_name());
    TRY_ASSIGN(param.type, parse_val_ref());
    TRY(expect(TokenKind::RParen));
    out.params.push_back(std::move(param));
  }
  if (at_open("result")) {
    TRY(enter("result"));
    TRY_ASSIGN(out.result, parse_val_ref());
    TRY(expect(TokenKind::RParen));
  }
  return out;
}

// (resource (rep i32) (dtor f)?)
Result<TypeDef> ComponentParser::parse_resource() {
  TRY(enter("resource"));
  ResourceTypeDef out;
  TRY(enter("rep"));
  TRY_ASSIGN(out.rep, parse_val_type());
  TRY(expect(TokenKind::RParen));
  if (at_open("dtor")) {
    TRY(enter("dtor"));
    TRY_ASSIGN(out.destructor, parse_ref(core_sort(CoreSort::Func)));
    TRY(expect(TokenKind::RParen));
  }
  TRY(expect(TokenKind::RParen));
  return TypeDef{out};
}

// --- Component and instance types. ---

Result<std::vector<TypeDecl>> ComponentParser::parse_decls(TextScope::Kind kind, std::string_view id) {
  const NestingGuard guard(nesting_);
  TRY(open_nesting());
  std::vector<TypeDecl> out;
  TextScope scope(kind, scope_, id);
  scope.decls = &out;
  const ScopeGuard inside(scope_, scope);
  while (at(TokenKind::LParen)) TRY(parse_decl());
  return out;
}

Status ComponentParser::parse_decl() {
  if (at_open("core")) {
    TRY(enter("core"));
    if (cur_.is_keyword("rec")) return parse_core_group(true);
    if (cur_.is_keyword("type")) return parse_core_type();
    return unexpected(cur_, "type");
  }
  if (at_open("alias")) return parse_alias();
  if (at_open("import") && scope_->kind == TextScope::Kind::ComponentType) return parse_import();
  if (at_open("type")) {
    TRY(enter("type"));
    TRY_ASSIGN(const Ident ident, parse_ident());
    TRY_ASSIGN(TypeDef type, parse_def_type(ident_id(ident)));
    emit(std::move(type));
    TRY(bind_new({Sort::Type, {}}, ident));
    return expect(TokenKind::RParen);
  }
  if (!at_open("export")) return unexpected(nxt_, "type, alias, import or export");
  TRY(enter("export"));
  ExportDecl decl;
  TRY_ASSIGN(decl.name, parse_extern_name());
  Ident ident;
  TRY(parse_extern_desc(decl.desc, ident));
  TRY(expect(TokenKind::RParen));
  const AnySort sort = decl.desc.sort;
  scope_->decls->push_back({std::move(decl), 0});
  TRY(bind_new(sort, ident));
  return {};
}

// "(type x)", or an inline type that becomes a definition.
Result<uint32_t> ComponentParser::parse_type_use(const AnySort& sort) {
  if (looks_at_type_use()) return parse_ref({Sort::Type, {}});
  TypeDef type;
  if (sort.sort == Sort::Func) {
    TRY_ASSIGN(type.def, parse_func_type());
  } else if (sort.sort == Sort::Component) {
    TRY_ASSIGN(std::vector<TypeDecl> decls, parse_decls(TextScope::Kind::ComponentType, {}));
    type.def = ComponentTypeDef{std::move(decls)};
  } else {
    TRY_ASSIGN(std::vector<TypeDecl> decls, parse_decls(TextScope::Kind::InstanceType, {}));
    type.def = InstanceTypeDef{std::move(decls)};
  }
  return add_type(std::move(type));
}

Status ComponentParser::parse_extern_desc(ExternDesc& out, Ident& ident) {
  if (!at(TokenKind::LParen)) return unexpected(cur_, "(");
  const Token keyword = nxt_;
  TRY(advance());
  TRY_ASSIGN(out.sort, parse_sort());
  const bool is_module = out.sort.sort == Sort::Core && out.sort.core == CoreSort::Module;
  if (out.sort.sort == Sort::Core && !is_module) return unexpected(keyword, "core module");
  TRY_ASSIGN(ident, parse_ident());
  if (is_module) {
    TRY_ASSIGN(out.type, parse_module_type_use());
  } else if (out.sort.sort == Sort::Type) {
    if (at_open("sub")) {
      TRY(enter("sub"));
      if (!cur_.is_keyword("resource")) return unexpected(cur_, "resource");
      TRY(advance());
      out.sub_resource = true;
    } else {
      TRY(enter("eq"));
      TRY_ASSIGN(out.type, parse_ref({Sort::Type, {}}));
    }
    TRY(expect(TokenKind::RParen));
  } else if (out.sort.sort == Sort::Value) {
    if (at_open("eq")) {
      TRY(enter("eq"));
      TRY_ASSIGN(out.type, parse_ref({Sort::Value, {}}));
      TRY(expect(TokenKind::RParen));
    } else {
      TRY_ASSIGN(out.value_type, parse_val_ref());
    }
  } else {
    TRY_ASSIGN(out.type, parse_type_use(out.sort));
  }
  return expect(TokenKind::RParen);
}

}  // namespace ashlar::component
