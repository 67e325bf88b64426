// Tenants.
#include "ashlar/tenant.h"

#include "api/access.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using runtime::Resource;

namespace {

/// Each amount with its resource.
template <class F>
void for_each_amount(F f) {
  f(&TenantAmounts::memory_bytes, Resource::MemoryBytes);
  f(&TenantAmounts::table_elements, Resource::TableElements);
  f(&TenantAmounts::gc_heap_bytes, Resource::GcHeapBytes);
  f(&TenantAmounts::host_bytes, Resource::HostBytes);
  f(&TenantAmounts::host_objects, Resource::HostObjects);
  f(&TenantAmounts::instances, Resource::Instances);
  f(&TenantAmounts::stores, Resource::Stores);
  f(&TenantAmounts::threads, Resource::Threads);
  f(&TenantAmounts::descriptors, Resource::Descriptors);
  f(&TenantAmounts::references, Resource::References);
}

std::shared_ptr<runtime::Ledger> ledger(const TenantAmounts& most) {
  runtime::LedgerLimits limits;
  limits.bytes = most.bytes;
  for_each_amount(
      [&](uint64_t TenantAmounts::* amount, Resource r) { limits.most[static_cast<size_t>(r)] = most.*amount; });
  return std::make_shared<runtime::Ledger>(limits);
}

}  // namespace

Tenant::Tenant(const TenantAmounts& most) : state_(std::make_shared<detail::TenantState>(most, ledger(most))) {}

const TenantAmounts& Tenant::limits() const { return state_->most; }

TenantAmounts Tenant::usage() const {
  TenantAmounts out;
  for_each_amount([&](uint64_t TenantAmounts::* amount, Resource r) { out.*amount = state_->ledger->used(r); });
  out.bytes = state_->ledger->bytes();
  return out;
}

TenantAmounts Tenant::peak() const {
  TenantAmounts out;
  for_each_amount([&](uint64_t TenantAmounts::* amount, Resource r) { out.*amount = state_->ledger->peak(r); });
  out.bytes = state_->ledger->peak_bytes();
  return out;
}

}  // namespace v0
}  // namespace ashlar
