// Lifting: core values and bytes of a guest's memory become values. Everything read is hostile.
#include <algorithm>
#include <bit>
#include <cstring>

#include "component/canon.h"
#include "component/canon_checks.h"

namespace ashlar::component {
namespace {

constexpr uint32_t kNan32 = 0x7fc00000;
constexpr uint64_t kNan64 = 0x7ff8000000000000ull;
uint32_t canonical_nan32(uint32_t bits) { return (bits & 0x7fffffff) > 0x7f800000 ? kNan32 : bits; }
uint64_t canonical_nan64(uint64_t bits) {
  return (bits & ~(uint64_t{1} << 63)) > 0x7ff0000000000000ull ? kNan64 : bits;
}

bool is_scalar_value(uint64_t c) { return c < 0xd800 || (c > 0xdfff && c < 0x110000); }

template <class T>
void canonical_floats(std::vector<uint8_t>& bytes, T (*canonical)(T)) {
  for (size_t i = 0; i < bytes.size(); i += sizeof(T)) {
    T bits;
    std::memcpy(&bits, &bytes[i], sizeof bits);
    bits = canonical(bits);
    std::memcpy(&bytes[i], &bits, sizeof bits);
  }
}

/// The core values that are not yet taken.
class Flat {
 public:
  explicit Flat(std::span<const uint64_t> values) : rest_(values) {}
  uint64_t next() {
    CHECK(!rest_.empty());  // the core function's type has as many as its types flatten to
    const uint64_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  size_t left() const { return rest_.size(); }
  void skip_to(size_t left) { rest_ = rest_.subspan(rest_.size() - left); }

 private:
  std::span<const uint64_t> rest_;
};

class Lifter {
 public:
  explicit Lifter(LiftContext& context) : cx_(context), wide_(context.options.memory64) {}

  Status load(uint64_t address, const ValType& type, Val& out);
  Status lift(Flat& flat, const ValType& type, Val& out);
  Status load_fields(uint64_t address, std::span<const Member> members, std::vector<Val>& out);
  Status load_list(uint64_t address, uint64_t count, const ValType& element, Val& out);

 private:
  Status charge(uint64_t bytes) {
    if (bytes > cx_.budget) return make_error(ErrorCode::value_too_large, kNoOffset, std::to_string(cx_.budget));
    cx_.budget -= bytes;
    return {};
  }
  uint64_t read(uint64_t address, uint32_t size) const {
    uint64_t value = 0;
    std::memcpy(&value, cx_.memory.base + address, size);
    return value;
  }
  uint64_t pointer(uint64_t value) const { return wide_ ? value : static_cast<uint32_t>(value); }
  uint32_t pointer_size() const { return wide_ ? 8 : 4; }

  Status scalar(const ValType& type, uint64_t bits, Val& out);
  Status string(uint64_t address, uint64_t length, Val& out);
  Status list(uint64_t address, uint64_t count, const ValType& type, Val& out);
  Status packed(uint64_t address, uint64_t count, TypeKind kind, Val& out);
  Status map(uint64_t address, uint64_t count, const ValType& type, Val& out);
  Result<uint32_t> discriminant(const ValType& type, uint64_t index);
  Val make_case(const ValType& type, uint32_t index, const ValType* payload, Val value);

  LiftContext& cx_;
  const bool wide_;
};

/// Kinds that one core value holds; `bits` may have more than the type's.
Status Lifter::scalar(const ValType& type, uint64_t bits, Val& out) {
  const auto low = static_cast<uint32_t>(bits);
  switch (type.kind) {
    case TypeKind::Bool:
      out = Val::boolean(low != 0);
      return {};
    case TypeKind::S8:
      out = Val::s8(static_cast<int8_t>(bits));
      return {};
    case TypeKind::U8:
      out = Val::u8(static_cast<uint8_t>(bits));
      return {};
    case TypeKind::S16:
      out = Val::s16(static_cast<int16_t>(bits));
      return {};
    case TypeKind::U16:
      out = Val::u16(static_cast<uint16_t>(bits));
      return {};
    case TypeKind::S32:
      out = Val::s32(static_cast<int32_t>(bits));
      return {};
    case TypeKind::U32:
      out = Val::u32(low);
      return {};
    case TypeKind::S64:
      out = Val::s64(static_cast<int64_t>(bits));
      return {};
    case TypeKind::U64:
      out = Val::u64(bits);
      return {};
    case TypeKind::F32:
      out = Val::f32(std::bit_cast<float>(canonical_nan32(low)));
      return {};
    case TypeKind::F64:
      out = Val::f64(std::bit_cast<double>(canonical_nan64(bits)));
      return {};
    case TypeKind::Char:
      if (!is_scalar_value(low)) return make_error(ErrorCode::canon_invalid_char, kNoOffset, std::to_string(low));
      out = Val::character(low);
      return {};
    case TypeKind::Flags: {
      const size_t labels = type.members.size();
      out = Val::flags(labels >= 32 ? low : low & ((uint32_t{1} << labels) - 1));
      return {};
    }
    case TypeKind::Enum: {
      TRY_ASSIGN(const uint32_t index, discriminant(type, low));
      out = Val::enumeration(index);
      return {};
    }
    case TypeKind::Own:
    case TypeKind::Borrow:
    case TypeKind::Stream:
    case TypeKind::Future:
    case TypeKind::ErrorContext: {
      CHECK(cx_.handles != nullptr);
      TRY_ASSIGN(const uint64_t token, cx_.handles->lift(type, low));
      out = Val::handle(type.kind, type.resource, token);
      return {};
    }
    case TypeKind::String:
    case TypeKind::Record:
    case TypeKind::Variant:
    case TypeKind::List:
    case TypeKind::FixedList:
    case TypeKind::Tuple:
    case TypeKind::Option:
    case TypeKind::Result:
    case TypeKind::Map:
      break;
  }
  CHECK(!"a scalar type");
  return {};
}

Result<uint32_t> Lifter::discriminant(const ValType& type, uint64_t index) {
  const size_t cases = case_count(type);
  if (index < cases) return static_cast<uint32_t>(index);
  return make_error(ErrorCode::canon_invalid_discriminant, kNoOffset, std::to_string(index), std::to_string(cases));
}

Val Lifter::make_case(const ValType& type, uint32_t index, const ValType* payload, Val value) {
  if (type.kind == TypeKind::Option) return payload ? Val::some(std::move(value)) : Val::none();
  if (type.kind == TypeKind::Variant) {
    return payload ? Val::variant(index, std::move(value)) : Val::variant(index);
  }
  if (!payload) return index == 0 ? Val::ok() : Val::error();
  return index == 0 ? Val::ok(std::move(value)) : Val::error(std::move(value));
}

Status Lifter::string(uint64_t address, uint64_t length, Val& out) {
  TRY_ASSIGN(const StringView found, find_string(cx_, address, length));
  constexpr size_t kMost[] = {1, 3, 2};  // bytes of UTF-8 that a unit can become
  const size_t most = found.units * kMost[static_cast<size_t>(found.encoding)];
  TRY(charge(sizeof(std::string) + most));
  std::string text;
  if (found.encoding == CodeUnits::Utf8) {
    text.assign(reinterpret_cast<const char*>(found.data), found.units);
  } else {
    text.resize_and_overwrite(
        most, [&](char* data, size_t) { return to_utf8(found, 0, {reinterpret_cast<uint8_t*>(data), most}).written; });
    if (text.size() < most / 2) text.shrink_to_fit();
  }
  out = Val::string(std::move(text));
  return {};
}

Status Lifter::packed(uint64_t address, uint64_t count, TypeKind kind, Val& out) {
  const size_t size = count * packed_size(kind);
  TRY(charge(size));
  const uint8_t* from = cx_.memory.base + address;
  std::vector<uint8_t> bytes(from, from + size);
  if (kind == TypeKind::Bool) {
    for (uint8_t& byte : bytes) byte = byte != 0;
  } else if (kind == TypeKind::F32) {
    canonical_floats<uint32_t>(bytes, canonical_nan32);
  } else if (kind == TypeKind::F64) {
    canonical_floats<uint64_t>(bytes, canonical_nan64);
  } else if (kind == TypeKind::Char) {
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t c = read(address + 4 * i, 4);
      if (!is_scalar_value(c)) return make_error(ErrorCode::canon_invalid_char, kNoOffset, std::to_string(c));
    }
  }
  out = Val::packed_list(kind, std::move(bytes));
  return {};
}

/// Elements from a checked address.
Status Lifter::load_list(uint64_t address, uint64_t count, const ValType& element, Val& out) {
  if (is_packable(element.kind)) return packed(address, count, element.kind, out);
  TRY(charge(count * sizeof(Val)));
  const uint32_t size = layout(element, wide_).size;
  std::vector<Val> elements(count);
  for (uint64_t i = 0; i < count; ++i) TRY(load(address + i * size, element, elements[i]));
  out = Val::list(std::move(elements));
  return {};
}

Status Lifter::map(uint64_t address, uint64_t count, const ValType& type, Val& out) {
  const AbiLayout entry = record_layout(type.members, wide_);
  TRY(check_list(cx_.memory, address, count, entry));
  TRY(charge(count * 4 * sizeof(Val)));
  std::vector<Val> entries(count);
  for (uint64_t i = 0; i < count; ++i) {
    std::vector<Val> pair;
    TRY(load_fields(address + i * entry.size, type.members, pair));
    entries[i] = Val::tuple(std::move(pair));
  }
  out = Val::map(std::move(entries));
  return {};
}

Status Lifter::list(uint64_t address, uint64_t count, const ValType& type, Val& out) {
  if (type.kind == TypeKind::Map) return map(address, count, type, out);
  const ValType& element = *type.members[0].type;
  TRY(check_list(cx_.memory, address, count, layout(element, wide_)));
  return load_list(address, count, element, out);
}

Status Lifter::load_fields(uint64_t address, std::span<const Member> members, std::vector<Val>& out) {
  TRY(charge((members.size() + 2) * sizeof(Val)));
  out.resize(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const AbiLayout& field = layout(*members[i].type, wide_);
    address = align_up(address, field.align);
    TRY(load(address, *members[i].type, out[i]));
    address += field.size;
  }
  return {};
}

/// CanonicalABI.md, load. The caller has checked alignment and bounds of the whole.
Status Lifter::load(uint64_t address, const ValType& type, Val& out) {
  switch (type.kind) {
    case TypeKind::String:
      return string(read(address, pointer_size()), read(address + pointer_size(), pointer_size()), out);
    case TypeKind::List:
    case TypeKind::Map:
      return list(read(address, pointer_size()), read(address + pointer_size(), pointer_size()), type, out);
    case TypeKind::FixedList:
      return load_list(address, type.length, *type.members[0].type, out);
    case TypeKind::Record:
    case TypeKind::Tuple: {
      std::vector<Val> fields;
      TRY(load_fields(address, type.members, fields));
      out = type.kind == TypeKind::Record ? Val::record(std::move(fields)) : Val::tuple(std::move(fields));
      return {};
    }
    case TypeKind::Variant:
    case TypeKind::Option:
    case TypeKind::Result: {
      TRY_ASSIGN(const uint32_t index, discriminant(type, read(address, discriminant_size(case_count(type)))));
      const ValType* payload = case_payload(type, index);
      Val value;
      if (payload) {
        TRY(charge(2 * sizeof(Val)));
        TRY(load(address + layout(type, wide_).align, *payload, value));
      }
      out = make_case(type, index, payload, std::move(value));
      return {};
    }
    case TypeKind::Bool:
    case TypeKind::S8:
    case TypeKind::U8:
    case TypeKind::S16:
    case TypeKind::U16:
    case TypeKind::S32:
    case TypeKind::U32:
    case TypeKind::S64:
    case TypeKind::U64:
    case TypeKind::F32:
    case TypeKind::F64:
    case TypeKind::Char:
    case TypeKind::Flags:
    case TypeKind::Enum:
    case TypeKind::Own:
    case TypeKind::Borrow:
    case TypeKind::Stream:
    case TypeKind::Future:
    case TypeKind::ErrorContext:
      return scalar(type, read(address, layout(type, wide_).size), out);
  }
  return {};
}

/// CanonicalABI.md, lift_flat. Joined core types need no thought: a slot's low bits are the narrower value.
Status Lifter::lift(Flat& flat, const ValType& type, Val& out) {
  const TypeKind kind = type.kind;
  if (kind == TypeKind::String || kind == TypeKind::List || kind == TypeKind::Map) {
    const uint64_t address = pointer(flat.next()), length = pointer(flat.next());
    return kind == TypeKind::String ? string(address, length, out) : list(address, length, type, out);
  }
  if (kind == TypeKind::Record || kind == TypeKind::Tuple || kind == TypeKind::FixedList) {
    const bool fixed = kind == TypeKind::FixedList;
    std::vector<Val> members(fixed ? type.length : type.members.size());
    for (size_t i = 0; i < members.size(); ++i) TRY(lift(flat, *type.members[fixed ? 0 : i].type, members[i]));
    if (fixed)
      out = Val::list(std::move(members));
    else if (kind == TypeKind::Record)
      out = Val::record(std::move(members));
    else
      out = Val::tuple(std::move(members));
    return {};
  }
  if (kind == TypeKind::Variant || kind == TypeKind::Option || kind == TypeKind::Result) {
    const size_t left = flat.left() - type.flat_count;
    TRY_ASSIGN(const uint32_t index, discriminant(type, static_cast<uint32_t>(flat.next())));
    const ValType* payload = case_payload(type, index);
    Val value;
    if (payload) TRY(lift(flat, *payload, value));
    flat.skip_to(left);
    out = make_case(type, index, payload, std::move(value));
    return {};
  }
  return scalar(type, flat.next(), out);
}

uint64_t mask_pointer(const CanonOptions& options, uint64_t value) {
  return options.memory64 ? value : static_cast<uint32_t>(value);
}

}  // namespace

Result<StringView> locate_string(const LiftContext& context, uint64_t address, uint64_t length) {
  const uint64_t tag = utf16_tag(context.options);
  StringView out;
  uint64_t size = length;
  uint32_t align = 1;
  if (context.options.encoding == StringEncoding::Utf16) {
    out.encoding = CodeUnits::Utf16;
  } else if (context.options.encoding == StringEncoding::Latin1Utf16) {
    align = 2;
    out.encoding = (length & tag) != 0 ? CodeUnits::Utf16 : CodeUnits::Latin1;
    length &= ~tag;
    size = length;
  }
  if (length > kMaxStringBytes) {
    return make_error(ErrorCode::canon_string_too_long, kNoOffset, std::to_string(length) + " units");
  }
  if (out.encoding == CodeUnits::Utf16) {
    align = 2;
    size = 2 * length;
  }
  if (size > kMaxStringBytes) {
    return make_error(ErrorCode::canon_string_too_long, kNoOffset, std::to_string(size));
  }
  TRY(check_aligned(ErrorCode::canon_unaligned, address, align));
  TRY(check_bounds(ErrorCode::canon_string_bounds, context.memory, address, size));
  out.data = context.memory.base + address;
  out.units = length;
  return out;
}

Status check_string(const StringView& string) {
  if (well_formed(string)) return {};
  return make_error(string.encoding == CodeUnits::Utf8 ? ErrorCode::canon_invalid_utf8
                                                       : ErrorCode::canon_invalid_utf16);
}

Result<StringView> find_string(const LiftContext& context, uint64_t address, uint64_t length) {
  TRY_ASSIGN(const StringView out, locate_string(context, address, length));
  TRY(check_string(out));
  return out;
}

Result<std::vector<Val>> lift_values(LiftContext& context, std::span<const Member> types,
                                     std::span<const uint64_t> flat, size_t max_flat) {
  Lifter lifter(context);
  std::vector<Val> out;
  if (flat_count(types) > max_flat) {
    const AbiLayout whole = record_layout(types, context.options.memory64);
    CHECK(!flat.empty() && whole.size < kTooLarge);
    const uint64_t address = mask_pointer(context.options, flat[0]);
    TRY(check_aligned(ErrorCode::canon_unaligned, address, whole.align));
    TRY(check_bounds(ErrorCode::canon_values_bounds, context.memory, address, whole.size));
    TRY(lifter.load_fields(address, types, out));
    return out;
  }
  Flat rest(flat);
  out.resize(types.size());
  for (size_t i = 0; i < types.size(); ++i) TRY(lifter.lift(rest, *types[i].type, out[i]));
  return out;
}

Result<Val> load_value(LiftContext& context, const ValType& type, uint64_t address) {
  const AbiLayout& whole = layout(type, context.options.memory64);
  CHECK(whole.size < kTooLarge);
  TRY(check_aligned(ErrorCode::canon_unaligned, address, whole.align));
  TRY(check_bounds(ErrorCode::canon_values_bounds, context.memory, address, whole.size));
  Val out;
  TRY(Lifter(context).load(address, type, out));
  return out;
}

Result<Val> load_elements(LiftContext& context, const ValType& element, uint64_t address, uint64_t count) {
  TRY(check_list(context.memory, address, count, layout(element, context.options.memory64)));
  Val out;
  TRY(Lifter(context).load_list(address, count, element, out));
  return out;
}

}  // namespace ashlar::component
