// Running guests for requests; see guest_run.h.
#include "serve/guest_run.h"

#include <new>
#include <utility>

#include <boost/asio/post.hpp>

namespace ashlar::serve {

namespace asio = boost::asio;

namespace {

/// How long a guest may go on while others wait for the loop.
constexpr std::chrono::milliseconds kTurn{1};

}  // namespace

GuestRun::~GuestRun() { CHECK(!fiber_.under_way()); }

// It finds its store interrupted.
void GuestRun::end_now() {
  done_ = nullptr;
  if (!fiber_.under_way()) return;
  store_->interrupt("the server ends");
  parked_ = false;
  fiber_.go_on();
  CHECK(!fiber_.under_way());
  end(false);
}

void GuestRun::open_store() {
  if (options_.begins) options_.begins();
  if (!store_) store_.emplace(engine_, options_.limits, ledger_);
  store_->fuel = options_.fuel;
  store_->set_interrupt_listener(this);
  store_->turn_taker = this;
  if (options_.time.count() != 0) store_->set_deadline(until_);
}

void GuestRun::begin(bool further) {
  if (!further) until_ = runtime::Deadlines::Clock::now() + options_.time;
  open_store();
  turn_begin_ = std::chrono::steady_clock::now();
  {
    const LoopTurns::Slice slice(turns_, *store_);
    if (Status begun = fiber_.start(*store_, &main_of, this); !begun) status_ = std::move(begun);
  }
  after_switch();
}

Status GuestRun::try_out() {
  until_ = runtime::Deadlines::Clock::now() + options_.time;
  open_store();
  trying_ = true;
  Status begun = fiber_.start(*store_, &main_of, this);
  // A start function that waits: it will do so for requests, too.
  if (fiber_.under_way()) {
    store_->interrupt("trying out");
    parked_ = false;
    fiber_.go_on();
    status_ = Status();
  }
  trying_ = false;
  Status out = begun ? std::exchange(status_, {}) : std::move(begun);
  end(false);
  return out;
}

void GuestRun::main_of(void* run) {
  auto& self = *static_cast<GuestRun*>(run);
  try {
    self.status_ = self.run_guest();
  } catch (const std::bad_alloc&) {
    self.status_ = std::unexpected(Error::no_memory());
  }
}

void GuestRun::after_switch() {
  if (fiber_.under_way()) return;
  answer(status_);
  end(stays());
  if (begin_again()) return;
  if (done_) done_(*this);
}

// A deadline that passed in the last moment is forgotten; who was interrupted otherwise does not stay.
bool GuestRun::stays() {
  if (!options_.reuse.on() || !status_ || given_up_) return false;
  store_->clear_deadline();
  store_->set_interrupt_listener(nullptr);
  return stay() && store_->interrupt_flag().load(std::memory_order_relaxed) == 0;
}

void GuestRun::end(bool stays) {
  status_ = Status();
  if (!stays) {
    let_go();
    if (store_) store_->set_interrupt_listener(nullptr);
    store_.reset();
  }
  woken_ = given_up_ = false;
}

// ---- waiting

Status GuestRun::stopped() const {
  if (store_->interrupt_flag().load(std::memory_order_relaxed) == 0) return {};
  return make_error(ErrorCode::interrupted, kNoOffset, store_->interrupt_reason());
}

Status GuestRun::wait(std::span<os::WaitItem> items, std::optional<uint64_t> deadline) {
  TRY(stopped());
  if (std::exchange(woken_, false)) return {};
  if (!may_leave()) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "waiting inside of another store's call");
  }
  watch_.arm(items, deadline);
  parked_ = true;
  // What was ready at once has been told already.
  if (std::exchange(woken_, false)) wake();
  fiber_.suspend();
  watch_.disarm();
  return stopped();
}

// Nothing that happens meanwhile is lost: the guest looks before it waits.
Status GuestRun::turn(bool now) {
  if (!now && std::chrono::steady_clock::now() - turn_begin_ < kTurn) return stopped();
  // Who is ended now is not let go on again.
  TRY(stopped());
  if (!may_leave()) return {};
  leave_for_turn();
  return stopped();
}

void GuestRun::leave_for_turn() {
  woken_ = false;
  parked_ = true;
  wake();
  fiber_.suspend();
}

// Without memory to be told to go on it just goes on.
void GuestRun::on_turn() noexcept {
  if (trying_ || !may_leave()) return;
  try {
    leave_for_turn();
  } catch (const std::bad_alloc&) {
    parked_ = woken_ = false;
  }
}

void GuestRun::watch_peer(http::Answer& answer) {
  answer.on_gone = [weak = std::weak_ptr(self_)] {
    if (const auto self = weak.lock()) (*self)->give_up();
  };
}

void GuestRun::give_up() {
  if (!store_ || answered()) return;
  given_up_ = true;
  store_->interrupt("the client has gone");
}

// From the loop: whoever tells is in the middle of something. What comes late finds a guest that looks again.
void GuestRun::wake() {
  if (std::exchange(woken_, true) || !parked_) return;
  asio::post(loop_, [weak = std::weak_ptr(self_)] {
    if (const auto self = weak.lock()) (*self)->go_on();
  });
}

void GuestRun::go_on() {
  if (!parked_) return;
  parked_ = false;
  woken_ = false;
  turn_begin_ = std::chrono::steady_clock::now();
  store_->forget_turn();
  {
    const LoopTurns::Slice slice(turns_, *store_);
    fiber_.go_on();
  }
  after_switch();
}

std::function<void()> GuestRun::on_interrupt() {
  return [&loop = loop_, weak = std::weak_ptr(self_)] {
    asio::post(loop, [weak] {
      if (const auto self = weak.lock()) (*self)->wake();
    });
  };
}

}  // namespace ashlar::serve
