// Encodes the name section and branch hints.
#include "text/name_section.h"

#include <algorithm>

#include "base/leb128.h"

namespace ashlar::text {
namespace {

using module::NameMap;

// Subsections of the name section.
enum NameKind : uint8_t {
  kModule = 0,
  kFuncs = 1,
  kLocals = 2,
  kLabels = 3,
  kTypes = 4,
  kTables = 5,
  kMemories = 6,
  kGlobals = 7,
  kElems = 8,
  kDatas = 9,
  kFields = 10,
  kTags = 11,
};

void append_name(std::vector<uint8_t>& out, std::string_view name) {
  base::append_leb_u64(out, name.size());
  out.insert(out.end(), name.begin(), name.end());
}

template <class Map>
std::vector<uint32_t> sorted_keys(const Map& map) {
  std::vector<uint32_t> keys;
  keys.reserve(map.size());
  for (const auto& entry : map) keys.push_back(entry.first);
  std::sort(keys.begin(), keys.end());
  return keys;
}

void append_map(std::vector<uint8_t>& out, const NameMap::Names& names) {
  base::append_leb_u64(out, names.size());
  for (uint32_t key : sorted_keys(names)) {
    base::append_leb_u32(out, key);
    append_name(out, names.at(key));
  }
}

void append_subsection(std::vector<uint8_t>& out, NameKind kind, const std::vector<uint8_t>& contents) {
  out.push_back(kind);
  base::append_leb_u64(out, contents.size());
  out.insert(out.end(), contents.begin(), contents.end());
}

void append_direct(std::vector<uint8_t>& out, NameKind kind, const NameMap::Names& names) {
  if (names.empty()) return;
  std::vector<uint8_t> contents;
  append_map(contents, names);
  append_subsection(out, kind, contents);
}

void append_indirect(std::vector<uint8_t>& out, NameKind kind, const NameMap::Indirect& names) {
  if (names.empty()) return;
  std::vector<uint8_t> contents;
  base::append_leb_u64(contents, names.size());
  for (uint32_t key : sorted_keys(names)) {
    base::append_leb_u32(contents, key);
    append_map(contents, names.at(key));
  }
  append_subsection(out, kind, contents);
}

}  // namespace

bool is_empty(const NameMap& names) {
  return names.module.data() == nullptr && names.funcs.empty() && names.types.empty() && names.tables.empty() &&
         names.memories.empty() && names.globals.empty() && names.elems.empty() && names.datas.empty() &&
         names.tags.empty() && names.locals.empty() && names.labels.empty() && names.fields.empty();
}

std::vector<uint8_t> encode_names(const NameMap& names) {
  std::vector<uint8_t> out;
  if (names.module.data() != nullptr) {
    std::vector<uint8_t> contents;
    append_name(contents, names.module);
    append_subsection(out, kModule, contents);
  }
  append_direct(out, kFuncs, names.funcs);
  append_indirect(out, kLocals, names.locals);
  append_indirect(out, kLabels, names.labels);
  append_direct(out, kTypes, names.types);
  append_direct(out, kTables, names.tables);
  append_direct(out, kMemories, names.memories);
  append_direct(out, kGlobals, names.globals);
  append_direct(out, kElems, names.elems);
  append_direct(out, kDatas, names.datas);
  append_indirect(out, kFields, names.fields);
  append_direct(out, kTags, names.tags);
  return out;
}

std::vector<uint8_t> encode_branch_hints(std::span<const module::BranchHint> hints) {
  std::vector<uint8_t> entries;
  uint32_t funcs = 0;
  for (size_t i = 0; i < hints.size();) {
    size_t end = i;
    while (end < hints.size() && hints[end].func == hints[i].func) ++end;
    base::append_leb_u32(entries, hints[i].func);
    base::append_leb_u64(entries, end - i);
    for (; i < end; ++i) {
      base::append_leb_u32(entries, hints[i].offset);
      entries.push_back(1);  // size of the hint
      entries.push_back(hints[i].taken ? 1 : 0);
    }
    ++funcs;
  }
  std::vector<uint8_t> out;
  base::append_leb_u32(out, funcs);
  out.insert(out.end(), entries.begin(), entries.end());
  return out;
}

}  // namespace ashlar::text
