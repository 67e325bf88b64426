// The public interface's typed calls and host functions with compiled code between them: arguments in registers.
#include <gtest/gtest.h>

#include "native/machine.h"
#include "native/sanitizer.h"

// Not to be sorted above: see api/access.h.
#include "api/access.h"

#if defined(__x86_64__)

#include <chrono>
#include <stdexcept>
#include <thread>

namespace ashlar::native {
namespace {

using machine::Machine;
using v0::detail::Access;

class TypedCall : public testing::Test {
 protected:
  /// What the first call of a store, and others that are not as usual, go through.
  TypedCall() {
    runtime::fake::body = [](runtime::Store& store, const runtime::FuncCell& f, runtime::Slot* slots) {
      ++by_slots;
      return native::call(store, f, f.native, slots);
    };
    by_slots = 0;
  }
  ~TypedCall() override { runtime::fake::body = nullptr; }
  static inline int by_slots;

  static Engine engine_of(const Machine& machine) {
    Engine out;
    const_cast<std::shared_ptr<runtime::Engine>&>(Access::engine(out)) = machine.engine();
    return out;
  }
  /// An instance whose function 0 is `f`.
  template <class F>
  void import(F f) {
    Func host = Func::make(store_, std::move(f), "import");
    const runtime::FuncCell* cell = Access::cell(host);
    EXPECT_EQ(cell->native, host_stub());
    const uint32_t wide = inner().types().intern_func({machine::wide_type(), machine::wide_type()});
    instance_ = machine_.instantiate(inner(), Access::cell(host), inner().new_host_func(wide, {}));
  }
  template <class Signature>
  TypedFunc<Signature> typed(machine::Func f) {
    Func func = Access::func(Access::state(store_), instance_->func_cell(f));
    auto out = func.typed<Signature>();
    EXPECT_TRUE(out) << out.error().message();
    return *out;
  }
  v0::Result<int64_t> call(machine::Func f, int64_t x) { return typed<int64_t(int64_t)>(f)(x); }
  std::string message(machine::Func f, int64_t x) {
    auto done = call(f, x);
    return done ? std::to_string(*done) : done.error().message();
  }
  runtime::Store& inner() { return Access::state(store_)->store; }
  runtime::GcRef make_exception() {
    const uint32_t type = inner().types().intern_func({{isa::ValType::i64()}, {}});
    return inner().heap().alloc_exn(inner().new_tag(type), 1);
  }

  Machine machine_;
  Engine engine_ = engine_of(machine_);
  v0::StoreLimits limits_ = [] {
    v0::StoreLimits out;
    out.stack_bytes = 1 << 20;
    return out;
  }();
  Store store_{engine_, limits_};
  runtime::Instance* instance_ = nullptr;
};

constexpr int64_t kAdded = 0x1234;

TEST_F(TypedCall, NumbersInRegisters) {
  int64_t seen = 0;
  import([&](int64_t x) {
    seen = x;
    return x * 2;
  });
  const auto f = typed<int64_t(int64_t)>(machine::kCallOut);
  for (int64_t x : {5, -7, 1 << 30}) {
    EXPECT_EQ(f(x).value(), x * 2 + kAdded);
    EXPECT_EQ(seen, x);
  }
  EXPECT_EQ(call(machine::kCatch, 10).value(), 20 + kAdded + 300);
  EXPECT_EQ(inner().host_depth, 0u);
  EXPECT_EQ(by_slots, kWatchesStacks ? 4 : 1);
}

TEST_F(TypedCall, MoreArgumentsThanRegistersGoByTheSlots) {
  import([](int64_t x) { return x; });
  const auto f = typed<int64_t(int64_t, int32_t, int64_t, int64_t, int64_t, int64_t, int32_t)>(machine::kIntegers);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(f(1, 10, 100, 1000, 10000, 100000, 1000000).value(), 1 + 20 + 300 + 4000 + 50000 + 600000 + 7000000);
  }
}

TEST_F(TypedCall, SeveralResultsGoByTheSlots) {
  import([](int64_t x) { return x; });
  const auto f = typed<std::tuple<int32_t, int64_t>(int64_t)>(machine::kPair);
  EXPECT_EQ(f(0x1'0000'0005).value(), std::tuple(5, 0x1'0000'0006));
}

TEST_F(TypedCall, CallerIsTheInstance) {
  import([&](Caller& caller, int64_t x) {
    EXPECT_TRUE(caller.instance().has_value());
    EXPECT_EQ(Access::instance(caller), instance_);
    return x;
  });
  EXPECT_EQ(call(machine::kCallOut, 1).value(), 1 + kAdded);
  EXPECT_EQ(call(machine::kCallOut, 1).value(), 1 + kAdded);
}

TEST_F(TypedCall, ErrorsOfHostFunctions) {
  import([](int64_t x) -> v0::Result<int64_t> {
    if (x == 3) return std::unexpected(v0::Error::trap("three"));
    if (x == 4) throw std::runtime_error("four");
    if (x == 5) throw 5;
    return x;
  });
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(message(machine::kCallOut, 1), std::to_string(1 + kAdded));
    EXPECT_EQ(message(machine::kCallOut, 3), "three");
    EXPECT_EQ(message(machine::kCallOut, 4), "exception in import: four");
    EXPECT_EQ(message(machine::kCatch, 5), "exception in import");
    EXPECT_EQ(inner().host_depth, 0u);
  }
  EXPECT_EQ(call(machine::kCatch, 3).error().notes(),
            "wasm backtrace:\n"
            "     0:   0x138f - m!call_out\n"
            "     1:   0x1778 - m!catch");
}

TEST_F(TypedCall, TrapsOfCompiledCode) {
  import([](int64_t x) { return x; });
  const auto trap = typed<void(int64_t)>(machine::kTrap);
  const auto recurse = typed<void(int64_t)>(machine::kRecurse);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(trap(1).error().message(), "integer divide by zero");
    EXPECT_EQ(trap(1).error().notes(),
              "wasm backtrace:\n"
              "     0:    0x7d5 - m!integers\n"
              "     1:    0xbbe - m!floats\n"
              "     2:   0x1b5f - m!trap");
    EXPECT_EQ(recurse(1 << 30).error().message(), "call stack exhausted");
    EXPECT_EQ(call(machine::kCallOut, 1).value(), 1 + kAdded);
  }
}

/// A host function that waits, called by its stub from compiled code: what the sanitizers see of stacks that change.
TEST_F(TypedCall, Suspends) {
  std::optional<Completion<int64_t>> waiting;
  import([&](Caller& caller, int64_t x) -> v0::Result<int64_t> {
    if (x == 0) return 1;
    return suspend<int64_t>(caller, [&](Completion<int64_t> done) { waiting.emplace(std::move(done)); });
  });
  for (int64_t i = 1; i < 4; ++i) {
    AsyncCall<int64_t> call = typed<int64_t(int64_t)>(machine::kCallOut).call_async(i);
    EXPECT_FALSE(call.poll());
    inner().heap().collect();
    EXPECT_EQ(message(machine::kCallOut, 0).substr(0, 34), "the store has suspended a call: it");
    std::thread([&] {
      waiting->complete(10 * i);
      EXPECT_TRUE(call.poll());
    }).join();
    EXPECT_EQ(call.take().value(), 10 * i + kAdded);
    EXPECT_EQ(inner().host_depth, 0u);
  }
  EXPECT_EQ(typed<void(int64_t)>(machine::kRecurse).call_async(1 << 30).take().error().message(),
            "call stack exhausted");
  EXPECT_EQ(typed<void(int64_t)>(machine::kTrap).call_async(1).take().error().message(), "integer divide by zero");
  {
    AsyncCall<int64_t> dropped = typed<int64_t(int64_t)>(machine::kCatch).call_async(1);
  }
  EXPECT_EQ(call(machine::kCallOut, 0).value(), 1 + kAdded);
}

TEST_F(TypedCall, Nested) {
  int depth = 0;
  import([&](int64_t x) -> v0::Result<int64_t> {
    EXPECT_EQ(inner().host_depth, static_cast<uint32_t>(depth) + 1);
    if (++depth == 20) return x;
    auto inside = call(machine::kCallOut, x);
    --depth;
    const auto trap = typed<void(int64_t)>(machine::kTrap)(1);
    EXPECT_EQ(trap.error().message(), "integer divide by zero");
    return inside;
  });
  EXPECT_EQ(call(machine::kCallOut, 1).value(), 20 * kAdded + 1);
  depth = 0;
  EXPECT_EQ(call(machine::kCallOut, 1).value(), 20 * kAdded + 1);
  EXPECT_EQ(inner().host_depth, 0u);
}

TEST_F(TypedCall, NestedTooDeep) {
  int deepest = 0;
  import([&](int64_t x) {
    ++deepest;
    return call(machine::kCallOut, x);
  });
  EXPECT_EQ(message(machine::kCallOut, 1), "call stack exhausted");
  EXPECT_EQ(deepest, 100);
  EXPECT_EQ(message(machine::kCallOut, 1), "call stack exhausted");
  EXPECT_EQ(inner().host_depth, 0u);
}

TEST_F(TypedCall, ExceptionsOfTheGuestAreCaughtByIt) {
  runtime::GcRef exn = make_exception();
  import([&](int64_t) -> v0::Result<int64_t> {
    inner().pending_exception = exn;
    return std::unexpected(Access::error(internal::Error(ErrorCode::uncaught_exception, kNoOffset)));
  });
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(call(machine::kCatch, 1).value(), exn + 1000000 + 300);
    EXPECT_EQ(inner().pending_exception, runtime::kNullRef);
    EXPECT_EQ(message(machine::kCallOut, 1), "uncaught exception");
    EXPECT_EQ(inner().pending_exception, runtime::kNullRef);  // the error has it
  }
}

TEST_F(TypedCall, Interruption) {
  import([&](int64_t x) {
    if (x == 2) store_.interrupt("enough");
    return x;
  });
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(message(machine::kCallOut, 1), std::to_string(1 + kAdded));
    EXPECT_EQ(message(machine::kCallOut, 2), "interrupted: enough");
    EXPECT_EQ(message(machine::kCallOut, 1), "interrupted: enough");
    store_.clear_interrupt();
  }
  EXPECT_EQ(inner().host_depth, 0u);
}

// The thread sanitizer keeps signals back until the thread calls the C library: compiled code never does.
#if !__has_feature(thread_sanitizer)
TEST_F(TypedCall, InterruptionByAnotherThread) {
  import([](int64_t x) { return x; });
  const auto spin = typed<void(int64_t)>(machine::kSpin);
  EXPECT_TRUE(call(machine::kCallOut, 1));
  for (int i = 0; i < 200; ++i) {
    std::thread other([&] {
      if (i % 2 != 0) std::this_thread::sleep_for(std::chrono::microseconds(10 * i));
      store_.interrupt("enough");
    });
    EXPECT_EQ(spin(0).error().message(), "interrupted: enough");
    other.join();
    store_.clear_interrupt();
    EXPECT_EQ(call(machine::kCallOut, 1).value(), 1 + kAdded);
  }
}
#endif

TEST_F(TypedCall, HostFunctionsNeedRoomOnTheStack) {
  import([&](int64_t x) {
    const auto recurse = typed<void(int64_t)>(machine::kRecurse);
    EXPECT_EQ(recurse(1 << 30).error().message(), "call stack exhausted");
    return x;
  });
  EXPECT_EQ(call(machine::kCallOut, 1).value(), 1 + kAdded);
  EXPECT_EQ(typed<void(int64_t)>(machine::kDeepHelper)(0).error().message(), "call stack exhausted");
}

TEST_F(TypedCall, TwoStoresInTurn) {
  Store other(engine_, limits_);
  runtime::Instance* mine = nullptr;
  import([](int64_t x) { return x + 1; });
  Func inside = Access::func(Access::state(store_), instance_->func_cell(machine::kCallOut));
  Func host = Func::make(other, [&](int64_t x) { return inside.typed<int64_t(int64_t)>()->call(x); }, "other");
  runtime::Store& s = Access::state(other)->store;
  const uint32_t wide = s.types().intern_func({machine::wide_type(), machine::wide_type()});
  mine = machine_.instantiate(s, Access::cell(host), s.new_host_func(wide, {}));
  Func outside = Access::func(Access::state(other), mine->func_cell(machine::kCallOut));
  const auto f = *outside.typed<int64_t(int64_t)>();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(f(10).value(), 11 + 2 * kAdded);
}

}  // namespace
}  // namespace ashlar::native

#endif
