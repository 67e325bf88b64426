// Samples of a service's threads, and whose turn it is to be compiled; see service_tier.h.
#include "tiering/service_tier.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <system_error>

#include "native/arch.h"

namespace ashlar::tiering {

namespace {

using namespace std::chrono_literals;

constexpr auto kStep = 10ms;
/// Steps without anything new after which it sleeps until somebody enters.
constexpr uint32_t kRest = 50;
constexpr size_t kMostThreads = 256;

std::optional<uint64_t> read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  constexpr uint64_t kSecond = 1'000'000'000;
  return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t next_serial() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

/// The service that this thread entered last.
constinit thread_local uint64_t t_entered = 0;

}  // namespace

ServiceTier::ServiceTier(std::vector<std::shared_ptr<AutoTier>> tiers)
    : tiers_(std::move(tiers)), serial_(next_serial()) {
  if (!native::kSupported || std::ranges::all_of(tiers_, &AutoTier::is_complete)) {
    complete_ = true;
    return;
  }
  // Signals are for the threads that were there before.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    complete_ = true;  // interpreted to the end
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ServiceTier::~ServiceTier() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ServiceTier::enter() {
  if (is_complete()) return;
  if (t_entered != serial_) add_thread();
  if (!asleep_.load(std::memory_order_relaxed)) return;
  {
    std::lock_guard lock(mutex_);
    asleep_ = false;
  }
  wake_.notify_one();
}

void ServiceTier::add_thread() {
  t_entered = serial_;
  clockid_t clock{};
  if (::pthread_getcpuclockid(::pthread_self(), &clock) != 0) return;
  std::lock_guard lock(mutex_);
  if (sampled_.size() >= kMostThreads || is_complete()) return;
  // A thread may serve several services by turns.
  if (std::ranges::any_of(sampled_, [clock](const auto& s) { return s->clock == clock; })) return;
  auto made = std::make_unique<Sampled>();
  made->clock = clock;
  made->start = made->last = read_clock(clock).value_or(0);
  if (made->sampler.start(nullptr)) sampled_.push_back(std::move(made));
}

/// Where memory runs out it stays as it is; nothing may leave a thread.
void ServiceTier::run() {
  try {
    uint32_t idle = 0;
    std::unique_lock lock(mutex_);
    while (!stop_) {
      lock.unlock();
      idle = step() ? 0 : idle + 1;
      if (is_complete()) break;
      lock.lock();
      if (idle < kRest) {
        wake_.wait_for(lock, kStep, [this] { return stop_; });
        continue;
      }
      asleep_ = true;
      wake_.wait(lock, [this] { return stop_ || !asleep_; });
    }
  } catch (const std::bad_alloc&) {
    complete_ = true;
  }
  stop_samplers();
}

/// True when something happened.
bool ServiceTier::step() {
  const std::vector<interp::Sample> samples = take_samples();
  bool busy = std::ranges::any_of(tiers_, &AutoTier::is_compiling);
  const bool was_busy = busy;
  for (const auto& tier : tiers_) {
    if (tier->is_complete() && !tier->is_compiling()) continue;
    tier->step(samples, guest_time_, !busy);
    busy = std::ranges::any_of(tiers_, &AutoTier::is_compiling);
  }
  if (std::ranges::all_of(tiers_, &AutoTier::is_complete)) complete_ = true;
  return was_busy || busy || !samples.empty();
}

std::vector<interp::Sample> ServiceTier::take_samples() {
  std::vector<interp::Sample> out;
  std::lock_guard lock(mutex_);
  guest_time_ = 0;
  for (const auto& s : sampled_) {
    uint64_t lost = 0;
    std::ranges::copy(s->sampler.read(lost), std::back_inserter(out));
    // The clock of a thread that ended may be another's by now.
    s->last = std::max(s->last, read_clock(s->clock).value_or(s->last));
    guest_time_ += s->last - s->start;
  }
  return out;
}

void ServiceTier::stop_samplers() {
  std::lock_guard lock(mutex_);
  for (const auto& s : sampled_) s->sampler.stop();
}

}  // namespace ashlar::tiering
