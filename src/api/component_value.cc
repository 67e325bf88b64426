// Public values and types of components over internal ones.
#include <algorithm>
#include <array>
#include <functional>
#include <new>

#include "component/wave.h"

#include "api/component_state.h"

namespace ashlar {
inline namespace v0 {

using component::TypeKind;
using detail::Access;
using detail::inner;
using detail::outer;

static_assert(sizeof(Val) == sizeof(component::Val) && alignof(Val) == alignof(component::Val));
#define SAME(kind) static_cast<uint8_t>(WitKind::kind) == static_cast<uint8_t>(TypeKind::kind)
static_assert(std::ranges::all_of(
    std::array{SAME(Bool),   SAME(S8),      SAME(U8),   SAME(S16),       SAME(U16),    SAME(S32),    SAME(U32),
               SAME(S64),    SAME(U64),     SAME(F32),  SAME(F64),       SAME(Char),   SAME(String), SAME(ErrorContext),
               SAME(Record), SAME(Variant), SAME(List), SAME(FixedList), SAME(Tuple),  SAME(Flags),  SAME(Enum),
               SAME(Option), SAME(Result),  SAME(Own),  SAME(Borrow),    SAME(Stream), SAME(Future), SAME(Map)},
    std::identity()));
#undef SAME

namespace {

const component::ValType& type_of(const WitType& t) {
  return *static_cast<const component::ValType*>(Access::wit_type(t));
}
WitKind to_public(TypeKind kind) { return static_cast<WitKind>(kind); }

std::vector<component::Val> inner_of(std::vector<Val> values) {
  std::vector<component::Val> out;
  out.reserve(values.size());
  for (Val& v : values) out.push_back(std::move(inner(v)));
  return out;
}

}  // namespace

// ---- types

WitKind WitType::kind() const { return to_public(type_of(*this).kind); }
size_t WitType::size() const { return type_of(*this).members.size(); }
std::string_view WitType::label(size_t i) const { return type_of(*this).members[i].label; }
std::optional<WitType> WitType::member(size_t i) const {
  const component::ValType* member = type_of(*this).members[i].type;
  if (member == nullptr) return std::nullopt;
  return Access::wit_type(owner_, member);
}
std::optional<size_t> WitType::find(std::string_view label) const {
  const int64_t found = component::label_index(type_of(*this), label);
  if (found < 0) return std::nullopt;
  return static_cast<size_t>(found);
}
uint32_t WitType::fixed_length() const { return type_of(*this).length; }
std::string WitType::to_string() const { return component::TypeArena::to_string(type_of(*this)); }

// ---- values

Val detail::outer(component::Val v) {
  Val out;
  inner(out) = std::move(v);
  return out;
}

Val::Val() { new (storage_) component::Val(); }
Val::Val(Val&& other) noexcept { new (storage_) component::Val(std::move(inner(other))); }
Val& Val::operator=(Val&& other) noexcept {
  inner(*this) = std::move(inner(other));
  return *this;
}
Val::Val(const Val& other) { new (storage_) component::Val(inner(other)); }
Val& Val::operator=(const Val& other) {
  inner(*this) = inner(other);
  return *this;
}
Val::~Val() { inner(*this).~Val(); }

Val Val::boolean(bool v) { return outer(component::Val::boolean(v)); }
Val Val::s8(int8_t v) { return outer(component::Val::s8(v)); }
Val Val::u8(uint8_t v) { return outer(component::Val::u8(v)); }
Val Val::s16(int16_t v) { return outer(component::Val::s16(v)); }
Val Val::u16(uint16_t v) { return outer(component::Val::u16(v)); }
Val Val::s32(int32_t v) { return outer(component::Val::s32(v)); }
Val Val::u32(uint32_t v) { return outer(component::Val::u32(v)); }
Val Val::s64(int64_t v) { return outer(component::Val::s64(v)); }
Val Val::u64(uint64_t v) { return outer(component::Val::u64(v)); }
Val Val::f32(float v) { return outer(component::Val::f32(v)); }
Val Val::f64(double v) { return outer(component::Val::f64(v)); }
Val Val::character(char32_t v) { return outer(component::Val::character(v)); }
Val Val::string(std::string utf8) { return outer(component::Val::string(std::move(utf8))); }
Val Val::list(std::vector<Val> elements) { return outer(component::Val::list(inner_of(std::move(elements)))); }
Val Val::packed_list(WitKind element, std::vector<uint8_t> bytes) {
  const auto kind = static_cast<TypeKind>(element);
  CHECK(component::is_packable(kind) && bytes.size() % component::packed_size(kind) == 0);
  return outer(component::Val::packed_list(kind, std::move(bytes)));
}
Val Val::record(std::vector<Val> fields) { return outer(component::Val::record(inner_of(std::move(fields)))); }
Val Val::tuple(std::vector<Val> elements) { return outer(component::Val::tuple(inner_of(std::move(elements)))); }
Val Val::map(std::vector<Val> entries) { return outer(component::Val::map(inner_of(std::move(entries)))); }
Val Val::variant(uint32_t index) { return outer(component::Val::variant(index)); }
Val Val::variant(uint32_t index, Val payload) {
  return outer(component::Val::variant(index, std::move(inner(payload))));
}
Val Val::enumeration(uint32_t index) { return outer(component::Val::enumeration(index)); }
Val Val::none() { return outer(component::Val::none()); }
Val Val::some(Val payload) { return outer(component::Val::some(std::move(inner(payload)))); }
Val Val::ok() { return outer(component::Val::ok()); }
Val Val::ok(Val payload) { return outer(component::Val::ok(std::move(inner(payload)))); }
Val Val::error() { return outer(component::Val::error()); }
Val Val::error(Val payload) { return outer(component::Val::error(std::move(inner(payload)))); }
Val Val::flags(uint32_t bits) { return outer(component::Val::flags(bits)); }
Val Val::resource(uint32_t rep) { return outer(component::Val::handle(TypeKind::Own, detail::kHostResource, rep)); }

WitKind Val::kind() const { return to_public(inner(*this).kind()); }
bool Val::as_bool() const { return inner(*this).as_bool(); }
int64_t Val::as_signed() const { return inner(*this).as_signed(); }
uint64_t Val::as_unsigned() const { return inner(*this).bits(); }
float Val::as_f32() const { return inner(*this).as_f32(); }
double Val::as_f64() const { return inner(*this).as_f64(); }
char32_t Val::as_char() const { return static_cast<char32_t>(inner(*this).bits()); }
uint32_t Val::as_flags() const { return static_cast<uint32_t>(inner(*this).bits()); }
std::string_view Val::as_string() const {
  if (kind() != WitKind::String) return {};
  return inner(*this).as_string();
}
uint32_t Val::index() const { return inner(*this).index(); }
uint32_t Val::rep() const { return static_cast<uint32_t>(inner(*this).bits()); }

std::optional<Val> Val::payload() const {
  const component::Val* found = inner(*this).payload();
  if (found == nullptr) return std::nullopt;
  return outer(*found);
}
std::optional<Val> Val::take_payload() {
  if (inner(*this).payload() == nullptr) return std::nullopt;
  return outer(std::move(inner(*this)).take_payload());
}

size_t Val::size() const { return inner(*this).size(); }
Val Val::at(size_t i) const { return outer(inner(*this).at(i)); }
Val Val::take(size_t i) {
  component::Val& v = inner(*this);
  if (v.is_packed()) return outer(v.at(i));
  return outer(std::move(v.elements()[i]));
}
std::optional<std::span<const uint8_t>> Val::packed() const {
  if (!inner(*this).is_packed()) return std::nullopt;
  return inner(*this).packed_bytes();
}
WitKind Val::packed_kind() const { return to_public(inner(*this).packed_kind()); }

Result<Val> Val::parse(std::string_view text, const WitType& type) try {
  auto parsed = component::parse_wave(text, type_of(type));
  if (!parsed) return std::unexpected(Access::error(std::move(parsed).error()));
  return outer(std::move(*parsed));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}
std::string Val::to_string(const WitType& type) const { return component::format_wave(inner(*this), type_of(type)); }

bool Val::operator==(const Val& other) const { return inner(*this) == inner(other); }

}  // namespace v0
}  // namespace ashlar
