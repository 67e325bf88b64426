// Lowering: values become core values and bytes in a guest's memory. What realloc gives is hostile.
#include <algorithm>
#include <cstring>

#include "component/canon.h"
#include "component/canon_checks.h"

namespace ashlar::component {
namespace {

std::unexpected<Error> mismatch(const ValType& type, std::string_view why) {
  return make_error(ErrorCode::value_type_mismatch, kNoOffset, TypeArena::to_string(type), std::string(why));
}

Status check_size(const ValType& type, const Val& value, size_t size) {
  const TypeKind kind = type.kind == TypeKind::FixedList ? TypeKind::List : type.kind;
  if (value.kind() != kind) return mismatch(type, "another kind of value");
  if (value.size() == size) return {};
  return mismatch(type, "it has " + std::to_string(value.size()) + " members, not " + std::to_string(size));
}

Status check_case(const ValType& type, const Val& value) {
  if (value.kind() != type.kind) return mismatch(type, "another kind of value");
  if (value.index() >= case_count(type)) return mismatch(type, "it has no such case");
  const bool wanted = case_payload(type, value.index()) != nullptr;
  if (wanted == (value.payload() != nullptr)) return {};
  return mismatch(type, wanted ? "the case needs a payload" : "the case has no payload");
}

bool is_char(uint64_t bits) { return bits < 0xd800 || (bits > 0xdfff && bits < 0x110000); }

/// Of flags and enums.
Status check_label(const ValType& type, const Val& value) {
  if (type.kind == TypeKind::Enum) {
    return value.index() < type.members.size() ? Status() : mismatch(type, "it has no such case");
  }
  const bool fits = type.members.size() >= 32 || value.bits() >> type.members.size() == 0;
  return fits ? Status() : mismatch(type, "it has flags without a label");
}

class Lowerer {
 public:
  explicit Lowerer(LowerContext& context) : cx_(context), wide_(context.options.memory64) { refresh(); }

  Status store(uint64_t address, const ValType& type, const Val& value);
  Status store_fields(uint64_t address, std::span<const Member> members, std::span<const Val> values);
  Status store_list(uint64_t address, const ValType& element, const Val& list);
  Status lower(const ValType& type, const Val& value, std::vector<uint64_t>& flat);
  Result<uint64_t> allocate(const AbiLayout& l) { return allocate(l.align, l.size); }
  const MemoryView& memory() const { return memory_; }

 private:
  void refresh() {
    if (cx_.memory) memory_ = cx_.memory->view();
  }
  Result<uint64_t> allocate(uint32_t align, uint64_t size) {
    TRY_ASSIGN(const uint64_t address, guest_realloc(cx_, 0, 0, align, size));
    refresh();
    return address;
  }
  void write(uint64_t address, uint64_t value, uint32_t size) { std::memcpy(memory_.base + address, &value, size); }
  uint32_t pointer_size() const { return wide_ ? 8 : 4; }

  Result<uint64_t> scalar(const ValType& type, const Val& value);
  Result<Lowered> string(const ValType& type, const Val& value);
  Result<Lowered> list(const ValType& type, const Val& value);

  LowerContext& cx_;
  const bool wide_;
  MemoryView memory_;  ///< since the last realloc
};

/// Bits of a value that one core value holds, those above it zero. Only this and `check_*` look at the value's type.
Result<uint64_t> Lowerer::scalar(const ValType& type, const Val& value) {
  if (value.kind() != type.kind) {
    return mismatch(type, "another kind of value");
  }
  const uint64_t bits = value.bits();
  switch (type.kind) {
    case TypeKind::Bool:
      return bits != 0;
    case TypeKind::S8:
    case TypeKind::S16:
    case TypeKind::S32:
    case TypeKind::U8:
    case TypeKind::U16:
    case TypeKind::U32:
    case TypeKind::F32:
      return static_cast<uint32_t>(bits);
    case TypeKind::S64:
    case TypeKind::U64:
    case TypeKind::F64:
      return bits;
    case TypeKind::Char:
      if (is_char(bits)) return bits;
      return make_error(ErrorCode::canon_invalid_char, kNoOffset, std::to_string(bits));
    case TypeKind::Flags:
      TRY(check_label(type, value));
      return bits;
    case TypeKind::Enum:
      TRY(check_label(type, value));
      return value.index();
    case TypeKind::Own:
    case TypeKind::Borrow:
    case TypeKind::Stream:
    case TypeKind::Future:
    case TypeKind::ErrorContext: {
      CHECK(cx_.handles != nullptr);
      if (value.resource() != type.resource) {
        return mismatch(type, "a handle of another resource");
      }
      TRY_ASSIGN(const uint32_t index, cx_.handles->lower(type, bits));
      return index;
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
  return 0;
}

Result<Lowered> Lowerer::string(const ValType& type, const Val& value) {
  if (value.kind() != TypeKind::String) {
    return mismatch(type, "another kind of value");
  }
  const std::string& text = value.as_string();
  const StringView view{CodeUnits::Utf8, reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  if (!well_formed(view)) return mismatch(type, "it is not UTF-8");
  Result<Lowered> out = lower_string(cx_, view);
  refresh();
  return out;
}

/// A list or map to memory of its own.
Result<Lowered> Lowerer::list(const ValType& type, const Val& value) {
  if (value.kind() != type.kind) {
    return mismatch(type, "another kind of value");
  }
  const bool map = type.kind == TypeKind::Map;
  const AbiLayout element = map ? record_layout(type.members, wide_) : layout(*type.members[0].type, wide_);
  CHECK(element.size < kTooLarge);
  const size_t count = value.size();
  if (count > kMaxAllocation / std::max<uint32_t>(element.size, 1)) {
    return make_error(ErrorCode::canon_list_too_long, kNoOffset, std::to_string(count) + " elements",
                      std::to_string(kMaxAllocation));
  }
  TRY_ASSIGN(const uint64_t address, allocate(element.align, count * element.size));
  if (!map) {
    TRY(store_list(address, *type.members[0].type, value));
    return Lowered{address, count};
  }
  for (size_t i = 0; i < count; ++i) {
    const std::span<const Val> entry = value.elements()[i].elements();
    if (entry.size() != 2) return mismatch(type, "an entry is not a pair");
    TRY(store_fields(address + i * element.size, type.members, entry));
  }
  return Lowered{address, count};
}

/// Elements to a checked address.
Status Lowerer::store_list(uint64_t address, const ValType& element, const Val& list) {
  const uint32_t size = layout(element, wide_).size;
  if (list.is_packed() && list.packed_kind() == element.kind && element.kind != TypeKind::Char) {
    const std::span<const uint8_t> bytes = list.packed_bytes();
    if (!bytes.empty()) std::memcpy(memory_.base + address, bytes.data(), bytes.size());
    return {};
  }
  if (list.is_packed()) {
    for (size_t i = 0; i < list.size(); ++i) TRY(store(address + i * size, element, list.at(i)));
    return {};
  }
  for (const Val& value : list.elements()) {
    TRY(store(address, element, value));
    address += size;
  }
  return {};
}

Status Lowerer::store_fields(uint64_t address, std::span<const Member> members, std::span<const Val> values) {
  for (size_t i = 0; i < members.size(); ++i) {
    const AbiLayout& field = layout(*members[i].type, wide_);
    address = align_up(address, field.align);
    TRY(store(address, *members[i].type, values[i]));
    address += field.size;
  }
  return {};
}

/// CanonicalABI.md, store. The caller has checked alignment and bounds of the whole; memories do not shrink.
Status Lowerer::store(uint64_t address, const ValType& type, const Val& value) {
  switch (type.kind) {
    case TypeKind::String:
    case TypeKind::List:
    case TypeKind::Map: {
      TRY_ASSIGN(const Lowered l, type.kind == TypeKind::String ? string(type, value) : list(type, value));
      write(address, l.address, pointer_size());
      write(address + pointer_size(), l.length, pointer_size());
      return {};
    }
    case TypeKind::FixedList:
      TRY(check_size(type, value, type.length));
      return store_list(address, *type.members[0].type, value);
    case TypeKind::Record:
    case TypeKind::Tuple:
      TRY(check_size(type, value, type.members.size()));
      return store_fields(address, type.members, value.elements());
    case TypeKind::Variant:
    case TypeKind::Option:
    case TypeKind::Result: {
      TRY(check_case(type, value));
      write(address, value.index(), discriminant_size(case_count(type)));
      const ValType* payload = case_payload(type, value.index());
      return payload ? store(address + layout(type, wide_).align, *payload, *value.payload()) : Status();
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
    case TypeKind::ErrorContext: {
      TRY_ASSIGN(const uint64_t bits, scalar(type, value));
      write(address, bits, layout(type, wide_).size);
      return {};
    }
  }
  return {};
}

/// CanonicalABI.md, lower_flat. A narrower value in a joined core type has zeros above it.
Status Lowerer::lower(const ValType& type, const Val& value, std::vector<uint64_t>& flat) {
  const TypeKind kind = type.kind;
  if (kind == TypeKind::String || kind == TypeKind::List || kind == TypeKind::Map) {
    TRY_ASSIGN(const Lowered l, kind == TypeKind::String ? string(type, value) : list(type, value));
    flat.push_back(l.address);
    flat.push_back(l.length);
  } else if (kind == TypeKind::FixedList) {
    TRY(check_size(type, value, type.length));
    for (size_t i = 0; i < type.length; ++i) TRY(lower(*type.members[0].type, value.at(i), flat));
  } else if (kind == TypeKind::Record || kind == TypeKind::Tuple) {
    TRY(check_size(type, value, type.members.size()));
    const std::span<const Val> fields = value.elements();
    for (size_t i = 0; i < fields.size(); ++i) TRY(lower(*type.members[i].type, fields[i], flat));
  } else if (kind == TypeKind::Variant || kind == TypeKind::Option || kind == TypeKind::Result) {
    TRY(check_case(type, value));
    const size_t end = flat.size() + type.flat_count;
    flat.push_back(value.index());
    if (const ValType* payload = case_payload(type, value.index())) TRY(lower(*payload, *value.payload(), flat));
    flat.resize(end);
  } else {
    TRY_ASSIGN(const uint64_t bits, scalar(type, value));
    flat.push_back(bits);
  }
  return {};
}

Status check_members(std::span<const Member> members, std::span<const Val> values) {
  for (size_t i = 0; i < members.size(); ++i) TRY(check_value(*members[i].type, values[i]));
  return {};
}

Status check_elements(const ValType& element, const Val& list) {
  if (list.is_packed() && list.packed_kind() == element.kind && element.kind != TypeKind::Char) return {};
  for (size_t i = 0; list.is_packed() && i < list.size(); ++i) TRY(check_value(element, list.at(i)));
  if (list.is_packed()) return {};
  for (const Val& value : list.elements()) TRY(check_value(element, value));
  return {};
}

Status check_map(const ValType& type, const Val& map) {
  for (const Val& entry : map.elements()) {
    if (entry.elements().size() != 2) return mismatch(type, "an entry is not a pair");
    TRY(check_members(type.members, entry.elements()));
  }
  return {};
}

}  // namespace

Status check_value(const ValType& type, const Val& value) {
  switch (type.kind) {
    case TypeKind::FixedList:
      TRY(check_size(type, value, type.length));
      return check_elements(*type.members[0].type, value);
    case TypeKind::Record:
    case TypeKind::Tuple:
      TRY(check_size(type, value, type.members.size()));
      return check_members(type.members, value.elements());
    case TypeKind::Variant:
    case TypeKind::Option:
    case TypeKind::Result: {
      TRY(check_case(type, value));
      const ValType* payload = case_payload(type, value.index());
      return payload != nullptr ? check_value(*payload, *value.payload()) : Status();
    }
    default:
      break;
  }
  if (value.kind() != type.kind) return mismatch(type, "another kind of value");
  if (type.kind == TypeKind::List) return check_elements(*type.members[0].type, value);
  if (type.kind == TypeKind::Map) return check_map(type, value);
  if (type.kind == TypeKind::Flags || type.kind == TypeKind::Enum) return check_label(type, value);
  if (type.kind == TypeKind::Char && !is_char(value.bits())) return mismatch(type, "it is no Unicode scalar value");
  const bool has_resource = type.kind == TypeKind::Own || type.kind == TypeKind::Borrow;
  if (has_resource && value.resource() != type.resource) return mismatch(type, "a handle of another resource");
  if (type.kind != TypeKind::String) return {};
  const std::string& text = value.as_string();
  const bool valid = well_formed({CodeUnits::Utf8, reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return valid ? Status() : mismatch(type, "it is not UTF-8");
}

Status lower_values(LowerContext& context, std::span<const Val> values, std::span<const Member> types, size_t max_flat,
                    std::vector<uint64_t>& flat, const uint64_t* out_pointer) {
  if (values.size() != types.size()) {
    return make_error(ErrorCode::argument_mismatch, kNoOffset,
                      std::to_string(types.size()) + " values needed, there are " + std::to_string(values.size()));
  }
  Lowerer lowerer(context);
  if (flat_count(types) <= max_flat) {
    for (size_t i = 0; i < types.size(); ++i) TRY(lowerer.lower(*types[i].type, values[i], flat));
    return {};
  }
  const AbiLayout whole = record_layout(types, context.options.memory64);
  CHECK(whole.size < kTooLarge);
  uint64_t address = 0;
  if (out_pointer) {
    address = context.options.memory64 ? *out_pointer : static_cast<uint32_t>(*out_pointer);
    TRY(check_aligned(ErrorCode::canon_unaligned, address, whole.align));
    TRY(check_bounds(ErrorCode::canon_values_bounds, lowerer.memory(), address, whole.size));
  } else {
    TRY_ASSIGN(address, lowerer.allocate(whole));
    flat.push_back(address);
  }
  return lowerer.store_fields(address, types, values);
}

Status store_value(LowerContext& context, const ValType& type, const Val& value, uint64_t address) {
  Lowerer lowerer(context);
  const AbiLayout& whole = layout(type, context.options.memory64);
  CHECK(whole.size < kTooLarge);
  TRY(check_aligned(ErrorCode::canon_unaligned, address, whole.align));
  TRY(check_bounds(ErrorCode::canon_values_bounds, lowerer.memory(), address, whole.size));
  return lowerer.store(address, type, value);
}

Status store_elements(LowerContext& context, const ValType& element, const Val& list, uint64_t address) {
  Lowerer lowerer(context);
  TRY(check_list(lowerer.memory(), address, list.size(), layout(element, context.options.memory64)));
  return lowerer.store_list(address, element, list);
}

}  // namespace ashlar::component
