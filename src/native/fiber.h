// Fiber: code on a store's guest stack that can be left in the middle, and continued later on any thread.
#pragma once

#include <cstdint>

#include "native/activation.h"

namespace ashlar::native {

/// A function of the host with all the runs of guests that it begins, in either tier. It begins where the store's stack
/// does, as their frames follow: it needs no stack of its own. For its thread it is one more activation, entered from
/// where it was started or continued last, so that calls, traps and the collector find their way as ever.
///
/// One a store at a time, and only while nothing else of the store runs; until it has returned, nothing else may. Alone
/// start() and go_on() must not come at the same time from two threads. What the function and those that it calls keep
/// of a thread over suspend(), as errno's address, may be another thread's afterwards.
class Fiber {
 public:
  using Main = void (*)(void* argument);
  /// Where a host function finds itself.
  enum class Place : uint8_t {
    Here,     ///< in the fiber, and all runs in it are its store's: suspend() may be called
    Between,  ///< in the fiber, but below a run of another store, which can't be left
    Elsewhere
  };

  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber() { CHECK(store_ == nullptr); }

  /// Calls main(argument) there; back when that has returned or suspends. No exception leaves it. Errors: without
  /// address space for the stack, or too deep in other calls, call_stack_exhausted.
  Status start(runtime::Store& store, Main main, void* argument);
  /// Goes on where it was suspended.
  void go_on();
  /// Whether the function has begun and not returned.
  bool under_way() const { return store_ != nullptr; }

  /// Leaves the fiber from within, until go_on(). place() is Here.
  void suspend() { ashlar_native_suspend(&self_); }
  Place place() const;

  /// While it is suspended: its innermost frame. For the collector.
  const void* suspended_at() const { return running_ ? nullptr : self_.sp; }

 private:
  /// Of the C++ library: exceptions that are being handled belong to a stack, and it keeps them for the thread.
  struct CaughtExceptions {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  static void main_of(Fiber* fiber);
  void run(const void* code);
  void end();

  Activation self_{};
  runtime::Store* store_ = nullptr;  ///< null: it is not under way
  Activation* innermost_ = nullptr;  ///< of the thread when it was left
  void* tier_innermost_ = nullptr;   ///< the same of the tier
  CaughtExceptions caught_;
  uint32_t host_depth_ = 0;
  bool running_ = false;
  bool returned_ = false;
  Main main_ = nullptr;
  void* argument_ = nullptr;
  void* sanitizer_ = nullptr;  ///< the thread sanitizer's name for it
};

}  // namespace ashlar::native
