// Steps of GC and reference instructions: fields, elements, allocation of structs, tests and casts.
#pragma once

#include "interp/keys.h"
#include "interp/steps.h"
#include "runtime/gc_space.h"
#include "runtime/store.h"
#include "runtime/table.h"

namespace ashlar::interp {

using runtime::GcHeader;
using runtime::GcRef;

// ---- slow paths, which keep all general registers so that the usual path saves none --------------------------------

#define ASHLAR_COLD [[gnu::noinline, gnu::cold, clang::preserve_most]]
/// Barriers: see GcHeap::wrote().
ASHLAR_COLD void log_write(InstanceContext* ctx, GcRef object, GcRef value);
ASHLAR_COLD void log_element_write(InstanceContext* ctx, GcRef array, uint32_t index, GcRef value);
/// May collect; slots below `end` are in use. kNullRef: the heap is exhausted.
ASHLAR_COLD GcRef new_struct_slow(InstanceContext* ctx, uint32_t type_id, const Slot* end);
ASHLAR_COLD Slot func_ref_slow(InstanceContext* ctx, uint32_t index);

// ---- fields and elements -------------------------------------------------------------------------------------------

template <Acc acc>
struct AccRawOf;
template <>
struct AccRawOf<Acc::I8S> {
  using type = int8_t;
};
template <>
struct AccRawOf<Acc::I8U> {
  using type = uint8_t;
};
template <>
struct AccRawOf<Acc::I16S> {
  using type = int16_t;
};
template <>
struct AccRawOf<Acc::I16U> {
  using type = uint16_t;
};
template <>
struct AccRawOf<Acc::I32> {
  using type = uint32_t;
};
template <>
struct AccRawOf<Acc::Ref> {
  using type = uint32_t;
};
template <>
struct AccRawOf<Acc::I64> {
  using type = uint64_t;
};
template <>
struct AccRawOf<Acc::F32> {
  using type = float;
};
template <>
struct AccRawOf<Acc::F64> {
  using type = double;
};
template <Acc acc>
using AccRaw = typename AccRawOf<acc>::type;

template <Acc acc>
[[gnu::always_inline]] inline auto load_acc(const uint8_t* at) {
  return static_cast<Letter<acc_letter(acc)>>(read<AccRaw<acc>>(at));
}
template <Acc acc>
[[gnu::always_inline]] inline void store_acc(uint8_t* at, Letter<acc_letter(acc)> value) {
  const auto raw = static_cast<AccRaw<acc>>(value);
  std::memcpy(at, &raw, sizeof raw);
}

/// A reference of the any hierarchy: zero-extended in slots and registers, like an i32 address.
template <Src src>
[[gnu::always_inline]] inline uint64_t get_ref(const Regs& s, const Code*& p) {
  static_assert(src != Src::C);
  return get_address<src>(s, p);
}
/// An i32, zero-extended.
template <Src src>
[[gnu::always_inline]] inline uint64_t get_index(const Regs& s, const Code*& p) {
  if constexpr (src == Src::C) {
    return get<uint32_t, src>(s, p);
  } else {
    return get_address<src>(s, p);
  }
}
[[gnu::always_inline]] inline GcHeader* object_at(const Regs& s, uint64_t ref) {
  return reinterpret_cast<GcHeader*>(s.ctx->gc_base + ref);
}

/// Stream: A, offset of the field, D.
template <Acc acc, auto D, Src A>
struct StructGet : StepBase {
  static constexpr int size = size_of(A) + 4 + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const uint64_t ref = get_ref<A>(s, p);
    if (ref == 0) [[unlikely]]
      return Trap::null_structure_reference;
    auto v = load_acc<acc>(s.ctx->gc_base + ref + read<uint32_t>(p));
    p += 4;
    put_any<acc_letter(acc), D>(s, p, v);
    return Trap::none;
  }
};

/// Stream: A, V, offset of the field.
template <Acc acc, Src A, auto V>
struct StructSet : StepBase {
  static constexpr int size = size_of(A) + size_any<acc_letter(acc), V>() + 4;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const uint64_t ref = get_ref<A>(s, p);
    if (ref == 0) [[unlikely]]
      return Trap::null_structure_reference;
    auto v = get_any<acc_letter(acc), V>(s, p);
    uint8_t* object = s.ctx->gc_base + ref;
    store_acc<acc>(object + read<uint32_t>(p), v);
    p += 4;
    if constexpr (acc == Acc::Ref) {
      if ((reinterpret_cast<const GcHeader*>(object)->type & GcHeader::kClean) != 0) [[unlikely]]
        log_write(s.ctx, static_cast<GcRef>(ref), static_cast<GcRef>(v));
    }
    return Trap::none;
  }
};

/// Stream: A, index, D.
template <Acc acc, auto D, Src A, Src I>
struct ArrayGet : StepBase {
  static constexpr int size = size_of(A) + size_of(I) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const uint64_t ref = get_ref<A>(s, p);
    if (ref == 0) [[unlikely]]
      return Trap::null_array_reference;
    const uint64_t index = get_index<I>(s, p);
    const uint8_t* array = s.ctx->gc_base + ref;
    if (index >= reinterpret_cast<const GcHeader*>(array)->length) [[unlikely]]
      return Trap::out_of_bounds_array_access;
    put_any<acc_letter(acc), D>(s, p, load_acc<acc>(array + sizeof(GcHeader) + index * sizeof(AccRaw<acc>)));
    return Trap::none;
  }
};

/// Stream: A, index, V.
template <Acc acc, Src A, Src I, auto V>
struct ArraySet : StepBase {
  static constexpr int size = size_of(A) + size_of(I) + size_any<acc_letter(acc), V>();
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const uint64_t ref = get_ref<A>(s, p);
    if (ref == 0) [[unlikely]]
      return Trap::null_array_reference;
    const uint64_t index = get_index<I>(s, p);
    uint8_t* array = s.ctx->gc_base + ref;
    if (index >= reinterpret_cast<const GcHeader*>(array)->length) [[unlikely]]
      return Trap::out_of_bounds_array_access;
    auto v = get_any<acc_letter(acc), V>(s, p);
    store_acc<acc>(array + sizeof(GcHeader) + index * sizeof(AccRaw<acc>), v);
    if constexpr (acc == Acc::Ref) {
      if ((reinterpret_cast<const GcHeader*>(array)->type & GcHeader::kClean) != 0) [[unlikely]]
        log_element_write(s.ctx, static_cast<GcRef>(ref), static_cast<uint32_t>(index), static_cast<GcRef>(v));
    }
    return Trap::none;
  }
};

// ---- allocation ----------------------------------------------------------------------------------------------------

/// A new object with its header alone: all fields are to be written before anything else is done with the heap.
/// kNullRef: the heap is exhausted.
[[gnu::always_inline]] inline GcRef new_struct(const Regs& s, uint32_t type_id, uint32_t size, const Slot* end) {
  uint8_t* base = s.ctx->gc_base;
  auto& cursor = *reinterpret_cast<runtime::GcCursor*>(base + runtime::kGcCursorOffset);
  const uint32_t at = cursor.top;
  if (size > cursor.limit - at) [[unlikely]]
    return new_struct_slow(s.ctx, type_id, end);
  __builtin_assume(at != runtime::kNullRef);  // nothing lies at the heap's start
  cursor.top = at + size;
  const GcHeader header{type_id, 0};
  std::memcpy(base + at, &header, sizeof header);
  return at;
}

/// Where a field's first value is: a slot's number, or a constant of 31 bits (sign-extended) beside the sign.
[[gnu::always_inline]] inline uint64_t initial_value(const Regs& s, const Code* p) {
  const int32_t source = read<int32_t>(p);
  if (source >= 0) return s.fp[source];
  return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(static_cast<uint32_t>(source) << 1) >> 1));
}
constexpr bool is_initial_constant(int64_t v) { return v >= -(int64_t{1} << 30) && v < (int64_t{1} << 30); }
constexpr int32_t initial_constant(int64_t v) {
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int32_t>(v)) | 0x8000'0000u);
}

/// A struct of n fields of 4 bytes, or of 8 where the bit of `wide` is set. Stream: type, u16 where live slots end, n
/// initial values, D.
template <uint32_t n, uint32_t wide, Dst D>
struct StructNew : StepBase {
  static constexpr int size = 6 + 4 * static_cast<int>(n) + size_of(D);
  static constexpr uint32_t offset_of(uint32_t field) {
    uint32_t at = sizeof(GcHeader);
    for (uint32_t i = 0;; ++i) {
      const uint32_t width = (wide >> i & 1) != 0 ? 8 : 4;
      at = (at + width - 1) & ~(width - 1);
      if (i == field) return at;
      at += width;
    }
  }
  static constexpr uint32_t kBytes =
      n == 0 ? sizeof(GcHeader) : (offset_of(n - 1) + ((wide >> (n - 1) & 1) != 0 ? 8 : 4) + 7) & ~7u;

  template <uint32_t i>
  [[gnu::always_inline]] static void fill(const Regs& s, const Code* p, uint8_t* object) {
    if constexpr (i < n) {
      const uint64_t v = initial_value(s, p + 4 * i);
      std::memcpy(object + offset_of(i), &v, (wide >> i & 1) != 0 ? 8 : 4);
      fill<i + 1>(s, p, object);
    }
  }
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const GcRef ref = new_struct(s, read<uint32_t>(p), kBytes, s.fp + read<uint16_t>(p + 4));
    if (ref == runtime::kNullRef) [[unlikely]]
      return Trap::gc_heap_exhausted;
    p += 6;
    fill<0>(s, p, s.ctx->gc_base + ref);
    p += 4 * n;
    put<D>(s, p, ref);
    return Trap::none;
  }
};

// ---- tests and casts -----------------------------------------------------------------------------------------------

/// Whether a reference is of a type. Stream, 8 bytes: of concrete types that are no functions their canonical id, and
/// where their place in the display of descriptor 0 is, from the heap's base; of others the raw ValType.
template <TestKind kind>
[[gnu::always_inline]] inline bool is_of_type(const Regs& s, uint64_t ref, const Code* p) {
  const auto type = read<uint32_t>(p);
  if constexpr (kind == TestKind::Other) {
    return runtime::slot_matches(s.ctx, ref, type);
  } else {
    if (ref == 0) return kind == TestKind::ConcreteNull;
    if ((ref & 1) != 0) return false;  // an i31
    const uint8_t* base = s.ctx->gc_base;
    const uint32_t id = reinterpret_cast<const GcHeader*>(base + ref)->type_id();
    if (id == type) return true;
    if (id >= runtime::kMaxGcTypes) return false;  // a host's box
    return read<uint32_t>(base + read<int32_t>(p + 4) + uint64_t{id} * sizeof(runtime::GcTypeDesc)) == type;
  }
}
inline constexpr int kTestSize = 8;

/// Stream: A, type, D.
template <TestKind kind, Dst D, Src A>
struct RefTest : StepBase {
  static constexpr int size = size_of(A) + kTestSize + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const uint64_t ref = get<uint64_t, A>(s, p);
    const bool matches = is_of_type<kind>(s, ref, p);
    p += kTestSize;
    put<D>(s, p, matches ? 1 : 0);
    return Trap::none;
  }
};
/// The same as a branch's condition. Stream: A, type.
template <TestKind kind, Src A, bool negate>
struct TestCond : StepBase {
  static constexpr int size = size_of(A) + kTestSize;
  [[gnu::always_inline]] static bool test(Regs& s, const Code*& p) {
    const uint64_t ref = get<uint64_t, A>(s, p);
    const bool matches = is_of_type<kind>(s, ref, p);
    p += kTestSize;
    return matches != negate;
  }
};

/// Stream of a RefOp behind its operand.
constexpr int imm_size(RefOp op) { return op >= RefOp::Cast ? kTestSize : 0; }

/// The result of an operation on a reference, in *v. Stream: the type of casts.
template <RefOp op>
[[gnu::always_inline]] inline Trap apply(const Regs& s, const Code*& p, uint64_t* v) {
  if constexpr (op == RefOp::I31New) {
    *v = runtime::make_i31(static_cast<uint32_t>(*v));
  } else if constexpr (op >= RefOp::Cast) {
    constexpr auto kind = static_cast<TestKind>(static_cast<int>(op) - static_cast<int>(RefOp::Cast));
    if (!is_of_type<kind>(s, *v, p)) [[unlikely]]
      return Trap::cast_failure;
    p += kTestSize;
  } else {
    if (*v == 0) [[unlikely]] {
      return op == RefOp::NonNull    ? Trap::null_reference
             : op == RefOp::ArrayLen ? Trap::null_array_reference
                                     : Trap::null_i31_reference;
    }
    const auto ref = static_cast<GcRef>(*v);
    if constexpr (op == RefOp::ArrayLen) *v = object_at(s, ref)->length;
    if constexpr (op == RefOp::I31GetS) *v = static_cast<uint32_t>(runtime::i31_get_s(ref));
    if constexpr (op == RefOp::I31GetU) *v = runtime::i31_get_u(ref);
  }
  return Trap::none;
}

/// One reference or i32, one result. Stream: A, type of casts, D.
template <RefOp op, Dst D, Src A>
struct RefUn : StepBase {
  static constexpr int size = size_of(A) + imm_size(op) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t v = get<uint64_t, A>(s, p);
    if (Trap t = apply<op>(s, p, &v); t != Trap::none) [[unlikely]]
      return t;
    put<D>(s, p, v);
    return Trap::none;
  }
};
/// An operation that leaves its operand where and what it is. Stream: A, type of casts.
template <RefOp op, Src A>
struct RefCheck : StepBase {
  static constexpr int size = size_of(A) + imm_size(op);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t v = get<uint64_t, A>(s, p);
    return apply<op>(s, p, &v);
  }
};

// ---- functions and tables ------------------------------------------------------------------------------------------

/// Stream: index, D.
template <Dst D>
struct RefFunc : StepBase {
  static constexpr int size = 4 + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const auto index = read<uint32_t>(p);
    p += 4;
    Slot cell = runtime::from_func(s.ctx->funcs[index]);
    if (cell == 0) [[unlikely]]
      cell = func_ref_slow(s.ctx, index);
    put<D>(s, p, cell);
    return Trap::none;
  }
};

/// Stream: A, table, D.
template <Dst D, Src A>
struct TableGet : StepBase {
  static constexpr int size = size_of(A) + 4 + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    const uint64_t index = get<uint64_t, A>(s, p);
    runtime::Table& table = *s.ctx->tables[read<uint32_t>(p)];
    p += 4;
    if (index >= table.size()) [[unlikely]]
      return Trap::out_of_bounds_table_access;
    put<D>(s, p, table.get(index));
    return Trap::none;
  }
};

}  // namespace ashlar::interp
