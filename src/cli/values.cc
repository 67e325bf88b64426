// Parsing and printing of values; see values.h.
#include "cli/values.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "cli/output.h"
#include "isa/value_type.h"

namespace ashlar::cli {

using isa::AbsHeap;
using isa::ValKind;
using isa::ValType;
using runtime::Value;

namespace {

/// An integer of `bits` bits, signed or unsigned range, underscores allowed.
bool parse_int(std::string_view text, unsigned bits, uint64_t* out) {
  std::string digits;
  for (char c : text) {
    if (c != '_') digits += c;
  }
  std::string_view rest = digits;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const bool hex = rest.starts_with("0x") || rest.starts_with("0X");
  if (hex) rest.remove_prefix(2);
  uint64_t magnitude = 0;
  const char* end = rest.data() + rest.size();
  const std::from_chars_result parsed = std::from_chars(rest.data(), end, magnitude, hex ? 16 : 10);
  if (rest.empty() || parsed.ec != std::errc() || parsed.ptr != end) return false;
  const uint64_t most = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  const uint64_t least = uint64_t{1} << (bits - 1);
  if (magnitude > (negative ? least : most)) return false;
  *out = (negative ? ~magnitude + 1 : magnitude) & most;
  return true;
}

template <class Float, class Bits>
bool parse_float(std::string_view text, Bits* out) {
  constexpr int kFraction = std::numeric_limits<Float>::digits - 1;
  constexpr Bits kExponent = std::bit_cast<Bits>(std::numeric_limits<Float>::infinity());
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const Bits sign = negative ? Bits{1} << (sizeof(Bits) * 8 - 1) : 0;
  if (rest == "nan") {
    *out = sign | kExponent | Bits{1} << (kFraction - 1);
    return true;
  }
  if (rest.starts_with("nan:0x")) {
    uint64_t payload = 0;
    if (!parse_int(rest.substr(4), 64, &payload) || payload == 0 || payload >> kFraction != 0) return false;
    *out = sign | kExponent | static_cast<Bits>(payload);
    return true;
  }
  const bool hex = rest.starts_with("0x") || rest.starts_with("0X");
  const std::string_view digits = hex ? rest.substr(2) : rest;
  Float value = 0;
  const char* end = digits.data() + digits.size();
  const std::from_chars_result parsed =
      std::from_chars(digits.data(), end, value, hex ? std::chars_format::hex : std::chars_format::general);
  if (digits.empty() || digits[0] == '-' || parsed.ptr != end) return false;
  // Too large or too small: what rounding makes of it.
  if (parsed.ec == std::errc::result_out_of_range) {
    const std::string copy(rest);
    value = static_cast<Float>(sizeof(Float) == 4 ? std::strtof(copy.c_str(), nullptr)
                                                  : std::strtod(copy.c_str(), nullptr));
  }
  *out = sign | std::bit_cast<Bits>(value);
  return true;
}

struct Shape {
  std::string_view name;
  unsigned lanes;
  bool is_float;
};
constexpr Shape kShapes[] = {{"i8x16", 16, false}, {"i16x8", 8, false}, {"i32x4", 4, false},
                             {"i64x2", 2, false},  {"f32x4", 4, true},  {"f64x2", 2, true}};

bool parse_lane(const Shape& shape, std::string_view text, uint64_t* out) {
  if (!shape.is_float) return parse_int(text, 128 / shape.lanes, out);
  if (shape.lanes == 2) return parse_float<double>(text, out);
  uint32_t bits = 0;
  if (!parse_float<float>(text, &bits)) return false;
  *out = bits;
  return true;
}

/// Lanes separated by commas or spaces.
bool parse_lanes(const Shape& shape, std::string_view text, Value* out) {
  uint8_t bytes[16] = {};
  const unsigned width = 16 / shape.lanes;
  unsigned lane = 0;
  for (size_t from = 0; from <= text.size() && lane < shape.lanes; ++lane) {
    const size_t end = std::min(text.find_first_of(", ", from), text.size());
    uint64_t bits = 0;
    if (!parse_lane(shape, text.substr(from, end - from), &bits)) return false;
    std::memcpy(bytes + lane * width, &bits, width);
    from = end + 1;
    if (end == text.size()) {
      ++lane;
      break;
    }
    if (lane + 1 == shape.lanes) return false;
  }
  if (lane != shape.lanes) return false;
  std::memcpy(&out->lo, bytes, 8);
  std::memcpy(&out->hi, bytes + 8, 8);
  return true;
}

bool parse_v128(std::string_view text, Value* out) {
  for (const Shape& shape : kShapes) {
    if (text.starts_with(shape.name) && text.size() > shape.name.size()) {
      const char separator = text[shape.name.size()];
      const bool separated = separator == ':' || separator == ' ';
      return separated && parse_lanes(shape, text.substr(shape.name.size() + 1), out);
    }
  }
  if (text.starts_with("0x") && text.size() > 2 && text.size() <= 34) {
    const std::string_view digits = text.substr(2);
    const size_t low_digits = std::min<size_t>(digits.size(), 16);
    const std::string low = "0x" + std::string(digits.substr(digits.size() - low_digits));
    const std::string high = "0x0" + std::string(digits.substr(0, digits.size() - low_digits));
    return parse_int(low, 64, &out->lo) && parse_int(high, 64, &out->hi);
  }
  return false;
}

bool parse_ref(runtime::Store& store, ValType type, std::string_view text, Value* out) {
  if (text == "null") return type.nullable();
  if (!type.heap().is_abstract()) return false;
  uint64_t number = 0;
  if (type.heap().abs() == AbsHeap::Extern && parse_int(text, 64, &number)) {
    if (!store.heap().ensure()) return false;
    out->lo = store.heap().alloc_host(number);
    return out->lo != runtime::kNullRef;
  }
  const AbsHeap heap = type.heap().abs();
  const bool takes_i31 = heap == AbsHeap::I31 || heap == AbsHeap::Eq || heap == AbsHeap::Any;
  if (takes_i31 && parse_int(text, 31, &number)) {
    out->lo = runtime::make_i31(static_cast<uint32_t>(number));
    return true;
  }
  return false;
}

const char* wanted(ValType type) {
  switch (type.kind()) {
    case ValKind::I32:
      return "an i32 (decimal or 0x)";
    case ValKind::I64:
      return "an i64 (decimal or 0x)";
    case ValKind::F32:
      return "an f32 (a number, inf or nan)";
    case ValKind::F64:
      return "an f64 (a number, inf or nan)";
    case ValKind::V128:
      return "a v128 (0x and 32 digits, or such as i32x4:1,2,3,4)";
    case ValKind::Ref:
      break;
    case ValKind::Bot:
      break;
  }
  return type.nullable() ? "a reference that can be written here (null)" : "a reference that can be written here";
}

template <class Float, class Bits>
std::string format_float(Bits bits) {
  constexpr int kFraction = std::numeric_limits<Float>::digits - 1;
  const Float value = std::bit_cast<Float>(bits);
  if (std::isnan(value)) {
    const Bits payload = bits & ((Bits{1} << kFraction) - 1);
    std::string out = std::signbit(value) ? "-nan" : "nan";
    if (payload != Bits{1} << (kFraction - 1)) out += strf(":0x%llx", static_cast<unsigned long long>(payload));
    return out;
  }
  char buffer[64];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

std::string format_ref(runtime::Store& store, const Value& value) {
  const module::TypeRegistry& types = store.types();
  if (module::heap_matches(types, value.type.heap(), AbsHeap::Func)) {
    const runtime::FuncCell* func = runtime::as_func(value.lo);
    return func ? "funcref" : "null";
  }
  const auto ref = static_cast<runtime::GcRef>(value.lo);
  if (ref == runtime::kNullRef) return "null";
  if (runtime::is_i31(ref)) return strf("i31 %d", runtime::i31_get_s(ref));
  const uint32_t id = store.heap().header(ref)->type_id();
  if (id == runtime::kHostType) {
    return strf("extern %llu", static_cast<unsigned long long>(store.heap().host_value(ref)));
  }
  if (id == runtime::kExnType) return "exnref";
  const module::CanonType& canonical = types.get(id);
  if (canonical.def.kind == module::CompositeKind::Array) {
    return strf("array of %u", store.heap().header(ref)->length);
  }
  return "struct";
}

/// By export, by the name section, or by number; a tag of another module is nameless here.
std::string tag_name(const runtime::TagInstance* tag, const runtime::Instance* instance) {
  constexpr const char* kNameless = "a tag of another module";
  if (!instance) return kNameless;
  const module::Module& m = instance->module();
  uint32_t index = 0;
  while (index < m.tags.size() && instance->ctx.tags[index] != tag) ++index;
  if (index == m.tags.size()) return kNameless;
  for (const module::Export& e : m.exports) {
    if (e.kind == module::ExternKind::Tag && e.index == index) return "'" + printable(e.name) + "'";
  }
  const auto& names = m.debug_names().tags;
  const auto name = names.find(index);
  return name == names.end() ? "tag " + std::to_string(index) : "'" + printable(name->second) + "'";
}

}  // namespace

Result<Value> parse_value(runtime::Store& store, ValType type, std::string_view text, size_t position) {
  Value out{type, 0, 0};
  bool good = false;
  switch (type.kind()) {
    case ValKind::I32:
      good = parse_int(text, 32, &out.lo);
      break;
    case ValKind::I64:
      good = parse_int(text, 64, &out.lo);
      break;
    case ValKind::F32: {
      uint32_t bits = 0;
      good = parse_float<float>(text, &bits);
      out.lo = bits;
      break;
    }
    case ValKind::F64:
      good = parse_float<double>(text, &out.lo);
      break;
    case ValKind::V128:
      good = parse_v128(text, &out);
      break;
    case ValKind::Ref:
      good = parse_ref(store, type, text, &out);
      break;
    case ValKind::Bot:
      break;
  }
  if (!good) {
    return make_error(ErrorCode::bad_argument, kNoOffset, std::to_string(position), std::string(text), wanted(type));
  }
  return out;
}

std::string format_f32(uint32_t bits) { return format_float<float>(bits); }
std::string format_f64(uint64_t bits) { return format_float<double>(bits); }

std::string format_value(runtime::Store& store, const Value& value) {
  switch (value.type.kind()) {
    case ValKind::I32:
      return std::to_string(static_cast<int32_t>(value.lo));
    case ValKind::I64:
      return std::to_string(static_cast<int64_t>(value.lo));
    case ValKind::F32:
      return format_f32(static_cast<uint32_t>(value.lo));
    case ValKind::F64:
      return format_f64(value.lo);
    case ValKind::V128:
      return strf("i32x4:0x%08x,0x%08x,0x%08x,0x%08x", static_cast<uint32_t>(value.lo),
                  static_cast<uint32_t>(value.lo >> 32), static_cast<uint32_t>(value.hi),
                  static_cast<uint32_t>(value.hi >> 32));
    case ValKind::Ref:
      return format_ref(store, value);
    case ValKind::Bot:
      break;
  }
  return "?";
}

std::string format_exception(runtime::Store& store, const runtime::Instance* instance) {
  const runtime::GcRef ref = store.pending_exception;
  if (ref == runtime::kNullRef) return "uncaught exception";
  const runtime::TagInstance* tag = store.heap().exn_tag(ref);
  const module::FuncType& type = store.types().get(tag->type_id).def.func;
  const runtime::Slot* slot = store.heap().exn_payload(ref);
  std::string out = "uncaught exception: " + tag_name(tag, instance) + " (";
  for (size_t i = 0; i < type.params.size(); ++i) {
    Value value{type.params[i], slot[0], 0};
    if (value.type.is_vec()) value.hi = slot[1];
    slot += value.type.slot_count();
    if (i != 0) out += ", ";
    out += isa::to_string(value.type) + " " + format_value(store, value);
  }
  return out + ")";
}

}  // namespace ashlar::cli
