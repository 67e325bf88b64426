// Places for programs; see run_guests.h.
#include "serve/run_guests.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/post.hpp>

namespace ashlar::serve {

namespace {

constexpr uint16_t kUnavailable = 503, kInternalError = 500;
/// Places that are kept for the next requests: at once, and when nobody has needed them for a while.
constexpr size_t kMostIdle = 1024, kFewIdle = 4;
/// Instances that are kept for the next requests.
constexpr size_t kMostWarm = 64;
constexpr std::chrono::steady_clock::duration kTick = std::chrono::seconds(2),
                                              kLeastTick = std::chrono::milliseconds(10);
/// Behind the last request, before it is left at that.
constexpr unsigned kQuietTicks = 4;

}  // namespace

Result<std::unique_ptr<GuestRun>> RunGuests::make() {
  TRY_ASSIGN(auto run, make_([this](GuestRun& ended_run) { ended(ended_run); }));
  run->count_in(ledger_);
  return run;
}

Status RunGuests::try_out(std::atomic<bool>& done) {
  if (done.load(std::memory_order_relaxed)) return {};
  TRY_ASSIGN(auto run, make());
  TRY(run->try_out());
  done.store(true, std::memory_order_relaxed);
  idle_.push_back(std::move(run));
  return {};
}

void RunGuests::handle(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) {
  if (running_.size() >= options_.concurrent) return answer->fail(kUnavailable);
  std::unique_ptr<GuestRun> run;
  if (!warm_.empty()) {
    run = std::move(warm_.back());
    warm_.pop_back();
    if (run->overdue(std::chrono::steady_clock::now())) run->drop_instance();
  } else if (!idle_.empty()) {
    run = std::move(idle_.back());
    idle_.pop_back();
    least_idle_ = std::min(least_idle_, idle_.size());
  } else if (auto made = make()) {
    run = std::move(*made);
  } else {
    answer->failed(made.error());
    return answer->fail(kInternalError);
  }
  run->place = running_.size();
  running_.push_back(std::move(run));
  running_.back()->start(std::move(request), std::move(answer));
}

void RunGuests::ended(GuestRun& run) {
  const size_t place = run.place;
  std::unique_ptr<GuestRun> mine = std::move(running_[place]);
  if (place + 1 != running_.size()) {
    running_[place] = std::move(running_.back());
    running_[place]->place = place;
  }
  running_.pop_back();
  quiet_ticks_ = 0;
  if (!ticking_) tick_later();
  if (mine->has_instance()) {
    if (warm_.size() < kMostWarm) {
      warm_.push_back(std::move(mine));
      return;
    }
    mine->drop_instance();
  }
  if (idle_.size() < kMostIdle) {
    idle_.push_back(std::move(mine));
  } else {
    // It is still at work: it goes from the loop.
    boost::asio::post(loop_, [gone = std::shared_ptr<GuestRun>(std::move(mine))] {});
  }
}

void RunGuests::tick_later() {
  ticking_ = true;
  ticker_.expires_after(options_.reuse.on()
                            ? std::clamp<std::chrono::steady_clock::duration>(options_.reuse.idle, kLeastTick, kTick)
                            : kTick);
  // A time that had come before this went is told nevertheless.
  ticker_.async_wait([weak = std::weak_ptr(self_)](boost::system::error_code ec) {
    const auto self = weak.lock();
    if (!ec && self) (*self)->tick();
  });
}

// What nobody has needed since the last one goes, but for a few. Without any requests it is over soon.
void RunGuests::tick() {
  drop_overdue();
  const size_t unused = std::min(least_idle_, idle_.size());
  if (unused > kFewIdle) idle_.erase(idle_.begin(), idle_.begin() + static_cast<ptrdiff_t>(unused - kFewIdle));
  least_idle_ = idle_.size();
  ticking_ = false;
  if (++quiet_ticks_ < kQuietTicks || !running_.empty() || !warm_.empty()) tick_later();
}

void RunGuests::drop_overdue() {
  if (warm_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<GuestRun>> kept;
  for (auto& run : warm_) {
    if (!run->overdue(now)) {
      kept.push_back(std::move(run));
      continue;
    }
    run->drop_instance();
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(run));
  }
  warm_ = std::move(kept);
}

}  // namespace ashlar::serve
