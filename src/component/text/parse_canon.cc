// Functions of both levels and canonical definitions.
#include "component/canon_table.h"
#include "component/text/parser.h"
#include "component/text/string_encodings.h"

namespace ashlar::component {
namespace {

constexpr AnySort kFunc{Sort::Func, {}};
constexpr AnySort kCoreFunc = core_sort(CoreSort::Func);

}  // namespace

// (func $id? (export "x")* (import "x")? type), (func ... type? (canon lift ...)) or (func ... (alias export ...))
Status ComponentParser::parse_func() {
  TRY(enter("func"));
  TRY_ASSIGN(const Ident ident, parse_ident());
  TRY_ASSIGN(const std::vector<ExternName> exports, parse_inline_exports());
  TRY_ASSIGN(std::optional<ExternName> import, parse_inline_import());
  if (import) {
    TRY_ASSIGN(const uint32_t type, parse_type_use(kFunc));
    emit(ImportDef{std::move(*import), {.sort = kFunc, .type = type, .value_type = {}}});
  } else if (at_open("alias")) {
    TRY_ASSIGN(AliasDef alias, parse_inline_alias(kFunc));
    emit(std::move(alias));
  } else {
    CanonDef def;
    TRY_ASSIGN(def.type, parse_type_use(kFunc));
    TRY(enter("canon"));
    const Token word = cur_;
    TRY_ASSIGN(def.op, parse_canon_op());
    if (def.op != CanonOp::lift) return unexpected(word, "lift");
    TRY(parse_canon_immediates(def));
    TRY(expect(TokenKind::RParen));
    emit(std::move(def));
  }
  TRY(expect(TokenKind::RParen));
  return finish_definition(kFunc, ident, exports);
}

// At the word "func" of (core func $id? (canon ...)) or (core func $id? (alias core export ...)).
Status ComponentParser::parse_core_func() {
  TRY(advance());
  TRY_ASSIGN(const Ident ident, parse_ident());
  if (at_open("alias")) {
    TRY_ASSIGN(AliasDef alias, parse_inline_alias(kCoreFunc));
    emit(std::move(alias));
  } else {
    TRY(enter("canon"));
    CanonDef def;
    const Token word = cur_;
    TRY_ASSIGN(def.op, parse_canon_op());
    if (def.op == CanonOp::lift) return unexpected(word, "a builtin or lower");
    TRY(parse_canon_immediates(def));
    TRY(expect(TokenKind::RParen));
    emit(std::move(def));
  }
  TRY(expect(TokenKind::RParen));
  TRY(bind_new(kCoreFunc, ident));
  return {};
}

// (canon lift ... (func $id? type)) or (canon ... (core func $id?))
Status ComponentParser::parse_canon() {
  TRY(enter("canon"));
  CanonDef def;
  TRY_ASSIGN(def.op, parse_canon_op());
  TRY(parse_canon_immediates(def));
  const bool is_lift = def.op == CanonOp::lift;
  if (!is_lift && at_open("core")) {
    TRY(advance());
    if (!nxt_.is_keyword("func")) return unexpected(nxt_, "func");
    TRY(advance());
    TRY(advance());
  } else {
    TRY(enter(is_lift ? "func" : "core"));
  }
  TRY_ASSIGN(const Ident ident, parse_ident());
  if (is_lift) {
    TRY_ASSIGN(def.type, parse_type_use(kFunc));
  }
  TRY(expect(TokenKind::RParen));
  TRY(expect(TokenKind::RParen));
  emit(std::move(def));
  TRY(bind_new(is_lift ? kFunc : kCoreFunc, ident));
  return {};
}

Result<CanonOp> ComponentParser::parse_canon_op() {
  for (const CanonInfo& row : kCanonTable) {
    if (!cur_.is_keyword(row.name)) continue;
    TRY(advance());
    return row.op;
  }
  return unexpected(cur_, "lift, lower or a builtin");
}

// What stands behind the operation's name; the shapes are canon.def's.
Status ComponentParser::parse_canon_immediates(CanonDef& out) {
  const auto flag = [&](std::string_view word, bool& value) -> Status {
    value = cur_.is_keyword(word);
    return value ? advance() : Status();
  };
  const auto ref = [&](const AnySort& sort, uint32_t& index) -> Status {
    TRY_ASSIGN(index, parse_ref(sort));
    return {};
  };
  const auto type = [&] { return ref({Sort::Type, {}}, out.type); };
  const auto core_type = [&] { return ref(core_sort(CoreSort::Type), out.type); };
  const auto table = [&] { return ref(core_sort(CoreSort::Table), out.table); };
  const auto result = [&]() -> Status {
    if (!at_open("result")) return {};
    TRY(enter("result"));
    TRY_ASSIGN(out.result, parse_val_ref());
    return expect(TokenKind::RParen);
  };
  const auto context = [&]() -> Status {
    TRY_ASSIGN(out.value, parse_val_type());
    TRY_ASSIGN(out.index, parse_nat32());
    return {};
  };
  switch (info(out.op).immediates) {
    case CanonImmediates::Lift:
      TRY(ref(kCoreFunc, out.func));
      return parse_canon_opts(out.opts);
    case CanonImmediates::Lower:
      TRY(ref(kFunc, out.func));
      return parse_canon_opts(out.opts);
    case CanonImmediates::Type:
      return type();
    case CanonImmediates::None:
    case CanonImmediates::Cancel:  // its byte has no text
      return {};
    case CanonImmediates::Result_Opts:
      TRY(result());
      return parse_canon_opts(out.opts);
    case CanonImmediates::Context:
      return context();
    case CanonImmediates::Async:
      return flag("async", out.async);
    case CanonImmediates::Type_Opts:
      TRY(type());
      return parse_canon_opts(out.opts);
    case CanonImmediates::Type_Async:
      TRY(type());
      return flag("async", out.async);
    case CanonImmediates::Opts:
      return parse_canon_opts(out.opts);
    case CanonImmediates::Memory: {
      std::optional<uint32_t> memory;
      TRY(enter("memory"));
      TRY(parse_index_option(memory, core_sort(CoreSort::Memory)));
      out.memory = *memory;
      return {};
    }
    case CanonImmediates::ThreadIndirect:
      TRY(core_type());
      return table();
    case CanonImmediates::SharedType:
      TRY(flag("shared", out.shared));
      return core_type();
    case CanonImmediates::SharedTypeTable:
      TRY(flag("shared", out.shared));
      TRY(core_type());
      return table();
    case CanonImmediates::Shared:
      return flag("shared", out.shared);
  }
  return {};
}

// Behind "(memory" and such: an index, an instance's export, or "(core memory ...)"; then ")".
Status ComponentParser::parse_index_option(std::optional<uint32_t>& out, const AnySort& sort) {
  TRY_ASSIGN(out, parse_ref(sort));
  return expect(TokenKind::RParen);
}

Status ComponentParser::parse_canon_opts(CanonOpts& out) {
  for (bool found = true; found;) TRY(parse_canon_opt(out, found));
  return {};
}

Status ComponentParser::parse_canon_opt(CanonOpts& out, bool& found) {
  const Token token = at(TokenKind::LParen) ? nxt_ : cur_;
  const auto twice = [&] {
    return fail(token.offset, ErrorCode::text_duplicate_option, std::string(token.text.substr(0, 80)));
  };
  const auto index = [&](std::optional<uint32_t>& option, CoreSort sort) -> Status {
    if (option) return twice();
    TRY(advance());
    TRY(advance());
    return parse_index_option(option, core_sort(sort));
  };
  const auto flag = [&](bool& option) -> Status {
    if (option) return twice();
    option = true;
    return advance();
  };
  found = true;
  for (const EncodingName& row : kEncodingNames) {
    if (!cur_.is_keyword(row.text)) continue;
    if (out.encoding) return twice();
    out.encoding = row.encoding;
    return advance();
  }
  if (cur_.is_keyword("async")) return flag(out.async);
  if (cur_.is_keyword("gc")) return flag(out.gc);
  if (at_open("memory")) return index(out.memory, CoreSort::Memory);
  if (at_open("realloc")) return index(out.realloc, CoreSort::Func);
  if (at_open("post-return")) return index(out.post_return, CoreSort::Func);
  if (at_open("callback")) return index(out.callback, CoreSort::Func);
  if (at_open("core-type")) return index(out.core_type, CoreSort::Type);
  found = false;
  return {};
}

}  // namespace ashlar::component
