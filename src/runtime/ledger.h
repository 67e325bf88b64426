// Ledger: what a tenant uses, over all its stores, and how much it may.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ashlar::runtime {

enum class Resource : uint8_t {
  MemoryBytes,    ///< of linear memories; shared ones in each store that has them
  TableElements,  ///< 8 bytes each
  GcHeapBytes,    ///< of the blocks that heaps have taken
  HostBytes,      ///< of the host's objects that guests may hold, as the host told
  HostObjects,
  Instances,
  Stores,
};
inline constexpr size_t kResources = 7;

/// Amounts by resource.
using Amounts = std::array<uint64_t, kResources>;

struct LedgerLimits {
  Amounts most = {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull};
  uint64_t bytes = ~0ull;  ///< of everything that is bytes, table elements included
};

/// Thread-safe. An amount that would exceed a limit is not taken at all.
class Ledger {
 public:
  explicit Ledger(const LedgerLimits& limits) : limits_(limits) {}
  const LedgerLimits& limits() const { return limits_; }
  bool take(Resource r, uint64_t amount);
  void give_back(Resource r, uint64_t amount);
  uint64_t used(Resource r) const { return of(r).used.load(std::memory_order_relaxed); }
  /// The most that was used at once.
  uint64_t peak(Resource r) const { return of(r).peak.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.used.load(std::memory_order_relaxed); }
  uint64_t peak_bytes() const { return bytes_.peak.load(std::memory_order_relaxed); }
  /// How much more could be taken now.
  uint64_t left(Resource r) const;

 private:
  struct Count {
    std::atomic<uint64_t> used{0};
    std::atomic<uint64_t> peak{0};
    bool take(uint64_t amount, uint64_t most);
  };
  Count& of(Resource r) { return counts_[static_cast<size_t>(r)]; }
  const Count& of(Resource r) const { return counts_[static_cast<size_t>(r)]; }

  const LedgerLimits limits_;
  std::array<Count, kResources> counts_;
  Count bytes_;
};

/// What one store has taken from its tenant's ledger; gives it back in the end. Without a ledger everything is allowed.
class Account {
 public:
  explicit Account(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
  ~Account();
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  bool take(Resource r, uint64_t amount) {
    if (ledger_ == nullptr) return true;
    if (!ledger_->take(r, amount)) return false;
    taken_[static_cast<size_t>(r)] += amount;
    return true;
  }
  void give_back(Resource r, uint64_t amount) {
    if (ledger_ == nullptr) return;
    ledger_->give_back(r, amount);
    taken_[static_cast<size_t>(r)] -= amount;
  }
  uint64_t left(Resource r) const { return ledger_ == nullptr ? ~0ull : ledger_->left(r); }
  const Ledger* ledger() const { return ledger_.get(); }

 private:
  std::shared_ptr<Ledger> ledger_;
  Amounts taken_{};
};

}  // namespace ashlar::runtime
