// Identifiers of printed modules and string literals.
#include "text/print_names.h"

#include <algorithm>
#include <cstdio>
#include <unordered_set>
#include <vector>

#include "base/utf8.h"
#include "text/lexer.h"

namespace ashlar::text {
namespace {

// Characters that would change how a terminal shows the line: controls and direction marks.
bool is_invisible(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) || code_point == 0x061c ||
         (code_point >= 0x200b && code_point <= 0x200f) || (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

void append_hex(std::string& out, uint8_t byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += '\\';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

std::string written_id(std::string_view name) {
  std::string out = "$";
  if (std::all_of(name.begin(), name.end(), is_id_char)) {
    out += name;
  } else {
    append_string(out, name, true);
  }
  return out;
}

std::string written_annotation(std::string_view name) {
  std::string out = " (@name ";
  append_string(out, name, true);
  return out + ")";
}

}  // namespace

void append_string(std::string& out, std::string_view bytes, bool is_text) {
  const std::span<const uint8_t> span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  out += '"';
  for (size_t i = 0; i < bytes.size();) {
    const uint8_t byte = span[i];
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
      ++i;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += static_cast<char>(byte);
      ++i;
    } else if (!is_text || byte < 0x80) {
      append_hex(out, byte);
      ++i;
    } else {
      const size_t start = i;
      const uint32_t code_point = base::decode_utf8(span, i);
      if (code_point == base::kInvalidCodePoint) {
        append_hex(out, byte);
        ++i;
      } else if (is_invisible(code_point)) {
        char escape[16];
        std::snprintf(escape, sizeof escape, "\\u{%x}", code_point);
        out += escape;
      } else {
        out += bytes.substr(start, i - start);
      }
    }
  }
  out += '"';
}

Ident make_ident(std::string_view name) {
  if (name.empty()) return {"", written_annotation(name)};
  return {written_id(name), ""};
}

Idents make_idents(const module::NameMap::Names& names, uint32_t limit, module::NameMap::Names& used) {
  Idents out;
  std::vector<uint32_t> indices;
  indices.reserve(names.size());
  for (const auto& [index, name] : names) {
    if (index >= limit) continue;
    indices.push_back(index);
    used.emplace(index, name);
  }
  std::sort(indices.begin(), indices.end());
  std::unordered_set<std::string> taken;
  std::vector<uint32_t> later;
  for (uint32_t index : indices) {
    const std::string_view name = names.at(index);
    if (!name.empty() && taken.emplace(name).second) {
      out.emplace(index, make_ident(name));
    } else {
      later.push_back(index);
    }
  }
  for (uint32_t index : later) {
    const std::string_view name = names.at(index);
    std::string unique = std::string(name) + "#" + std::to_string(index);
    while (!taken.insert(unique).second) unique += '#';
    out.emplace(index, Ident{written_id(unique), written_annotation(name)});
  }
  return out;
}

std::string reference(const Idents& idents, uint32_t index) {
  const auto found = idents.find(index);
  return found == idents.end() || found->second.id.empty() ? std::to_string(index) : found->second.id;
}

NameTable::NameTable(const module::Module& m) {
  const auto count = [](const auto& list) { return static_cast<uint32_t>(list.size()); };
  used.module = m.names.module;
  funcs = make_idents(m.names.funcs, count(m.funcs), used.funcs);
  types = make_idents(m.names.types, count(m.types), used.types);
  tables = make_idents(m.names.tables, count(m.tables), used.tables);
  memories = make_idents(m.names.memories, count(m.memories), used.memories);
  globals = make_idents(m.names.globals, count(m.globals), used.globals);
  elems = make_idents(m.names.elems, count(m.elems), used.elems);
  datas = make_idents(m.names.datas, count(m.datas), used.datas);
  tags = make_idents(m.names.tags, count(m.tags), used.tags);
  for (const auto& [type, names] : m.names.fields) {
    if (type >= m.types.size() || m.types[type].kind != module::CompositeKind::Struct) continue;
    module::NameMap::Names used_fields;
    Idents idents = make_idents(names, count(m.types[type].fields), used_fields);
    if (idents.empty()) continue;
    fields.emplace(type, std::move(idents));
    used.fields.emplace(type, std::move(used_fields));
  }
}

}  // namespace ashlar::text
