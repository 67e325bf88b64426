// Any component-level type, and any value of a type, from a source of choices: for property tests and fuzz targets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "component/types.h"
#include "component/value.h"

namespace ashlar::fuzz {

using component::Member;
using component::PrimType;
using component::TypeArena;
using component::TypeKind;
using component::Val;
using component::ValType;

/// Pick: uint32_t operator()(uint32_t n), a number below n.
template <class Pick>
class ComponentValues {
 public:
  ComponentValues(TypeArena& arena, Pick& pick) : arena_(arena), pick_(pick) {}

  /// A type without handles, at most `depth` constructors deep.
  const ValType* type(int depth) {
    static constexpr PrimType kPrims[] = {PrimType::Bool, PrimType::S8,   PrimType::U8,    PrimType::S16, PrimType::U16,
                                          PrimType::S32,  PrimType::U32,  PrimType::S64,   PrimType::U64, PrimType::F32,
                                          PrimType::F64,  PrimType::Char, PrimType::String};
    if (depth <= 1 || pick_(4) == 0) return arena_.prim(kPrims[pick_(13)]);
    switch (pick_(10)) {
      case 0:
        return arena_.make(TypeKind::Record, members(depth, "f", 1 + pick_(5), false));
      case 1:
        return arena_.make(TypeKind::Variant, members(depth, "c", 1 + pick_(pick_(8) == 0 ? 300 : 5), true));
      case 2:
        return arena_.make(TypeKind::List, {{"", type(depth - 1)}});
      case 3:
        return arena_.make(TypeKind::FixedList, {{"", type(depth - 1)}}, 1 + pick_(5));
      case 4: {
        std::vector<Member> elements = members(depth, "", 1 + pick_(5), false);
        for (Member& m : elements) m.label.clear();
        return arena_.make(TypeKind::Tuple, std::move(elements));
      }
      case 5:
        return arena_.make(TypeKind::Flags, labels("b", 1 + pick_(32)));
      case 6:
        return arena_.make(TypeKind::Enum, labels("e", 1 + pick_(pick_(4) == 0 ? 600 : 9)));
      case 7:
        return arena_.make(TypeKind::Option, {{"some", type(depth - 1)}});
      case 8:
        return arena_.make(TypeKind::Result, {{"ok", maybe(depth)}, {"error", maybe(depth)}});
      default:
        return arena_.make(TypeKind::Map, {{"", arena_.prim(kPrims[pick_(13)])}, {"", type(depth - 1)}});
    }
  }

  Val value(const ValType& type) {
    const uint64_t bits = uint64_t{pick_(0x10000)} << 48 | uint64_t{pick_(0x10000)} << 32 |
                          uint64_t{pick_(0x10000)} << 16 | pick_(0x10000);
    const TypeKind kind = type.kind;
    if (kind == TypeKind::Bool) return Val::boolean(bits & 1);
    if (kind == TypeKind::S8) return Val::s8(static_cast<int8_t>(bits));
    if (kind == TypeKind::U8) return Val::u8(static_cast<uint8_t>(bits));
    if (kind == TypeKind::S16) return Val::s16(static_cast<int16_t>(bits));
    if (kind == TypeKind::U16) return Val::u16(static_cast<uint16_t>(bits));
    if (kind == TypeKind::S32) return Val::s32(static_cast<int32_t>(bits));
    if (kind == TypeKind::U32) return Val::u32(static_cast<uint32_t>(bits));
    if (kind == TypeKind::S64) return Val::s64(static_cast<int64_t>(bits));
    if (kind == TypeKind::U64) return Val::u64(bits);
    if (kind == TypeKind::F32) return Val::f32(static_cast<float>(static_cast<int32_t>(bits)) / 256);
    if (kind == TypeKind::F64) return Val::f64(static_cast<double>(static_cast<int64_t>(bits)) / 65536);
    if (kind == TypeKind::Char) return Val::character(code_point());
    if (kind == TypeKind::String) return Val::string(text());
    if (kind == TypeKind::Flags) {
      const size_t labels = type.members.size();
      return Val::flags(static_cast<uint32_t>(labels == 32 ? bits : bits & ((uint64_t{1} << labels) - 1)));
    }
    if (kind == TypeKind::Enum) return Val::enumeration(pick_(static_cast<uint32_t>(type.members.size())));
    if (kind == TypeKind::Option) return pick_(2) == 0 ? Val::none() : Val::some(value(*type.members[0].type));
    if (kind == TypeKind::Result || kind == TypeKind::Variant) return of_case(type);
    if (kind == TypeKind::Record) return Val::record(fields(type));
    if (kind == TypeKind::Tuple) return Val::tuple(fields(type));
    std::vector<Val> elements(kind == TypeKind::FixedList ? type.length : pick_(5));
    for (Val& e : elements) e = kind == TypeKind::Map ? Val::tuple(fields(type)) : value(*type.members[0].type);
    return kind == TypeKind::Map ? Val::map(std::move(elements)) : Val::list(std::move(elements));
  }

 private:
  const ValType* maybe(int depth) { return pick_(3) == 0 ? nullptr : type(depth - 1); }
  std::vector<Member> labels(const char* prefix, uint32_t count) {
    std::vector<Member> out(count);
    for (uint32_t i = 0; i < count; ++i) out[i].label = prefix + std::to_string(i);
    return out;
  }
  std::vector<Member> members(int depth, const char* prefix, uint32_t count, bool optional) {
    std::vector<Member> out = labels(prefix, count);
    for (uint32_t i = 0; i < count; ++i) {
      if (!optional || i < 6) out[i].type = optional ? maybe(depth) : type(depth - 1);
    }
    return out;
  }
  std::vector<Val> fields(const ValType& type) {
    std::vector<Val> out;
    for (const Member& m : type.members) out.push_back(value(*m.type));
    return out;
  }
  Val of_case(const ValType& type) {
    const uint32_t index = pick_(static_cast<uint32_t>(type.members.size()));
    const ValType* payload = type.members[index].type;
    if (type.kind == TypeKind::Variant) {
      return payload ? Val::variant(index, value(*payload)) : Val::variant(index);
    }
    if (!payload) return index == 0 ? Val::ok() : Val::error();
    return index == 0 ? Val::ok(value(*payload)) : Val::error(value(*payload));
  }
  char32_t code_point() {
    static constexpr uint32_t kRanges[][2] = {
        {0, 0x80}, {0x80, 0x100}, {0x100, 0x800}, {0xe000, 0x10000}, {0x10000, 0x110000}};
    const auto& range = kRanges[pick_(5)];
    return range[0] + pick_(range[1] - range[0]);
  }
  std::string text() {
    // Mostly of one kind, so that each transcoder's paths are all taken.
    std::string out;
    const uint32_t most = pick_(4) == 0 ? 0x110000 : pick_(2) == 0 ? 0x100 : 0x80;
    for (uint32_t n = pick_(pick_(4) == 0 ? 80 : 12); n > 0; --n) {
      const char32_t c = code_point();
      base::append_utf8(out, c < most ? c : 'a' + n % 26);
    }
    return out;
  }

  TypeArena& arena_;
  Pick& pick_;
};

}  // namespace ashlar::fuzz
