// The timer's handler, and the ring between it and the reader.
#include "tiering/sampler.h"

#include "native/image.h"

namespace ashlar::tiering {

namespace {

// A program that ends within the first is none of our business. Two samples tell already what is hot: a program has
// few places where it spends its time, or none that matters.
constexpr uint64_t kFirst = 8'000'000;
constexpr uint64_t kInterval = 1'000'000;
constexpr uint32_t kWake = 2;

}  // namespace

bool Sampler::start(runtime::Slot** limit) {
  limit_ = limit;
  if (limit == nullptr) woken();
  return timer_.start(kFirst, kInterval, &on_tick, this);
}

bool Sampler::wants_reader() const { return first_.load(std::memory_order_relaxed) >= kWake; }

void Sampler::on_tick(const os::Interrupted& at, void* self) {
  Sampler& s = *static_cast<Sampler*>(self);
  const uint64_t written = s.written_.load(std::memory_order_relaxed);
  if (written - s.read_.load(std::memory_order_acquire) >= kSize) {
    s.lost_.fetch_add(1, std::memory_order_relaxed);
  } else {
    s.ring_[written % kSize] = interp::take_sample(at.pc, at.argument0);
    s.written_.store(written + 1, std::memory_order_release);
  }
  if (s.awake_.load(std::memory_order_relaxed)) return;
  if (native::find_image(at.pc) == nullptr) s.first_.fetch_add(1, std::memory_order_relaxed);
  if (s.wants_reader()) __atomic_store_n(s.limit_, static_cast<runtime::Slot*>(nullptr), __ATOMIC_RELAXED);
}

std::vector<interp::Sample> Sampler::read(uint64_t& lost) {
  const uint64_t from = read_.load(std::memory_order_relaxed);
  const uint64_t to = written_.load(std::memory_order_acquire);
  std::vector<interp::Sample> out;
  out.reserve(to - from);
  for (uint64_t i = from; i != to; ++i) out.push_back(ring_[i % kSize]);
  read_.store(to, std::memory_order_release);
  lost = lost_.exchange(0, std::memory_order_relaxed);
  return out;
}

}  // namespace ashlar::tiering
