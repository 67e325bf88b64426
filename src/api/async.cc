// Calls in which host functions may wait: the fiber of a store, waits and who completes them.
#include "api/async.h"

#include <exception>
#include <thread>

#include "api/refs.h"

namespace ashlar {
inline namespace v0 {

namespace detail {

namespace {

constexpr char kDropped[] = "the call was dropped";

void run_task(void* state) {
  AsyncTask& task = *static_cast<AsyncState*>(state)->task;
  try {
    task.run();
  } catch (const std::exception& e) {
    task.fail(Error::trap(std::string("exception in a call: ") + e.what()));
  } catch (...) {
    task.fail(Error::trap("exception in a call"));
  }
}

}  // namespace

bool AsyncState::begin(AsyncTask& of) {
  task = &of;
  if (internal::Status begun = fiber.start(store->store, &run_task, this); !begun) {
    task->fail(Access::error(std::move(begun).error()));
    task = nullptr;
    return true;
  }
  return after_switch();
}

bool AsyncState::go_on() {
  fiber.go_on();
  return after_switch();
}

/// The fiber was left. Where what it waits for is there already it goes on.
bool AsyncState::after_switch() {
  while (fiber.under_way()) {
    uint64_t expected = word_of(ticket, Phase::Yielding);
    if (word.load(std::memory_order_relaxed) == expected) {
      word.store(word_of(ticket, Phase::Ready), std::memory_order_relaxed);
      return false;
    }
    expected = word_of(ticket, Phase::Starting);
    if (word.compare_exchange_strong(expected, word_of(ticket, Phase::Waiting))) {
      // From now on an interruption completes the wait itself; one that came before is seen here.
      if (store->store.interrupt_flag().load() == 0) return false;
      complete_empty();
    } else {
      await_turn();
    }
    fiber.go_on();
  }
  task = nullptr;
  return true;
}

AsyncState::Phase AsyncState::take_turn(uint64_t of) {
  uint64_t seen = word.load(std::memory_order_relaxed);
  for (;;) {
    const Phase at = phase_of(seen);
    const bool open = at == Phase::Starting || at == Phase::Waiting || at == Phase::Watched;
    if (!open || seen != word_of(of, at)) return Phase::Nothing;
    if (word.compare_exchange_weak(seen, word_of(of, Phase::Completing), std::memory_order_acq_rel,
                                   std::memory_order_relaxed)) {
      return at;
    }
  }
}

std::function<void()> AsyncState::end_turn(uint64_t of, Phase before) {
  std::function<void()> told;
  if (before == Phase::Watched) told = std::exchange(ready, {});
  word.store(word_of(of, Phase::Ready), std::memory_order_release);
  return told;
}

// A turn is a few instructions long.
void AsyncState::await_turn() const {
  while (phase() == Phase::Completing) std::this_thread::yield();
}

/// The wait is over, without a value. On the store's thread. Gives back what would have to be called.
std::function<void()> AsyncState::complete_empty() {
  std::function<void()> told;
  if (const Phase before = take_turn(ticket); before != Phase::Nothing) told = end_turn(ticket, before);
  await_turn();
  return told;
}

// In another thread the ticket can't be read. A wait that is only starting sees the interruption itself.
std::function<void()> AsyncState::on_interrupt() {
  const uint64_t seen = word.load();
  if (phase_of(seen) != Phase::Waiting && phase_of(seen) != Phase::Watched) return {};
  const uint64_t of = seen >> 3;
  const Phase before = take_turn(of);
  return before == Phase::Nothing ? std::function<void()>() : end_turn(of, before);
}

void AsyncState::watch(std::function<void()> f) {
  for (;;) {
    await_turn();
    uint64_t seen = word.load(std::memory_order_acquire);
    if (phase_of(seen) == Phase::Watched) {
      // The function is ours again, or gone.
      word.compare_exchange_strong(seen, word_of(ticket, Phase::Waiting));
      continue;
    }
    if (phase_of(seen) != Phase::Waiting) {
      if (phase_of(seen) == Phase::Completing) continue;
      return f();
    }
    ready = std::move(f);
    if (word.compare_exchange_strong(seen, word_of(ticket, Phase::Watched))) return;
    f = std::move(ready);
  }
}

// Waits fail, and the guest stops when the host function has returned, whatever that returns.
std::function<void()> AsyncState::drop() {
  CHECK(fiber.suspended_at() != nullptr);  // a call can't be dropped by what it calls
  runtime::Store& s = store->store;
  dropping = true;
  std::function<void()> told = complete_empty();
  const bool interrupted = s.interrupt_flag().load(std::memory_order_relaxed) != 0;
  if (!interrupted) s.interrupt(kDropped);
  CHECK(go_on());
  dropping = false;
  if (!interrupted && s.interrupt_reason() == kDropped) s.clear_interrupt();
  return told;
}

// Who has the call finds that it has ended.
void AsyncState::end_store() {
  std::function<void()> told;
  if (fiber.under_way()) told = drop();
  store->store.set_interrupt_listener(nullptr);
  store->async = nullptr;
  store = nullptr;
  leave();
  if (told) told();
}

AsyncState* start_task(StoreState* s, AsyncTask& task) {
  if (s == nullptr) {
    task.fail(Access::error(ApiError::null_function));
    return nullptr;
  }
  // In what run_async() runs, no guest need be running.
  if (s->store.host_depth != 0 || (s->async != nullptr && s->async->fiber.under_way())) {
    const bool suspended = s->store.host_depth == runtime::Store::kSuspendedDepth;
    task.fail(suspended ? Access::error(internal::Error(ErrorCode::store_suspended))
                        : Access::error(ApiError::store_running));
    return nullptr;
  }
  // Not while others hold what they had of a call before.
  if (s->async != nullptr && s->async->users.load(std::memory_order_acquire) != 1) {
    s->store.set_interrupt_listener(nullptr);
    std::exchange(s->async, nullptr)->leave();
  }
  if (s->async == nullptr) s->async = new AsyncState(*s);
  if (s->async->begin(task)) return nullptr;
  s->async->keep();
  return s->async;
}

bool poll_task(AsyncState*& state) {
  if (state->task != nullptr) {
    const AsyncState::Phase at = state->phase();
    if (at != AsyncState::Phase::Ready && at != AsyncState::Phase::Completing) return false;
    state->await_turn();
    if (!state->go_on()) return false;
  }
  std::exchange(state, nullptr)->leave();
  return true;
}

bool task_is_ready(const AsyncState* state) {
  const AsyncState::Phase at = state->phase();
  return at == AsyncState::Phase::Ready || at == AsyncState::Phase::Nothing;
}

void when_task_is_ready(AsyncState* state, std::function<void()> f) { state->watch(std::move(f)); }

void drop_task(AsyncState*& state) {
  if (state->task != nullptr) state->drop();
  std::exchange(state, nullptr)->leave();
}

namespace {

Error cannot_suspend(const char* why) { return Access::error(ApiError::cannot_suspend, why); }

/// The state in whose fiber the caller runs.
Result<AsyncState*> state_here(Caller& caller) {
  AsyncState* const state = Access::state(caller)->async;
  const native::Fiber::Place place = state == nullptr ? native::Fiber::Place::Elsewhere : state->fiber.place();
  switch (place) {
    case native::Fiber::Place::Elsewhere:
      return std::unexpected(cannot_suspend("it was not called from call_async or run_async"));
    case native::Fiber::Place::Between:
      return std::unexpected(cannot_suspend("a call of another store is under way in between"));
    case native::Fiber::Place::Here:
      break;
  }
  if (state->dropping) return std::unexpected(Access::error(ApiError::call_dropped));
  return state;
}

}  // namespace

Result<AsyncWait> begin_wait(Caller& caller, void* value) {
  Result<AsyncState*> here = state_here(caller);
  if (!here) return std::unexpected(std::move(here).error());
  AsyncState& state = **here;
  ++state.ticket;
  state.value = value;
  state.word.store(AsyncState::word_of(state.ticket, AsyncState::Phase::Starting), std::memory_order_release);
  return AsyncWait{&state, state.ticket};
}

void keep_wait(const AsyncWait& wait) { wait.state->keep(); }

void wait(const AsyncWait& wait) {
  if (wait.state->phase() != AsyncState::Phase::Ready) wait.state->fiber.suspend();
}

Error why_empty(const AsyncWait& wait) {
  if (wait.state->dropping) return Access::error(ApiError::call_dropped);
  return Access::error(runtime::make_trap(wait.state->store->store, runtime::Trap::interrupted));
}

void end_wait(const AsyncWait& wait) {
  AsyncState& state = *wait.state;
  // Only where start() has thrown nobody has had the turn yet.
  if (state.take_turn(wait.ticket) == AsyncState::Phase::Nothing) state.await_turn();
  state.word.store(AsyncState::word_of(wait.ticket, AsyncState::Phase::Nothing), std::memory_order_relaxed);
}

AsyncTurn begin_completion(const AsyncWait& wait) {
  AsyncState& state = *wait.state;
  const AsyncState::Phase before = state.take_turn(wait.ticket);
  if (before == AsyncState::Phase::Nothing) return {};
  return {state.value, before == AsyncState::Phase::Watched};
}

void end_completion(const AsyncWait& wait, const AsyncTurn& turn) {
  const auto before = turn.is_watched ? AsyncState::Phase::Watched : AsyncState::Phase::Waiting;
  if (const std::function<void()> told = wait.state->end_turn(wait.ticket, before)) told();
}

void leave_wait(const AsyncWait& wait) { wait.state->leave(); }

Error forgotten_completion() { return Access::error(ApiError::forgotten_completion); }
Error no_result(bool pending) { return Access::error(pending ? ApiError::call_pending : ApiError::no_call); }

}  // namespace detail

using detail::Access;

Status yield(Caller& caller) {
  Result<detail::AsyncState*> here = detail::state_here(caller);
  if (!here) return std::unexpected(std::move(here).error());
  detail::AsyncState& state = **here;
  using Phase = detail::AsyncState::Phase;
  state.word.store(detail::AsyncState::word_of(++state.ticket, Phase::Yielding), std::memory_order_relaxed);
  state.fiber.suspend();
  state.word.store(detail::AsyncState::word_of(state.ticket, Phase::Nothing), std::memory_order_relaxed);
  if (state.dropping) return std::unexpected(Access::error(ApiError::call_dropped));
  return {};
}

AsyncCall<std::vector<Value>> Func::call_async(std::vector<Value> args) const {
  return detail::start_async<std::vector<Value>>(store_, [f = *this, args = std::move(args)] { return f.call(args); });
}

}  // namespace v0
}  // namespace ashlar
