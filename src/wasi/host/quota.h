// Who counts what a program holds open, and a share of that.
#pragma once

#include <utility>

namespace ashlar::wasi::host {

/// How many things a program may hold open at once; the embedder's. Outlives all shares.
class Quota {
 public:
  /// False: no more.
  virtual bool take() = 0;
  virtual void give_back() = 0;

 protected:
  ~Quota() = default;
};

/// One thing that is held open; given back at its end.
class Share {
 public:
  Share() = default;
  Share(Share&& o) noexcept : quota_(std::exchange(o.quota_, nullptr)) {}
  Share& operator=(Share&& o) noexcept {
    std::swap(quota_, o.quota_);
    return *this;
  }
  ~Share() {
    if (quota_ != nullptr) quota_->give_back();
  }

  /// Of one that is empty. `quota`: null, and nothing is counted. False: there is no more.
  bool take(Quota* quota) {
    if (quota != nullptr && !quota->take()) return false;
    quota_ = quota;
    return true;
  }
  /// What it is a share of; null: nothing.
  Quota* quota() const { return quota_; }

 private:
  Quota* quota_ = nullptr;
};

}  // namespace ashlar::wasi::host
