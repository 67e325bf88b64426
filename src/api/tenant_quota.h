// What a tenant's WASI programs hold open.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "runtime/ledger.h"
#include "wasi/host/quota.h"

namespace ashlar::api {

/// The tenant's descriptors. With an account of its own: the context may end after the store. Threads of a program
/// share it.
class TenantQuota final : public wasi::host::Quota {
 public:
  explicit TenantQuota(std::shared_ptr<runtime::Ledger> ledger) : account_(std::move(ledger)) {}
  bool take() override {
    const std::lock_guard held(mutex_);
    return account_.take(runtime::Resource::Descriptors, 1);
  }
  void give_back() override {
    const std::lock_guard held(mutex_);
    account_.give_back(runtime::Resource::Descriptors, 1);
  }

 private:
  std::mutex mutex_;
  runtime::Account account_;
};

}  // namespace ashlar::api
