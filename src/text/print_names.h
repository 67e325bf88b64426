// Owns identifiers of printed modules: from the name section, unique, and what of it the text can say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "module/module.h"

namespace ashlar::text {

/// How a definition is written: "$x" or empty, and ` (@name "...")` where the identifier is not the name.
struct Ident {
  std::string id;
  std::string annotation;
};
using Idents = std::unordered_map<uint32_t, Ident>;

/// Identifiers for names of indices below `limit`; each is unique. The names used go into `used`.
Idents make_idents(const module::NameMap::Names& names, uint32_t limit, module::NameMap::Names& used);
/// One identifier, without regard to others (labels may shadow).
Ident make_ident(std::string_view name);

/// Identifiers of a module's index spaces.
struct NameTable {
  Idents funcs, types, tables, memories, globals, elems, datas, tags;
  std::unordered_map<uint32_t, Idents> fields;
  module::NameMap used;  ///< what the printed text says

  NameTable() = default;
  explicit NameTable(const module::Module& m);
};

/// The identifier, or the index as a number.
std::string reference(const Idents& idents, uint32_t index);

/// "..." with what must not stand in a string escaped; `is_text`: valid UTF-8, kept readable.
void append_string(std::string& out, std::string_view bytes, bool is_text);

}  // namespace ashlar::text
