// AsyncState: a store's calls in which host functions may wait, one after another.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "native/fiber.h"

// Not to be sorted above: see api/access.h.
#include "api/access.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

/// Shared by the store, by its call and by whoever is to complete a wait. All but what a word in `word` guards belongs
/// to the store's thread.
///
/// A wait, whose ticket no other has:     begin_wait      the fiber is left        taken          the value is there
///                                  Nothing ------> Starting -------------> Waiting ---> Completing ----------> Ready
///                                                      |                   Watched          ^
///                                                      +------------------------------------+
/// Whoever turns it into Completing, a completion or an interruption, has the value's place and `ready` for itself
/// until it is Ready. A wait that is Ready before the fiber is left goes on at once, and nobody is told.
struct [[gnu::visibility("hidden")]] AsyncState final : runtime::InterruptListener {
  enum class Phase : uint8_t {
    Nothing,
    Starting,
    Waiting,
    Watched,  ///< Waiting, and `ready` wants to know
    Completing,
    Ready,
    Yielding  ///< to be Ready as soon as the fiber has been left
  };

  explicit AsyncState(StoreState& s) : store(&s) { s.store.set_interrupt_listener(this); }

  void keep() { users.fetch_add(1, std::memory_order_relaxed); }
  void leave() {
    if (users.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  /// Of begin(), go_on(): whether the task has ended.
  bool begin(AsyncTask& of);
  bool go_on();
  /// The task runs to its end without waiting any more; under way and suspended. Gives back what on_ready() was given.
  std::function<void()> drop();
  /// The store ends.
  void end_store();

  /// The phase of the wait with that ticket becomes Completing. Nothing: it can't; else what it was.
  Phase take_turn(uint64_t of);
  /// Ends a turn: the wait is Ready. The function is to be called then.
  std::function<void()> end_turn(uint64_t of, Phase before);
  /// Behind a turn that somebody has taken.
  void await_turn() const;
  std::function<void()> on_interrupt() override;
  void watch(std::function<void()> f);

  static constexpr uint64_t word_of(uint64_t ticket, Phase phase) { return ticket << 3 | static_cast<uint64_t>(phase); }
  static Phase phase_of(uint64_t word) { return static_cast<Phase>(word & 7); }
  Phase phase() const { return phase_of(word.load(std::memory_order_acquire)); }

  std::atomic<uint32_t> users{1};
  std::atomic<uint64_t> word{0};
  uint64_t ticket = 0;          ///< of the last wait that began
  void* value = nullptr;        ///< of it
  std::function<void()> ready;  ///< what on_ready() was given
  StoreState* store;            ///< null: it has ended
  AsyncTask* task = nullptr;    ///< under way
  bool dropping = false;
  native::Fiber fiber;

 private:
  bool after_switch();
  std::function<void()> complete_empty();
};

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
