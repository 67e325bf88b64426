// A guest of requests: one after another runs on its fiber, in a store that ends with it, or stays for the next.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "native/fiber.h"
#include "serve/app.h"
#include "serve/loop_turns.h"
#include "serve/loop_watch.h"
#include "wasi/host/waiter.h"

namespace ashlar::serve {

/// What all kinds of programs have in common. Where a guest waits, the fiber is left and the loop goes on.
class GuestRun : public wasi::host::Waiter, public runtime::InterruptListener, public runtime::TurnTaker {
 public:
  /// Told when a request's instance has gone.
  using Done = std::function<void(GuestRun&)>;
  ~GuestRun() override;

  /// Nothing may be under way.
  virtual void start(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) = 0;
  /// Instantiates the program, and that is all. Errors: those.
  Status try_out();

  Status wait(std::span<os::WaitItem> items, std::optional<uint64_t> deadline) override;
  Status turn(bool now) override;
  void wake() override;
  std::function<void()> on_interrupt() override;
  void on_turn() noexcept override;

  size_t place = 0;  ///< the owner's
  /// Before the first instance: what instances take is counted there.
  void count_in(std::shared_ptr<runtime::Ledger> ledger) { ledger_ = std::move(ledger); }
  /// While nothing is under way: whether an instance waits for the next request.
  bool has_instance() const { return store_.has_value(); }
  /// Whether that is to go by now.
  virtual bool overdue(std::chrono::steady_clock::time_point now) const {
    static_cast<void>(now);
    return false;
  }
  /// Lets it go.
  void drop_instance() { end(false); }

 protected:
  /// The engine and the options stay as long as this.
  GuestRun(boost::asio::io_context& loop, std::shared_ptr<runtime::Engine> engine, const AppOptions& options, Done done)
      : loop_(loop),
        engine_(std::move(engine)),
        options_(options),
        turns_(boost::asio::use_service<LoopTurns>(loop)),
        watch_(loop, [this] { wake(); }),
        done_(std::move(done)) {}
  /// Runs run_guest() on the fiber, in a new store, or in the one that has stayed. `further`: for the same request; the
  /// time that it may take goes on.
  void begin(bool further = false);
  /// For destructors, where the functions below still are there: a guest that is left in the middle ends first.
  void end_now();

  /// On the fiber. Where trying() it only instantiates.
  virtual Status run_guest() = 0;
  /// It has returned that: whoever asked is told.
  virtual void answer(const Status& ended) = 0;
  /// Lets go of what it had for one request, before the store ends; not called where that stays.
  virtual void let_go() = 0;
  /// It has ended well: whether store and instance stay for the next request. Then it lets go of what was this one's
  /// alone.
  virtual bool stay() { return false; }
  /// Whether all of the response has been written.
  virtual bool answered() const = 0;
  /// Afterwards: whether it has begun anew, for another request.
  virtual bool begin_again() { return false; }

  runtime::Store& store() { return *store_; }
  bool trying() const { return trying_; }
  /// Ends the guest when nobody waits for its answer any more. Who has written all of it may finish what it does
  /// behind that.
  void watch_peer(http::Answer& answer);
  /// Whether it was ended for that.
  bool given_up() const { return given_up_; }

 private:
  static void main_of(void* run);
  void open_store();
  void give_up();
  bool may_leave() const { return fiber_.place() == native::Fiber::Place::Here; }
  Status stopped() const;
  void go_on();
  /// Leaves the fiber until the loop has done what else is ready.
  void leave_for_turn();
  /// The fiber was left.
  void after_switch();
  bool stays();
  void end(bool stays);

  boost::asio::io_context& loop_;
  const std::shared_ptr<runtime::Engine> engine_;
  const AppOptions& options_;
  LoopTurns& turns_;
  LoopWatch watch_;
  Done done_;
  std::shared_ptr<runtime::Ledger> ledger_;
  std::optional<runtime::Store> store_;
  native::Fiber fiber_;
  Status status_;
  /// Gone with this: for what is posted.
  const std::shared_ptr<GuestRun*> self_ = std::make_shared<GuestRun*>(this);
  bool parked_ = false, woken_ = false, trying_ = false, given_up_ = false;
  std::chrono::steady_clock::time_point turn_begin_;  ///< when the guest was last let go on
  runtime::Deadlines::Clock::time_point until_;       ///< that the request may take
};

}  // namespace ashlar::serve
