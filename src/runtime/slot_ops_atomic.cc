// Slot operations of the threads proposal: atomic loads, stores, read-modify-writes, wait, notify and fence.
#include <array>
#include <string_view>
#include <utility>

#include "isa/op_table.h"
#include "runtime/slot_ops_families.h"

namespace ashlar::runtime {

namespace {

// a = memory, offset. Operands: address, then values. A misaligned effective address traps before one out of bounds.
// Results are zero-extended, so that i32 and i64 accesses of a width are the same function.

Trap check_access(const Memory& memory, const Slot* base, const uint8_t* imm, uint64_t width, uint64_t* at) {
  const bool inside = in_memory(memory, base[0], slot_offset(imm), width, at);
  if ((*at & (width - 1)) != 0) [[unlikely]]
    return Trap::unaligned_atomic;
  return inside ? Trap::none : Trap::out_of_bounds_memory_access;
}

enum class AtomicKind : uint8_t { Load, Store, Add, Sub, And, Or, Xor, Xchg, Cmpxchg, Wait, Notify, Fence };

/// What the instruction does, by its mnemonic; the dot tells xchg from cmpxchg.
constexpr AtomicKind kind_of(std::string_view mnemonic) {
  constexpr std::pair<std::string_view, AtomicKind> kWords[] = {
      {".load", AtomicKind::Load}, {".store", AtomicKind::Store},  {".add", AtomicKind::Add},
      {".sub", AtomicKind::Sub},   {".and", AtomicKind::And},      {".or", AtomicKind::Or},
      {".xor", AtomicKind::Xor},   {".xchg", AtomicKind::Xchg},    {".cmpxchg", AtomicKind::Cmpxchg},
      {".wait", AtomicKind::Wait}, {".notify", AtomicKind::Notify}};
  for (const auto& [word, kind] : kWords) {
    if (mnemonic.find(word) != std::string_view::npos) return kind;
  }
  return AtomicKind::Fence;
}

/// Operand and expected value are wrapped to T. Gives what stood in memory; stores give 0.
template <AtomicKind kind, class T>
T access(T* p, [[maybe_unused]] T operand, [[maybe_unused]] T second) {
  if constexpr (kind == AtomicKind::Load) {
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);
  } else if constexpr (kind == AtomicKind::Store) {
    __atomic_store_n(p, operand, __ATOMIC_SEQ_CST);
    return 0;
  } else if constexpr (kind == AtomicKind::Add) {
    return __atomic_fetch_add(p, operand, __ATOMIC_SEQ_CST);
  } else if constexpr (kind == AtomicKind::Sub) {
    return __atomic_fetch_sub(p, operand, __ATOMIC_SEQ_CST);
  } else if constexpr (kind == AtomicKind::And) {
    return __atomic_fetch_and(p, operand, __ATOMIC_SEQ_CST);
  } else if constexpr (kind == AtomicKind::Or) {
    return __atomic_fetch_or(p, operand, __ATOMIC_SEQ_CST);
  } else if constexpr (kind == AtomicKind::Xor) {
    return __atomic_fetch_xor(p, operand, __ATOMIC_SEQ_CST);
  } else if constexpr (kind == AtomicKind::Xchg) {
    return __atomic_exchange_n(p, operand, __ATOMIC_SEQ_CST);
  } else {
    static_assert(kind == AtomicKind::Cmpxchg);
    __atomic_compare_exchange_n(p, &operand, second, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return operand;
  }
}

template <AtomicKind kind, class T>
Trap atomic_access(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const Memory& memory = memory_at(ctx, slot_imm(imm).a);
  uint64_t at;
  if (Trap trap = check_access(memory, base, imm, sizeof(T), &at); trap != Trap::none) [[unlikely]]
    return trap;
  T* p = reinterpret_cast<T*>(memory.base() + at);
  if constexpr (kind == AtomicKind::Load) {
    base[0] = access<kind, T>(p, 0, 0);
  } else if constexpr (kind == AtomicKind::Store) {
    access<kind, T>(p, static_cast<T>(base[1]), 0);
  } else if constexpr (kind == AtomicKind::Cmpxchg) {
    base[0] = access<kind, T>(p, static_cast<T>(base[1]), static_cast<T>(base[2]));
  } else {
    base[0] = access<kind, T>(p, static_cast<T>(base[1]), 0);
  }
  return Trap::none;
}

/// Operands: address, expected, timeout.
template <class T>
Trap atomic_wait(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Memory& memory = memory_at(ctx, slot_imm(imm).a);
  uint64_t at;
  if (Trap trap = check_access(memory, base, imm, sizeof(T), &at); trap != Trap::none) return trap;
  if (!memory.shared()) return Trap::expected_shared_memory;
  const std::atomic<uint32_t>& interrupt = ctx->store->interrupt_flag();
  const uint32_t outcome =
      memory.wait(at, static_cast<T>(base[1]), sizeof(T), static_cast<int64_t>(base[2]), interrupt);
  if (interrupt.load(std::memory_order_relaxed) != 0) return Trap::interrupted;
  base[0] = outcome;
  return Trap::none;
}

/// Operands: address, count. Nobody waits on a memory that is not shared.
Trap atomic_notify(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Memory& memory = memory_at(ctx, slot_imm(imm).a);
  uint64_t at;
  if (Trap trap = check_access(memory, base, imm, 4, &at); trap != Trap::none) return trap;
  base[0] = memory.shared() ? memory.notify(at, static_cast<uint32_t>(base[1])) : 0;
  return Trap::none;
}

Trap atomic_fence(InstanceContext*, Slot*, const uint8_t*) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return Trap::none;
}

template <int width>
struct BitsOf;
template <>
struct BitsOf<1> {
  using type = uint8_t;
};
template <>
struct BitsOf<2> {
  using type = uint16_t;
};
template <>
struct BitsOf<4> {
  using type = uint32_t;
};
template <>
struct BitsOf<8> {
  using type = uint64_t;
};

constexpr size_t kCodes = isa::detail::kFeOps.size();

template <uint32_t code>
constexpr SlotFn function_of_code() {
  constexpr Op op = isa::lookup(0xfe, code);
  if constexpr (op == Op::kCount) {
    return nullptr;
  } else {
    constexpr AtomicKind kind = kind_of(isa::info(op).mnemonic);
    constexpr int width = isa::info(op).width;
    if constexpr (kind == AtomicKind::Fence) {
      return atomic_fence;
    } else if constexpr (kind == AtomicKind::Notify) {
      return atomic_notify;
    } else if constexpr (kind == AtomicKind::Wait) {
      return atomic_wait<typename BitsOf<width>::type>;
    } else {
      return atomic_access<kind, typename BitsOf<width>::type>;
    }
  }
}

template <size_t... codes>
constexpr std::array<SlotFn, kCodes> make_functions(std::index_sequence<codes...>) {
  return {function_of_code<codes>()...};
}

constexpr std::array<SlotFn, kCodes> kFunctions = make_functions(std::make_index_sequence<kCodes>());

}  // namespace

SlotFn atomic_function(Op op) {
  const isa::OpInfo& info = isa::info(op);
  return info.prefix == 0xfe && info.code < kCodes ? kFunctions[info.code] : nullptr;
}

}  // namespace ashlar::runtime
