// Component-level values: storage, comparison.
#include "component/value.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"

namespace ashlar::component {

template <class T>
struct Val::Of final : Val::Node {
  explicit Of(T v) : value(std::move(v)) {}
  std::unique_ptr<Node> copy() const override { return std::make_unique<Of>(value); }
  T value;
};

Val::Val(const Val& other)
    : kind_(other.kind_),
      packed_(other.packed_),
      index_(other.index_),
      bits_(other.bits_),
      node_(other.node_ ? other.node_->copy() : nullptr) {}

Val& Val::operator=(const Val& other) {
  Val copy(other);
  return *this = std::move(copy);
}

template <class T>
const T* Val::get() const {
  return node_ ? &static_cast<const Of<T>*>(node_.get())->value : nullptr;
}

Val Val::f32(float v) { return {TypeKind::F32, 0, std::bit_cast<uint32_t>(v)}; }
Val Val::f64(double v) { return {TypeKind::F64, 0, std::bit_cast<uint64_t>(v)}; }
float Val::as_f32() const { return std::bit_cast<float>(static_cast<uint32_t>(bits_)); }
double Val::as_f64() const { return std::bit_cast<double>(bits_); }

Val Val::string(std::string utf8) {
  Val out(TypeKind::String, 0, 0);
  out.node_ = std::make_unique<Of<std::string>>(std::move(utf8));
  return out;
}

Val Val::of_vals(TypeKind kind, std::vector<Val> vals) {
  Val out(kind, 0, 0);
  out.node_ = std::make_unique<Of<std::vector<Val>>>(std::move(vals));
  return out;
}

Val Val::list(std::vector<Val> elements) {
  if (elements.empty() || !is_packable(elements[0].kind_)) return of_vals(TypeKind::List, std::move(elements));
  const TypeKind kind = elements[0].kind_;
  if (!std::ranges::all_of(elements, [&](const Val& v) { return v.kind_ == kind; })) {
    return of_vals(TypeKind::List, std::move(elements));
  }
  const size_t size = packed_size(kind);
  std::vector<uint8_t> bytes(elements.size() * size);
  // The low bytes of each value's bits are the element.
  for (size_t i = 0; i < elements.size(); ++i) std::memcpy(&bytes[i * size], &elements[i].bits_, size);
  return packed_list(kind, std::move(bytes));
}

Val Val::packed_list(TypeKind element, std::vector<uint8_t> bytes) {
  CHECK(is_packable(element) && bytes.size() % packed_size(element) == 0);
  Val out(TypeKind::List, 0, 0);
  out.packed_ = static_cast<uint8_t>(element);
  out.node_ = std::make_unique<Of<std::vector<uint8_t>>>(std::move(bytes));
  return out;
}

Val Val::record(std::vector<Val> fields) { return of_vals(TypeKind::Record, std::move(fields)); }
Val Val::tuple(std::vector<Val> elements) { return of_vals(TypeKind::Tuple, std::move(elements)); }
Val Val::map(std::vector<Val> entries) { return of_vals(TypeKind::Map, std::move(entries)); }

Val Val::with(TypeKind kind, uint32_t index, Val payload) {
  Val out(kind, index, 0);
  out.node_ = std::make_unique<Of<Val>>(std::move(payload));
  return out;
}

namespace {

bool is_sequence(TypeKind kind) {
  return kind == TypeKind::List || kind == TypeKind::Record || kind == TypeKind::Tuple || kind == TypeKind::Map;
}
bool has_payload(TypeKind kind) {
  return kind == TypeKind::Variant || kind == TypeKind::Option || kind == TypeKind::Result;
}

Val unpacked(TypeKind kind, const uint8_t* at) {
  const auto read = [&]<class T>(T) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  if (kind == TypeKind::Bool) return Val::boolean(*at != 0);
  if (kind == TypeKind::S8) return Val::s8(read(int8_t{}));
  if (kind == TypeKind::U8) return Val::u8(*at);
  if (kind == TypeKind::S16) return Val::s16(read(int16_t{}));
  if (kind == TypeKind::U16) return Val::u16(read(uint16_t{}));
  if (kind == TypeKind::S32) return Val::s32(read(int32_t{}));
  if (kind == TypeKind::U32) return Val::u32(read(uint32_t{}));
  if (kind == TypeKind::S64) return Val::s64(read(int64_t{}));
  if (kind == TypeKind::U64) return Val::u64(read(uint64_t{}));
  if (kind == TypeKind::F32) return Val::f32(read(float{}));
  if (kind == TypeKind::F64) return Val::f64(read(double{}));
  return Val::character(read(char32_t{}));
}

}  // namespace

const std::string& Val::as_string() const {
  static const std::string empty;
  CHECK(kind_ == TypeKind::String);
  const std::string* found = get<std::string>();
  return found ? *found : empty;
}

const Val* Val::payload() const { return has_payload(kind_) ? get<Val>() : nullptr; }

size_t Val::size() const {
  if (!is_sequence(kind_) || !node_) return 0;
  if (is_packed()) return get<std::vector<uint8_t>>()->size() / packed_size(packed_kind());
  return get<std::vector<Val>>()->size();
}

Val Val::at(size_t i) const {
  if (!is_packed()) return elements()[i];
  return unpacked(packed_kind(), &packed_bytes()[i * packed_size(packed_kind())]);
}

std::span<const uint8_t> Val::packed_bytes() const {
  const auto* bytes = is_packed() ? get<std::vector<uint8_t>>() : nullptr;
  return bytes ? std::span<const uint8_t>(*bytes) : std::span<const uint8_t>();
}

std::span<const Val> Val::elements() const {
  const auto* vals = is_sequence(kind_) && !is_packed() ? get<std::vector<Val>>() : nullptr;
  return vals ? std::span<const Val>(*vals) : std::span<const Val>();
}
std::span<Val> Val::elements() {
  const std::span<const Val> found = std::as_const(*this).elements();
  return {const_cast<Val*>(found.data()), found.size()};  // this value is not const, so neither is its node
}

std::vector<Val> Val::take_elements() && {
  std::vector<Val> out;
  if (is_packed()) {
    out.reserve(size());
    for (size_t i = 0; i < size(); ++i) out.push_back(at(i));
  } else if (is_sequence(kind_) && node_) {
    out = std::move(static_cast<Of<std::vector<Val>>*>(node_.get())->value);
  }
  return out;
}
Val Val::take_payload() && {
  CHECK(payload() != nullptr);
  return std::move(static_cast<Of<Val>*>(node_.get())->value);
}
std::string Val::take_string() && {
  CHECK(kind_ == TypeKind::String);
  return node_ ? std::move(static_cast<Of<std::string>*>(node_.get())->value) : std::string();
}

bool Val::operator==(const Val& other) const {
  if (kind_ != other.kind_ || index_ != other.index_) return false;
  if (kind_ == TypeKind::F32) return bits_ == other.bits_ || (std::isnan(as_f32()) && std::isnan(other.as_f32()));
  if (kind_ == TypeKind::F64) return bits_ == other.bits_ || (std::isnan(as_f64()) && std::isnan(other.as_f64()));
  if (kind_ == TypeKind::String) return as_string() == other.as_string();
  if (has_payload(kind_)) {
    const Val *a = payload(), *b = other.payload();
    return a && b ? *a == *b : a == b;
  }
  if (!is_sequence(kind_)) return bits_ == other.bits_;
  if (size() != other.size()) return false;
  if (!is_packed() && !other.is_packed()) return std::ranges::equal(elements(), other.elements());
  if (packed_ == other.packed_ && std::ranges::equal(packed_bytes(), other.packed_bytes())) return true;
  for (size_t i = 0; i < size(); ++i) {
    if (!(at(i) == other.at(i))) return false;
  }
  return true;
}

int64_t label_index(const ValType& type, std::string_view label) {
  const auto found = std::ranges::find(type.members, label, &Member::label);
  return found == type.members.end() ? -1 : found - type.members.begin();
}

}  // namespace ashlar::component
