// Ledger: what a tenant uses, over all its stores, and how much it may.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ashlar::runtime {

enum class Resource : uint8_t {
  MemoryBytes,    ///< of linear memories; those that threads of a program share once
  TableElements,  ///< 8 bytes each
  GcHeapBytes,    ///< of the blocks that heaps have taken
  HostBytes,      ///< of the host's objects that guests may hold, as the host told
  HostObjects,
  Instances,
  Stores,
  Threads,      ///< of programs, beside their main ones
  Descriptors,  ///< of WASI programs, and readers of their directories
  References,   ///< to objects of heaps, which the host holds
};
inline constexpr size_t kResources = 10;

/// Amounts by resource.
using Amounts = std::array<uint64_t, kResources>;
constexpr Amounts filled(uint64_t amount) {
  Amounts out;
  out.fill(amount);
  return out;
}

struct LedgerLimits {
  Amounts most = filled(~0ull);
  uint64_t bytes = ~0ull;  ///< of everything that is bytes, table elements included
};

/// Thread-safe. An amount that would exceed a limit is not taken at all.
class Ledger {
 public:
  explicit Ledger(const LedgerLimits& limits) : limits_(limits) {}
  const LedgerLimits& limits() const { return limits_; }
  bool take(Resource r, uint64_t amount);
  /// Of what has no bytes, beyond the limit if need be.
  void take_always(Resource r, uint64_t amount) { of(r).take(amount, ~0ull); }
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
  void take_always(Resource r, uint64_t amount) {
    if (ledger_ == nullptr) return;
    ledger_->take_always(r, amount);
    taken_[static_cast<size_t>(r)] += amount;
  }
  void give_back(Resource r, uint64_t amount) {
    if (ledger_ == nullptr) return;
    ledger_->give_back(r, amount);
    taken_[static_cast<size_t>(r)] -= amount;
  }
  uint64_t left(Resource r) const { return ledger_ == nullptr ? ~0ull : ledger_->left(r); }
  const std::shared_ptr<Ledger>& ledger() const { return ledger_; }
  const std::shared_ptr<Ledger>& shared_ledger() const { return ledger_; }

 private:
  std::shared_ptr<Ledger> ledger_;
  Amounts taken_{};
};

/// What was taken for something that is being made: goes back, should that fail.
class Charge {
 public:
  Charge(Account& account, Resource r, uint64_t amount) : account_(&account), resource_(r), amount_(amount) {}
  ~Charge() {
    if (account_ != nullptr) account_->give_back(resource_, amount_);
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  void keep() { account_ = nullptr; }

 private:
  Account* account_;
  Resource resource_;
  uint64_t amount_;
};

}  // namespace ashlar::runtime
