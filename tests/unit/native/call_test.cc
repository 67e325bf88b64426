// Calls into compiled code and out of it: arguments and results, nesting, errors, exceptions, traps and backtraces.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "native/machine.h"

#if defined(__x86_64__)

namespace ashlar::native {
namespace {

using isa::ValType;
using machine::Func;
using machine::Machine;
using runtime::Caller;
using runtime::Instance;
using runtime::Slot;

class Native : public testing::Test {
 protected:
  Native() : store_(std::make_unique<runtime::Store>(machine_.engine(), limits())) { make_instance(*store_); }
  ~Native() override { runtime::fake::body = nullptr; }

  static runtime::StoreLimits limits() {
    runtime::StoreLimits out;
    out.stack_bytes = 1 << 20;
    return out;
  }

  Instance* make_instance(runtime::Store& store) {
    const uint32_t type = store.types().intern_func({{ValType::i64()}, {ValType::i64()}});
    host_ = store.new_host_func(type, {[this](Caller& c, Slot* slots) { return import_(c, slots); }, "import"});
    const uint32_t wide = store.types().intern_func({machine::wide_type(), machine::wide_type()});
    wide_ = store.new_host_func(wide, {[this](Caller& c, Slot* slots) { return wide_import_(c, slots); }, "wide"});
    return instance_ = machine_.instantiate(store, host_, wide_);
  }

  Status call(Func f, std::vector<Slot>& slots) { return machine_.call(*instance_, f, slots.data()); }
  /// The result, or the error's message.
  std::string run(Func f, std::vector<Slot> slots) {
    slots.resize(16);
    const Status status = call(f, slots);
    return status ? std::to_string(slots[0]) : status.error().message();
  }
  std::string notes(Func f, std::vector<Slot> slots) {
    slots.resize(16);
    const Status status = call(f, slots);
    return status ? "no error" : status.error().notes();
  }
  runtime::GcRef make_exception() {
    const uint32_t type = store_->types().intern_func({{ValType::i64()}, {}});
    return store_->heap().alloc_exn(store_->new_tag(type), 1);
  }

  Machine machine_;
  std::unique_ptr<runtime::Store> store_;
  std::function<Status(Caller&, Slot*)> import_ = [](Caller&, Slot*) { return Status{}; };
  std::function<Status(Caller&, Slot*)> wide_import_ = import_;
  runtime::FuncCell* host_ = nullptr;
  runtime::FuncCell* wide_ = nullptr;
  Instance* instance_ = nullptr;
};

TEST_F(Native, IntegersInRegistersAndBuffer) {
  const Slot dirty = 0xffff'ffff'0000'0000;
  EXPECT_EQ(run(machine::kIntegers, {1, dirty | 10, 100, 1000, 10000, 100000, dirty | 1000000}),
            std::to_string(1 + 20 + 300 + 4000 + 50000 + 600000 + 7000000));
}

TEST_F(Native, FloatsInRegistersAndBuffer) {
  std::vector<Slot> slots(16);
  slots[8] = 0xffff'ffff'1234'5678;
  slots[9] = 0x1111'1111'2222'2222;
  slots[10] = 0x3333'3333'4444'4444;
  ASSERT_TRUE(call(machine::kFloats, slots).has_value());
  EXPECT_EQ(slots[0], 0x1111'1111'1234'5678u);
  EXPECT_EQ(slots[1], 0x3333'3333'4444'4444u);
}

TEST_F(Native, SeveralResults) {
  std::vector<Slot> slots(16, 0xdddd'dddd'dddd'dddd);
  slots[0] = 0x1'0000'0005;
  ASSERT_TRUE(call(machine::kPair, slots).has_value());
  EXPECT_EQ(slots[0], 5u);
  EXPECT_EQ(slots[1], 0x1'0000'0006u);
}

TEST_F(Native, HostCall) {
  import_ = [&](Caller& caller, Slot* slots) {
    EXPECT_EQ(caller.instance, instance_);
    EXPECT_EQ(&caller.store, store_.get());
    slots[0] += 5;
    return Status{};
  };
  EXPECT_EQ(run(machine::kCallOut, {10}), std::to_string(0x1234 + 15));
  EXPECT_EQ(run(machine::kCatch, {10}), std::to_string(0x1234 + 15 + 300));
}

TEST_F(Native, BridgeToAnotherTier) {
  // Function 0 of this instance is one of the other instance, which is not compiled.
  Instance* other = instance_;
  runtime::FuncCell* cell = other->func_cell(machine::kCallOut);
  cell->native = bridge();
  cell->native_ctx = cell;
  runtime::fake::body = [&](runtime::Store& store, const runtime::FuncCell& f, Slot* slots) {
    EXPECT_EQ(&f, cell);
    EXPECT_EQ(store.host_depth, 0u);
    slots[0] *= 3;
    return Status{};
  };
  instance_ = machine_.instantiate(*store_, cell, wide_);
  EXPECT_EQ(run(machine::kCallOut, {10}), std::to_string(0x1234 + 30));
}

TEST_F(Native, BridgeWithManyArgumentsAndResults) {
  wide_import_ = [](Caller&, Slot* slots) {
    for (Slot i = 0; i < 13; ++i) EXPECT_EQ(slots[i], 0x1000 + i);
    for (Slot i = 0; i < 13; ++i) slots[i] = 0x1'0000'2000 + i;
    return Status{};
  };
  std::vector<Slot> slots(16);
  for (size_t i = 0; i < 13; ++i) slots[i] = 0x1000 + i;
  ASSERT_TRUE(call(machine::kForward, slots).has_value());
  const std::vector<size_t> narrow = {0, 1, 10};
  for (Slot i = 0; i < 13; ++i) {
    const bool is_narrow = std::ranges::find(narrow, i) != narrow.end();
    EXPECT_EQ(slots[i], (is_narrow ? 0 : 0x1'0000'0000) + 0x2000 + i) << i;
  }
}

TEST_F(Native, HostErrors) {
  import_ = [](Caller&, Slot*) -> Status { return make_error(ErrorCode::host_trap, kNoOffset, "no such thing"); };
  EXPECT_EQ(run(machine::kCallOut, {1}), "no such thing");
  EXPECT_EQ(notes(machine::kCatch, {1}),
            "wasm backtrace:\n"
            "     0:   0x138f - m!call_out\n"
            "     1:   0x1778 - m!catch");
  import_ = [](Caller&, Slot*) -> Status { throw std::runtime_error("thrown"); };
  EXPECT_EQ(run(machine::kCallOut, {1}), "exception in import: thrown");
  import_ = [](Caller&, Slot*) -> Status { return make_error(ErrorCode::program_exit, kNoOffset, "3"); };
  EXPECT_EQ(notes(machine::kCallOut, {1}), "");
}

TEST_F(Native, TrapsWithInlinedFrames) {
  EXPECT_EQ(run(machine::kTrap, {1}), "integer divide by zero");
  EXPECT_EQ(notes(machine::kTrap, {1}),
            "wasm backtrace:\n"
            "     0:    0x7d5 - m!integers\n"
            "     1:    0xbbe - m!floats\n"
            "     2:   0x1b5f - m!trap");
}

TEST_F(Native, MemoryFaultWithoutFrame) {
  EXPECT_EQ(run(machine::kLoad, {65532}), "0");
  EXPECT_EQ(run(machine::kLoad, {65536}), "out of bounds memory access");
  EXPECT_EQ(run(machine::kLoad, {0xffff'ffff}), "out of bounds memory access");
  EXPECT_EQ(notes(machine::kLoad, {1u << 20}), "wasm backtrace:\n     0:   0x1f43 - m!load");
  EXPECT_EQ(run(machine::kLoad, {0}), "0");
}

TEST_F(Native, DeepTrap) {
  const std::string text = notes(machine::kRecurse, {99});
  EXPECT_TRUE(text.starts_with("wasm backtrace:\n     0:   0x2331 - m!recurse\n     1:   0x232c - m!recurse\n"))
      << text;
  EXPECT_TRUE(text.ends_with("\n    63:   0x232c - m!recurse\n  ... 36 more frames")) << text;
}

TEST_F(Native, StackExhaustedInGuard) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run(machine::kRecurse, {1u << 30}), "call stack exhausted");
  const std::string text = notes(machine::kRecurse, {1u << 30});
  EXPECT_TRUE(text.starts_with("wasm backtrace:\n     0:   0x2328 - m!recurse")) << text;
  EXPECT_NE(text.find("\n     1:   0x232c - m!recurse\n     2:   0x232c"), std::string::npos) << text;
  EXPECT_NE(text.find(" more frames"), std::string::npos) << text;
  EXPECT_EQ(run(machine::kPair, {7}), "7");
}

TEST_F(Native, StackExhaustedInHelper) {
  EXPECT_EQ(run(machine::kDeepHelper, {0}), "call stack exhausted");
  const std::string text = notes(machine::kDeepHelper, {0});
  EXPECT_TRUE(text.starts_with("wasm backtrace:\n     0:   0x2af9 - m!deep_helper\n     1:   0x2afa - ")) << text;
}

TEST_F(Native, Interruption) {
  store_->interrupt("enough");
  EXPECT_EQ(run(machine::kDeepHelper, {0}), "interrupted: enough");
}

TEST_F(Native, Helpers) {
  EXPECT_EQ(run(machine::kHelper, {0, 4}), "invalid conversion to integer");
  EXPECT_EQ(notes(machine::kHelper, {0, 4}), "wasm backtrace:\n     0:   0x2712 - m!helper");
  EXPECT_EQ(run(machine::kHelper, {4, machine::kPair}),
            std::to_string(reinterpret_cast<uint64_t>(instance_->func_cell(machine::kPair))));
  EXPECT_EQ(run(machine::kHelper, {7, 0}), "0");
}

TEST_F(Native, UncaughtThrow) {
  const runtime::GcRef exn = make_exception();
  EXPECT_EQ(run(machine::kHelper, {1, exn}), "uncaught exception");
  EXPECT_EQ(store_->pending_exception, exn);
  EXPECT_EQ(run(machine::kHelper, {1, 0}), "null exception reference");
}

TEST_F(Native, CaughtThrowRestoresRegisters) {
  const runtime::GcRef exn = make_exception();
  import_ = [&](Caller& caller, Slot*) -> Status {
    caller.store.pending_exception = exn;
    return make_error(ErrorCode::uncaught_exception);
  };
  EXPECT_EQ(run(machine::kCatch, {1}), std::to_string(exn + 1000000 + 300));
  EXPECT_EQ(store_->pending_exception, runtime::kNullRef);
  EXPECT_EQ(run(machine::kCallOut, {1}), "uncaught exception");
  EXPECT_EQ(store_->pending_exception, exn);
}

TEST_F(Native, NestedOnTheSameStack) {
  int depth = 0;
  import_ = [&](Caller&, Slot* slots) -> Status {
    if (depth++ == 50) return machine_.call(*instance_, machine::kTrap, slots);
    return machine_.call(*instance_, machine::kCatch, slots);
  };
  EXPECT_EQ(run(machine::kCallOut, {1}), "integer divide by zero");
  depth = 0;
  const std::string text = notes(machine::kCallOut, {1});
  EXPECT_NE(
      text.find(
          "     2:   0x1b5f - m!trap\n     3:   0x138f - m!call_out\n     4:   0x1778 - m!catch\n     5:   0x138f"),
      std::string::npos)
      << text;
  EXPECT_TRUE(text.ends_with("\n  ... 40 more frames")) << text;
  import_ = [&](Caller&, Slot* slots) -> Status {
    if (depth++ == 200) return {};
    return machine_.call(*instance_, machine::kCallOut, slots);
  };
  depth = 0;
  EXPECT_EQ(run(machine::kCallOut, {1}), std::to_string(0x1234 * 201 + 1));
}

TEST_F(Native, NestedTooDeep) {
  import_ = [&](Caller&, Slot* slots) { return machine_.call(*instance_, machine::kCallOut, slots); };
  EXPECT_EQ(run(machine::kCallOut, {1}), "call stack exhausted");
  import_ = [](Caller&, Slot*) { return Status{}; };
  EXPECT_EQ(run(machine::kCallOut, {1}), std::to_string(0x1234 + 1));
}

TEST_F(Native, TwoStoresInTurn) {
  auto store_a = std::move(store_);
  Instance* a = instance_;
  store_ = std::make_unique<runtime::Store>(machine_.engine(), limits());
  Instance* b = make_instance(*store_);
  int depth = 0;
  import_ = [&](Caller& caller, Slot* slots) -> Status {
    if (++depth == 20) return {};
    Instance* next = caller.instance == a ? b : a;
    Status status = machine_.call(*next, machine::kCallOut, slots);
    Slot ignored[2] = {};
    const Status trap = machine_.call(*next, machine::kTrap, ignored);
    EXPECT_FALSE(trap.has_value());
    return status;
  };
  Slot slots[2] = {1, 0};
  ASSERT_TRUE(machine_.call(*a, machine::kCallOut, slots).has_value());
  EXPECT_EQ(slots[0], 0x1234u * 20 + 1);
}

TEST_F(Native, OtherThread) {
  std::thread([&] {
    EXPECT_EQ(run(machine::kRecurse, {1u << 30}), "call stack exhausted");
    EXPECT_EQ(run(machine::kTrap, {1}), "integer divide by zero");
  }).join();
}

}  // namespace
}  // namespace ashlar::native

#endif
