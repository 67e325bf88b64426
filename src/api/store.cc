// Stores: limits, fuel, interruption, and the embedder's data.
#include "api/async.h"
#include "api/refs.h"
#include "api/store_thread.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::External;
using detail::StoreState;

namespace {

runtime::StoreLimits to_internal(const StoreLimits& limits) {
  runtime::StoreLimits inner;
  inner.memory_bytes = limits.memory_bytes;
  inner.table_elements = limits.table_elements;
  inner.instances = limits.instances;
  inner.gc_heap_bytes = limits.gc_heap_bytes;
  inner.stack_bytes = limits.stack_bytes;
  inner.host_depth = limits.host_depth;
  return inner;
}

}  // namespace

Store::Store(const Engine& engine, const StoreLimits& limits)
    : state_(std::make_unique<StoreState>(Access::state(engine), to_internal(limits), nullptr)) {
  state_->limits = limits;
}
Store::Store(const Engine& engine, const Tenant& tenant, const StoreLimits& limits)
    : state_(std::make_unique<StoreState>(Access::state(engine), to_internal(limits), Access::ledger(tenant))) {
  state_->limits = limits;
}
Store::Store(std::unique_ptr<StoreState> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

void Store::set_fuel(int64_t fuel) { state_->store.fuel = fuel; }
int64_t Store::fuel() const { return state_->store.fuel; }
void Store::interrupt(std::string reason) { state_->store.interrupt(std::move(reason)); }
void Store::clear_interrupt() { state_->store.clear_interrupt(); }
void Store::set_deadline(std::chrono::steady_clock::time_point at) { state_->store.set_deadline(at); }
void Store::clear_deadline() { state_->store.clear_deadline(); }

void Store::set_wasi(WasiConfig config) { state_->wasi_config = std::move(config); }
const StoreLimits& Store::limits() const { return state_->limits; }
Engine Store::engine() const { return Access::engine(state_->engine); }

StoreUsage Store::usage() const {
  const runtime::Store& store = state_->store;
  StoreUsage out;
  out.memory_bytes = store.memory_bytes();
  out.table_elements = store.table_elements_used;
  out.instances = store.instances().size();
  out.gc_heap_bytes = store.heap().bytes_in_use();
  return out;
}

void Store::collect_garbage() {
  state_->store.heap().collect();
  state_->refs->end_unreachable();
}

namespace detail {

StoreState::StoreState(std::shared_ptr<EngineState> of, const runtime::StoreLimits& most,
                       std::shared_ptr<runtime::Ledger> tenant)
    : store(of->engine, most, std::move(tenant)), refs(new RefTable(*this)), engine(std::move(of)) {
  store.user_data = this;
}
StoreState::~StoreState() {
  if (async != nullptr) async->end_store();
  close_components(*this);
  end_programs(*this);
  refs->close();
}

void set_data(StoreState* store, std::unique_ptr<External> data) { store->data = std::move(data); }
External* get_data(StoreState* store) { return store->data.get(); }

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
