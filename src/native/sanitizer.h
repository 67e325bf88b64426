// What the address sanitizer is told about stacks of our own, and the thread sanitizer about fibers; nothing in
// ordinary builds.
#pragma once

#include "native/activation.h"

#if __has_feature(address_sanitizer)
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

namespace ashlar::native {

#if __has_feature(address_sanitizer)

inline constexpr bool kWatchesStacks = true;

/// A run on another stack, for its duration. The sanitizer decides by the stack pointer on which of the two it is, as
/// long as the switch is not finished; a further switch finishes it.
class StackSwitch {
 public:
  explicit StackSwitch(const GuestStack* target) : target_(target) {
    if (target_ != nullptr) begin(target_->low(), target_->high());
  }
  ~StackSwitch() {
    if (target_ == nullptr) return;
    const GuestStack* own = t_activation == nullptr ? nullptr : &t_activation->state->stack;
    if (own != nullptr && own->contains(__builtin_frame_address(0))) {
      begin(own->low(), own->high());
    } else {
      pthread_attr_t attributes;
      void* low = nullptr;
      size_t size = 0;
      pthread_getattr_np(pthread_self(), &attributes);
      pthread_attr_getstack(&attributes, &low, &size);
      pthread_attr_destroy(&attributes);
      begin(static_cast<uint8_t*>(low), static_cast<uint8_t*>(low) + size);
    }
    finish();
  }
  StackSwitch(const StackSwitch&) = delete;
  StackSwitch& operator=(const StackSwitch&) = delete;

 private:
  static void begin(const uint8_t* low, const uint8_t* high) {
    finish();
    __sanitizer_start_switch_fiber(nullptr, low, static_cast<size_t>(high - low));
    t_under_way = true;
  }
  static void finish() {
    if (t_under_way) __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
    t_under_way = false;
  }
  static inline thread_local bool t_under_way = false;
  const GuestStack* target_;
};

/// Frames of C++ that a trap jumps over leave their red zones behind.
inline void forget_frames(const GuestStack& stack) {
  const auto* here = static_cast<const uint8_t*>(__builtin_frame_address(0)) - 4096;
  if (stack.contains(here)) __asan_unpoison_memory_region(here, static_cast<size_t>(stack.high() - here));
}

/// Nobody runs on it any more.
inline void forget_all_frames(const GuestStack& stack) {
  __asan_unpoison_memory_region(stack.low(), static_cast<size_t>(stack.high() - stack.low()));
}

#else

/// Whether every switch of stacks must be told: by a StackSwitch.
inline constexpr bool kWatchesStacks = false;

class StackSwitch {
 public:
  explicit StackSwitch(const GuestStack*) {}
  ~StackSwitch() {}
};
inline void forget_frames(const GuestStack&) {}
inline void forget_all_frames(const GuestStack&) {}

#endif

#if __has_feature(thread_sanitizer)

inline void* make_sanitizer_fiber() { return __tsan_create_fiber(0); }
inline void end_sanitizer_fiber(void* fiber) { __tsan_destroy_fiber(fiber); }

/// In the fiber, for its duration: the sanitizer keeps a stack of calls for each.
class SanitizerFiber {
 public:
  [[gnu::always_inline]] explicit SanitizerFiber(void* fiber) : outer_(__tsan_get_current_fiber()) {
    __tsan_switch_to_fiber(fiber, 0);
  }
  [[gnu::always_inline]] ~SanitizerFiber() { __tsan_switch_to_fiber(outer_, 0); }
  SanitizerFiber(const SanitizerFiber&) = delete;
  SanitizerFiber& operator=(const SanitizerFiber&) = delete;

 private:
  void* outer_;
};

#else

inline void* make_sanitizer_fiber() { return nullptr; }
inline void end_sanitizer_fiber(void*) {}
class SanitizerFiber {
 public:
  explicit SanitizerFiber(void*) {}
  ~SanitizerFiber() {}
};

#endif

}  // namespace ashlar::native
