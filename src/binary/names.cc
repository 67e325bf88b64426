// The custom sections that Ashlar reads: names (spec 7.4.1, extended names) and branch hints. Both leniently.
#include <algorithm>
#include <utility>

#include "base/byte_reader.h"
#include "base/utf8.h"
#include "binary/decode.h"
#include "binary/decoder.h"

namespace ashlar::binary {

using module::Module;
using module::NameMap;

namespace {

enum class NameKind : uint8_t {
  Module = 0,
  Func = 1,
  Local = 2,
  Label = 3,
  Type = 4,
  Table = 5,
  Memory = 6,
  Global = 7,
  Elem = 8,
  Data = 9,
  Field = 10,
  Tag = 11,
};

std::string_view read_name(base::ByteReader& in) {
  const std::span<const uint8_t> bytes = in.take(in.leb_u32());
  if (!base::is_utf8(bytes)) in.fail(ErrorCode::malformed_utf8);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Names in all: entries behind are dropped, so that a hostile section can't fill the memory.
constexpr uint32_t kMostNames = 4'000'000;

struct NameReader {
  base::ByteReader in;
  uint32_t& left;  ///< of kMostNames
};

/// Entries at or above `limit` name nothing and are dropped; of two for one index the first counts.
NameMap::Names read_names(NameReader& reader, size_t limit) {
  base::ByteReader& in = reader.in;
  NameMap::Names out;
  const uint32_t n = in.leb_u32();
  out.reserve(std::min<size_t>({n, limit, in.remaining() / 2, reader.left}));
  for (uint32_t i = 0; i < n && in.ok(); ++i) {
    const uint32_t index = in.leb_u32();
    const std::string_view name = read_name(in);
    if (!in.ok() || index >= limit || reader.left == 0) continue;
    out.try_emplace(index, name);
    --reader.left;
  }
  return out;
}

NameMap::Indirect read_indirect(NameReader& reader, size_t limit) {
  constexpr size_t kAny = ~size_t{0};
  base::ByteReader& in = reader.in;
  NameMap::Indirect out;
  const uint32_t n = in.leb_u32();
  for (uint32_t i = 0; i < n && in.ok(); ++i) {
    const uint32_t index = in.leb_u32();
    NameMap::Names names = read_names(reader, kAny);
    if (!in.ok() || index >= limit || reader.left == 0) continue;
    out.try_emplace(index, std::move(names));
    --reader.left;
  }
  return out;
}

void read_subsection(const Module& m, uint8_t id, NameReader& in, NameMap& out) {
  if (id > static_cast<uint8_t>(NameKind::Tag)) return;  // of a later version
  switch (NameKind{id}) {
    case NameKind::Module:
      out.module = read_name(in.in);
      return;
    case NameKind::Func:
      out.funcs = read_names(in, m.funcs.size());
      return;
    case NameKind::Local:
      out.locals = read_indirect(in, m.funcs.size());
      return;
    case NameKind::Label:
      out.labels = read_indirect(in, m.funcs.size());
      return;
    case NameKind::Type:
      out.types = read_names(in, m.types.size());
      return;
    case NameKind::Table:
      out.tables = read_names(in, m.tables.size());
      return;
    case NameKind::Memory:
      out.memories = read_names(in, m.memories.size());
      return;
    case NameKind::Global:
      out.globals = read_names(in, m.globals.size());
      return;
    case NameKind::Elem:
      out.elems = read_names(in, m.elems.size());
      return;
    case NameKind::Data:
      out.datas = read_names(in, m.datas.size());
      return;
    case NameKind::Field:
      out.fields = read_indirect(in, m.types.size());
      return;
    case NameKind::Tag:
      out.tags = read_names(in, m.tags.size());
      return;
  }
}

}  // namespace

NameMap decode_names(const Module& m) {
  NameMap out;
  const auto section = std::find_if(m.customs.begin(), m.customs.end(), [](const auto& c) { return c.name == "name"; });
  if (section == m.customs.end()) return out;
  base::ByteReader in(m.bytes, section->contents_offset, size_t{section->contents_offset} + section->contents_size);
  uint32_t left = kMostNames;
  while (in.ok() && !in.at_end()) {
    const uint8_t id = in.u8();
    const uint32_t size = in.leb_u32();
    const size_t from = in.pos();
    in.take(size);
    if (!in.ok()) break;
    NameReader part{base::ByteReader(m.bytes, from, from + size), left};
    read_subsection(m, id, part, out);
    if (!part.in.ok()) return {};
  }
  return in.ok() ? std::move(out) : NameMap{};
}

std::vector<module::BranchHint> decode_branch_hints(std::span<const uint8_t> bytes, size_t from, size_t to) {
  std::vector<module::BranchHint> out;
  base::ByteReader in(bytes, from, to);
  const uint32_t funcs = in.leb_u32();
  for (uint32_t i = 0; i < funcs && in.ok(); ++i) {
    const uint32_t func = in.leb_u32();
    const uint32_t hints = in.leb_u32();
    for (uint32_t j = 0; j < hints && in.ok(); ++j) {
      const uint32_t offset = in.leb_u32();
      const uint32_t size = in.leb_u32();
      const uint8_t value = in.u8();
      if (size != 1 || value > 1) return {};
      out.push_back({func, offset, value == 1});
    }
  }
  if (!in.ok()) out.clear();
  return out;
}

}  // namespace ashlar::binary
