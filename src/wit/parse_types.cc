// Type definitions and type expressions.
#include <charconv>
#include <utility>

#include "wit/parser.h"

namespace ashlar::wit {
namespace {

struct Definer {
  std::string_view word;
  ast::DefKind kind;
};
constexpr Definer kDefiners[] = {
    {"type", ast::DefKind::Alias},      {"record", ast::DefKind::Record}, {"flags", ast::DefKind::Flags},
    {"variant", ast::DefKind::Variant}, {"enum", ast::DefKind::Enum},     {"resource", ast::DefKind::Resource},
};

/// A type with parameters, which may be missing.
struct Constructor {
  std::string_view word;
  ast::TypeKind kind;
  bool bare;
};
constexpr Constructor kConstructors[] = {
    {"tuple", ast::TypeKind::Tuple, false},   {"list", ast::TypeKind::List, false},
    {"option", ast::TypeKind::Option, false}, {"result", ast::TypeKind::Result, true},
    {"map", ast::TypeKind::Map, false},       {"own", ast::TypeKind::Own, false},
    {"borrow", ast::TypeKind::Borrow, false}, {"future", ast::TypeKind::Future, true},
    {"stream", ast::TypeKind::Stream, true},
};

const Constructor* find_constructor(std::string_view word) {
  for (const Constructor& row : kConstructors) {
    if (row.word == word) return &row;
  }
  return nullptr;
}

}  // namespace

bool Parser::at_type_def() const {
  for (const Definer& row : kDefiners) {
    if (at_word(row.word)) return true;
  }
  return false;
}

Result<ast::TypeDef> Parser::type_def(ast::Head head) {
  ast::TypeDef def;
  def.head = std::move(head);
  for (const Definer& row : kDefiners) {
    if (at_word(row.word)) def.kind = row.kind;
  }
  TRY(advance());
  TRY_ASSIGN(def.name, identifier("a type's name"));
  switch (def.kind) {
    case ast::DefKind::Alias: {
      TRY(expect('='));
      TRY_ASSIGN(def.alias, type());
      TRY(expect(';'));
      break;
    }
    case ast::DefKind::Resource: {
      TRY_ASSIGN(const bool empty, skip(';'));
      if (!empty) TRY(methods(def));
      break;
    }
    case ast::DefKind::Record:
    case ast::DefKind::Flags:
    case ast::DefKind::Variant:
    case ast::DefKind::Enum:
      TRY(members(def));
      break;
  }
  const bool record = def.kind == ast::DefKind::Record, flags = def.kind == ast::DefKind::Flags;
  if (in_wac() && (record || flags) && def.members.empty()) {
    return fail(def.name.at, Error(ErrorCode::wit_empty, kNoOffset, record ? "record" : "flags",
                                   std::string(def.name.name), record ? "field" : "flag"));
  }
  return def;
}

Status Parser::members(ast::TypeDef& def) {
  TRY(expect('{'));
  return list('}', [&]() -> Status {
    ast::Member member;
    constexpr size_t kMaxFlags = 32;  // they lower to one i32
    if (def.kind == ast::DefKind::Flags && def.members.size() == kMaxFlags && !at('}')) {
      return fail(token_.offset,
                  Error(ErrorCode::wit_too_many, kNoOffset, "flags in one type", std::to_string(kMaxFlags)));
    }
    member.docs =
        documentation(std::string_view(file_.text).substr(token_.trivia_offset, token_.offset - token_.trivia_offset));
    TRY_ASSIGN(member.name, identifier("a name"));
    if (def.kind == ast::DefKind::Record) {
      TRY(expect(':'));
      TRY_ASSIGN(member.type, type());
    } else if (def.kind == ast::DefKind::Variant && at('(')) {
      TRY(advance());
      TRY_ASSIGN(member.type, type());
      TRY(expect(')'));
    }
    def.members.push_back(std::move(member));
    return {};
  });
}

Status Parser::methods(ast::TypeDef& def) {
  if (!at('{')) return expected("';' or '{'");
  TRY(advance());
  while (!at('}')) {
    TRY_ASSIGN(ast::Head method_head, head());
    TRY_ASSIGN(ast::NamedFunc item, method(std::move(method_head)));
    def.methods.push_back(std::move(item));
  }
  return advance();
}

Result<ast::NamedFunc> Parser::method(ast::Head head) {
  ast::NamedFunc out;
  out.head = std::move(head);
  if (at_word("constructor")) {
    out.kind = FuncKind::Constructor;
    out.name = {token_.text, token_.offset};
    TRY(advance());
    TRY(params(out.func));
    if (token_.kind == TokenKind::Arrow) {
      TRY(advance());
      TRY_ASSIGN(out.func.result, type());
    }
  } else {
    TRY_ASSIGN(out.name, identifier("'constructor' or a method's name"));
    TRY(expect(':'));
    out.kind = at_word("static") ? FuncKind::Static : FuncKind::Method;
    if (out.kind == FuncKind::Static) TRY(advance());
    TRY_ASSIGN(out.func, func());
  }
  TRY(expect(';'));
  return out;
}

/// A type, or nothing for '_'.
Result<ast::TypeIndex> Parser::argument_or_hole() {
  TRY_ASSIGN(const bool hole, skip('_'));
  if (hole) return ast::kNoType;
  return type();
}

Status Parser::list_length(ast::Type& out) {
  const std::string_view text = token_.text;
  uint32_t length = 0;
  const bool number = token_.kind == TokenKind::Integer && text[0] != '0' &&
                      std::from_chars(text.data(), text.data() + text.size(), length).ec == std::errc();
  if (!number) return expected("the length of the list (1 or more, below 2^32)");
  out.kind = ast::TypeKind::FixedList;
  out.length = length;
  return advance();
}

Status Parser::type_arguments(ast::Type& out) {
  const bool is_handle = out.kind == ast::TypeKind::Own || out.kind == ast::TypeKind::Borrow;
  const bool is_list = out.kind == ast::TypeKind::List;
  if (is_handle) {
    TRY_ASSIGN(out.name, identifier("the name of a resource"));
  } else if (out.kind == ast::TypeKind::Result) {
    TRY_ASSIGN(const ast::TypeIndex ok, argument_or_hole());
    TRY_ASSIGN(const bool more, skip(','));
    // '_' alone says nothing that 'result' does not: the grammar wants an error type behind it.
    if (!more && ok == ast::kNoType) return expected("','");
    ast::TypeIndex error = ast::kNoType;
    if (more) {
      TRY_ASSIGN(error, type());
    }
    out.inner = {ok, error};
  } else {
    TRY_ASSIGN(const ast::TypeIndex first, type());
    out.inner.push_back(first);
    while (at(',')) {
      TRY(advance());
      if (is_list) return list_length(out);
      if (out.kind == ast::TypeKind::Tuple && at('>')) break;
      if (out.kind != ast::TypeKind::Tuple && (out.kind != ast::TypeKind::Map || out.inner.size() == 2)) {
        return expected("'>'");
      }
      TRY_ASSIGN(const ast::TypeIndex next, type());
      out.inner.push_back(next);
    }
    if (out.kind == ast::TypeKind::Map && out.inner.size() != 2) return expected("','");
  }
  return {};
}

Result<ast::TypeIndex> Parser::type() {
  if (nesting_ == kMaxTypeNesting) {
    return fail(token_.offset, Error(ErrorCode::wit_nesting, kNoOffset, std::to_string(kMaxTypeNesting)));
  }
  ast::Type out;
  out.at = token_.offset;
  if (token_.kind != TokenKind::Word) return expected("a type");
  const Constructor* row = token_.escaped ? nullptr : find_constructor(token_.text);
  const std::optional<Prim> prim = token_.escaped ? std::nullopt : find_prim(token_.text);
  if (prim) {
    out.kind = ast::TypeKind::Primitive;
    out.prim = *prim;
    TRY(advance());
  } else if (row != nullptr) {
    out.kind = row->kind;
    TRY(advance());
    if (at('<')) {
      TRY(advance());
      ++nesting_;
      TRY(type_arguments(out));
      --nesting_;
      TRY(expect('>'));
    } else if (!row->bare) {
      return expected("'<'");
    } else if (out.kind == ast::TypeKind::Result) {
      out.inner = {ast::kNoType, ast::kNoType};
    }
  } else {
    TRY_ASSIGN(out.name, identifier("a type"));
    out.kind = ast::TypeKind::Name;
  }
  types_.push_back(std::move(out));
  return static_cast<ast::TypeIndex>(types_.size() - 1);
}

}  // namespace ashlar::wit
