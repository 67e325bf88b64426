// Asynchronous calls and Boost.Asio: a call as an operation of an executor, and operations that a host function awaits.
//
//   linker.func("env", "sleep", [&](ashlar::Caller& caller, int32_t ms) -> ashlar::Status {
//     boost::asio::steady_timer timer(executor, std::chrono::milliseconds(ms));
//     auto done = timer.async_wait(ashlar::await(caller));  // Result<boost::system::error_code>
//     if (!done) return std::unexpected(std::move(done).error());
//     return {};
//   });
//   ashlar::async_call(executor, work, boost::asio::use_awaitable, 7);  // Result<int32_t>
//
// Needs Boost 1.81 or later, headers alone; nothing else of Ashlar includes this file, or links Boost.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include "ashlar/async.h"
#include "ashlar/error.h"
#include "ashlar/func.h"

namespace ashlar {
inline namespace v0 {

/// The completion token of a host function that waits: see await().
class Await {
 public:
  explicit Await(Caller& c) : caller(c) {}  ///< as await() does
  Caller& caller;                           ///< of the host function
};

/// For asynchronous operations of Asio that a host function starts: the operation's function returns when it has
/// completed, with a Result of what a handler would get (nothing, a value, or several as a std::tuple; an error_code is
/// a value as others are). The thread does something else meanwhile. Errors: those of suspend(), with which an
/// operation may still be under way: the objects that it uses cancel it when the host function returns, as a timer or a
/// socket does; buffers that go with the function's frame must not be those of operations that cannot be cancelled at
/// once.
inline Await await(Caller& caller) { return Await(caller); }

namespace detail {

/// What a handler's arguments are as one value.
template <class... Args>
struct AwaitedOf {
  using type = std::tuple<std::decay_t<Args>...>;
};
template <>
struct AwaitedOf<> {
  using type = void;
};
template <class Arg>
struct AwaitedOf<Arg> {
  using type = std::decay_t<Arg>;
};

template <class T>
struct AwaitHandler {
  Completion<T> done;
  template <class... Args>
  void operator()(Args&&... args) {
    if constexpr (sizeof...(Args) > 1) {
      done.complete(T(std::forward<Args>(args)...));
    } else {
      done.complete(std::forward<Args>(args)...);
    }
  }
};

/// A call under way on an executor, and who is to get its result.
template <class R, class Executor, class Handler>
class AsioCall : public std::enable_shared_from_this<AsioCall<R, Executor, Handler>> {
 public:
  AsioCall(const Executor& executor, Handler handler)
      : executor_(executor),
        work_(boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked)),
        handler_(std::move(handler)) {}

  /// `start` makes the call. On the executor.
  template <class Start>
  void begin(Start& start) {
    call_ = start();
    go_on();
  }

 private:
  void go_on() {
    if (!call_.poll()) {
      told_.store(false, std::memory_order_relaxed);
      call_.on_ready([self = this->shared_from_this()]() mutable { tell(std::move(self)); });
      return;
    }
    auto executor = boost::asio::get_associated_executor(handler_, executor_);
    Result<R> result = call_.take();
    boost::asio::dispatch(executor, [handler = std::move(handler_), result = std::move(result)]() mutable {
      std::move(handler)(std::move(result));
    });
  }

  /// On whatever thread. The context of the executor may end as soon as the call has, so the call waits until this has
  /// let go of both.
  static void tell(std::shared_ptr<AsioCall> self) {
    AsioCall& call = *self;
    boost::asio::post(call.executor_, [self = std::move(self)] {
      while (!self->told_.load(std::memory_order_acquire)) std::this_thread::yield();
      self->go_on();
    });
    call.told_.store(true, std::memory_order_release);
  }

  std::atomic<bool> told_ = false;
  Executor executor_;
  /// The executor has something to do as long as the call waits, whatever that waits for.
  std::decay_t<decltype(boost::asio::prefer(std::declval<const Executor&>(),
                                            boost::asio::execution::outstanding_work.tracked))>
      work_;
  Handler handler_;
  AsyncCall<R> call_;
};

template <class R, class Executor, class Start, class Token>
auto async_start(const Executor& executor, Start start, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<R>)>(
      [](auto handler, const Executor& on, Start begin) {
        auto call = std::make_shared<AsioCall<R, Executor, decltype(handler)>>(on, std::move(handler));
        boost::asio::dispatch(on, [call, begin = std::move(begin)]() mutable { call->begin(begin); });
      },
      token, executor, std::move(start));
}

}  // namespace detail

/// f.call_async(args...) as an operation with the signature void(Result<R>): begins on the executor, which is also
/// where it goes on after each wait, and completes there. What runs the executor is the store's thread; with several of
/// them, the executor should be a strand. The store must live until it has completed, or be destroyed first: the call
/// is dropped then.
template <class Executor, class R, class... Params, class Token, class... Args>
auto async_call(const Executor& executor, const TypedFunc<R(Params...)>& f, Token&& token, Args&&... args) {
  auto start = [f, kept = std::tuple<detail::Kept<Params>...>(std::forward<Args>(args)...)] {
    return std::apply([&f](const auto&... each) { return f.call_async(Params(each)...); }, kept);
  };
  return detail::async_start<R>(executor, std::move(start), std::forward<Token>(token));
}

/// run_async(store, f) in the same way.
template <class Executor, class F, class Token>
auto async_run(const Executor& executor, Store& store, F f, Token&& token) {
  using R = typename detail::Unwrapped<std::invoke_result_t<F&>>::type;
  auto start = [&store, f = std::move(f)]() mutable { return run_async(store, std::move(f)); };
  return detail::async_start<R>(executor, std::move(start), std::forward<Token>(token));
}

}  // namespace v0
}  // namespace ashlar

/// @cond
/// What makes Await a completion token.
template <class... Args>
class boost::asio::async_result<ashlar::Await, void(Args...)> {
 public:
  using return_type = ashlar::Result<typename ashlar::detail::AwaitedOf<Args...>::type>;
  /// Starts the operation and waits.
  template <class Initiation, class... Initial>
  static return_type initiate(Initiation&& initiation, ashlar::Await token, Initial&&... initial) {
    using T = typename ashlar::detail::AwaitedOf<Args...>::type;
    return ashlar::suspend<T>(token.caller, [&](ashlar::Completion<T> done) {
      std::forward<Initiation>(initiation)(ashlar::detail::AwaitHandler<T>{std::move(done)},
                                           std::forward<Initial>(initial)...);
    });
  }
};
/// @endcond
