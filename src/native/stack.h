// What machine code needs of a store: a stack of its own with a guard below, and the buffer of results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/error.h"
#include "native/unwind_cache.h"
#include "runtime/reusable.h"
#include "runtime/store.h"

namespace ashlar::native {

struct Activation;
class Fiber;

/// Address space for guest frames, from low to high addresses:
///   guard (no access) | kHelperStack, for helpers only | stack_bytes
class GuestStack {
 public:
  static constexpr uint64_t kGuard = 64 << 10;

  GuestStack() = default;
  ~GuestStack();
  GuestStack(const GuestStack&) = delete;
  GuestStack& operator=(const GuestStack&) = delete;
  /// Maps `bytes` for frames and kHelperStack more. False when there is no address space.
  bool map(uint64_t bytes);

  uint8_t* low() const { return base_ + kGuard; }
  uint8_t* high() const { return base_ + size_; }
  /// Makes all of it zero again, for another store. False: it can't be used again.
  bool clean(const runtime::Cleaning& how) { return pages_.clean(how.quiet, how.keep); }
  /// Gives back the pages below `sp`.
  void discard(const uint8_t* sp);
  bool contains(const void* p) const { return p >= low() && p < high(); }
  bool guard_contains(const void* p) const { return p >= base_ && p < low(); }

 private:
  uint8_t* base_ = nullptr;
  uint64_t size_ = 0;  ///< guard included
  runtime::ReusedPages pages_;
};

/// The frames of a trap, taken while they are still there, innermost first.
struct Trace {
  static constexpr uint32_t kMost = 1024;
  /// What the first address is: that of a call's return, of the instruction that trapped, or of any instruction.
  enum class First : uint8_t { Return, Instruction, Anywhere };

  const void* pcs[kMost];  ///< behind the first, return addresses
  uint32_t count = 0;
  uint32_t more = 0;  ///< frames further out
  First first = First::Return;

  void begin(const void* pc, First what) {
    pcs[0] = pc;
    count = 1;
    more = 0;
    first = what;
  }
};

/// Lies just below the results, whose address is in every context: what stubs read and write.
struct StubWords {
  /// Compiled code has called the host or the interpreter, which has not returned and looks at the store's interruption
  /// then. From the host stub it is where that keeps the caller's context. Null: no.
  const void* outside = nullptr;
  uint32_t host_failed = 0;               ///< a host function called by its stub has left StoreState::error
  const uint8_t* helper_limit = nullptr;  ///< helpers are entered only while the stack pointer is not below this
};

/// One a store: Store::native_state. Stores of one engine use it one after another.
struct StoreState final : runtime::Reusable {
  StoreState();
  ~StoreState() override;
  /// What is known of return addresses holds in every store.
  bool clean(const runtime::Cleaning& how) override;

  GuestStack stack;
  Activation* activation = nullptr;   ///< the innermost of this store
  std::unique_ptr<Activation> first;  ///< for begin_first()
  Fiber* fiber = nullptr;             ///< that has begun on the stack and not returned
  Trace trace;                        ///< of the trap that just ended an activation
  UnwindCache unwind_cache;
  /// A callee's error on its way out of the innermost activation; also that of an exception which came from a callee
  /// and is still under way.
  Status error;
  uint32_t buffer_slots = 0;            ///< capacity of results()
  std::unique_ptr<std::byte[]> buffer;  ///< StubWords | results

  StubWords& words() const { return *reinterpret_cast<StubWords*>(buffer.get()); }
  /// Several results, and parameters for which there is no register.
  runtime::Slot* results() const { return reinterpret_cast<runtime::Slot*>(buffer.get() + sizeof(StubWords)); }
};

/// Store::scan_native_stacks.
void scan_stacks(runtime::Store& store, runtime::GcScanner& s, const void* sp);

/// The store's state, made on first use. Null when there is no address space for a stack.
StoreState* state_of(runtime::Store& store);

}  // namespace ashlar::native
