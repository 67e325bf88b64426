// Calls in which host functions may wait: the guest is suspended meanwhile, and its thread does something else.
//
//   linker.func("env", "sleep", [&](ashlar::Caller& caller, int32_t ms) -> ashlar::Status {
//     return ashlar::suspend(caller, [&](ashlar::Completion<> done) { timers.add(ms, std::move(done)); });
//   });
//   ashlar::AsyncCall<int32_t> call = instance->func<int32_t(int32_t)>("work")->call_async(7);
//   while (!call.poll()) { ... }  // timers complete what is waited for
//   ashlar::Result<int32_t> result = call.take();
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/typed.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

class Caller;
class Store;
template <class R>
class AsyncCall;

namespace detail {

/// What a call runs, and where its result goes.
struct AsyncTask {
  virtual ~AsyncTask() = default;
  virtual void run() = 0;
  virtual void fail(Error e) = 0;
};
template <class R>
struct AsyncResult : AsyncTask {
  void fail(Error e) override { result.emplace(std::unexpected(std::move(e))); }
  std::optional<Result<R>> result;
};
template <class R, class F>
struct AsyncTaskOf final : AsyncResult<R> {
  explicit AsyncTaskOf(F run) : f(std::move(run)) {}
  void run() override { this->result.emplace(f()); }
  F f;
};

/// An argument as it is kept: bytes as a copy.
template <class T>
struct KeptAs {
  using type = T;
};
template <>
struct KeptAs<std::string_view> {
  using type = std::string;
};
template <>
struct KeptAs<std::span<const uint8_t>> {
  struct type : std::vector<uint8_t> {
    explicit type(std::span<const uint8_t> bytes) : std::vector<uint8_t>(bytes.begin(), bytes.end()) {}
  };
};
template <class T>
using Kept = typename KeptAs<T>::type;

/// The library's: a store's calls, one after another. Counted.
struct AsyncState;
/// One wait of a host function. Whoever completes it keeps the state.
struct AsyncWait {
  AsyncState* state = nullptr;
  uint64_t ticket = 0;
};
/// Where the value goes, while nobody else completes the wait.
struct AsyncTurn {
  void* value = nullptr;  ///< null: it is too late
  bool is_watched = false;
};

/// Runs the task until it waits or ends: null then.
AsyncState* start_task(StoreState* store, AsyncTask& task);
/// Whether it has ended: the state is null then.
bool poll_task(AsyncState*& state);
bool task_is_ready(const AsyncState* state);
void when_task_is_ready(AsyncState* state, std::function<void()> f);
/// Runs it to its end, in which all waits fail.
void drop_task(AsyncState*& state);

// In the order in which a host function calls them. The second keeps the state for a completion.
Result<AsyncWait> begin_wait(Caller& caller, void* value);
void keep_wait(const AsyncWait& wait);
/// Back when it is completed, or is not going to be: the error then.
void wait(const AsyncWait& wait);
Error why_empty(const AsyncWait& wait);
void end_wait(const AsyncWait& wait);

/// Of the keeper.
AsyncTurn begin_completion(const AsyncWait& wait);
void end_completion(const AsyncWait& wait, const AsyncTurn& turn);
void leave_wait(const AsyncWait& wait);
Error forgotten_completion();
Error no_result(bool pending);

template <class R, class F>
AsyncCall<R> start_async(StoreState* store, F f);

}  // namespace detail

/// The other end of a host function's wait: whoever has it says, from any thread, what is waited for. Once: the first
/// complete() or fail() counts. One that goes without having said anything fails the wait. It may outlive the call and
/// the store: nobody waits any more then.
template <class T = void>
class Completion {
 public:
  Completion(Completion&& other) noexcept : wait_(std::exchange(other.wait_, {})) {}
  Completion& operator=(Completion&& other) noexcept {
    std::swap(wait_, other.wait_);
    return *this;
  }
  ~Completion() {
    if (wait_.state != nullptr) fail(detail::forgotten_completion());
  }

  /// Gives suspend() its result: of a T, or a Result<T>; nothing for void. The thread then calls what
  /// AsyncCall::on_ready() was given. False when nobody waits any more: the call was dropped or interrupted.
  template <class... Value>
    requires std::constructible_from<Result<T>, Value...>
  bool complete(Value&&... value) {
    return finish(Result<T>(std::forward<Value>(value)...));
  }
  /// Gives suspend() an error.
  bool fail(Error e) { return finish(std::unexpected(std::move(e))); }

 private:
  template <class U, class Start>
  friend Result<U> suspend(Caller& caller, Start&& start);
  static_assert(std::is_void_v<T> || std::is_nothrow_move_constructible_v<T>);
  explicit Completion(const detail::AsyncWait& wait) : wait_(wait) { detail::keep_wait(wait); }

  bool finish(Result<T> result) {
    const detail::AsyncWait wait = std::exchange(wait_, {});
    if (wait.state == nullptr) return false;
    const detail::AsyncTurn turn = detail::begin_completion(wait);
    if (turn.value != nullptr) {
      static_cast<std::optional<Result<T>>*>(turn.value)->emplace(std::move(result));
      detail::end_completion(wait, turn);
    }
    detail::leave_wait(wait);
    return turn.value != nullptr;
  }

  detail::AsyncWait wait_;
};

/// For host functions that are called from call_async() or run_async(): calls start(Completion<T>) and waits until that
/// is completed, perhaps at once. Meanwhile the guest and all that called it are suspended, poll() returns, and what
/// goes on afterwards may do so on another thread: errno and the like are another's then. Nothing else can run in the
/// store. The bytes of a guest's memory that the function was given stay where they are.
///
/// Errors: what the completion was given; Usage (cannot_suspend) where nothing can be suspended: in other calls, or
/// with a call of another store in between; Trap when the store was interrupted or the call dropped. The function
/// should return it: the guest stops when it returns, whatever it returns, and suspending again is the same error.
template <class T = void, class Start>
Result<T> suspend(Caller& caller, Start&& start) {
  std::optional<Result<T>> value;
  Result<detail::AsyncWait> begun = detail::begin_wait(caller, &value);
  if (!begun) return std::unexpected(std::move(begun).error());
  struct Ended {
    const detail::AsyncWait& wait;
    ~Ended() { detail::end_wait(wait); }
  } const ended{*begun};
  std::forward<Start>(start)(Completion<T>(*begun));
  detail::wait(*begun);
  if (value) [[likely]]
    return *std::move(value);
  return std::unexpected(detail::why_empty(*begun));
}

/// The same without anything to wait for: poll() returns, and the next one goes on. Errors: those of suspend() but for
/// the first.
Status yield(Caller& caller);

/// A call that has begun, in which host functions may wait. Belongs to its store's thread. When it goes, or its store
/// does, before it has ended, it is dropped: the host function's wait fails, and the call ends in there and then.
template <class R>
class [[nodiscard]] AsyncCall {
 public:
  /// None: it is done and has no result.
  AsyncCall() = default;
  AsyncCall(AsyncCall&& other) noexcept : task_(std::move(other.task_)), state_(std::exchange(other.state_, nullptr)) {}
  AsyncCall& operator=(AsyncCall&& other) noexcept {
    std::swap(task_, other.task_);
    std::swap(state_, other.state_);
    return *this;
  }
  ~AsyncCall() {
    if (state_ != nullptr) detail::drop_task(state_);
  }

  /// Whether it has ended, with a result or an error.
  bool done() const { return task_ == nullptr || task_->result.has_value(); }
  /// Goes on with it if what it waits for is there, until it waits again or ends. Never blocks. True when it has ended.
  /// Not to be called by what the call itself calls.
  bool poll() { return state_ == nullptr || detail::poll_task(state_); }
  /// Whether poll() would get further, or it has ended. Thread-safe.
  bool ready() const { return state_ == nullptr || detail::task_is_ready(state_); }
  /// Calls f once when ready() becomes true; now, if it is. Otherwise whoever completes the wait, or interrupts the
  /// store, calls it, on that thread; it should do no more than to have poll() called. Replaces the f given before;
  /// each wait needs it anew. The call may have been polled, and have ended, before f has returned: what f uses must
  /// still be there then.
  void on_ready(std::function<void()> f) {
    if (state_ == nullptr) return f();
    detail::when_task_is_ready(state_, std::move(f));
  }

  /// The result, once. Errors: those of the call; Usage (call_pending, no_call).
  Result<R> take() {
    if (task_ == nullptr || !task_->result) return std::unexpected(detail::no_result(task_ != nullptr));
    Result<R> out = *std::move(task_->result);
    *this = AsyncCall();
    return out;
  }
  /// Polls until it has ended, and blocks the thread while there is nothing to do: for where other threads complete.
  void wait_until_done() {
    // Shared: whoever releases it may still be at it when this returns.
    const auto ready = std::make_shared<std::binary_semaphore>(0);
    while (!poll()) {
      on_ready([ready] { ready->release(); });
      ready->acquire();
    }
  }
  /// The same, and takes the result.
  Result<R> wait() {
    wait_until_done();
    return take();
  }

 private:
  template <class U, class F>
  friend AsyncCall<U> detail::start_async(detail::StoreState* store, F f);
  std::unique_ptr<detail::AsyncResult<R>> task_;
  detail::AsyncState* state_ = nullptr;  ///< null: it has ended
};

namespace detail {
/// Behind run_async() and call_async().
template <class R, class F>
AsyncCall<R> start_async(StoreState* store, F f) {
  AsyncCall<R> out;
  out.task_ = std::make_unique<AsyncTaskOf<R, F>>(std::move(f));
  out.state_ = start_task(store, *out.task_);
  return out;
}
}  // namespace detail

/// Runs f(), which may call functions of the store, several too, instantiate modules in it or run a program, so that
/// host functions that are called may wait. It begins at once, on the store's guest stack (StoreLimits::stack_bytes and
/// 256 KiB more), and comes back when something waits or f has returned. What f refers to must live as long as the
/// call; f itself is moved. f returns Result<R>, Status, or something else; an exception becomes a trap.
///   AsyncCall<void> program = run_async(store, [=] { return Linker::run(instance); });
/// One at a time in a store, and only while nothing else runs there. Errors, in the call's result: Usage
/// (store_running, store_suspended), Trap (call_stack_exhausted), and f's.
template <class F>
auto run_async(Store& store, F f) {
  using Returned = detail::Unwrapped<std::invoke_result_t<F&>>;
  using R = typename Returned::type;
  if constexpr (Returned::is_result) {
    return detail::start_async<R>(detail::state_of(store), std::move(f));
  } else {
    return detail::start_async<R>(detail::state_of(store), [f = std::move(f)]() mutable -> Result<R> {
      if constexpr (std::is_void_v<R>) {
        f();
        return {};
      } else {
        return f();
      }
    });
  }
}

}  // namespace v0
}  // namespace ashlar
