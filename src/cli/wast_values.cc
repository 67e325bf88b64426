// Comparison of results with the patterns of scripts.
#include "cli/wast_values.h"

#include <cstring>

#include "cli/output.h"
#include "cli/values.h"
#include "module/subtyping.h"

namespace ashlar::cli {

using isa::AbsHeap;
using isa::ValKind;
using isa::ValType;
using text::LaneShape;
using text::NanPattern;
using Kind = text::Value::Kind;

namespace {

template <class Bits>
struct FloatLayout {
  static constexpr bool kDouble = sizeof(Bits) == 8;
  static constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  static constexpr Bits kQuiet = Bits{1} << (kDouble ? 51 : 22);
  static constexpr Bits kCanonical =
      (kDouble ? static_cast<Bits>(0x7ffull << 52) : static_cast<Bits>(0xffu << 23)) | kQuiet;
};

/// Canonical: quiet bit alone, any sign. Arithmetic: quiet bit and anything else.
template <class Bits>
bool float_matches(Bits actual, Bits expected, NanPattern nan) {
  using Layout = FloatLayout<Bits>;
  switch (nan) {
    case NanPattern::None:
      return actual == expected;
    case NanPattern::Canonical:
      return (actual & ~Layout::kSign) == Layout::kCanonical;
    case NanPattern::Arithmetic:
      return (actual & Layout::kCanonical) == Layout::kCanonical;
  }
  return false;
}

bool vector_matches(const text::Value& expected, const runtime::Value& actual) {
  const uint64_t halves[2] = {actual.lo, actual.hi};
  for (size_t half = 0; half < 2; ++half) {
    const uint64_t got = halves[half];
    const uint64_t wanted = expected.bits[half];
    bool same = got == wanted;
    if (expected.shape == LaneShape::F64x2) same = float_matches(got, wanted, expected.nan[half]);
    if (expected.shape == LaneShape::F32x4) {
      same = float_matches(static_cast<uint32_t>(got), static_cast<uint32_t>(wanted), expected.nan[2 * half]) &&
             float_matches(static_cast<uint32_t>(got >> 32), static_cast<uint32_t>(wanted >> 32),
                           expected.nan[2 * half + 1]);
    }
    if (!same) return false;
  }
  return true;
}

AbsHeap bottom(runtime::Store& store, isa::HeapType heap) {
  return module::bottom_of(heap.is_abstract() ? heap.abs() : module::abs_of(store.types().get(heap.index()).def.kind));
}

bool host_matches(runtime::Store& store, const text::Value& expected, runtime::GcRef actual) {
  if (!expected.has_payload) return true;
  return !runtime::is_i31(actual) && store.heap().header(actual)->type_id() == runtime::kHostType &&
         store.heap().host_value(actual) == expected.bits[0];
}

bool ref_matches(runtime::Store& store, const text::Value& expected, const runtime::Value& actual) {
  if (!actual.type.is_ref()) return false;
  const AbsHeap hierarchy = bottom(store, actual.type.heap());
  if (expected.kind == Kind::RefNull) {
    return actual.lo == 0 && (!expected.has_payload || bottom(store, expected.heap) == hierarchy);
  }
  if (actual.lo == 0) return false;
  if (expected.kind == Kind::RefFunc) {
    if (hierarchy != AbsHeap::NoFunc) return false;
    return !expected.has_payload || runtime::as_func(actual.lo)->index == expected.bits[0];
  }
  if (hierarchy == AbsHeap::NoFunc) return false;
  const auto ref = static_cast<runtime::GcRef>(actual.lo);
  const auto is = [&](AbsHeap heap) { return store.heap().matches(ref, ValType::ref(heap)); };
  switch (expected.kind) {
    case Kind::RefExtern:
      return hierarchy == AbsHeap::NoExtern && host_matches(store, expected, ref);
    case Kind::RefHost:
      return hierarchy == AbsHeap::None && host_matches(store, expected, ref);
    case Kind::RefExn:
      return hierarchy == AbsHeap::NoExn;
    case Kind::RefAny:
      return hierarchy == AbsHeap::None;
    case Kind::RefEq:
      return hierarchy == AbsHeap::None && is(AbsHeap::Eq);
    case Kind::RefI31:
      return hierarchy == AbsHeap::None && runtime::is_i31(ref);
    case Kind::RefStruct:
      return hierarchy == AbsHeap::None && is(AbsHeap::Struct);
    case Kind::RefArray:
      return hierarchy == AbsHeap::None && is(AbsHeap::Array);
    default:
      return false;
  }
}

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::I32:
      return "i32";
    case Kind::I64:
      return "i64";
    case Kind::F32:
      return "f32";
    case Kind::F64:
      return "f64";
    case Kind::V128:
      return "v128";
    case Kind::RefNull:
      return "ref.null";
    case Kind::RefExtern:
      return "ref.extern";
    case Kind::RefHost:
      return "ref.host";
    case Kind::RefFunc:
      return "ref.func";
    case Kind::RefExn:
      return "ref.exn";
    case Kind::RefAny:
      return "ref.any";
    case Kind::RefEq:
      return "ref.eq";
    case Kind::RefI31:
      return "ref.i31";
    case Kind::RefStruct:
      return "ref.struct";
    case Kind::RefArray:
      return "ref.array";
    case Kind::Either:
      return "either";
    default:
      return "a component's value";
  }
}

std::string nan_name(NanPattern nan) { return nan == NanPattern::Canonical ? "nan:canonical" : "nan:arithmetic"; }

std::string vector_text(const text::Value& value) {
  const auto lane32 = [&](size_t i) { return static_cast<uint32_t>(value.bits[i / 2] >> (32 * (i % 2))); };
  std::string out;
  if (value.shape == LaneShape::F64x2) {
    out = "f64x2";
    for (size_t i = 0; i < 2; ++i) {
      out += " " + (value.nan[i] == NanPattern::None ? format_f64(value.bits[i]) : nan_name(value.nan[i]));
    }
    return out;
  }
  out = value.shape == LaneShape::F32x4 ? "f32x4" : "i32x4";
  for (size_t i = 0; i < 4; ++i) {
    if (value.shape != LaneShape::F32x4) {
      out += strf("%c0x%08x", i == 0 ? ':' : ',', lane32(i));
    } else {
      out += " " + (value.nan[i] == NanPattern::None ? format_f32(lane32(i)) : nan_name(value.nan[i]));
    }
  }
  return out;
}

std::string expected_text(const text::Value& value) {
  const std::string kind = kind_name(value.kind);
  switch (value.kind) {
    case Kind::I32:
      return kind + strf(" %d", static_cast<int32_t>(value.bits[0]));
    case Kind::I64:
      return kind + strf(" %lld", static_cast<long long>(value.bits[0]));
    case Kind::F32:
      if (value.nan[0] != NanPattern::None) return kind + " " + nan_name(value.nan[0]);
      return kind + " " + format_f32(static_cast<uint32_t>(value.bits[0]));
    case Kind::F64:
      if (value.nan[0] != NanPattern::None) return kind + " " + nan_name(value.nan[0]);
      return kind + " " + format_f64(value.bits[0]);
    case Kind::V128:
      return kind + " " + vector_text(value);
    case Kind::RefNull:
      return value.has_payload ? kind + " " + isa::to_string(value.heap) : kind;
    case Kind::Either: {
      std::string out = "either (";
      for (const text::Value& alternative : value.items) {
        out += (out.back() == '(' ? "" : " | ") + expected_text(alternative);
      }
      return out + ")";
    }
    default:
      return value.has_payload ? kind + strf(" %llu", static_cast<unsigned long long>(value.bits[0])) : kind;
  }
}

}  // namespace

Result<runtime::Value> script_argument(runtime::Store& store, const text::Value& value) {
  const auto number = [&](ValType type) { return runtime::Value{type, value.bits[0], value.bits[1]}; };
  switch (value.kind) {
    case Kind::I32:
      return number(ValType::i32());
    case Kind::I64:
      return number(ValType::i64());
    case Kind::F32:
      return number(ValType::f32());
    case Kind::F64:
      return number(ValType::f64());
    case Kind::V128:
      return number(ValType::v128());
    case Kind::RefNull:
      return runtime::Value{ValType::ref_null(value.has_payload ? value.heap : isa::HeapType(AbsHeap::None)), 0, 0};
    case Kind::RefExtern:
    case Kind::RefHost: {
      if (!store.heap().ensure()) return make_error(ErrorCode::gc_heap_exhausted);
      const runtime::GcRef ref = store.heap().alloc_host(value.bits[0]);
      if (ref == runtime::kNullRef) return make_error(ErrorCode::gc_heap_exhausted);
      return runtime::Value{ValType::ref(value.kind == Kind::RefHost ? AbsHeap::Any : AbsHeap::Extern), ref, 0};
    }
    default:
      return make_error(ErrorCode::script_failed, kNoOffset,
                        std::string("no argument of a core function: ") + kind_name(value.kind));
  }
}

bool matches(runtime::Store& store, const text::Value& expected, const runtime::Value& actual) {
  switch (expected.kind) {
    case Kind::I32:
      return actual.type.kind() == ValKind::I32 &&
             static_cast<uint32_t>(actual.lo) == static_cast<uint32_t>(expected.bits[0]);
    case Kind::I64:
      return actual.type.kind() == ValKind::I64 && actual.lo == expected.bits[0];
    case Kind::F32:
      return actual.type.kind() == ValKind::F32 &&
             float_matches(static_cast<uint32_t>(actual.lo), static_cast<uint32_t>(expected.bits[0]), expected.nan[0]);
    case Kind::F64:
      return actual.type.kind() == ValKind::F64 && float_matches(actual.lo, expected.bits[0], expected.nan[0]);
    case Kind::V128:
      return actual.type.kind() == ValKind::V128 && vector_matches(expected, actual);
    case Kind::Either:
      for (const text::Value& alternative : expected.items) {
        if (matches(store, alternative, actual)) return true;
      }
      return false;
    default:
      return ref_matches(store, expected, actual);
  }
}

std::string describe_expected(std::span<const text::Value> values) {
  std::string out;
  for (const text::Value& value : values) out += (out.empty() ? "" : ", ") + expected_text(value);
  return out.empty() ? "nothing" : out;
}

std::string describe_actual(runtime::Store& store, std::span<const runtime::Value> values) {
  std::string out;
  for (const runtime::Value& value : values) {
    out += (out.empty() ? "" : ", ") + isa::to_string(value.type) + " " + format_value(store, value);
  }
  return out.empty() ? "nothing" : out;
}

}  // namespace ashlar::cli
