// Counting for tenants.
#include "runtime/ledger.h"

#include <algorithm>

namespace ashlar::runtime {

namespace {

/// Bytes of one of a resource; 0 for what is counted alone.
constexpr uint64_t bytes_of(Resource r) {
  switch (r) {
    case Resource::MemoryBytes:
    case Resource::GcHeapBytes:
    case Resource::HostBytes:
      return 1;
    case Resource::TableElements:
      return 8;
    case Resource::HostObjects:
    case Resource::Instances:
    case Resource::Stores:
    case Resource::Threads:
    case Resource::Descriptors:
    case Resource::References:
      break;
  }
  return 0;
}

}  // namespace

bool Ledger::Count::take(uint64_t amount, uint64_t most) {
  uint64_t now = used.load(std::memory_order_relaxed);
  do {
    if (now > most || amount > most - now) return false;
  } while (!used.compare_exchange_weak(now, now + amount, std::memory_order_relaxed));
  uint64_t highest = peak.load(std::memory_order_relaxed);
  while (highest < now + amount && !peak.compare_exchange_weak(highest, now + amount, std::memory_order_relaxed)) {
  }
  return true;
}

bool Ledger::take(Resource r, uint64_t amount) {
  const uint64_t each = bytes_of(r);
  if (each != 0 && amount > ~0ull / each) return false;
  if (!of(r).take(amount, limits_.most[static_cast<size_t>(r)])) return false;
  if (each == 0 || bytes_.take(amount * each, limits_.bytes)) return true;
  of(r).used.fetch_sub(amount, std::memory_order_relaxed);
  return false;
}

void Ledger::give_back(Resource r, uint64_t amount) {
  of(r).used.fetch_sub(amount, std::memory_order_relaxed);
  bytes_.used.fetch_sub(amount * bytes_of(r), std::memory_order_relaxed);
}

uint64_t Ledger::left(Resource r) const {
  const uint64_t most = limits_.most[static_cast<size_t>(r)];
  const uint64_t own = most - std::min(most, used(r));
  const uint64_t each = bytes_of(r);
  if (each == 0) return own;
  return std::min(own, (limits_.bytes - std::min(limits_.bytes, bytes())) / each);
}

Account::~Account() {
  if (ledger_ == nullptr) return;
  for (size_t i = 0; i < kResources; ++i) ledger_->give_back(static_cast<Resource>(i), taken_[i]);
}

}  // namespace ashlar::runtime
